use super::super::super::model::Tab;
use super::super::super::rehearsal::Rehearsal;
use super::candidates;
use super::lanes::Window;
use crate::domain::{LinkMethod, MediaTime, Method, Source, TurnId, VoiceLink};
use crate::ui::model::{Overlay, Picking, Speaks, TurnRow};
use crate::ui::update::{Msg, update};
use proptest::prelude::*;

fn begin() -> Rehearsal {
    let mut stage = Rehearsal::begin();
    stage.press("4");
    assert_eq!(stage.desk().tab, Tab::Voices);
    stage
}

#[test]
fn a_voice_that_is_given_to_a_candidate_is_theirs_in_all_its_turns_until_it_is_taken_back() {
    let mut stage = begin();
    let speaker = stage.desk().voices.row().unwrap().speaker;
    let links = |stage: &Rehearsal| {
        let speech = stage.snapshot().speech.clone().unwrap();
        speech.fused.links.iter().filter(|l| l.speaker == speaker).map(|l| (l.method, l.identity)).collect::<Vec<_>>()
    };
    let before = links(&stage);
    stage.press("1");
    let after = links(&stage);
    assert!(
        !after.is_empty() && after.iter().all(|(method, who)| *method == LinkMethod::User && *who == after[0].1),
        "{after:?}"
    );
    stage.press("u");
    assert_eq!(links(&stage), before);
}

#[test]
fn a_voice_that_is_known_by_its_sound_says_so_and_can_be_agreed_to() {
    let mut stage = begin();
    let speaker = row(&stage).speaker;
    let seen = candidates(stage.desk(), speaker);
    let other = stage.snapshot().identities.iter().map(|c| c.identity.id).find(|id| seen.iter().all(|(s, _)| s != id)).unwrap();
    let link = VoiceLink { identity: Some(other), source: Source::Proposed, method: Method::Voice, score: 0.83 };
    let desk = stage.model.desk.as_mut().unwrap();
    let spoken = &mut std::sync::Arc::make_mut(&mut desk.snapshot).spoken;
    std::sync::Arc::make_mut(spoken).links.insert(speaker, link);
    assert_eq!(candidates(stage.desk(), speaker), [seen.as_slice(), &[(other, 0.83)]].concat());
    let shown = stage.screen();
    assert!(shown.contains("by its sound .83") && !shown.contains(", decided"), "{shown}");
    let nth = (seen.len() + 1).to_string();
    stage.press(&nth);
    assert!(stage.snapshot().spoken.links[&speaker].is_decided());
    assert_eq!(stage.snapshot().spoken.links[&speaker].identity, Some(other));
}

#[test]
fn one_key_agrees_with_all_voices_that_are_surely_somebodys() {
    let mut stage = begin();
    let sure = stage.snapshot().speech.as_ref().unwrap().sure.clone();
    assert!(sure.len() > 1, "{sure:?}");
    let before = stage.snapshot().spoken.links.clone();
    stage.press("Y");
    for (speaker, identity) in &sure {
        let link = stage.snapshot().spoken.links[speaker];
        assert!(link.is_decided() && link.identity == Some(*identity), "{link:?}");
    }
    assert!(stage.snapshot().speech.as_ref().unwrap().sure.is_empty());
    stage.press("Y");
    assert!(stage.said().starts_with("no voice is surely"), "{}", stage.said());
    stage.press("u");
    assert_eq!(stage.snapshot().spoken.links, before);
}

#[test]
fn a_turn_is_cut_at_the_moment_and_joined_again() {
    let mut stage = begin();
    let row = stage.desk().voices.row().unwrap().clone();
    let count = stage.desk().voices.rows.len();
    stage.press("l s");
    let voices = &stage.desk().voices;
    assert_eq!((voices.rows.len(), voices.row().unwrap().id), (count + 1, row.id));
    assert!(voices.row().unwrap().span.end() < row.span.end());
    stage.press("m");
    let voices = &stage.desk().voices;
    assert_eq!((voices.rows.len(), voices.row().unwrap().span), (count, row.span));
    assert_eq!(voices.row().unwrap().text, row.text);
}

#[test]
fn words_are_written_anew_and_the_list_finds_them() {
    let mut stage = begin();
    let id = stage.desk().voices.row().unwrap().id;
    stage.press("e C-u").write(" Zanzibar").press("Enter");
    assert!(stage.desk().voices.row().unwrap().text.contains("Zanzibar"));
    stage.press("/").write("zanzibar").press("Enter");
    let voices = &stage.desk().voices;
    assert_eq!(voices.order.iter().map(|i| voices.rows[*i].id).collect::<Vec<TurnId>>(), [id]);
}

#[test]
fn a_range_is_given_to_somebody_new_and_only_what_lies_in_it() {
    let mut stage = begin();
    stage.press("v l w").write("Zoe Range").press("Enter");
    let spoken = &stage.snapshot().spoken;
    assert_eq!(spoken.said.len(), 1);
    let zoe = stage.snapshot().time.people.iter().find(|p| p.name.as_deref() == Some("Zoe Range")).unwrap();
    let speech = zoe.speech.as_ref().unwrap();
    assert!(speech.time.0 > 0 && zoe.visual_time.0 == 0 && speech.both_time.0 == 0);
    assert!((speech.review_share - 1.0).abs() < 1e-9);
}

#[test]
fn off_screen_goes_round_and_every_state_comes_undone() {
    let mut stage = begin();
    let id = stage.desk().voices.row().unwrap().id;
    let seen = |stage: &Rehearsal| stage.snapshot().spoken.seen(id);
    let mut found = vec![seen(&stage)];
    for _ in 0..3 {
        stage.press("o");
        found.push(seen(&stage));
    }
    assert_eq!(found, [None, Some(false), Some(true), None]);
    stage.press("u u u");
    assert_eq!(seen(&stage), None);
    assert!(stage.snapshot().spoken.states.is_empty());
}

#[test]
fn the_tab_draws_at_every_size_and_says_whose_voice_it_is() {
    let mut stage = begin();
    for size in [(80, 24), (120, 40), (200, 60)] {
        stage.model.size = size;
        stage.press("j");
        let text = stage.screen();
        assert!(text.contains("speech") && text.contains("turns") && text.contains("Example"), "{text}");
    }
    let all = stage.desk().voices.order.len();
    stage.press("f");
    let voices = &stage.desk().voices;
    assert!(voices.order.len() < all && voices.order.iter().all(|i| voices.rows[*i].doubt.is_some()));
}

fn row(stage: &Rehearsal) -> TurnRow {
    stage.desk().voices.row().unwrap().clone()
}

/// Returns the lines of the open picker.
fn picked(stage: &Rehearsal) -> Vec<String> {
    let Some(Overlay::Picker(picker)) = &stage.model.overlay else { panic!("no picker: {}", stage.said()) };
    picker.items.iter().map(|i| i.text.clone()).collect()
}

#[test]
fn while_a_range_stands_no_key_decides_about_whole_turns_and_each_says_so() {
    for key in ["d", "o", "x", "s", "m", "M", "e", "r", "{", "}", "1"] {
        let mut stage = begin();
        stage.press("l v l");
        let (before, range) = (stage.desk().voices.rows.clone(), stage.desk().voices.range(stage.snapshot()));
        stage.press(key);
        assert!(stage.said().contains("range") && stage.model.overlay.is_none(), "{key}: {}", stage.said());
        let voices = &stage.desk().voices;
        assert_eq!((&voices.rows, voices.range(stage.snapshot())), (&before, range), "{key}");
    }
}

#[test]
fn a_range_without_length_is_nobodys_yet() {
    let mut stage = begin();
    stage.press("v w");
    assert!(stage.model.overlay.is_none() && stage.said().contains("no length"), "{}", stage.said());
}

#[test]
fn a_digit_takes_only_a_candidate_that_the_screen_shows() {
    let mut stage = begin();
    for size in [(60, 16), (80, 24), (110, 16), (120, 40)] {
        stage.model.size = size;
        stage.press("g g");
        for _ in 0..stage.desk().voices.order.len() {
            let desk = stage.desk();
            let found = candidates(desk, row(&stage).speaker);
            let shown = super::list::offered(&stage.model);
            let screen = stage.screen();
            for (n, (id, _)) in found.iter().enumerate().take(3) {
                let name: String = super::super::super::model::title(desk.card_of(*id).unwrap()).chars().take(4).collect();
                assert_eq!(screen.contains(&format!("{} {name}", n + 1)), n < shown, "{size:?} {n} of {shown}: {screen}");
            }
            stage.press("j");
        }
    }
    // Where the lines above take the room, a key for what is not seen does nothing, and says so.
    let nth = candidates(stage.desk(), row(&stage).speaker).len() + 1;
    let before = stage.desk().voices.rows.clone();
    stage.press(&nth.min(3).to_string());
    if nth <= 3 {
        assert!(stage.said().contains("no candidate"), "{}", stage.said());
        assert_eq!(stage.desk().voices.rows, before);
    }
}

#[test]
fn what_was_dropped_comes_back_at_one_key_and_is_under_the_cursor() {
    for way in ["j j", "G"] {
        let mut stage = begin();
        stage.press(way);
        let gone = row(&stage);
        stage.press("d");
        assert!(stage.desk().voices.rows.iter().all(|r| r.id != gone.id));
        stage.press("g g u");
        assert_eq!(row(&stage).id, gone.id, "{}", stage.said());
        let voices = &stage.desk().voices;
        assert!((voices.cursor.top..voices.cursor.top + voices.shown).contains(&voices.cursor.at));
    }
}

#[test]
fn an_undo_out_of_a_list_that_is_narrowed_otherwise_is_asked_first() {
    let mut stage = begin();
    stage.press("d /").write("nobody says this").press("Enter u");
    assert!(stage.said().starts_with("u again takes back"), "{}", stage.said());
}

#[test]
fn a_moment_goes_with_the_turn_that_it_is_in() {
    let mut stage = begin();
    stage.press("l l");
    assert!(stage.desk().voices.at.is_some());
    stage.press("d");
    assert_eq!(stage.desk().voices.at, None);
}

#[test]
fn what_is_refused_leaves_the_selection_and_what_is_decided_ends_it() {
    let mut stage = begin();
    stage.press("Space Space k k s");
    assert!(stage.said().starts_with('✕') && stage.said().contains("not inside"), "{}", stage.said());
    assert_eq!(stage.desk().voices.selected.len(), 2);
    stage.press("w Esc");
    assert_eq!(stage.desk().voices.selected.len(), 2);
    stage.press("o");
    assert!(stage.desk().voices.selected.is_empty());
}

#[test]
fn a_turn_that_is_added_is_under_the_cursor() {
    let mut stage = begin();
    let known = stage.desk().voices.known();
    stage.press("j v l l a");
    assert!(!known.contains(&row(&stage).id), "{}", stage.said());
}

#[test]
fn a_doubt_is_found_by_its_words() {
    let mut stage = begin();
    let voices = &stage.desk().voices;
    let doubtful = voices.rows.iter().filter(|r| r.doubt.is_some()).count();
    assert!(doubtful > 0 && doubtful < voices.rows.len());
    stage.press("/").write("doubtful").press("Enter");
    assert_eq!(stage.desk().voices.order.len(), doubtful);
}

#[test]
fn pickers_ask_a_question_and_offer_those_first_who_are_likely() {
    let mut stage = begin();
    let own = row(&stage);
    let likely = candidates(stage.desk(), own.speaker);
    let first = super::super::super::model::title(stage.desk().card_of(likely[0].0).unwrap());
    stage.press("r");
    let lines = picked(&stage);
    assert_eq!((&lines[0], lines[likely.len()].as_str()), (&first, "nobody known"));
    stage.press("Esc x");
    assert!(
        matches!(&stage.model.overlay, Some(Overlay::Picker(p)) if p.title.ends_with('?') && matches!(p.what, Picking::GiveVoice(_)))
    );
    let lines = picked(&stage);
    assert!(lines.iter().all(|l| !l.starts_with(&format!("{} ", own.speaker)) && *l != own.speaker.to_string()), "{lines:?}");
    assert_eq!(lines.last().unwrap(), "a new voice");
    stage.press("Esc v l w");
    assert!(matches!(&stage.model.overlay, Some(Overlay::Picker(p)) if matches!(p.what, Picking::Speaker(Speaks::Range(_)))));
    assert_eq!(picked(&stage)[0], first);
}

#[test]
fn a_key_that_can_do_nothing_says_why() {
    let mut stage = begin();
    for _ in 0..8 {
        stage.press("-");
    }
    assert!(stage.said().contains("wider"), "{}", stage.said());
    stage.press("/").write("nobody says this").press("Enter");
    for key in ["r", "w", "o", "d", "p", "1", "Space", "x", "t"] {
        stage.model.status = crate::ui::model::Status::Quiet;
        stage.press(key);
        assert!(!stage.said().is_empty() && stage.model.overlay.is_none(), "{key}");
    }
}

#[test]
fn the_identity_of_whoever_speaks_is_on_the_screen_at_once_and_at_every_size() {
    let mut stage = begin();
    stage.model.size = (80, 24);
    stage.press("w").write("Zoe Last").press("Enter t");
    for size in [(80, 24), (200, 60), (60, 16)] {
        update(&mut stage.model, Msg::Resize(size.0, size.1));
        assert!(stage.screen().contains("Zoe Last"), "{size:?}: {}", stage.screen());
    }
}

#[test]
fn a_voice_of_several_people_is_called_so() {
    let mut stage = begin();
    let own = row(&stage);
    assert_eq!(stage.desk().voices.name_of(own.speaker), Some(own.name.as_str()));
    stage.press("w").write("Zoe Other").press("Enter");
    assert_eq!(stage.desk().voices.name_of(own.speaker), Some("several"));
    assert!(stage.screen().contains(&format!("{:<4}several", own.speaker.to_string())), "{}", stage.screen());
}

proptest! {
    #[test]
    fn the_moment_stays_in_the_middle_of_a_window_that_moves_by_thirds(
        now in 0i64..3_600_000_000, origin in -5_000_000i64..5_000_000, seconds in 5u32..1200, cells in 3usize..200,
    ) {
        let (now, origin) = (MediaTime(origin + now), MediaTime(origin));
        let window = Window::around(now, origin, seconds, cells);
        let cell = window.cell(now).unwrap();
        prop_assert!(cell < cells / 3 * 2 && (cell >= cells / 3 || window.span(0).start() == origin));
        prop_assert_eq!((window.span(0).start() - origin).0 % (window.span(0).len().0 * i64::try_from(cells / 3).unwrap()), 0);
    }
}
