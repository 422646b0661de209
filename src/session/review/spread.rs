//! How scores and sizes are spread over an episode: what stricter settings would leave out.

use super::Review;
use crate::domain::{BBox, Detection, Face, Fate, RunMeta, TrackId};
use crate::infer::Registry;
use crate::session::SessionError;
use std::collections::BTreeMap;

/// What a face must have to be detected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Lowest score, in hundredths: setting `detect.score`.
    pub score: u8,
    /// Shorter side of the box in pixels of the picture: setting `detect.min_face_px`.
    pub min_px: u16,
}

/// Some faces and tracks: those that limits would leave out, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lost {
    /// Faces of tracks.
    pub faces: u32,
    /// Tracks without any face left.
    pub tracks: u32,
}

/// The faces of an episode's tracks by score and size, summed up so that any limits are answered at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    /// For each score and size, how many faces have at least both, row by row.
    faces: Vec<i32>,
    /// Likewise, how many tracks have a face of at least both.
    tracks: Vec<i32>,
    lowest: u8,
}

const SCORES: usize = 101;

impl Limits {
    /// The largest size that can be asked for.
    pub const MOST_PX: u16 = 400;
    /// The highest score that can be asked for, in hundredths.
    pub const MOST_SCORE: u8 = 99;

    /// Returns what a run detected with; a score of 0 where it left that to a model that nobody knows.
    #[must_use]
    pub fn of_run(run: &RunMeta) -> Self {
        let detect = &run.params["detect"];
        let number = |key: &str| detect[key].as_f64().unwrap_or(0.0);
        let score = if number("score") > 0.0 { number("score") } else { own_score(&run.detector.id) };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let whole = |value: f64, most: u16| value.round().clamp(0.0, f64::from(most)) as u16;
        let score = u8::try_from(whole(score * 100.0, Self::MOST_SCORE.into())).unwrap_or(Self::MOST_SCORE);
        Self { score, min_px: whole(number("min_face_px"), Self::MOST_PX) }
    }

    /// Tells whether a face with these would be detected.
    #[must_use]
    pub fn keep(self, detection: &Detection) -> bool {
        detection.score >= threshold(self.score) && shorter_side(&detection.bbox) >= f32::from(self.min_px)
    }

    /// Counts one by one the faces of tracks that would be left out and the tracks that would have none left; and how many there are.
    #[must_use]
    pub fn lost(self, faces: &[Face]) -> (Lost, Lost) {
        let mut tracks: BTreeMap<TrackId, bool> = BTreeMap::new();
        let (mut lost, mut all) = (0, 0);
        for face in faces {
            let Fate::Tracked(track) = face.fate else { continue };
            let is_kept = self.keep(&face.detection);
            *tracks.entry(track).or_default() |= is_kept;
            lost += u32::from(!is_kept);
            all += 1;
        }
        let gone = tracks.values().filter(|kept| !**kept).count();
        (Lost { faces: lost, tracks: count(gone) }, Lost { faces: all, tracks: count(tracks.len()) })
    }
}

/// Returns the score that a model was published with; 0 for one that is not in the manifest.
fn own_score(model: &str) -> f64 {
    let score = |registry: &Registry| registry.entries().iter().find(|e| e.id == model)?.thresholds.as_ref()?.score;
    Registry::built_in().ok().and_then(|registry| score(&registry)).map_or(0.0, f64::from)
}

/// Returns the score that so many hundredths are read as.
fn threshold(hundredths: u8) -> f32 {
    f32::from(hundredths) / 100.0
}

fn shorter_side(bbox: &BBox) -> f32 {
    bbox.width().min(bbox.height())
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Review {
    /// Sums up the faces of the whole run, with tracks as they were measured; 300,000 of them take about as long as opening the episode.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn spread(&self) -> Result<Spread, SessionError> {
        let mut sums = Sums::default();
        for shot in self.store.all_faces(self.state.run.id)? {
            sums.add_shot(&shot?.1);
        }
        Ok(sums.finish())
    }
}

/// Counts by score and size, before they are summed up.
struct Sums {
    faces: Vec<i32>,
    tracks: Vec<i32>,
    lowest: u8,
}

impl Default for Sums {
    fn default() -> Self {
        let cells = SCORES * WIDTH;
        Self { faces: vec![0; cells], tracks: vec![0; cells], lowest: Limits::MOST_SCORE }
    }
}

const WIDTH: usize = Limits::MOST_PX as usize + 1;

impl Sums {
    /// Adds the faces of a shot. A track lies in one shot.
    fn add_shot(&mut self, faces: &[Face]) {
        let mut tracks: BTreeMap<TrackId, Vec<(u8, u16)>> = BTreeMap::new();
        for face in faces {
            let Fate::Tracked(track) = face.fate else { continue };
            let (score, px) = cell(&face.detection);
            self.faces[index(score, px)] += 1;
            self.lowest = self.lowest.min(score);
            tracks.entry(track).or_default().push((score, px));
        }
        for cells in tracks.into_values() {
            self.add_track(cells);
        }
    }

    /// Counts a track once wherever limits leave it a face.
    ///
    /// Those limits are a staircase: one rectangle from the corner for each face that no other beats in both. Each is counted, and
    /// what two neighbours share is taken off.
    fn add_track(&mut self, mut cells: Vec<(u8, u16)>) {
        cells.sort_unstable_by(|a, b| b.cmp(a));
        let mut last: Option<(u8, u16)> = None;
        for (score, px) in cells {
            match last {
                Some((_, wider)) if px <= wider => continue,
                Some((_, wider)) => self.tracks[index(score, wider)] -= 1,
                None => {}
            }
            self.tracks[index(score, px)] += 1;
            last = Some((score, px));
        }
    }

    fn finish(mut self) -> Spread {
        for table in [&mut self.faces, &mut self.tracks] {
            for row in table.chunks_exact_mut(WIDTH) {
                for px in (0..WIDTH - 1).rev() {
                    row[px] += row[px + 1];
                }
            }
            for at in (0..(SCORES - 1) * WIDTH).rev() {
                table[at] += table[at + WIDTH];
            }
        }
        Spread { faces: self.faces, tracks: self.tracks, lowest: self.lowest }
    }
}

impl Spread {
    /// Returns what limits would leave out; as [`Limits::lost`] over all faces, without looking at them.
    #[must_use]
    pub fn lost(&self, limits: Limits) -> Lost {
        let limits = Limits { score: limits.score.min(100), min_px: limits.min_px.min(Limits::MOST_PX) };
        let left = |table: &[i32]| table[0] - table[index(limits.score, limits.min_px)];
        Lost { faces: u32::try_from(left(&self.faces)).unwrap_or(0), tracks: u32::try_from(left(&self.tracks)).unwrap_or(0) }
    }

    /// Returns how many faces and tracks there are.
    #[must_use]
    pub fn all(&self) -> Lost {
        Lost { faces: u32::try_from(self.faces[0]).unwrap_or(0), tracks: u32::try_from(self.tracks[0]).unwrap_or(0) }
    }

    /// Returns the highest score, in hundredths, that leaves no face out.
    #[must_use]
    pub fn lowest_score(&self) -> u8 {
        self.lowest
    }
}

fn index(score: u8, px: u16) -> usize {
    usize::from(score) * WIDTH + usize::from(px)
}

/// Returns the strictest limits, one by one, that keep a detection.
fn cell(detection: &Detection) -> (u8, u16) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float to integer cast saturates")]
    let (near, px) = ((detection.score * 100.0) as u8, shorter_side(&detection.bbox) as u16);
    // Rounding may have come out on the wrong side of a hundredth.
    let mut score = near.saturating_add(1).min(100);
    while score > 0 && threshold(score) > detection.score {
        score -= 1;
    }
    (score, px.min(Limits::MOST_PX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DropReason, FrameTime, MediaTime};
    use proptest::prelude::*;

    fn face(track: Option<u32>, score: f32, side: f32) -> Face {
        let detection = Detection { bbox: BBox::new(3.0, 5.0, 3.0 + side, 6.0 + side), landmarks: None, score };
        let fate = track.map_or(Fate::Dropped(DropReason::LowScore), |t| Fate::Tracked(TrackId(t)));
        Face { at: FrameTime { frame: 0, pts: MediaTime::ZERO }, detection, fate, denied: false }
    }

    proptest! {
        #[test]
        fn what_is_summed_up_is_what_is_counted_one_by_one(
            shots in prop::collection::vec(prop::collection::vec((0u32..6, 0.0f32..=1.0, 0.0f32..500.0), 0..40), 0..4),
            limits in prop::collection::vec((0u8..=99, 0u16..=400), 1..20),
        ) {
            let mut sums = Sums::default();
            let mut all = Vec::new();
            for (n, shot) in (0u32..).zip(&shots) {
                // Track 5 stands for none; the tracks of another shot are others.
                let faces: Vec<Face> =
                    shot.iter().map(|(t, score, side)| face((*t < 5).then_some(10 * n + t), *score, *side)).collect();
                sums.add_shot(&faces);
                all.extend(faces);
            }
            let spread = sums.finish();
            for (score, min_px) in limits {
                let limits = Limits { score, min_px };
                prop_assert_eq!((spread.lost(limits), spread.all()), limits.lost(&all), "{:?}", limits);
            }
            let lowest = Limits { score: spread.lowest_score(), min_px: 0 };
            prop_assert_eq!(spread.lost(lowest), Lost::default());
        }
    }

    #[test]
    fn a_score_that_is_the_limit_is_kept() {
        for hundredths in 0..=99u8 {
            let score: f32 = format!("{:.2}", f32::from(hundredths) / 100.0).parse().unwrap();
            let face = face(Some(1), score, 20.0);
            assert!(Limits { score: hundredths, min_px: 20 }.keep(&face.detection));
            assert_eq!(cell(&face.detection), (hundredths, 20));
        }
    }
}
