//! Prints from what was heard.

use super::Params;
use crate::algo::diarise::speaking;
use crate::algo::screen_time::union;
use crate::domain::{Embedding, HeardWindow, LOCAL_SPEAKERS, MediaTime, Span, SpeakerId, Turn};
use std::collections::BTreeMap;

/// Where each local speaker of each window speaks, read once for several people.
#[derive(Debug)]
pub struct Heard<'a> {
    windows: Vec<(&'a HeardWindow, [Vec<MediaTime>; LOCAL_SPEAKERS])>,
}

impl<'a> Heard<'a> {
    #[must_use]
    pub fn new(windows: &'a [HeardWindow]) -> Self {
        let spoken = |window: &'a HeardWindow| {
            let mut times: [Vec<MediaTime>; LOCAL_SPEAKERS] = Default::default();
            for (k, activity) in window.activity.iter().enumerate() {
                for (times, speaks) in times.iter_mut().zip(speaking(*activity)) {
                    if speaks {
                        times.push(window.frame_centre(k));
                    }
                }
            }
            (window, times)
        };
        Self { windows: windows.iter().map(spoken).collect() }
    }
}

/// Returns when each voice speaks: disjoint, ascending.
#[must_use]
pub fn voices(turns: &[Turn]) -> BTreeMap<SpeakerId, Vec<Span>> {
    let mut spans: BTreeMap<SpeakerId, Vec<Span>> = BTreeMap::new();
    for turn in turns {
        spans.entry(turn.speaker).or_default().push(turn.span);
    }
    spans.into_iter().map(|(speaker, spans)| (speaker, union(spans))).collect()
}

/// Makes the print of somebody who speaks in `spans` (disjoint, ascending), from the local speakers that speak in hardly anything else; and
/// how much speech that is. `None` where that is too little.
///
/// Where the windows overlap one moment is heard several times; it counts once for the length.
#[must_use]
pub fn print(params: &Params, heard: &Heard<'_>, spans: &[Span]) -> Option<(Embedding, MediaTime)> {
    let speech: i64 = spans.iter().map(|s| s.len().0).sum();
    let is_inside = |t: MediaTime| {
        let after = spans.partition_point(|s| s.end() <= t);
        spans.get(after).is_some_and(|s| s.start() <= t)
    };
    let mut parts = Vec::new();
    for (window, times) in &heard.windows {
        for (voice, times) in window.voices.iter().zip(times) {
            let Some(voice) = voice else { continue };
            let inside = times.iter().filter(|t| is_inside(**t)).count();
            #[expect(clippy::cast_precision_loss, reason = "frames of a window are hundreds")]
            let is_theirs = inside > 0 && inside as f32 >= params.min_inside * times.len() as f32;
            if is_theirs && voice.alone {
                parts.push((&voice.voice, seconds(voice.speech)));
            }
        }
    }
    let enough = MediaTime(speech).secs() >= f64::from(params.min_speech_s);
    Some((Embedding::mean(parts).filter(|_| enough)?, MediaTime(speech)))
}

#[expect(clippy::cast_possible_truncation, reason = "a weight needs no more than f32")]
fn seconds(time: MediaTime) -> f32 {
    time.secs() as f32
}
