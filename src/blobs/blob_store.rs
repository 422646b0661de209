//! Putting, getting and deleting blobs.

use super::error::BlobError;
use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use tokio::runtime::{Builder, Handle, Runtime};

/// A file is stored in parts of this size: S3 takes none below 5 MiB, and one at a time is in memory.
const PART_BYTES: u64 = 8 << 20;

/// Chooses where blobs are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageParams {
    pub backend: Backend,
    /// Each blob is on the disk before its call returns.
    pub sync: bool,
}

/// Names a kind of storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// A directory.
    Local,
}

/// Holds blobs by key.
#[derive(Debug)]
pub struct Blobs {
    store: Box<dyn ObjectStore>,
    runtime: Runtime,
}

/// A blob in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    pub key: String,
    pub bytes: u64,
}

/// Tells what a deletion took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deleted {
    pub blobs: u64,
    pub bytes: u64,
}

impl Blobs {
    /// Opens the blobs below `root` and makes the directory where it is missing.
    ///
    /// # Errors
    /// Fails where `root` cannot be made or is no directory.
    pub fn open(params: &StorageParams, root: &Path) -> Result<Self, BlobError> {
        let failed = |source| BlobError::Io { action: "open", path: root.to_owned(), source };
        let Backend::Local = params.backend;
        fs::create_dir_all(root).map_err(failed)?;
        let store = LocalFileSystem::new_with_prefix(root).map_err(|e| failed(std::io::Error::other(e)))?;
        let store = store.with_automatic_cleanup(true).with_fsync(params.sync);
        let runtime = Builder::new_current_thread().build().map_err(failed)?;
        Ok(Self { store: Box::new(store), runtime })
    }

    /// Stores bytes; a blob with that key is replaced. Nobody sees half of it.
    ///
    /// # Errors
    /// Fails where `key` is none, or writing fails.
    pub fn put_bytes(&self, key: &str, bytes: impl Into<Bytes>) -> Result<(), BlobError> {
        let at = parse(key)?;
        let payload = PutPayload::from_bytes(bytes.into());
        self.run(self.store.put(&at, payload))?.map_err(|e| BlobError::store("write", key, &e))?;
        Ok(())
    }

    /// Stores the content of a file, 8 MiB in memory at a time; a blob with that key is replaced. Nobody sees half of it.
    ///
    /// # Errors
    /// Fails where `key` is none, `file` cannot be read, or writing fails.
    pub fn put_file(&self, key: &str, file: &Path) -> Result<(), BlobError> {
        let at = parse(key)?;
        let failed = |source| BlobError::Io { action: "read", path: file.to_owned(), source };
        let told = |e: object_store::Error| BlobError::store("write", key, &e);
        let mut input = File::open(file).map_err(failed)?;
        self.run(async {
            let mut upload = self.store.put_multipart(&at).await.map_err(told)?;
            let copied = async {
                loop {
                    let mut part = Vec::new();
                    input.by_ref().take(PART_BYTES).read_to_end(&mut part).map_err(failed)?;
                    if part.is_empty() {
                        break;
                    }
                    upload.put_part(part.into()).await.map_err(told)?;
                }
                upload.complete().await.map_err(told)
            };
            if let Err(error) = copied.await {
                // What a failed abort leaves is invisible under its key.
                let _ = upload.abort().await;
                return Err(error);
            }
            Ok(())
        })?
    }

    /// Returns the content of a blob.
    ///
    /// # Errors
    /// Fails with [`BlobError::NotFound`] where there is none, and where reading fails.
    pub fn get(&self, key: &str) -> Result<Bytes, BlobError> {
        let at = parse(key)?;
        self.run(async { self.store.get(&at).await?.bytes().await })?.map_err(|e| BlobError::store("read", key, &e))
    }

    /// Lists the blobs below `prefix` (whole names: `frames/a` holds `frames/a/x`, not `frames/ab`), by key; all for "".
    ///
    /// # Errors
    /// Fails where `prefix` is none, or reading fails.
    pub fn list(&self, prefix: &str) -> Result<Vec<Blob>, BlobError> {
        let mut open = vec![if prefix.is_empty() { Key::default() } else { parse(prefix)? }];
        let mut found = Vec::new();
        while let Some(at) = open.pop() {
            let listed = self.run(self.store.list_with_delimiter(Some(&at)))?;
            let listed = listed.map_err(|e| BlobError::store("list", at.as_ref(), &e))?;
            open.extend(listed.common_prefixes);
            found.extend(listed.objects.into_iter().map(|o| Blob { key: o.location.into(), bytes: o.size }));
        }
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    /// Deletes the blobs below `prefix` and tells what went; none is fine.
    ///
    /// # Errors
    /// Fails with [`BlobError::EmptyPrefix`] for "" and "/", where `prefix` is none, or deleting fails.
    pub fn delete_prefix(&self, prefix: &str) -> Result<Deleted, BlobError> {
        if prefix.split('/').all(|part| part.trim().is_empty()) {
            return Err(BlobError::EmptyPrefix);
        }
        let mut deleted = Deleted::default();
        for Blob { key, bytes } in self.list(prefix)? {
            let at = parse(&key)?;
            self.run(self.store.delete(&at))?.map_err(|e| BlobError::store("delete", &key, &e))?;
            deleted.blobs += 1;
            deleted.bytes += bytes;
        }
        Ok(deleted)
    }

    fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, BlobError> {
        // Blocking inside a runtime would panic.
        if Handle::try_current().is_ok() { Err(BlobError::InsideRuntime) } else { Ok(self.runtime.block_on(work)) }
    }
}

/// Takes a key as it is written: nothing is cleaned up, so that two writings are never one blob.
fn parse(key: &str) -> Result<Key, BlobError> {
    let refused = |reason: String| BlobError::Key { key: key.to_owned(), reason };
    let parsed = Key::parse(key).map_err(|e| refused(e.to_string()))?;
    if key.is_empty() || parsed.as_ref() != key {
        return Err(refused("it has empty names".into()));
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Config {
        storage: StorageParams,
    }

    fn blobs(root: &Path) -> Blobs {
        let config: Config = toml::from_str(include_str!("../../config/storage.toml")).unwrap();
        Blobs::open(&config.storage, root).unwrap()
    }

    fn keys(found: Vec<Blob>) -> Vec<String> {
        found.into_iter().map(|blob| blob.key).collect()
    }

    #[test]
    fn blobs_come_back_as_they_were_put_and_lie_where_the_layout_says() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = blobs(&dir.path().join("blobs"));
        blobs.put_bytes("frames/a/x.jpg", &b"one"[..]).unwrap();
        blobs.put_bytes("frames/a/x.jpg", &b"two"[..]).unwrap();
        assert_eq!(blobs.get("frames/a/x.jpg").unwrap(), &b"two"[..]);
        assert_eq!(fs::read(dir.path().join("blobs/frames/a/x.jpg")).unwrap(), b"two");
        assert!(matches!(blobs.get("frames/a/y.jpg"), Err(BlobError::NotFound { .. })));
    }

    #[test]
    fn a_file_of_several_parts_comes_back_whole() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = blobs(&dir.path().join("blobs"));
        let bytes: Vec<u8> = (0..PART_BYTES * 2 + 5).map(|i| u8::try_from(i % 251).unwrap()).collect();
        for (name, bytes) in [("big", &bytes[..]), ("empty", &[])] {
            let file = dir.path().join(name);
            fs::write(&file, bytes).unwrap();
            blobs.put_file("videos/a/episode.mp4", &file).unwrap();
            assert!(blobs.get("videos/a/episode.mp4").unwrap() == bytes, "{name}");
        }
        assert!(matches!(blobs.put_file("videos/a/b", &dir.path().join("none")), Err(BlobError::Io { action: "read", .. })));
        assert_eq!(keys(blobs.list("").unwrap()), ["videos/a/episode.mp4"]);
    }

    #[test]
    fn deleting_takes_whole_names_only_and_refuses_everything_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = blobs(dir.path());
        for key in ["frames/a/x/1", "frames/a/2", "frames/ab/3", "videos/a/4"] {
            blobs.put_bytes(key, key.as_bytes().to_vec()).unwrap();
        }
        for empty in ["", "/", "//", " "] {
            assert!(matches!(blobs.delete_prefix(empty), Err(BlobError::EmptyPrefix)), "{empty:?}");
        }
        for bad in ["../x", "frames/../..", "/frames/a", "frames//a"] {
            assert!(matches!(blobs.delete_prefix(bad), Err(BlobError::Key { .. })), "{bad:?}");
            assert!(matches!(blobs.put_bytes(bad, Bytes::new()), Err(BlobError::Key { .. })), "{bad:?}");
        }
        assert_eq!(keys(blobs.list("frames/a").unwrap()), ["frames/a/2", "frames/a/x/1"]);
        assert_eq!(blobs.delete_prefix("frames/a").unwrap(), Deleted { blobs: 2, bytes: 22 });
        assert_eq!(keys(blobs.list("").unwrap()), ["frames/ab/3", "videos/a/4"]);
        assert!(!dir.path().join("frames/a").exists());
        assert_eq!(blobs.delete_prefix("frames/a").unwrap(), Deleted::default());
    }

    #[test]
    fn a_root_that_is_a_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let told = Blobs::open(&StorageParams { backend: Backend::Local, sync: false }, &file).unwrap_err();
        assert!(matches!(told, BlobError::Io { action: "open", .. }), "{told}");
    }

    #[test]
    fn a_call_from_inside_a_runtime_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = blobs(dir.path());
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { assert!(matches!(blobs.list(""), Err(BlobError::InsideRuntime))) });
    }
}
