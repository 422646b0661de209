//! Keeps the best crops of a track that differ from each other.

use crate::domain::{FrameTime, Quality};
use serde::{Deserialize, Serialize};

/// Holds the numbers of keeping; `config/recognition.toml` gives their units and reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CropParams {
    pub keep: usize,
    pub yaw_apart: f32,
    pub pitch_apart: f32,
    pub likeness_floor: f32,
    pub min_gain: f32,
}

/// One crop that was kept, with what the caller made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept<T> {
    pub at: FrameTime,
    pub quality: Quality,
    pub payload: T,
}

/// Keeps up to `keep` crops of one track while it goes on.
///
/// A crop is worth its quality times how unlike it is to the others kept: half for the stretch of time that it stands for, where
/// one `keep`-th of the track's span so far is all of it, half for the turn to the nearest view. When full, the least worthy
/// of kept ones and candidate goes, a kept one only for a gain of `min_gain`. Offers come in order of time; the same offers
/// keep the same crops. One offer costs `O(keep^2)`.
#[derive(Debug, Clone)]
pub struct BestCrops<T> {
    params: CropParams,
    kept: Vec<Kept<T>>,
    first: Option<FrameTime>,
}

impl<T> BestCrops<T> {
    /// Starts a track.
    #[must_use]
    pub fn new(params: CropParams) -> Self {
        Self { params, kept: Vec::new(), first: None }
    }

    /// Offers a crop; `make` runs only when it is kept, in place of another or in a free slot.
    pub fn offer(&mut self, at: FrameTime, quality: &Quality, make: impl FnOnce() -> T) {
        let first = *self.first.get_or_insert(at);
        if self.params.keep == 0 {
            return;
        }
        if self.kept.len() < self.params.keep {
            self.kept.push(Kept { at, quality: *quality, payload: make() });
            return;
        }
        let crops: Vec<(FrameTime, Quality)> = self.kept.iter().map(|k| (k.at, k.quality)).chain([(at, *quality)]).collect();
        let apart_s = (at.pts - first.pts).secs() / self.params.keep as f64;
        let worth: Vec<f32> = (0..crops.len()).map(|i| self.worth(&crops, i, apart_s)).collect();
        let candidate = worth[self.kept.len()];
        // Of equals the ends of the track stay.
        let least = (1..self.kept.len()).chain([0]).min_by(|a, b| worth[*a].total_cmp(&worth[*b]));
        if let Some(least) = least.filter(|l| candidate > worth[*l] * self.params.min_gain) {
            self.kept.remove(least);
            self.kept.push(Kept { at, quality: *quality, payload: make() });
        }
    }

    /// Returns the crops kept so far, by picture.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<Kept<T>> {
        self.kept.sort_by_key(|k| k.at);
        self.kept
    }

    /// Returns what crop `i` is worth among `crops`, which are in order of time.
    fn worth(&self, crops: &[(FrameTime, Quality)], i: usize, apart_s: f64) -> f32 {
        let (at, q) = &crops[i];
        let after = crops.get(i + 1).map(|c| (c.0.pts - at.pts).secs());
        let before = i.checked_sub(1).and_then(|b| crops.get(b)).map(|c| (at.pts - c.0.pts).secs());
        let stretch = match (before, after) {
            (Some(b), Some(a)) => f64::midpoint(b, a),
            (Some(t), None) | (None, Some(t)) => t,
            (None, None) => apart_s,
        };
        #[expect(clippy::cast_possible_truncation, reason = "at most 1")]
        let time = (stretch / apart_s.max(1e-9)).min(1.0) as f32;
        let turned =
            |o: &Quality| ((q.yaw - o.yaw) / self.params.yaw_apart).hypot((q.pitch - o.pitch) / self.params.pitch_apart).min(1.0);
        let view = crops.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, c)| turned(&c.1)).fold(1.0, f32::min);
        q.total * (self.params.likeness_floor + (1.0 - self.params.likeness_floor) * f32::midpoint(time, view))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::MediaTime;
    use proptest::prelude::*;

    fn params() -> CropParams {
        let table: toml::Table = toml::from_str(include_str!("../../../config/recognition.toml")).unwrap();
        table["crops"].clone().try_into().unwrap()
    }

    fn at(frame: u64) -> FrameTime {
        FrameTime { frame, pts: MediaTime(40_000 * i64::try_from(frame).unwrap()) }
    }

    fn quality(total: f32, yaw: f32) -> Quality {
        Quality { yaw, ..Quality::faultless(total) }
    }

    #[test]
    fn crops_of_an_even_track_are_spread_over_its_time() {
        let mut best = BestCrops::new(params());
        for f in 0..400 {
            best.offer(at(f), &quality(0.7, 0.0), || ());
        }
        let frames: Vec<u64> = best.into_vec().iter().map(|k| k.at.frame).collect();
        assert_eq!(frames.len(), 8);
        for quarter in 0..4 {
            assert!(frames.iter().any(|f| f / 100 == quarter), "{frames:?}");
        }
    }

    #[test]
    fn the_best_crop_is_always_kept() {
        let mut best = BestCrops::new(params());
        for f in 0..300 {
            best.offer(at(f), &quality(if f == 137 { 0.95 } else { 0.3 + 0.1 * (f as f32 * 0.7).sin() }, 0.0), || f);
        }
        assert!(best.into_vec().iter().any(|k| k.payload == 137));
    }

    #[test]
    fn another_view_is_kept_though_it_is_worse() {
        let mut best = BestCrops::new(params());
        for f in 0..200 {
            let turned = (50..60).contains(&f);
            best.offer(at(f), &quality(if turned { 0.5 } else { 0.8 }, if turned { 45.0 } else { 0.0 }), || ());
        }
        assert!(best.into_vec().iter().any(|k| k.quality.yaw > 40.0));
    }

    #[test]
    fn a_payload_is_made_only_when_it_is_kept() {
        let mut made = 0;
        let mut best = BestCrops::new(params());
        for f in 0..1000 {
            best.offer(at(f), &quality(0.7, 0.0), || made += 1);
        }
        assert!(made < 80, "{made} of 1000");
    }

    proptest! {
        #[test]
        fn never_more_than_asked_for_and_in_order(offers in prop::collection::vec((0f32..1.0, -90f32..90.0), 0..80), keep in 0usize..9) {
            let mut best = BestCrops::new(CropParams { keep, ..params() });
            for (f, (total, yaw)) in offers.iter().enumerate() {
                best.offer(at(f as u64), &quality(*total, *yaw), || f);
            }
            let kept = best.into_vec();
            prop_assert_eq!(kept.len(), offers.len().min(keep));
            for k in &kept {
                prop_assert_eq!(k.at.frame, k.payload as u64);
            }
            for w in kept.windows(2) {
                prop_assert!(w[0].at < w[1].at);
            }
        }
    }
}
