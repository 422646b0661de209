//! What is typed, and keys with what becomes of them.

use super::*;
use crate::ui::rehearsal::Rehearsal;

#[test]
fn seasons_are_read_as_they_are_shown() {
    assert_eq!(seasons("1-3, 5"), Ok(Wish::Set(vec![1, 2, 3, 5])));
    assert_eq!(seasons(" 5,5 , 4 "), Ok(Wish::Set(vec![4, 5])));
    assert_eq!(seasons(""), Ok(Wish::Clear));
    for wrong in ["x", "3-1", "0", "1-9999999", "-"] {
        assert!(seasons(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn aliases_are_edited_as_one_line() {
    let mut directory = Directory::default();
    let mut ava = crate::domain::Person::new(PersonId(1), "Ava", jiff::Timestamp::UNIX_EPOCH);
    ava.aliases = vec!["Avie".into(), "A. Stone".into()];
    directory.people.insert(PersonId(1), ava);
    let told = command(&directory, &Subject::Person(PersonId(1)), Field::Aliases, "Avie,  Red ,").unwrap();
    let due = CatalogCommand::EditPerson {
        person: PersonId(1),
        aliases: vec!["Red".into()],
        not: vec!["A. Stone".into()],
        notes: Wish::Keep,
    };
    assert_eq!(told, due);
}

#[test]
fn what_is_no_year_or_day_is_refused_and_an_empty_line_clears() {
    let season = Subject::Season("a".parse().unwrap(), 1);
    let told = command(&Directory::default(), &season, Field::Year, "soon").unwrap_err();
    assert_eq!(told.what, "\"soon\" is not a year, such as 2014");
    let cleared = command(&Directory::default(), &season, Field::Year, " ").unwrap();
    assert!(matches!(cleared, CatalogCommand::EditSeason { year: Wish::Clear, title: Wish::Keep, .. }));
}

#[test]
fn shows_are_made_edited_and_deleted_by_key_and_come_back() {
    let mut stage = Rehearsal::begin();
    stage.press("g s a").write("a show").press("Enter").write("later Later On").press("Enter");
    assert!(stage.screen().contains("later  Later On"), "{}", stage.screen());
    stage.press("g g e C-n Enter").write("a spin-off").press("Enter");
    let later: Slug = "later".parse().unwrap();
    assert_eq!(stage.model.holdings.directory.shows[&later].notes.as_deref(), Some("a spin-off"), "{}", stage.said());
    // The other has an episode: what becomes of it is asked, and where it could go is offered.
    stage.press("j D");
    let screen = stage.screen();
    assert!(screen.contains("delete show synthetic: where does what depends on it go?"), "{screen}");
    assert!(screen.contains("1 episode") && screen.contains("it all goes to later"), "{screen}");
    stage.write("goes to later").press("Enter");
    let of = |stage: &Rehearsal| stage.model.holdings.casts[0].entry.show.clone();
    assert_eq!(of(&stage).as_deref(), Some("later"), "{}", stage.said());
    stage.press("u");
    assert_eq!(of(&stage).as_deref(), Some("synthetic"), "{}", stage.said());
    // Without anything that depends on it a show goes at once, and one key brings it back.
    stage.press("g g D");
    assert!(!stage.model.holdings.directory.shows.contains_key(&later), "{}", stage.said());
    stage.press("u");
    assert!(stage.model.holdings.directory.shows.contains_key(&later), "{}", stage.said());
}

#[test]
fn an_episode_is_given_its_title_and_number_in_the_tree() {
    let mut stage = Rehearsal::begin();
    stage.press("g s j j e Enter").write("Pilot").press("Enter");
    assert!(stage.screen().contains("e01  Pilot"), "{}", stage.screen());
    stage.press("e").write("number").press("Enter").write("2").press("Enter");
    assert!(stage.screen().contains("e12  Pilot"), "what stands there is typed on: {}", stage.screen());
    stage.press("u u");
    assert!(stage.screen().contains("e01") && !stage.screen().contains("Pilot"), "{}", stage.screen());
}

#[test]
fn a_cast_is_made_and_somebody_deleted_by_key_who_then_comes_back() {
    let mut stage = Rehearsal::begin();
    stage.press("g p ] a Enter");
    let first = stage.model.holdings.people.person().unwrap().name.clone();
    stage.press("e").write("role").press("Enter").write("housewife").press("Enter");
    stage.press("e").write("seasons").press("Enter").write("1-3, 5").press("Enter");
    assert!(stage.screen().contains("housewife, season"), "{}", stage.screen());
    stage.press("Enter e").write("other").press("Enter").write("Red").press("Enter");
    stage.press("e").write("notes").press("Enter").write("moved away").press("Enter");
    let screen = stage.screen();
    assert!(screen.contains("also Red") && screen.contains("moved away") && screen.contains("seasons 1-3, 5"), "{screen}");
    stage.press("q D");
    assert!(stage.screen().contains(&format!("delete {first}: where does what depends on it go?")), "{}", stage.screen());
    assert!(stage.said().contains("1 cast membership"), "{}", stage.said());
    stage.press("Enter");
    assert!(stage.model.holdings.people.lines.iter().all(|l| l.name != first), "{}", stage.said());
    stage.press("u x");
    assert_eq!(stage.model.holdings.people.person().map(|p| p.name.as_str()), Some(first.as_str()), "{}", stage.said());
    assert!(stage.model.holdings.directory.memberships.is_empty(), "{}", stage.said());
}

#[test]
fn what_is_refused_has_room_for_what_helps_and_goes_before_the_screen_does() {
    let mut stage = Rehearsal::begin();
    stage.model.size = (80, 24);
    stage.press("g p a").write("Ada Example").press("Enter");
    let screen = stage.screen();
    assert!(screen.contains("is the name of") && screen.contains("else another name, such as Ada Example (II)"), "{screen}");
    stage.press("Esc");
    assert!(stage.said().is_empty() && stage.screen().contains("▸ people"), "{}", stage.screen());
    stage.press("Esc");
    assert!(!stage.screen().contains("▸ people"), "{}", stage.screen());
}

#[test]
fn the_cursor_goes_to_what_was_made_and_to_its_show_when_a_season_is_gone() {
    let mut stage = Rehearsal::begin();
    let here = |stage: &Rehearsal| stage.model.holdings.shows.branch().cloned();
    let (show, season) = (Branch::Show(Some("nova".into())), Branch::Season(Some("nova".into()), Some(4)));
    stage.press("g s a").write("a show").press("Enter").write("nova").press("Enter");
    assert_eq!(here(&stage), Some(show.clone()), "{}", stage.screen());
    stage.press("a").write("season of nova").press("Enter").write("4 The Fourth").press("Enter");
    assert_eq!(here(&stage), Some(season.clone()), "{}", stage.screen());
    assert!(stage.screen().contains("season 4  The Fourth no episode"), "{}", stage.screen());
    stage.press("D");
    assert_eq!(here(&stage), Some(show), "{}", stage.screen());
    stage.press("u");
    assert_eq!(here(&stage), Some(season), "{}", stage.screen());
}
