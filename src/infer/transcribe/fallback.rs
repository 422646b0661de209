//! Tries again with more chance where what was written cannot be right.

use super::decode::{Circle, Draft, Limits, Steps, circles, write};
use super::rules::Rules;
use crate::infer::InferError;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use std::io::Write;

/// When a text is believed; part of `[transcribe]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeliefParams {
    /// Temperatures, tried in this order until a text is believed.
    pub temperatures: Vec<f32>,
    /// A text that zlib makes shorter by more than this factor repeats itself.
    pub most_compressed: f32,
    /// Least mean natural logarithm of the tokens' chances.
    pub min_log_chance: f32,
    /// Chance of no speech, `0..=1`, from which an unsure text is passed over as silence.
    pub no_speech: f32,
}

/// What came of one window.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attempt {
    pub(super) draft: Draft,
    pub(super) temperature: f32,
    pub(super) compressed: f32,
    pub(super) verdict: Verdict,
}

/// Whether a text is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Believed,
    /// The best of what was tried.
    Doubtful,
    /// Nobody speaks.
    Silence,
}

/// Writes down `rows`, each again with the next temperature until it is believed; `text` reads tokens as words, `seeds` start chance, one for each of `rows`.
///
/// Whisper, Radford et al. 2022, section 4.5. Departs: where no temperature is believed, the best of all tries is taken, not the last; a text that ran in a circle
/// is tried again whatever its compression, and if it stays the best, its repetitions are cut off.
///
/// # Errors
/// Fails where the model does.
#[expect(clippy::too_many_arguments, reason = "the model, its sound, its rules and its settings")]
pub(super) fn write_believed(
    steps: &mut dyn Steps,
    rows: &[usize],
    seeds: &[u64],
    prompt: &[u32],
    rules: &Rules,
    limits: Limits,
    params: &BeliefParams,
    text: &dyn Fn(&[u32]) -> String,
) -> Result<Vec<Attempt>, InferError> {
    let mut best: Vec<Option<Attempt>> = vec![None; rows.len()];
    for (n, temperature) in params.temperatures.iter().enumerate() {
        let open: Vec<usize> =
            (0..rows.len()).filter(|i| best[*i].as_ref().is_none_or(|a| a.verdict == Verdict::Doubtful)).collect();
        if open.is_empty() {
            break;
        }
        let these: Vec<usize> = open.iter().map(|i| rows[*i]).collect();
        let turned: Vec<u64> = open.iter().map(|i| seeds.get(*i).copied().unwrap_or(0).wrapping_add(n as u64)).collect();
        let drafts = write(steps, &these, prompt, rules, *temperature, &turned, limits)?;
        for (i, draft) in open.into_iter().zip(drafts) {
            let attempt = judge(draft, *temperature, params, text);
            if best[i].as_ref().is_none_or(|b| is_better(&attempt, b)) {
                best[i] = Some(attempt);
            }
        }
    }
    let empty = || Attempt { draft: Draft::default(), temperature: 0.0, compressed: 0.0, verdict: Verdict::Silence };
    Ok(best.into_iter().map(|a| straightened(a.unwrap_or_else(empty), rules, limits.circle)).collect())
}

fn judge(draft: Draft, temperature: f32, params: &BeliefParams, text: &dyn Fn(&[u32]) -> String) -> Attempt {
    let compressed = compression(&text(&draft.tokens));
    let unsure = draft.mean_log_chance < params.min_log_chance;
    let verdict = if draft.no_speech > params.no_speech && unsure {
        Verdict::Silence
    } else if unsure || draft.circled || compressed > params.most_compressed {
        Verdict::Doubtful
    } else {
        Verdict::Believed
    };
    Attempt { draft, temperature, compressed, verdict }
}

/// Believed before doubtful, straight before circled, likelier before less likely.
fn is_better(one: &Attempt, other: &Attempt) -> bool {
    let rank = |a: &Attempt| (a.verdict != Verdict::Doubtful, !a.draft.circled);
    rank(one) > rank(other) || (rank(one) == rank(other) && one.draft.mean_log_chance > other.draft.mean_log_chance)
}

/// Cuts what a circle repeats off, down to its first round.
fn straightened(mut attempt: Attempt, rules: &Rules, circle: Circle) -> Attempt {
    let draft = &mut attempt.draft;
    let first_timestamp = rules.specials.first_timestamp;
    if !draft.circled {
        return attempt;
    }
    let Some((run, times)) = circles(&draft.tokens, first_timestamp, circle) else { return attempt };
    let mut words_to_go = run * (times - 1);
    while words_to_go > 0
        && let Some(last) = draft.tokens.pop()
    {
        words_to_go -= usize::from(last < first_timestamp);
    }
    draft.log_chances.truncate(draft.tokens.len());
    draft.attention.truncate(draft.tokens.len());
    attempt
}

/// Returns how many times shorter zlib makes a text; 0 of none.
pub(super) fn compression(text: &str) -> f32 {
    if text.is_empty() {
        return 0.0;
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    // Writing to memory does not fail.
    let packed = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).map_or(text.len(), |bytes| bytes.len());
    text.len() as f32 / packed.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::super::decode::tests::{Script, limits, wants};
    use super::super::rules::tests::rules;
    use super::*;

    fn params() -> BeliefParams {
        BeliefParams { temperatures: vec![0.0, 0.5, 1.0], most_compressed: 2.4, min_log_chance: -1.0, no_speech: 0.6 }
    }

    fn words(tokens: &[u32]) -> String {
        tokens.iter().filter(|t| **t < 10).map(|t| char::from(b'a' + u8::try_from(*t).unwrap())).collect()
    }

    fn say(line: &[u32], written: &[u32], lead: f32) -> Vec<f32> {
        wants(line.get(written.len()).copied().unwrap_or(10), lead)
    }

    #[test]
    fn a_sure_text_is_written_once() {
        let mut script = Script::new(|_, written: &[u32]| say(&[14, 1, 2, 18], written, 20.0));
        let due = write_believed(&mut script, &[0], &[3], &[11], &rules(), limits(), &params(), &words).unwrap();
        assert_eq!((due[0].verdict, due[0].temperature), (Verdict::Believed, 0.0));
        assert_eq!(script.starts, [[0]]);
    }

    #[test]
    fn only_the_windows_that_are_not_believed_are_tried_again() {
        let mut tries = 0;
        let mut script = Script::new(move |row, written: &[u32]| {
            if row == 1 && written.is_empty() {
                tries += 1;
            }
            // Window 1 has no idea at first, and is sure at the second temperature.
            say(&[14, 1, 2, 18], written, if row == 0 || tries > 1 { 20.0 } else { 0.5 })
        });
        let due = write_believed(&mut script, &[0, 1], &[3, 4], &[11], &rules(), limits(), &params(), &words).unwrap();
        assert_eq!(script.starts, [vec![0, 1], vec![1]]);
        assert_eq!((due[0].temperature, due[1].temperature), (0.0, 0.5));
        assert_eq!(due[1].verdict, Verdict::Believed);
    }

    #[test]
    fn an_unsure_text_over_no_speech_is_silence_and_a_sure_one_is_not() {
        let line = |lead: f32| {
            move |_: usize, written: &[u32]| {
                let mut logits = say(&[14, 1, 18], written, lead);
                if written.is_empty() {
                    logits[13] = 30.0;
                }
                logits
            }
        };
        let mut unsure = Script::new(line(0.1));
        let due = write_believed(&mut unsure, &[0], &[3], &[11], &rules(), limits(), &params(), &words).unwrap();
        assert_eq!(due[0].verdict, Verdict::Silence);
        assert_eq!(unsure.starts.len(), 1, "silence is not tried again");
        let mut sure = Script::new(line(29.0));
        let due = write_believed(&mut sure, &[0], &[3], &[11], &rules(), limits(), &params(), &words).unwrap();
        assert_eq!(due[0].verdict, Verdict::Believed);
    }

    #[test]
    fn a_circle_at_every_temperature_is_cut_to_one_round() {
        let mut script = Script::new(|_, written: &[u32]| {
            let line: &[u32] = &[14, 5, 6, 7];
            wants(line[if written.is_empty() { 0 } else { 1 + (written.len() - 1) % 3 }], 40.0)
        });
        let due = write_believed(&mut script, &[0], &[3], &[11], &rules(), limits(), &params(), &words).unwrap();
        assert_eq!(script.starts.len(), 3);
        assert_eq!((due[0].verdict, due[0].draft.tokens.as_slice()), (Verdict::Doubtful, [14, 5, 6, 7].as_slice()));
        assert_eq!(due[0].draft.log_chances.len(), 4);
    }

    #[test]
    fn the_best_of_unbelieved_tries_is_kept() {
        let mut tries = 0;
        let mut script = Script::new(move |_, written: &[u32]| {
            tries += usize::from(written.is_empty());
            // Twelve likely words are two nats of 24 away; none is believed, the second is the likeliest.
            say(&[14, 1, 18], written, if tries == 2 { 2.0 } else { 0.2 })
        });
        let strict = BeliefParams { min_log_chance: -0.001, ..params() };
        let due = write_believed(&mut script, &[0], &[3], &[11], &rules(), limits(), &strict, &words).unwrap();
        assert_eq!((due[0].verdict, due[0].temperature), (Verdict::Doubtful, 0.5));
    }

    #[test]
    fn repetition_compresses_and_speech_does_not() {
        assert!(compression(&" I know what you mean.".repeat(12)) > 2.4);
        assert!(compression("And so my fellow Americans, ask not what your country can do for you, ask what you can do.") < 2.0);
        assert!(compression("").abs() < f32::EPSILON);
    }
}
