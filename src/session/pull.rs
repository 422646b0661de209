//! Fetches, checks and removes models, and keeps which licences were accepted.

use super::workspace::user_name;
use super::{SessionError, Workspace};
use crate::infer::{ModelEntry, Registry, Task, Terms, can_run};
use crate::pull::{self, Acceptance, How, Licences, Mirror, Moment, Outcome, PullError, Verdict};
use jiff::Timestamp;
use std::path::PathBuf;

/// What `models pull` is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullRequest {
    /// Sets and ids; the starter set where there is none.
    pub wanted: Vec<String>,
    /// A mirror: a folder or the address of a web server.
    pub from: Option<String>,
}

/// How `models pull` ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullReport {
    pub dir: PathBuf,
    pub outcome: Outcome,
    /// Ids of the detector and the embedder that `run` takes now.
    pub detector: Option<String>,
    pub embedder: Option<String>,
    /// Everything came, or, where only sets were asked for, enough of them to measure an episode.
    pub is_enough: bool,
}

/// A model with what is to be known before use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenceLine {
    pub id: String,
    pub licence: String,
    /// Whose it is, and where it comes from.
    pub origin: String,
    /// Absent where nobody says.
    pub commercial: Option<bool>,
    pub caveats: Option<String>,
    pub is_installed: bool,
    /// Id of the terms that it asks to be accepted.
    pub terms: Option<String>,
}

/// Terms, and who accepted them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermsLine {
    pub terms: Terms,
    pub accepted: Option<Acceptance>,
}

/// Every licence that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenceList {
    pub models: Vec<LicenceLine>,
    pub terms: Vec<TermsLine>,
}

/// A model that was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    pub id: String,
    pub files: Vec<PathBuf>,
    pub bytes: u64,
}

/// Returns the terms that have to be accepted before `request` is fetched.
///
/// # Errors
/// Fails where a name is unknown, or the folder or the record of licences cannot be read.
pub fn terms_due(workspace: &Workspace, request: &PullRequest) -> Result<Vec<Terms>, SessionError> {
    let registry = Registry::with_folder(&workspace.models)?;
    let found = registry.scan(&workspace.models)?;
    let mut models = pull::choose(registry.manifest(), &request.wanted)?;
    models.retain(|m| !found.models.iter().any(|f| f.entry.id == m.id));
    let licences = Licences::read(&workspace.paths.data)?;
    let due = pull::terms_of(registry.manifest(), &models).into_iter().filter(|t| licences.acceptance(t).is_none());
    Ok(due.cloned().collect())
}

/// Records that the user accepts terms.
///
/// # Errors
/// Fails where the record cannot be read or written.
pub fn accept(workspace: &Workspace, terms: &Terms, how: How) -> Result<(), SessionError> {
    let mut licences = Licences::read(&workspace.paths.data)?;
    Ok(licences.accept(terms, &user_name(), Timestamp::now(), how)?)
}

/// Records that the user accepts the terms of an id.
///
/// # Errors
/// Fails where there are no such terms, or the record cannot be read or written.
pub fn accept_named(workspace: &Workspace, id: &str) -> Result<(), SessionError> {
    let registry = Registry::with_folder(&workspace.models)?;
    let Some(terms) = registry.manifest().terms_of(id) else {
        let known = registry.manifest().terms.iter().map(|t| t.id.clone()).collect();
        return Err(PullError::NoTerms { found: id.to_owned(), known }.into());
    };
    accept(workspace, terms, How::Flag)
}

/// Fetches the models that are asked for and not there yet.
///
/// # Errors
/// Fails before anything is fetched where a name or the mirror is unknown, a licence is not accepted, or the models folder
/// cannot be written; what cannot be had is part of the report.
pub fn pull(workspace: &Workspace, request: &PullRequest, watch: &mut dyn FnMut(&Moment)) -> Result<PullReport, SessionError> {
    let due = terms_due(workspace, request)?;
    if !due.is_empty() {
        return Err(PullError::NotAccepted { terms: due.into_iter().map(|t| t.id).collect() }.into());
    }
    let dir = &workspace.models;
    let registry = Registry::with_folder(dir)?;
    let found = registry.scan(dir)?;
    let models = pull::choose(registry.manifest(), &request.wanted)?;
    let mirror: Option<Mirror> = request.from.as_deref().map(str::parse).transpose()?;
    let outcome = pull::pull(
        &pull::Request {
            manifest: registry.manifest(),
            models: models.clone(),
            found: &found,
            mirror: mirror.as_ref(),
            params: &workspace.settings.pull,
        },
        watch,
    )?;
    let found = registry.scan(dir)?;
    let settings = &workspace.settings;
    let chosen = |task, wanted: &str| registry.chosen(&found, task, wanted).map(|m| m.entry.id.clone());
    let came = |task| models.iter().any(|m| m.task == task && can_run(m) && found.models.iter().any(|f| f.entry.id == m.id));
    let asks_for_models = request.wanted.iter().any(|w| registry.entries().iter().any(|e| e.id == *w));
    let is_enough = outcome.failed.is_empty() || (!asks_for_models && came(Task::Detect) && came(Task::Embed));
    Ok(PullReport {
        dir: dir.clone(),
        detector: chosen(Task::Detect, &settings.detect.model),
        embedder: chosen(Task::Embed, &settings.embed.model),
        is_enough,
        outcome,
    })
}

/// Reads every file of the models folder again.
///
/// # Errors
/// Fails where the folder cannot be read.
pub fn verify_models(workspace: &Workspace) -> Result<Vec<Verdict>, SessionError> {
    Ok(pull::verify(&Registry::with_folder(&workspace.models)?, &workspace.models)?)
}

/// Lists the licence of every model, and who accepted what.
///
/// # Errors
/// Fails where the folder or the record of licences cannot be read.
pub fn licences(workspace: &Workspace) -> Result<LicenceList, SessionError> {
    let registry = Registry::with_folder(&workspace.models)?;
    let found = registry.scan(&workspace.models)?;
    let accepted = Licences::read(&workspace.paths.data)?;
    let line = |m: &ModelEntry| LicenceLine {
        id: m.id.clone(),
        licence: m.licence.clone(),
        origin: m.origin.clone(),
        commercial: m.commercial,
        caveats: m.caveats.clone(),
        is_installed: found.models.iter().any(|f| f.entry.id == m.id),
        terms: m.terms.clone(),
    };
    let terms = registry.manifest().terms.iter();
    Ok(LicenceList {
        models: registry.entries().iter().map(line).collect(),
        terms: terms.map(|t| TermsLine { terms: t.clone(), accepted: accepted.acceptance(t).cloned() }).collect(),
    })
}

/// Removes the files of models; of a set, those that are there.
///
/// # Errors
/// Fails where a name is unknown, a model that is named is not there, or a file cannot be removed.
pub fn remove_models(workspace: &Workspace, wanted: &[String]) -> Result<Vec<Removed>, SessionError> {
    let registry = Registry::with_folder(&workspace.models)?;
    let found = registry.scan(&workspace.models)?;
    let mut removed = Vec::new();
    for entry in pull::choose(registry.manifest(), wanted)? {
        match pull::remove(entry, &found) {
            Ok((files, bytes)) => removed.push(Removed { id: entry.id.clone(), files, bytes }),
            Err(PullError::NotInstalled { .. }) if !wanted.contains(&entry.id) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(removed)
}
