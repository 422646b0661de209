//! Cuts the tokens of a window into segments by their timestamps.

use super::rules::Specials;

/// A stretch of tokens between two timestamps.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TokenSegment {
    /// Seconds since the window's start.
    pub(super) start_s: f64,
    pub(super) end_s: f64,
    /// Places among the window's tokens, timestamps left out.
    pub(super) tokens: std::ops::Range<usize>,
    /// The model wrote when it ends; else it is taken to last until the sound does.
    pub(super) is_closed: bool,
}

/// Cuts tokens into segments; what comes after the last timestamp lasts until `length_s`, where the sound ends.
///
/// `whisper/transcribe.py`. Times past the end of the sound are drawn back to it. Segments without words are left out.
pub(super) fn segments(tokens: &[u32], specials: &Specials, length_s: f64) -> Vec<TokenSegment> {
    let mut found = Vec::new();
    let mut start_s = 0.0;
    let mut open: Option<usize> = None;
    for (i, token) in tokens.iter().enumerate() {
        if !specials.is_timestamp(*token) {
            open.get_or_insert(i);
            continue;
        }
        let at = specials.seconds(*token).min(length_s);
        if let Some(first) = open.take() {
            found.push(TokenSegment { start_s, end_s: at.max(start_s), tokens: first..i, is_closed: true });
        }
        start_s = at;
    }
    if let Some(first) = open {
        found.push(TokenSegment { start_s, end_s: length_s.max(start_s), tokens: first..tokens.len(), is_closed: false });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::rules::tests::specials;
    use super::*;

    #[test]
    fn pairs_of_timestamps_cut_and_an_open_end_lasts_as_long_as_the_sound() {
        let due = segments(&[14, 1, 2, 16, 17, 4, 20, 21, 5], &specials(), 0.5);
        let flat: Vec<(f64, f64, std::ops::Range<usize>, bool)> =
            due.iter().map(|s| (s.start_s, s.end_s, s.tokens.clone(), s.is_closed)).collect();
        assert_eq!(flat, [(0.0, 0.04, 1..3, true), (0.06, 0.12, 5..6, true), (0.14, 0.5, 8..9, false)]);
    }

    #[test]
    fn times_past_the_end_are_drawn_back_and_empty_segments_left_out() {
        let due = segments(&[14, 16, 16, 1, 23], &specials(), 0.1);
        assert_eq!(due, [TokenSegment { start_s: 0.04, end_s: 0.1, tokens: 3..4, is_closed: true }]);
    }
}
