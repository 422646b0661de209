//! Carries what people decided of voices and turns to turns that were heard anew, by when they were said.

use crate::domain::{
    Author, Change, Draft, Edit, Identity, IdentityId, MediaTime, Method, Operation, OperationKind, RunId, RunMeta, Source, Span,
    Speaker, SpeakerId, Spoken, Transcript, Turn, TurnId, TurnState, VoiceLink,
};
use crate::store::{EpisodeStore, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Add;

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

impl CarriedVoices {
    /// Says it in one line; `None` where nothing was to be carried.
    #[must_use]
    pub fn text(self) -> Option<String> {
        let Self { voices, turns, lost } = self;
        let counted = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
        let lost = if lost == 0 { String::new() } else { format!(", {lost} not: nothing of now was said then") };
        (self != Self::default()).then(|| format!("{}, {}{lost}", counted(voices, "voice"), counted(turns, "decided turn")))
    }
}

impl Add for CarriedVoices {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let Self { voices, turns, lost } = other;
        Self { voices: self.voices + voices, turns: self.turns + turns, lost: self.lost + lost }
    }
}

/// Whose a voice or turn was said to be, or what is said in it, where nothing of now answers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostSpeech {
    /// When it was said; of a voice its first turn.
    pub span: Span,
    pub speaker: SpeakerId,
    /// Absent: the voice as a whole.
    pub turn: Option<TurnId>,
    /// Whose it was said to be; absent where that was nobody, or only words were written.
    pub identity: Option<IdentityId>,
}

/// Decisions that no turn of now answers to.
#[derive(Debug, Default)]
struct Missing {
    voices: BTreeSet<SpeakerId>,
    turns: BTreeSet<TurnId>,
}

/// Returns whose voices and turns of one run were said to be, and words written by people, where nothing of another run answers to them; by
/// time. Nothing as long as that one heard nobody. What people made of the stretches of turns is not among them: these are heard anew.
#[must_use]
pub fn lost(then: &Spoken, now: &Spoken) -> Vec<LostSpeech> {
    if now.heard.is_empty() {
        return Vec::new();
    }
    let (_, _, missing) = bring(RunId(0), then, now, Some);
    let (old, new) = (then.turns(), now.turns());
    let gone = dropped(now, &new);
    // A turn that was added there and brought is here by its stretch; one that was dropped here is decided.
    let is_here = |turn: &Turn| {
        new.iter().any(|t| is_same(t.span, turn.span))
            || gone.iter().any(|t| common(t.span, turn.span) > MOST * turn.span.len().secs())
    };
    let voices = missing.voices.iter().filter_map(|speaker| {
        let first = old.iter().find(|t| t.speaker == *speaker)?;
        let identity = then.links.get(speaker).and_then(|link| link.identity);
        Some(LostSpeech { span: first.span, speaker: *speaker, turn: None, identity })
    });
    let turns = missing.turns.iter().filter(|id| then.said.contains_key(id) || then.words.contains_key(id)).filter_map(|id| {
        let turn = old.iter().find(|t| t.id == *id).filter(|turn| !is_here(turn))?;
        let identity = then.said.get(id).and_then(|link| link.identity);
        Some(LostSpeech { span: turn.span, speaker: turn.speaker, turn: Some(*id), identity })
    });
    let mut lost: Vec<LostSpeech> = voices.chain(turns).collect();
    lost.sort_by_key(|l| (l.span.start(), l.speaker, l.turn));
    lost
}

/// Works out what brings decisions on turns that a run heard before, `then`, to those that it hears now; what was decided of the old ones
/// ends, and so does what was believed of their sound. `None` where there is nothing of that. It has to be written together with the
/// turns: decisions name them by number.
#[must_use]
pub fn carried_within(
    run: RunId,
    then: &Spoken,
    turns: &[Turn],
    speakers: &[Speaker],
    identities: &BTreeMap<IdentityId, Identity>,
    at: Timestamp,
) -> Option<(Draft, CarriedVoices)> {
    let ended = ended(run, then);
    if ended.is_empty() {
        return None;
    }
    let mut now = Spoken::of(turns.to_vec(), speakers, BTreeMap::new());
    now.next_turn = now.next_turn.max(then.next_turn);
    now.next_speaker = now.next_speaker.max(then.next_speaker);
    let mut changes = ended;
    let (brought, carried, _) = bring(run, then, &now, |id| identities.contains_key(&id).then_some(id));
    changes.extend(brought);
    Some((draft(run, run, changes, carried, at), carried))
}

/// Brings decisions on another run of the same video to `run`: those of the active one; where it has none, and nothing was ever decided of
/// the speech of `run`, those of the newest run that has some. Identities of both are one where they are the same person. Nothing
/// happens as long as `run` heard nobody: it is done when it has listened.
///
/// # Errors
/// Fails where the store cannot be read or written.
pub fn carry_over(store: &EpisodeStore, run: &RunMeta, at: Timestamp) -> Result<CarriedVoices, StoreError> {
    let now = store.spoken(run.id)?;
    if now.heard.is_empty() {
        return Ok(CarriedVoices::default());
    }
    let Some((from, then)) = source(store, run)? else { return Ok(CarriedVoices::default()) };
    let (old, new) = (store.identities(from)?, store.identities(run.id)?);
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
    let (brought, carried, _) = bring(run.id, &then, &now, |id| known.get(&id).copied());
    let used: BTreeSet<IdentityId> = brought.iter().filter_map(identity_of).collect();
    let mut changes: Vec<Change> = made
        .into_iter()
        .filter(|(id, _)| used.contains(id))
        .map(|(id, identity)| Change::Identity { run: run.id, id, edit: Edit { from: None, to: Some(identity) } })
        .collect();
    changes.extend(brought);
    if !changes.is_empty() {
        store.append(draft(from, run.id, changes, carried, at))?;
    }
    Ok(carried)
}

/// Finds the run whose decisions on speech count for `run`, and what they are.
fn source(store: &EpisodeStore, run: &RunMeta) -> Result<Option<(RunId, Spoken)>, StoreError> {
    let same = |other: &RunMeta| other.id != run.id && other.video.sha256 == run.video.sha256;
    let others: Vec<RunId> = store.runs()?.iter().filter(|other| same(other)).map(|other| other.id).collect();
    if let Some(active) = store.active_run()?.filter(|id| others.contains(id)) {
        let then = store.spoken(active)?;
        if has_decisions(&then) {
            return Ok(Some((active, then)));
        }
    }
    // What was decided here once and taken back is not to come again.
    let is_own = |change: &Change| match change {
        Change::Voice { run: of, .. }
        | Change::Said { run: of, .. }
        | Change::Turn { run: of, .. }
        | Change::Words { run: of, .. } => *of == run.id,
        _ => false,
    };
    let is_belief = |o: &Operation| o.kind == OperationKind::Voice && matches!(o.author, Author::Pipeline { .. });
    if store.operations()?.iter().any(|o| !is_belief(o) && o.changes.iter().any(is_own)) {
        return Ok(None);
    }
    for id in others.into_iter().rev() {
        let then = store.spoken(id)?;
        if has_decisions(&then) {
            return Ok(Some((id, then)));
        }
    }
    Ok(None)
}

fn draft(from: RunId, run: RunId, changes: Vec<Change>, carried: CarriedVoices, at: Timestamp) -> Draft {
    let CarriedVoices { voices, turns, lost } = carried;
    let source = if from == run { "what was heard before".to_owned() } else { from.to_string() };
    let summary = format!("{voices} voices and {turns} turns carried over from {source}, {lost} lost");
    Draft { at, author: Author::Pipeline { run }, kind: OperationKind::Carry, summary, changes }
}

fn identity_of(change: &Change) -> Option<IdentityId> {
    match change {
        Change::Voice { edit, .. } | Change::Said { edit, .. } => edit.to.and_then(|link| link.identity),
        _ => None,
    }
}

/// Tells whether people decided anything of speech.
#[must_use]
pub fn has_decisions(spoken: &Spoken) -> bool {
    !(spoken.states.is_empty() && spoken.words.is_empty() && spoken.said.is_empty())
        || spoken.links.values().any(VoiceLink::is_decided)
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
) -> (Vec<Change>, CarriedVoices, Missing) {
    let (old, new) = (then.turns(), now.turns());
    let dropped = dropped(then, &old);
    let mut ever: Vec<Turn> = old.iter().chain(&dropped).copied().collect();
    ever.sort_by_key(|t| (t.span.start(), t.id));
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

    let voices = voices(&ever, &new);
    let mut met: BTreeSet<SpeakerId> = BTreeSet::new();
    for (speaker, (was, share)) in &voices {
        let Some(link) = then.links.get(was).filter(|link| link.is_decided()) else { continue };
        let Some(to) = moved(link, *share) else { continue };
        met.insert(*was);
        if !now.links.contains_key(speaker) {
            changes.push(Change::Voice { run, speaker: *speaker, edit: Edit { from: None, to: Some(to) } });
            carried.voices += 1;
        }
    }
    let decided = then.links.iter().filter(|(_, link)| link.is_decided()).map(|(speaker, _)| *speaker);
    let mut missing = Missing { voices: decided.filter(|s| !met.contains(s)).collect(), ..Missing::default() };

    let mut kept: BTreeSet<TurnId> = BTreeSet::new();
    for turn in &new {
        let length = turn.span.len().secs().max(1e-6);
        let share = |t: &Turn| common(t.span, turn.span) / length;
        let is_voice = |speaker: SpeakerId| voices.get(&turn.speaker).is_some_and(|(was, _)| *was == speaker);
        // Where several speak at once, the one of the same voice is meant.
        let meant = ever.iter().filter(|t| share(t) > MOST);
        let meant = meant.max_by(|a, b| is_voice(a.speaker).cmp(&is_voice(b.speaker)).then(share(a).total_cmp(&share(b))));
        let Some(from) = meant else { continue };
        if let Some(to) = then.said.get(&from.id).and_then(|link| moved(link, share(from))) {
            kept.insert(from.id);
            if !now.said.contains_key(&turn.id) {
                changes.push(Change::Said { run, turn: turn.id, edit: Edit { from: None, to: Some(to) } });
                carried.turns += 1;
            }
        }
        if let Some(to) = state(then, from, turn, &voices) {
            kept.insert(from.id);
            if !now.states.contains_key(&turn.id) {
                changes.push(Change::Turn { run, turn: turn.id, edit: Edit { from: None, to: Some(to) } });
                carried.turns += 1;
            }
        }
        if let Some(words) = then.words.get(&from.id).filter(|_| is_same(from.span, turn.span)) {
            kept.insert(from.id);
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
        let Some(speaker) = counterpart(&voices, turn.speaker).filter(|_| covered / turn.span.len().secs().max(1e-6) <= MOST)
        else {
            continue;
        };
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
    missing.turns = decided.difference(&kept).copied().collect();
    carried.lost += missing.voices.len() + missing.turns.len();
    (changes, carried, missing)
}

/// Returns the turns that people dropped, as they were heard; those that were joined to another are not among them.
fn dropped(then: &Spoken, old: &[Turn]) -> Vec<Turn> {
    let gone = then.states.iter().filter(|(_, state)| state.span.is_empty());
    let gone = gone.filter_map(|(id, state)| Some(Turn { speaker: state.speaker, ..*then.heard.get(id)? }));
    let is_part = |turn: &Turn| {
        let all = turn.span.len().secs();
        old.iter().any(|t| t.speaker == turn.speaker && common(t.span, turn.span) >= MOST * all)
    };
    gone.filter(|turn| !is_part(turn)).collect()
}

/// Returns what people made of the old turn, for the new one; when it was is not among it, that is heard anew.
fn state(then: &Spoken, from: &Turn, turn: &Turn, voices: &Voices) -> Option<TurnState> {
    let made = then.states.get(&from.id)?;
    let same = TurnState { span: turn.span, speaker: turn.speaker, seen: None };
    if made.span.is_empty() {
        return Some(same.gone());
    }
    let is_given = then.heard.get(&from.id).is_some_and(|heard| heard.speaker != made.speaker);
    let speaker = counterpart(voices, made.speaker).filter(|_| is_given).unwrap_or(turn.speaker);
    let to = TurnState { speaker, seen: made.seen, ..same };
    (to != same).then_some(to)
}

/// For each new voice the old one that says most of it, and how much.
type Voices = BTreeMap<SpeakerId, (SpeakerId, f64)>;

/// Returns the new voice that is an old one.
fn counterpart(voices: &Voices, old: SpeakerId) -> Option<SpeakerId> {
    let new = voices.iter().filter(|(_, (was, _))| *was == old);
    new.max_by(|a, b| a.1.1.total_cmp(&b.1.1).then(b.0.cmp(a.0))).map(|(speaker, _)| *speaker)
}

/// Returns for each new voice the old one that says most of it, and how much, where that is more than half.
fn voices(old: &[Turn], new: &[Turn]) -> Voices {
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
    use crate::domain::{Word, WordTiming};

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
        let (changes, carried, _) = bring(RUN, then, now, Some);
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

    #[test]
    fn a_voice_that_was_dropped_altogether_stays_dropped_and_a_joined_turn_does_not() {
        let mut then = heard(&[turn(1, 0, 50, 1), turn(2, 60, 90, 2), turn(3, 100, 120, 1), turn(4, 121, 140, 1)]);
        then.states.insert(TurnId(2), then.state(TurnId(2)).map(TurnState::gone).unwrap());
        let joined = TurnState { span: turn(3, 100, 140, 1).span, speaker: SpeakerId(1), seen: None };
        then.states.insert(TurnId(3), joined);
        then.states.insert(TurnId(4), TurnState { span: turn(4, 121, 140, 1).span, ..joined }.gone());
        let now = heard(&[turn(11, 0, 50, 4), turn(12, 61, 90, 5), turn(13, 100, 119, 4), turn(14, 121, 140, 4)]);
        let (after, carried) = brought(&then, &now);
        assert_eq!(after.turns().iter().map(|t| t.id.0).collect::<Vec<_>>(), [11, 13, 14]);
        assert_eq!(carried, CarriedVoices { voices: 0, turns: 1, lost: 2 });
    }

    #[test]
    fn a_turn_that_others_speak_into_is_not_given_to_them() {
        let mut then = heard(&[turn(1, 0, 50, 1), turn(2, 0, 50, 2), turn(3, 60, 90, 1), turn(4, 100, 150, 2)]);
        then.said.insert(TurnId(2), link(3));
        let now = heard(&[turn(11, 10, 40, 4), turn(12, 60, 90, 4), turn(13, 100, 150, 5)]);
        let (after, carried) = brought(&then, &now);
        assert!(after.said.is_empty(), "{:?}", after.said);
        assert_eq!(carried.lost, 1);
    }

    #[test]
    fn what_nothing_of_now_answers_to_is_listed_with_its_time_and_what_was_brought_is_not() {
        let mut then = heard(&[turn(1, 0, 50, 1), turn(2, 60, 90, 2), turn(3, 100, 120, 1)]);
        then.links.insert(SpeakerId(2), link(7));
        then.said.insert(TurnId(3), link(3));
        then.states.insert(TurnId(4), TurnState { span: turn(4, 200, 230, 1).span, speaker: SpeakerId(1), seen: None });
        then.said.insert(TurnId(4), link(5));
        let now = heard(&[turn(11, 0, 50, 4)]);
        let voice =
            LostSpeech { span: turn(2, 60, 90, 2).span, speaker: SpeakerId(2), turn: None, identity: Some(IdentityId(7)) };
        let own = turn(3, 100, 120, 1);
        let one = LostSpeech { span: own.span, speaker: own.speaker, turn: Some(own.id), identity: Some(IdentityId(3)) };
        let (after, carried) = brought(&then, &now);
        assert_eq!((lost(&then, &after), carried.lost), (vec![voice, one], 2));
        assert_eq!(lost(&then, &heard(&[])), [], "nobody was heard yet");
        assert_eq!(lost(&then, &then), []);
    }

    #[test]
    fn a_turn_that_was_given_to_another_voice_is_given_to_it_again() {
        let mut then = heard(&[turn(1, 0, 50, 1), turn(2, 60, 90, 2), turn(3, 100, 120, 1)]);
        let given = then.state(TurnId(3)).map(|s| TurnState { speaker: SpeakerId(2), ..s }).unwrap();
        then.states.insert(TurnId(3), given);
        let now = heard(&[turn(11, 0, 50, 4), turn(12, 60, 90, 5), turn(13, 100, 120, 4)]);
        let (after, carried) = brought(&then, &now);
        assert_eq!(after.turn(TurnId(13)).map(|t| t.speaker), Some(SpeakerId(5)));
        assert_eq!(carried, CarriedVoices { voices: 0, turns: 1, lost: 0 });
    }
}
