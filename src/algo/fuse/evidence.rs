//! What mouths say for themselves: by turn, and by voice.

use super::Scene;
use super::mouths::{Near, Smooth};
use super::timeline::Timeline;
use crate::algo::screen_time::{measure, union};
use crate::domain::{IdentityId, MouthScores, Span, SpeakerId};
use std::collections::BTreeMap;

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
    fn add_all(&mut self, scores: &[f32]) {
        for score in scores {
            self.seen += 1;
            self.total += f64::from(*score);
            if *score > 0.0 {
                self.speaking += 1;
                self.strength += f64::from(*score);
            }
        }
    }

    pub(super) fn seconds(&self) -> f64 {
        f64::from(self.speaking) * MouthScores::STEP.secs()
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
    pub(super) fn gather(scene: &Scene<'_>, mouths: &[Smooth], timeline: &Timeline) -> Self {
        let mut near = Near::new(mouths);
        let mut voices: BTreeMap<SpeakerId, VoiceSum> = BTreeMap::new();
        let mut turns = Vec::with_capacity(timeline.turns().len());
        for (i, turn) in timeline.turns().iter().enumerate() {
            let near = near.over(turn.span);
            let mut faces = Faces::new();
            for mouth in &near {
                let scores = mouth.within(turn.span);
                if !scores.is_empty() {
                    faces.entry(mouth.identity).or_default().add_all(scores);
                }
            }
            let voice = voices.entry(turn.speaker).or_default();
            match scene.decided.turns.get(&turn.id) {
                // Whose it is says that person; whoever else moves their mouth meanwhile does not.
                Some(Some(identity)) => voice.told(*identity, turn.span),
                Some(None) => {}
                None => timeline.alone(i).into_iter().for_each(|span| voice.listen(&near, span)),
            }
            turns.push(faces);
        }
        for (speaker, identity) in &scene.decided.speakers {
            if let Some(voice) = voices.get_mut(speaker) {
                voice.faces.retain(|id, _| Some(*id) == *identity);
            }
        }
        Self { turns, voices }
    }
}

impl VoiceSum {
    fn listen(&mut self, near: &[&Smooth], span: Span) {
        let (mut seen, mut spoken) = (Vec::new(), Vec::new());
        for mouth in near.iter().filter(|m| !m.seen(span).is_empty()) {
            self.faces.entry(mouth.identity).or_default().add_all(mouth.within(span));
            seen.push(mouth.seen(span));
            mouth.spoken_spans(span, &mut spoken);
        }
        self.watched_s += measure(&union(seen)).secs();
        self.spoken_s += measure(&union(spoken)).secs();
    }

    /// Adds what a person decided, as a mouth that speaks all the time.
    fn told(&mut self, identity: IdentityId, span: Span) {
        let frames = u32::try_from(span.len().0 / MouthScores::STEP.0).unwrap_or(u32::MAX);
        let sum = self.faces.entry(identity).or_default();
        sum.seen = sum.seen.saturating_add(frames);
        sum.speaking = sum.speaking.saturating_add(frames);
        sum.strength += f64::from(frames);
        sum.total += f64::from(frames);
        self.watched_s += span.len().secs();
        self.spoken_s += span.len().secs();
    }

    pub(super) fn strength(&self) -> f64 {
        self.faces.values().map(|f| f.strength).sum()
    }
}
