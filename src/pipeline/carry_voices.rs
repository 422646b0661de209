//! Carries what people decided of voices and turns to turns that were heard anew, by when they were said.

use crate::domain::{
    Author, Change, Draft, Edit, Identity, IdentityId, MediaTime, Method, OperationKind, RunId, RunMeta, Source, Span, SpeakerId,
    Spoken, Transcript, Turn, TurnId, TurnState, VoiceLink,
};
use crate::store::{EpisodeStore, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Share of a new turn or voice that must lie in the old one for its decisions to hold.
const MOST: f64 = 0.5;
/// Share that two turns must have in common, of each, for the words of one to be those of the other.
const SAME_WORDS: f64 = 0.8;

/// What was carried over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CarriedVoices {
    /// Voices that are somebody's.
    pub voices: usize,
    /// Turns that are somebody's, seen or not seen, dropped, added, or written anew.
    pub turns: usize,
    /// Decisions that no turn of now answers to.
    pub lost: usize,
}

/// Reads what was heard in a run, and what is decided of it.
///
/// # Errors
/// Fails where there is no such run, or the file cannot be read.
pub fn spoken(store: &EpisodeStore, run: RunId) -> Result<Spoken, StoreError> {
    Ok(Spoken {
        heard: store.turns(run)?.into_iter().map(|t| (t.id, t)).collect(),
        written: store.transcripts(run)?,
        states: store.turn_states(run)?,
        words: store.edited_words(run)?,
        links: store.voice_links(run)?,
        said: store.said(run)?,
        next_turn: store.next_turn_id(run)?,
        next_speaker: store.next_speaker_id(run)?,
    })
}

/// Brings decisions on turns that the same run heard before, `then`, to those that it has now; what was decided of the old ones ends.
///
/// # Errors
/// Fails where the store cannot be read or written.
pub fn carry_within(store: &EpisodeStore, run: RunId, then: &Spoken, at: Timestamp) -> Result<CarriedVoices, StoreError> {
    if !has_decisions(then) {
        return Ok(CarriedVoices::default());
    }
    let mut now = spoken(store, run)?;
    let mut changes = ended(run, then);
    for change in &changes {
        now.follow(run, change);
    }
    let identities = store.identities(run)?;
    let (brought, carried) = bring(run, then, &now, |id| identities.contains_key(&id).then_some(id));
    changes.extend(brought);
    append(store, run, run, changes, carried, at)?;
    Ok(carried)
}

/// Brings decisions on the active run to `run`; identities of both are one where they are the same person. Nothing happens where `run` is
/// the active run, or heard another video.
///
/// # Errors
/// Fails where the store cannot be read or written.
pub fn carry_over(store: &EpisodeStore, run: &RunMeta, at: Timestamp) -> Result<CarriedVoices, StoreError> {
    let Some(active) = store.active_run()?.filter(|r| *r != run.id) else { return Ok(CarriedVoices::default()) };
    let then = spoken(store, active)?;
    if !has_decisions(&then) || store.run(active)?.video.sha256 != run.video.sha256 {
        return Ok(CarriedVoices::default());
    }
    let (old, new) = (store.identities(active)?, store.identities(run.id)?);
    let mut made: BTreeMap<IdentityId, Identity> = BTreeMap::new();
    let mut next = store.next_identity_id(run.id)?;
    let wanted: BTreeSet<IdentityId> = then.links.values().chain(then.said.values()).filter_map(|link| link.identity).collect();
    let mut known: BTreeMap<IdentityId, IdentityId> = BTreeMap::new();
    for id in wanted {
        let Some(from) = old.get(&id).filter(|i| i.name.is_some()) else { continue };
        let same = |i: &&Identity| i.name == from.name && i.person == from.person;
        let to = new.values().chain(made.values()).find(same).map_or(next, |i| i.id);
        if to == next {
            next = IdentityId(next.0 + 1);
            made.insert(to, Identity { id: to, source: Source::Carried, alone: None, locked: false, ..from.clone() });
        }
        known.insert(id, to);
    }
    let (brought, carried) = bring(run.id, &then, &spoken(store, run.id)?, |id| known.get(&id).copied());
    let used: BTreeSet<IdentityId> = brought.iter().filter_map(identity_of).collect();
    let mut changes: Vec<Change> = made
        .into_iter()
        .filter(|(id, _)| used.contains(id))
        .map(|(id, identity)| Change::Identity { run: run.id, id, edit: Edit { from: None, to: Some(identity) } })
        .collect();
    changes.extend(brought);
    append(store, active, run.id, changes, carried, at)?;
    Ok(carried)
}

fn append(
    store: &EpisodeStore,
    from: RunId,
    run: RunId,
    changes: Vec<Change>,
    carried: CarriedVoices,
    at: Timestamp,
) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let CarriedVoices { voices, turns, lost } = carried;
    let source = if from == run { "what was heard before".to_owned() } else { from.to_string() };
    let summary = format!("{voices} voices and {turns} turns carried over from {source}, {lost} lost");
    store.append(Draft { at, author: Author::Pipeline { run }, kind: OperationKind::Carry, summary, changes })?;
    Ok(())
}

fn identity_of(change: &Change) -> Option<IdentityId> {
    match change {
        Change::Voice { edit, .. } | Change::Said { edit, .. } => edit.to.and_then(|link| link.identity),
        _ => None,
    }
}

fn has_decisions(spoken: &Spoken) -> bool {
    !(spoken.states.is_empty() && spoken.words.is_empty() && spoken.said.is_empty() && spoken.links.is_empty())
}

/// Returns the changes that end every decision on turns and voices that are heard no more.
fn ended(run: RunId, then: &Spoken) -> Vec<Change> {
    let mut changes = Vec::new();
    changes.extend(then.states.iter().map(|(t, v)| Change::Turn { run, turn: *t, edit: Edit { from: Some(*v), to: None } }));
    changes.extend(then.links.iter().map(|(s, v)| Change::Voice { run, speaker: *s, edit: Edit { from: Some(*v), to: None } }));
    changes.extend(then.said.iter().map(|(t, v)| Change::Said { run, turn: *t, edit: Edit { from: Some(*v), to: None } }));
    changes.extend(then.words.iter().map(|(t, v)| Change::Words {
        run,
        turn: *t,
        edit: Edit { from: Some(v.clone()), to: None },
    }));
    changes
}

fn common(a: Span, b: Span) -> f64 {
    Span::new(a.start().max(b.start()), a.end().min(b.end())).len().secs()
}

/// Works out what of `then` holds of `now`; what is decided of `now` already stays.
fn bring(
    run: RunId,
    then: &Spoken,
    now: &Spoken,
    identity: impl Fn(IdentityId) -> Option<IdentityId>,
) -> (Vec<Change>, CarriedVoices) {
    let (old, new) = (then.turns(), now.turns());
    let mut changes = Vec::new();
    let mut carried = CarriedVoices::default();
    let moved = |link: &VoiceLink, share: f64| -> Option<VoiceLink> {
        let to = match link.identity {
            Some(id) => Some(identity(id)?),
            None => None,
        };
        #[expect(clippy::cast_possible_truncation, reason = "a share")]
        let score = share as f32;
        Some(VoiceLink { identity: to, source: Source::Carried, method: Method::Overlap, score })
    };

    let voices = voices(&old, &new);
    let mut met: BTreeSet<SpeakerId> = BTreeSet::new();
    for (speaker, (was, share)) in &voices {
        let Some(link) = then.links.get(was) else { continue };
        let Some(to) = moved(link, *share) else { continue };
        met.insert(*was);
        if !now.links.contains_key(speaker) {
            changes.push(Change::Voice { run, speaker: *speaker, edit: Edit { from: None, to: Some(to) } });
            carried.voices += 1;
        }
    }
    carried.lost += then.links.keys().filter(|s| !met.contains(s)).count();

    let mut kept: BTreeSet<TurnId> = BTreeSet::new();
    for turn in &new {
        let length = turn.span.len().secs().max(1e-6);
        let mostly_in = |span: Span| common(span, turn.span) / length > MOST;
        let is_voice = |speaker: SpeakerId| voices.get(&turn.speaker).is_some_and(|(was, _)| *was == speaker);
        // Of overlapping ones, that of the same voice says more.
        let said = old.iter().filter(|t| then.said.contains_key(&t.id) && mostly_in(t.span));
        if let Some(from) = said.max_by_key(|t| is_voice(t.speaker))
            && let Some(to) = then.said.get(&from.id).and_then(|link| moved(link, common(from.span, turn.span) / length))
        {
            kept.insert(from.id);
            if !now.said.contains_key(&turn.id) {
                changes.push(Change::Said { run, turn: turn.id, edit: Edit { from: None, to: Some(to) } });
                carried.turns += 1;
            }
        }
        let gone = then.states.iter().filter(|(_, s)| s.span.is_empty()).filter_map(|(id, _)| then.heard.get(id));
        let dropped = gone.filter(|t| is_voice(t.speaker) || voices.is_empty()).find(|t| mostly_in(t.span));
        let marked = old.iter().find(|t| then.seen(t.id).is_some() && mostly_in(t.span) && is_voice(t.speaker));
        let state = TurnState { span: turn.span, speaker: turn.speaker, seen: now.seen(turn.id) };
        let to = match (dropped, marked) {
            (Some(from), _) => {
                kept.insert(from.id);
                Some(state.gone())
            }
            (None, Some(from)) => {
                kept.insert(from.id);
                Some(TurnState { seen: then.seen(from.id), ..state })
            }
            (None, None) => None,
        };
        if let Some(to) = to.filter(|_| !now.states.contains_key(&turn.id)) {
            changes.push(Change::Turn { run, turn: turn.id, edit: Edit { from: None, to: Some(to) } });
            carried.turns += 1;
        }
        let written = old.iter().find(|t| then.words.contains_key(&t.id) && is_same(t.span, turn.span));
        if let Some((from, words)) = written.and_then(|t| Some((t.id, then.words.get(&t.id)?))) {
            kept.insert(from);
            if !now.words.contains_key(&turn.id) {
                let to = Some(within(words, turn.span));
                changes.push(Change::Words { run, turn: turn.id, edit: Edit { from: None, to } });
                carried.turns += 1;
            }
        }
    }

    let mut next = now.next_turn;
    for turn in old.iter().filter(|t| !then.heard.contains_key(&t.id)) {
        if kept.contains(&turn.id) {
            continue;
        }
        let covered: f64 = new.iter().map(|t| common(t.span, turn.span)).sum();
        let speaker = voices.iter().find(|(_, (was, _))| *was == turn.speaker).map(|(speaker, _)| *speaker);
        let Some(speaker) = speaker.filter(|_| covered / turn.span.len().secs().max(1e-6) <= MOST) else { continue };
        let to = Some(TurnState { span: turn.span, speaker, seen: then.seen(turn.id) });
        changes.push(Change::Turn { run, turn: next, edit: Edit { from: None, to } });
        if let Some(to) = then.said.get(&turn.id).and_then(|link| moved(link, 1.0)) {
            changes.push(Change::Said { run, turn: next, edit: Edit { from: None, to: Some(to) } });
        }
        if let Some(words) = then.words.get(&turn.id) {
            changes.push(Change::Words { run, turn: next, edit: Edit { from: None, to: Some(words.clone()) } });
        }
        kept.insert(turn.id);
        carried.turns += 1;
        next = TurnId(next.0 + 1);
    }
    let decided: BTreeSet<TurnId> = then.said.keys().chain(then.words.keys()).chain(then.states.keys()).copied().collect();
    carried.lost += decided.iter().filter(|id| !kept.contains(id)).count();
    (changes, carried)
}

/// Returns for each new voice the old one that says most of it, and how much, where that is more than half.
fn voices(old: &[Turn], new: &[Turn]) -> BTreeMap<SpeakerId, (SpeakerId, f64)> {
    let mut shared: BTreeMap<SpeakerId, BTreeMap<SpeakerId, f64>> = BTreeMap::new();
    let mut all: BTreeMap<SpeakerId, f64> = BTreeMap::new();
    for turn in new {
        *all.entry(turn.speaker).or_default() += turn.span.len().secs();
        let begun = old.partition_point(|t| t.span.start() < turn.span.end());
        for other in &old[..begun] {
            let seconds = common(other.span, turn.span);
            if seconds > 0.0 {
                *shared.entry(turn.speaker).or_default().entry(other.speaker).or_default() += seconds;
            }
        }
    }
    let best = |(speaker, shares): (SpeakerId, BTreeMap<SpeakerId, f64>)| {
        let (was, seconds) = shares.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
        let share = seconds / all.get(&speaker)?.max(1e-6);
        (share > MOST).then_some((speaker, (was, share)))
    };
    shared.into_iter().filter_map(best).collect()
}

fn is_same(a: Span, b: Span) -> bool {
    let both = common(a, b);
    both >= SAME_WORDS * a.len().secs() && both >= SAME_WORDS * b.len().secs()
}

fn within(words: &Transcript, span: Span) -> Transcript {
    let clamp = |t: MediaTime| t.clamp(span.start(), span.end());
    let mut words = words.clone();
    for word in &mut words.words {
        word.span = Span::new(clamp(word.span.start()), clamp(word.span.end()));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Speaker, Word, WordTiming};

    const RUN: RunId = RunId(1);

    fn turn(id: u32, from: i64, to: i64, speaker: u32) -> Turn {
        let at = |s: i64| MediaTime(s * 100_000);
        Turn { id: TurnId(id), span: Span::new(at(from), at(to)), speaker: SpeakerId(speaker), confidence: 0.5 }
    }

    fn heard(turns: &[Turn]) -> Spoken {
        let ids: BTreeSet<SpeakerId> = turns.iter().map(|t| t.speaker).collect();
        let speakers: Vec<Speaker> = ids.into_iter().map(|id| Speaker { id, voice: None, speech: MediaTime(1) }).collect();
        Spoken::of(turns.to_vec(), &speakers, BTreeMap::new())
    }

    fn link(id: u32) -> VoiceLink {
        VoiceLink { identity: Some(IdentityId(id)), source: Source::Confirmed, method: Method::User, score: 1.0 }
    }

    fn brought(then: &Spoken, now: &Spoken) -> (Spoken, CarriedVoices) {
        let (changes, carried) = bring(RUN, then, now, Some);
        let mut after = now.clone();
        for change in &changes {
            after.follow(RUN, change);
        }
        (after, carried)
    }

    #[test]
    fn a_voice_stays_somebodys_under_another_number() {
        let mut then = heard(&[turn(1, 0, 50, 1), turn(2, 60, 90, 2)]);
        then.links.insert(SpeakerId(1), link(7));
        let now = heard(&[turn(11, 2, 30, 4), turn(12, 31, 49, 4), turn(13, 61, 90, 5)]);
        let (after, carried) = brought(&then, &now);
        assert_eq!(after.links.keys().copied().collect::<Vec<_>>(), [SpeakerId(4)]);
        let link = after.links[&SpeakerId(4)];
        assert_eq!((link.identity, link.source), (Some(IdentityId(7)), Source::Carried));
        assert_eq!(carried, CarriedVoices { voices: 1, turns: 0, lost: 0 });
    }

    #[test]
    fn what_was_said_of_a_turn_goes_to_those_that_lie_in_it() {
        let mut then = heard(&[turn(1, 0, 50, 1), turn(2, 60, 90, 1), turn(3, 100, 120, 2)]);
        then.said.insert(TurnId(1), link(3));
        then.states.insert(TurnId(2), then.state(TurnId(2)).map(TurnState::gone).unwrap());
        let off = then.state(TurnId(3)).map(|s| TurnState { seen: Some(false), ..s }).unwrap();
        then.states.insert(TurnId(3), off);
        let now = heard(&[turn(11, 0, 20, 4), turn(12, 25, 50, 4), turn(13, 62, 90, 4), turn(14, 101, 120, 5)]);
        let (after, carried) = brought(&then, &now);
        assert_eq!(after.said.keys().map(|t| t.0).collect::<Vec<_>>(), [11, 12]);
        assert_eq!(after.turns().iter().map(|t| t.id.0).collect::<Vec<_>>(), [11, 12, 14]);
        assert_eq!(after.seen(TurnId(14)), Some(false));
        assert_eq!(carried, CarriedVoices { voices: 0, turns: 4, lost: 0 });
    }

    #[test]
    fn an_added_turn_stays_and_words_go_only_to_the_same_stretch() {
        let mut then = heard(&[turn(1, 0, 50, 1), turn(2, 60, 90, 1)]);
        let words = |t: &Turn| Transcript {
            language: "en".into(),
            timing: WordTiming::Aligned,
            words: vec![Word { span: t.span, text: "so".into(), confidence: 1.0 }],
        };
        then.words.insert(TurnId(1), words(&turn(1, 0, 50, 1)));
        then.words.insert(TurnId(2), words(&turn(2, 60, 90, 1)));
        let added = TurnState { span: turn(9, 200, 230, 1).span, speaker: SpeakerId(1), seen: None };
        then.states.insert(TurnId(3), added);
        let now = heard(&[turn(11, 1, 50, 4), turn(12, 60, 70, 4)]);
        let (after, carried) = brought(&then, &now);
        assert_eq!(after.words.keys().map(|t| t.0).collect::<Vec<_>>(), [11]);
        let made = after.turns().last().copied().unwrap();
        assert_eq!((made.id, made.span, made.speaker), (TurnId(13), added.span, SpeakerId(4)));
        assert_eq!(carried, CarriedVoices { voices: 0, turns: 2, lost: 1 });
    }

    #[test]
    fn what_is_decided_of_the_new_turns_stays() {
        let mut then = heard(&[turn(1, 0, 50, 1)]);
        then.links.insert(SpeakerId(1), link(7));
        then.said.insert(TurnId(1), link(7));
        let mut now = heard(&[turn(11, 0, 50, 4)]);
        now.links.insert(SpeakerId(4), link(2));
        now.said.insert(TurnId(11), link(2));
        let (after, carried) = brought(&then, &now);
        assert_eq!((after, carried), (now, CarriedVoices::default()));
    }
}
