//! Writes tokens one after another, several windows side by side.

use super::rules::{Rules, log_sum_exp};
use super::wheel::Wheel;
use crate::infer::InferError;
use serde::{Deserialize, Serialize};

/// What a decoder says after each step; the net itself, or a made-up one in tests.
pub(super) trait Steps {
    /// Begins anew with `prompt` for each of `rows`, windows of those that were encoded.
    fn start(&mut self, rows: &[usize], prompt: &[u32]) -> Result<Scores, InferError>;

    /// Goes on with one more token for each row.
    fn next(&mut self, tokens: &[u32]) -> Result<Scores, InferError>;
}

/// What a step gives.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Scores {
    /// `[rows, positions, tokens] f32`, logits of the token that follows each position.
    pub(super) logits: Vec<f32>,
    pub(super) positions: usize,
    pub(super) tokens: usize,
    /// Where each row listened at the last position: `[rows, heads, places] f32`; empty where the model does not tell.
    pub(super) attention: Vec<f32>,
    pub(super) heads: usize,
    pub(super) places: usize,
}

impl Scores {
    /// Returns the logits of one row at one position.
    pub(super) fn at(&self, row: usize, position: usize) -> &[f32] {
        let first = (row * self.positions + position) * self.tokens;
        self.logits.get(first..first + self.tokens).unwrap_or_default()
    }

    fn last(&self, row: usize) -> &[f32] {
        self.at(row, self.positions.saturating_sub(1))
    }

    fn listened(&self, row: usize) -> &[f32] {
        let size = self.heads * self.places;
        self.attention.get(row * size..(row + 1) * size).unwrap_or_default()
    }
}

/// What was written of one window.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Draft {
    /// Since the prompt, without the end.
    pub(super) tokens: Vec<u32>,
    /// Natural logarithm of the chance that each had.
    pub(super) log_chances: Vec<f32>,
    /// Where the model listened for each: `[heads, places] f32`; empty where it does not tell.
    pub(super) attention: Vec<Vec<f32>>,
    /// Mean logarithm of the chances, the end's among them.
    pub(super) mean_log_chance: f32,
    /// Chance that nobody speaks, `0..=1`, before anything was written.
    pub(super) no_speech: f32,
    /// It ran in a circle and was stopped.
    pub(super) circled: bool,
}

/// How far writing goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// Tokens of a window.
    pub(super) most_tokens: usize,
    pub(super) circle: Circle,
}

/// When repeated tokens are a circle; part of `[transcribe]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circle {
    /// Longest run of tokens that is looked for.
    pub longest: usize,
    /// So many times in a row is a circle.
    pub times: usize,
}

/// Writes down each of `rows` at a temperature; 0 takes the likeliest token each time.
///
/// Chance above 0 is drawn by a generator that `seeds` start, one for each row, so that the same sound gives the same words every time.
///
/// # Errors
/// Fails where the model does.
pub(super) fn write(
    steps: &mut dyn Steps,
    rows: &[usize],
    prompt: &[u32],
    rules: &Rules,
    temperature: f32,
    seeds: &[u64],
    limits: Limits,
) -> Result<Vec<Draft>, InferError> {
    let end = rules.specials.end;
    let mut wheels: Vec<Wheel> = seeds.iter().map(|seed| Wheel::new(*seed)).collect();
    let mut drafts = vec![Draft::default(); rows.len()];
    let mut sums = vec![0f32; rows.len()];
    let mut ended = vec![false; rows.len()];
    let start_at = prompt.iter().position(|t| *t == rules.specials.start).unwrap_or(0);
    let mut scores = steps.start(rows, prompt)?;
    if let Some(token) = rules.specials.no_speech {
        for (row, draft) in drafts.iter_mut().enumerate() {
            let logits = scores.at(row, start_at);
            draft.no_speech = logits.get(token as usize).map_or(0.0, |l| (l - log_sum_exp(logits)).exp());
        }
    }
    for step in 0..limits.most_tokens {
        let mut next = vec![end; rows.len()];
        for row in 0..rows.len() {
            if ended[row] {
                continue;
            }
            let draft = &mut drafts[row];
            let mut logits = scores.last(row).to_vec();
            rules.apply(&draft.tokens, &mut logits);
            let token = if temperature > 0.0 { draw(&logits, temperature, wheels.get_mut(row)) } else { likeliest(&logits) };
            let Some(token) = token else {
                // Nothing may follow: the model gave no numbers, or the rules leave none.
                ended[row] = true;
                continue;
            };
            let chance = logits[token as usize] - log_sum_exp(&logits);
            sums[row] += chance;
            next[row] = token;
            if token == end {
                ended[row] = true;
                continue;
            }
            draft.tokens.push(token);
            draft.log_chances.push(chance);
            if scores.heads > 0 {
                draft.attention.push(scores.listened(row).to_vec());
            }
            draft.circled = circles(&draft.tokens, rules.specials.first_timestamp, limits.circle).is_some();
            ended[row] = draft.circled;
        }
        if ended.iter().all(|e| *e) || step + 1 == limits.most_tokens {
            break;
        }
        scores = steps.next(&next)?;
    }
    for (draft, sum) in drafts.iter_mut().zip(sums) {
        draft.mean_log_chance = sum / (draft.tokens.len() + 1) as f32;
    }
    Ok(drafts)
}

/// Returns the token of the highest logit; the first of equals; none where all are impossible or no numbers.
pub(super) fn likeliest(logits: &[f32]) -> Option<u32> {
    let mut best: Option<(u32, f32)> = None;
    for (token, value) in (0u32..).zip(logits) {
        if *value > best.map_or(f32::NEG_INFINITY, |(_, v)| v) {
            best = Some((token, *value));
        }
    }
    best.map(|(token, _)| token)
}

fn draw(logits: &[f32], temperature: f32, wheel: Option<&mut Wheel>) -> Option<u32> {
    let best = likeliest(logits)?;
    let Some(wheel) = wheel else { return Some(best) };
    let most = logits[best as usize];
    let weight = |logit: f32| f64::from(((logit - most) / temperature).exp());
    let total: f64 = logits.iter().map(|l| weight(*l)).filter(|w| w.is_finite()).sum();
    let mut left = wheel.turn() * total;
    for (token, logit) in (0u32..).zip(logits) {
        let weight = weight(*logit);
        if weight > 0.0 && weight.is_finite() {
            left -= weight;
            if left <= 0.0 {
                return Some(token);
            }
        }
    }
    Some(best)
}

/// Finds whether the words at the end repeat: returns the length of the repeated run and how many times it stands there.
///
/// Timestamps are passed over, so that a sentence said again and again in new segments is a circle too. A short run has to come more often than a long one:
/// `circle.times` runs of three or more tokens, twice as many of fewer, because people do say "no no no no".
pub(super) fn circles(tokens: &[u32], first_timestamp: u32, circle: Circle) -> Option<(usize, usize)> {
    let words: Vec<u32> = tokens.iter().copied().filter(|t| *t < first_timestamp).collect();
    for run in 1..=circle.longest.min(words.len() / 2) {
        let last = &words[words.len() - run..];
        let times = words.rchunks_exact(run).take_while(|part| *part == last).count();
        let due = if run < 3 { 2 * circle.times } else { circle.times };
        if times >= due.max(2) {
            return Some((run, times));
        }
    }
    None
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::rules::tests::rules;
    use super::*;

    /// A decoder that wants to write what `says` tells for (row, written so far); logits of 24 tokens.
    pub(in crate::infer::transcribe) struct Script<F> {
        says: F,
        rows: Vec<usize>,
        written: Vec<Vec<u32>>,
        pub(in crate::infer::transcribe) starts: Vec<Vec<usize>>,
    }

    impl<F: FnMut(usize, &[u32]) -> Vec<f32>> Script<F> {
        pub(in crate::infer::transcribe) fn new(says: F) -> Self {
            Self { says, rows: Vec::new(), written: Vec::new(), starts: Vec::new() }
        }

        fn scores(&mut self) -> Scores {
            let logits = self.rows.iter().zip(&self.written).flat_map(|(row, w)| (self.says)(*row, w)).collect();
            Scores { logits, positions: 1, tokens: 24, ..Scores::default() }
        }
    }

    impl<F: FnMut(usize, &[u32]) -> Vec<f32>> Steps for Script<F> {
        fn start(&mut self, rows: &[usize], _: &[u32]) -> Result<Scores, InferError> {
            self.rows = rows.to_vec();
            self.starts.push(rows.to_vec());
            self.written = vec![Vec::new(); rows.len()];
            Ok(self.scores())
        }

        fn next(&mut self, tokens: &[u32]) -> Result<Scores, InferError> {
            for (written, token) in self.written.iter_mut().zip(tokens) {
                written.push(*token);
            }
            Ok(self.scores())
        }
    }

    /// Logits that want one token, by `lead` over every other.
    pub(in crate::infer::transcribe) fn wants(token: u32, lead: f32) -> Vec<f32> {
        (0..24).map(|t| if t == token { lead } else { 0.0 }).collect()
    }

    pub(in crate::infer::transcribe) fn limits() -> Limits {
        Limits { most_tokens: 40, circle: Circle { longest: 8, times: 3 } }
    }

    fn follow(line: &'static [u32], lead: f32) -> impl FnMut(usize, &[u32]) -> Vec<f32> {
        move |_, written| wants(line.get(written.len()).copied().unwrap_or(10), lead)
    }

    #[test]
    fn the_likeliest_line_is_written_until_its_end() {
        let mut script = Script::new(follow(&[14, 1, 2, 4, 18], 20.0));
        let drafts = write(&mut script, &[0], &[11], &rules(), 0.0, &[1], limits()).unwrap();
        assert_eq!(drafts[0].tokens, [14, 1, 2, 4, 18]);
        assert!(drafts[0].mean_log_chance > -0.01 && !drafts[0].circled);
        assert_eq!(drafts[0].log_chances.len(), 5);
    }

    #[test]
    fn rows_that_end_early_do_not_disturb_the_others() {
        let mut script = Script::new(|row, written: &[u32]| {
            let line: &[u32] = if row == 0 { &[14, 1, 16] } else { &[15, 2, 4, 5, 6, 20] };
            wants(line.get(written.len()).copied().unwrap_or(10), 20.0)
        });
        let drafts = write(&mut script, &[0, 1], &[11], &rules(), 0.0, &[1, 2], limits()).unwrap();
        assert_eq!(drafts[0].tokens, [14, 1, 16]);
        assert_eq!(drafts[1].tokens, [15, 2, 4, 5, 6, 20]);
    }

    #[test]
    fn what_runs_in_a_circle_is_stopped() {
        let mut script = Script::new(|_, written: &[u32]| {
            let line: &[u32] = &[14, 1, 2, 4];
            let at = if written.is_empty() { 0 } else { 1 + (written.len() - 1) % 3 };
            wants(line[at], 20.0)
        });
        let drafts = write(&mut script, &[0], &[11], &rules(), 0.0, &[1], limits()).unwrap();
        assert!(drafts[0].circled);
        assert_eq!(drafts[0].tokens, [14, 1, 2, 4, 1, 2, 4, 1, 2, 4]);
    }

    #[test]
    fn a_word_said_four_times_is_no_circle_and_a_sentence_in_three_segments_is() {
        let circle = Circle { longest: 8, times: 3 };
        assert_eq!(circles(&[14, 5, 5, 5, 5], 14, circle), None);
        assert_eq!(circles(&[14, 5, 5, 5, 5, 5, 5], 14, circle), Some((1, 6)));
        assert_eq!(circles(&[14, 1, 2, 4, 16, 16, 1, 2, 4, 18, 18, 1, 2, 4], 14, circle), Some((3, 3)));
        assert_eq!(circles(&[14, 1, 2, 4, 16, 16, 1, 2, 4, 18, 18, 1, 2, 5], 14, circle), None);
    }

    #[test]
    fn chance_is_the_same_every_time_and_another_with_another_seed() {
        let run = |seed: u64| {
            let mut script = Script::new(|_, written: &[u32]| wants(if written.len() > 8 { 10 } else { 1 }, 0.5));
            write(&mut script, &[0], &[11], &rules(), 1.0, &[seed], limits()).unwrap().remove(0)
        };
        assert_eq!(run(7), run(7));
        assert_ne!((run(7).tokens, run(8).tokens), (run(9).tokens, run(10).tokens));
    }

    #[test]
    fn no_numbers_end_a_row_without_a_word() {
        let mut script = Script::new(|_, _: &[u32]| vec![f32::NAN; 24]);
        let drafts = write(&mut script, &[0], &[11], &rules(), 0.0, &[1], limits()).unwrap();
        assert!(drafts[0].tokens.is_empty());
    }

    #[test]
    fn no_speech_is_read_where_the_transcript_starts() {
        let mut script = Script::new(|_, _: &[u32]| wants(13, 20.0));
        let drafts = write(&mut script, &[0], &[11], &rules(), 0.0, &[1], limits()).unwrap();
        assert!(drafts[0].no_speech > 0.99);
    }
}
