//! What mouths say for themselves: by turn, and by voice.

use super::timeline::Timeline;
use super::{Mouth, Params, Scene};
use crate::algo::screen_time::{measure, union};
use crate::domain::{IdentityId, MediaTime, MouthScores, Span, SpeakerId};
use std::collections::BTreeMap;

const STEP: i64 = MouthScores::STEP.0;
const STEP_S: f64 = 0.04;

/// What one mouth says for itself in some time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct FaceSum {
    /// Sum of the scores above the mark.
    pub(super) strength: f64,
    /// Sum of all scores, less the mark.
    pub(super) total: f64,
    /// Scores seen.
    pub(super) seen: u32,
    /// Those above the mark.
    pub(super) speaking: u32,
}

impl FaceSum {
    fn add(&mut self, score: f32) {
        self.seen += 1;
        self.total += f64::from(score);
        if score > 0.0 {
            self.speaking += 1;
            self.strength += f64::from(score);
        }
    }

    pub(super) fn seconds(&self) -> f64 {
        f64::from(self.speaking) * STEP_S
    }

    pub(super) fn mean(&self) -> f64 {
        if self.seen > 0 { self.total / f64::from(self.seen) } else { 0.0 }
    }

    /// Mean of the scores above the mark.
    pub(super) fn loudness(&self) -> f64 {
        if self.speaking > 0 { self.strength / f64::from(self.speaking) } else { 0.0 }
    }

    pub(super) fn share(&self) -> f64 {
        if self.seen > 0 { f64::from(self.speaking) / f64::from(self.seen) } else { 0.0 }
    }
}

/// Mouths by face.
pub(super) type Faces = BTreeMap<IdentityId, FaceSum>;

/// What all mouths say for themselves while a voice speaks alone.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct VoiceSum {
    pub(super) faces: Faces,
    /// Seconds with a mouth in sight.
    pub(super) watched_s: f64,
    /// Those with a speaking one.
    pub(super) spoken_s: f64,
}

/// All evidence: one entry for each turn of the timeline, in its order, and one for each voice.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) turns: Vec<Faces>,
    pub(super) voices: BTreeMap<SpeakerId, VoiceSum>,
}

impl Evidence {
    pub(super) fn gather(params: &Params, scene: &Scene<'_>, timeline: &Timeline) -> Self {
        let mut order: Vec<&Mouth<'_>> = scene.mouths.iter().filter(|m| !m.scores.is_empty()).collect();
        order.sort_by_key(|m| (m.start, m.identity));
        let mut mouths = order.into_iter().peekable();
        let mut near: Vec<Smooth> = Vec::new();
        let mut voices: BTreeMap<SpeakerId, VoiceSum> = BTreeMap::new();
        let mut turns = Vec::with_capacity(timeline.turns().len());
        for (i, turn) in timeline.turns().iter().enumerate() {
            // No later turn begins before this one.
            near.retain(|m| m.end() > turn.span.start());
            while let Some(mouth) = mouths.next_if(|m| m.start < turn.span.end()) {
                let mouth = Smooth::new(mouth, params.smooth, scene.mark);
                if mouth.end() > turn.span.start() {
                    near.push(mouth);
                }
            }
            let mut faces = Faces::new();
            for mouth in &near {
                let sum = faces.entry(mouth.identity).or_default();
                for score in mouth.within(turn.span) {
                    sum.add(*score);
                }
            }
            faces.retain(|_, sum| sum.seen > 0);
            let voice = voices.entry(turn.speaker).or_default();
            for span in timeline.alone(i) {
                voice.listen(&near, span);
            }
            turns.push(faces);
        }
        let mut evidence = Self { turns, voices };
        evidence.decided(scene, timeline);
        evidence
    }

    /// Adds what people decided, as mouths that speak all the time; of a voice that somebody is sure of nothing else counts.
    fn decided(&mut self, scene: &Scene<'_>, timeline: &Timeline) {
        let decided = scene.decided;
        for turn in timeline.turns() {
            let Some(Some(identity)) = decided.turns.get(&turn.id) else { continue };
            let sum = self.voices.entry(turn.speaker).or_default().faces.entry(*identity).or_default();
            let frames = u32::try_from(turn.span.len().0 / STEP).unwrap_or(u32::MAX);
            sum.seen = sum.seen.saturating_add(frames);
            sum.speaking = sum.speaking.saturating_add(frames);
            sum.strength += f64::from(frames);
            sum.total += f64::from(frames);
        }
        for (speaker, identity) in &decided.speakers {
            if let Some(voice) = self.voices.get_mut(speaker) {
                voice.faces.retain(|id, _| Some(*id) == *identity);
            }
        }
    }
}

impl VoiceSum {
    fn listen(&mut self, near: &[Smooth], span: Span) {
        let in_sight = near.iter().filter(|m| m.start < span.end() && m.end() > span.start());
        let (mut seen, mut spoken) = (Vec::new(), Vec::new());
        for mouth in in_sight {
            let scores = mouth.within(span);
            let sum = self.faces.entry(mouth.identity).or_default();
            for score in scores {
                sum.add(*score);
            }
            seen.push(Span::new(mouth.start.max(span.start()), mouth.end().min(span.end())));
            mouth.spoken_spans(span, &mut spoken);
        }
        self.watched_s += measure(&union(seen)).secs();
        self.spoken_s += measure(&union(spoken)).secs();
    }

    pub(super) fn strength(&self) -> f64 {
        self.faces.values().map(|f| f.strength).sum()
    }
}

/// Scores of a mouth, smoothed, less the mark.
pub(super) struct Smooth {
    pub(super) identity: IdentityId,
    start: MediaTime,
    scores: Vec<f32>,
}

impl Smooth {
    /// Averages over `width` scores around each, fewer at the ends.
    pub(super) fn new(mouth: &Mouth<'_>, width: usize, mark: f32) -> Self {
        let (half, raw) = (width / 2, mouth.scores);
        let mut scores = Vec::with_capacity(raw.len());
        for i in 0..raw.len() {
            let window = &raw[i.saturating_sub(half)..(i + half + 1).min(raw.len())];
            scores.push(window.iter().sum::<f32>() / window.len() as f32 - mark);
        }
        Self { identity: mouth.identity, start: mouth.start, scores }
    }

    pub(super) fn end(&self) -> MediaTime {
        self.time(self.scores.len())
    }

    pub(super) fn time(&self, index: usize) -> MediaTime {
        self.start + MediaTime(i64::try_from(index).unwrap_or(i64::MAX).saturating_mul(STEP))
    }

    fn range(&self, span: Span) -> std::ops::Range<usize> {
        let at = |t: MediaTime| {
            let steps = (t - self.start).0.saturating_add(STEP - 1).div_euclid(STEP).max(0);
            usize::try_from(steps).unwrap_or(usize::MAX).min(self.scores.len())
        };
        at(span.start())..at(span.end())
    }

    pub(super) fn within(&self, span: Span) -> &[f32] {
        self.scores.get(self.range(span)).unwrap_or_default()
    }

    /// Adds the stretches of `span` in which it speaks.
    fn spoken_spans(&self, span: Span, out: &mut Vec<Span>) {
        let range = self.range(span);
        let mut since = None;
        for i in range.clone() {
            match (self.scores[i] > 0.0, since) {
                (true, None) => since = Some(i),
                (false, Some(from)) => {
                    out.push(Span::new(self.time(from), self.time(i)));
                    since = None;
                }
                _ => {}
            }
        }
        if let Some(from) = since {
            out.push(Span::new(self.time(from), self.time(range.end)));
        }
    }
}
