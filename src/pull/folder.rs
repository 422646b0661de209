//! The models folder as fetching uses it: files appear whole or not at all, and two fetches do not meet.

use super::pin::{Pin, hex};
use super::trouble::Trouble;
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where downloads lie until their files are made.
const WORK: &str = ".pull";
/// Between two looks at a lock that another process holds.
const LOOK: Duration = Duration::from_millis(100);

/// A folder of models that is written to.
#[derive(Debug)]
pub(super) struct Folder {
    models: PathBuf,
    work: PathBuf,
}

/// Held while one process works on one download.
#[derive(Debug)]
pub(super) struct Claim {
    _lock: File,
    path: PathBuf,
}

impl Folder {
    /// Makes the folder where it is missing, and the one for work in it.
    pub(super) fn open(models: &Path) -> io::Result<Self> {
        // Package clients run in a folder below: a relative name would lead elsewhere there.
        let models = std::path::absolute(models)?;
        let work = models.join(WORK);
        fs::create_dir_all(&work)?;
        remove_orphans(&work);
        Ok(Self { models, work })
    }

    pub(super) fn models(&self) -> &Path {
        &self.models
    }

    /// Where downloads lie.
    pub(super) fn work(&self) -> &Path {
        &self.work
    }

    /// Where a download is collected, also by a later call that goes on with it.
    pub(super) fn part(&self, pin: &Pin) -> PathBuf {
        self.work.join(format!("{}.part", short(pin)))
    }

    /// Waits until no other process works on the download, calling `waits` now and then.
    pub(super) fn claim(&self, pin: &Pin, waits: &mut dyn FnMut()) -> Result<Claim, Trouble> {
        let path = self.work.join(format!("{}.lock", short(pin)));
        let failed = |source| Trouble::Write { path: path.clone(), source };
        loop {
            // Whoever held it before took the folder away where nothing was left in it.
            fs::create_dir_all(&self.work).map_err(failed)?;
            let file = match OpenOptions::new().create(true).truncate(false).write(true).open(&path) {
                Ok(file) => file,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(failed(source)),
            };
            match file.try_lock() {
                // The name may have gone while this waited for the lock on what it named.
                Ok(()) if is_at(&file, &path) => return Ok(Claim { _lock: file, path }),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    waits();
                    std::thread::sleep(LOOK);
                }
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }

    /// Makes an empty folder for a package client.
    pub(super) fn scratch(&self, pin: &Pin) -> Result<Scratch, Trouble> {
        let path = self.work.join(format!("{}.client", short(pin)));
        let failed = |source| Trouble::Write { path: path.clone(), source };
        if path.exists() {
            fs::remove_dir_all(&path).map_err(failed)?;
        }
        fs::create_dir_all(&path).map_err(failed)?;
        Ok(Scratch(path))
    }

    /// Refuses where the disk has less room than `needed`.
    pub(super) fn check_room(&self, needed: u64) -> Result<(), Trouble> {
        let Ok(disk) = rustix::fs::statvfs(&self.work) else { return Ok(()) };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < needed { Err(Trouble::NoRoom { path: self.models.clone(), needed, free }) } else { Ok(()) }
    }

    /// Lets `make` write a file, checks it and puts it among the models under `name`. What lay there under that name and is
    /// something else is kept as `name.replaced`. Returns the size.
    pub(super) fn place(
        &self,
        name: &str,
        pin: &Pin,
        make: impl FnOnce(&mut dyn Write) -> Result<(), Trouble>,
    ) -> Result<u64, Trouble> {
        let target = self.models.join(name);
        let temporary = Temporary(self.work.join(format!("{name}.{}.tmp", std::process::id())));
        let failed = |source| Trouble::Write { path: target.clone(), source };
        let file = File::create(&temporary.0).map_err(failed)?;
        let mut out = Hashing { file, hash: Sha256::new(), bytes: 0, most: pin.most() };
        make(&mut out).map_err(|e| named(e, &target))?;
        pin.check_size(out.bytes)?;
        pin.check_digest(&hex(&out.hash.finalize()))?;
        out.file.sync_all().map_err(failed)?;
        if fs::symlink_metadata(&target).is_ok() && pin.check_file(&target).is_err() {
            fs::rename(&target, self.models.join(format!("{name}.replaced"))).map_err(failed)?;
        }
        fs::rename(&temporary.0, &target).map_err(failed)?;
        // The name is safe only when the folder is; some file systems cannot do it, and nothing more can be done there.
        let _ = File::open(&self.models).and_then(|dir| dir.sync_all());
        Ok(out.bytes)
    }

    /// Takes the folder for work away where nothing is left in it.
    pub(super) fn tidy(&self) {
        let _ = fs::remove_dir(&self.work);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // While the lock is still held: who opened the file meanwhile sees that its name is gone.
        let _ = fs::remove_file(&self.path);
    }
}

/// A folder that goes away with this value.
#[derive(Debug)]
pub(super) struct Scratch(pub(super) PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(path = ?self.0, %error, "a temporary folder is left behind");
        }
    }
}

/// A file that goes away with this value, unless it was renamed.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Writes to a file and takes the digest on the way; more than is due is refused.
struct Hashing {
    file: File,
    hash: Sha256,
    bytes: u64,
    most: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes + bytes.len() as u64 > self.most {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it has more than the {} bytes that are due", self.most),
            ));
        }
        let n = self.file.write(bytes)?;
        self.hash.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Names the file that could not be written, where only its contents were known.
fn named(trouble: Trouble, target: &Path) -> Trouble {
    match trouble {
        Trouble::Write { source, .. } if source.kind() == io::ErrorKind::FileTooLarge => {
            Trouble::Archive { reason: format!("what is to be {:?}: {source}", target.file_name().unwrap_or_default()) }
        }
        Trouble::Write { source, .. } => Trouble::Write { path: target.to_owned(), source },
        other => other,
    }
}

/// Removes half-made files whose process is gone: it was killed before it could.
fn remove_orphans(work: &Path) {
    for entry in fs::read_dir(work).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let maker = name.strip_suffix(".tmp").and_then(|n| n.rsplit('.').next()).and_then(|n| n.parse().ok());
        let Some(pid) = maker.and_then(rustix::process::Pid::from_raw) else { continue };
        if rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Enough of a digest to tell files apart.
fn short(pin: &Pin) -> &str {
    pin.name().get(..16).unwrap_or(pin.name())
}

/// Tells whether an open file is still the one that a name leads to.
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Lists downloads that broke off, with their sizes.
pub(super) fn unfinished(models: &Path) -> Vec<(PathBuf, u64)> {
    let entries = fs::read_dir(models.join(WORK)).into_iter().flatten().flatten();
    let parts = entries.filter(|e| e.path().extension().is_some_and(|x| x == "part"));
    let mut found: Vec<(PathBuf, u64)> = parts.filter_map(|e| e.metadata().ok().map(|m| (e.path(), m.len()))).collect();
    found.sort();
    found
}
