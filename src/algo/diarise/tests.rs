//! Voices made of numbers: each person has a direction, and says what the test says.

use super::*;
use crate::domain::{Embedding, LOCAL_SPEAKERS, LocalVoice};
use params::default_params;
use proptest::prelude::*;

const STEP_S: i64 = 1;
const FRAMES: usize = 589;

/// A person speaks from one second to another.
type Say = (usize, f64, f64);

/// A vector of person `who`, a little different in each window.
fn voice(who: usize, window: usize) -> Embedding {
    let mut values = vec![0.1f32; 16];
    values[who] = 1.0;
    values[8 + window % 8] += 0.1;
    Embedding::from_raw(values).unwrap()
}

/// What the models would hear of a recording of `secs` seconds; local speakers are numbered by who speaks first in the window.
fn heard(said: &[Say], secs: i64) -> (Vec<HeardWindow>, Vec<SoundLevels>) {
    let mut windows = Vec::new();
    for (at, start) in (0..=(secs - 10).max(0)).step_by(usize::try_from(STEP_S).unwrap()).enumerate() {
        let mut window = HeardWindow {
            start: MediaTime(start * 1_000_000),
            activity: vec![[0; LOCAL_SPEAKERS]; FRAMES],
            voices: [None, None, None],
        };
        let mut locals: Vec<usize> = Vec::new();
        for frame in 0..FRAMES {
            let time = window.frame_centre(frame).secs();
            for (who, _, _) in said.iter().filter(|s| (s.1..s.2).contains(&time)) {
                let local = locals.iter().position(|l| l == who).unwrap_or_else(|| {
                    locals.push(*who);
                    locals.len() - 1
                });
                window.activity[frame][local] = 255;
            }
        }
        for ((who, local), slot) in locals.iter().zip(local_speech(&window.activity)).zip(&mut window.voices) {
            *slot = local.map(|l| LocalVoice { voice: voice(*who, at), speech: l.speech, alone: l.alone });
        }
        windows.push(window);
    }
    let speech = (0..secs * 1000 / 32).map(|i| {
        let time = (i as f64 + 0.5) * 0.032;
        if said.iter().any(|s| (s.1..s.2).contains(&time)) { 255 } else { 0 }
    });
    (windows, vec![SoundLevels { start: MediaTime::ZERO, peaks: vec![], speech: speech.collect() }])
}

fn told(said: &[Say], secs: i64, params: &Params) -> Diarised {
    let (windows, levels) = heard(said, secs);
    let span = Span::new(MediaTime::ZERO, MediaTime(secs * 1_000_000));
    diarise(&Heard { span, windows: &windows, levels: &levels }, params)
}

/// Speaker, start and end in tenths of a second.
fn tenths(told: &Diarised) -> Vec<(u32, i64, i64)> {
    let tenth = |t: MediaTime| (t.0 + 50_000) / 100_000;
    told.turns.iter().map(|t| (t.speaker.0, tenth(t.span.start()), tenth(t.span.end()))).collect()
}

/// Three people who take turns twice; the second and the third speak at once for a second.
const TALK: [Say; 6] = [(4, 1.0, 5.0), (2, 5.5, 9.0), (5, 8.0, 12.0), (4, 14.0, 18.0), (2, 30.0, 34.0), (4, 35.0, 39.0)];

#[test]
fn turns_are_what_was_said_with_overlap() {
    let found = told(&TALK, 45, &default_params());
    assert_eq!(tenths(&found), [(1, 10, 50), (2, 55, 90), (3, 80, 120), (1, 140, 180), (2, 300, 340), (1, 350, 390)]);
    assert_eq!(found.turns.iter().map(|t| t.id.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert!(found.turns.iter().all(|t| t.confidence > 0.9), "{:?}", found.turns);
    let speakers: Vec<(u32, f64)> = found.speakers.iter().map(|s| (s.id.0, (s.speech.secs() * 5.0).round() / 5.0)).collect();
    assert_eq!(speakers, [(1, 12.0), (2, 7.4), (3, 4.0)]);
    for (speaker, who) in found.speakers.iter().zip([4, 2, 5]) {
        assert!(speaker.voice.as_ref().unwrap().cosine(&voice(who, 0)).unwrap() > 0.95);
    }
}

#[test]
fn nothing_heard_is_nobody() {
    let found = told(&[], 30, &default_params());
    assert_eq!(found, Diarised { turns: vec![], speakers: vec![] });
    let found =
        diarise(&Heard { span: Span::new(MediaTime::ZERO, MediaTime::ZERO), windows: &[], levels: &[] }, &default_params());
    assert_eq!(found.turns, []);
}

#[test]
fn times_are_those_of_the_container_wherever_it_begins() {
    let shift = MediaTime(-1_234_567);
    let (mut windows, mut levels) = heard(&TALK, 45);
    for window in &mut windows {
        window.start = window.start + shift;
    }
    levels[0].start = levels[0].start + shift;
    let span = Span::new(shift, MediaTime(45_000_000) + shift);
    let moved = diarise(&Heard { span, windows: &windows, levels: &levels }, &default_params());
    let still = told(&TALK, 45, &default_params());
    for (a, b) in moved.turns.iter().zip(&still.turns) {
        assert_eq!((a.speaker, a.span.start()), (b.speaker, b.span.start() + shift));
    }
    assert_eq!(moved.turns.len(), still.turns.len());
}

#[test]
fn the_number_of_speakers_is_kept_to_if_it_is_given() {
    let count = |params: &Params| told(&TALK, 45, params).speakers.len();
    let given = |speakers, min_speakers, max_speakers| Params { speakers, min_speakers, max_speakers, ..default_params() };
    assert_eq!(count(&given(0, 0, 0)), 3);
    assert_eq!(count(&given(2, 0, 0)), 2);
    assert_eq!(count(&given(0, 0, 1)), 1);
    assert_eq!(count(&given(0, 2, 9)), 3);
    // Six chains at most are there to be told apart.
    assert_eq!(count(&given(0, 4, 0)), 4);
}

#[test]
fn a_known_number_is_found_also_where_nobody_speaks_for_long() {
    // Two like each other, too short to be speakers by themselves, too unlike to be joined.
    let (mut windows, levels) = heard(&[(1, 1.0, 2.5), (2, 15.0, 16.4)], 26);
    for local in windows.iter_mut().filter(|w| w.start.secs() > 3.0).flat_map(|w| w.voices.iter_mut().flatten()) {
        let alike = voice(1, 0).as_slice().iter().zip(voice(2, 0).as_slice()).map(|(a, b)| 0.62 * a + 0.38 * b).collect();
        local.voice = Embedding::from_raw(alike).unwrap();
    }
    let span = Span::new(MediaTime::ZERO, MediaTime(26_000_000));
    let count = |speakers| {
        let params = Params { speakers, join_cosine: 0.93, ..default_params() };
        diarise(&Heard { span, windows: &windows, levels: &levels }, &params).speakers.len()
    };
    assert_eq!([0, 1, 2, 3].map(count), [1, 1, 2, 2]);
}

proptest! {
    #[test]
    fn a_known_number_is_always_met(
        people in prop::collection::vec((0usize..3, 0.2f64..4.0, 0.0f64..2.0), 1..14),
        noise in prop::collection::vec(-1.0f32..1.0, 40 * 16),
        speakers in 1usize..7,
    ) {
        let mut at = 0.0;
        let said: Vec<Say> = people
            .iter()
            .map(|(who, length, pause)| {
                at += length + pause;
                (*who, at - length - pause, at - pause)
            })
            .collect();
        let secs = 80;
        let (mut windows, _) = heard(&said, secs);
        for (at, local) in windows.iter_mut().flat_map(|w| w.voices.iter_mut().flatten()).enumerate() {
            let mixed = local.voice.as_slice().iter().enumerate().map(|(d, v)| v + noise[(at % 40) * 16 + d] * 0.3).collect();
            local.voice = Embedding::from_raw(mixed).unwrap();
        }
        let params = Params { speakers, ..default_params() };
        let grid = window::Grid::new(MediaTime::ZERO, MediaTime(secs * 1_000_000));
        let windows = window::windows(&windows, &grid);
        let (links, chains) = chain::follow(&windows, &params);
        let found = voices::voices(&windows, &links, chains, window::coverage(&windows), &params);
        let mut with_voice: Vec<usize> = links
            .iter()
            .enumerate()
            .flat_map(|(w, own)| own.iter().enumerate().filter_map(move |(k, chain)| Some((w, k, (*chain)?))))
            .filter(|(w, k, _)| windows[*w].voice(*k).is_some())
            .map(|(.., chain)| chain)
            .collect();
        with_voice.sort_unstable();
        with_voice.dedup();
        if !with_voice.is_empty() {
            prop_assert_eq!(found.centres.len(), speakers.min(with_voice.len()));
        }
    }
}

#[test]
fn two_alike_are_two_people_if_they_speak_in_one_window() {
    // Both sound like person 1; the local speakers keep them apart.
    let (mut windows, levels) = heard(&[(1, 1.0, 4.0), (3, 5.0, 8.0), (1, 9.0, 12.0)], 20);
    for (at, window) in windows.iter_mut().enumerate() {
        for local in window.voices.iter_mut().flatten() {
            local.voice = voice(1, at);
        }
    }
    let span = Span::new(MediaTime::ZERO, MediaTime(20_000_000));
    let found = diarise(&Heard { span, windows: &windows, levels: &levels }, &default_params());
    assert_eq!(found.speakers.len(), 2);
}

#[test]
fn speech_that_no_vector_was_made_of_is_one_voice() {
    let (mut windows, levels) = heard(&TALK, 45);
    for window in &mut windows {
        window.voices = [None, None, None];
    }
    let span = Span::new(MediaTime::ZERO, MediaTime(45_000_000));
    let found = diarise(&Heard { span, windows: &windows, levels: &levels }, &default_params());
    assert_eq!(found.speakers.iter().map(|s| (s.id.0, s.voice.clone())).collect::<Vec<_>>(), [(1, None)]);
    assert!(found.turns.len() >= 3);
}

#[test]
fn a_short_pause_is_filled_a_longer_one_parts_and_a_blip_is_dropped() {
    let said = [(1, 1.0, 3.0), (1, 3.15, 5.0), (1, 5.6, 8.0), (1, 12.0, 12.1)];
    assert_eq!(tenths(&told(&said, 20, &default_params())), [(1, 10, 50), (1, 56, 80)]);
}

#[test]
fn turns_of_one_voice_never_overlap_and_lie_in_the_sound() {
    let found = told(&TALK, 39, &default_params());
    for (i, a) in found.turns.iter().enumerate() {
        assert!(a.span.start() >= MediaTime::ZERO && a.span.end() <= MediaTime(39_000_000));
        assert!((0.0..=1.0).contains(&a.confidence));
        for b in &found.turns[i + 1..] {
            assert!(a.speaker != b.speaker || a.span.end() <= b.span.start());
        }
    }
}
