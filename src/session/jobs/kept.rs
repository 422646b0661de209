//! Orders that are open, written down for the next start: one file for each program that runs, named by its process.

use super::super::{SessionError, Workspace, write_whole};
use super::order::Order;
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Serialize, Deserialize)]
struct File {
    library: PathBuf,
    orders: Vec<Order>,
}

/// Writes down what this program has open.
#[derive(Debug)]
pub(super) struct Kept {
    file: PathBuf,
    library: PathBuf,
}

/// What an earlier start had open when it went.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOver {
    pub order: Order,
    file: PathBuf,
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.paths.log_file.with_file_name("runs")
}

impl Kept {
    pub(super) fn new(workspace: &Workspace) -> Self {
        let file = folder(workspace).join(format!("{}.json", std::process::id()));
        Self { file, library: super::super::absolute(&workspace.library) }
    }

    /// Replaces what is written down; without orders the file goes.
    pub(super) fn write(&self, orders: Vec<Order>) -> Result<(), SessionError> {
        if orders.is_empty() {
            let _ = fs::remove_file(&self.file);
            return Ok(());
        }
        let dir = self.file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(dir).map_err(|source| SessionError::Write { path: dir.to_owned(), source })?;
        let text = serde_json::to_vec_pretty(&File { library: self.library.clone(), orders }).unwrap_or_default();
        write_whole(&self.file, &text)
    }
}

/// Returns the orders on this library that programs which are gone had open, in the order in which they were given.
#[must_use]
pub fn left_over(workspace: &Workspace) -> Vec<LeftOver> {
    let library = super::super::absolute(&workspace.library);
    let Ok(entries) = fs::read_dir(folder(workspace)) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| is_of_a_dead_process(p)).collect();
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let text = fs::read(&file).unwrap_or_default();
        match serde_json::from_slice::<File>(&text) {
            Ok(kept) if kept.library == library => {
                found.extend(kept.orders.into_iter().map(|order| LeftOver { order, file: file.clone() }));
            }
            Ok(_) => {}
            // It says only what could be begun again; the library lists what is unfinished.
            Err(error) => tracing::warn!("{} is no list of runs: {error}", file.display()),
        }
    }
    found
}

/// Takes orders off the list, because they go on or nobody wants them any more.
pub fn forget(orders: &[LeftOver]) {
    for left in orders {
        let _ = fs::remove_file(&left.file);
    }
}

fn is_of_a_dead_process(file: &Path) -> bool {
    let pid = file.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse().ok()).and_then(Pid::from_raw);
    pid.is_some_and(|pid| pid.as_raw_nonzero().get().unsigned_abs() != std::process::id() && test_kill_process(pid).is_err())
}
