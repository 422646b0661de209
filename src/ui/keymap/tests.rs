//! What a file of keys may say, and what a key then does.

use super::*;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn built_in() -> Keymap {
    Keymap::built_in().unwrap()
}

fn with(user: &str) -> Keymap {
    let mut keymap = built_in();
    keymap.put("keymap.toml", user).unwrap();
    keymap
}

/// Refuses `user` and returns what it says: error, then hint.
fn refused(user: &str) -> [String; 2] {
    let e = built_in().put("keymap.toml", user).unwrap_err();
    [e.to_string(), e.hint()]
}

fn key(c: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)
}

fn control(c: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)
}

/// Presses `keys` one after the other and returns what the last one means.
fn press(keymap: &Keymap, place: Place, keys: &[KeyEvent]) -> Resolved {
    let (last, pending) = keys.split_last().unwrap();
    keymap.resolve(place, pending, *last)
}

#[test]
fn the_built_in_keys_are_whole() {
    let keymap = built_in();
    for place in Place::ALL {
        assert!(keymap.own(*place).next().is_some(), "{} has no keys", place.name());
    }
    let bound: BTreeSet<Action> = Place::ALL.iter().flat_map(|p| keymap.own(*p)).map(|(_, action, _)| action).collect();
    let idle: Vec<&str> = Action::ALL.iter().filter(|a| !bound.contains(a)).map(|a| a.name()).collect();
    assert!(idle.is_empty(), "actions that no place has: {idle:?}");
}

#[test]
fn built_in_keys_are_all_reached_from_their_place() {
    let keymap = built_in();
    for place in Place::ALL {
        let all = keymap.all(*place);
        for (_, action, keys) in keymap.own(*place) {
            let binding = all.iter().find(|b| b.action == action).unwrap();
            assert!(keys.iter().all(|key| binding.keys.contains(key)), "{} {action:?}", place.name());
        }
    }
}

#[test]
fn the_keys_that_were_asked_for_do_what_was_asked() {
    let keymap = built_in();
    let of = |place, action| keymap.key_of(place, action).unwrap_or_default();
    for (action, key) in [
        (Action::NextTab, "]"),
        (Action::Tab3, "3"),
        (Action::GoEpisodes, "g e"),
        (Action::Palette, ":"),
        (Action::Filter, "/"),
        (Action::Help, "?"),
        (Action::Back, "q"),
        (Action::Quit, "Q"),
        (Action::Undo, "u"),
        (Action::Redo, "C-r"),
        (Action::Select, "Space"),
        (Action::SelectRange, "v"),
        (Action::Merge, "m"),
        (Action::Name, "r"),
        (Action::Remove, "x"),
        (Action::Discard, "d"),
        (Action::Lock, "L"),
        (Action::Open, "Enter"),
    ] {
        assert_eq!(of(Place::Identities, action), key);
    }
    assert_eq!(of(Place::Tracks, Action::Split), "s");
    assert_eq!(of(Place::Tracks, Action::MoreCrops), "+");
}

#[test]
fn a_place_comes_before_everywhere() {
    let keymap = built_in();
    assert_eq!(press(&keymap, Place::Identities, &[key('r')]), Resolved::Action(Action::Name));
    assert_eq!(press(&keymap, Place::Health, &[key('r')]), Resolved::Action(Action::Refresh));
    assert_eq!(press(&keymap, Place::Results, &[key('r')]), Resolved::Unbound);
    assert_eq!(press(&keymap, Place::Results, &[key('u')]), Resolved::Action(Action::Undo));
}

#[test]
fn a_chord_waits_and_shows_what_may_follow() {
    let keymap = built_in();
    let place = Place::Tracks;
    assert_eq!(press(&keymap, place, &[key('g')]), Resolved::Pending);
    assert_eq!(press(&keymap, place, &[key('g'), key('h')]), Resolved::Action(Action::GoHealth));
    assert_eq!(press(&keymap, place, &[key('g'), key('z')]), Resolved::Unbound);
    let next: Vec<String> = keymap.continuations(place, &[key('g')]).into_iter().flat_map(|b| b.keys).collect();
    assert_eq!(next, ["e", "p", "s", "j", "l", "h", "g"]);
}

#[test]
fn letters_are_text_where_text_is_typed() {
    let keymap = built_in();
    for place in [Place::Input, Place::Picker] {
        for event in [key('q'), key('u'), key('g'), key(' '), key(':')] {
            assert_eq!(press(&keymap, place, &[event]), Resolved::Unbound);
        }
        assert_eq!(press(&keymap, place, &[control('c')]), Resolved::Action(Action::Back));
        assert!(keymap.all(place).iter().all(|b| b.place == place));
    }
}

#[test]
fn letting_a_key_go_does_nothing() {
    let release = KeyEvent::new_with_kind(KeyCode::Char('u'), KeyModifiers::NONE, KeyEventKind::Release);
    assert_eq!(press(&built_in(), Place::Tracks, &[release]), Resolved::Unbound);
}

#[test]
fn hints_come_in_the_order_of_the_file() {
    let hints: Vec<String> = built_in().hints(Place::Identities).iter().map(|h| format!("{} {}", h.key, h.word)).collect();
    assert_eq!(
        hints.join("  "),
        "r name  m merge  p propagate  Enter tracks  Space select  d discard  w what if  u undo  ? keys  q back"
    );
}

#[test]
fn a_key_of_the_user_takes_the_place_of_the_built_in_one() {
    let keymap = with("identities = [{ on = \"m\", run = \"name\" }]");
    assert_eq!(press(&keymap, Place::Identities, &[key('m')]), Resolved::Action(Action::Name));
    assert_eq!(press(&keymap, Place::Identities, &[key('r')]), Resolved::Action(Action::Name));
    assert_eq!(keymap.key_of(Place::Identities, Action::Name).as_deref(), Some("m"));
    assert_eq!(keymap.key_of(Place::Identities, Action::Merge), None);
    assert!(keymap.all(Place::Identities).iter().any(|b| b.action == Action::Merge), "the palette still has it");
    assert_eq!(keymap.hints(Place::Identities)[0].word, "name");
}

#[test]
fn a_short_key_of_the_user_ends_the_chords_that_begin_with_it_in_its_place_only() {
    let keymap = with("tracks = [{ on = \"g\", run = \"split\" }]");
    assert_eq!(press(&keymap, Place::Tracks, &[key('g')]), Resolved::Action(Action::Split));
    assert_eq!(keymap.key_of(Place::Tracks, Action::GoHealth), None);
    assert_eq!(keymap.key_of(Place::Results, Action::GoHealth).as_deref(), Some("g h"));
}

#[test]
fn a_place_adds_chords_to_those_of_everywhere() {
    let keymap = with("tracks = [{ on = \"g s\", run = \"split\" }]");
    assert_eq!(press(&keymap, Place::Tracks, &[key('g')]), Resolved::Pending);
    assert_eq!(press(&keymap, Place::Tracks, &[key('g'), key('h')]), Resolved::Action(Action::GoHealth));
    assert_eq!(press(&keymap, Place::Tracks, &[key('g'), key('s')]), Resolved::Action(Action::Split));
}

#[test]
fn none_takes_a_key_away_and_everything_else_stays() {
    let keymap = with("tracks = [{ on = [\"u\", \"s\"], run = \"none\" }]");
    assert_eq!(press(&keymap, Place::Tracks, &[key('u')]), Resolved::Unbound);
    assert_eq!(press(&keymap, Place::Tracks, &[key('s')]), Resolved::Unbound);
    assert_eq!(press(&keymap, Place::Results, &[key('u')]), Resolved::Action(Action::Undo));
    assert_eq!(keymap.key_of(Place::Tracks, Action::Undo), None);
}

#[test]
fn a_screen_may_have_its_own_key_for_what_holds_everywhere() {
    let keymap = with("tracks = [{ on = \"b\", run = \"undo\" }]");
    assert_eq!(keymap.key_of(Place::Tracks, Action::Undo).as_deref(), Some("b"));
    assert_eq!(press(&keymap, Place::Tracks, &[key('u')]), Resolved::Action(Action::Undo));
}

#[test]
fn a_wrong_name_is_refused_with_its_line_and_the_nearest_known_one() {
    assert_eq!(
        refused("tracks = [\n  { on = \"s\", run = \"spilt\" },\n]"),
        ["keymap.toml:2: there is no action \"spilt\"", "did you mean split?"]
    );
    assert_eq!(refused("\ntrakcs = []"), ["keymap.toml:2: there is no place \"trakcs\"", "did you mean tracks?"]);
    assert_eq!(
        refused("tracks = [{ on = [\"s\",\n\"Ctrl-s\"], run = \"split\" }]"),
        ["keymap.toml:2: there is no key \"Ctrl-s\"", "did you mean C-s?"]
    );
    assert_eq!(refused("tracks = [{ key = \"s\", run = \"split\" }]")[0], "keymap.toml:1: there is no field \"key\"");
    assert_eq!(
        refused("tracks = [{ on = \"C-i\", run = \"split\" }]"),
        ["keymap.toml:1: a terminal sends \"C-i\" as Tab", "write Tab, or take another key"]
    );
}

#[test]
fn an_action_is_refused_where_it_does_nothing() {
    assert_eq!(
        refused("log = [{ on = \"s\", run = \"split\" }]"),
        ["keymap.toml:1: split does nothing in log", "split is known in tracks, voices"]
    );
    assert_eq!(refused("input = [{ on = \"C-z\", run = \"undo\" }]")[0], "keymap.toml:1: undo does nothing in input");
}

#[test]
fn two_keys_of_one_file_may_not_begin_the_same_way() {
    let [error, _] = refused("tracks = [\n{ on = \"g s\", run = \"split\" },\n{ on = \"g\", run = \"join\" }]");
    assert_eq!(error, "keymap.toml:3: g is already taken by g s, which begins the same way");
}

#[test]
fn what_is_no_list_of_keys_is_refused() {
    assert_eq!(refused("tracks = 3")[0], "keymap.toml:1: expected a list of keys");
    assert_eq!(refused("tracks = [3]")[0], "keymap.toml:1: expected a list of keys");
    assert_eq!(refused("tracks = [{ run = \"split\" }]")[0], "keymap.toml:1: on is missing");
    assert_eq!(refused("tracks = [{ on = 3, run = \"split\" }]")[0], "keymap.toml:1: expected a text in quotes");
    assert!(refused("tracks = [\n{ on = }]")[0].starts_with("keymap.toml:2: this is not TOML"));
}

#[test]
fn a_file_that_is_not_there_changes_nothing_and_one_that_cannot_be_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Keymap::load(Some(&folder.path().join("keymap.toml"))).unwrap(), built_in());
    let e = Keymap::load(Some(folder.path())).unwrap_err();
    assert!(e.to_string().starts_with("cannot read keys"), "{e}");
}

proptest! {
    #[test]
    fn any_file_is_read_or_refused(items in proptest::collection::vec((0usize..5, 0usize..12, 0usize..8), 0..12)) {
        const PLACES: [&str; 5] = ["global", "tracks", "picker", "input", "nowhere"];
        const KEYS: [&str; 12] = ["\"g\"", "\"g e\"", "\"C-c\"", "\"\"", "[]", "3", "[\"a\", \"b\"]", "\"C-\"", "\"g g g\"", "[[]]", "\"\\u001b\"", "\"é\""];
        const RUNS: [&str; 8] = ["\"undo\"", "\"none\"", "\"split\"", "\"open\"", "\"\"", "{}", "\"back\"", "\"go_people\""];
        let item = |(p, k, r): &(usize, usize, usize)| format!("[[{}]]\non = {}\nrun = {}\n", PLACES[*p], KEYS[*k], RUNS[*r]);
        let text = items.iter().map(item).collect::<Vec<_>>().concat();
        let mut keymap = built_in();
        match keymap.put("keymap.toml", &text) {
            Err(e) => prop_assert!(e.to_string().starts_with("keymap.toml:") && !e.hint().is_empty(), "{e}"),
            // What is shown for a key is what the key does.
            Ok(()) => for place in Place::ALL {
                for binding in keymap.all(*place) {
                    for shown in &binding.keys {
                        let pressed = shown.parse::<super::key::Chord>().unwrap();
                        prop_assert_eq!(keymap.meaning(*place, &pressed.0), Resolved::Action(binding.action));
                    }
                }
            }
        }
    }
}
