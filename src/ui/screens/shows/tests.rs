//! Keys in the tree, and what its rows say.

use super::super::super::keymap::Keymap;
use super::super::super::model::Detail;
use super::super::super::rehearsal::{Rehearsal, text_of};
use super::super::super::theme::{Colours, Theme};
use super::super::super::update::{Msg, update};
use super::super::super::worker::Answer;
use super::*;
use crate::domain::{EpisodeEntry, MediaTime, RunId};
use crate::session::{CastState, EpisodeCast, ReviewProgress};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Of 100 seconds so many are decided on; not measured without any.
fn line(id: &str, decided: Option<i64>) -> CastLine {
    let entry = EpisodeEntry::new(&id.parse().unwrap(), "/v.mp4", jiff::Timestamp::UNIX_EPOCH);
    let zero = MediaTime::ZERO;
    let second = |n: i64| MediaTime(n * 1_000_000);
    let state = decided.map_or(CastState::NotRun, |n| {
        CastState::Known(EpisodeCast {
            run: RunId(1),
            origin: zero,
            duration: second(60),
            identities: 4,
            named: 2,
            covered: zero,
            unnamed: zero,
            progress: ReviewProgress { seen: second(100), decided: second(n), settled: second(n) },
            people: Vec::new(),
        })
    });
    CastLine { entry, state }
}

/// Season 1 with one that is done, one in review, one not measured; season 2 with one that nobody looked at.
fn model() -> Model {
    let theme = Theme::load("dark", None, Colours::True).unwrap();
    let mut model = Model::new(Keymap::load(None).unwrap(), theme, Vec::new(), Detail::Off);
    model.screen = Screen::Shows;
    model.size = (120, 40);
    model.holdings.done = 0.95;
    let lines = vec![line("a-s01e01", Some(100)), line("a-s01e02", Some(40)), line("a-s01e03", None), line("a-s02e01", Some(0))];
    update(&mut model, Msg::Answer(Answer::Casts { lines, all: 4, is_last: true }));
    model
}

fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let code = |key: &str| if key == "Enter" { KeyCode::Enter } else { KeyCode::Char(key.chars().next().unwrap()) };
    keys.split(' ').flat_map(|key| update(model, Msg::Key(KeyEvent::new(code(key), KeyModifiers::NONE)))).collect()
}

fn here(model: &Model) -> String {
    match model.holdings.shows.branch() {
        Some(Branch::Episode(id)) => id.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn rows_say_how_far_each_is_and_the_sums_how_many_are_how_far() {
    let screen = text_of(&model());
    let row = |text: &str| screen.lines().find(|l| l.contains(text)).unwrap_or_else(|| panic!("{text}: {screen}")).to_owned();
    assert!(row("● 1 done").contains("◑ 1 in review   ○ 1 to review   · 1 not run"), "{screen}");
    assert!(row("● e01").contains("done") && row("● e01").contains("100 %"), "{screen}");
    assert!(row("◑ e02").contains("in review") && row("◑ e02").contains("40 %"), "{screen}");
    assert!(row("· e03").contains("not run"), "{screen}");
    assert!(row("season 1").contains("●1 ◑1 ·1"), "{screen}");
}

#[test]
fn the_next_to_review_is_found_in_what_is_closed_too() {
    let mut model = model();
    press(&mut model, "n");
    assert_eq!(here(&model), "a-s01e02");
    model.holdings.shows.closed.insert(Branch::Season(Some("a".into()), Some(2)));
    press(&mut model, "n");
    assert_eq!(here(&model), "a-s02e01");
    press(&mut model, "n");
    assert_eq!(here(&model), "a-s02e01");
    assert_eq!(model.status, Status::Done("there is none further on".into()));
    press(&mut model, "k N");
    assert_eq!(here(&model), "a-s01e02", "from the season above it");
    assert_eq!(press(&mut model, "Enter"), [Effect::Ask(Ask::Open("a-s01e02".parse().unwrap()))]);
}

#[test]
fn the_cast_of_a_show_is_a_key_away() {
    let mut model = model();
    press(&mut model, "p");
    assert_eq!((model.screen, model.holdings.people.show.as_deref()), (Screen::People, Some("a")));
}

#[test]
fn a_show_without_episodes_is_in_the_tree() {
    let mut model = model();
    let slug: crate::domain::Slug = "later".parse().unwrap();
    let show = crate::domain::Show {
        slug: slug.clone(),
        title: Some("Later On".into()),
        notes: None,
        added_at: jiff::Timestamp::UNIX_EPOCH,
    };
    model.holdings.directory.shows.insert(slug, show);
    let lines = model.holdings.casts.clone();
    update(&mut model, Msg::Answer(Answer::Casts { lines, all: 4, is_last: true }));
    let screen = text_of(&model);
    assert!(screen.lines().any(|l| l.contains("later  Later On")), "{screen}");
}

#[test]
fn a_reading_that_another_breaks_off_counts_nothing_twice() {
    let mut stage = Rehearsal::begin();
    stage.ask(Ask::Casts);
    let whole = stage.model.holdings.casts.clone();
    assert_eq!(whole.len(), 1);
    // As before the first reading came to its end.
    stage.model.holdings.is_read = false;
    stage.ask(Ask::Casts);
    assert_eq!(stage.model.holdings.casts, whole);
}
