//! Who else somebody is, from the key to the log and back.

use crate::domain::{IdentityId, MediaTime, OperationKind, RunId, Source, TrackId};
use crate::session::{Command, Near, Target};
use crate::ui::model::Panel;
use crate::ui::rehearsal::Rehearsal;
use crate::ui::update::Msg;
use crate::ui::worker::{Answer, Ask, Told};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Opens an episode in which nobody has a name but one track of several that look alike, `Dora Example`, with the cursor on her card; returns
/// the track.
fn begin() -> (Rehearsal, TrackId) {
    let mut stage = Rehearsal::begin();
    while stage.snapshot().next_undo.is_some() {
        stage.ask(Ask::Undo(None));
    }
    // Made-up people are seen twice in one picture at times; the one that is taken is not.
    let snapshot = stage.snapshot();
    let meet = |a: &TrackId, b: &TrackId| {
        let (a, b) = (&snapshot.tracks[a].seen, &snapshot.tracks[b].seen);
        a.iter().any(|x| b.iter().any(|y| x.start() < y.end() && y.start() < x.end()))
    };
    let is_alone = |t: &&TrackId, all: &[TrackId]| all.iter().all(|o| o == *t || !meet(t, o));
    let is_good = |t: &&TrackId| snapshot.tracks[*t].quality.is_some_and(|q| q.total > 0.3);
    let seeds = snapshot.identities.iter().flat_map(|c| c.tracks.iter().map(move |t| (t, &c.tracks)));
    let seeds = seeds.filter(|(t, all)| is_good(t) && is_alone(t, all));
    let track = *seeds.max_by_key(|(_, all)| all.iter().filter(is_good).count()).unwrap().0;
    stage.decide(&Command::Assign { tracks: vec![track], to: Target::Person("Dora Example".into()) });
    stage.press("g g");
    while stage.desk().card().unwrap().identity.name.as_deref() != Some("Dora Example") {
        stage.press("l");
    }
    (stage, track)
}

fn offered(stage: &Rehearsal) -> Vec<TrackId> {
    stage.desk().preview().unwrap().offers().iter().map(|o| o.track).collect()
}

fn taken(stage: &Rehearsal) -> BTreeSet<TrackId> {
    stage.desk().preview().unwrap().taken.clone()
}

fn gain(stage: &Rehearsal) -> MediaTime {
    let first = stage.desk().preview().unwrap().shifts[0].clone();
    first.after - first.before
}

#[test]
fn all_that_look_like_a_named_one_are_given_at_once_and_taken_back_at_once() {
    let (mut stage, seed) = begin();
    let before = stage.snapshot().clone();
    stage.press("p").rest();
    let screen = stage.screen();
    assert!(screen.contains("who else is Dora Example") && screen.contains("compared with 1 track of theirs"), "{screen}");
    let all = taken(&stage);
    assert!(!all.is_empty() && !all.contains(&seed), "{screen}");
    stage.press("Enter");
    assert!(stage.desk().preview().is_none());
    assert!(stage.said().contains("Dora Example by likeness · u undoes"), "{}", stage.said());
    let dora = stage.snapshot().tracks[&seed].assignment.unwrap().identity;
    for track in &all {
        let a = stage.snapshot().tracks[track].assignment.unwrap();
        assert_eq!((a.identity, a.source), (dora, Source::Propagated), "{track}");
        assert!(a.score >= a.threshold && a.threshold > 0.0);
    }
    stage.press("u");
    let after = stage.snapshot();
    assert_eq!((&after.identities, &after.tracks, &after.time), (&before.identities, &before.tracks, &before.time));
}

#[test]
fn what_is_taken_out_is_out_and_seconds_follow_at_once() {
    let (mut stage, _) = begin();
    stage.press("p");
    let (all, most, first) = (taken(&stage), gain(&stage), offered(&stage)[0]);
    assert!(all.contains(&first));
    stage.press("Space");
    assert!(!taken(&stage).contains(&first) && gain(&stage) < most);
    // The cursor goes on to the next, so that one goes through the list with one key.
    assert_eq!(stage.desk().preview().unwrap().cursor.at, 1);
    stage.press("k Space");
    assert_eq!((taken(&stage), gain(&stage)), (all.clone(), most));
    stage.press("k Space a");
    assert!(taken(&stage).is_superset(&all));
    stage.press("a");
    assert_eq!(taken(&stage), BTreeSet::new());
    let seq = stage.snapshot().seq;
    stage.press("Enter");
    assert!(stage.said().contains("nothing to give to Dora Example"), "{}", stage.said());
    stage.press("Esc");
    assert!(stage.desk().preview().is_none());
    assert_eq!(stage.snapshot().seq, seq);
}

#[test]
fn a_higher_belief_takes_in_less_and_a_lower_one_more() {
    let (mut stage, _) = begin();
    stage.press("p");
    let all = taken(&stage);
    stage.press("- - - - - - - - - - - - - - - - - - -");
    let more = taken(&stage);
    assert!(more.is_superset(&all));
    stage.press("+ + + + + + + + + + + + + + + + + + + + + + +");
    assert!(taken(&stage).len() <= all.len());
    let screen = stage.screen();
    assert!(screen.contains("from 1.0 on"), "{screen}");
}

#[test]
fn the_preview_says_what_the_totals_say_afterwards() {
    let (mut stage, _) = begin();
    stage.press("p");
    let shifts = stage.desk().preview().unwrap().shifts.clone();
    assert!(shifts.len() > 1, "somebody loses: {shifts:?}");
    let seconds = |stage: &Rehearsal, id: IdentityId| {
        let people = &stage.snapshot().time.people;
        people.iter().find(|p| p.identities.contains(&id)).map_or(MediaTime::ZERO, |p| p.visual_time)
    };
    for shift in &shifts {
        assert_eq!(seconds(&stage, shift.identity), shift.before);
    }
    stage.press("Enter");
    for shift in &shifts {
        assert_eq!(seconds(&stage, shift.identity), shift.after, "{shift:?}");
    }
}

#[test]
fn one_key_gives_and_locks_what_it_started_from_and_one_undo_unlocks() {
    let (mut stage, seed) = begin();
    stage.press("p L");
    assert!(stage.said().contains(&format!("{seed} locked")), "{}", stage.said());
    assert!(stage.snapshot().tracks[&seed].assignment.unwrap().locked);
    stage.press("u");
    assert!(!stage.snapshot().tracks[&seed].assignment.unwrap().locked);
}

#[test]
fn a_preview_is_made_anew_when_something_was_decided_since() {
    let (mut stage, _) = begin();
    stage.press("p");
    let all = offered(&stage);
    stage.press("Space");
    // Somebody else gives one of them away.
    stage.decide(&Command::Assign { tracks: vec![all[1]], to: Target::New });
    let preview = stage.desk().preview().unwrap();
    assert!(!preview.is_stale(stage.snapshot()));
    assert!(!offered(&stage).contains(&all[1]));
    assert!(!taken(&stage).contains(&all[0]), "what was taken out stays out");
    let screen = stage.screen();
    assert!(screen.contains("decided by a person"), "{screen}");
}

#[test]
fn nobody_without_a_name_is_looked_for() {
    let mut stage = Rehearsal::begin();
    stage.press("g g");
    while stage.desk().card().unwrap().identity.name.is_some() {
        stage.press("l");
    }
    stage.press("p");
    assert!(stage.desk().preview().is_none());
    assert!(stage.said().starts_with("✕ unnamed") && stage.said().contains("r in Identities"), "{}", stage.said());
    stage.ask(Ask::Alike(vec![Near::Track(TrackId(9999))]));
    assert!(stage.said().starts_with("✕ t9999 is not there any more"), "{}", stage.said());
}

#[test]
fn keys_of_the_screen_below_wait_and_every_size_has_room() {
    let (mut stage, _) = begin();
    stage.press("p ] 2 d m x");
    assert!(stage.desk().preview().is_some() && stage.model.overlay.is_none());
    for size in [(80, 24), (120, 40), (200, 60), (60, 16)] {
        stage.model.size = size;
        stage.rest();
        let screen = stage.screen();
        assert!(screen.contains("who else is Dora") && screen.contains("taken"), "{screen}");
    }
    stage.press("q");
    assert!(stage.desk().preview().is_none() && stage.model.desk.is_some());
}

#[test]
fn the_log_says_that_it_was_propagated() {
    let (mut stage, _) = begin();
    stage.press("p Enter g l Enter");
    let Some(crate::ui::model::LogDetail::Episode(entry)) = &stage.model.log.detail else { panic!("{}", stage.said()) };
    assert_eq!(entry.kind, OperationKind::Propagate);
    let screen = stage.screen();
    assert!(screen.contains("propagated by likeness"), "{screen}");
}

#[test]
fn what_was_said_is_kept_when_it_cannot_be_given() {
    let (mut stage, _) = begin();
    stage.press("p Space");
    let (chosen, first) = (taken(&stage), offered(&stage)[0]);
    let Some(Panel::Propagate(preview)) = &mut stage.model.desk.as_mut().unwrap().panel else { panic!("it is open") };
    preview.is_taking = true;
    stage.press("Space a");
    assert_eq!(taken(&stage), chosen, "what is being given does not change any more");
    let why = Told { what: "the disk is full".into(), hint: None };
    stage.send(Msg::Answer(Answer::Refused(why)));
    assert_eq!(taken(&stage), chosen);
    stage.press("k Space Enter");
    assert!(stage.desk().panel.is_none());
    let dora = stage.snapshot().tracks[&first].assignment.unwrap();
    assert_eq!(dora.source, Source::Propagated);
}

#[test]
fn a_preview_ends_with_the_run_that_its_tracks_are_of() {
    let (mut stage, _) = begin();
    stage.press("p");
    let mut other = stage.snapshot().clone();
    Arc::make_mut(&mut other.run).id = RunId(other.run.id.0 + 1);
    stage.model.desk.as_mut().unwrap().take(Arc::new(other));
    assert!(stage.desk().panel.is_none());
}

#[test]
fn the_large_face_and_the_words_below_it_are_of_one_track() {
    let (mut stage, _) = begin();
    stage.press("p").rest();
    let first = offered(&stage)[0];
    stage.press("j");
    let shown = stage.desk().preview().unwrap().beside.as_ref().unwrap().0.track;
    assert_eq!(shown, first, "until the cursor rests");
    stage.rest();
    assert_eq!(stage.desk().preview().unwrap().beside.as_ref().unwrap().0.track, offered(&stage)[1]);
}
