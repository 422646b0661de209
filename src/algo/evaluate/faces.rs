//! Compares faces picture by picture.

use super::{Params, Run, Truth, TruthFace};
use crate::algo::quality::pose;
use crate::algo::track::matching;
use crate::domain::{Detection, Face, Fate, FrameTime, IdentityId, TrackId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How well faces were found and tracked; absent figures mean that the truth has no boxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaceScore {
    /// Pictures that were compared.
    pub pictures: u64,
    /// True faces on them that count.
    pub faces: u64,
    /// Share of them that some detection lies on, dropped ones included, `0..=1`.
    pub recall_detected: Option<f64>,
    /// Share of them that a track lies on.
    pub recall_tracked: Option<f64>,
    /// Tracked boxes on no true face.
    pub false_boxes: u64,
    pub boxes: u64,
    /// Tracks of the run for each unbroken true face; 1 is best.
    pub fragmentation: Option<f64>,
    /// How often a true face goes from one track to another.
    pub id_switches: u64,
}

/// One true face and what the run says of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting {
    pub(super) frame: u64,
    pub(super) face: TruthFace,
    pub(super) counts: bool,
    pub(super) found: Option<Fate>,
    /// What was found is in profile.
    pub(super) is_profile: bool,
}

/// What comparing the pictures gave.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pictures: u64,
    /// By picture.
    sightings: Vec<Sighting>,
    boxes: u64,
    /// Tracked boxes on no true face, by track.
    pub(super) false_boxes: BTreeMap<TrackId, u64>,
}

impl Seen {
    /// Returns, for each cluster, how many of its boxes lie on each person's faces.
    pub(super) fn boxes_by_person(&self, clusters: &BTreeMap<TrackId, IdentityId>) -> BTreeMap<IdentityId, BTreeMap<usize, u64>> {
        let mut out: BTreeMap<IdentityId, BTreeMap<usize, u64>> = BTreeMap::new();
        for s in &self.sightings {
            if let Some(Fate::Tracked(track)) = s.found
                && let Some(cluster) = clusters.get(&track)
            {
                *out.entry(*cluster).or_default().entry(s.face.person).or_default() += 1;
            }
        }
        out
    }

    pub(super) fn sightings(&self) -> impl Iterator<Item = &Sighting> {
        self.sightings.iter()
    }

    /// Returns the people of whom a face that counts lies on a compared picture.
    pub(super) fn people(&self) -> BTreeSet<usize> {
        self.sightings.iter().filter(|s| s.counts).map(|s| s.face.person).collect()
    }
}

/// Looks at every picture that was analysed and that the truth knows.
pub(super) fn look(params: &Params, truth: &Truth, run: &Run) -> Seen {
    let mut by_frame: BTreeMap<u64, Vec<&Face>> = BTreeMap::new();
    for face in run.faces {
        by_frame.entry(face.at.frame).or_default().push(face);
    }
    let analysed: BTreeSet<FrameTime> = run.analysed.iter().copied().collect();
    let mut seen = Seen::default();
    for frame in analysed.into_iter().map(|a| a.frame) {
        let Some(known) = truth.faces.get(&frame) else { continue };
        seen.pictures += 1;
        let found = by_frame.get(&frame).map_or(&[][..], Vec::as_slice);
        let pairs = matching(known.len(), found.len(), 1.0, |k, f| cost(params, &known[k], &found[f].detection, found[f].fate));
        for (k, face) in known.iter().enumerate() {
            let met = pairs.pairs.iter().find(|p| p.0 == k).map(|p| found[p.1]);
            let turned = met.and_then(|f| f.detection.landmarks.as_ref()).and_then(pose).map_or(0.0, |p| p.yaw.abs());
            let is_profile = turned >= params.profile_degrees;
            let met = met.map(|f| f.fate);
            let counts = face.inside >= params.min_share_inside && face.weight >= params.min_weight;
            seen.sightings.push(Sighting { frame, face: *face, counts, found: met, is_profile });
        }
        for fate in found.iter().map(|f| f.fate) {
            seen.boxes += u64::from(matches!(fate, Fate::Tracked(_)));
        }
        for f in pairs.columns_left {
            if let Fate::Tracked(track) = found[f].fate {
                *seen.false_boxes.entry(track).or_default() += 1;
            }
        }
    }
    seen
}

/// Returns what it costs to take a box for a true face: tracked ones and true overlaps come first.
fn cost(params: &Params, face: &TruthFace, found: &Detection, fate: Fate) -> f32 {
    let (iou, centre) = (face.bbox.iou(&found.bbox), found.bbox.center());
    let b = face.bbox;
    let inside = b.x1 <= centre.x && centre.x <= b.x2 && b.y1 <= centre.y && centre.y <= b.y2;
    let place = if iou >= params.min_iou {
        0.8 * (1.0 - iou)
    } else if inside {
        0.85
    } else {
        return f32::INFINITY;
    };
    place + if matches!(fate, Fate::Tracked(_)) { 0.0 } else { 0.1 }
}

pub(super) fn score(truth: &Truth, seen: &Seen) -> FaceScore {
    let counting: Vec<&Sighting> = seen.sightings.iter().filter(|s| s.counts).collect();
    let share = |hit: fn(&Sighting) -> bool| {
        let hits = counting.iter().filter(|s| hit(s)).count() as f64;
        (!counting.is_empty()).then(|| hits / counting.len() as f64)
    };
    let mut stretches: Vec<Vec<TrackId>> = vec![Vec::new(); truth.tracks];
    for s in &seen.sightings {
        if let Some(Fate::Tracked(track)) = s.found {
            stretches[s.face.track].push(track);
        }
    }
    let tracks: usize = stretches.iter().map(|t| t.iter().collect::<BTreeSet<_>>().len()).sum();
    let met = stretches.iter().filter(|t| !t.is_empty()).count();
    FaceScore {
        pictures: seen.pictures,
        faces: counting.len() as u64,
        recall_detected: share(|s| s.found.is_some()),
        recall_tracked: share(|s| matches!(s.found, Some(Fate::Tracked(_)))),
        false_boxes: seen.false_boxes.values().sum(),
        boxes: seen.boxes,
        fragmentation: (met > 0).then(|| tracks as f64 / met as f64),
        id_switches: stretches.iter().map(|t| t.windows(2).filter(|w| w[0] != w[1]).count() as u64).sum(),
    }
}
