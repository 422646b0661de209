//! What decides about references.

use crate::domain::CosineMap;
use serde::{Deserialize, Serialize};

/// Holds the numbers of enrolment; `config/recognition.toml` gives their units and reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Distance between the eyes, were the face frontal, in pixels of the picture.
    pub min_eye_px: f32,
    /// Least parts of quality, `0..=1`.
    pub min_sharpness: f32,
    /// Share of the variance that is detail, of faces from pictures.
    pub min_detail: f32,
    pub min_frontality: f32,
    pub min_light: f32,
    pub min_visibility: f32,
    /// How many times larger than every other face of a picture one must be to be meant without asking.
    pub clearly_larger: f32,
    /// References of a person that one is compared with: the nearest ones, their cosines' mean.
    pub nearest: usize,
    /// What a person's only reference is taken to be like, cosine.
    pub alone_cosine: f32,
    /// Cosine to the own person below which a reference is like none of the others.
    pub unlike_cosine: f32,
    /// Cosine from which two references are nearly the same picture.
    pub copy_cosine: f32,
    /// References taken at once from an episode.
    pub most_at_once: usize,
    /// References of one person that are promoted from episodes in all.
    pub most_a_person: usize,
}

impl Params {
    /// Returns the same for an embedder with other cosines.
    #[must_use]
    pub fn in_cosines(&self, map: &CosineMap) -> Self {
        Self {
            alone_cosine: map.cosine(self.alone_cosine),
            unlike_cosine: map.cosine(self.unlike_cosine),
            copy_cosine: map.cosine(self.copy_cosine).min(HIGHEST),
            ..self.clone()
        }
    }
}

/// A straight line through two low marks leads above what cosines can be: from here on two vectors are of one picture with any embedder.
const HIGHEST: f32 = 0.995;
