//! Pictures of an open episode's video, decoded when somebody looks at them.

use super::SessionError;
use crate::domain::{Affine, EpisodeId, FrameTime, RgbImage, RunMeta, Shot, ShotId, Size};
use crate::media::{DecodeParams, OnDemand, Picture};
use crate::store::EpisodeStore;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

/// Pictures before the one asked for that are decoded with it when one goes back: going on backwards then costs nothing.
const BACK: u64 = 12;

/// Bytes of pictures that are kept.
const KEPT: usize = 64 << 20;

/// Where the pictures of an open episode come from; cheap to clone, and does not keep the episode open.
#[derive(Debug, Clone)]
pub struct FrameSource {
    episode: EpisodeId,
    store: Weak<EpisodeStore>,
    run: Arc<RunMeta>,
    shots: Arc<Vec<Shot>>,
    /// Where the video was when it was measured, and where it was said to be since.
    paths: Vec<PathBuf>,
    decode: DecodeParams,
}

/// One picture as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameView {
    pub at: FrameTime,
    /// The whole picture, scaled down.
    pub image: RgbImage,
    /// Its own size, which boxes are measured in.
    pub full: Size,
}

/// Decodes the pictures of one episode. It belongs on a thread of its own: what it does takes up to seconds.
#[derive(Debug)]
pub struct Frames {
    source: FrameSource,
    /// Absent until a picture is asked for, and after a failure.
    pictures: Option<OnDemand>,
    /// Of the shot looked at last: the pictures that the detector saw.
    analysed: Option<(ShotId, Vec<FrameTime>)>,
    /// The newest last, each with the size that it had to fit in.
    kept: VecDeque<(Size, Arc<FrameView>)>,
    bytes: usize,
}

impl FrameSource {
    pub(super) fn new(
        store: &Arc<EpisodeStore>,
        run: Arc<RunMeta>,
        shots: Arc<Vec<Shot>>,
        moved_to: Option<PathBuf>,
        decode: DecodeParams,
    ) -> Self {
        let mut paths = vec![PathBuf::from(&run.video.path)];
        paths.extend(moved_to.filter(|path| *path != paths[0]));
        Self { episode: store.episode().clone(), store: Arc::downgrade(store), run, shots, paths, decode }
    }

    /// Tells whether both lead to the same video, measured by the same run.
    #[must_use]
    pub fn is_of_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shots, &other.shots) && self.store.ptr_eq(&other.store)
    }

    /// Returns where the video is now.
    fn find(&self) -> Result<&Path, SessionError> {
        let before = self.run.video.bytes;
        let mut changed = None;
        for path in &self.paths {
            match std::fs::metadata(path).map(|m| m.len()) {
                Ok(now) if now == before => return Ok(path),
                Ok(now) => changed = changed.or(Some((path.clone(), now))),
                Err(_) => {}
            }
        }
        Err(match changed {
            Some((path, now)) => SessionError::ChangedVideo { path, before, now },
            None => SessionError::NoVideo { path: self.paths[0].clone(), episode: self.episode.clone() },
        })
    }
}

impl Frames {
    #[must_use]
    pub fn new(source: FrameSource) -> Self {
        Self { source, pictures: None, analysed: None, kept: VecDeque::new(), bytes: 0 }
    }

    /// Returns where they come from.
    #[must_use]
    pub fn source(&self) -> &FrameSource {
        &self.source
    }

    /// Returns picture number `frame`, scaled to at most `within`; `None` where there is none, or `goes_on` said no.
    ///
    /// The next picture costs its decoding (5 ms in 1080p, and as much for scaling), one that was looked at lately nothing, any other the
    /// stretch from the key frame before it.
    ///
    /// # Errors
    /// Fails where the video is not there any more, is another one, or cannot be decoded.
    pub fn get(&mut self, frame: u64, within: Size, goes_on: &dyn Fn() -> bool) -> Result<Option<Arc<FrameView>>, SessionError> {
        if let Some(at) = self.kept.iter().position(|(size, view)| view.at.frame == frame && *size == within) {
            let found = self.kept.remove(at);
            self.kept.extend(found.clone());
            return Ok(found.map(|(_, view)| view));
        }
        // A file that is open already can be read to its end, whatever became of its name.
        let mut pictures = match self.pictures.take() {
            Some(pictures) => pictures,
            None => OnDemand::new(self.source.find()?, &self.source.decode),
        };
        let goes_back = pictures.next().is_some_and(|next| frame < next);
        let Some(from) = self.begin(if goes_back { frame.saturating_sub(BACK) } else { frame }, frame) else { return Ok(None) };
        let mut views: Vec<FrameView> = Vec::new();
        let mut passed = |picture: &Picture| {
            if goes_back || picture.at().frame == frame {
                views.push(view(picture, within));
            }
        };
        let found = pictures.get(frame, from, goes_on, &mut passed)?;
        self.pictures = Some(pictures);
        for view in views {
            self.keep(within, Arc::new(view));
        }
        let is_it = |(_, view): &&(Size, Arc<FrameView>)| view.at.frame == frame;
        Ok(found.and_then(|_| self.kept.back().filter(is_it)).map(|(_, view)| view.clone()))
    }

    /// Returns a picture at or before `wanted`, but of the shot of `frame`, that the decoder can be sent to; `None` where no shot has `frame`.
    fn begin(&mut self, wanted: u64, frame: u64) -> Option<FrameTime> {
        let shot = *self.source.shots.iter().rfind(|s| s.start_frame <= frame).filter(|s| frame < s.end_frame)?;
        let start = FrameTime { frame: shot.start_frame, pts: shot.start };
        if self.analysed.as_ref().is_none_or(|(id, _)| *id != shot.id) {
            // Without the list it is found all the same, from the start of the shot on.
            let seen = self.source.store.upgrade().and_then(|store| store.analysed(self.source.run.id, shot.id).ok());
            self.analysed = Some((shot.id, seen.unwrap_or_default()));
        }
        let seen = self.analysed.as_ref().map_or(&[][..], |(_, seen)| seen);
        Some(seen.iter().copied().rfind(|at| at.frame <= wanted).unwrap_or(start))
    }

    fn keep(&mut self, within: Size, view: Arc<FrameView>) {
        self.kept.retain(|(size, other)| *size == within && other.at != view.at);
        self.kept.push_back((within, view));
        self.bytes = self.kept.iter().map(|(_, view)| view.image.data.len()).sum();
        while self.bytes > KEPT
            && self.kept.len() > 1
            && let Some((_, gone)) = self.kept.pop_front()
        {
            self.bytes -= gone.image.data.len();
        }
    }
}

/// Scales a picture to at most `within`, never up.
fn view(picture: &Picture, within: Size) -> FrameView {
    let full = picture.size();
    let (width, height) = (f64::from(full.width), f64::from(full.height));
    let gain = (f64::from(within.width) / width).min(f64::from(within.height) / height).min(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "no larger than the picture")]
    let side = |pixels: f64| (pixels * gain).round().max(1.0) as u32;
    let size = Size { width: side(width), height: side(height) };
    let map = Affine::scale(width / f64::from(size.width), height / f64::from(size.height));
    FrameView { at: picture.at(), image: picture.sample(size, &map), full }
}
