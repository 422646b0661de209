//! A made-up library of any size, to measure the program itself on: nothing in it was filmed, and it is the same every time.
//!
//! The first episode has as many tracks and faces as asked for, the others a few. Tracks lie sixteen a shot, as in a crowded
//! series; one track of the first episode is kept picture by picture. Clusters are a cast of two dozen, some hundreds of small ones, and
//! single tracks, as a run proposes them; three people are named.

mod lot;
mod people;
mod pictures;
mod scenes;
mod speech;

use super::{SessionError, Workspace};
use crate::config::Settings;
use crate::domain::{
    Author, Counts, DeviceUse, Draft, EmbedderId, EpisodeEntry, EpisodeId, Fate, HeardChunk, MediaTime, ModelUse, OperationKind,
    PassMark, RunId, RunMeta, VideoFacts,
};
use crate::store::{EpisodeStore, Library};
use jiff::Timestamp;
use people::Cast;
use pictures::Pictures;
use scenes::{PICTURE, Scenes};
use speech::Script;

/// How large a made-up library is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntheticSize {
    /// At least 1.
    pub episodes: u32,
    /// Tracks of the first episode, at least 1.
    pub tracks: u32,
    /// Boxes of the tracks of the first episode, at least as many as tracks.
    pub faces: u32,
}

/// Tracks and faces of every other episode.
const SMALL: (u32, u32) = (48, 1_200);
const RUN: RunId = RunId(1);
const PER_SEASON: u32 = 25;

/// Writes a made-up library into the workspace's, which must be empty; `progress` hears episodes done, and of how many.
///
/// # Errors
/// Fails where the library has an episode already, or cannot be written.
pub fn write_synthetic(
    workspace: &Workspace,
    size: SyntheticSize,
    progress: &mut dyn FnMut(u32, u32),
) -> Result<(), SessionError> {
    let library = workspace.open_library()?;
    if !library.episodes()?.is_empty() {
        return Err(SessionError::NotEmpty { path: workspace.library.clone() });
    }
    let pictures = Pictures::draw(&workspace.settings.crop_images)?;
    for number in 0..size.episodes.max(1) {
        let (tracks, faces) = if number == 0 { (size.tracks.max(1), size.faces.max(size.tracks)) } else { SMALL };
        let episode = episode_id(number)?;
        let scenes = Scenes::new(number, tracks, faces);
        write_episode(&library, &workspace.settings, &episode, &scenes, &pictures)?;
        progress(number + 1, size.episodes.max(1));
    }
    Ok(())
}

/// Returns the id of an episode of a made-up library, numbered from 0.
fn episode_id(number: u32) -> Result<EpisodeId, SessionError> {
    Ok(format!("synthetic-s{:02}e{:02}", number / PER_SEASON + 1, number % PER_SEASON + 1).parse()?)
}

fn write_episode(
    library: &Library,
    settings: &Settings,
    episode: &EpisodeId,
    scenes: &Scenes,
    pictures: &Pictures,
) -> Result<(), SessionError> {
    let at = Timestamp::UNIX_EPOCH;
    let store = EpisodeStore::open_writer(library, episode)?;
    let cast = Cast::new(scenes);
    let mut meta = meta(settings, episode, scenes);
    store.begin_run(&meta)?;
    let embedder = EmbedderId(meta.embedder.id.clone());
    let mut script = Script::default();
    for record in scenes.all(&cast, pictures) {
        count(&mut meta.counts, &record);
        store.write_shot(RUN, &record, &embedder)?;
        script.add(scenes.number(), &record, &cast);
    }
    meta.finished_at = Some(at);
    for pass in ["scan", "listen", "diarise", "link", "group"] {
        meta.marks.insert(pass.into(), PassMark { key: meta.scan_key.clone(), finished_at: at });
    }
    write_speech(&store, &meta, &script, scenes.duration())?;
    let changes = cast.proposed(RUN);
    let summary = format!("{} tracks in {} clusters", scenes.tracks(), cast.identities().len());
    store.append(Draft { author: Author::Pipeline { run: RUN }, kind: OperationKind::Group, summary, changes, at })?;
    let author = Author::User { name: "synthetic".into(), host: None, client: None };
    for (cluster, name) in cast.named() {
        let person = library.catalog().ensure_person(name, author.clone(), at)?;
        let changes = vec![cast.naming(RUN, cluster, name, person)];
        let summary = format!("{cluster} is {name}");
        store.append(Draft { author: author.clone(), kind: OperationKind::Name, summary, changes, at })?;
    }
    store.set_active(RUN)?;
    library.catalog().put_episode(&EpisodeEntry::new(episode, &meta.video.path, at))?;
    Ok(())
}

fn write_speech(store: &EpisodeStore, meta: &RunMeta, script: &Script, length: MediaTime) -> Result<(), SessionError> {
    store.write_voices(meta, &script.turns, &script.speakers(), None)?;
    store.write_transcripts(RUN, script.written.iter().map(|(turn, transcript)| (*turn, transcript)))?;
    for (minute, levels) in (0..).zip(script.levels(length)) {
        store.write_heard(RUN, &HeardChunk { index: minute, levels, windows: Vec::new() })?;
    }
    for (shot, mouths) in &script.mouths {
        store.write_mouths(RUN, *shot, mouths)?;
    }
    Ok(())
}

fn count(counts: &mut Counts, record: &crate::domain::ShotRecord) {
    counts.frames = record.shot.end_frame;
    counts.analysed += record.analysed.len() as u64;
    counts.shots += 1;
    counts.faces += record.faces.len() as u64;
    counts.tracks += record.tracklets.len() as u64;
    counts.crops += record.crops.len() as u64;
    for face in &record.faces {
        if let Fate::Dropped(reason) = face.fate {
            *counts.dropped.entry(reason).or_default() += 1;
        }
    }
}

fn meta(settings: &Settings, episode: &EpisodeId, scenes: &Scenes) -> RunMeta {
    let model = |id: &str| ModelUse {
        id: id.into(),
        family: "synthetic".into(),
        licence: "CC0-1.0".into(),
        commercial: Some(true),
        sha256: "0".repeat(64),
        file: format!("{id}.onnx"),
    };
    RunMeta {
        id: RUN,
        video: VideoFacts {
            path: format!("/synthetic/{episode}.mp4"),
            bytes: 0,
            sha256: "0".repeat(64),
            size: PICTURE,
            fps: scenes::FPS,
            first_pts: MediaTime::ZERO,
            duration: scenes.duration(),
            codec: "none".into(),
            pixel_format: "none".into(),
        },
        started_at: Timestamp::UNIX_EPOCH,
        finished_at: None,
        tool: env!("CARGO_PKG_VERSION").into(),
        detector: model("synthetic_detector"),
        embedder: model("synthetic_embedder"),
        validator: None,
        tracker: "bytetrack".into(),
        device: DeviceUse { asked: "cpu".into(), used: "cpu".into(), reason: None, with: None },
        changeovers: Vec::new(),
        params: serde_json::to_value(settings).unwrap_or_default(),
        scan_key: "synthetic".into(),
        counts: Counts::default(),
        mouths: None,
        sound: None,
        transcriber: None,
        marks: std::collections::BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Layers, Paths};
    use std::path::Path;

    fn workspace(library: &Path) -> Workspace {
        let layers = Layers::defaults();
        let settings = layers.settings().unwrap();
        let paths = Paths::find();
        Workspace { paths, library: library.to_owned(), models: library.join("m"), onnxruntime: None, layers, settings }
    }

    /// Writes a library; returns what was measured in its first episode and the log, as text.
    fn written(library: &Path, size: SyntheticSize) -> String {
        let workspace = workspace(library);
        write_synthetic(&workspace, size, &mut |_, _| {}).unwrap();
        let library = workspace.open_library().unwrap();
        for episode in library.episodes().unwrap() {
            assert_eq!(EpisodeStore::open_writer(&library, &episode).unwrap().verify().unwrap(), []);
        }
        let store = EpisodeStore::open_reader(&library, &episode_id(0).unwrap()).unwrap();
        let counts = store.run(RUN).unwrap().counts;
        assert_eq!(
            (counts.tracks, counts.dropped.values().sum::<u64>() + u64::from(size.faces)),
            (size.tracks.into(), counts.faces)
        );
        format!("{} {:?}", store.measured_digest(RUN).unwrap(), store.operations().unwrap())
    }

    #[test]
    fn a_made_up_library_holds_together_and_is_the_same_every_time() {
        let size = SyntheticSize { episodes: 27, tracks: 101, faces: 2_345 };
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert_eq!(written(a.path(), size), written(b.path(), size));
        assert!(a.path().join("episodes/synthetic-s02e02").is_dir());
        let again = write_synthetic(&workspace(a.path()), size, &mut |_, _| {});
        assert!(matches!(again, Err(SessionError::NotEmpty { .. })));
    }

    #[test]
    fn a_large_episode_has_one_track_that_is_kept_picture_by_picture() {
        let dir = tempfile::tempdir().unwrap();
        written(dir.path(), SyntheticSize { episodes: 1, tracks: 600, faces: 60_000 });
        let library = workspace(dir.path()).open_library().unwrap();
        let store = EpisodeStore::open_reader(&library, &episode_id(0).unwrap()).unwrap();
        let crops = store.crops(RUN).unwrap();
        assert_eq!(crops.iter().filter(|c| c.track.0 == 1).count(), 1_000);
        assert!(crops.iter().filter(|c| c.track.0 == 2).count() <= 8);
    }
}
