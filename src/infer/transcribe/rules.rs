//! Which token may come next, as Whisper was trained to write: `whisper/decoding.py` of its publishers.

/// Numbers of the tokens that are not words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Specials {
    pub(super) end: u32,
    pub(super) start: u32,
    pub(super) no_timestamps: u32,
    /// Says that nobody speaks; models without it cannot say so.
    pub(super) no_speech: Option<u32>,
    /// `<|0.00|>`; each further one is 0.02 s later.
    pub(super) first_timestamp: u32,
    /// One past the last timestamp.
    pub(super) after_timestamps: u32,
}

impl Specials {
    pub(super) fn is_timestamp(&self, token: u32) -> bool {
        (self.first_timestamp..self.after_timestamps).contains(&token)
    }

    /// Returns the seconds of a timestamp token.
    pub(super) fn seconds(&self, token: u32) -> f64 {
        f64::from(token.saturating_sub(self.first_timestamp)) * SECONDS_A_STEP
    }
}

/// Seconds between two timestamp tokens.
pub(super) const SECONDS_A_STEP: f64 = 0.02;

/// What may not be written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rules {
    pub(super) specials: Specials,
    /// Never: sounds, speakers and other tokens that are no speech.
    pub(super) never: Vec<u32>,
    /// Not as the first token: a blank, the end.
    pub(super) not_first: Vec<u32>,
    /// Last timestamp that the first token may be.
    pub(super) first_at_most: u32,
}

impl Rules {
    /// Takes the chance from every token that may not follow `written`, the tokens since the prompt.
    ///
    /// Timestamps come in pairs, end of one segment and start of the next, but for the first and the last; they never run back, a segment has a length; the
    /// first token is one; and where all timestamps together are likelier than any word, it is one.
    pub(super) fn apply(&self, written: &[u32], logits: &mut [f32]) {
        let s = &self.specials;
        let words = 0..index(s.first_timestamp).min(logits.len());
        for token in &self.never {
            forbid(logits, index(*token)..index(*token) + 1);
        }
        if written.is_empty() {
            for token in &self.not_first {
                forbid(logits, index(*token)..index(*token) + 1);
            }
        }
        forbid(logits, index(s.no_timestamps)..index(s.no_timestamps) + 1);

        let last_is = written.last().is_some_and(|t| s.is_timestamp(*t));
        let before_is = written.len() < 2 || s.is_timestamp(written[written.len() - 2]);
        if last_is && before_is {
            forbid(logits, index(s.first_timestamp)..logits.len());
        } else if last_is {
            forbid(logits, 0..index(s.end));
        }
        if let Some(last) = written.iter().rev().find(|t| s.is_timestamp(**t)) {
            // The start of the next segment may be the end of this one; an end lies past its start.
            let least = if last_is && !before_is { *last } else { *last + 1 };
            forbid(logits, index(s.first_timestamp)..index(least));
        }
        if written.is_empty() {
            forbid(logits, words.clone());
            forbid(logits, index(self.first_at_most) + 1..logits.len());
        }
        let times = index(s.first_timestamp).min(logits.len())..logits.len();
        let likeliest_word = logits[words.clone()].iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if log_sum_exp(&logits[times]) > likeliest_word {
            forbid(logits, words);
        }
    }
}

fn index(token: u32) -> usize {
    token as usize
}

fn forbid(logits: &mut [f32], range: std::ops::Range<usize>) {
    let end = range.end.min(logits.len());
    if let Some(part) = logits.get_mut(range.start..end) {
        part.fill(f32::NEG_INFINITY);
    }
}

/// Returns the logarithm of the sum of exponentials; minus infinity of nothing.
pub(super) fn log_sum_exp(values: &[f32]) -> f32 {
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if most == f32::NEG_INFINITY {
        return most;
    }
    most + values.iter().map(|v| (v - most).exp()).sum::<f32>().ln()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Words 0 to 9, end 10, start 11, no timestamps 12, no speech 13, timestamps 14 to 23.
    pub(in crate::infer::transcribe) fn specials() -> Specials {
        Specials { end: 10, start: 11, no_timestamps: 12, no_speech: Some(13), first_timestamp: 14, after_timestamps: 24 }
    }

    pub(in crate::infer::transcribe) fn rules() -> Rules {
        Rules { specials: specials(), never: vec![3, 11, 13], not_first: vec![9, 10], first_at_most: 16 }
    }

    fn allowed(written: &[u32], logits: &[f32]) -> Vec<u32> {
        let mut logits = logits.to_vec();
        rules().apply(written, &mut logits);
        (0u32..).zip(&logits).filter(|(_, v)| **v > f32::NEG_INFINITY).map(|(t, _)| t).collect()
    }

    /// Words far likelier than timestamps, so that only the grammar decides.
    fn wordy() -> Vec<f32> {
        (0..24).map(|t| if t < 11 { 5.0 } else { 0.0 }).collect()
    }

    #[test]
    fn the_first_token_is_an_early_timestamp() {
        assert_eq!(allowed(&[], &wordy()), [14, 15, 16]);
    }

    #[test]
    fn after_the_first_timestamp_comes_a_word() {
        assert_eq!(allowed(&[14], &wordy()), [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]);
    }

    #[test]
    fn after_words_come_words_the_end_or_a_later_timestamp() {
        assert_eq!(allowed(&[15, 1], &wordy()), [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 16, 17, 18, 19, 20, 21, 22, 23]);
    }

    #[test]
    fn an_end_of_segment_is_followed_by_a_start_not_before_it_or_by_the_end() {
        assert_eq!(allowed(&[15, 1, 18], &wordy()), [10, 18, 19, 20, 21, 22, 23]);
    }

    #[test]
    fn after_a_pair_comes_a_word() {
        assert_eq!(allowed(&[15, 1, 18, 18], &wordy()), [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]);
    }

    #[test]
    fn timestamps_that_are_together_likelier_than_any_word_win() {
        // Eight timestamps of 0 each make ln 8 = 2.08 together.
        let logits: Vec<f32> = (0..24).map(|t| if t < 11 { 2.0 } else { 0.0 }).collect();
        assert_eq!(allowed(&[15, 1], &logits), [16, 17, 18, 19, 20, 21, 22, 23]);
        let logits: Vec<f32> = (0..24).map(|t| if t < 11 { 2.1 } else { 0.0 }).collect();
        assert!(allowed(&[15, 1], &logits).contains(&0));
    }

    #[test]
    fn a_vocabulary_shorter_than_the_tokens_is_no_fault() {
        let mut logits = vec![0.0; 5];
        rules().apply(&[14, 1], &mut logits);
        assert_eq!(logits.len(), 5);
    }
}
