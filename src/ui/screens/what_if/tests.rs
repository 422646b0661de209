use super::super::super::model::Panel;
use super::super::super::rehearsal::Rehearsal;
use crate::domain::{Change, OperationKind};

/// The screen without blanks at the ends of its lines.
fn screen(stage: &Rehearsal) -> String {
    stage.screen().lines().map(|l| l.trim_end().to_owned() + "\n").collect()
}

#[test]
fn what_would_be_otherwise_is_on_the_screen_and_nothing_is_decided() {
    let mut stage = Rehearsal::begin();
    let before = stage.snapshot().clone();
    stage.press("w");
    let at_first = screen(&stage);
    assert!(at_first.contains("joined from a likeness of") && at_first.contains("as now"), "{at_first}");
    stage.press("L L L");
    let strict = screen(&stage);
    assert!(strict.contains("fall apart") && strict.contains("Enter takes it"), "{strict}");
    assert!(strict.contains("0.50, now 0.35"), "{strict}");
    stage.press("0 + +");
    assert!(screen(&stage).contains("3 tracks or more, now 1"), "{}", screen(&stage));
    stage.press("Esc");
    assert!(stage.desk().panel.is_none() && stage.said().contains("nothing is changed"), "{}", stage.said());
    assert_eq!(*stage.snapshot(), before);
}

#[test]
fn what_is_taken_is_one_decision_and_one_undo_takes_it_back() {
    let mut stage = Rehearsal::begin();
    let before = stage.snapshot().clone();
    stage.press("w L L L Enter");
    assert!(stage.desk().panel.is_none() && stage.said().starts_with("grouped at 0.500: "), "{}", stage.said());
    assert_eq!(stage.snapshot().seq, before.seq + 1);
    assert_ne!(stage.snapshot().identities, before.identities);
    stage.press("u");
    assert_eq!(stage.snapshot().identities, before.identities);
    assert_eq!(stage.snapshot().time, before.time);
    assert_eq!(stage.snapshot().tracks, before.tracks);
}

#[test]
fn an_undo_meanwhile_makes_what_is_shown_anew_at_the_same_thresholds() {
    let mut stage = Rehearsal::begin();
    stage.press("x w L L");
    let at = screen(&stage);
    stage.press("u u");
    let after = screen(&stage);
    assert!(stage.desk().panel.is_some(), "{after}");
    assert!(at.contains("0.45, now") && after.contains("0.45, now"), "{after}");
}

#[test]
fn it_fits_every_size() {
    let mut stage = Rehearsal::begin();
    stage.press("w L L L");
    for size in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        stage.model.size = size;
        let screen = screen(&stage);
        assert!(screen.contains("joined from") && screen.contains("identities") && screen.contains("Example"), "{screen}");
    }
}

#[test]
fn groups_taken_in_the_log_are_called_so() {
    let mut stage = Rehearsal::begin();
    stage.press("w L L L Enter g l Enter");
    let Some(crate::ui::model::LogDetail::Episode(entry)) = &stage.model.log.detail else { panic!("{}", stage.said()) };
    assert_eq!(entry.kind, OperationKind::Group);
    let (groups, other): (Vec<&Change>, Vec<&Change>) =
        entry.changes.iter().partition(|c| matches!(c, Change::Assign { .. } | Change::Identity { .. }));
    assert!(!groups.is_empty() && matches!(other[..], [Change::Thresholds { .. }]), "{other:?}");
}

#[test]
fn groups_that_were_not_shown_are_not_taken() {
    let mut stage = Rehearsal::begin();
    stage.press("w L L L");
    let before = stage.snapshot().seq;
    let Some(Panel::WhatIf(panel)) = &mut stage.model.desk.as_mut().unwrap().panel else { panic!("it is open") };
    // As it is after an undo, until all is compared again.
    panel.progress = Some((0, 0));
    stage.press("Enter");
    assert!(stage.said().contains("worked out in a moment"), "{}", stage.said());
    assert_eq!(stage.snapshot().seq, before);
}

#[test]
fn what_is_being_taken_does_not_change_any_more() {
    let mut stage = Rehearsal::begin();
    stage.press("w L L L");
    let at = |stage: &mut Rehearsal| match &mut stage.model.desk.as_mut().unwrap().panel {
        Some(Panel::WhatIf(panel)) => {
            panel.is_taking = true;
            panel.set.unwrap().1
        }
        _ => panic!("it is open"),
    };
    let asked = at(&mut stage);
    stage.press("L Enter");
    assert_eq!(at(&mut stage), asked);
    stage.press("Esc");
    assert!(stage.desk().panel.is_none(), "one can always leave");
}
