//! The cast of a show, key by key: who joins, who leaves, who is new.

use crate::ui::rehearsal::Rehearsal;

fn cast(stage: &Rehearsal) -> usize {
    stage.model.holdings.directory.memberships.len()
}

#[test]
fn selected_people_join_and_leave_a_cast_as_one_decision_and_come_before_those_who_are_only_seen() {
    let mut stage = Rehearsal::begin();
    stage.press("g p ] l Space l Space a");
    assert!(stage.said().contains(" and ") && stage.said().contains("are in the cast of synthetic"), "{}", stage.said());
    assert_eq!(cast(&stage), 2, "{}", stage.said());
    let people = &stage.model.holdings.people;
    assert!(people.selected.is_empty());
    let of_cast = |at: usize| people.at(at).and_then(|l| l.id).is_some_and(|id| people.is_member(id));
    assert!(of_cast(0) && of_cast(1) && !of_cast(2), "{}", stage.screen());
    // A selection means what is selected, not what the cursor is on.
    stage.press("Home Space l Space l x");
    assert_eq!(cast(&stage), 0, "{}", stage.said());
    assert!(stage.said().contains("are not in the cast of synthetic any more"), "{}", stage.said());
    stage.press("u");
    assert_eq!(cast(&stage), 2, "{}", stage.said());
    // Who is only seen is in no cast, and several are not deleted at once.
    stage.press("G x");
    assert!(stage.said().contains("is not in the cast of synthetic, only seen in it; a adds"), "{}", stage.said());
    stage.press("Home Space l Space l D");
    assert!(stage.said().contains("one person is deleted at a time: Esc selects nobody, then D"), "{}", stage.said());
    stage.press("Esc u");
    assert_eq!(cast(&stage), 0, "one undo: {}", stage.said());
}

#[test]
fn somebody_new_joins_a_cast_at_once_by_typing_their_name_and_one_undo_takes_both_back() {
    let mut stage = Rehearsal::begin();
    let count = stage.snapshot().people.len();
    stage.press("g p ] a").write("Zora Neu");
    assert!(stage.screen().contains("new person"), "{}", stage.screen());
    stage.press("Enter");
    assert_eq!(cast(&stage), 1, "{}", stage.said());
    assert_eq!(stage.model.holdings.people.person().map(|p| p.name.as_str()), Some("Zora Neu"), "the cursor is on who came");
    stage.press("u");
    assert_eq!((cast(&stage), stage.model.holdings.roster.people().count()), (0, count), "{}", stage.said());
    // The line of the list does the same.
    stage.press("a").write("somebody new").press("Enter").write("Zora Neu").press("Enter");
    assert_eq!(cast(&stage), 1, "{}", stage.said());
}

#[test]
fn whoever_is_in_no_episode_is_said_to_be_in_none_and_goes_without_talk_of_faces() {
    let mut stage = Rehearsal::begin();
    stage.press("g p ] a").write("Zora Neu").press("Enter");
    stage.press("e");
    assert!(
        stage.screen().contains("role in synthetic") && stage.screen().contains("seasons in synthetic"),
        "{}",
        stage.screen()
    );
    stage.press("Esc");
    assert!(stage.screen().contains("Zora Neu  cast  in no episode yet"), "{}", stage.screen());
    stage.press("D");
    assert!(stage.screen().contains("to nobody: it goes too") && stage.screen().contains("to Ada Example"), "{}", stage.screen());
    stage.press("Esc m");
    assert!(stage.screen().contains("who is Zora Neu, in every episode?"), "{}", stage.screen());
}
