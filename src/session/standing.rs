//! Where an episode stands: what there is of it, what can be worked out next, and what stands in the way.

use super::jobs::Work;
use super::passes::{self, DIARISE, GROUP, LINK, LISTEN, SCAN};
use super::prepare::group_key;
use super::recognition::Faces;
use super::{SessionError, Workspace, counted};
use crate::config::Layers;
use crate::domain::{EmbedderId, EpisodeEntry, EpisodeId, RunMeta};
use crate::infer::{Registry, Task};
use crate::store::EpisodeStore;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

/// Where an episode stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub episode: EpisodeId,
    /// What the catalog says of it.
    pub entry: Option<EpisodeEntry>,
    /// Where its video lay when it was measured last.
    pub video: PathBuf,
    /// As the latest run was asked to compute.
    pub device: String,
    pub choices: Vec<Choice>,
}

/// Something that can be worked out.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub work: Work,
    pub verdict: Verdict,
}

/// Whether it makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// What it brings.
    Useful(String),
    /// It would change nothing.
    UpToDate(String),
    /// It cannot be done, and what can be done instead.
    Blocked { why: String, instead: Option<Work> },
}

/// Looks at an episode: its runs, its video, the settings of now.
///
/// # Errors
/// Fails where there is no such episode, or it cannot be read.
pub fn standing(workspace: &Workspace, episode: &EpisodeId) -> Result<Standing, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.read(&library, episode)?;
    let entry = library.catalog().episode(episode)?;
    let runs = store.runs()?;
    let latest = runs.last();
    let video = latest.map(|r| r.video.path.clone()).or_else(|| entry.as_ref().map(|e| e.video.clone())).unwrap_or_default();
    let video = PathBuf::from(video);
    let device = latest.map_or_else(|| "auto".to_owned(), |r| r.device.asked.clone());
    let mut choices = Vec::new();
    if let Some(run) = latest.filter(|r| r.finished_at.is_none()) {
        choices.push(go_on(workspace, &store, run)?);
    }
    if let Some(run) = store.active_run()? {
        let run = store.run(run)?;
        choices.push(Choice { work: Work::Group { run: run.id }, verdict: group(workspace, &store, &run)? });
        choices.push(Choice { work: Work::Embed { run: run.id }, verdict: embed(workspace, &run)? });
    }
    let anew = "decodes and measures everything with the settings of now; what was decided is carried over".to_owned();
    choices.push(Choice { work: Work::Anew, verdict: Verdict::Useful(anew) });
    if !video.is_file() {
        let why = format!("the video is not at {video:?} any more; add the episode again from where it is now");
        for choice in &mut choices {
            choice.verdict = Verdict::Blocked { why: why.clone(), instead: None };
        }
    }
    Ok(Standing { episode: episode.clone(), entry, video, device, choices })
}

fn go_on(workspace: &Workspace, store: &EpisodeStore, run: &RunMeta) -> Result<Choice, SessionError> {
    let shots = store.shots(run.id)?.len();
    let reached = store.last_shot(run.id)?.map_or(run.video.first_pts, |s| s.end) - run.video.first_pts;
    let verdict = match settings_of_run(workspace, run, &[]) {
        Ok(_) if passes::is_done(run, SCAN) => Verdict::Useful(format!("all pictures are measured; {}", left(run))),
        Ok(_) => {
            Verdict::Useful(format!("{} up to {reached} of {} are stored", counted(shots as u64, "shot"), run.video.duration))
        }
        Err(error) => Verdict::Blocked { why: error.to_string(), instead: Some(Work::Anew) },
    };
    Ok(Choice { work: Work::GoOn { run: run.id }, verdict })
}

/// Says what a run that measured all pictures was stopped at.
fn left(run: &RunMeta) -> &'static str {
    let is_begun = |begun: bool, pass: &str| begun && !passes::is_done(run, pass);
    if is_begun(run.sound.is_some(), LISTEN) {
        "listening to the sound goes on"
    } else if is_begun(run.sound.is_some(), DIARISE) {
        "voices are not told apart yet"
    } else if !passes::is_done(run, GROUP) {
        "tracks are not grouped yet"
    } else if is_begun(run.mouths.is_some(), LINK) {
        "looking at mouths goes on"
    } else {
        "what is said is not all written down"
    }
}

fn group(workspace: &Workspace, store: &EpisodeStore, run: &RunMeta) -> Result<Verdict, SessionError> {
    let registry = Registry::with_folder(&workspace.models)?;
    let found = registry.scan(&workspace.models)?;
    let wanted = &workspace.settings.detect.model;
    let chosen = registry.chosen(&found, Task::Detect, wanted);
    if let Some(chosen) = chosen.filter(|c| c.entry.id != run.detector.id) {
        return Ok(Verdict::Blocked {
            why: format!(
                "{} was measured with {}, and detect.model = {wanted:?} means {} now",
                run.id, run.detector.id, chosen.entry.id
            ),
            instead: Some(Work::Anew),
        });
    }
    let settings = match settings_of_run(workspace, run, &GROUPING) {
        Ok(layers) => layers.settings()?.grouped_at(store.thresholds()?.get(&run.id).copied()),
        Err(error) => return Ok(Verdict::Blocked { why: error.to_string(), instead: Some(Work::Anew) }),
    };
    let entry = registry.entries().iter().find(|e| e.id == run.embedder.id);
    let own = settings.in_cosines_of(entry.and_then(|e| e.cosines(settings.cosines)));
    let embedder = EmbedderId(run.embedder.id.clone());
    let faces = Faces::at_hand(&workspace.open_library()?, &own, &embedder)?;
    let key = group_key(&own, run, &embedder, &faces.digest);
    Ok(if passes::is_made_of(run, GROUP, &key) {
        Verdict::UpToDate("grouped with these thresholds and known faces already".into())
    } else {
        Verdict::Useful("the thresholds or the known faces are others now; nothing is decoded".into())
    })
}

fn embed(workspace: &Workspace, run: &RunMeta) -> Result<Verdict, SessionError> {
    let registry = Registry::with_folder(&workspace.models)?;
    let found = registry.scan(&workspace.models)?;
    let wanted = &workspace.settings.embed.model;
    if let Err(error) = settings_of_run(workspace, run, &["embed"]) {
        return Ok(Verdict::Blocked { why: error.to_string(), instead: Some(Work::Anew) });
    }
    Ok(match registry.chosen(&found, Task::Embed, wanted) {
        Some(model) if model.entry.id == run.embedder.id => Verdict::UpToDate(format!("{} made the vectors", run.embedder.id)),
        Some(model) => {
            Verdict::Useful(format!("vectors by {} instead of {}, from the stored crops", model.entry.id, run.embedder.id))
        }
        None => Verdict::Blocked { why: format!("no installed model is embed.model = {wanted:?}"), instead: None },
    })
}

/// Returns the settings that a run was measured with, on top of those of now; the tables `but` stay as they are now.
///
/// # Errors
/// `Legacy` where one of its settings is none of this version.
pub(super) fn settings_of_run(workspace: &Workspace, run: &RunMeta, but: &[&str]) -> Result<Layers, SessionError> {
    let mut layers = workspace.layers.clone();
    let origin = run.id.to_string();
    let mut open: Vec<(String, &Json)> = vec![(String::new(), &run.params)];
    while let Some((key, value)) = open.pop() {
        match value {
            Json::Object(table) => {
                let inner = table.iter().filter(|(name, _)| !(key.is_empty() && is_untouched(name, but)));
                open.extend(inner.map(|(name, v)| (if key.is_empty() { name.clone() } else { format!("{key}.{name}") }, v)));
            }
            _ => {
                let plain: toml::Value =
                    serde_json::from_value(value.clone()).unwrap_or_else(|_| toml::Value::String(value.to_string()));
                layers.set(&origin, &key, plain).map_err(|error| SessionError::Legacy { run: run.id, why: error.to_string() })?;
            }
        }
    }
    Ok(layers)
}

/// Tables of settings that decide how tracks are grouped.
pub(super) const GROUPING: [&str; 5] = ["pool", "badges", "cluster", "cosines", "recognise"];

/// What decides no result: how things are stored, fetched and shown.
fn is_untouched(table: &str, but: &[&str]) -> bool {
    but.contains(&table) || decides_nothing(table)
}

/// Tells whether a table of settings decides nothing of what a run measures.
pub(super) fn decides_nothing(table: &str) -> bool {
    ["workers", "storage", "pull", "pictures", "doubts", "what_if", "evaluation", "compare", "suggest", "screen_time"]
        .contains(&table)
}

/// Returns a folder's entries that a video can be reached through: folders first, then files that look like videos; by name.
///
/// # Errors
/// Fails where the folder cannot be read.
pub fn videos_in(folder: &Path) -> Result<Vec<FolderEntry>, SessionError> {
    let failed = |source| SessionError::Read { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Links are followed: videos are often linked in from elsewhere.
        let Ok(meta) = std::fs::metadata(entry.path()) else { continue };
        let is_video =
            Path::new(&name).extension().is_some_and(|e| VIDEO.contains(&e.to_ascii_lowercase().to_string_lossy().as_ref()));
        if meta.is_dir() || is_video {
            found.push(FolderEntry { is_folder: meta.is_dir(), bytes: meta.len(), name });
        }
    }
    found.sort_by_key(|e| (!e.is_folder, e.name.to_lowercase()));
    Ok(found)
}

/// Extensions of containers that episodes come in.
const VIDEO: [&str; 14] = ["mp4", "mkv", "mov", "m4v", "avi", "ts", "m2ts", "mts", "mxf", "webm", "mpg", "mpeg", "wmv", "flv"];

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderEntry {
    pub name: String,
    pub is_folder: bool,
    pub bytes: u64,
}

/// Says in a line what a video is: picture size, length, rate, codec, sound.
///
/// # Errors
/// Fails where it is no video, or cannot be read.
pub fn video_text(video: &Path) -> Result<String, SessionError> {
    let info = crate::media::probe(video)?;
    let length = info.duration.map_or_else(|| "of unknown length".into(), |d| d.to_string());
    let sound = if info.has_audio { "with sound" } else { "without sound" };
    Ok(format!("{}×{}, {length}, {:.3} pictures a second, {}, {sound}", info.size.width, info.size.height, info.fps, info.codec))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Places, SyntheticSize, write_synthetic};

    fn measured(dir: &Path) -> (Workspace, EpisodeId) {
        let places = Places { library: Some(dir.join("library")), models: Some(dir.join("models")), ..Places::default() };
        let workspace = Workspace::new(places, Vec::new()).unwrap();
        write_synthetic(&workspace, SyntheticSize { episodes: 1, tracks: 4, faces: 40 }, &mut |_, _| {}).unwrap();
        (workspace, "synthetic-s01e01".parse().unwrap())
    }

    /// Changes the record of the only run.
    fn change(workspace: &Workspace, episode: &EpisodeId, how: impl FnOnce(&mut RunMeta)) {
        let library = workspace.open_library().unwrap();
        let store = workspace.write(&library, episode).unwrap();
        let mut run = store.runs().unwrap().remove(0);
        how(&mut run);
        store.update_run(&run).unwrap();
    }

    fn verdict(workspace: &Workspace, episode: &EpisodeId, fits: impl Fn(&Work) -> bool) -> Verdict {
        let found = standing(workspace, episode).unwrap();
        found.choices.into_iter().find(|c| fits(&c.work)).unwrap().verdict
    }

    #[test]
    fn without_its_video_nothing_can_be_run_and_the_place_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let (workspace, episode) = measured(dir.path());
        let found = standing(&workspace, &episode).unwrap();
        assert!(!found.choices.is_empty());
        for choice in found.choices {
            let Verdict::Blocked { why, instead: None } = choice.verdict else { panic!("{choice:?}") };
            assert!(why.contains("/synthetic/synthetic-s01e01.mp4"), "{why}");
        }
    }

    #[test]
    fn a_run_that_was_stopped_at_mouths_or_words_is_offered_to_go_on_with() {
        let dir = tempfile::tempdir().unwrap();
        let (workspace, episode) = measured(dir.path());
        let video = dir.path().join("a.mp4");
        std::fs::write(&video, b"").unwrap();
        change(&workspace, &episode, |run| run.video.path = video.to_string_lossy().into_owned());
        let is_offered = |c: &Choice| matches!(c.work, Work::GoOn { .. });
        assert!(!standing(&workspace, &episode).unwrap().choices.iter().any(is_offered), "it is at its end");
        let begin = |run: &mut RunMeta, table: &str| passes::begins(run, &workspace.settings, |own| own == table);
        for (table, mark, due) in [("mouth", LINK, "looking at mouths goes on"), ("transcribe", "none", "written down")] {
            change(&workspace, &episode, |run| {
                begin(run, table);
                run.mouths = Some(crate::domain::Watching {
                    model: run.detector.clone(),
                    mark: 0.0,
                    key: String::new(),
                    device: "cpu".into(),
                });
                run.marks.insert(LINK.into(), run.marks[SCAN].clone());
                run.marks.remove(mark);
            });
            let found = verdict(&workspace, &episode, |w| matches!(w, Work::GoOn { .. }));
            let Verdict::Useful(text) = found else { panic!("{found:?}") };
            assert!(text.starts_with("all pictures are measured; ") && text.contains(due), "{text}");
        }
    }

    #[test]
    fn groups_are_made_anew_only_where_a_threshold_changed_and_a_legacy_run_only_measured_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (mut workspace, episode) = measured(dir.path());
        let video = dir.path().join("a.mp4");
        std::fs::write(&video, b"").unwrap();
        change(&workspace, &episode, |run| run.video.path = video.to_string_lossy().into_owned());
        let is_group = |w: &Work| matches!(w, Work::Group { .. });
        assert!(matches!(verdict(&workspace, &episode, is_group), Verdict::Useful(_)), "it was never grouped by the pipeline");
        let settings = workspace.settings.clone();
        change(&workspace, &episode, |run| {
            let embedder = EmbedderId(run.embedder.id.clone());
            let own = settings.in_cosines_of(None);
            let faces = Faces::at_hand(&workspace.open_library().unwrap(), &own, &embedder).unwrap();
            let key = group_key(&own, run, &embedder, &faces.digest);
            passes::mark(run, GROUP, key);
        });
        assert!(matches!(verdict(&workspace, &episode, is_group), Verdict::UpToDate(_)));
        workspace.layers.set("a test", "cluster.min_cluster_size", toml::Value::Integer(7)).unwrap();
        workspace.settings = workspace.layers.settings().unwrap();
        assert!(matches!(verdict(&workspace, &episode, is_group), Verdict::Useful(_)));

        change(&workspace, &episode, |run| run.params["detect"]["sharpness"] = Json::from(3));
        let Verdict::Blocked { why, instead } = verdict(&workspace, &episode, is_group) else {
            panic!("a legacy run is grouped")
        };
        assert!(why.contains("detect.sharpness") && why.contains("another version"), "{why}");
        assert_eq!(instead, Some(Work::Anew));
        assert!(matches!(verdict(&workspace, &episode, |w| *w == Work::Anew), Verdict::Useful(_)));
    }

    #[test]
    fn faces_of_another_detector_are_not_grouped_anew() {
        let Some(models) = std::env::var_os("SCREENALYTICS_MODELS").filter(|v| !v.is_empty()) else {
            println!("skipped: SCREENALYTICS_MODELS not set");
            return;
        };
        let dir = tempfile::tempdir().unwrap();
        let (mut workspace, episode) = measured(dir.path());
        let video = dir.path().join("a.mp4");
        std::fs::write(&video, b"").unwrap();
        workspace.models = PathBuf::from(models);
        change(&workspace, &episode, |run| {
            run.video.path = video.to_string_lossy().into_owned();
            run.detector.id = "yunet_of_old".into();
        });
        let found = verdict(&workspace, &episode, |w| matches!(w, Work::Group { .. }));
        let Verdict::Blocked { why, instead } = found else { panic!("{found:?}") };
        assert!(why.contains("yunet_of_old") && why.contains("detect.model"), "{why}");
        assert_eq!(instead, Some(Work::Anew));
    }

    #[test]
    fn a_run_goes_on_with_its_own_settings_and_groups_with_those_of_now() {
        let dir = tempfile::tempdir().unwrap();
        let (mut workspace, episode) = measured(dir.path());
        change(&workspace, &episode, |run| {
            run.params["detect"]["score"] = Json::from(0.25);
            run.params["cluster"]["min_cluster_size"] = Json::from(9);
        });
        workspace.layers.set("a test", "pictures.threads", toml::Value::Integer(3)).unwrap();
        let library = workspace.open_library().unwrap();
        let run = workspace.read(&library, &episode).unwrap().runs().unwrap().remove(0);
        let own = settings_of_run(&workspace, &run, &[]).unwrap().settings().unwrap();
        assert_eq!((own.detect.score, own.cluster.min_cluster_size, own.pictures.threads), (0.25, 9, 3));
        let mixed = settings_of_run(&workspace, &run, &["cluster"]).unwrap().settings().unwrap();
        assert_eq!(mixed.detect, own.detect);
        assert_eq!(mixed.cluster.min_cluster_size, workspace.settings.cluster.min_cluster_size);
    }

    #[test]
    fn a_folder_lists_folders_then_videos_by_name_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.MKV", "a.mp4", "notes.txt", "C.mov"] {
            std::fs::write(dir.path().join(name), b"x").unwrap();
        }
        std::fs::create_dir(dir.path().join("season 2")).unwrap();
        let names: Vec<String> = videos_in(dir.path()).unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["season 2", "a.mp4", "b.MKV", "C.mov"]);
        assert!(videos_in(&dir.path().join("missing")).unwrap_err().hint().is_some());
    }
}
