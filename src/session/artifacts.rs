//! The interchange layout: out for other tools, in from them.

use super::report::{self, EpisodeSummary};
use super::{SessionError, Workspace, author, said};
use crate::algo::quality::badges;
use crate::blobs::Blobs;
use crate::config::Settings;
use crate::domain::{
    Badges, Change, CosineMap, Counts, Crop, CropInfo, CropKey, DeviceUse, Draft, Edit, EmbedderId, EpisodeEntry, EpisodeId,
    Identity, MediaTime, ModelUse, OperationKind, PassMark, RunId, RunMeta, ShotRecord, Size, TrackMap, VideoFacts,
};
use crate::export::artifacts::{
    self, ClusterRules, Episode, Imported, Layout, ModelRow, PeopleFile, PictureFiles, Rows, RunFacts, Sink, SpeechRows, Writer,
};
use crate::infer::Registry;
use crate::pipeline::{Cancel, looks};
use crate::store::{EpisodeStore, Library};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Mean cosine to its own mean below which an identity is marked as loose in `identities.json`; in the scale of the settings.
const LOOSE: f32 = 0.3;

/// Writes the active run of an episode below `dir` and returns the number of files.
///
/// Files appear whole, the lines of a manifest after all else; files of other episodes stay.
///
/// # Errors
/// Fails where there is no such episode, or the folder cannot be written.
pub fn write_artifacts(workspace: &Workspace, episode: &EpisodeId, dir: &Path) -> Result<u64, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.read(&library, episode)?;
    let summary = report::summarise(&library, &store, &workspace.settings)?;
    let blobs = Blobs::open(&workspace.settings.storage, dir)?;
    let known: Option<PeopleFile> = match Layout::new(episode).people().filter(|key| dir.join(key).exists()) {
        Some(key) => serde_json::from_slice(&blobs.get(&key)?).ok(),
        None => None,
    };
    let people = library.catalog().people()?;
    let identities: Vec<Identity> = summary.identities.values().cloned().collect();
    let settings = &workspace.settings;
    let registry = Registry::with_folder(&workspace.models)?;
    let embedder = registry.entries().iter().find(|e| e.id == summary.run.embedder.id);
    let decided = store.thresholds()?.get(&summary.run.id).copied();
    let own = settings.grouped_at(decided).in_cosines_of(embedder.and_then(|e| e.cosines(settings.cosines)));
    let cluster = &own.cluster;
    let loose = CosineMap::new(settings.cosines, own.cosines).cosine(LOOSE);
    let badges = badges_of(&store, summary.run.id, settings)?;
    let described = Episode {
        id: episode,
        run: &summary.run,
        identities: &identities,
        assignments: &summary.assignments,
        people: &people,
        known_people: known.as_ref(),
        badges: &badges,
        cluster: ClusterRules {
            cluster_thresh: f64::from(cluster.cluster_thresh),
            min_cluster_size: cluster.min_cluster_size as u64,
            min_identity_sim: f64::from(loose),
        },
        metrics: &summary.metrics,
        screen_time: &summary.time,
        at: Timestamp::now(),
    };
    let failed = |source: io::Error| SessionError::Write { path: dir.to_owned(), source };
    let staging = Staging::new(dir).map_err(failed)?;
    let mut writer = Writer::new(described, BlobSink { blobs: &blobs, staging, open: BTreeMap::new(), files: BTreeSet::new() })
        .map_err(failed)?;
    for record in Records::new(&store, &summary)? {
        writer.shot(&record?).map_err(failed)?;
    }
    let spoken = store.spoken(summary.run.id)?;
    if let Some(speech) = &summary.speech {
        let rows = SpeechRows { turns: &speech.turns, links: &speech.fused.links, voices: &spoken.links, seen: &speech.seen };
        writer.speech(&rows).map_err(failed)?;
    }
    let said = summary.speech.as_ref().map(|speech| said::said(speech, &spoken, &summary.identities)).unwrap_or_default();
    if !said.is_empty() {
        writer.transcript(&said).map_err(failed)?;
    }
    let sink = writer.finish().map_err(failed)?;
    sink.close().map_err(failed)
}

/// Returns the badges of the crops of a run that were looked at, by the track that they are in now.
///
/// # Errors
/// Fails where the store cannot be read.
pub(super) fn badges_of(
    store: &EpisodeStore,
    run: RunId,
    settings: &Settings,
) -> Result<BTreeMap<CropKey, Badges>, SessionError> {
    let (looks, map) = (store.looks(run)?, store.track_map(run)?);
    let of = |crop: CropInfo| {
        let key = CropKey { track: map.track(crop.track, crop.at.frame), frame: crop.at.frame };
        looks.get(&crop.key()).map(|look| (key, badges(&settings.badges, &crop.quality, Some(look))))
    };
    Ok(store.crops(run)?.into_iter().filter_map(of).collect())
}

/// Puts the shots of a run together again, one at a time.
struct Records<'a> {
    store: &'a EpisodeStore,
    run: RunId,
    shots: std::vec::IntoIter<crate::domain::Shot>,
    vectors: BTreeMap<CropKey, crate::domain::Embedding>,
    map: TrackMap,
}

impl<'a> Records<'a> {
    fn new(store: &'a EpisodeStore, summary: &EpisodeSummary) -> Result<Self, SessionError> {
        let run = summary.run.id;
        let embedder = EmbedderId(summary.run.embedder.id.clone());
        let vectors = store.embeddings(run, &embedder)?.into_iter().collect();
        Ok(Self { store, run, shots: summary.shots.clone().into_iter(), vectors, map: store.track_map(run)? })
    }

    fn record(&self, shot: crate::domain::Shot) -> Result<ShotRecord, SessionError> {
        let (store, run) = (self.store, self.run);
        let (mut crops, mut embeddings) = (Vec::new(), Vec::new());
        for info in store.shot_crops(run, shot.id)? {
            let Some(vector) = self.vectors.get(&info.key()) else { continue };
            let aligned = store.aligned(run, info.key())?.unwrap_or_default();
            let thumb = store.thumb(run, info.key())?.unwrap_or_default();
            crops.push(Crop { track: info.track, at: info.at, detection: info.detection, quality: info.quality, aligned, thumb });
            embeddings.push(vector.clone());
        }
        let measured = ShotRecord {
            shot,
            next: store.opening_after(run, shot.id)?,
            analysed: store.analysed(run, shot.id)?,
            faces: store.faces(run, shot.id)?,
            tracklets: store.shot_tracklets(run, shot.id)?,
            crops,
            embeddings,
        };
        Ok(self.map.shot(measured))
    }
}

impl Iterator for Records<'_> {
    type Item = Result<ShotRecord, SessionError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.shots.next().map(|shot| self.record(shot))
    }
}

/// A folder for files that grow, beside where they go; it goes when dropped.
#[derive(Debug)]
struct Staging(PathBuf);

impl Staging {
    fn new(dir: &Path) -> io::Result<Self> {
        let folder = dir.join(format!(".artifacts-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Puts whole files at once, and growing ones when all is written.
struct BlobSink<'a> {
    blobs: &'a Blobs,
    staging: Staging,
    open: BTreeMap<String, (PathBuf, File)>,
    files: BTreeSet<String>,
}

impl BlobSink<'_> {
    fn close(self) -> Result<u64, io::Error> {
        let mut files = self.files;
        for (key, (path, file)) in self.open {
            drop(file);
            self.blobs.put_file(&key, &path).map_err(io::Error::other)?;
            files.insert(key);
        }
        Ok(files.len() as u64)
    }
}

impl Sink for BlobSink<'_> {
    fn append(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        if !self.open.contains_key(path) {
            let staged = self.staging.0.join(self.open.len().to_string());
            self.open.insert(path.to_owned(), (staged.clone(), File::create(staged)?));
        }
        match self.open.get_mut(path) {
            Some((_, file)) => file.write_all(bytes),
            None => Ok(()),
        }
    }

    fn put(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.blobs.put_bytes(path, bytes.to_vec()).map_err(io::Error::other)?;
        self.files.insert(path.to_owned());
        Ok(())
    }
}

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedRun {
    pub run: RunId,
    pub shots: u64,
    pub faces: u64,
    pub tracks: u64,
    pub identities: u64,
    /// What was filled in or passed over.
    pub notes: Vec<String>,
}

/// Reads the files of an episode below `dir` as a new run, which becomes the active one. The episode is made where it is new.
///
/// # Errors
/// Fails, and stores nothing, where a file is missing or broken, or the files do not fit together.
pub fn read_artifacts(workspace: &Workspace, episode: &EpisodeId, dir: &Path) -> Result<ImportedRun, SessionError> {
    let fetch = |path: &str| match fs::read(dir.join(path)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    };
    let broken = |source| SessionError::Artifact { dir: dir.to_owned(), source };
    let rows = Rows::read(episode, fetch).map_err(broken)?;
    let findings = artifacts::check(episode, &rows);
    // Two boxes of one identity in a picture (rule 7) is something that a reviewer is told, not an error of the files.
    let (told, wrong): (Vec<_>, Vec<_>) = findings.into_iter().partition(|f| f.rule == 7);
    if let Some(first) = wrong.first() {
        for finding in &wrong {
            tracing::warn!(%finding, "artifacts");
        }
        return Err(SessionError::Invalid { path: dir.to_owned(), first: first.to_string(), more: wrong.len() - 1 });
    }
    let imported = artifacts::rebuild(episode, &rows).map_err(broken)?;
    let library = workspace.open_library()?;
    let store = EpisodeStore::open_writer(&library, episode)?;
    let at = Timestamp::now();
    let mut meta = run_meta(&imported, store.next_run_id()?, at);
    let catalog = library.catalog();
    if catalog.episode(episode)?.is_none() {
        catalog.put_episode(&EpisodeEntry::new(episode, &meta.video.path, at))?;
    }

    store.begin_run(&meta)?;
    let embedder = EmbedderId(meta.embedder.id.clone());
    let mut notes: Vec<String> = imported.notes.iter().map(|(what, n)| format!("{what}: {n}")).collect();
    notes.extend(told.iter().map(ToString::to_string));
    for record in &imported.records {
        store.write_shot(meta.id, &with_pictures(record, &imported.pictures, dir)?, &embedder)?;
    }
    meta.counts = super::run::count(&store, meta.id)?;
    meta.finished_at = Some(at);
    meta.marks.insert("scan".into(), PassMark { key: meta.scan_key.clone(), finished_at: at });
    store.update_run(&meta)?;
    decide(&library, &store, &imported, meta.id, at)?;
    store.set_active(meta.id)?;
    looks::run(&store, meta.id, &Cancel::default())?;
    Ok(ImportedRun {
        run: meta.id,
        shots: meta.counts.shots,
        faces: meta.counts.faces,
        tracks: meta.counts.tracks,
        identities: imported.identities.len() as u64,
        notes,
    })
}

/// Reads the pictures of the crops; one that is not there stays empty.
fn with_pictures(record: &ShotRecord, files: &BTreeMap<CropKey, PictureFiles>, dir: &Path) -> Result<ShotRecord, SessionError> {
    let read = |path: Option<&String>| match path.map(|p| dir.join(p)) {
        None => Ok(Vec::new()),
        Some(path) => match fs::read(&path) {
            Ok(bytes) => Ok(bytes),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(SessionError::Read { path, source }),
        },
    };
    let mut record = record.clone();
    for crop in &mut record.crops {
        let pictures = files.get(&crop.key());
        crop.aligned = read(pictures.and_then(|p| p.aligned.as_ref()))?;
        crop.thumb = read(pictures.and_then(|p| p.thumb.as_ref()))?;
    }
    Ok(record)
}

/// Takes over identities and assignments as one operation; people are those of this catalog who have the same names.
fn decide(library: &Library, store: &EpisodeStore, imported: &Imported, run: RunId, at: Timestamp) -> Result<(), SessionError> {
    let author = author();
    let mut changes = Vec::new();
    for found in &imported.identities {
        let mut identity = found.identity.clone();
        identity.person = match &identity.name {
            Some(name) => Some(library.catalog().ensure_person(name, author.clone(), at)?),
            None => None,
        };
        changes.push(Change::Identity { run, id: identity.id, edit: Edit { from: None, to: Some(identity) } });
    }
    for (track, assignment) in &imported.assignments {
        changes.push(Change::Assign { run, track: *track, edit: Edit { from: None, to: Some(*assignment) } });
    }
    if !changes.is_empty() {
        let summary = format!("{} tracks in {} clusters imported", imported.assignments.len(), imported.identities.len());
        store.append(Draft { at, author, kind: OperationKind::Import, summary, changes })?;
    }
    Ok(())
}

fn run_meta(imported: &Imported, id: RunId, at: Timestamp) -> RunMeta {
    let RunFacts { size, fps, first_pts, duration, source_sha256, tracker, tool, started_at, device, video, params, .. } =
        imported.run.clone();
    let last = imported.records.last().map_or(MediaTime::ZERO, |r| r.shot.end);
    let [asked, used] = device.unwrap_or_else(|| ["unknown".into(), "unknown".into()]);
    RunMeta {
        id,
        video: VideoFacts {
            path: video.as_ref().map(|v| v.path.clone()).unwrap_or_default(),
            bytes: video.as_ref().map_or(0, |v| v.bytes),
            sha256: source_sha256.unwrap_or_default(),
            size: size.unwrap_or(Size { width: 0, height: 0 }),
            fps: fps.unwrap_or_default(),
            first_pts,
            duration: duration.unwrap_or(last - first_pts),
            codec: video.as_ref().map(|v| v.codec.clone()).unwrap_or_default(),
            pixel_format: video.map(|v| v.pixel_format).unwrap_or_default(),
        },
        started_at: started_at.unwrap_or(at),
        finished_at: None,
        tool: tool.unwrap_or_else(|| "unknown".into()),
        detector: model_use(imported.run.detector.as_ref()),
        embedder: model_use(imported.run.embedder.as_ref()),
        validator: imported.run.validator.as_ref().map(|row| model_use(Some(row))),
        tracker: tracker.unwrap_or_else(|| "unknown".into()),
        device: DeviceUse { asked, used, reason: None, with: None },
        changeovers: imported.run.changeovers.clone(),
        params: params.unwrap_or_default(),
        scan_key: format!("imported {at}"),
        counts: Counts::default(),
        mouths: None,
        sound: None,
        transcriber: None,
        marks: BTreeMap::new(),
    }
}

fn model_use(row: Option<&ModelRow>) -> ModelUse {
    let text = |t: Option<&String>| t.cloned().unwrap_or_default();
    ModelUse {
        id: row.map_or_else(|| "unknown".into(), |r| r.id.clone()),
        family: text(row.and_then(|r| r.family.as_ref())),
        licence: text(row.and_then(|r| r.licence.as_ref())),
        commercial: row.and_then(|r| r.commercial_use),
        sha256: text(row.and_then(|r| r.sha256.as_ref())),
        file: text(row.and_then(|r| r.file.as_ref())),
    }
}
