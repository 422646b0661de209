//! What is made already, bounded by weight, least recently wanted first out.

use super::PictureId;
use super::paint::{Drawn, Form};
use std::collections::{BTreeMap, HashMap};

/// Pictures by name, with the order in which they were last wanted.
#[derive(Debug)]
pub(super) struct Cache {
    limit: u64,
    weight: u64,
    clock: u64,
    entries: HashMap<PictureId, Entry>,
    by_age: BTreeMap<u64, PictureId>,
}

#[derive(Debug)]
struct Entry {
    drawn: Drawn,
    weight: u64,
    used: u64,
}

impl Cache {
    /// `limit` and the weights given to [`Cache::put`] are bytes.
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, weight: 0, clock: 0, entries: HashMap::new(), by_age: BTreeMap::new() }
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

    /// Puts a picture in and returns those that had to leave for it.
    pub(super) fn put(&mut self, id: PictureId, drawn: Drawn, weight: u64) -> Vec<Drawn> {
        self.clock += 1;
        let mut gone: Vec<Drawn> = self.remove(&id).into_iter().collect();
        self.weight += weight;
        self.entries.insert(id, Entry { drawn, weight, used: self.clock });
        self.by_age.insert(self.clock, id);
        while self.weight > self.limit && self.entries.len() > 1 {
            let Some(oldest) = self.by_age.values().next().copied() else { break };
            gone.extend(self.remove(&oldest));
        }
        gone
    }

    /// Takes all out.
    pub(super) fn clear(&mut self) -> Vec<Drawn> {
        self.weight = 0;
        self.by_age.clear();
        self.entries.drain().map(|(_, e)| e.drawn).collect()
    }

    /// Returns how much memory the cells of the pictures take.
    pub(super) fn bytes(&self) -> u64 {
        let cells: usize = self
            .entries
            .values()
            .map(|e| match &*e.drawn.0 {
                Form::Blocks { cells, .. } => size_of_val(cells.as_slice()),
                Form::Graphic { .. } | Form::Missing => 0,
            })
            .sum();
        u64::try_from(cells + self.entries.len() * size_of::<(PictureId, Entry)>()).unwrap_or(u64::MAX)
    }

    fn remove(&mut self, id: &PictureId) -> Option<Drawn> {
        let entry = self.entries.remove(id)?;
        self.by_age.remove(&entry.used);
        self.weight -= entry.weight;
        Some(entry.drawn)
    }
}
