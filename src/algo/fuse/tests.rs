//! The rules of fusion, one claim a test.

use super::{DecidedVoices, Fused, Mouth, Params, Scene, fuse};
use crate::domain::{AvLink, IdentityId, LinkMethod, MediaTime, Span, SpeakerId, Turn, TurnId};
use std::collections::BTreeMap;

const AVA: IdentityId = IdentityId(1);
const BO: IdentityId = IdentityId(2);

fn params() -> Params {
    toml::from_str::<toml::Table>(include_str!("../../../config/audio.toml")).unwrap()["fuse"].clone().try_into().unwrap()
}

fn span(start: f64, end: f64) -> Span {
    Span::new(MediaTime::from_secs(start), MediaTime::from_secs(end))
}

/// A scene that tests fill: mouths with one score all along.
#[derive(Default)]
struct Stage {
    turns: Vec<Turn>,
    mouths: Vec<(IdentityId, Span, Vec<f32>)>,
    seen: BTreeMap<IdentityId, Vec<Span>>,
    decided: DecidedVoices,
    recognised: BTreeMap<SpeakerId, (IdentityId, f32)>,
}

impl Stage {
    fn says(mut self, voice: u32, start: f64, end: f64) -> Self {
        let id = TurnId(u32::try_from(self.turns.len()).unwrap() + 1);
        self.turns.push(Turn { id, span: span(start, end), speaker: SpeakerId(voice), confidence: 1.0 });
        self
    }

    fn shows(mut self, face: IdentityId, start: f64, end: f64, score: f32) -> Self {
        let span = span(start, end);
        let count = usize::try_from(span.len().0 / 40_000).unwrap();
        self.mouths.push((face, span, vec![score; count]));
        self.seen.entry(face).or_default().push(span);
        self
    }

    fn fuse(&self) -> Fused {
        let mouths: Vec<Mouth<'_>> =
            self.mouths.iter().map(|(identity, at, scores)| Mouth { identity: *identity, start: at.start(), scores }).collect();
        let scene = Scene {
            turns: &self.turns,
            mouths: &mouths,
            mark: 0.0,
            seen: &self.seen,
            decided: &self.decided,
            recognised: &self.recognised,
        };
        fuse(&params(), &scene)
    }

    fn turn(&self, id: u32) -> Vec<AvLink> {
        self.fuse().links.into_iter().filter(|l| l.turn == TurnId(id)).collect()
    }
}

fn told(link: &AvLink) -> (Option<IdentityId>, bool, LinkMethod) {
    (link.identity, link.on_screen, link.method)
}

#[test]
fn a_turn_goes_to_the_mouth_that_speaks() {
    let stage = Stage::default().says(1, 0.0, 2.0).shows(AVA, 0.0, 2.0, 2.0).shows(BO, 0.0, 2.0, -3.0);
    let links = stage.turn(1);
    assert_eq!(links.iter().map(told).collect::<Vec<_>>(), [(Some(AVA), true, LinkMethod::ActiveSpeaker)]);
    let e = links[0].evidence;
    assert!((e.score - 2.0).abs() < 1e-6 && (e.share - 1.0).abs() < 1e-6 && (e.seconds - 2.0).abs() < 1e-6, "{e:?}");
    assert!(links[0].confidence > 0.85, "{}", links[0].confidence);
}

#[test]
fn a_face_that_is_seen_twice_at_once_counts_once() {
    // Beside a mirror: the same mouth in two tracks, and a third track that goes on where both end.
    let stage = Stage::default()
        .says(1, 0.0, 3.0)
        .shows(AVA, 0.0, 2.0, 1.0)
        .shows(AVA, 0.0, 2.0, 2.0)
        .shows(AVA, 1.0, 3.0, 1.0)
        .shows(BO, 0.0, 3.0, 2.5);
    let links = stage.turn(1);
    let (ava, bo) = (2.0 * 2.0 + 1.0, 2.5 * 3.0);
    assert!(links.iter().all(|l| l.identity == Some(BO)), "{links:?}");
    assert!((links[0].evidence.ratio - bo / ava).abs() < 0.02, "{:?}", links[0].evidence);
    let ava = stage.fuse().candidates[&SpeakerId(1)].iter().find(|c| c.identity == AVA).copied().unwrap();
    assert!((ava.seconds - 3.0).abs() < 1e-6, "{ava:?}");
}

#[test]
fn a_turn_is_cut_where_its_face_leaves_the_picture() {
    let stage = Stage::default().says(1, 0.0, 4.0).shows(AVA, 1.0, 2.5, 2.0).shows(BO, 2.5, 4.0, -2.0);
    let links = stage.turn(1);
    let cut: Vec<_> = links.iter().map(|l| (l.span, l.on_screen)).collect();
    assert_eq!(cut, [(span(0.0, 1.0), false), (span(1.0, 2.5), true), (span(2.5, 4.0), false)]);
    assert!(links.iter().all(|l| l.identity == Some(AVA)));
}

#[test]
fn a_known_voice_is_known_off_screen_too_and_an_unknown_one_is_nobodys() {
    let stage = Stage::default()
        .says(1, 0.0, 3.0)
        .shows(AVA, 0.0, 3.0, 2.0)
        .says(1, 5.0, 7.0)
        .shows(BO, 5.0, 7.0, -2.0)
        .says(2, 8.0, 9.0);
    assert_eq!(stage.turn(2).iter().map(told).collect::<Vec<_>>(), [(Some(AVA), false, LinkMethod::VoiceMatch)]);
    assert_eq!(stage.turn(3).iter().map(told).collect::<Vec<_>>(), [(None, false, LinkMethod::Unknown)]);
}

#[test]
fn a_voice_over_a_still_mouth_is_heard_only_and_over_an_unclear_one_seen() {
    let known = || Stage::default().says(1, 0.0, 3.0).shows(AVA, 0.0, 3.0, 2.0).says(1, 5.0, 7.0);
    assert_eq!(told(&known().shows(AVA, 5.0, 7.0, -2.0).turn(2)[0]), (Some(AVA), false, LinkMethod::VoiceMatch));
    assert_eq!(told(&known().shows(AVA, 5.0, 7.0, -0.2).turn(2)[0]), (Some(AVA), true, LinkMethod::CoOccurrence));
}

#[test]
fn a_turn_in_the_wrong_voice_still_finds_its_mouth() {
    let stage = Stage::default()
        .says(1, 0.0, 10.0)
        .shows(AVA, 0.0, 10.0, 2.0)
        .says(1, 11.0, 13.0)
        .shows(AVA, 11.0, 13.0, -2.0)
        .shows(BO, 11.0, 13.0, 2.0);
    assert_eq!(told(&stage.turn(2)[0]), (Some(BO), true, LinkMethod::ActiveSpeaker));
}

#[test]
fn two_voices_of_one_face_are_proposed_as_one() {
    let stage = Stage::default().says(1, 0.0, 4.0).says(2, 5.0, 7.0).shows(AVA, 0.0, 7.0, 2.0);
    let merges = stage.fuse().merges;
    assert_eq!(merges.iter().map(|m| (m.into, m.from, m.identity)).collect::<Vec<_>>(), [(SpeakerId(1), SpeakerId(2), AVA)]);
    let at_once = Stage::default().says(1, 0.0, 4.0).says(2, 5.0, 7.0).says(1, 8.0, 10.0).says(2, 8.0, 10.0);
    assert!(at_once.shows(AVA, 0.0, 7.0, 2.0).fuse().merges.is_empty());
}

#[test]
fn voices_at_once_have_a_face_each() {
    let stage =
        Stage::default().says(1, 0.0, 4.0).shows(AVA, 0.0, 6.0, 2.0).says(1, 4.5, 6.0).says(2, 4.5, 6.0).shows(BO, 4.5, 6.0, 1.0);
    let fused = stage.fuse();
    let of = |turn| fused.links.iter().find(|l| l.turn == TurnId(turn)).map(|l| (l.identity, l.on_screen)).unwrap();
    assert_eq!((of(2), of(3)), ((Some(AVA), true), (Some(BO), true)));
}

#[test]
fn a_narrator_is_never_seen_speaking() {
    let mut stage = Stage::default();
    for i in 0..10 {
        let at = f64::from(i) * 3.0;
        stage = stage.says(1, at, at + 2.0).shows(if i % 2 == 0 { AVA } else { BO }, at, at + 2.0, -2.0);
    }
    // Somebody chews while the narrator speaks.
    let stage = stage.says(1, 40.0, 41.0).shows(BO, 40.0, 41.0, 2.0);
    assert_eq!(stage.fuse().narrators, [SpeakerId(1)]);
    assert_eq!(stage.turn(11).iter().map(told).collect::<Vec<_>>(), [(None, false, LinkMethod::Unknown)]);
}

#[test]
fn what_a_person_decided_holds_and_tells_of_the_voice() {
    let mut stage = Stage::default().says(1, 0.0, 2.0).says(1, 4.0, 5.0).shows(BO, 0.0, 2.0, 3.0);
    stage.decided.turns.insert(TurnId(1), Some(AVA));
    let links = stage.turn(1);
    assert!(links.iter().all(|l| l.identity == Some(AVA) && l.method == LinkMethod::User && !l.on_screen), "{links:?}");
    stage.decided.speakers.insert(SpeakerId(1), Some(AVA));
    assert_eq!(told(&stage.turn(2)[0]), (Some(AVA), false, LinkMethod::User));
    let mut seen = Stage::default().says(1, 0.0, 2.0).shows(AVA, 0.0, 2.0, 3.0);
    seen.decided.seen.insert(TurnId(1), false);
    assert_eq!(told(&seen.turn(1)[0]), (Some(AVA), false, LinkMethod::VoiceMatch));
    seen.decided.speakers.insert(SpeakerId(1), None);
    assert_eq!(told(&seen.turn(1)[0]), (None, false, LinkMethod::User));
}

#[test]
fn a_turn_that_somebody_sees_said_is_seen_throughout() {
    let mut stage = Stage::default().says(1, 0.0, 3.0).shows(AVA, 0.0, 1.0, 0.3).shows(BO, 0.0, 1.0, -1.0);
    assert_eq!(told(&stage.turn(1)[0]), (None, false, LinkMethod::Unknown));
    stage.decided.seen.insert(TurnId(1), true);
    assert!(stage.turn(1).iter().all(|l| l.identity == Some(AVA) && l.on_screen));
}

#[test]
fn a_voice_known_by_its_sound_needs_no_mouth() {
    let mut stage = Stage::default().says(1, 0.0, 2.0);
    stage.recognised.insert(SpeakerId(1), (BO, 0.8));
    let link = stage.turn(1)[0];
    assert_eq!(told(&link), (Some(BO), false, LinkMethod::VoiceMatch));
    assert!((link.confidence - 0.8).abs() < 1e-6);
}

#[test]
fn every_turn_is_covered_and_the_order_of_input_does_not_matter() {
    let stage = Stage::default()
        .says(1, 0.0, 4.0)
        .says(2, 3.0, 8.0)
        .says(1, 9.0, 9.5)
        .shows(AVA, 0.0, 3.5, 2.0)
        .shows(BO, 2.0, 6.0, 0.7)
        .shows(AVA, 7.0, 9.2, -0.3);
    let fused = stage.fuse();
    for turn in &stage.turns {
        let pieces: Vec<Span> = fused.links.iter().filter(|l| l.turn == turn.id).map(|l| l.span).collect();
        assert_eq!((pieces[0].start(), pieces[pieces.len() - 1].end()), (turn.span.start(), turn.span.end()));
        assert!(pieces.windows(2).all(|w| w[0].end() == w[1].start()));
    }
    let turned = Stage {
        turns: stage.turns.iter().rev().copied().collect(),
        mouths: stage.mouths.iter().rev().cloned().collect(),
        seen: stage.seen.clone(),
        ..Stage::default()
    };
    assert_eq!(turned.fuse(), fused);
}

#[test]
fn a_turn_in_which_two_mouths_speak_one_after_the_other_is_cut_between_them() {
    let stage = Stage::default().says(1, 0.0, 4.0).shows(AVA, 0.0, 2.0, 2.0).shows(BO, 2.2, 4.0, 2.0);
    let links = stage.turn(1);
    let found: Vec<_> = links.iter().map(|l| (l.identity, l.span.start(), l.on_screen)).collect();
    let at = MediaTime::from_secs;
    assert_eq!(found[0], (Some(AVA), at(0.0), true));
    assert!(found.iter().all(|f| f.0.is_some()) && found.last().is_some_and(|f| f.0 == Some(BO) && f.2), "{found:?}");
    assert!(links.windows(2).all(|w| w[0].span.end() == w[1].span.start()), "no holes");
    assert_eq!(links.last().map(|l| l.span.end()), Some(at(4.0)));
}

#[test]
fn a_short_movement_of_another_mouth_cuts_nothing_and_neither_is_a_decided_turn_cut() {
    let stage = Stage::default().says(1, 0.0, 4.0).shows(AVA, 0.0, 4.0, 2.0).shows(BO, 1.0, 1.4, 5.0);
    assert!(stage.turn(1).iter().all(|l| l.identity == Some(AVA)));
    let mut stage = Stage::default().says(1, 0.0, 4.0).shows(AVA, 0.0, 2.0, 2.0).shows(BO, 2.0, 4.0, 2.0);
    stage.decided.turns.insert(TurnId(1), Some(BO));
    assert!(stage.turn(1).iter().all(|l| l.identity == Some(BO)));
}

#[test]
fn a_mouth_that_speaks_in_another_voice_s_turn_cuts_nothing() {
    // Ava speaks for four seconds; while the picture shows Bo he interrupts her in his own voice.
    let stage = Stage::default()
        .says(1, 0.0, 4.0)
        .says(2, 3.0, 4.0)
        .says(1, 5.0, 8.0)
        .shows(AVA, 0.0, 3.0, 2.0)
        .shows(BO, 3.0, 4.0, 2.0)
        .shows(AVA, 5.0, 8.0, 2.0);
    assert!(stage.turn(1).iter().all(|l| l.identity == Some(AVA)), "{:?}", stage.turn(1));
    assert!(stage.turn(2).iter().all(|l| l.identity == Some(BO)), "{:?}", stage.turn(2));
}

#[test]
fn confirmed_turns_speak_against_a_narrator() {
    let mut stage = Stage::default();
    for n in 0..6 {
        let at = f64::from(n) * 4.0;
        stage = stage.says(1, at, at + 3.0).shows(AVA, at, at + 3.0, -3.0);
    }
    assert_eq!(stage.fuse().narrators, [SpeakerId(1)]);
    for id in 1..=3 {
        stage.decided.turns.insert(TurnId(id), Some(AVA));
    }
    assert!(stage.fuse().narrators.is_empty());
    assert_eq!(stage.turn(6)[0].identity, Some(AVA), "what was confirmed informs the rest");
}
