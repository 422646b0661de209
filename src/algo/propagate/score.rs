//! How like somebody a track is, and what that is worth.

use crate::algo::cluster::{Mean, likeness};
use crate::algo::mean_of_nearest;
use crate::domain::{CosineMap, TrackId};
use serde::{Deserialize, Serialize};

/// Holds the numbers of propagating; `config/recognition.toml` gives their units and reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Tracks of somebody whose likeness is averaged: those nearest to what is compared.
    pub nearest: usize,
    /// Tracks that somebody is known by at most, the best first.
    pub known_by: usize,
    pub middle: f32,
    pub width: f32,
    pub margin: f32,
    pub margin_width: f32,
    /// Quality of the best face, on either side, below which belief shrinks with it.
    pub sure_quality: f32,
    pub sure: f32,
    pub least: f32,
}

impl Params {
    /// Returns the same for an embedder with other cosines.
    #[must_use]
    pub fn in_cosines(&self, map: &CosineMap) -> Self {
        Self {
            middle: map.cosine(self.middle),
            width: map.difference(self.width),
            margin: map.difference(self.margin),
            margin_width: map.difference(self.margin_width),
            ..self.clone()
        }
    }

    /// Returns the belief that a track is somebody's, `0..=1`: that of its likeness to them, times that of its lead over whoever is next.
    ///
    /// `quality` is that of the worse side's best face: faces that are blurred or dark resemble one another, whoever they are.
    #[must_use]
    pub fn belief(&self, own: f32, next: Option<f32>, quality: f32) -> f32 {
        let leads = next.map_or(1.0, |next| logistic((own - next - self.margin) / self.margin_width));
        logistic((own - self.middle) / self.width) * leads * (quality / self.sure_quality).min(1.0)
    }
}

fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// What somebody is known by.
#[derive(Debug, Clone)]
pub(super) struct Known<'a> {
    mean: Mean,
    /// That of their best face.
    pub(super) quality: f32,
    /// The best of their tracks.
    tracks: Vec<(TrackId, &'a Mean)>,
}

/// How like somebody a track is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Like {
    /// Cosine on the scale of single faces, `-1..=1`.
    pub(super) likeness: f32,
    /// Their track that it is most like.
    pub(super) nearest: TrackId,
}

impl<'a> Known<'a> {
    /// Takes tracks with their quality; `None` where no face of them has a vector.
    pub(super) fn of(params: &Params, tracks: impl Iterator<Item = (TrackId, &'a Mean, f32)>) -> Option<Self> {
        let mut tracks: Vec<(TrackId, &'a Mean, f32)> = tracks.collect();
        let mean = Mean::of_means(tracks.iter().map(|t| t.1))?;
        tracks.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
        tracks.truncate(params.known_by.max(1));
        let quality = tracks.first()?.2;
        Some(Self { mean, quality, tracks: tracks.into_iter().map(|(id, mean, _)| (id, mean)).collect() })
    }

    /// Returns the same without one of their tracks; `None` where nothing is left.
    pub(super) fn without(&self, track: TrackId) -> Option<Self> {
        let tracks: Vec<_> = self.tracks.iter().copied().filter(|(id, _)| *id != track).collect();
        // Of more tracks than they are known by, one more or less moves the mean by nothing that counts.
        let mean = Mean::of_means(tracks.iter().map(|t| t.1))?;
        Some(Self { mean, quality: self.quality, tracks })
    }

    /// Returns how like their mean a track is.
    pub(super) fn roughly(&self, strangers: f32, track: &Mean) -> f32 {
        likeness(strangers, &self.mean, track).unwrap_or(-1.0)
    }

    /// Returns how like them a track is: midway between their mean and those of their tracks that it is nearest to.
    pub(super) fn like(&self, params: &Params, strangers: f32, track: &Mean) -> Option<Like> {
        let near: Vec<(f32, TrackId)> =
            self.tracks.iter().filter_map(|(id, mean)| Some((likeness(strangers, mean, track)?, *id))).collect();
        let nearest = mean_of_nearest(near.iter().map(|n| n.0), params.nearest)?;
        let first = near.iter().max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))?.1;
        Some(Like { likeness: f32::midpoint(self.roughly(strangers, track), nearest), nearest: first })
    }
}
