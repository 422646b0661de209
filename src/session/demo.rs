//! The drawn demo: an episode that the program makes itself, for a machine that has none.

use super::files::write_whole;
use super::{Cancel, SessionError, Workspace};
use crate::demo::{self, Episode};
use crate::domain::{EpisodeId, RgbImage, Size};
use crate::media::{VideoWriter, Writing};
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::UNIX_EPOCH;

/// Large enough for faces that are known again, small enough to be drawn in seconds.
const SIZE: Size = Size { width: 640, height: 360 };
/// Fine enough that coding does not change a face: 4 megabytes in all.
const QUANTISER: u8 = 4;
const SOUND_BITS: u32 = 64_000;
/// More threads than this would wait for the one that encodes.
const MOST_THREADS: usize = 8;
/// Pictures that each thread may be ahead.
const AHEAD: usize = 2;

/// What the demo consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoFiles {
    /// What it is called in the library.
    pub episode: EpisodeId,
    pub video: PathBuf,
    /// In the form that `evaluate` reads.
    pub truth: PathBuf,
    /// One picture a person, in the form that `suggest` reads.
    pub portraits: PathBuf,
}

/// Returns the demo's files, which lie among the user's data, and draws them where they are missing or another build of the
/// program drew them. `None` where it was cancelled; `progress` hears pictures done, and of how many.
///
/// # Errors
/// Fails where they cannot be written.
pub fn demo_files(
    workspace: &Workspace,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u32, u32),
) -> Result<Option<DemoFiles>, SessionError> {
    let folder = workspace.paths.data.join("demo");
    let files = DemoFiles {
        episode: "drawn-demo".parse()?,
        video: folder.join("drawn-demo.mp4"),
        truth: folder.join("truth.json"),
        portraits: folder.join("portraits"),
    };
    let (mark, build) = (folder.join("drawn-by"), this_build());
    if fs::read_to_string(&mark).is_ok_and(|by| by == build) && files.video.exists() {
        return Ok(Some(files));
    }
    make_folder(&files.portraits)?;
    if !draw_demo(&files.video, Some(&files.truth), Some(&files.portraits), cancel, progress)? {
        return Ok(None);
    }
    write_whole(&mark, build.as_bytes())?;
    Ok(Some(files))
}

/// Draws the demo: about 20 processor seconds, on as many cores as there are. False where it was cancelled, and then no video is
/// left behind.
///
/// # Errors
/// Fails where a file cannot be written.
pub fn draw_demo(
    video: &Path,
    truth: Option<&Path>,
    portraits: Option<&Path>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u32, u32),
) -> Result<bool, SessionError> {
    let writing = Writing {
        size: SIZE,
        fps: Episode::fps(),
        quantiser: QUANTISER,
        sample_rate: Episode::sample_rate(),
        sound_bits: SOUND_BITS,
    };
    let mut writer = VideoWriter::create(video, writing)?;
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let episode = assemble(threads);
    if let Some(file) = truth {
        write_whole(file, super::pretty(&episode.truth()).as_bytes())?;
    }
    if let Some(folder) = portraits {
        make_folder(folder)?;
        for (who, name) in demo::names().iter().enumerate() {
            write_png(&folder.join(format!("{name}.png")), &episode.portrait(who))?;
        }
    }
    let sound = episode.sound();
    let each = sound.len() / Episode::length().max(1) as usize;
    let mut sound = sound.chunks(each.max(1));
    thread::scope(|scope| {
        let drawn: Vec<Receiver<RgbImage>> = (0..threads)
            .map(|first| {
                let (send, receive) = sync_channel(AHEAD);
                let episode = &episode;
                scope.spawn(move || {
                    for n in (0..Episode::length()).skip(first).step_by(threads) {
                        // Nobody waits any more: it failed or was cancelled.
                        if send.send(episode.picture(n)).is_err() {
                            return;
                        }
                    }
                });
                receive
            })
            .collect();
        for (n, from) in (0..Episode::length()).zip(drawn.iter().cycle()) {
            if cancel.is_set() {
                return Ok(false);
            }
            let Ok(picture) = from.recv() else { return Ok(false) };
            writer.picture(&picture)?;
            writer.sound(sound.next().unwrap_or_default())?;
            progress(n + 1, Episode::length());
        }
        writer.finish()?;
        Ok(true)
    })
}

/// Makes the parts side by side.
fn assemble(threads: usize) -> Episode {
    let next = AtomicUsize::new(0);
    let make = || {
        let numbers = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|n| *n < Episode::PARTS));
        numbers.map(|n| Episode::part(n, SIZE)).collect::<Vec<_>>()
    };
    let parts = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(make)).collect();
        running.into_iter().flat_map(|r| r.join().unwrap_or_default()).collect()
    });
    Episode::assemble(parts, SIZE)
}

fn write_png(path: &Path, picture: &RgbImage) -> Result<(), SessionError> {
    let mut bytes = Cursor::new(Vec::new());
    let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    image::ImageEncoder::write_image(encoder, &picture.data, picture.width, picture.height, image::ExtendedColorType::Rgb8)
        .map_err(|e| SessionError::Write { path: path.to_owned(), source: std::io::Error::other(e) })?;
    write_whole(path, bytes.get_ref())
}

fn make_folder(path: &Path) -> Result<(), SessionError> {
    fs::create_dir_all(path).map_err(|source| SessionError::Write { path: path.to_owned(), source })
}

/// Tells builds of the program apart.
fn this_build() -> String {
    let file = std::env::current_exe().and_then(fs::metadata);
    let changed = file.as_ref().ok().and_then(|m| m.modified().ok()).and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    format!("{} {} {}\n", env!("CARGO_PKG_VERSION"), file.map_or(0, |m| m.len()), changed.unwrap_or_default().as_nanos())
}
