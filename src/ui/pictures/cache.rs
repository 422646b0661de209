//! What is drawn already, bounded by bytes, least recently wanted first out.

use super::PictureId;
use super::paint::Drawn;
use std::collections::{BTreeMap, HashMap};

/// Pictures by name, with the order in which they were last wanted.
#[derive(Debug)]
pub(super) struct Cache {
    limit: u64,
    bytes: u64,
    clock: u64,
    entries: HashMap<PictureId, Entry>,
    by_age: BTreeMap<u64, PictureId>,
}

#[derive(Debug)]
struct Entry {
    drawn: Drawn,
    bytes: u64,
    used: u64,
}

impl Cache {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, bytes: 0, clock: 0, entries: HashMap::new(), by_age: BTreeMap::new() }
    }

    pub(super) fn get(&self, id: &PictureId) -> Option<&Drawn> {
        self.entries.get(id).map(|e| &e.drawn)
    }

    /// Marks a picture as wanted now.
    pub(super) fn touch(&mut self, id: &PictureId) {
        self.clock += 1;
        if let Some(entry) = self.entries.get_mut(id) {
            self.by_age.remove(&entry.used);
            entry.used = self.clock;
            self.by_age.insert(self.clock, *id);
        }
    }

    /// Puts a picture in and returns those that had to leave.
    pub(super) fn put(&mut self, id: PictureId, drawn: Drawn) -> Vec<(PictureId, Drawn)> {
        self.clock += 1;
        let bytes = drawn.bytes();
        let mut gone = Vec::new();
        gone.extend(self.remove(&id).map(|old| (id, old)));
        self.bytes += bytes;
        self.entries.insert(id, Entry { drawn, bytes, used: self.clock });
        self.by_age.insert(self.clock, id);
        while self.bytes > self.limit && self.entries.len() > 1 {
            let Some(oldest) = self.by_age.values().next().copied() else { break };
            gone.extend(self.remove(&oldest).map(|old| (oldest, old)));
        }
        gone
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn remove(&mut self, id: &PictureId) -> Option<Drawn> {
        let entry = self.entries.remove(id)?;
        self.by_age.remove(&entry.used);
        self.bytes -= entry.bytes;
        Some(entry.drawn)
    }
}
