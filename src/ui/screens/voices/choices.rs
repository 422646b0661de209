//! What can be picked for a voice or a turn: whose it is, and which voice.

use super::super::super::model::{Desk, Item, Pick, Speaks, title};
use super::super::super::text::{clock, score, seconds};
use super::{by_sound, candidates, same_voices};
use crate::domain::{IdentityId, MediaTime, SpeakerId, TurnId};
use std::collections::{BTreeMap, BTreeSet};

/// Puts those first whom a voice or a turn could belong to, and right after them nobody, and whom the evidence says.
pub(crate) fn sort(desk: &Desk, what: &Speaks, items: &mut Vec<Item>) {
    let mut found: Vec<(IdentityId, f32)> = voices_of(desk, what).into_iter().flat_map(|voice| candidates(desk, voice)).collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let sounds: BTreeSet<IdentityId> =
        voices_of(desk, what).into_iter().filter_map(|voice| by_sound(desk, voice)).map(|(id, _)| id).collect();
    let mut likely: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for (n, (id, belief)) in found.into_iter().enumerate() {
        let why = if sounds.contains(&id) { "sounds like it" } else { "mouth moves with it" };
        if let Some(card) = desk.card_of(id) {
            likely.entry(title(card)).or_insert((n, format!("{why} {}", score(f64::from(belief)))));
        }
    }
    for item in items.iter_mut() {
        if let Some((_, note)) = likely.get(&item.text) {
            item.note.clone_from(note);
        }
    }
    items.sort_by_key(|i| likely.get(&i.text).map_or(usize::MAX, |l| l.0));
    let first = items.iter().take_while(|i| likely.contains_key(&i.text)).count();
    let nobody = Item { text: "nobody known".into(), note: "stays so".into(), pick: Pick::Nobody };
    let evidence = Item { text: "whom the evidence says".into(), note: String::new(), pick: Pick::Evidence };
    items.splice(first..first, [nobody, evidence]);
}

/// Returns the voices of what is given to somebody.
fn voices_of(desk: &Desk, what: &Speaks) -> BTreeSet<SpeakerId> {
    let rows = desk.voices.rows.iter();
    match what {
        Speaks::Voice(speaker) => BTreeSet::from([*speaker]),
        Speaks::Turns(turns) => rows.filter(|r| turns.contains(&r.id)).map(|r| r.speaker).collect(),
        Speaks::Range(span) => {
            rows.filter(|r| r.span.start() < span.end() && span.start() < r.span.end()).map(|r| r.speaker).collect()
        }
    }
}

/// Asks who speaks.
pub(crate) fn asks(what: &Speaks) -> String {
    match what {
        Speaks::Voice(speaker) => format!("whose voice is {speaker}, in all its turns?"),
        Speaks::Turns(turns) if turns.len() == 1 => "who speaks in this turn?".into(),
        Speaks::Turns(turns) => format!("who speaks in these {} turns?", turns.len()),
        Speaks::Range(span) => format!("who speaks in these {}?", seconds(span.len())),
    }
}

/// Asks whose voice turns have.
pub(crate) fn asks_voice(turns: &[TurnId]) -> String {
    if turns.len() == 1 { "which voice is this turn?".into() } else { format!("which voice are these {} turns?", turns.len()) }
}

/// Returns every voice that turns can be given to, and last a new one; their own is left out where they have one.
pub(crate) fn voices_for(desk: &Desk, turns: &[TurnId]) -> Vec<Item> {
    let rows = desk.voices.rows.iter().filter(|r| turns.contains(&r.id));
    let own: BTreeSet<SpeakerId> = rows.map(|r| r.speaker).collect();
    let is_own = |item: &Item| own.len() == 1 && own.iter().any(|v| item.pick == Pick::Voice(*v));
    let mut items: Vec<Item> = all(desk).into_iter().filter(|i| !is_own(i)).collect();
    items.push(Item { text: "a new voice".into(), note: "a voice nobody knows".into(), pick: Pick::NewVoice });
    items
}

/// Returns every voice, by falling time.
fn all(desk: &Desk) -> Vec<Item> {
    let mut voices: Vec<(SpeakerId, MediaTime)> = desk.snapshot.spoken.voices().into_iter().collect();
    voices.sort_by_key(|(id, time)| (std::cmp::Reverse(*time), *id));
    let item = |(id, time): (SpeakerId, MediaTime)| {
        let text = desk.voices.name_of(id).map_or_else(|| id.to_string(), |name| format!("{id} {name}"));
        Item { text, note: clock(time), pick: Pick::Voice(id) }
    };
    voices.into_iter().map(item).collect()
}

/// Returns every other voice; those that seem to be the same person's first.
pub(crate) fn others(desk: &Desk, of: SpeakerId) -> Vec<Item> {
    let proposed: Vec<SpeakerId> = same_voices(desk, of).collect();
    let mut items: Vec<Item> = all(desk).into_iter().filter(|i| i.pick != Pick::Voice(of)).collect();
    for item in &mut items {
        if proposed.iter().any(|p| item.pick == Pick::Voice(*p)) {
            item.note = "one mouth moves with both".into();
        }
    }
    items.sort_by_key(|i| !proposed.iter().any(|p| i.pick == Pick::Voice(*p)));
    items
}
