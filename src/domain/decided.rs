//! The decided data as a value: what the log says when it is read from the start.

use super::{
    Assignment, Change, Decision, Edit, Identity, IdentityId, Mark, Never, OperationKind, PersonId, RunId, Settled, SpeakerId,
    Thresholds, TrackId, TrackParts, Transcript, TurnId, TurnState, VoiceLink,
};
use std::collections::BTreeMap;
use std::fmt;

/// Says why a change does not fit what is there.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChangeError {
    /// The value was changed by something else since the change was planned.
    #[error("{key} has moved on: expected {expected}, found {found}")]
    MovedOn { key: String, expected: String, found: String },
    /// Only undo and redo bring an id back.
    #[error("{key} was used before, and ids are never used again")]
    IdReused { key: String },
    /// The log, which is text, has no word for it.
    #[error("{key} was given a score that is not a number")]
    NotFinite { key: String },
}

/// Holds who every track is believed to be, the identities, and what people made of the tracks, of every run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decided {
    pub assignments: BTreeMap<(RunId, TrackId), Assignment>,
    pub identities: BTreeMap<(RunId, IdentityId), Identity>,
    /// The highest identity ever used, by run; deletion does not lower it.
    pub highest_identity: BTreeMap<RunId, IdentityId>,
    pub tracks: BTreeMap<(RunId, TrackId), TrackParts>,
    pub marks: BTreeMap<(RunId, TrackId), Mark>,
    pub nevers: BTreeMap<(RunId, TrackId, PersonId), Never>,
    /// The highest track that a person made by cutting, by run; joining it to another does not lower it.
    pub highest_track: BTreeMap<RunId, TrackId>,
    pub voices: BTreeMap<(RunId, SpeakerId), VoiceLink>,
    pub said: BTreeMap<(RunId, TurnId), VoiceLink>,
    pub turns: BTreeMap<(RunId, TurnId), TurnState>,
    pub words: BTreeMap<(RunId, TurnId), Transcript>,
    pub settled: BTreeMap<(RunId, Decision), Settled>,
    pub thresholds: BTreeMap<RunId, Thresholds>,
    /// The highest turn that a person made or changed, by run; taking it back does not lower it.
    pub highest_turn: BTreeMap<RunId, TurnId>,
    /// The highest voice that a person gave turns to, by run, likewise.
    pub highest_speaker: BTreeMap<RunId, SpeakerId>,
}

impl Decided {
    /// Applies `changes` in order.
    ///
    /// # Errors
    /// Fails where a change expects another value than is there; the changes before it stay applied.
    pub fn apply(&mut self, kind: &OperationKind, changes: &[Change]) -> Result<(), ChangeError> {
        for change in changes {
            match change {
                Change::Assign { run, track, edit } => {
                    let key = (*run, *track);
                    check_from(change, edit, self.assignments.get(&key))?;
                    check_finite(change)?;
                    set(&mut self.assignments, key, edit.to);
                }
                Change::Identity { run, id, edit } => {
                    let key = (*run, *id);
                    check_from(change, edit, self.identities.get(&key))?;
                    check_new_id(change, kind, self.highest_identity.get(run).copied())?;
                    set(&mut self.identities, key, edit.to.clone());
                    let highest = self.highest_identity.entry(*run).or_insert(*id);
                    *highest = (*highest).max(*id);
                }
                Change::Track { run, track, edit } => {
                    let key = (*run, *track);
                    check_from(change, edit, self.tracks.get(&key))?;
                    if check_new_track(change, kind, self.highest_track.get(run).copied())? {
                        let highest = self.highest_track.entry(*run).or_insert(*track);
                        *highest = (*highest).max(*track);
                    }
                    set(&mut self.tracks, key, edit.to.clone());
                }
                Change::Mark { run, track, edit } => {
                    let key = (*run, *track);
                    check_from(change, edit, self.marks.get(&key))?;
                    set(&mut self.marks, key, edit.to);
                }
                Change::Never { run, track, person, edit } => {
                    let key = (*run, *track, *person);
                    check_from(change, edit, self.nevers.get(&key))?;
                    set(&mut self.nevers, key, edit.to);
                }
                Change::Voice { run, speaker, edit } => {
                    let key = (*run, *speaker);
                    check_from(change, edit, self.voices.get(&key))?;
                    check_finite(change)?;
                    set(&mut self.voices, key, edit.to);
                }
                Change::Said { run, turn, edit } => {
                    let key = (*run, *turn);
                    check_from(change, edit, self.said.get(&key))?;
                    check_finite(change)?;
                    set(&mut self.said, key, edit.to);
                }
                Change::Turn { run, turn, edit } => {
                    let key = (*run, *turn);
                    check_from(change, edit, self.turns.get(&key))?;
                    raise(&mut self.highest_turn, *run, *turn);
                    if let Some(to) = &edit.to {
                        raise(&mut self.highest_speaker, *run, to.speaker);
                    }
                    set(&mut self.turns, key, edit.to);
                }
                Change::Words { run, turn, edit } => {
                    let key = (*run, *turn);
                    check_from(change, edit, self.words.get(&key))?;
                    check_finite(change)?;
                    set(&mut self.words, key, edit.to.clone());
                }
                Change::Thresholds { run, edit } => {
                    check_from(change, edit, self.thresholds.get(run))?;
                    check_finite(change)?;
                    set(&mut self.thresholds, *run, edit.to);
                }
                Change::Settle { run, decision, edit } => {
                    let key = (*run, *decision);
                    check_from(change, edit, self.settled.get(&key))?;
                    set(&mut self.settled, key, edit.to);
                }
            }
        }
        Ok(())
    }
}

/// Checks that `edit` expects what is there.
///
/// # Errors
/// Fails with [`ChangeError::MovedOn`] where it does not.
pub fn check_from<T: PartialEq + fmt::Debug>(change: &Change, edit: &Edit<T>, found: Option<&T>) -> Result<(), ChangeError> {
    check_edit(|| change.key(), edit, found)
}

/// Checks that `edit` of what is called `key` expects what is there.
///
/// # Errors
/// Fails with [`ChangeError::MovedOn`] where it does not.
pub fn check_edit<T: PartialEq + fmt::Debug>(
    key: impl FnOnce() -> String,
    edit: &Edit<T>,
    found: Option<&T>,
) -> Result<(), ChangeError> {
    if edit.from.as_ref() == found {
        return Ok(());
    }
    Err(ChangeError::MovedOn { key: key(), expected: told(edit.from.as_ref()), found: told(found) })
}

/// Checks that a change that makes an identity takes an id above `highest`, unless it brings one back.
///
/// # Errors
/// Fails with [`ChangeError::IdReused`] where it does not.
pub fn check_new_id(change: &Change, kind: &OperationKind, highest: Option<IdentityId>) -> Result<(), ChangeError> {
    let Change::Identity { id, edit: Edit { from: None, to: Some(_) }, .. } = change else { return Ok(()) };
    let brings_back = matches!(kind, OperationKind::Undo { .. } | OperationKind::Redo { .. });
    if brings_back || highest.is_none_or(|h| *id > h) { Ok(()) } else { Err(ChangeError::IdReused { key: change.key() }) }
}

/// Checks that a change that makes a track which was not measured takes an id above `highest`, unless it brings one back.
/// Returns whether it makes one.
///
/// # Errors
/// Fails with [`ChangeError::IdReused`] where it does not.
pub fn check_new_track(change: &Change, kind: &OperationKind, highest: Option<TrackId>) -> Result<bool, ChangeError> {
    let Change::Track { track, edit: Edit { from: None, to: Some(parts) }, .. } = change else { return Ok(false) };
    if parts.is_measured(*track) {
        return Ok(false);
    }
    let brings_back = matches!(kind, OperationKind::Undo { .. } | OperationKind::Redo { .. });
    if brings_back || highest.is_none_or(|h| *track > h) { Ok(true) } else { Err(ChangeError::IdReused { key: change.key() }) }
}

/// Checks that the scores that a change brings are numbers.
///
/// # Errors
/// Fails with [`ChangeError::NotFinite`] where they are not.
pub fn check_finite(change: &Change) -> Result<(), ChangeError> {
    let is_finite = match change {
        Change::Assign { edit: Edit { to: Some(to), .. }, .. } => to.score.is_finite() && to.threshold.is_finite(),
        Change::Voice { edit: Edit { to: Some(to), .. }, .. } | Change::Said { edit: Edit { to: Some(to), .. }, .. } => {
            to.score.is_finite()
        }
        Change::Thresholds { edit: Edit { to: Some(to), .. }, .. } => to.cluster_thresh.is_finite(),
        Change::Words { edit: Edit { to: Some(to), .. }, .. } => to.words.iter().all(|w| w.confidence.is_finite()),
        _ => true,
    };
    if is_finite { Ok(()) } else { Err(ChangeError::NotFinite { key: change.key() }) }
}

fn raise<I: Ord + Copy>(highest: &mut BTreeMap<RunId, I>, run: RunId, used: I) {
    let known = highest.entry(run).or_insert(used);
    *known = (*known).max(used);
}

fn told<T: fmt::Debug>(value: Option<&T>) -> String {
    value.map_or_else(|| "nothing".into(), |v| format!("{v:?}"))
}

fn set<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Method, Source};

    fn identity(id: u32) -> Identity {
        Identity {
            id: IdentityId(id),
            label: None,
            name: None,
            person: None,
            source: Source::Proposed,
            alone: None,
            locked: false,
        }
    }

    fn make(id: u32) -> Change {
        Change::Identity { run: RunId(1), id: IdentityId(id), edit: Edit { from: None, to: Some(identity(id)) } }
    }

    #[test]
    fn a_deleted_id_comes_back_by_undo_only() {
        let mut decided = Decided::default();
        decided.apply(&OperationKind::Group, &[make(1), make(2)]).unwrap();
        decided.apply(&OperationKind::Group, &[make(2).invert()]).unwrap();
        assert_eq!(
            decided.apply(&OperationKind::Name, &[make(2)]),
            Err(ChangeError::IdReused { key: "identity id_0002 of run r1".into() })
        );
        decided.apply(&OperationKind::Undo { of: 2 }, &[make(2)]).unwrap();
    }

    #[test]
    fn a_mismatch_names_key_expected_and_found() {
        let mut decided = Decided::default();
        let value = Assignment {
            identity: IdentityId(1),
            source: Source::Confirmed,
            method: Method::User,
            score: 1.0,
            threshold: 0.0,
            locked: false,
        };
        let change = Change::Assign { run: RunId(1), track: TrackId(7), edit: Edit { from: Some(value), to: None } };
        let told = decided.apply(&OperationKind::Name, &[change]).unwrap_err().to_string();
        assert!(told.starts_with("track t7 of run r1 has moved on: expected Assignment"), "{told}");
        assert!(told.ends_with("found nothing"), "{told}");
    }
}
