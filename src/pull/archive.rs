//! Takes named members out of wheels, packages and model packs.
//!
//! A name is only compared, never used as a path: what lies in an archive beside the wanted member, where its names lead and
//! what its links point to has no effect. Sizes are bounded while reading, whatever the archive says of itself.

use super::trouble::Trouble;
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

/// How much is read at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Bytes of the member.
    pub(super) member: u64,
    /// Bytes of the whole archive when unpacked, as far as it has to be read.
    pub(super) unpacked: u64,
}

/// Writes the one member of the name `wanted` to `out` and returns its size. Where no member has the full name, one that is
/// alone in having its last part serves: publishers have been known to add a folder.
pub(super) fn take(archive: &Path, wanted: &str, bounds: Bounds, out: &mut dyn Write) -> Result<u64, Trouble> {
    let unread = |source| Trouble::Read { path: archive.to_owned(), source };
    let mut magic = [0u8; 4];
    let read = File::open(archive).and_then(|mut f| f.read(&mut magic)).map_err(unread)?;
    match &magic[..read] {
        [b'P', b'K', ..] => from_zip(archive, wanted, bounds, out),
        [0x1f, 0x8b, ..] => {
            let name = choose(tar_names(archive, bounds)?, wanted)?;
            from_tar(archive, &name, bounds, out)
        }
        _ => Err(broken("it is neither a zip nor a gzip file")),
    }
}

fn from_zip(archive: &Path, wanted: &str, bounds: Bounds, out: &mut dyn Write) -> Result<u64, Trouble> {
    let file = File::open(archive).map_err(|source| Trouble::Read { path: archive.to_owned(), source })?;
    let mut zip = zip::ZipArchive::new(BufReader::new(file)).map_err(|e| broken(&e.to_string()))?;
    let mut names = Vec::with_capacity(zip.len().min(1 << 16));
    for i in 0..zip.len() {
        let name = match zip.name_for_index(i) {
            Some(Ok(name)) => name.into_owned(),
            // A name that is no text is not the wanted one.
            Some(Err(_)) | None => String::new(),
        };
        names.push(name);
    }
    let name = choose(names.clone(), wanted)?;
    let index = names.iter().position(|n| *n == name).unwrap_or_default();
    let mut member = zip.by_index(index).map_err(|e| broken(&e.to_string()))?;
    if !member.is_file() || member.is_symlink() {
        return Err(broken(&format!("its member {name:?} is not a plain file")));
    }
    // Reading to the end checks the member's own checksum.
    copy(&mut member, &name, bounds.member, out)
}

/// Lists the names in a compressed tar, those of links and folders too.
fn tar_names(archive: &Path, bounds: Bounds) -> Result<Vec<String>, Trouble> {
    let mut names = Vec::new();
    each_of_tar(archive, bounds, |entry| {
        names.push(String::from_utf8_lossy(&entry.path_bytes()).into_owned());
        Ok(true)
    })?;
    Ok(names)
}

fn from_tar(archive: &Path, name: &str, bounds: Bounds, out: &mut dyn Write) -> Result<u64, Trouble> {
    let mut copied = None;
    each_of_tar(archive, bounds, |entry| {
        if entry.path_bytes().as_ref() != name.as_bytes() {
            return Ok(true);
        }
        if !matches!(entry.header().entry_type(), tar::EntryType::Regular | tar::EntryType::Continuous) {
            return Err(broken(&format!("its member {name:?} is not a plain file")));
        }
        copied = Some(copy(entry, name, bounds.member, out)?);
        Ok(false)
    })?;
    copied.ok_or_else(|| broken(&format!("it has no member {name:?}")))
}

type Entry<'a> = tar::Entry<'a, Bounded<GzDecoder<BufReader<File>>>>;

/// Reads up to a bound, and fails beyond it.
struct Bounded<R> {
    inner: R,
    left: u64,
    bound: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left.max(1)).unwrap_or(usize::MAX).min(buffer.len());
        let n = self.inner.read(&mut buffer[..room])?;
        self.left = self
            .left
            .checked_sub(n as u64)
            .ok_or_else(|| io::Error::other(format!("it unpacks to more than {} bytes", self.bound)))?;
        Ok(n)
    }
}

/// Hands each entry to `visit` until it says false.
fn each_of_tar(
    archive: &Path,
    bounds: Bounds,
    mut visit: impl FnMut(&mut Entry<'_>) -> Result<bool, Trouble>,
) -> Result<(), Trouble> {
    let file = File::open(archive).map_err(|source| Trouble::Read { path: archive.to_owned(), source })?;
    let inner = GzDecoder::new(BufReader::new(file));
    let mut tar = tar::Archive::new(Bounded { inner, left: bounds.unpacked, bound: bounds.unpacked });
    // Raw: headers with long names are members like any other, and are not read into memory.
    let entries = tar.entries().map_err(|e| broken(&e.to_string()))?.raw(true);
    for entry in entries {
        let mut entry = entry.map_err(|e| broken(&e.to_string()))?;
        if !visit(&mut entry)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Finds the member that is meant among all names.
fn choose(names: Vec<String>, wanted: &str) -> Result<String, Trouble> {
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let exact = names.iter().filter(|n| *n == wanted).count();
    let mut fit: Vec<String> =
        names.into_iter().filter(|n| if exact > 0 { n == wanted } else { last(n) == last(wanted) }).collect();
    match (fit.len(), fit.pop()) {
        (1, Some(name)) => Ok(name),
        (0, _) | (_, None) => Err(broken(&format!("it has no member {wanted:?}"))),
        (n, _) => Err(broken(&format!("it has {n} members {wanted:?}"))),
    }
}

fn copy(from: &mut dyn Read, name: &str, most: u64, out: &mut dyn Write) -> Result<u64, Trouble> {
    let mut buffer = vec![0u8; 1 << 16];
    let mut done = 0u64;
    loop {
        let n = from.read(&mut buffer).map_err(|e| broken(&format!("its member {name:?}: {e}")))?;
        if n == 0 {
            return Ok(done);
        }
        done += n as u64;
        if done > most {
            return Err(broken(&format!("its member {name:?} has more than {most} bytes")));
        }
        out.write_all(&buffer[..n]).map_err(|source| Trouble::Write { path: name.into(), source })?;
    }
}

fn broken(reason: &str) -> Trouble {
    Trouble::Archive { reason: reason.to_owned() }
}
