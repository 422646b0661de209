//! The first stage: pictures and sound of the faces that are to be scored.

use super::{Event, Job, LinkPlan, Outline, Place};
use crate::algo::mouth::{CROP_SIDE, Grid, Region, Square, Stretch, Windows, grey_crop, stretches};
use crate::domain::{Affine, FrameTime, MediaTime, RunId, Shot, Size};
use crate::infer::{FaceClip, FaceSound};
use crate::media::audio::{RATE, Sound};
use crate::media::{Decoder, MediaError, Picture};
use crate::pipeline::error::PassError;
use crate::pipeline::flow::Flow;
use crate::pipeline::progress::{Progress, Stage};
use crate::store::EpisodeStore;
use crossbeam_channel::Sender;
use std::ops::Range;

#[expect(clippy::too_many_arguments, reason = "each is one thing that the stage needs, and it has one caller")]
pub(super) fn run(
    decoder: Decoder,
    sound: Sound,
    store: &EpisodeStore,
    run: RunId,
    plan: &LinkPlan<'_>,
    flow: &Flow<PassError>,
    progress: &Progress,
    to_score: &Sender<Job>,
    to_store: &Sender<Event>,
) -> Result<(), PassError> {
    let looked_at = store.mouths(run)?;
    let windows = Windows::new(plan.params);
    let mut film = Film { decoder, now: None, next: None, seek: MediaTime::from_secs(plan.params.seek_s) };
    let mut ear = Ear::new(sound);
    // Pictures whose numbers and times are known, and from which a seek can begin: of this shot and the last.
    let mut known: Vec<FrameTime> = Vec::new();
    for shot in store.shots(run)? {
        let analysed = store.analysed(run, shot.id)?;
        known.retain(|k| k.frame < shot.start_frame);
        known = known.split_off(known.len().saturating_sub(1));
        known.extend(&analysed);
        if looked_at.contains_key(&shot.id) {
            continue;
        }
        let found = stretches(plan.params, plan.grid, &shot, &analysed, &store.faces(run, shot.id)?, plan.turns);
        let outlines: Vec<Outline> =
            found.iter().map(|s| Outline { track: s.track, first: s.first, windows: windows.of(s.squares.len()) }).collect();
        if to_store.send(Event::Shot { shot: shot.id, stretches: outlines.clone() }).is_err() {
            return Ok(());
        }
        if let Some(first) = found.iter().map(|s| s.first).min() {
            progress.busy(Stage::Sound, || ear.forget_before(plan.grid.time(first)));
        }
        let mut open = Vec::with_capacity(found.len());
        for (i, (stretch, outline)) in found.iter().zip(&outlines).enumerate() {
            let heard = progress.busy(Stage::Sound, || ear.hear(plan.grid, stretch));
            open.push(Opened { stretch, outline, number: i, sound: heard, faces: Vec::new(), window: 0 });
        }
        for place in places(&found) {
            if flow.stopped() {
                return Ok(());
            }
            let picture = progress.busy(Stage::Decode, || film.nearest(plan.grid.time(place), &shot, &known))?;
            let Some(picture) = picture else { continue };
            let job = progress.busy(Stage::Crop, || take(&mut open, place, &shot, &picture));
            if !job.places.is_empty() && to_score.send(job).is_err() {
                return Ok(());
            }
        }
        // The video ended before the faces did, as a damaged one may: what is missing stays as it was seen last.
        while open.iter().any(|o| !o.is_complete()) {
            let mut job = Job { places: Vec::new(), clips: Vec::new() };
            for stretch in &mut open {
                stretch.repeat();
                stretch.cut(&shot, &mut job);
            }
            if job.places.is_empty() || to_score.send(job).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Returns every place on the grid that a stretch has, once, ascending.
fn places(stretches: &[Stretch]) -> impl Iterator<Item = i64> {
    let all: std::collections::BTreeSet<i64> = stretches.iter().flat_map(Stretch::places).collect();
    all.into_iter()
}

/// A stretch whose pictures are being gathered.
struct Opened<'a> {
    stretch: &'a Stretch,
    outline: &'a Outline,
    /// Place in its shot.
    number: usize,
    sound: FaceSound,
    /// Crops from the start of the current window on.
    faces: Vec<u8>,
    /// The window that is gathered.
    window: usize,
}

const CROP: usize = CROP_SIDE * CROP_SIDE;

impl Opened<'_> {
    fn is_complete(&self) -> bool {
        self.window >= self.outline.windows.len()
    }

    fn current(&self) -> Option<&Range<usize>> {
        self.outline.windows.get(self.window)
    }

    /// Returns how many of its places have been gathered.
    fn gathered(&self) -> usize {
        self.current().map_or(self.stretch.squares.len(), |w| w.start + self.faces.len() / CROP)
    }

    /// Takes its face out of the picture at a place, where it has that place.
    fn look(&mut self, place: i64, picture: &Picture) {
        let due = usize::try_from(place - self.stretch.first).ok().filter(|i| *i < self.stretch.squares.len());
        let Some(due) = due else { return };
        if due >= self.gathered() && !self.is_complete() {
            let square = self.stretch.squares[due];
            let crop = crop(picture, &square);
            // Places without a picture of their own show what came next.
            while self.gathered() <= due {
                self.faces.extend_from_slice(&crop);
            }
        }
    }

    /// Repeats the last crop up to the end of the window.
    fn repeat(&mut self) {
        let Some(window) = self.current().cloned() else { return };
        let last = self.faces.len().checked_sub(CROP).map_or_else(|| vec![110; CROP], |from| self.faces[from..].to_vec());
        while self.faces.len() < window.len() * CROP {
            self.faces.extend_from_slice(&last);
        }
    }

    /// Moves the window to the job where it is whole, and begins the next with what both share.
    fn cut(&mut self, shot: &Shot, job: &mut Job) {
        let Some(window) = self.current().cloned().filter(|w| self.faces.len() >= w.len() * CROP) else { return };
        let next = self.outline.windows.get(self.window + 1).map_or(window.end, |n| n.start);
        let kept = self.faces[(next - window.start) * CROP..].to_vec();
        let mut faces = std::mem::replace(&mut self.faces, kept);
        faces.truncate(window.len() * CROP);
        job.places.push(Place { shot: shot.id, stretch: self.number, window: self.window });
        job.clips.push(FaceClip { faces, sound: self.sound.of(window) });
        self.window += 1;
    }
}

/// Takes all faces out of one picture, and returns the windows that are whole with it.
fn take(open: &mut [Opened<'_>], place: i64, shot: &Shot, picture: &Picture) -> Job {
    let mut job = Job { places: Vec::new(), clips: Vec::new() };
    for stretch in open.iter_mut() {
        stretch.look(place, picture);
        // More than one is whole where a damaged file lost the pictures of a whole window.
        let mut before = usize::MAX;
        while before != stretch.window {
            before = stretch.window;
            stretch.cut(shot, &mut job);
        }
    }
    job
}

/// Cuts one face out of a picture: its pixels as they are, then as [`grey_crop`] makes them.
pub(super) fn crop(picture: &Picture, square: &Square) -> Vec<u8> {
    let outside = || vec![110; CROP];
    let Some(region) = Region::of(square) else { return outside() };
    let Size { width, height } = picture.size();
    let Some(part) = region.middle().inside(width, height) else { return grey_crop(&region, None).unwrap_or_else(outside) };
    let side = |v: i64| u32::try_from(v).unwrap_or(0);
    let map = Affine { tx: part.left as f64, ty: part.top as f64, ..Affine::IDENTITY };
    let pixels = picture.sample(Size { width: side(part.width), height: side(part.height) }, &map);
    grey_crop(&region, Some((&part, &pixels))).unwrap_or_else(outside)
}

/// The pictures of a video, by time.
struct Film {
    decoder: Decoder,
    now: Option<Picture>,
    next: Option<Picture>,
    /// How far ahead it seeks.
    seek: MediaTime,
}

impl Film {
    /// Returns the picture of a shot that is nearest to a time; times ascend. `None` where the shot has none, as a damaged file may have lost them.
    fn nearest(&mut self, time: MediaTime, shot: &Shot, known: &[FrameTime]) -> Result<Option<Picture>, MediaError> {
        self.approach(time, known)?;
        loop {
            if self.next.is_none() {
                self.next = self.decoder.next()?;
            }
            let distance = |p: &Picture| (p.at().pts - time).0.abs();
            let Some(next) = &self.next else { break };
            let further = match &self.now {
                None => true,
                Some(now) if now.at().frame < shot.start_frame => true,
                Some(now) => next.at().frame < shot.end_frame && distance(next) < distance(now),
            };
            if !further {
                break;
            }
            self.now = self.next.take();
        }
        let inside = |p: &&Picture| (shot.start_frame..shot.end_frame).contains(&p.at().frame);
        Ok(self.now.as_ref().filter(inside).cloned())
    }

    /// Seeks where the time lies far ahead.
    fn approach(&mut self, time: MediaTime, known: &[FrameTime]) -> Result<(), MediaError> {
        let reached = self.next.as_ref().or(self.now.as_ref()).map(Picture::at);
        let is_far = reached.is_none_or(|at| time - at.pts > self.seek);
        let target = known.iter().rev().find(|k| k.pts <= time).filter(|k| reached.is_none_or(|at| k.frame > at.frame));
        if let (true, Some(target)) = (is_far, target) {
            self.decoder.seek(*target)?;
            (self.now, self.next) = (None, None);
        }
        Ok(())
    }
}

/// The sound of a video, read once from its beginning: behind a seek a codec may fill in other noise, and whoever goes on would score
/// otherwise. Costs about a hundredth of the rest.
struct Ear {
    sound: Sound,
    /// Number of the first of `samples`, once there are any; number 0 sounds at time zero.
    first: Option<i64>,
    /// From the shot that is looked at on, as far as it was read.
    samples: Vec<f32>,
    ended: bool,
}

impl Ear {
    fn new(sound: Sound) -> Self {
        Self { sound, first: None, samples: Vec::new(), ended: false }
    }

    /// Forgets what lies before a time.
    fn forget_before(&mut self, time: MediaTime) {
        let from = number(time);
        while !self.ended && self.end().is_none_or(|end| end <= from) {
            self.samples.clear();
            self.first = None;
            self.read();
        }
        if let Some(first) = self.first.filter(|first| *first < from) {
            let gone = usize::try_from(from - first).unwrap_or(usize::MAX).min(self.samples.len());
            self.samples.drain(..gone);
            self.first = Some(from);
        }
    }

    fn end(&self) -> Option<i64> {
        Some(self.first? + i64::try_from(self.samples.len()).unwrap_or(0))
    }

    /// Takes in the next chunk, which follows the last without a gap.
    fn read(&mut self) {
        match self.sound.next() {
            Some(chunk) => {
                self.first.get_or_insert(number(chunk.start));
                self.samples.extend_from_slice(&chunk.samples);
            }
            None => self.ended = true,
        }
    }

    /// Returns the sound of a stretch, which does not begin before what was forgotten; silence where the file has none.
    fn hear(&mut self, grid: Grid, stretch: &Stretch) -> FaceSound {
        let places = stretch.places();
        let start = number(grid.time(places.start));
        let due = stretch.squares.len() * SAMPLES_A_PLACE;
        let end = start + i64::try_from(due).unwrap_or(0);
        while !self.ended && self.end().is_none_or(|read| read < end) {
            self.read();
        }
        let mut heard = vec![0.0; due];
        if let Some(first) = self.first {
            let skip = |by: i64| usize::try_from(by).unwrap_or(0);
            let there = self.samples.get(skip(start - first)..).unwrap_or_default();
            let room = heard.get_mut(skip(first - start)..).unwrap_or_default();
            for (to, from) in room.iter_mut().zip(there) {
                *to = *from;
            }
        }
        FaceSound::hear(&heard, stretch.squares.len())
    }
}

/// Samples of one place of the grid.
const SAMPLES_A_PLACE: usize = 640;

/// Returns the number of the sample nearest to a time.
fn number(time: MediaTime) -> i64 {
    time.0.saturating_mul(i64::from(RATE)).saturating_add(500_000).div_euclid(1_000_000)
}
