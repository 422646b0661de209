//! The kept crops of a run by track, page by page.

use super::doubt::{Doubt, of_picture};
use crate::config::DoubtParams;
use crate::domain::{Badges, CropInfo, CropKey, Detection, FrameTime, Look, Quality, TrackId, TrackParts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One crop as a filmstrip shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct CropRow {
    /// Names its pictures, which are stored under the tracklet that it was measured in.
    pub key: CropKey,
    /// The track that it is in now.
    pub track: TrackId,
    pub at: FrameTime,
    pub detection: Detection,
    pub quality: Quality,
    pub badges: Badges,
    pub doubts: Vec<Doubt>,
}

/// Where a page ended. It holds when the track is cut or joined meanwhile: the next page begins at the first crop after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CropCursor {
    frame: u64,
    tracklet: TrackId,
}

/// Some crops of a track, in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct CropPage {
    pub rows: Vec<CropRow>,
    /// Absent on the last page.
    pub next: Option<CropCursor>,
    /// All kept crops of the track, those that were passed over included.
    pub total: u64,
}

/// All crops of a run without their pictures, by tracklet, then picture.
#[derive(Debug, Default)]
pub(super) struct Crops(BTreeMap<TrackId, Vec<CropInfo>>);

impl Crops {
    pub(super) fn new(crops: Vec<CropInfo>) -> Self {
        let mut by_tracklet: BTreeMap<TrackId, Vec<CropInfo>> = BTreeMap::new();
        for crop in crops {
            by_tracklet.entry(crop.track).or_default().push(crop);
        }
        for crops in by_tracklet.values_mut() {
            crops.sort_unstable_by_key(|c| c.at.frame);
            crops.shrink_to_fit();
        }
        Self(by_tracklet)
    }

    /// Returns the crops of a track of these parts, in order of time.
    pub(super) fn of(&self, parts: &TrackParts) -> Vec<&CropInfo> {
        let mut all: Vec<&CropInfo> = Vec::new();
        for part in &parts.0 {
            let crops = self.0.get(&part.tracklet).map(Vec::as_slice).unwrap_or_default();
            let from = crops.partition_point(|c| c.at.frame < part.from);
            let to = crops.partition_point(|c| c.at.frame < part.to);
            all.extend(crops.get(from..to).unwrap_or_default());
        }
        if parts.0.len() > 1 {
            all.sort_unstable_by_key(|c| (c.at.frame, c.track));
        }
        all
    }
}

/// What was measured of the crops of a run for their badges.
#[derive(Debug, Default)]
pub(super) struct Looks(Vec<(CropKey, Look)>);

impl Looks {
    pub(super) fn new(looks: BTreeMap<CropKey, Look>) -> Self {
        Self(looks.into_iter().collect())
    }

    pub(super) fn get(&self, crop: CropKey) -> Option<&Look> {
        self.0.binary_search_by_key(&crop, |(key, _)| *key).ok().and_then(|at| self.0.get(at)).map(|(_, look)| look)
    }
}

/// Returns the best of some crops, whose badges are `badges`: the highest quality that these leave, then the earliest.
pub(super) fn best<'a>(crops: &[&'a CropInfo], badges: &[Badges]) -> Option<&'a CropInfo> {
    let weighed = crops.iter().zip(badges).map(|(crop, badges)| (badges.weigh(&crop.quality).total, *crop));
    weighed.min_by(|a, b| b.0.total_cmp(&a.0).then(a.1.key().frame.cmp(&b.1.key().frame))).map(|(_, crop)| crop)
}

/// Returns every `every`-th of `crops`, which are those of `track`, after the cursor.
pub(super) fn page(
    crops: &[&CropInfo],
    track: TrackId,
    after: Option<CropCursor>,
    every: usize,
    limit: usize,
    params: &DoubtParams,
    badges: impl Fn(&CropInfo) -> Badges,
) -> CropPage {
    let (every, limit) = (every.max(1), limit.max(1));
    let cursor = |c: &CropInfo| CropCursor { frame: c.at.frame, tracklet: c.track };
    let key = |c: &CropInfo| (c.at.frame, c.track);
    let first = after.map_or(0, |after| {
        let at = crops.partition_point(|c| key(c) < (after.frame, after.tracklet));
        let is_there = crops.get(at).is_some_and(|c| cursor(c) == after);
        if is_there { at + every } else { at }
    });
    let shown: Vec<&CropInfo> = crops.iter().copied().skip(first).step_by(every).take(limit).collect();
    let is_more = first + every * limit < crops.len();
    let row = |c: &CropInfo| {
        let badges = badges(c);
        let doubts = of_picture(params, &c.quality, &badges).collect();
        CropRow { key: c.key(), track, at: c.at, detection: c.detection, quality: c.quality, badges, doubts }
    };
    CropPage {
        next: if is_more { shown.last().map(|c| cursor(c)) } else { None },
        rows: shown.into_iter().map(row).collect(),
        total: crops.len() as u64,
    }
}
