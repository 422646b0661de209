//! Opens redb files and runs transactions on them; every error comes out with the file's path.

use super::codec::RowError;
use super::error::StoreError;
use super::lock::FileLock;
use super::tables::{Kind, SCHEMA, SCHEMA_VERSION};
use redb::{Builder, ConcurrencyMode, Database, ReadOnlyDatabase, ReadTransaction, ReadableDatabase, WriteTransaction};
use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Pages that redb keeps in memory; its own choice would be 1 GiB. Reading goes shot by shot, so more buys nothing.
const CACHE_BYTES: usize = 32 << 20;
/// How long to wait for another process that repairs or briefly writes.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// An error inside a transaction, before the file is known.
#[derive(Debug)]
pub(super) enum Fault {
    Redb(Box<redb::Error>),
    Row(RowError),
    Store(StoreError),
}

macro_rules! fault_from {
    ($($error:ty),*) => {$(
        impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                Self::Redb(Box::new(error.into()))
            }
        }
    )*};
}
fault_from!(redb::DatabaseError, redb::TransactionError, redb::TableError, redb::StorageError, redb::CommitError);

impl From<RowError> for Fault {
    fn from(error: RowError) -> Self {
        Self::Row(error)
    }
}

impl<E: Into<StoreError>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

/// An open redb file.
pub(super) struct Engine {
    path: PathBuf,
    access: Access,
}

enum Access {
    Write(Database),
    Read(ReadOnlyDatabase),
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("path", &self.path).field("writes", &self.writes()).finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens a file for writing and makes it where it is missing. The caller holds the file's lock.
    ///
    /// A new file gets its tables under another name first, so that one that exists is never half made.
    pub(super) fn open_writer(path: &Path, kind: Kind) -> Result<Self, StoreError> {
        if !path.try_exists().map_err(StoreError::io("open", path))? {
            let unfinished = path.with_extension("redb.new");
            match fs::remove_file(&unfinished) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::io("remove", &unfinished)(e));
                }
                _ => {}
            }
            let db = guarded(&unfinished, || Ok(shared().create(&unfinished)?))?;
            let made = Self { path: unfinished, access: Access::Write(db) };
            made.make(kind)?;
            let unfinished = made.path.clone();
            drop(made);
            fs::rename(&unfinished, path).map_err(StoreError::io("make", path))?;
            sync_directory(path)?;
        }
        refuse_empty(path)?;
        let db = guarded(path, || Ok(shared().open(path)?))?;
        let engine = Self { path: path.to_owned(), access: Access::Write(db) };
        if engine.schema(kind)? < SCHEMA {
            engine.make(kind)?;
        }
        Ok(engine)
    }

    /// Opens a file for reading, beside a writer or without one.
    ///
    /// After a crash of the writer the file needs a repair, and one of an older layout new tables, which is made here where the
    /// lock at `lock` is free.
    pub(super) fn open_reader(path: &Path, lock: &Path, kind: Kind) -> Result<Self, StoreError> {
        refuse_empty(path)?;
        let begin = Instant::now();
        loop {
            match guarded(path, || Ok(shared().open_read_only(path)))? {
                Ok(db) => {
                    let engine = Self { path: path.to_owned(), access: Access::Read(db) };
                    if engine.schema(kind)? == SCHEMA {
                        return Ok(engine);
                    }
                    drop(engine);
                    let Some(_lock) = FileLock::try_take(lock)? else {
                        return Err(StoreError::Busy { path: path.to_owned(), waited_s: begin.elapsed().as_secs() });
                    };
                    drop(Self::open_writer(path, kind)?);
                }
                Err(redb::DatabaseError::RepairAborted | redb::DatabaseError::DatabaseAlreadyOpen) => {
                    let taken = FileLock::try_take(lock).map_err(|error| match error {
                        StoreError::Io { source, .. } => StoreError::io("repair after a crash of its writer", path)(source),
                        error => error,
                    });
                    if let Some(_lock) = taken? {
                        drop(Self::open_writer(path, kind)?);
                    }
                    pause(path, begin)?;
                }
                Err(error) => return Err(StoreError::redb(path, error)),
            }
        }
    }

    /// Makes a database that is gone when dropped.
    pub(super) fn in_memory(kind: Kind) -> Result<Self, StoreError> {
        Self::with_backend(redb::backends::InMemoryBackend::new(), kind)
    }

    /// Makes a database on `backend`, which must be empty.
    pub(super) fn with_backend(backend: impl redb::StorageBackend, kind: Kind) -> Result<Self, StoreError> {
        let path = PathBuf::from("(memory)");
        let db = Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(backend);
        let db = db.map_err(|e| StoreError::redb(&path, e))?;
        let engine = Self { path, access: Access::Write(db) };
        engine.make(kind)?;
        Ok(engine)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn writes(&self) -> bool {
        matches!(self.access, Access::Write(_))
    }

    /// Runs `work` on the last committed state.
    pub(super) fn read<T>(&self, work: impl FnOnce(&ReadTransaction) -> Result<T, Fault>) -> Result<T, StoreError> {
        guarded(&self.path, || {
            let txn = match &self.access {
                Access::Write(db) => db.begin_read()?,
                Access::Read(db) => db.begin_read()?,
            };
            work(&txn)
        })
    }

    /// Runs `work` in one transaction: all of it is on the disk when this returns, or none of it.
    pub(super) fn write<T>(&self, work: impl FnOnce(&WriteTransaction) -> Result<T, Fault>) -> Result<T, StoreError> {
        let Access::Write(db) = &self.access else { return Err(StoreError::ReadOnly { path: self.path.clone() }) };
        guarded(&self.path, || {
            let mut txn = db.begin_write()?;
            // Saves the allocator's state with each commit: reopening after a kill takes milliseconds, not a walk
            // over the whole file.
            txn.set_quick_repair(true);
            let value = work(&txn)?;
            txn.commit()?;
            Ok(value)
        })
    }

    /// Reads every page and compares it with its checksum; `None` where only a writer could.
    pub(super) fn check_pages(&mut self) -> Option<Result<(), StoreError>> {
        let Access::Write(db) = &mut self.access else { return None };
        let whole = guarded(&self.path, || Ok(db.check_integrity()?));
        Some(whole.and_then(|whole| {
            let rebuilt = || StoreError::damaged(&self.path, "its list of free pages was wrong and has been rebuilt");
            if whole { Ok(()) } else { Err(rebuilt()) }
        }))
    }

    fn make(&self, kind: Kind) -> Result<(), StoreError> {
        self.write(|txn| {
            txn.open_table(SCHEMA_VERSION)?.insert(kind.name(), SCHEMA)?;
            kind.make_tables(txn)?;
            Ok(())
        })
    }

    /// Returns the layout of the file, which is not higher than the one known.
    fn schema(&self, kind: Kind) -> Result<u32, StoreError> {
        let found = self.read(|txn| Ok(txn.open_table(SCHEMA_VERSION)?.get(kind.name())?.map(|found| found.value())));
        match found {
            Ok(Some(found)) if found <= SCHEMA => Ok(found),
            Ok(Some(found)) => Err(StoreError::Newer { path: self.path.clone(), found, known: SCHEMA }),
            Ok(None) => Err(StoreError::damaged(&self.path, format!("it is no {} of a library", kind.name()))),
            Err(StoreError::Damaged { path, what }) if what.contains("does not exist") => {
                Err(StoreError::damaged(&path, format!("it is no {} of a library", kind.name())))
            }
            Err(error) => Err(error),
        }
    }
}

/// Runs `work` on the file at `path` and names it in errors.
///
/// redb panics on some damaged pages instead of returning an error (a table's entry that is cut short, for one), so a
/// panic in it is taken for damage. What unwinds is one transaction, which is thereby aborted.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, Fault>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Fault::Redb(error))) => Err(StoreError::redb(path, *error)),
        Ok(Err(Fault::Row(error))) => Err(StoreError::damaged(path, error.to_string())),
        Ok(Err(Fault::Store(error))) => Err(error),
        Err(panic) => {
            let told = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
            Err(StoreError::damaged(path, format!("its pages make no sense ({})", told.unwrap_or("no detail"))))
        }
    }
}

/// Waits a little, or says that the wait since `begin` was long enough.
pub(super) fn pause(path: &Path, begin: Instant) -> Result<(), StoreError> {
    if begin.elapsed() > PATIENCE {
        return Err(StoreError::Busy { path: path.to_owned(), waited_s: PATIENCE.as_secs() });
    }
    std::thread::sleep(PAUSE);
    Ok(())
}

fn shared() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES).set_concurrency_mode(ConcurrencyMode::SingleWriter);
    builder
}

/// redb takes an empty file for a new one; here files are made whole, so an empty one has lost its content.
fn refuse_empty(path: &Path) -> Result<(), StoreError> {
    let meta = fs::metadata(path).map_err(StoreError::io("open", path))?;
    if !meta.is_file() {
        return Err(StoreError::damaged(path, "it is not a file"));
    }
    if meta.len() == 0 { Err(StoreError::damaged(path, "it is empty")) } else { Ok(()) }
}

/// Makes a rename in the directory of `path` survive a power cut.
fn sync_directory(path: &Path) -> Result<(), StoreError> {
    let Some(parent) = path.parent() else { return Ok(()) };
    if cfg!(unix) {
        File::open(parent).and_then(|dir| dir.sync_all()).map_err(StoreError::io("make", parent))?;
    }
    Ok(())
}
