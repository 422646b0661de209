//! How sure it is that a face is somebody's.

use crate::domain::CosineMap;
use serde::{Deserialize, Serialize};

/// Holds the numbers of recognition; `config/recognition.toml` gives their units and reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub enabled: bool,
    pub nearest: usize,
    pub similarity_th: f32,
    pub hysteresis: f32,
    pub belief: Belief,
}

impl Params {
    /// Returns the same for an embedder with other cosines.
    #[must_use]
    pub fn in_cosines(&self, map: &CosineMap) -> Self {
        Self { belief: self.belief.in_cosines(map), ..self.clone() }
    }
}

/// What is known of a face and the person it is most like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Mean cosine to the nearest references of the person, `-1..=1`.
    pub similarity: f32,
    /// By how much that is more than of anybody else it could be, or than strangers have.
    pub margin: f32,
    /// How usable the face is, `0..=1`.
    pub quality: f32,
    /// How many references the person has, 1 or more.
    pub references: usize,
}

impl Evidence {
    /// Returns what the weights of [`Belief`] are for: 1, similarity, margin, quality, logarithm of the number of references.
    pub(super) fn features(self) -> [f64; 5] {
        let references = f64::from(u32::try_from(self.references.max(1)).unwrap_or(u32::MAX)).ln();
        [1.0, f64::from(self.similarity), f64::from(self.margin), f64::from(self.quality), references]
    }
}

/// A logistic curve over [`Evidence`]; its weights come from [`super::calibrate`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Belief {
    pub bias: f64,
    /// For a cosine of 1, as is the next.
    pub similarity: f64,
    pub margin: f64,
    pub quality: f64,
    /// For e times as many references.
    pub references: f64,
}

impl Belief {
    /// Returns the belief that the face is that person's, `0..=1`.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a probability")]
    pub fn of(&self, evidence: Evidence) -> f32 {
        let sum: f64 = self.weights().iter().zip(evidence.features()).map(|(w, x)| w * x).sum();
        (1.0 / (1.0 + (-sum).exp())) as f32
    }

    pub(super) fn weights(&self) -> [f64; 5] {
        [self.bias, self.similarity, self.margin, self.quality, self.references]
    }

    pub(super) fn from_weights([bias, similarity, margin, quality, references]: [f64; 5]) -> Self {
        Self { bias, similarity, margin, quality, references }
    }

    /// Returns the same for cosines that `map` leads to: they lie along a straight line over those that the weights were made for.
    fn in_cosines(&self, map: &CosineMap) -> Self {
        let (slope, start) = (f64::from(map.difference(1.0)), f64::from(map.cosine(0.0)));
        let similarity = self.similarity / slope;
        Self { bias: self.bias - similarity * start, similarity, margin: self.margin / slope, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CosineScale;

    const BELIEF: Belief = Belief { bias: -9.0, similarity: 15.0, margin: 20.0, quality: 1.0, references: 0.2 };

    fn evidence(similarity: f32, margin: f32) -> Evidence {
        Evidence { similarity, margin, quality: 0.5, references: 3 }
    }

    #[test]
    fn belief_rises_with_likeness_and_with_the_lead_over_the_next() {
        assert!(BELIEF.of(evidence(0.6, 0.4)) > 0.99);
        assert!(BELIEF.of(evidence(0.25, 0.05)) < 0.05);
        assert!(BELIEF.of(evidence(0.4, 0.02)) < BELIEF.of(evidence(0.4, 0.2)));
        assert!(BELIEF.of(evidence(-1.0, -2.0)) >= 0.0);
    }

    #[test]
    fn weights_say_the_same_in_the_cosines_of_another_embedder() {
        let map = CosineMap::new(CosineScale { different: 0.27, same: 0.40 }, CosineScale { different: 0.906, same: 0.941 });
        let there = BELIEF.in_cosines(&map);
        for (similarity, margin) in [(0.6, 0.4), (0.35, 0.1), (0.2, 0.0)] {
            let (here, away) =
                (BELIEF.of(evidence(similarity, margin)), evidence(map.cosine(similarity), map.difference(margin)));
            assert!((here - there.of(away)).abs() < 1e-3, "{here} {}", there.of(away));
        }
    }
}
