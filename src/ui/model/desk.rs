//! The open episode: its tabs, what is selected in them, what is under their cursors.

use super::super::list::Cursor;
use super::{Film, Made, Nearby, Panel, Preview, Runs, Tab, Voices, matches};
use crate::domain::{CropKey, IdentityId, TrackId};
use crate::session::{Access, Card, CropCursor, CropRow, Doubt, FrameSource, Limits, Snapshot, Thumbs};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The open episode.
#[derive(Debug)]
pub(crate) struct Desk {
    pub snapshot: Arc<Snapshot>,
    pub access: Access,
    pub thumbs: Thumbs,
    pub tab: Tab,
    pub film: Film,
    pub grid: Grid,
    pub strips: Strips,
    pub voices: Voices,
    pub results: Cursor,
    pub runs: Runs,
    /// One face fills the pane.
    pub is_zoomed: bool,
    /// What each decision of this session touched, by its number: an undo out of sight is told first.
    pub made: BTreeMap<u64, Made>,
    /// The face of the line under a picker's cursor, once that rests.
    pub picked: Option<CropKey>,
    /// Who looks like what is under the cursor.
    pub near: Nearby,
    /// What takes the whole pane.
    pub panel: Option<Panel>,
}

/// How identities are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    #[default]
    Seconds,
    Belief,
    Name,
    FirstSeen,
}

impl Sort {
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Seconds => Self::Belief,
            Self::Belief => Self::Name,
            Self::Name => Self::FirstSeen,
            Self::FirstSeen => Self::Seconds,
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Belief => "doubt",
            Self::Name => "name",
            Self::FirstSeen => "first seen",
        }
    }
}

/// The identities as cards.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    pub cursor: Cursor,
    pub sort: Sort,
    pub reversed: bool,
    pub filter: String,
    pub selected: BTreeSet<IdentityId>,
    /// Where a visual range began.
    pub anchor: Option<usize>,
    /// The identity under the cursor, which it stays on when others move.
    pub under: Option<IdentityId>,
    /// The identity that is shown large: it follows the cursor when that rests, so that moving costs no picture.
    pub beside: Option<IdentityId>,
    /// Positions in the snapshot, as sorted and filtered.
    pub order: Vec<usize>,
    /// Cards in a row and rows on the screen, as drawn last.
    pub shape: (usize, usize),
}

/// The tracks as filmstrips.
#[derive(Debug)]
pub(crate) struct Strips {
    /// Only this identity's.
    pub of: Option<IdentityId>,
    pub cursor: Cursor,
    /// The crop under the cursor, of those that its strip shows.
    pub crop: usize,
    /// First row of crops shown, where one track fills the pane.
    pub whole: Option<usize>,
    /// Where a range of crops began: a track and a picture of it.
    pub mark: Option<(TrackId, u64)>,
    /// The crop that is shown large; likewise.
    pub beside: Option<CropRow>,
    pub every: usize,
    pub selected: BTreeSet<TrackId>,
    pub anchor: Option<usize>,
    pub filter: String,
    pub order: Vec<TrackId>,
    pub crops: BTreeMap<TrackId, Strip>,
    pub rows: usize,
}

/// What is known of a track's crops so far.
#[derive(Debug, Default, Clone)]
pub(crate) struct Strip {
    /// Every so many crops; 0 before it is asked for.
    pub every: usize,
    pub rows: Vec<CropRow>,
    pub next: Option<CropCursor>,
    pub total: u64,
    pub is_asked: bool,
}

impl Strip {
    /// Returns how many crops it shows once all of them are there.
    pub(crate) fn count(&self) -> usize {
        usize::try_from(self.total).unwrap_or(usize::MAX).div_ceil(self.every.max(1))
    }
}

impl Strips {
    /// Returns every how many crops a track shows: one that fills the pane shows all.
    pub(crate) fn every_of(&self, track: TrackId) -> usize {
        let is_whole = self.whole.is_some() && self.order.get(self.cursor.at) == Some(&track);
        if is_whole { 1 } else { self.every }
    }

    /// Returns the strip under the cursor.
    pub(crate) fn strip(&self) -> Option<&Strip> {
        self.crops.get(self.order.get(self.cursor.at)?)
    }

    /// Ends the range of crops and the selection of tracks.
    pub(crate) fn select_nothing(&mut self) {
        self.selected.clear();
        (self.anchor, self.mark) = (None, None);
    }
}

/// Every n-th crop at first.
pub(crate) const EVERY: usize = 3;

impl Default for Strips {
    fn default() -> Self {
        Self {
            of: None,
            cursor: Cursor::default(),
            crop: 0,
            whole: None,
            mark: None,
            beside: None,
            every: EVERY,
            selected: BTreeSet::new(),
            anchor: None,
            filter: String::new(),
            order: Vec::new(),
            crops: BTreeMap::new(),
            rows: 1,
        }
    }
}

impl Desk {
    pub(crate) fn new(snapshot: Arc<Snapshot>, access: Access, thumbs: Thumbs, frames: FrameSource) -> Self {
        let film = Film::new(frames, Limits::of_run(&snapshot.run));
        let mut desk = Self {
            snapshot,
            access,
            thumbs,
            tab: Tab::default(),
            film,
            grid: Grid::default(),
            strips: Strips::default(),
            voices: Voices::default(),
            results: Cursor::default(),
            runs: Runs::default(),
            is_zoomed: false,
            made: BTreeMap::new(),
            picked: None,
            near: Nearby::default(),
            panel: None,
        };
        desk.arrange();
        desk
    }

    /// Returns who else somebody is, while it is looked through.
    pub(crate) fn preview(&self) -> Option<&Preview> {
        if let Some(Panel::Propagate(preview)) = &self.panel { Some(preview) } else { None }
    }

    /// Returns the card under the cursor.
    pub(crate) fn card(&self) -> Option<&Card> {
        self.card_at(self.grid.cursor.at)
    }

    pub(crate) fn card_at(&self, at: usize) -> Option<&Card> {
        self.grid.order.get(at).and_then(|i| self.snapshot.identities.get(*i))
    }

    pub(crate) fn card_of(&self, id: IdentityId) -> Option<&Card> {
        self.snapshot.identities.iter().find(|c| c.identity.id == id)
    }

    /// Returns the track under the cursor.
    pub(crate) fn track(&self) -> Option<&crate::session::TrackInfo> {
        self.strips.order.get(self.strips.cursor.at).and_then(|id| self.snapshot.tracks.get(id))
    }

    /// Returns the crop under the cursor.
    pub(crate) fn crop(&self) -> Option<&CropRow> {
        let strip = self.strips.strip()?;
        strip.rows.get(self.strips.crop.min(strip.count().saturating_sub(1)))
    }

    /// Takes another state of the episode; the cursors stay on what they were on.
    pub(crate) fn take(&mut self, snapshot: Arc<Snapshot>) {
        let touched: Vec<TrackId> = self
            .strips
            .crops
            .keys()
            .copied()
            .filter(|t| {
                let boxes = |s: &Snapshot| s.tracks.get(t).map(|i| (i.track.first, i.track.last, i.crops));
                boxes(&self.snapshot) != boxes(&snapshot)
            })
            .collect();
        for track in touched {
            self.strips.crops.remove(&track);
            self.strips.mark.take_if(|mark| mark.0 == track);
        }
        // Tracks may be cut or joined: the faces of a shot say whose they are.
        self.film.shots.clear();
        self.film.asked = None;
        if self.snapshot.run.id != snapshot.run.id {
            self.film = Film { frame: self.film.frame, ..Film::new(self.film.source.clone(), Limits::of_run(&snapshot.run)) };
            self.runs = Runs::default();
            // Their tracks are those of the run before.
            self.panel = None;
        }
        self.snapshot = snapshot;
        self.arrange();
    }

    /// Sorts and filters anew. A range that was begun ends: what lies in it may be others now.
    pub(crate) fn arrange(&mut self) {
        (self.grid.anchor, self.strips.anchor) = (None, None);
        let (card, track) = (self.grid.under, self.strips.order.get(self.strips.cursor.at).copied());
        self.arrange_cards();
        self.arrange_tracks();
        self.voices.arrange(&self.snapshot);
        let cards = &self.snapshot.identities;
        let order = &self.grid.order;
        if let Some(at) = card.and_then(|id| order.iter().position(|i| cards[*i].identity.id == id)) {
            self.grid.cursor.at = at;
        }
        match track.and_then(|id| self.strips.order.iter().position(|t| *t == id)) {
            Some(at) => self.strips.cursor.at = at,
            // Whatever comes next is another track: from its beginning.
            None => (self.strips.crop, self.strips.whole, self.strips.mark) = (0, None, None),
        }
        let (columns, rows) = self.grid.shape;
        self.grid.cursor.show(self.grid.order.len(), columns, rows);
        self.grid.under = self.card().map(|c| c.identity.id);
        self.strips.cursor.show(self.strips.order.len(), 1, self.strips.rows);
        let known: BTreeSet<IdentityId> = cards.iter().map(|c| c.identity.id).collect();
        self.grid.selected.retain(|id| known.contains(id));
        self.strips.selected.retain(|id| self.snapshot.tracks.contains_key(id));
    }

    fn arrange_cards(&mut self) {
        let cards = &self.snapshot.identities;
        let filter = &self.grid.filter;
        let fits = |i: &usize| filter.is_empty() || matches(filter, &searched(&self.snapshot, &cards[*i]));
        let mut order: Vec<usize> = (0..cards.len()).filter(fits).collect();
        order.sort_by(|a, b| {
            let (a, b) = (&cards[*a], &cards[*b]);
            match self.grid.sort {
                Sort::Seconds => b.seconds.cmp(&a.seconds),
                Sort::Belief => a.belief.total_cmp(&b.belief),
                Sort::Name => (a.identity.name.is_none(), title(a).to_lowercase())
                    .cmp(&(b.identity.name.is_none(), title(b).to_lowercase())),
                Sort::FirstSeen => a.first.cmp(&b.first),
            }
            .then(a.identity.id.cmp(&b.identity.id))
        });
        if self.grid.reversed {
            order.reverse();
        }
        self.grid.order = order;
    }

    fn arrange_tracks(&mut self) {
        let snapshot = &self.snapshot;
        let mut order: Vec<TrackId> = match self.strips.of {
            Some(id) => snapshot.identities.iter().find(|c| c.identity.id == id).map(|c| c.tracks.clone()).unwrap_or_default(),
            None => snapshot.tracks.keys().copied().collect(),
        };
        let names: BTreeMap<IdentityId, String> = snapshot.identities.iter().map(|c| (c.identity.id, title(c))).collect();
        if !self.strips.filter.is_empty() {
            order.retain(|id| {
                let owner = snapshot.tracks.get(id).and_then(|t| t.assignment).and_then(|a| names.get(&a.identity));
                let doubts = snapshot.tracks.get(id).map(|t| words(&t.doubts)).unwrap_or_default();
                matches(&self.strips.filter, &format!("{id} {} {doubts}", owner.map_or("discarded", String::as_str)))
            });
        }
        if self.strips.of.is_none() {
            order.sort_by_key(|id| snapshot.tracks.get(id).map(|t| (t.track.first, t.track.id)));
        }
        self.strips.order = order;
    }
}

/// What the filter looks at: the name, the badges that it is shown with, and those of its tracks.
fn searched(snapshot: &Snapshot, card: &Card) -> String {
    let tracks = card.tracks.iter().filter_map(|track| snapshot.tracks.get(track));
    let of_tracks: Vec<String> = tracks.map(|track| words(&track.doubts)).collect();
    format!("{} {} {}", title(card), words(&card.doubts), of_tracks.join(" "))
}

fn words(doubts: &[Doubt]) -> String {
    doubts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Returns what a card is called.
pub(crate) fn title(card: &Card) -> String {
    match (&card.identity.name, &card.identity.label) {
        (Some(name), _) => name.clone(),
        (None, Some(label)) => label.clone(),
        (None, None) => format!("unnamed {}", card.identity.id.0),
    }
}
