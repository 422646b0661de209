//! The log of decisions: what is listed, and the one entry that is looked at.

use super::super::list::Cursor;
use super::super::log_filter::LogFilter;
use crate::domain::{CatalogOperation, LogEntry, Operation};
use crate::session::Touches;
use std::collections::BTreeMap;

/// The audit of the open episode.
#[derive(Debug, Default)]
pub(crate) struct LogView {
    /// The oldest first.
    pub entries: Option<Vec<LogEntry>>,
    /// What each is about; absent until it is read, which takes longer.
    pub touches: Option<BTreeMap<u64, Touches>>,
    /// Positions in `entries` that the filter leaves, newest first.
    pub order: Vec<usize>,
    pub cursor: Cursor,
    pub filter: String,
    /// What the filter cannot mean.
    pub fault: Option<String>,
    /// The entry whose changes are shown, over the list where there is no room beside it.
    pub detail: Option<Detail>,
    pub is_open: bool,
    /// The first change shown.
    pub top: usize,
    /// The entry that stood in the way of the last undo.
    pub in_the_way: Option<u64>,
    pub rows: usize,
}

/// An entry with its changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Detail {
    Episode(Box<Operation>),
    /// Of people and shows.
    People(Box<CatalogOperation>),
}

impl Detail {
    pub(crate) fn seq(&self) -> u64 {
        match self {
            Self::Episode(operation) => operation.seq,
            Self::People(operation) => operation.seq,
        }
    }

    /// Returns how many changes it has.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Episode(operation) => operation.changes.len(),
            Self::People(operation) => operation.changes.len(),
        }
    }
}

impl LogView {
    /// Returns the entry under the cursor.
    pub(crate) fn entry(&self) -> Option<&LogEntry> {
        self.at(self.cursor.at)
    }

    pub(crate) fn at(&self, at: usize) -> Option<&LogEntry> {
        self.entries.as_deref().unwrap_or_default().get(*self.order.get(at)?)
    }

    /// Takes the log as it is now; the cursor stays on its entry.
    pub(crate) fn take(&mut self, entries: Vec<LogEntry>) {
        let under = self.entry().map(|e| e.seq);
        self.entries = Some(entries);
        self.arrange();
        if let Some(seq) = under {
            self.show(seq);
        }
    }

    /// Filters anew.
    pub(crate) fn arrange(&mut self) {
        let all = self.entries.as_deref().unwrap_or_default();
        let filter = match LogFilter::parse(&self.filter) {
            Ok(filter) => {
                self.fault = None;
                filter
            }
            Err(fault) => {
                self.fault = Some(fault);
                return;
            }
        };
        let none = Touches::default();
        let fits = |entry: &LogEntry| {
            let touches = self.touches.as_ref().and_then(|t| t.get(&entry.seq)).unwrap_or(&none);
            filter.fits(entry, touches)
        };
        self.order = (0..all.len()).rev().filter(|i| fits(&all[*i])).collect();
        self.cursor.show(self.order.len(), 1, self.rows);
    }

    /// Puts the cursor on an entry; tells whether it is listed.
    pub(crate) fn show(&mut self, seq: u64) -> bool {
        let all = self.entries.as_deref().unwrap_or_default();
        let Some(at) = self.order.iter().position(|i| all.get(*i).is_some_and(|e| e.seq == seq)) else { return false };
        self.cursor.at = at;
        self.cursor.show(self.order.len(), 1, self.rows);
        true
    }

    /// Tells whether the entry under the cursor is not the one whose changes are there.
    pub(crate) fn wants(&self) -> Option<u64> {
        let seq = self.entry()?.seq;
        (self.detail.as_ref().map(Detail::seq) != Some(seq)).then_some(seq)
    }
}
