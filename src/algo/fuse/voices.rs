//! Whose a voice is.

use super::evidence::VoiceSum;
use super::timeline::{Timeline, common};
use super::{Params, Scene};
use crate::domain::{IdentityId, MediaTime, SpeakerId};
use std::collections::BTreeMap;

/// Somebody whose voice it could be, and what speaks for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    pub identity: IdentityId,
    /// Share of what all mouths say for themselves while only this voice speaks, `0..=1`.
    pub share: f32,
    /// Seconds of it in which this mouth speaks.
    pub seconds: f32,
    /// Belief, `0..=1`.
    pub confidence: f32,
}

/// Two voices that seem to be one person's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoiceMerge {
    /// The one that speaks longer.
    pub into: SpeakerId,
    pub from: SpeakerId,
    /// Whose both are.
    pub identity: IdentityId,
    /// The lower belief of the two, `0..=1`.
    pub confidence: f32,
}

/// What is known of one voice.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Voice {
    /// Best first.
    pub(super) candidates: Vec<Candidate>,
    pub(super) owner: Option<Owner>,
    pub(super) narrator: bool,
}

/// Whose a voice is taken to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Owner {
    pub identity: IdentityId,
    /// Belief, `0..=1`.
    pub confidence: f32,
    /// Somebody said so.
    pub decided: bool,
}

impl Voice {
    /// Judges one voice: what a person said stands before what mouths say, and that before the sound of the voice.
    pub(super) fn new(params: &Params, scene: &Scene<'_>, speaker: SpeakerId, sum: &VoiceSum) -> Self {
        let strength = sum.strength();
        let mut candidates: Vec<Candidate> = sum
            .faces
            .iter()
            .filter(|(_, face)| face.strength > 0.0)
            .map(|(identity, face)| {
                let share = face.strength / strength;
                let confidence = narrow(share * sureness(params, face.seconds()));
                Candidate { identity: *identity, share: narrow(share), seconds: narrow(face.seconds()), confidence }
            })
            .collect();
        candidates.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.identity.cmp(&b.identity)));
        let decided = scene.decided.speakers.get(&speaker).copied();
        let narrator = decided.is_none()
            && sum.watched_s >= f64::from(params.narrator_min_s)
            && sum.spoken_s < f64::from(params.narrator_max_share) * sum.watched_s;
        let heard = scene.recognised.get(&speaker).map(|(identity, confidence)| (*identity, *confidence));
        let best = candidates.first().filter(|c| {
            let loud = sum.faces.get(&c.identity).is_some_and(|f| f.loudness() >= f64::from(params.min_score));
            !narrator && loud && c.seconds >= params.voice_min_s && c.share >= params.voice_min_share
        });
        let owner = match (decided, best, heard) {
            (Some(identity), ..) => identity.map(|identity| Owner { identity, confidence: 1.0, decided: true }),
            (None, Some(c), Some((identity, belief))) if c.identity == identity => {
                Some(Owner { identity, confidence: 1.0 - (1.0 - c.confidence) * (1.0 - belief), decided: false })
            }
            (None, Some(c), _) => Some(Owner { identity: c.identity, confidence: c.confidence, decided: false }),
            (None, None, Some((identity, confidence))) => Some(Owner { identity, confidence, decided: false }),
            (None, None, None) => None,
        };
        Self { candidates, owner, narrator }
    }

    /// Returns a face's share of the voice's evidence, `0..=1`.
    pub(super) fn share(&self, identity: IdentityId) -> f32 {
        self.candidates.iter().find(|c| c.identity == identity).map_or(0.0, |c| c.share)
    }
}

/// Grows with the seconds of evidence from 0 to 1.
pub(super) fn sureness(params: &Params, seconds: f64) -> f64 {
    let half = f64::from(params.half_belief_s);
    if seconds > 0.0 { seconds / (seconds + half) } else { 0.0 }
}

/// Pairs voices of one owner, unless both are heard at once for longer than a diariser errs.
pub(super) fn merges(params: &Params, timeline: &Timeline, voices: &BTreeMap<SpeakerId, Voice>) -> Vec<VoiceMerge> {
    let mut by_owner: BTreeMap<IdentityId, Vec<(SpeakerId, Owner)>> = BTreeMap::new();
    for (speaker, voice) in voices {
        if let Some(owner) = voice.owner {
            by_owner.entry(owner.identity).or_default().push((*speaker, owner));
        }
    }
    by_owner.retain(|_, voices| voices.len() > 1);
    if by_owner.is_empty() {
        return Vec::new();
    }
    let mut speech: BTreeMap<SpeakerId, MediaTime> = BTreeMap::new();
    let mut at_once: BTreeMap<(SpeakerId, SpeakerId), MediaTime> = BTreeMap::new();
    for (i, turn) in timeline.turns().iter().enumerate() {
        let spoken = speech.entry(turn.speaker).or_default();
        *spoken = *spoken + turn.span.len();
        for other in timeline.others(i).map(|j| &timeline.turns()[j]).filter(|o| o.speaker > turn.speaker) {
            let both = at_once.entry((turn.speaker, other.speaker)).or_default();
            *both = *both + common(turn.span, other.span).len();
        }
    }
    let most = MediaTime::from_secs(f64::from(params.merge_max_overlap_s));
    let mut found = Vec::new();
    for (identity, mut voices) in by_owner {
        voices.sort_by_key(|(speaker, _)| (std::cmp::Reverse(speech.get(speaker).copied()), *speaker));
        let (into, kept) = voices[0];
        for (from, owner) in &voices[1..] {
            let pair = (into.min(*from), into.max(*from));
            // What a person said of both needs no proposal.
            if kept.decided && owner.decided || at_once.get(&pair).is_some_and(|t| *t > most) {
                continue;
            }
            found.push(VoiceMerge { into, from: *from, identity, confidence: kept.confidence.min(owner.confidence) });
        }
    }
    found.sort_by_key(|m| (m.into, m.from));
    found
}

#[expect(clippy::cast_possible_truncation, reason = "evidence needs no more than f32")]
pub(super) fn narrow(value: f64) -> f32 {
    value as f32
}
