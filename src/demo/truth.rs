//! What is true of the episode, in the form that `eval` reads.

use super::cast::CAST;
use super::episode::Episode;
use super::script::{self, FPS};
use crate::domain::{BBox, Size};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What is true of an episode: every face of every picture, shots, speech, seconds.
#[derive(Debug, Serialize)]
pub struct EpisodeTruth {
    pub fps: u32,
    pub width: u32,
    pub height: u32,
    pub n_frames: u32,
    pub shots: Vec<Shot>,
    pub tracks: Vec<Track>,
    pub speech: Vec<Speech>,
    pub totals: BTreeMap<&'static str, Total>,
}

/// A shot: from `start_frame` to before `end_frame`.
#[derive(Debug, Serialize)]
pub struct Shot {
    pub start_frame: u32,
    pub end_frame: u32,
    pub transition_in: &'static str,
    /// Pictures of the dissolve into it, with `start_frame` in the middle; 0 for a cut.
    pub transition_frames: u32,
    pub identities: Vec<&'static str>,
}

/// A face over one shot; all lists are equally long.
#[derive(Debug, Serialize)]
pub struct Track {
    pub identity: &'static str,
    pub shot: usize,
    pub frames: Vec<u32>,
    /// `x1, y1, x2, y2`, pixels.
    pub boxes: Vec<[f32; 4]>,
    /// Share inside the picture.
    pub visible: Vec<f32>,
    /// Weight in a dissolve.
    pub alpha: Vec<f32>,
}

/// Somebody speaks; seconds.
#[derive(Debug, Serialize)]
pub struct Speech {
    pub identity: &'static str,
    pub start: f64,
    pub end: f64,
}

/// Seconds of one person: seen (half of the face inside, half of its weight), speaking, both at once.
#[derive(Debug, Default, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of truth files")]
pub struct Total {
    pub visual_s: f64,
    pub speaking_s: f64,
    pub both_s: f64,
}

impl Episode {
    /// Returns what is true of the episode.
    #[must_use]
    pub fn truth(&self) -> EpisodeTruth {
        let Size { width, height } = self.size();
        let tracks = self.tracks();
        EpisodeTruth {
            fps: FPS,
            width,
            height,
            n_frames: script::length(),
            shots: script::shots().enumerate().map(|(n, (start, shot))| truth_of(n, start, shot)).collect(),
            totals: self.totals(&tracks),
            speech: self
                .speeches()
                .iter()
                .map(|(who, s)| Speech { identity: CAST[*who].name, start: milli(s.start), end: milli(s.end) })
                .collect(),
            tracks,
        }
    }

    fn tracks(&self) -> Vec<Track> {
        let mut tracks: BTreeMap<(usize, usize), Track> = BTreeMap::new();
        for n in 0..script::length() {
            for seen in self.seen(n) {
                let track = tracks.entry((seen.shot, seen.who)).or_insert_with(|| Track {
                    identity: CAST[seen.who].name,
                    shot: seen.shot,
                    frames: vec![],
                    boxes: vec![],
                    visible: vec![],
                    alpha: vec![],
                });
                let BBox { x1, y1, x2, y2 } = seen.face;
                track.frames.push(n);
                track.boxes.push([x1, y1, x2, y2].map(|v| (v * 10.0).round() / 10.0));
                track.visible.push(seen.face.share_inside(self.size()));
                track.alpha.push(seen.weight);
            }
        }
        tracks.into_values().collect()
    }

    fn totals(&self, tracks: &[Track]) -> BTreeMap<&'static str, Total> {
        let mut out: BTreeMap<&str, Total> = CAST.iter().map(|p| (p.name, Total::default())).collect();
        for (name, total) in &mut out {
            let mut pictures = BTreeSet::new();
            for t in tracks.iter().filter(|t| t.identity == *name) {
                let counts = t.visible.iter().zip(&t.alpha).map(|(inside, weight)| *inside >= 0.5 && *weight >= 0.5);
                pictures.extend(t.frames.iter().zip(counts).filter(|(_, counts)| *counts).map(|(n, _)| *n));
            }
            let picture = 1.0 / f64::from(FPS);
            total.visual_s = pictures.len() as f64 * picture;
            for (_, s) in self.speeches().iter().filter(|(who, _)| CAST[*who].name == *name) {
                let (start, end) = (milli(s.start), milli(s.end));
                total.speaking_s += end - start;
                let overlap = |n: &u32| {
                    let at = f64::from(*n) * picture;
                    (end.min(at + picture) - start.max(at)).max(0.0)
                };
                total.both_s += pictures.iter().map(overlap).sum::<f64>();
            }
        }
        out
    }
}

fn truth_of(n: usize, start: u32, shot: &script::Shot) -> Shot {
    Shot {
        start_frame: start,
        end_frame: start + shot.length,
        transition_in: match (n, shot.dissolve) {
            (0, _) => "start",
            (_, 0) => "cut",
            _ => "dissolve",
        },
        transition_frames: shot.dissolve,
        identities: shot.spots.iter().map(|s| CAST[s.who].name).collect(),
    }
}

/// Rounds seconds to thousandths.
fn milli(t: f32) -> f64 {
    (f64::from(t) * 1000.0).round() / 1000.0
}
