//! Everything that the screen shows, as a value; [`super::update`] alone changes it.

use super::keymap::{Action, Keymap, Place};
use super::list::Cursor;
use super::theme::Theme;
use super::worker::Told;
use crate::domain::{EpisodeId, IdentityId, LogEntry, MediaTime, TrackId};
use crate::session::{Access, Card, Check, CropCursor, CropRow, EpisodeLine, Snapshot, Thumbs};
use crossterm::event::KeyEvent;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tui_input::Input;

/// What one looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Screen {
    Episodes,
    /// The open episode, at its tab.
    Episode,
    Log,
    Health,
}

/// A part of an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Tab {
    Tracks,
    #[default]
    Identities,
    Results,
}

impl Tab {
    pub(crate) const ALL: [Self; 3] = [Self::Tracks, Self::Identities, Self::Results];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Tracks => "Tracks",
            Self::Identities => "Identities",
            Self::Results => "Results",
        }
    }

    fn place(self) -> Place {
        match self {
            Self::Tracks => Place::Tracks,
            Self::Identities => Place::Identities,
            Self::Results => Place::Results,
        }
    }
}

/// How pictures are drawn, for what layout depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Real pixels: small cards show a person.
    Fine,
    /// Two pixels a cell: only large ones do.
    Coarse,
    Off,
}

/// The whole state.
#[derive(Debug)]
pub(crate) struct Model {
    pub size: (u16, u16),
    pub detail: Detail,
    pub keymap: Keymap,
    pub theme: Theme,
    pub themes: Vec<String>,
    pub screen: Screen,
    /// Where `back` leads.
    pub before: Vec<Screen>,
    pub episodes: Episodes,
    pub desk: Option<Desk>,
    pub log: LogView,
    pub health: Option<Vec<Check>>,
    pub overlay: Option<Overlay>,
    pub pending: Vec<KeyEvent>,
    pub status: Status,
    /// Bytes sent in the last second, where the meter is on.
    pub meter: Option<u64>,
    /// What an episode is to show when it is open.
    pub arrive: Option<Arrive>,
}

/// Where a link or the last session left off.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Arrive {
    pub episode: Option<EpisodeId>,
    pub tab: Option<Tab>,
    pub at: Option<MediaTime>,
    pub identity: Option<IdentityId>,
    pub track: Option<TrackId>,
    pub sort: Sort,
    pub filter: String,
    pub theme: Option<String>,
}

/// The line above the keys.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Status {
    #[default]
    Quiet,
    Busy(String),
    Done(String),
    /// Stays until the next decision or `Esc`.
    Failed(Told),
    /// The same key again does it.
    Sure(Action, String),
}

/// The library.
#[derive(Debug, Default)]
pub(crate) struct Episodes {
    /// Absent until it is read.
    pub lines: Option<Result<Vec<EpisodeLine>, Told>>,
    pub cursor: Cursor,
    pub filter: String,
}

impl Episodes {
    /// Returns the episodes that the filter leaves.
    pub(crate) fn shown(&self) -> Vec<&EpisodeLine> {
        let all = self.lines.as_ref().and_then(|l| l.as_ref().ok()).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|l| matches(&self.filter, l.episode.as_str())).collect()
    }
}

/// Tells whether every word of the filter stands somewhere in the text, whatever its case.
pub(crate) fn matches(filter: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    filter.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// The open episode.
#[derive(Debug)]
pub(crate) struct Desk {
    pub snapshot: Arc<Snapshot>,
    pub access: Access,
    pub thumbs: Thumbs,
    pub tab: Tab,
    pub grid: Grid,
    pub strips: Strips,
    pub results: Cursor,
    /// One face fills the pane.
    pub is_zoomed: bool,
    /// Where each decision of this session was made, by its number: an undo elsewhere is told first.
    pub made: BTreeMap<u64, Tab>,
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
    /// The crop under the cursor.
    pub crop: usize,
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
    pub rows: Vec<CropRow>,
    pub next: Option<CropCursor>,
    pub total: u64,
    pub is_asked: bool,
}

/// Every n-th crop at first.
pub(crate) const EVERY: usize = 3;

impl Default for Strips {
    fn default() -> Self {
        Self {
            of: None,
            cursor: Cursor::default(),
            crop: 0,
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

/// The audit of the open episode.
#[derive(Debug, Default)]
pub(crate) struct LogView {
    pub entries: Option<Vec<LogEntry>>,
    pub cursor: Cursor,
    pub filter: String,
}

impl LogView {
    /// Returns the entries that the filter leaves, newest first.
    pub(crate) fn shown(&self) -> Vec<&LogEntry> {
        let all = self.entries.as_deref().unwrap_or_default();
        all.iter().rev().filter(|o| matches(&self.filter, &format!("{} {}", o.summary, super::screens::log::who(o)))).collect()
    }
}

/// What lies over the screen.
#[derive(Debug)]
pub(crate) enum Overlay {
    Help {
        cursor: Cursor,
    },
    Picker(Picker),
    /// The filter of the list below, as it is typed.
    Filter(Input),
}

/// A list to pick from by typing.
#[derive(Debug)]
pub(crate) struct Picker {
    pub what: Picking,
    pub title: String,
    pub input: Input,
    pub items: Vec<Item>,
    /// Positions in `items` and the letters that were met.
    pub shown: Vec<(usize, Vec<usize>)>,
    pub cursor: Cursor,
}

/// What picking is for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Picking {
    Palette,
    /// A person for identities.
    Name(Vec<IdentityId>),
    /// Whom tracks belong to.
    Assign(Vec<TrackId>),
    Merge(Vec<IdentityId>),
    DiscardIdentities(Vec<IdentityId>),
    DiscardTracks(Vec<TrackId>),
}

/// One line of a picker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub text: String,
    /// Dim, at the right: a key, seconds.
    pub note: String,
    pub pick: Pick,
}

/// What a line stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pick {
    Action(Action),
    Person(String),
    /// A person by what was typed.
    NewPerson,
    Identity(IdentityId),
    NewIdentity,
    Reason(crate::domain::DiscardReason),
}

impl Model {
    pub(crate) fn new(keymap: Keymap, theme: Theme, themes: Vec<String>, detail: Detail) -> Self {
        Self {
            size: (80, 24),
            detail,
            keymap,
            theme,
            themes,
            screen: Screen::Episodes,
            before: Vec::new(),
            episodes: Episodes::default(),
            desk: None,
            log: LogView::default(),
            health: None,
            overlay: None,
            pending: Vec::new(),
            status: Status::Quiet,
            meter: None,
            arrive: None,
        }
    }

    /// Returns where keys mean what they mean.
    pub(crate) fn place(&self) -> Place {
        match &self.overlay {
            Some(Overlay::Picker(_)) => return Place::Picker,
            Some(Overlay::Filter(_)) => return Place::Input,
            Some(Overlay::Help { .. }) | None => {}
        }
        self.place_below()
    }

    /// Returns the same without what lies over the screen.
    pub(crate) fn place_below(&self) -> Place {
        match (self.screen, &self.desk) {
            (Screen::Episodes, _) | (Screen::Episode, None) => Place::Episodes,
            (Screen::Episode, Some(desk)) => desk.tab.place(),
            (Screen::Log, _) => Place::Log,
            (Screen::Health, _) => Place::Health,
        }
    }

    /// Returns what has to be kept to come back here.
    pub(crate) fn bookmark(&self) -> Arrive {
        let Some(desk) = &self.desk else { return Arrive { theme: Some(self.theme.name().to_owned()), ..Arrive::default() } };
        Arrive {
            episode: Some(desk.snapshot.episode.clone()).filter(|_| self.screen != Screen::Episodes),
            tab: Some(desk.tab),
            at: None,
            identity: desk.card().map(|c| c.identity.id),
            track: desk.track().map(|t| t.track.id),
            sort: desk.grid.sort,
            filter: desk.grid.filter.clone(),
            theme: Some(self.theme.name().to_owned()),
        }
    }

    /// Returns the command that leads to what one looks at.
    pub(crate) fn link(&self) -> Option<String> {
        let desk = self.desk.as_ref().filter(|_| self.screen == Screen::Episode)?;
        let tab = desk.tab.title().to_lowercase();
        let mut link = format!("screenalytics open {} --tab {tab}", desk.snapshot.episode);
        match desk.tab {
            Tab::Identities => link.extend(desk.card().map(|c| format!(" --identity {}", c.identity.id))),
            Tab::Tracks => link.extend(desk.track().map(|t| format!(" --track {}", t.track.id))),
            Tab::Results => {}
        }
        Some(link)
    }
}

impl Desk {
    pub(crate) fn new(snapshot: Arc<Snapshot>, access: Access, thumbs: Thumbs) -> Self {
        let mut desk = Self {
            snapshot,
            access,
            thumbs,
            tab: Tab::default(),
            grid: Grid::default(),
            strips: Strips::default(),
            results: Cursor::default(),
            is_zoomed: false,
            made: BTreeMap::new(),
        };
        desk.arrange();
        desk
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
        let strip = self.strips.crops.get(self.strips.order.get(self.strips.cursor.at)?)?;
        strip.rows.get(self.strips.crop.min(strip.rows.len().saturating_sub(1)))
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
        let cards = &self.snapshot.identities;
        let order = &self.grid.order;
        if let Some(at) = card.and_then(|id| order.iter().position(|i| cards[*i].identity.id == id)) {
            self.grid.cursor.at = at;
        }
        if let Some(at) = track.and_then(|id| self.strips.order.iter().position(|t| *t == id)) {
            self.strips.cursor.at = at;
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
        let mut order: Vec<usize> = (0..cards.len()).filter(|i| matches(filter, &title(&cards[*i]))).collect();
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
                matches(&self.strips.filter, &format!("{id} {}", owner.map_or("discarded", String::as_str)))
            });
        }
        if self.strips.of.is_none() {
            order.sort_by_key(|id| snapshot.tracks.get(id).map(|t| (t.track.first, t.track.id)));
        }
        self.strips.order = order;
    }
}

/// Returns what a card is called.
pub(crate) fn title(card: &Card) -> String {
    match (&card.identity.name, &card.identity.label) {
        (Some(name), _) => name.clone(),
        (None, Some(label)) => label.clone(),
        (None, None) => format!("unnamed {}", card.identity.id.0),
    }
}
