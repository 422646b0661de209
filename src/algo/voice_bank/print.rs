//! Prints from what was heard.

use super::Params;
use crate::algo::diarise::speaking;
use crate::algo::screen_time::{intersect, measure, union};
use crate::domain::{Embedding, HeardWindow, LOCAL_SPEAKERS, LocalVoice, MediaTime, Span, SpeakerId, Turn};
use std::collections::BTreeMap;

/// The voices of local speakers who are heard alone, and when each speaks, to half a frame: read once for several people.
#[derive(Debug)]
pub struct Heard<'a> {
    voices: Vec<(&'a LocalVoice, Vec<Span>)>,
}

impl<'a> Heard<'a> {
    #[must_use]
    pub fn new(windows: &'a [HeardWindow]) -> Self {
        let mut voices = Vec::new();
        for window in windows {
            let speaks: Vec<[bool; LOCAL_SPEAKERS]> = window.activity.iter().map(|a| speaking(*a)).collect();
            for (local, voice) in window.voices.iter().enumerate() {
                let Some(voice) = voice.as_ref().filter(|v| v.alone) else { continue };
                let frames = speaks.iter().enumerate().filter(|(_, speaks)| speaks[local]);
                let spans = frames.map(|(k, _)| Span::new(window.frame_centre(k), window.frame_centre(k + 1)));
                voices.push((voice, union(spans)));
            }
        }
        Self { voices }
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

/// Makes the print of somebody who speaks in `spans` (disjoint, ascending), from the local speakers that speak in hardly anything else;
/// and how much of `spans` those say, which counts once where windows overlap. `None` where that is too little.
#[must_use]
pub fn print(params: &Params, heard: &Heard<'_>, spans: &[Span]) -> Option<(Embedding, MediaTime)> {
    let (mut parts, mut said) = (Vec::new(), Vec::new());
    for (voice, spoken) in &heard.voices {
        let inside = intersect(spoken, spans);
        if !inside.is_empty() && seconds(measure(&inside)) >= params.min_inside * seconds(measure(spoken)) {
            parts.push((&voice.voice, seconds(voice.speech)));
            said.extend(inside);
        }
    }
    let speech = measure(&union(said));
    let enough = seconds(speech) >= params.min_speech_s;
    Some((Embedding::mean(parts).filter(|_| enough)?, speech))
}

#[expect(clippy::cast_possible_truncation, reason = "a weight needs no more than f32")]
fn seconds(time: MediaTime) -> f32 {
    time.secs() as f32
}
