//! The picture at the cursor of the open episode: where it is, what was seen in it, and what stricter settings would leave of that.

use super::super::worker::Told;
use super::Desk;
use crate::domain::{Face, Fate, MediaTime, ShotId, Size, TrackId};
use crate::session::{FrameSource, FrameView, Limits, ShotFaces, Spread};
use std::sync::Arc;

/// The Detections tab.
#[derive(Debug)]
pub(crate) struct Film {
    pub source: FrameSource,
    /// The picture at the cursor.
    pub frame: u64,
    /// The face that is selected in it, and the track that the selection stays on from picture to picture.
    pub face: usize,
    pub follow: Option<TrackId>,
    /// What the run detected with, and what the sliders say.
    pub own: Limits,
    pub limits: Limits,
    pub slider: Slider,
    pub spread: Option<Arc<Spread>>,
    /// The detections of the shots looked at last, the newest last.
    pub shots: Vec<Arc<ShotFaces>>,
    /// What was asked for and did not come yet.
    pub asked: Option<ShotId>,
    pub asked_spread: bool,
    /// The pixels that the last picture was asked to fit in.
    pub within: Size,
    /// The picture decoded last.
    pub decoded: Option<Arc<FrameView>>,
    /// Why there are no pictures.
    pub trouble: Option<Told>,
    /// The picture that is painted, as it was when the keys rested.
    pub shown: Option<Shown>,
}

/// Which threshold `+` and `-` move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slider {
    Score,
    Size,
}

/// Which way a threshold moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Stricter,
    Looser,
}

/// A picture with what is drawn on it.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub view: Arc<FrameView>,
    pub boxes: Arc<Vec<Framed>>,
    /// Tells one set of boxes from another.
    pub look: u32,
}

/// One face as it is drawn on a picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Framed {
    pub face: Face,
    pub colour: [u8; 3],
    pub stroke: Stroke,
    pub is_selected: bool,
    /// Its number in the list beside, from 1.
    pub number: usize,
}

/// How a box is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stroke {
    Solid,
    /// Counts for nobody, or would be left out.
    Dashed,
    /// Not measured in this picture.
    Faint,
}

/// The faces of a picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Seen {
    /// They are being read.
    Unknown,
    Measured(Vec<Face>),
    /// The detector did not see this picture: where its tracks would be.
    Between(Vec<Face>),
}

impl Seen {
    pub(crate) fn faces(&self) -> &[Face] {
        match self {
            Self::Unknown => &[],
            Self::Measured(faces) | Self::Between(faces) => faces,
        }
    }
}

/// Shots whose detections are kept.
const SHOTS: usize = 8;

impl Film {
    pub(crate) fn new(source: FrameSource, own: Limits) -> Self {
        Self {
            source,
            frame: 0,
            face: 0,
            follow: None,
            own,
            limits: own,
            slider: Slider::Score,
            spread: None,
            shots: Vec::new(),
            asked: None,
            asked_spread: false,
            within: Size { width: 0, height: 0 },
            decoded: None,
            trouble: None,
            shown: None,
        }
    }

    /// Keeps the detections of a shot.
    pub(crate) fn take_shot(&mut self, shot: Arc<ShotFaces>) {
        self.asked = None;
        self.shots.retain(|other| other.shot.id != shot.shot.id);
        self.shots.push(shot);
        if self.shots.len() > SHOTS {
            self.shots.remove(0);
        }
    }

    /// Takes the spread; where the run left the score to the model, the slider begins where nothing is lost.
    pub(crate) fn take_spread(&mut self, spread: Arc<Spread>) {
        if self.own.score == 0 {
            self.own.score = spread.lowest_score();
            self.limits.score = self.limits.score.max(self.own.score);
        }
        self.spread = Some(spread);
    }

    /// Returns the detections of the shot at the cursor, where they are there.
    pub(crate) fn shot(&self) -> Option<&Arc<ShotFaces>> {
        self.shots.iter().find(|s| (s.shot.start_frame..s.shot.end_frame).contains(&self.frame))
    }

    pub(crate) fn seen(&self) -> Seen {
        let Some(shot) = self.shot() else { return Seen::Unknown };
        shot.of(self.frame).map_or_else(|| Seen::Between(shot.between(self.frame)), |faces| Seen::Measured(faces.to_vec()))
    }

    /// Returns which of these faces is selected.
    pub(crate) fn selected(&self, faces: &[Face]) -> usize {
        let followed = self.follow.and_then(|track| faces.iter().position(|f| f.fate == Fate::Tracked(track)));
        followed.unwrap_or(self.face.min(faces.len().saturating_sub(1)))
    }

    /// Selects a face, and its track in the pictures before and after.
    pub(crate) fn select(&mut self, at: usize, faces: &[Face]) {
        self.face = at;
        self.follow = faces.get(at).and_then(|f| if let Fate::Tracked(track) = f.fate { Some(track) } else { None });
    }

    /// Tells whether the sliders would leave a face out that counts now.
    pub(crate) fn drops(&self, face: &Face) -> bool {
        matches!(face.fate, Fate::Tracked(_)) && !self.limits.keep(&face.detection)
    }

    /// Returns the settings that the sliders stand for, as `--set` takes them; none where they stand where they were.
    pub(crate) fn settings(&self) -> Vec<String> {
        let score =
            (self.limits.score != self.own.score).then(|| format!("detect.score={:.2}", f64::from(self.limits.score) / 100.0));
        let size = (self.limits.min_px != self.own.min_px).then(|| format!("detect.min_face_px={}", self.limits.min_px));
        score.into_iter().chain(size).collect()
    }

    /// Puts a slider at a share of its length, `0..=1`, and makes it the active one.
    pub(crate) fn set(&mut self, slider: Slider, share: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small number")]
        let value = |most: u16| (share.clamp(0.0, 1.0) * f64::from(most)).round() as u16;
        self.slider = slider;
        match slider {
            Slider::Score => {
                let score = u8::try_from(value(Limits::MOST_SCORE.into())).unwrap_or(Limits::MOST_SCORE);
                self.limits.score = score.max(self.own.score);
            }
            Slider::Size => self.limits.min_px = value(Limits::MOST_PX).max(self.own.min_px),
        }
    }

    /// Moves the active slider by a step, no lower than what the run detected with: what it left out is not stored.
    pub(crate) fn slide(&mut self, way: Way) {
        let moved = |now: i32, step: i32, low: i32, high: i32| {
            // Onto the next whole step, so that odd numbers of a run do not stay odd.
            let next = if way == Way::Stricter { (now / step + 1) * step } else { (now + step - 1) / step * step - step };
            next.clamp(low, high)
        };
        match self.slider {
            Slider::Score => {
                let score = moved(i32::from(self.limits.score), 5, i32::from(self.own.score), i32::from(Limits::MOST_SCORE));
                self.limits.score = u8::try_from(score).unwrap_or(self.limits.score);
            }
            Slider::Size => {
                let px = moved(i32::from(self.limits.min_px), 4, i32::from(self.own.min_px), i32::from(Limits::MOST_PX));
                self.limits.min_px = u16::try_from(px).unwrap_or(self.limits.min_px);
            }
        }
    }
}

impl Desk {
    /// Returns when the picture at the cursor is shown, from the beginning of the episode.
    pub(crate) fn moment(&self) -> MediaTime {
        let film = &self.film;
        if let Some(view) = film.decoded.as_ref().filter(|view| view.at.frame == film.frame) {
            return view.at.pts - self.origin();
        }
        let pts = film.shot().map_or_else(|| self.snapshot.time_of(film.frame), |shot| shot.time(film.frame));
        pts - self.origin()
    }

    /// Returns the same as `--at` takes it.
    pub(crate) fn place(&self) -> String {
        self.since_start(self.moment() + self.origin())
    }

    /// Returns a moment as `--at` takes it.
    pub(crate) fn since_start(&self, at: MediaTime) -> String {
        let ms = ((at - self.origin()).0.max(0) + 500) / 1000;
        format!("{}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
    }

    /// Returns the time of the first picture.
    pub(crate) fn origin(&self) -> MediaTime {
        self.snapshot.shots.first().map_or(MediaTime::ZERO, |shot| shot.start)
    }
}
