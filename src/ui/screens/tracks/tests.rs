//! What the keys of Tracks decide, on a made-up episode.

use super::super::super::model::{Screen, Tab};
use super::super::super::rehearsal::Rehearsal;
use super::*;
use crate::domain::{DiscardReason, IdentityId};
use crate::session::{Snapshot, TrackInfo};
use proptest::prelude::*;

/// Opens Tracks with the cursor on the first track with enough crops.
fn tracks() -> (Rehearsal, TrackId) {
    let mut at = Rehearsal::begin();
    at.press("[").rest();
    assert_eq!(at.desk().tab, Tab::Tracks);
    for _ in 0..40 {
        if at.desk().strips.strip().unwrap().count() >= 3 && !at.desk().track().unwrap().locked {
            break;
        }
        at.press("j").rest();
    }
    let track = at.desk().track().unwrap().track.id;
    (at, track)
}

fn owner(at: &Rehearsal, track: TrackId) -> Option<IdentityId> {
    at.snapshot().tracks[&track].assignment.map(|a| a.identity)
}

/// Returns the tracks that are there now and were not before.
fn new_ones<'a>(before: &Snapshot, now: &'a Snapshot) -> Vec<&'a TrackInfo> {
    now.tracks.values().filter(|t| !before.tracks.contains_key(&t.track.id)).collect()
}

#[test]
fn a_digit_gives_the_track_to_the_candidate_that_the_screen_shows() {
    let (mut at, track) = tracks();
    let free: Vec<_> = at.desk().near.list.iter().filter(|c| c.together.is_none() && c.likeness > 0.0).copied().collect();
    let title = title(at.desk().card_of(free[0].identity).unwrap());
    assert!(at.screen().contains(&format!("1 {title}")), "{}", at.screen());
    at.press("1");
    assert_eq!(owner(&at, track), Some(free[0].identity));
    assert!(at.said().ends_with("u undoes"), "{}", at.said());
    // Another state of the episode: the digit waits until it is known who looks like the track now.
    at.press("1");
    assert!(at.said().contains("a moment"), "{}", at.said());
}

#[test]
fn a_range_of_crops_moves_the_pictures_up_to_the_next_crop_and_no_others() {
    let (mut at, track) = tracks();
    let before = at.snapshot().clone();
    let rows = at.desk().strips.strip().unwrap().rows.clone();
    at.press("l v");
    assert!(at.screen().contains(&format!("pictures {}–{}", rows[1].at.frame, rows[2].at.frame - 1)), "{}", at.screen());
    at.press("x");
    let made = new_ones(&before, at.snapshot());
    let whole = before.tracks[&track].track;
    let cut = made.iter().find(|t| t.track.first.frame >= rows[1].at.frame && t.track.last.frame < rows[2].at.frame).unwrap();
    assert_ne!(cut.assignment.map(|a| a.identity), before.tracks[&track].assignment.map(|a| a.identity));
    let rest: Vec<&TrackInfo> = made.iter().copied().filter(|t| t.track.id != cut.track.id).collect();
    assert!(rest.iter().all(|t| t.assignment == before.tracks[&track].assignment && t.track.last == whole.last));
    assert!(at.snapshot().tracks[&track].track.last.frame < rows[1].at.frame);
    assert_eq!(at.desk().strips.mark, None);
    at.press("u");
    assert_eq!(at.snapshot().tracks, before.tracks);
}

#[test]
fn the_first_crop_takes_what_lies_before_it_and_the_last_what_lies_after() {
    let (mut at, track) = tracks();
    let whole = at.snapshot().tracks[&track].track;
    let count = at.desk().strips.strip().unwrap().count();
    at.press("v");
    for _ in 1..count {
        at.press("l");
    }
    let all = stretch::of(at.desk()).unwrap();
    assert_eq!((all.from, all.to), (whole.first.frame, whole.last.frame + 1));
    // All of it: no cut is needed, the track itself moves.
    let before = at.snapshot().tracks.len();
    at.press("x");
    assert_eq!(at.snapshot().tracks.len(), before);
    at.press("Esc");
    assert_eq!(at.model.screen, Screen::Episodes, "nothing was left to deselect");
}

#[test]
fn one_crop_is_given_to_a_person_by_its_own_key() {
    let (mut at, track) = tracks();
    let before = at.snapshot().clone();
    at.press("l o").write("Somebody Quite New").press("Enter");
    let now = at.snapshot();
    let who = now.identities.iter().find(|c| c.identity.name.as_deref() == Some("Somebody Quite New")).unwrap();
    assert_eq!(who.tracks.len(), 1);
    assert_ne!(who.tracks[0], track);
    assert!(now.tracks[&who.tracks[0]].track.first.frame > before.tracks[&track].track.first.frame);
}

#[test]
fn nobody_and_somebody_new_are_a_key_away_for_tracks_and_for_pictures() {
    let (mut at, track) = tracks();
    at.press("c").write("Nova Example").press("Enter");
    let name = |at: &Rehearsal| at.desk().card_of(owner(at, track).unwrap()).unwrap().identity.name.clone();
    assert_eq!(name(&at).as_deref(), Some("Nova Example"));
    at.press("n").write("poster").press("Enter");
    assert_eq!(at.snapshot().tracks[&track].discarded, Some(DiscardReason::Poster));
    at.press("u").rest();
    let before = at.snapshot().clone();
    at.press("l v n").write("not a face").press("Enter");
    let gone: Vec<_> = new_ones(&before, at.snapshot()).into_iter().filter(|t| t.discarded.is_some()).collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(name(&at).as_deref(), Some("Nova Example"), "what is around the pictures stays");
}

#[test]
fn a_whole_track_shows_every_crop_and_leads_back_to_the_crop_one_was_at() {
    let (mut at, track) = tracks();
    let total = at.desk().strips.strip().unwrap().total;
    at.press("l Enter").rest();
    let strip = at.desk().strips.strip().unwrap();
    assert_eq!((strip.every, strip.count() as u64, at.desk().strips.crop), (1, total, EVERY));
    assert!(at.screen().contains(&format!("{track} · ")) && at.screen().contains(&format!("all {total} crops")));
    let third = at.desk().crop().unwrap().at.frame;
    at.press("s");
    assert_eq!(at.snapshot().tracks.keys().next_back().map(|t| at.snapshot().tracks[t].track.first.frame), Some(third));
    at.press("u Esc").rest();
    assert_eq!((at.desk().strips.whole, at.desk().strips.crop, at.desk().tab), (None, 1, Tab::Tracks));
    assert_eq!(at.desk().crop().map(|c| c.at.frame), Some(third));
}

#[test]
fn a_long_track_costs_no_more_crops_than_the_screen_shows_until_one_goes_to_its_end() {
    let mut at = Rehearsal::with_long_tracks();
    at.press("[").rest();
    let long = at.snapshot().tracks.values().max_by_key(|t| t.crops).unwrap().track.id;
    let due = at.desk().strips.order.iter().position(|t| *t == long).unwrap();
    for _ in 0..due {
        at.press("j");
    }
    at.press("Enter").rest();
    let (known, total) = at.desk().strips.strip().map(|s| (s.rows.len(), s.total)).unwrap();
    let grid = whole::grid(at.model.size, at.model.detail);
    assert!(total > 100 && known <= PAGE.max(grid.needed(0)), "{known} of {total}");
    at.press("G").rest();
    assert_eq!(at.desk().crop().map(|c| c.at.frame), at.desk().strips.strip().unwrap().rows.last().map(|c| c.at.frame));
    assert_eq!(at.desk().strips.strip().unwrap().rows.len() as u64, total);
}

#[test]
fn a_join_of_two_that_are_seen_at_once_is_refused_with_both_and_when() {
    let (mut at, _) = tracks();
    let tracks: Vec<&TrackInfo> = at.snapshot().tracks.values().collect();
    let meet = |a: &TrackInfo, b: &TrackInfo| {
        a.track.id < b.track.id
            && a.track.shot == b.track.shot
            && a.seen.iter().any(|x| b.seen.iter().any(|y| x.start() < y.end() && y.start() < x.end()))
    };
    let (a, b) = tracks.iter().find_map(|a| Some((a.track.id, tracks.iter().find(|b| meet(a, b))?.track.id))).unwrap();
    at.press("g g");
    for track in [a, b] {
        let due = at.desk().strips.order.iter().position(|t| *t == track).unwrap();
        at.press("g g");
        for _ in 0..due {
            at.press("j");
        }
        at.press("Space");
    }
    at.press("m");
    let said = at.said();
    assert!(said.contains(&format!("{a} (")) && said.contains(&format!("{b} (")), "{said}");
    assert!(said.contains("are both seen in") && said.contains("first at 0:") && said.contains("s splits"), "{said}");
}

#[test]
fn undo_and_redo_of_what_is_out_of_sight_say_first_what_they_change() {
    let (mut at, track) = tracks();
    at.press("x");
    let seq = at.snapshot().seq;
    // Identities would show the card; A/V shows nothing of it.
    at.press("] ] u");
    assert!(at.said().starts_with(&format!("u again takes back #{seq}, made in Tracks: ")), "{}", at.said());
    assert_eq!(at.snapshot().seq, seq);
    at.press("u C-r");
    assert!(at.said().starts_with(&format!("C-r again does again #{seq}")), "{}", at.said());
    at.press("[ [");
    let before = at.snapshot().seq;
    at.press("C-r");
    assert_eq!(at.snapshot().seq, before + 1, "in sight it is done at once: {}", at.said());
    let filter = at.snapshot().tracks.keys().find(|t| **t != track).unwrap().to_string();
    at.press("/").write(&filter).press("Enter");
    if !at.desk().strips.order.contains(&track) {
        at.press("u");
        assert!(at.said().contains("not in the list as it is filtered"), "{}", at.said());
    }
    let mut at = at.again();
    at.press("u");
    assert!(at.said().contains("made before this start"), "{}", at.said());
}

#[test]
fn the_totals_go_into_a_file_that_is_not_replaced_unasked() {
    let (mut at, _) = tracks();
    let file = at.folder().join("totals.csv");
    at.press("] ] ] e");
    assert!(at.screen().contains("into › synthetic-s01e01-screen-time.csv▏"), "{}", at.screen());
    at.press("C-u").write(&file.display().to_string()).press("Enter");
    assert!(at.said().contains("totals.csv"), "{}", at.said());
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), at.snapshot().time.people.len() + 1);
    std::fs::write(&file, "mine").unwrap();
    at.press("e");
    at.press("C-u").write(&file.display().to_string()).press("Enter");
    assert!(at.screen().contains("Enter replaces it"), "{}", at.screen());
    at.press("Esc");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    at.press("e C-u").write(&file.display().to_string()).press("Enter Enter");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    at.press("e C-u").write("totals.odt").press("Enter");
    assert!(at.said().contains("let it end in .csv or .json"), "{}", at.said());
}

/// Keys that move, select and decide, those of pickers with them.
const KEYS: [&str; 34] = [
    "j", "k", "l", "h", "G", "v", "V", "o", "Space", "Enter", "Enter", "Esc", "1", "2", "3", "c", "n", "r", "s", "m", "x", "R",
    "L", "+", "-", "F", "]", "[", "z", "d", "g", "u", "O", "y",
];

/// What a snapshot shows of the decided data.
fn shown(snapshot: &Snapshot) -> String {
    format!("{:?}", Snapshot { seq: 0, next_undo: None, next_redo: None, people: Vec::new(), ..snapshot.clone() })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_keys_and_as_many_undos_leave_the_episode_as_it_was(keys in prop::collection::vec(0usize..KEYS.len(), 1..80)) {
        let mut at = Rehearsal::begin();
        at.press("[").rest();
        // What was decided before could be taken back by the keys too, and then nothing would lead back here.
        while at.snapshot().next_undo.is_some() {
            at.press("u u");
        }
        let (begin, first) = (shown(at.snapshot()), at.snapshot().next_undo.clone().map(|n| n.0));
        for key in keys {
            if at.model.screen == Screen::Episodes {
                break;
            }
            at.press(KEYS[key]).rest();
            prop_assert!(!at.screen().is_empty());
        }
        if at.model.screen == Screen::Episodes {
            at = at.again();
        }
        at.press("Esc");
        let mut at = at.again();
        let end = shown(at.snapshot());
        let mut undone = 0;
        while at.snapshot().next_undo.clone().map(|n| n.0) != first {
            at.press("u u");
            undone += 1;
            prop_assert!(undone < 200, "undo does not come to an end");
        }
        prop_assert_eq!(shown(at.snapshot()), begin);
        for _ in 0..undone {
            at.press("C-r C-r");
        }
        prop_assert_eq!(shown(at.snapshot()), end);
    }
}
