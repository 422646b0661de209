//! Lets looks take part in tracking.

use super::AppearanceParams;
use crate::domain::Embedding;

/// What a track remembers of a face: a moving mean of its vectors (StrongSORT, arXiv:2202.13514).
#[derive(Debug, Clone, Default)]
pub(super) struct Memory(Option<Embedding>);

impl Memory {
    /// Takes in the face that was met.
    pub(super) fn meet(&mut self, params: &AppearanceParams, seen: Option<&Embedding>) {
        let Some(seen) = seen else { return };
        self.0 = match self.0.take() {
            None => Some(seen.clone()),
            Some(old) => Embedding::mean([(&old, params.memory), (seen, 1.0 - params.memory)]).or(Some(old)),
        };
    }

    /// Returns the cosine to a face, `None` where one of them is unknown.
    pub(super) fn cosine(&self, seen: Option<&Embedding>) -> Option<f32> {
        self.0.as_ref()?.cosine(seen?)
    }
}

/// Returns the cost of a pair from its place and its looks, or infinity where looks forbid it.
///
/// BoT-SORT (arXiv:2206.14651), eq. 12 and 13: the less of `place` and half the cosine distance, where the latter takes part
/// only for boxes near each other (`distance`, 1 - IoU) and faces alike. Departs: faces that are clearly different are never
/// joined, because a face's vector says more than a body's.
pub(super) fn fused(params: &AppearanceParams, place: f32, distance: f32, cosine: Option<f32>) -> f32 {
    let Some(cosine) = cosine else { return place };
    if cosine < params.veto_cosine {
        return f32::INFINITY;
    }
    let looks = 1.0 - cosine;
    if distance <= params.proximity_thresh && looks <= params.appearance_thresh { place.min(looks / 2.0) } else { place }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> AppearanceParams {
        toml::from_str::<toml::Table>(include_str!("../../../config/tracking.toml")).unwrap()["track"]["appearance"]
            .clone()
            .try_into()
            .unwrap()
    }

    #[test]
    fn looks_help_near_faces_only_and_forbid_clearly_different_ones() {
        let p = params();
        assert!((fused(&p, 0.95, 0.8, Some(0.8)) - 0.1).abs() < 1e-6);
        assert!((fused(&p, 0.95, 0.99, Some(0.8)) - 0.95).abs() < 1e-6);
        assert!((fused(&p, 0.3, 0.2, Some(0.3)) - 0.3).abs() < 1e-6);
        assert!(fused(&p, 0.1, 0.1, Some(-0.2)).is_infinite());
        assert!((fused(&p, 0.1, 0.1, None) - 0.1).abs() < 1e-6);
    }
}
