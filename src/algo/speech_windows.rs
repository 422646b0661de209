//! Cuts the speech of an episode into windows of at most 30 s that begin and end in pauses.

use crate::domain::{MediaTime, SoundLevels, Span};
use serde::{Deserialize, Serialize};

/// Settings of the windows; part of `[transcribe]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Longest window, seconds.
    pub longest_s: f64,
    /// A window is cut at its longest pause after this share of the longest window, `0..=1`.
    pub cut_after: f64,
    /// A pause of this many seconds ends a window in any case.
    pub pause_s: f64,
    /// Sound kept before and after the speech, seconds, as far as the pause has it.
    pub margin_s: f64,
    /// Speech, seconds, that has to be left of a window for it to be heard again.
    pub rest_s: f64,
}

/// A stretch to be written down at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpeechWindow {
    pub span: Span,
    /// The speech in it, by time.
    pub speech: Vec<Span>,
}

/// Cuts speech, spans by time that do not overlap, into windows; every moment of speech lies in exactly one.
///
/// As `WhisperX` (Bain et al. 2023, arXiv:2303.00747) cuts and merges. Departs: where the speech goes on past the longest window, it is cut at the longest pause of the window's second part and not at
/// the last one; and speech without a pause is cut where it is least likely to be speech, by `levels`, in the middle of a word at worst.
#[must_use]
pub fn windows(speech: &[Span], levels: &SoundLevels, params: &Params) -> Vec<SpeechWindow> {
    let longest = MediaTime::from_secs(params.longest_s - 2.0 * params.margin_s).max(MediaTime(1));
    let pieces = pieces(speech, levels, longest, params);
    let mut windows: Vec<Vec<Span>> = Vec::new();
    let mut left = pieces.as_slice();
    while let Some(first) = left.first() {
        let start = first.start();
        let mut reach = left.iter().take_while(|s| s.end() - start <= longest).count().max(1);
        let pause = |n: usize| left[n].start() - left[n - 1].end();
        let long = MediaTime::from_secs(params.pause_s);
        if let Some(n) = (1..reach).find(|n| pause(*n) >= long) {
            reach = n;
        } else if reach < left.len() {
            // Cuts after piece n - 1, at the longest pause late enough; the later one of equals.
            let late = start + MediaTime::from_secs(longest.secs() * params.cut_after);
            let best = (1..=reach).filter(|n| left[*n].start() >= late).max_by_key(|n| (pause(*n), *n));
            reach = best.unwrap_or(reach);
        }
        windows.push(left[..reach].to_vec());
        left = &left[reach..];
    }
    with_margins(windows, params)
}

/// Returns the part of a window after `until`, where enough speech is left in it and something was written down before.
#[must_use]
pub fn rest(window: &SpeechWindow, until: MediaTime, params: &Params) -> Option<SpeechWindow> {
    // A window that would begin where this one did would come out the same.
    if until <= window.span.start() {
        return None;
    }
    let left: Vec<Span> = window
        .speech
        .iter()
        .map(|s| Span::new(s.start().max(until), s.end()))
        .filter(|s| !s.is_empty() && s.end() > until)
        .collect();
    let length: i64 = left.iter().map(|s| s.len().0).sum();
    let start = left.first()?.start();
    let margin = MediaTime::from_secs(params.margin_s);
    (length >= MediaTime::from_secs(params.rest_s).0)
        .then(|| SpeechWindow { span: Span::new((start - margin).max(until), window.span.end()), speech: left })
}

/// Cuts spans that are longer than a window.
fn pieces(speech: &[Span], levels: &SoundLevels, longest: MediaTime, params: &Params) -> Vec<Span> {
    let mut pieces = Vec::with_capacity(speech.len());
    for span in speech {
        let mut start = span.start();
        while span.end() - start > longest {
            let late = start + MediaTime::from_secs(longest.secs() * params.cut_after);
            let cut = quietest(levels, late, start + longest);
            pieces.push(Span::new(start, cut));
            start = cut;
        }
        if span.end() > start {
            pieces.push(Span::new(start, span.end()));
        }
    }
    pieces
}

/// Returns the moment in `[from, to)` that is least likely to be speech, the latest of equals; `to` where nothing is known.
fn quietest(levels: &SoundLevels, from: MediaTime, to: MediaTime) -> MediaTime {
    let step = SoundLevels::SPEECH_STEP.0;
    let mut best: Option<(u8, MediaTime)> = None;
    let mut middle = levels.start + MediaTime(step / 2);
    for value in &levels.speech {
        if middle >= to {
            break;
        }
        if middle >= from && best.is_none_or(|(least, _)| *value <= least) {
            best = Some((*value, middle));
        }
        middle = middle + MediaTime(step);
    }
    best.map_or(to, |(_, at)| at)
}

/// Gives each window some sound around its speech, of each pause at most half.
fn with_margins(windows: Vec<Vec<Span>>, params: &Params) -> Vec<SpeechWindow> {
    let margin = MediaTime::from_secs(params.margin_s);
    let ends: Vec<(MediaTime, MediaTime)> = windows.iter().filter_map(|w| Some((w.first()?.start(), w.last()?.end()))).collect();
    let between = |n: usize| MediaTime((ends[n].0 - ends[n - 1].1).0 / 2);
    windows
        .into_iter()
        .enumerate()
        .map(|(n, speech)| {
            let before = if n == 0 { margin } else { margin.min(between(n)) };
            let after = if n + 1 == ends.len() { margin } else { margin.min(between(n + 1)) };
            SpeechWindow { span: Span::new(ends[n].0 - before, ends[n].1 + after), speech }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn params() -> Params {
        Params { longest_s: 30.0, cut_after: 0.5, pause_s: 8.0, margin_s: 0.2, rest_s: 1.0 }
    }

    fn span(start: f64, end: f64) -> Span {
        Span::new(MediaTime::from_secs(start), MediaTime::from_secs(end))
    }

    fn cut(speech: &[Span]) -> Vec<SpeechWindow> {
        windows(speech, &SoundLevels::default(), &params())
    }

    fn times(windows: &[SpeechWindow]) -> Vec<(f64, f64)> {
        windows.iter().map(|w| (w.span.start().secs(), w.span.end().secs())).collect()
    }

    #[test]
    fn speech_that_fits_is_one_window_with_margins() {
        assert_eq!(times(&cut(&[span(1.0, 4.0), span(5.0, 20.0)])), [(0.8, 20.2)]);
        assert!(cut(&[]).is_empty());
    }

    #[test]
    fn a_long_pause_ends_a_window() {
        assert_eq!(times(&cut(&[span(1.0, 4.0), span(12.0, 20.0)])), [(0.8, 4.2), (11.8, 20.2)]);
    }

    #[test]
    fn the_longest_late_pause_is_taken_and_not_the_last() {
        let speech = [span(0.0, 5.0), span(8.0, 18.0), span(20.0, 26.0), span(26.5, 28.0), span(28.3, 40.0)];
        // The pause of 3 s is too early, that of 2 s is the longest late one.
        assert_eq!(times(&cut(&speech)), [(-0.2, 18.2), (19.8, 40.2)]);
    }

    #[test]
    fn speech_without_pause_is_cut_where_it_is_least_likely() {
        let mut speech = vec![255u8; 2500];
        // 20 s and 28 s: both late, the second less likely to be speech.
        (speech[625], speech[875]) = (90, 40);
        let levels = SoundLevels { speech, ..SoundLevels::default() };
        let due = windows(&[span(0.0, 50.0)], &levels, &params());
        assert_eq!(due.len(), 2);
        assert_eq!(due[0].span.end(), MediaTime(875 * 32_000 + 16_000));
        assert_eq!(due[0].span.end(), due[1].span.start());
    }

    #[test]
    fn what_is_left_of_a_window_is_heard_again_where_it_is_worth_it() {
        let window = SpeechWindow { span: span(0.0, 30.0), speech: vec![span(1.0, 10.0), span(12.0, 29.0)] };
        let secs = MediaTime::from_secs;
        let again = rest(&window, secs(11.0), &params()).unwrap();
        assert_eq!((again.span, again.speech), (span(11.8, 30.0), vec![span(12.0, 29.0)]));
        assert_eq!(rest(&window, secs(28.5), &params()), None);
        assert_eq!(rest(&window, secs(30.0), &params()), None);
        assert_eq!(rest(&window, secs(0.0), &params()), None, "nothing was written: it would come out the same");
    }

    proptest! {
        #[test]
        fn every_moment_of_speech_lies_in_exactly_one_window_of_bounded_length(
            parts in prop::collection::vec((0i64..20_000_000, 1i64..70_000_000), 0..30),
        ) {
            let mut at = 0;
            let speech: Vec<Span> = parts.iter().map(|(gap, length)| {
                let start = at + gap + 1;
                at = start + length;
                Span::new(MediaTime(start), MediaTime(at))
            }).collect();
            let found = cut(&speech);
            let total = |spans: &[Span]| spans.iter().map(|s| s.len().0).sum::<i64>();
            prop_assert_eq!(found.iter().map(|w| total(&w.speech)).sum::<i64>(), total(&speech));
            for pair in found.windows(2) {
                prop_assert!(pair[0].span.end() <= pair[1].span.start());
            }
            for w in &found {
                prop_assert!(w.span.len() <= MediaTime::from_secs(30.0));
                prop_assert!(w.speech.iter().all(|s| s.start() >= w.span.start() && s.end() <= w.span.end()));
            }
        }
    }
}
