//! Keys and what they ask for.

use super::super::super::keymap::Keymap;
use super::super::super::model::{Overlay, Part, Screen};
use super::super::super::theme::{Colours, Theme};
use super::super::super::update::{Msg, update};
use super::super::super::worker::{Answer, Deed};
use super::*;
use crate::domain::{CropKey, EpisodeEntry, Person, Roster, RunId, TrackId};
use crate::session::{Appearance, CastLine, CastState, CatalogCommand, EpisodeCast, ReviewProgress};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Ava in two episodes, Ben in one of them, Cleo in none.
fn model() -> Model {
    let theme = Theme::load("dark", None, Colours::True).unwrap();
    let mut model = Model::new(Keymap::load(None).unwrap(), theme, Vec::new(), Detail::Off);
    let person = |id: u32, name: &str| Person::new(PersonId(id), name, jiff::Timestamp::UNIX_EPOCH);
    model.holdings.roster = Roster::new([person(1, "Ava"), person(2, "Ben"), person(3, "Cleo")]);
    let seen = |id: u32, name: &str, seconds: i64| Appearance {
        person: Some(PersonId(id)),
        name: name.into(),
        identities: vec![IdentityId(id + 4)],
        visual: vec![],
        visual_time: MediaTime(seconds * 1_000_000),
        speaking: None,
        both: None,
        confirmed: MediaTime::ZERO,
        confidence: 0.5,
        best: Some(CropKey { track: TrackId(id), frame: 0 }),
        best_quality: Some(0.8),
    };
    let line = |id: &str, people: Vec<Appearance>| {
        let entry = EpisodeEntry::new(&id.parse().unwrap(), "/v.mp4", jiff::Timestamp::UNIX_EPOCH);
        let (run, zero) = (RunId(1), MediaTime::ZERO);
        let duration = MediaTime(60_000_000);
        let cast = EpisodeCast {
            run,
            origin: zero,
            duration,
            identities: 4,
            named: 2,
            covered: zero,
            unnamed: zero,
            progress: ReviewProgress::default(),
            people,
        };
        CastLine { entry, state: CastState::Known(cast) }
    };
    let lines = vec![line("a-s01e01", vec![seen(1, "Ava", 9), seen(2, "Ben", 3)]), line("a-s01e02", vec![seen(1, "Ava", 5)])];
    model.screen = Screen::People;
    update(&mut model, Msg::Answer(Answer::Casts { lines, all: 2, is_last: true }));
    model
}

fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let code = |key: &str| match key {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Space" => KeyCode::Char(' '),
        "Tab" => KeyCode::Tab,
        key => KeyCode::Char(key.chars().next().unwrap()),
    };
    keys.split(' ').flat_map(|key| update(model, Msg::Key(KeyEvent::new(code(key), KeyModifiers::NONE)))).collect()
}

#[test]
fn enter_opens_the_page_of_a_person_and_there_an_episode_at_them() {
    let mut model = model();
    assert_eq!(press(&mut model, "Enter"), []);
    assert!(model.holdings.people.page.is_some());
    assert_eq!(press(&mut model, "j Enter"), [Effect::Ask(Ask::Open("a-s01e02".parse().unwrap()))]);
    assert_eq!(model.arrive.as_ref().and_then(|a| a.identity), Some(IdentityId(5)));
}

#[test]
fn pictures_of_a_person_lead_to_their_episode_and_the_page_of_the_next_keeps_the_part() {
    let mut model = model();
    press(&mut model, "Enter Tab l");
    let page = model.holdings.people.page.unwrap();
    assert_eq!((page.part, page.pictures.at), (Part::Pictures, 1));
    assert_eq!(press(&mut model, "Enter"), [Effect::Ask(Ask::Open("a-s01e02".parse().unwrap()))]);
    press(&mut model, "]");
    assert_eq!(model.holdings.people.person().map(|p| p.name.as_str()), Some("Ben"));
    assert_eq!(model.holdings.people.page.map(|p| p.part), Some(Part::Pictures));
    assert_eq!(press(&mut model, "] Enter"), [], "Cleo is in no episode");
    press(&mut model, "q");
    assert!(model.holdings.people.page.is_none());
}

#[test]
fn a_show_shows_its_cast_as_faces_members_who_are_in_no_episode_too() {
    let mut model = model();
    let part =
        Membership { person: PersonId(3), show: "a".parse().unwrap(), role: Some("friend".into()), seasons: vec![1, 2, 4] };
    model.holdings.directory.memberships.insert((PersonId(3), "a".parse().unwrap()), part);
    press(&mut model, "]");
    let people = &model.holdings.people;
    assert_eq!((people.show.as_deref(), people.as_faces), (Some("a"), true));
    assert_eq!(people.lines.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(), ["Ava", "Ben", "Cleo"]);
    model.holdings.directory.memberships.clear();
    press(&mut model, "] ]");
    assert_eq!(model.holdings.people.lines.len(), 2, "whoever is neither seen in a show nor of its cast is not there");
    press(&mut model, "f");
    assert!(!model.holdings.people.as_faces);
}

#[test]
fn numbers_that_follow_each_other_are_told_as_a_range() {
    assert_eq!(ranges(&[1, 2, 3, 5, 7, 8]), "1-3, 5, 7-8");
}

#[test]
fn a_name_is_typed_over_the_one_before() {
    let mut model = model();
    assert_eq!(
        press(&mut model, "r s Enter"),
        [Effect::Ask(Ask::Catalog(CatalogCommand::Rename { person: PersonId(1), name: "Avas".into() }))]
    );
}

#[test]
fn selected_people_are_merged_into_whom_is_picked_and_an_undo_is_of_people() {
    let mut model = model();
    press(&mut model, "Space j Space m");
    let Some(Overlay::Picker(picker)) = &model.overlay else { panic!() };
    assert_eq!(picker.items.iter().map(|i| i.text.as_str()).collect::<Vec<_>>(), ["Cleo"]);
    let merge = CatalogCommand::Merge { people: vec![PersonId(1), PersonId(2)], into: PersonId(3) };
    assert_eq!(press(&mut model, "Enter"), [Effect::Ask(Ask::Catalog(merge))]);
    let done = Answer::PeopleDecided { made: None, what: Deed::Decision };
    assert_eq!(update(&mut model, Msg::Answer(done)), [Effect::Ask(Ask::Casts)]);
    assert_eq!(press(&mut model, "u"), [Effect::Ask(Ask::UndoPeople(None))]);
}
