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

    pub(super) fn run(&self) -> &RunMeta {
        &self.run
    }

    /// Returns where the video is now.
    pub(super) fn find(&self) -> Result<&Path, SessionError> {
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
    /// The next picture costs its decoding and scaling, one that was looked at lately nothing, any other the
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{MediaTime, Transition};
    use crate::media::{Decoder, Hardware, SkipPolicy};
    use std::cell::Cell;

    const WITHIN: Size = Size { width: 96, height: 96 };

    fn decode() -> DecodeParams {
        DecodeParams { threads: 1, skip_non_reference: SkipPolicy::Auto, hardware: Hardware::Off }
    }

    /// Every picture of a clip, decoded from the first to the last.
    fn all(path: &Path) -> Vec<FrameView> {
        let mut decoder = Decoder::open(path, &decode()).unwrap();
        std::iter::from_fn(|| decoder.next().unwrap()).map(|picture| view(&picture, WITHIN)).collect()
    }

    /// Shots of 97 pictures each.
    fn shots(pictures: &[FrameView]) -> Vec<Shot> {
        let end = pictures.last().map_or(MediaTime::ZERO, |p| p.at.pts + MediaTime(40_000));
        let ats: Vec<FrameTime> = pictures.iter().map(|p| p.at).collect();
        let of = |(id, shot): (u32, &[FrameTime])| {
            let after = usize::try_from(shot[shot.len() - 1].frame).unwrap() + 1;
            Shot {
                id: ShotId(id),
                start_frame: shot[0].frame,
                end_frame: u64::try_from(after).unwrap(),
                start: shot[0].pts,
                end: ats.get(after).map_or(end, |at| at.pts),
                transition_in: Transition::Cut,
                transition_frames: 0,
                score: 1.0,
            }
        };
        (1..).zip(ats.chunks(97)).map(of).collect()
    }

    fn source(path: &Path, moved_to: Option<&Path>, shots: Vec<Shot>) -> FrameSource {
        let model = serde_json::json!({"id": "m", "family": "f", "licence": "MIT", "sha256": "", "file": "m.onnx"});
        let run = serde_json::json!({
            "id": 1, "started_at": "2026-01-01T00:00:00Z", "finished_at": null, "tool": "", "detector": model, "embedder": model,
            "tracker": "bytetrack", "device": {"asked": "cpu", "used": "cpu", "reason": null}, "params": {}, "scan_key": "",
            "counts": serde_json::to_value(crate::domain::Counts::default()).unwrap(), "marks": {},
            "video": {
                "path": path, "bytes": std::fs::metadata(moved_to.unwrap_or(path)).map_or(0, |m| m.len()), "sha256": "",
                "size": {"width": 1, "height": 1}, "fps": 25.0, "first_pts": 0, "duration": 0, "codec": "", "pixel_format": "",
            },
        });
        FrameSource {
            episode: "clip".parse().unwrap(),
            store: Weak::new(),
            run: Arc::new(serde_json::from_value(run).unwrap()),
            shots: Arc::new(shots),
            paths: [path].into_iter().chain(moved_to).map(Path::to_path_buf).collect(),
            decode: decode(),
        }
    }

    fn clip(name: &str) -> Option<PathBuf> {
        let found = std::env::var_os("SCREENALYTICS_TEST_MEDIA").map(|dir| PathBuf::from(dir).join("clips").join(name));
        if found.is_none() {
            println!("skipped: SCREENALYTICS_TEST_MEDIA not set");
        }
        found
    }

    #[test]
    fn pictures_in_any_order_are_those_of_an_uninterrupted_decode() {
        for name in ["friends_clip.mp4", "short_hamilton_clip.mp4"] {
            let Some(path) = clip(name) else { return };
            let truth = all(&path);
            let mut frames = Frames::new(source(&path, None, shots(&truth)));
            // On, back and on again, across a cut, to and fro, the ends, and far ahead.
            let near = [0, 1, 2, 1, 0, 60, 61, 60, 59, 58, 45, 46, 100, 97, 96, 95, 99, 98];
            let far = [truth.len() - 1, truth.len() - 2, 200, 262, 5, truth.len() - 1];
            for at in near.into_iter().chain(far) {
                let found = frames.get(u64::try_from(at).unwrap(), WITHIN, &|| true).unwrap().unwrap();
                assert!(*found == truth[at], "{name}: picture {at} is another, or was given as {:?}", found.at);
            }
            let after = u64::try_from(truth.len()).unwrap();
            assert_eq!(frames.get(after, WITHIN, &|| true).unwrap(), None, "there is no picture after the last");
        }
    }

    #[test]
    fn a_picture_that_nobody_waits_for_is_given_up_and_the_next_is_right() {
        let Some(path) = clip("short_hamilton_clip.mp4") else { return };
        let truth = all(&path);
        let mut frames = Frames::new(source(&path, None, shots(&truth)));
        for (patience, wanted) in [(0, 190), (3, 150), (1, 20), (7, 260)] {
            let asked = Cell::new(0);
            let goes_on = || {
                asked.set(asked.get() + 1);
                asked.get() <= patience
            };
            assert_eq!(frames.get(wanted, WITHIN, &goes_on).unwrap(), None);
            assert!(asked.get() <= patience + 8, "asked {} times after it was told to stop", asked.get() - patience);
            let at = usize::try_from(wanted).unwrap() - 9;
            let found = frames.get(wanted - 9, WITHIN, &|| true).unwrap().unwrap();
            assert!(*found == truth[at], "picture {at} after one given up");
        }
    }

    #[test]
    fn what_was_looked_at_last_is_kept_within_bounds() {
        let Some(path) = clip("short_hamilton_clip.mp4") else { return };
        let truth = all(&path);
        let mut frames = Frames::new(source(&path, None, shots(&truth)));
        frames.get(50, WITHIN, &|| true).unwrap().unwrap();
        frames.get(49, WITHIN, &|| true).unwrap().unwrap();
        // The way back was decoded with it: no decoder is needed, which could not go on.
        for at in (38..=50).rev() {
            assert!(frames.get(at, WITHIN, &|| false).unwrap().is_some(), "{at}");
        }
        let other = Size { width: 64, height: 64 };
        frames.get(50, other, &|| true).unwrap().unwrap();
        assert!(frames.kept.iter().all(|(size, _)| *size == other), "those of another size go");
        assert_eq!(frames.bytes, frames.kept.iter().map(|(_, v)| v.image.data.len()).sum::<usize>());
    }

    #[test]
    fn a_video_that_was_moved_is_found_and_one_that_is_gone_or_another_is_told() {
        let Some(path) = clip("short_hamilton_clip.mp4") else { return };
        let truth = all(&path);
        let gone = Path::new("/nowhere/clip.mp4");
        let mut frames = Frames::new(source(gone, Some(&path), shots(&truth)));
        assert!(frames.get(3, WITHIN, &|| true).unwrap().is_some());
        let error = Frames::new(source(gone, None, shots(&truth))).get(3, WITHIN, &|| true).unwrap_err();
        assert!(
            error.to_string().contains("/nowhere/clip.mp4") && error.hint().unwrap().contains("run PATH --ep-id clip"),
            "{error}"
        );
        let dir = tempfile::tempdir().unwrap();
        let other = dir.path().join("clip.mp4");
        std::fs::write(&other, b"short").unwrap();
        let mut changed = source(gone, Some(&path), shots(&truth));
        changed.paths = vec![other];
        let error = Frames::new(changed).get(3, WITHIN, &|| true).unwrap_err();
        assert!(matches!(error, SessionError::ChangedVideo { now: 5, .. }), "{error}");
    }
}
