//! The way of each file: sources in their order, one download for all that is made of it.

use super::archive::{self, Bounds};
use super::folder::{Folder, Scratch};
use super::mirror::Mirror;
use super::params::PullParams;
use super::pin::Pin;
use super::trouble::Trouble;
use super::web::Web;
use super::{PullError, clients};
use crate::convert;
use crate::infer::{Download, FileOf, Found, Manifest, ModelEntry, Place, Source};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is to be fetched, and where to.
#[derive(Debug)]
pub struct Request<'a> {
    pub manifest: &'a Manifest,
    pub models: Vec<&'a ModelEntry>,
    /// What lies in the models folder, `found.dir`.
    pub found: &'a Found,
    /// Takes the place of all published sources.
    pub mirror: Option<&'a Mirror>,
    pub params: &'a PullParams,
}

/// What fetching does at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another process works on the same download.
    Wait,
    Fetch,
    /// Unpacks, converts and checks.
    Make,
}

impl Step {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Fetch => "fetch",
            Self::Make => "make",
        }
    }
}

/// A moment of fetching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    pub step: Step,
    /// The file that is fetched or made.
    pub file: String,
    /// Where from, in words.
    pub from: String,
    /// Bytes of it that are there, and that are due.
    pub done: u64,
    pub due: u64,
    /// Models that are settled, for good or ill, and all that were missing.
    pub models_done: usize,
    pub models_due: usize,
}

/// A model that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    pub id: String,
    /// Of the files that were made.
    pub bytes: u64,
}

/// A model that could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    pub id: String,
    /// What was tried and why it did not work, in order; empty where there is nothing to try.
    pub reasons: Vec<String>,
    /// The files that are missing.
    pub files: Vec<String>,
    /// Commands that bring the downloads on a machine that can; none where the disk is the reason.
    pub commands: Vec<String>,
    /// The models folder has no room or cannot be written to.
    pub is_of_the_disk: bool,
}

/// How fetching ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    pub pulled: Vec<Pulled>,
    /// Models that were there before.
    pub there: Vec<String>,
    pub failed: Vec<Failed>,
    /// Bytes that came over the network or from the mirror.
    pub fetched: u64,
}

/// One missing file of a model.
struct Job<'a> {
    model: usize,
    file: FileOf<'a>,
    ways: VecDeque<Way<'a>>,
    reasons: Vec<String>,
    is_of_the_disk: bool,
    made: Option<u64>,
}

/// One way to a file.
#[derive(Clone, Copy, PartialEq)]
enum Way<'a> {
    /// The mirror has the file itself.
    Itself,
    Made(&'a Source, &'a Download),
}

impl<'a> Job<'a> {
    fn is_open(&self) -> bool {
        self.made.is_none() && !self.ways.is_empty()
    }

    /// Returns the download that the next way needs.
    fn download(&self) -> Option<&'a Download> {
        match (self.is_open(), self.ways.front()) {
            (true, Some(Way::Made(_, download))) => Some(download),
            _ => None,
        }
    }

    fn fails(&mut self, from: &str, trouble: &Trouble) {
        self.reasons.push(format!("{from}: {trouble}"));
        self.ways.pop_front();
        if trouble.is_of_the_disk() {
            self.is_of_the_disk = true;
            self.ways.clear();
        }
    }
}

/// Fetches what is missing of the models and returns what came of each; a source that fails gives way to the next.
///
/// A file lies among the models when its size and digest are those of the manifest, and not before. Downloads that broke off
/// stay beside them and are gone on with.
///
/// # Errors
/// `Folder` where the models folder cannot be made or written to.
pub fn pull(request: &Request<'_>, watch: &mut dyn FnMut(&Moment)) -> Result<Outcome, PullError> {
    let into = &request.found.dir;
    let mut outcome = Outcome::default();
    let mut jobs = Vec::new();
    let mut due = Vec::new();
    for entry in &request.models {
        if request.found.models.iter().any(|m| m.entry.id == entry.id) {
            outcome.there.push(entry.id.clone());
            continue;
        }
        let missing = request.found.incomplete.iter().find(|i| i.id == entry.id).map(|i| i.missing.as_slice());
        let files = entry.files().filter(|f| missing.is_none_or(|m| m.iter().any(|name| name == f.name)));
        jobs.extend(files.map(|file| Job {
            model: due.len(),
            file,
            ways: ways(request, &file),
            reasons: Vec::new(),
            is_of_the_disk: false,
            made: None,
        }));
        due.push(*entry);
    }
    if jobs.is_empty() {
        return Ok(outcome);
    }
    let folder = Folder::open(into).map_err(|source| PullError::Folder { path: into.clone(), source })?;
    let mut work = Work { request, folder, web: None, fetched: 0, models_due: due.len(), models_done: 0, watch };
    while let Some(next) = jobs.iter().position(Job::is_open) {
        work.models_done = settled(&jobs, due.len());
        match jobs[next].download() {
            None => work.itself(&mut jobs[next]),
            Some(download) => {
                let of_it = |j: &Job<'_>| j.download().is_some_and(|d| d.id == download.id);
                let mut takers: Vec<&mut Job<'_>> = jobs.iter_mut().filter(|j| of_it(j)).collect();
                work.download(download, &mut takers);
            }
        }
    }
    work.folder.tidy();
    outcome.fetched = work.fetched;
    for (n, entry) in due.into_iter().enumerate() {
        let of_it: Vec<&Job<'_>> = jobs.iter().filter(|j| j.model == n).collect();
        if of_it.iter().all(|j| j.made.is_some()) {
            outcome.pulled.push(Pulled { id: entry.id.clone(), bytes: of_it.iter().filter_map(|j| j.made).sum() });
        } else {
            outcome.failed.push(failed(entry, &of_it, request.manifest));
        }
    }
    Ok(outcome)
}

/// Lists the ways to a file, best first.
fn ways<'a>(request: &Request<'a>, file: &FileOf<'a>) -> VecDeque<Way<'a>> {
    let made = |source: &'a Source| request.manifest.download(&source.download).map(|d| Way::Made(source, d));
    let itself = request.mirror.map(|_| Way::Itself);
    itself.into_iter().chain(file.sources.iter().filter_map(made)).collect()
}

fn settled(jobs: &[Job<'_>], models: usize) -> usize {
    (0..models).filter(|n| !jobs.iter().any(|j| j.model == *n && j.is_open())).count()
}

fn failed(entry: &ModelEntry, jobs: &[&Job<'_>], manifest: &Manifest) -> Failed {
    let (mut reasons, mut commands) = (Vec::new(), Vec::new());
    let missing = || jobs.iter().filter(|j| j.made.is_none());
    for job in missing() {
        for reason in &job.reasons {
            if !reasons.contains(reason) {
                reasons.push(reason.clone());
            }
        }
        let downloads = job.file.sources.iter().filter_map(|s| manifest.download(&s.download));
        for command in downloads.filter(|_| !job.is_of_the_disk).filter_map(command_for) {
            if !commands.contains(&command) {
                commands.push(command);
            }
        }
    }
    let files = missing().map(|j| j.file.name.to_owned()).collect();
    let is_of_the_disk = missing().any(|j| j.is_of_the_disk);
    Failed { id: entry.id.clone(), reasons, files, commands, is_of_the_disk }
}

/// Returns the command that brings a download into the working folder, where there is one.
fn command_for(download: &Download) -> Option<String> {
    match &download.from {
        Place::Url(url) => Some(format!("curl -L -o {} {url}", download.file)),
        Place::Pip(p) => Some(format!("pip download --no-deps {}=={}", p.package, p.version)),
        Place::Npm(p) => Some(format!("npm pack {}@{}", p.package, p.version)),
        Place::Cargo(_) => None,
    }
}

/// What fetching keeps from one file to the next.
struct Work<'a, 'w> {
    request: &'a Request<'a>,
    folder: Folder,
    /// Made at the first call: its certificates take a moment to read.
    web: Option<Web>,
    fetched: u64,
    models_due: usize,
    models_done: usize,
    watch: &'w mut dyn FnMut(&Moment),
}

impl Work<'_, '_> {
    /// Takes a file from the mirror as it is.
    fn itself(&mut self, job: &mut Job<'_>) {
        let Some(mirror) = self.request.mirror else {
            job.ways.pop_front();
            return;
        };
        let from = format!("{} from {mirror}", job.file.name);
        let pin = Pin::of_file(&job.file);
        let made = self.claimed(job.file.name, &from, &pin, |work| {
            if work.is_there(&job.file) {
                return Ok(0);
            }
            work.folder.check_room(pin.most().saturating_mul(2))?;
            let part = work.mirrored(mirror, job.file.name, &from, &pin)?;
            let bytes = work.make(job.file.name, &from, &pin, |out| copy(&part, out))?;
            work.discard(&part);
            Ok(bytes)
        });
        match made {
            Ok(bytes) => job.made = Some(bytes),
            Err(trouble) => job.fails(&from, &trouble),
        }
    }

    /// Brings a download and makes of it what each taker needs.
    fn download(&mut self, download: &Download, takers: &mut [&mut Job<'_>]) {
        let from = match self.request.mirror {
            Some(mirror) => format!("{} from {mirror}", download.file),
            None => format!("{} from {}", download.file, download.from),
        };
        let pin = Pin::of_download(download);
        let brought = self.claimed(&download.file, &from, &pin, |work| {
            for job in takers.iter_mut() {
                if work.is_there(&job.file) {
                    job.made = Some(0);
                }
            }
            let open = || takers.iter().filter(|j| j.made.is_none());
            if open().count() == 0 {
                return Ok(());
            }
            work.folder.check_room(open().map(|j| j.file.bytes).sum::<u64>().saturating_add(pin.most()))?;
            let (archive, _scratch) = work.bring(download, &from, &pin)?;
            for job in takers.iter_mut().filter(|j| j.made.is_none()) {
                let Some(Way::Made(source, _)) = job.ways.front().copied() else { continue };
                let (file, params) = (job.file, *work.request.params);
                let made = work.make(file.name, &from, &Pin::of_file(&file), |out| {
                    of_download(source, &archive, &file, pin.bytes(), &params, out)
                });
                match made {
                    Ok(bytes) => job.made = Some(bytes),
                    Err(trouble) => job.fails(&from, &trouble),
                }
            }
            work.discard(&archive);
            Ok(())
        });
        if let Err(trouble) = brought {
            for job in takers.iter_mut().filter(|j| j.made.is_none()) {
                job.fails(&from, &trouble);
            }
        }
    }

    /// Does something while no other process works on the same download.
    fn claimed<T>(
        &mut self,
        file: &str,
        from: &str,
        pin: &Pin,
        act: impl FnOnce(&mut Self) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let waiting = self.moment(Step::Wait, file, from, 0, pin.bytes());
        let _claim = self.folder.claim(pin, &mut || (self.watch)(&waiting))?;
        act(self)
    }

    /// Another process may have made it meanwhile.
    fn is_there(&self, file: &FileOf<'_>) -> bool {
        Pin::of_file(file).check_file(&self.folder.models().join(file.name)).is_ok()
    }

    /// Returns where a download lies, checked, and what goes away when it is no longer needed.
    fn bring(&mut self, download: &Download, from: &str, pin: &Pin) -> Result<(PathBuf, Option<Scratch>), Trouble> {
        if let Some(mirror) = self.request.mirror {
            return Ok((self.mirrored(mirror, &download.file, from, pin)?, None));
        }
        let params = *self.request.params;
        let client = match &download.from {
            Place::Url(url) => return Ok((self.web(url, &download.file, from, pin)?, None)),
            client => client,
        };
        let scratch = self.folder.scratch(pin)?;
        let mut moment = self.moment(Step::Fetch, &download.file, from, 0, pin.bytes());
        let watch = &mut *self.watch;
        let mut on = |done| {
            moment.done = done;
            watch(&moment);
        };
        let path = match client {
            Place::Pip(package) => clients::by_pip(package, pin, &scratch.0, &params, &mut on)?,
            Place::Npm(package) => clients::by_npm(package, pin, &scratch.0, &params, &mut on)?,
            Place::Cargo(package) => clients::by_cargo(package, &download.file, pin, &scratch.0, &params, &mut on)?,
            Place::Url(url) => return Err(Trouble::NotThere { what: url.clone() }),
        };
        pin.check_file(&path)?;
        self.fetched += pin.bytes();
        Ok((path, Some(scratch)))
    }

    /// Returns where a file of the mirror lies, checked.
    fn mirrored(&mut self, mirror: &Mirror, name: &str, from: &str, pin: &Pin) -> Result<PathBuf, Trouble> {
        match mirror {
            Mirror::Folder(dir) => {
                let path = dir.join(name);
                if !path.is_file() {
                    return Err(Trouble::NotThere { what: "no such file".into() });
                }
                pin.check_file(&path)?;
                self.fetched += pin.bytes();
                Ok(path)
            }
            Mirror::Url(base) => self.web(&format!("{base}/{name}"), name, from, pin),
        }
    }

    fn web(&mut self, url: &str, name: &str, from: &str, pin: &Pin) -> Result<PathBuf, Trouble> {
        let part = self.folder.part(pin);
        let mut moment = self.moment(Step::Fetch, name, from, 0, pin.bytes());
        let web = self.web.get_or_insert_with(|| Web::new(*self.request.params));
        let (watch, mut first) = (&mut *self.watch, None);
        let fetched = web.fetch(url, pin, &part, &mut |done| {
            first.get_or_insert(done);
            moment.done = done;
            watch(&moment);
        });
        self.fetched += moment.done.saturating_sub(first.unwrap_or(moment.done));
        fetched.map(|()| part)
    }

    /// Makes a file and puts it among the models.
    fn make(
        &mut self,
        name: &str,
        from: &str,
        pin: &Pin,
        make: impl FnOnce(&mut dyn Write) -> Result<(), Trouble>,
    ) -> Result<u64, Trouble> {
        let moment = self.moment(Step::Make, name, from, 0, pin.bytes());
        (self.watch)(&moment);
        self.folder.place(name, pin, make)
    }

    /// Removes a download that is ours; a mirror's file and a client's cache are left alone.
    fn discard(&self, archive: &Path) {
        if archive.parent() == Some(self.folder.work()) {
            let _ = std::fs::remove_file(archive);
        }
    }

    fn moment(&self, step: Step, file: &str, from: &str, done: u64, due: u64) -> Moment {
        let (models_done, models_due) = (self.models_done, self.models_due);
        Moment { step, file: file.to_owned(), from: from.to_owned(), done, due, models_done, models_due }
    }
}

/// Writes what a download holds of a file.
fn of_download(
    source: &Source,
    archive: &Path,
    file: &FileOf<'_>,
    archive_bytes: u64,
    params: &PullParams,
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    let unpacked = archive_bytes.saturating_mul(params.most_unpacked_times);
    let Some(name) = &source.recipe else {
        let Some(member) = source.members.first() else { return copy(archive, out) };
        let most = Pin::of_file(file).most();
        return archive::take(archive, member, Bounds { member: most, unpacked }, out).map(|_| ());
    };
    let recipe = serde_json::from_value::<convert::Recipe>(serde_json::Value::String(name.clone()))
        .map_err(|_| Trouble::Recipe { name: name.clone() })?;
    let member = params.largest_member_mb.saturating_mul(1 << 20);
    let mut members = Vec::new();
    for name in &source.members {
        let mut bytes = Vec::new();
        archive::take(archive, name, Bounds { member, unpacked }, &mut bytes)?;
        members.push((name.as_str(), bytes));
    }
    let slices: Vec<(&str, &[u8])> = members.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    let made = convert::convert(recipe, &slices)?;
    out.write_all(&made).map_err(|source| Trouble::Write { path: file.name.into(), source })
}

fn copy(from: &Path, out: &mut dyn Write) -> Result<(), Trouble> {
    let unread = |source| Trouble::Read { path: from.to_owned(), source };
    let mut file = File::open(from).map_err(unread)?;
    let mut out = Writes { out, failed: false };
    match io::copy(&mut file, &mut out) {
        Ok(_) => Ok(()),
        Err(source) if out.failed => Err(Trouble::Write { path: from.to_owned(), source }),
        Err(source) => Err(unread(source)),
    }
}

/// Knows whether it was the writing that failed.
struct Writes<'a> {
    out: &'a mut dyn Write,
    failed: bool,
}

impl Write for Writes<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).inspect_err(|_| self.failed = true)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
