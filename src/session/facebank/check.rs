//! Looks the bank over: poisoned references, copies, lost pictures, vectors and indexes.

use super::bank::{Bank, BankIndex, bank, embedder_of, params_of};
use super::enrol::doubt_text;
use crate::algo::enrol::{Doubt, Known, near_copy, sweep};
use crate::domain::{EmbedderId, ReferenceId};
use crate::session::{Check, Outcome, SessionError, Workspace, counted};
use crate::store::{Catalog, StoreError};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a look over the bank found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BankCheck {
    pub embedder: EmbedderId,
    pub references: usize,
    pub people: usize,
    /// References that look like somebody else's, or like nobody's.
    pub doubts: Vec<DoubtLine>,
    /// References that are nearly the same picture as an earlier one of their person.
    pub copies: Vec<CopyLine>,
    /// References whose kept face is lost or damaged.
    pub lost: Vec<ReferenceId>,
    /// What had to be made again.
    pub notes: Vec<String>,
}

/// A reference that is doubted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DoubtLine {
    pub reference: ReferenceId,
    pub name: String,
    #[serde(flatten)]
    pub doubt: Doubt,
    pub reason: String,
}

/// Two references of one person that are nearly the same picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CopyLine {
    pub reference: ReferenceId,
    pub of: ReferenceId,
    pub name: String,
    pub cosine: f32,
}

impl BankCheck {
    /// Tells whether nothing is to be done.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.doubts.is_empty() && self.lost.is_empty()
    }
}

/// Looks over all references, with the embedder of the settings.
///
/// # Errors
/// Fails where the library cannot be read or written, or the embedder is not installed.
pub fn check(workspace: &Workspace) -> Result<BankCheck, SessionError> {
    let embedder = embedder_of(workspace)?;
    let mut bank = bank(workspace, &embedder)?;
    let made = BankIndex::make(&workspace.library, &mut bank)?;
    let notes = bank.notes().into_iter().chain(made).collect();
    let params = params_of(workspace, &embedder)?;
    let roster = workspace.open_library()?.catalog().roster()?;
    let known: Vec<Known<'_>> = bank.references.iter().map(|r| Known { id: r.id, person: r.person, vector: &r.vector }).collect();
    let names: BTreeMap<ReferenceId, String> =
        bank.references.iter().map(|r| (r.id, roster.stands_for(r.person).map(|p| p.name.clone()).unwrap_or_default())).collect();
    let name = |id: &ReferenceId| names.get(id).cloned().unwrap_or_default();
    let doubts = sweep(&params, &known).into_iter().map(|(reference, doubt)| {
        let name = name(&reference);
        DoubtLine { reference, reason: doubt_text(&roster, &name, &doubt), name, doubt }
    });
    let copies = known.iter().enumerate().filter_map(|(i, one)| {
        let (of, cosine) = near_copy(&params, one.person, one.vector, &known[..i])?;
        Some(CopyLine { reference: one.id, of, name: name(&one.id), cosine })
    });
    let mut people: Vec<_> = known.iter().map(|k| k.person).collect();
    people.sort_unstable();
    people.dedup();
    Ok(BankCheck {
        references: known.len(),
        people: people.len(),
        doubts: doubts.collect(),
        copies: copies.collect(),
        lost: bank.lost.clone(),
        notes,
        embedder,
    })
}

/// Tells whether catalog and facebank are whole; needs no model.
pub(in crate::session) fn health(catalog: &Catalog, say: &mut dyn FnMut(Check)) {
    let bad = |what: &str, error: &StoreError| {
        let outcome = Outcome::Bad { what: error.to_string(), hint: Some(error.hint()) };
        Check { what: what.into(), outcome }
    };
    match catalog.verify() {
        Ok(findings) => say(match findings.first() {
            None => Check { what: "catalog".into(), outcome: Outcome::Good("log, people, shows and facebank agree".into()) },
            Some(first) => {
                for finding in &findings {
                    tracing::warn!(place = %finding.place, what = %finding.what, "finding in the catalog");
                }
                let what = format!("{}: {} ({} more)", first.place, first.what, findings.len() - 1);
                let hint = "restore a copy of catalog.redb; the log file lists every finding, and faces of the facebank that are lost can be added again";
                Check { what: "catalog".into(), outcome: Outcome::Bad { what, hint: Some(hint.into()) } }
            }
        }),
        Err(error) => return say(bad("catalog", &error)),
    }
    match bank_text(catalog) {
        Ok(text) => say(Check { what: "facebank".into(), outcome: Outcome::Good(text) }),
        Err(error) => say(bad("facebank", &error)),
    }
}

/// Says how many faces there are, of how many people, and which embedders have their vectors.
fn bank_text(catalog: &Catalog) -> Result<String, StoreError> {
    let (roster, references) = (catalog.roster()?, catalog.references()?);
    let people: BTreeSet<_> = references.iter().filter_map(|r| roster.stands_for(r.person)).map(|p| p.id).collect();
    if references.is_empty() {
        return Ok("empty: `screenalytics facebank add NAME PICTURES` adds faces".into());
    }
    let mut text = format!("{} of {}", counted(references.len() as u64, "face"), people_text(people.len()));
    for embedder in catalog.reference_embedders()? {
        let vectors = catalog.reference_vectors(&embedder)?;
        let missing = references.iter().filter(|r| !vectors.contains_key(&r.id)).count();
        let told = if missing == 0 { String::new() } else { format!(", {missing} to be embedded when they are needed") };
        text += &[", vectors of ", &embedder.0, &told].concat();
    }
    Ok(text)
}

fn people_text(count: usize) -> String {
    if count == 1 { "1 person".into() } else { format!("{count} people") }
}

/// Makes every vector of the embedder of the settings, and its index, anew from the kept faces.
///
/// # Errors
/// Fails where the library cannot be written, or the embedder is not installed.
pub fn rebuild(workspace: &Workspace) -> Result<Bank, SessionError> {
    let embedder = embedder_of(workspace)?;
    let catalog = workspace.open_library()?.catalog();
    catalog.forget_reference_vectors(&embedder)?;
    let mut bank = bank(workspace, &embedder)?;
    BankIndex::forget(&workspace.library, &embedder);
    BankIndex::make(&workspace.library, &mut bank)?;
    Ok(bank)
}
