use super::super::super::model::Tab;
use super::super::super::rehearsal::Rehearsal;
use crate::domain::{LinkMethod, TurnId};

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
