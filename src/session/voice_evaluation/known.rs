//! How well people who speak in several recordings are known by their voices.

use crate::algo::evaluate::Said;
use crate::algo::screen_time::{intersect, union};
use crate::algo::voice_bank::{Bank, Heard, Params, print, voices};
use crate::domain::{HeardWindow, MediaTime, PersonId, Span, Turn, VoicePrint};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One recording, with the truth about it.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) truth: Vec<Said>,
    pub(super) windows: Vec<HeardWindow>,
    pub(super) turns: Vec<Turn>,
}

/// How the voices of each recording are recognised by prints from the others, which are made of what is truly said there.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct KnownVoices {
    /// Voices that are mostly somebody's who speaks in another recording too, and their seconds.
    pub known: usize,
    pub known_s: f64,
    /// Of those, recognised as who they are.
    pub right: usize,
    pub right_s: f64,
    /// Of those, taken for somebody else.
    pub wrong: usize,
    pub wrong_s: f64,
    /// Voices of those who speak in no other recording.
    pub strangers: usize,
    pub strangers_s: f64,
    /// Of those, taken for somebody.
    pub claimed: usize,
    pub claimed_s: f64,
}

/// Judges it; `None` where nobody speaks in two recordings.
pub(super) fn judge(params: &Params, recordings: &[Recording]) -> Option<KnownVoices> {
    let names: BTreeSet<&str> = recordings.iter().flat_map(|r| &r.truth).map(|s| s.speaker.as_str()).collect();
    let ids: BTreeMap<&str, PersonId> = names.into_iter().zip((1..).map(PersonId)).collect();
    let prints: Vec<Vec<VoicePrint>> = recordings.iter().map(|r| prints(params, r, &ids)).collect();
    let mut found = KnownVoices::default();
    for (i, recording) in recordings.iter().enumerate() {
        let others = prints.iter().enumerate().filter(|(j, _)| *j != i).flat_map(|(_, prints)| prints);
        let others: Vec<&VoicePrint> = others.collect();
        let there: BTreeSet<PersonId> = others.iter().map(|print| print.person).collect();
        let (bank, _) = Bank::new(params, &others);
        let heard = Heard::new(&recording.windows);
        for spans in voices(&recording.turns).into_values() {
            let Some(truth) = owner(&recording.truth, &spans).and_then(|name| ids.get(name)) else { continue };
            let seconds = spans.iter().map(|s| s.len().secs()).sum::<f64>();
            let taken =
                print(params, &heard, &spans).and_then(|(voice, _)| bank.recognise(params, &voice)).map(|(best, _)| best.person);
            let mut count = |number: fn(&mut KnownVoices) -> (&mut usize, &mut f64)| {
                let (count, sum) = number(&mut found);
                *count += 1;
                *sum += seconds;
            };
            if there.contains(truth) {
                count(|f| (&mut f.known, &mut f.known_s));
                match taken {
                    Some(taken) if taken == *truth => count(|f| (&mut f.right, &mut f.right_s)),
                    Some(_) => count(|f| (&mut f.wrong, &mut f.wrong_s)),
                    None => {}
                }
            } else {
                count(|f| (&mut f.strangers, &mut f.strangers_s));
                if taken.is_some() {
                    count(|f| (&mut f.claimed, &mut f.claimed_s));
                }
            }
        }
    }
    (found.known > 0).then_some(found)
}

fn prints(params: &Params, recording: &Recording, ids: &BTreeMap<&str, PersonId>) -> Vec<VoicePrint> {
    let mut spans: BTreeMap<PersonId, Vec<Span>> = BTreeMap::new();
    for said in &recording.truth {
        if let Some(id) = ids.get(said.speaker.as_str()) {
            spans.entry(*id).or_default().push(said.span);
        }
    }
    let heard = Heard::new(&recording.windows);
    let one = |(person, spans): (PersonId, Vec<Span>)| {
        let (voice, speech) = print(params, &heard, &union(spans))?;
        Some(VoicePrint { person, voice, speech })
    };
    spans.into_iter().filter_map(one).collect()
}

/// Returns the true name of a voice that was heard: whose speech most of it is.
fn owner<'r>(truth: &'r [Said], spans: &[Span]) -> Option<&'r str> {
    let mut common: BTreeMap<&str, MediaTime> = BTreeMap::new();
    for said in truth {
        let both: i64 = intersect(spans, &[said.span]).iter().map(|s| s.len().0).sum();
        let sum = common.entry(&said.speaker).or_default();
        *sum = *sum + MediaTime(both);
    }
    common.into_iter().filter(|(_, time)| *time > MediaTime::ZERO).max_by_key(|(_, time)| *time).map(|(name, _)| name)
}
