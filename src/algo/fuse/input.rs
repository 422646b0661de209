//! What fusion is given.

use crate::domain::{IdentityId, MediaTime, MouthScores, Span, SpeakerId, Turn, TurnId};
use std::collections::BTreeMap;

/// A stretch of mouth scores of one face. The caller says whose it is, so that cut, joined and reassigned tracks need no new scores; of two
/// identities of one person it names one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mouth<'a> {
    pub identity: IdentityId,
    /// Time of the first score.
    pub start: MediaTime,
    /// One each [`MouthScores::STEP`], as [`MouthScores::scores`].
    pub scores: &'a [f32],
}

impl<'a> Mouth<'a> {
    /// Takes the scores of a track that lie in `span`; `None` where there are none.
    #[must_use]
    pub fn of(mouth: &'a MouthScores, identity: IdentityId, span: Span) -> Option<Self> {
        let step = MouthScores::STEP.0;
        // The first score at or after a moment.
        let at = |t: MediaTime| {
            let steps = (t - mouth.start).0.saturating_add(step - 1).div_euclid(step).max(0);
            usize::try_from(steps).unwrap_or(usize::MAX).min(mouth.scores.len())
        };
        let (from, to) = (at(span.start()), at(span.end()));
        let scores = mouth.scores.get(from..to).filter(|s| !s.is_empty())?;
        let skipped = i64::try_from(from).ok()?.saturating_mul(step);
        Some(Self { identity, start: mouth.start + MediaTime(skipped), scores })
    }
}

/// What people decided of voices; it holds whatever the scores say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecidedVoices {
    /// Whose a voice is; `None` where it is nobody's whom one knows.
    pub speakers: BTreeMap<SpeakerId, Option<IdentityId>>,
    /// Whose a turn is, whosever its voice, likewise.
    pub turns: BTreeMap<TurnId, Option<IdentityId>>,
    /// Turns of which somebody said whether the mouth is in the picture.
    pub seen: BTreeMap<TurnId, bool>,
}

/// Everything that fusion looks at.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// In any order.
    pub turns: &'a [Turn],
    /// In any order.
    pub mouths: &'a [Mouth<'a>],
    /// The score above which a face speaks, of the model that made the scores.
    pub mark: f32,
    /// When each identity's face is in the picture: disjoint, ascending; also where it is too small for a score.
    pub seen: &'a BTreeMap<IdentityId, Vec<Span>>,
    pub decided: &'a DecidedVoices,
    /// Whose voices they are by their sound alone, with belief `0..=1`: from voice prints of people who are known.
    pub recognised: &'a BTreeMap<SpeakerId, (IdentityId, f32)>,
}
