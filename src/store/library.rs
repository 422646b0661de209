//! The directory that holds everything.

use super::catalog::Catalog;
use super::engine::Engine;
use super::episode::lock_path;
use super::error::StoreError;
use super::lock::FileLock;
use super::tables::{Kind, LOG, RUNS, SHOTS};
use crate::domain::{Author, EpisodeId};
use jiff::Timestamp;
use redb::ReadableTableMetadata;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub(super) const EPISODE_FILE: &str = "episode.redb";
const CATALOG_FILE: &str = "catalog.redb";
const EPISODES: &str = "episodes";
/// Bundles on their way out; no episode id begins so.
const DELETED: &str = ".deleted-";

/// A library: a catalog and one bundle for each episode.
#[derive(Debug, Clone)]
pub struct Library {
    root: PathBuf,
}

/// Tells what a deletion took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deleted {
    /// What was in the bundle; `None` where it could not be read.
    pub rows: Option<DeletedRows>,
    pub files: u64,
    pub bytes: u64,
}

/// Counts what was in a deleted bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeletedRows {
    pub runs: u64,
    pub shots: u64,
    pub operations: u64,
}

impl Library {
    /// Opens the library at `root` and makes what is missing of it.
    ///
    /// # Errors
    /// Fails where `root` is no directory, holds something that is no library, or cannot be written to.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        match fs::metadata(&root) {
            Ok(meta) if !meta.is_dir() => return Err(StoreError::NotADirectory { path: root }),
            Err(e) if e.kind() == ErrorKind::NotADirectory => return Err(StoreError::NotADirectory { path: root }),
            Ok(_) => refuse_foreign(&root)?,
            Err(_) => {}
        }
        let library = Self { root };
        for dir in [library.root.clone(), library.root.join(EPISODES), library.blobs_path()] {
            fs::create_dir_all(&dir).map_err(StoreError::io("make", &dir))?;
        }
        library.catalog().make_if_missing()?;
        library.sweep();
        Ok(library)
    }

    /// Returns the directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns where blobs are kept.
    pub fn blobs_path(&self) -> PathBuf {
        self.root.join("blobs")
    }

    /// Returns the bundle of `episode`, there or not.
    pub fn episode_path(&self, episode: &EpisodeId) -> PathBuf {
        self.root.join(EPISODES).join(episode.as_str())
    }

    /// Returns where derived data of `episode` is kept; it may be deleted at any time.
    pub fn cache_path(&self, episode: &EpisodeId) -> PathBuf {
        self.episode_path(episode).join("cache")
    }

    /// Returns the catalog.
    pub fn catalog(&self) -> Catalog {
        Catalog::at(self.root.join(CATALOG_FILE))
    }

    /// Lists the episodes that have a bundle, by id. What else lies in the directory is passed over.
    ///
    /// # Errors
    /// Fails where the directory cannot be read.
    pub fn episodes(&self) -> Result<Vec<EpisodeId>, StoreError> {
        let dir = self.root.join(EPISODES);
        let mut found = Vec::new();
        for entry in fs::read_dir(&dir).map_err(StoreError::io("read", &dir))? {
            let entry = entry.map_err(StoreError::io("read", &dir))?;
            let id = entry.file_name().to_str().and_then(|name| name.parse::<EpisodeId>().ok());
            found.extend(id.filter(|id| self.has_episode(id)));
        }
        found.sort();
        Ok(found)
    }

    /// Tells whether `episode` has a bundle.
    pub fn has_episode(&self, episode: &EpisodeId) -> bool {
        self.episode_path(episode).join(EPISODE_FILE).is_file()
    }

    /// Deletes the bundle of `episode` and what the catalog says of it, the latter as an operation of `author`, and tells what went. People
    /// stay. Where only the catalog still knows it, an earlier deletion is brought to its end.
    ///
    /// The bundle is renamed first, so that a crash leaves all of it or a remainder that the next opening sweeps away.
    ///
    /// # Errors
    /// Fails where there is no such episode, or a process writes to it.
    pub fn delete_episode(&self, episode: &EpisodeId, author: Author, at: Timestamp) -> Result<Deleted, StoreError> {
        let bundle = self.episode_path(episode);
        if !bundle.is_dir() {
            let known = self.catalog().remove_episode(episode, author, at)?;
            let none = || StoreError::NoEpisode { episode: episode.clone(), library: self.root.clone() };
            return if known { Ok(Deleted::default()) } else { Err(none()) };
        }
        let lock_path = lock_path(&bundle);
        let Some(_lock) = FileLock::try_take(&lock_path)? else {
            return Err(StoreError::Held { episode: episode.clone(), holder: FileLock::holder(&lock_path) });
        };
        // Reads the catalog before anything is touched: a damaged one must not turn up half way.
        self.catalog().episode(episode)?;
        let rows = if self.has_episode(episode) { count_rows(&bundle.join(EPISODE_FILE)).ok() } else { None };
        let (files, bytes) = measure(&bundle).map_err(StoreError::io("read", &bundle))?;
        let aside = self.root.join(EPISODES).join(format!("{DELETED}{episode}-{}", std::process::id()));
        fs::rename(&bundle, &aside).map_err(StoreError::io("delete", &bundle))?;
        // First the space, then the entry: on a full disk the catalog cannot be written to.
        remove_all(&aside)?;
        self.catalog().remove_episode(episode, author, at)?;
        Ok(Deleted { rows, files, bytes })
    }

    /// Removes what interrupted deletions left; what cannot be removed now is tried again next time.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(self.root.join(EPISODES)) else { return };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(DELETED) {
                let _ = remove_all(&entry.path());
            }
        }
    }
}

/// Counts the rows of a bundle; the caller holds its lock.
fn count_rows(path: &Path) -> Result<DeletedRows, StoreError> {
    let engine = Engine::open_writer(path, Kind::Episode)?;
    engine.read(|txn| {
        Ok(DeletedRows {
            runs: txn.open_table(RUNS)?.len()?,
            shots: txn.open_table(SHOTS)?.len()?,
            operations: txn.open_table(LOG)?.len()?,
        })
    })
}

fn remove_all(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(StoreError::io("delete", path)(e)),
        _ => Ok(()),
    }
}

/// Counts files and bytes below `dir`, links not followed.
fn measure(dir: &Path) -> std::io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        if meta.is_dir() {
            let (f, b) = measure(&entry.path())?;
            (files, bytes) = (files + f, bytes + b);
        } else {
            (files, bytes) = (files + 1, bytes + meta.len());
        }
    }
    Ok((files, bytes))
}

/// Refuses a directory that holds other things and no catalog; hidden entries do not count.
fn refuse_foreign(root: &Path) -> Result<(), StoreError> {
    if root.join(CATALOG_FILE).exists() {
        return Ok(());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(root).map_err(StoreError::io("read", root))? {
        names.push(entry.map_err(StoreError::io("read", root))?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let ours = |name: &str| {
        name.starts_with('.')
            || name.starts_with("catalog.")
            || name.starts_with("facebank.")
            || matches!(name, EPISODES | "blobs" | "config.toml" | "holder.json" | "lost+found")
    };
    match names.into_iter().find(|name| !ours(name)) {
        Some(found) => Err(StoreError::ForeignDirectory { path: root.to_owned(), found }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::EpisodeStore;
    use super::super::sample::{SMALL, embedder, episode, meta, shot};
    use super::*;
    use crate::domain::RunId;

    fn with_episode(root: &Path) -> Library {
        let library = Library::open(root).unwrap();
        let store = EpisodeStore::open_writer(&library, &episode()).unwrap();
        store.begin_run(&meta(1)).unwrap();
        store.write_shot(RunId(1), &shot(1, SMALL), &embedder()).unwrap();
        library
    }

    #[test]
    fn a_missing_library_is_made_with_its_layout_and_opens_again() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("a/b");
        let library = with_episode(&root);
        for part in ["catalog.redb", "episodes/demo-s01e02/episode.redb", "episodes/demo-s01e02/cache", "blobs"] {
            assert!(root.join(part).exists(), "{part}");
        }
        assert_eq!(Library::open(&root).unwrap().episodes().unwrap(), [episode()]);
        assert_eq!(library.cache_path(&episode()), root.join("episodes/demo-s01e02/cache"));
    }

    fn delete(library: &Library, episode: &EpisodeId) -> Result<Deleted, StoreError> {
        library.delete_episode(episode, Author::User { name: "ana".into(), host: None, client: None }, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_is_no_library_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("notes.txt");
        fs::write(&file, "x").unwrap();
        assert!(matches!(Library::open(&file), Err(StoreError::NotADirectory { .. })));
        assert!(matches!(Library::open(file.join("below")), Err(StoreError::NotADirectory { .. })));
        let told = Library::open(dir.path()).unwrap_err();
        assert!(told.to_string().ends_with(r#"is not a library: it holds "notes.txt", which no library has"#), "{told}");
        assert!(told.hint().contains("--library"));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn foreign_files_in_a_library_are_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let library = with_episode(dir.path());
        fs::write(dir.path().join("notes.txt"), "x").unwrap();
        fs::write(dir.path().join("episodes/.DS_Store"), "x").unwrap();
        fs::create_dir(dir.path().join("episodes/Not An Id")).unwrap();
        fs::create_dir(dir.path().join("episodes/empty-one")).unwrap();
        assert_eq!(Library::open(dir.path()).unwrap().episodes().unwrap(), [episode()]);
        assert!(delete(&library, &"empty-one".parse().unwrap()).is_ok());
    }

    #[test]
    fn an_unwritable_library_says_so() {
        // Where even root may not make directories.
        let told = Library::open("/proc/screenalytics").unwrap_err();
        assert!(matches!(told, StoreError::Io { action: "make", .. }), "{told}");
    }

    #[test]
    fn deleting_tells_what_went_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let library = with_episode(dir.path());
        let deleted = delete(&library, &episode()).unwrap();
        assert_eq!(deleted.rows, Some(DeletedRows { runs: 1, shots: 1, operations: 0 }));
        assert!(deleted.bytes > 10_000 && deleted.files >= 2, "{deleted:?}");
        assert_eq!(fs::read_dir(dir.path().join("episodes")).unwrap().count(), 0);
        assert!(matches!(delete(&library, &episode()), Err(StoreError::NoEpisode { .. })));
        assert!(matches!(EpisodeStore::open_reader(&library, &episode()), Err(StoreError::NoEpisode { .. })));
    }

    #[test]
    fn an_episode_in_use_is_not_deleted() {
        let dir = tempfile::tempdir().unwrap();
        let library = with_episode(dir.path());
        let store = EpisodeStore::open_writer(&library, &episode()).unwrap();
        assert!(matches!(delete(&library, &episode()), Err(StoreError::Held { holder: Some(_), .. })));
        assert_eq!(store.shots(RunId(1)).unwrap().len(), 1);
    }

    #[test]
    fn a_damaged_episode_can_be_deleted_and_an_interrupted_deletion_is_finished() {
        let dir = tempfile::tempdir().unwrap();
        let library = with_episode(dir.path());
        fs::write(library.episode_path(&episode()).join(EPISODE_FILE), "garbage").unwrap();
        assert_eq!(delete(&library, &episode()).unwrap().rows, None);
        let left = dir.path().join("episodes/.deleted-demo-s01e02-1");
        fs::create_dir_all(left.join("cache")).unwrap();
        let library = Library::open(dir.path()).unwrap();
        assert!(!left.exists());
        assert_eq!(library.episodes().unwrap(), []);
    }
}
