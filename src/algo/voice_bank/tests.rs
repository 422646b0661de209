use super::*;
use crate::domain::{Embedding, HeardWindow, LOCAL_SPEAKERS, LocalVoice, MediaTime, PersonId, Span, VoicePrint};
use proptest::prelude::*;

fn params() -> Params {
    Params {
        enabled: true,
        min_speech_s: 2.0,
        min_inside: 0.8,
        even_cosine: 0.8,
        cosine_width: 0.03,
        lead_width: 0.03,
        min_belief: 0.7,
    }
}

fn voice(x: f32, y: f32, z: f32) -> Embedding {
    Embedding::from_raw(vec![x, y, z]).unwrap()
}

fn of(person: u32, voice: Embedding) -> VoicePrint {
    VoicePrint { person: PersonId(person), voice, speech: MediaTime(9_000_000) }
}

fn bank(prints: &[VoicePrint]) -> (Bank, Vec<Doubted>) {
    Bank::new(&params(), &prints.iter().collect::<Vec<_>>())
}

fn span(from: i64, to: i64) -> Span {
    Span::new(MediaTime(from * 1_000_000), MediaTime(to * 1_000_000))
}

#[test]
fn a_voice_is_whose_print_is_near_and_clearly_nearer_than_all_others() {
    let (bank, doubted) = bank(&[of(1, voice(1.0, 0.1, 0.0)), of(2, voice(0.0, 1.0, 0.1))]);
    assert!(doubted.is_empty());
    let (known, next) = bank.recognise(&params(), &voice(1.0, 0.2, 0.1)).unwrap();
    assert_eq!((known.person, next.map(|n| n.person)), (PersonId(1), Some(PersonId(2))));
    assert!(known.belief > 0.95, "{known:?}");
    // Half way between both, and far from both.
    assert_eq!(bank.recognise(&params(), &voice(1.0, 1.0, 0.1)), None);
    assert_eq!(bank.recognise(&params(), &voice(0.1, 0.0, 1.0)), None);
}

#[test]
fn a_print_that_is_more_like_somebody_else_counts_for_nobody() {
    let prints = [
        of(1, voice(1.0, 0.0, 0.0)),
        of(1, voice(1.0, 0.1, 0.0)),
        of(2, voice(0.0, 1.0, 0.0)),
        of(2, voice(0.1, 1.0, 0.0)),
        // Said to be 2, and sounds like 1.
        of(2, voice(1.0, 0.05, 0.05)),
    ];
    let (bank, doubted) = bank(&prints);
    assert_eq!(doubted.iter().map(|d| (d.print, d.like)).collect::<Vec<_>>(), [(4, PersonId(1))]);
    assert!(doubted[0].own.is_some_and(|own| own < doubted[0].cosine));
    assert_eq!(bank.recognise(&params(), &voice(1.0, 0.05, 0.05)).unwrap().0.person, PersonId(1));
}

#[test]
fn of_two_who_sound_alike_neither_is_known_by_voice() {
    let (bank, doubted) = bank(&[of(1, voice(1.0, 0.0, 0.0)), of(2, voice(1.0, 0.1, 0.0)), of(3, voice(0.0, 0.0, 1.0))]);
    assert_eq!(
        doubted.iter().map(|d| (d.print, d.like, d.own)).collect::<Vec<_>>(),
        [(0, PersonId(2), None), (1, PersonId(1), None)]
    );
    assert_eq!(bank.recognise(&params(), &voice(1.0, 0.05, 0.0)), None);
    assert_eq!(bank.recognise(&params(), &voice(0.0, 0.0, 1.0)).unwrap().0.person, PersonId(3));
}

/// One window in which the first local speaker speaks from `own`, the second from `other`; frames of `10 s / 589`.
fn window(own: std::ops::Range<usize>, other: std::ops::Range<usize>) -> HeardWindow {
    let mut activity = vec![[0; LOCAL_SPEAKERS]; 589];
    for (range, local) in [(own, 0), (other, 1)] {
        for frame in range {
            activity[frame][local] = 255;
        }
    }
    let local = |voice| Some(LocalVoice { voice, speech: MediaTime(3_000_000), alone: true });
    HeardWindow { start: MediaTime(0), activity, voices: [local(voice(1.0, 0.0, 0.0)), local(voice(0.0, 1.0, 0.0)), None] }
}

#[test]
fn a_print_is_made_of_those_who_speak_in_hardly_anything_else() {
    let windows = [window(0..180, 200..400)];
    let heard = Heard::new(&windows);
    let (made, speech) = print(&params(), &heard, &[span(0, 3)]).unwrap();
    assert_eq!(made, voice(1.0, 0.0, 0.0));
    // The first frame of a window is not heard from its very beginning.
    assert!((2.95..=3.0).contains(&speech.secs()), "{speech:?}");
    // Half of what the second says is not theirs, and the first says nothing there.
    assert_eq!(print(&params(), &heard, &[span(3, 5)]), None);
    assert_eq!(print(&params(), &heard, &[span(0, 1)]), None, "too short");
    assert_eq!(print(&params(), &heard, &[]), None);
}

proptest! {
    #[test]
    fn beliefs_share_at_most_one_and_follow_the_cosines(
        prints in prop::collection::vec((1_u32..6, 0.0_f32..1.0, 0.0_f32..1.0, 0.1_f32..1.0), 1..9),
        (x, y, z) in (0.0_f32..1.0, 0.0_f32..1.0, 0.1_f32..1.0),
    ) {
        let prints: Vec<VoicePrint> = prints.into_iter().map(|(person, x, y, z)| of(person, voice(x, y, z))).collect();
        let (bank, doubted) = bank(&prints);
        let near = bank.likenesses(&params(), &voice(x, y, z));
        let known: std::collections::BTreeSet<PersonId> = prints
            .iter()
            .enumerate()
            .filter(|(i, _)| doubted.iter().all(|d| d.print != *i))
            .map(|(_, p)| p.person)
            .collect();
        prop_assert_eq!(near.len(), known.len());
        prop_assert!(near.iter().map(|l| l.belief).sum::<f32>() <= 1.0 + 1e-5);
        prop_assert!(near.windows(2).all(|w| w[0].cosine >= w[1].cosine && w[0].belief >= w[1].belief));
        prop_assert!(near.iter().all(|l| (0.0..=1.0).contains(&l.belief)));
    }
}
