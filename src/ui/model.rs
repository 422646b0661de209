//! Everything that the screen shows, as a value; [`super::update`] alone changes it.

mod desk;
mod film;
mod form;
mod given;
mod jobs;
mod library;
mod log;
mod nearby;
mod overlay;
mod panel;
mod preview;
mod runs;
mod subject;
mod voices;

pub use desk::Sort;
pub(crate) use desk::{Desk, EVERY, Strip, title};
pub(crate) use film::{Film, Framed, Seen, Shown, Slider, Stroke, Way};
pub(crate) use form::{Form, Slot};
pub(crate) use given::{Asking, Given, Line, Speaks, Stretch};
pub(crate) use jobs::JobsView;
pub(crate) use library::{Branch, Holdings, Page, Part, People, TrackFaces};
pub(crate) use log::{Detail as LogDetail, LogView};
pub(crate) use nearby::{Made, Nearby};
pub(crate) use overlay::{Confirm, Item, Overlay, Pick, Picker, Picking};
pub(crate) use panel::{Panel, WhatIfPanel};
pub(crate) use preview::Preview;
pub(crate) use runs::{Beside, Runs};
pub(crate) use subject::{Field, Subject};
pub(crate) use voices::{TurnRow, Voices};

use super::keymap::{Action, Keymap, Place};
use super::list::Cursor;
use super::replay::Replay;
use super::theme::Theme;
use super::worker::Told;
use crate::domain::{EpisodeId, IdentityId, MediaTime, TrackId};
use crate::session::{Check, EpisodeLine};
use crossterm::event::KeyEvent;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What one looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Screen {
    Episodes,
    /// The open episode, at its tab.
    Episode,
    People,
    Shows,
    /// What is measured in the background.
    Jobs,
    /// The form of a new episode.
    Add,
    Log,
    Health,
}

/// A part of an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Tab {
    Detections,
    Tracks,
    #[default]
    Identities,
    /// Who speaks when, and who is seen meanwhile.
    #[value(name = "a/v", alias = "av", alias = "voices")]
    Voices,
    Results,
    /// Another run beside this one.
    Runs,
}

impl Tab {
    pub(crate) const ALL: [Self; 6] = [Self::Detections, Self::Tracks, Self::Identities, Self::Voices, Self::Results, Self::Runs];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Detections => "Detections",
            Self::Tracks => "Tracks",
            Self::Identities => "Identities",
            Self::Voices => "A/V",
            Self::Results => "Results",
            Self::Runs => "Runs",
        }
    }

    fn place(self) -> Place {
        match self {
            Self::Detections => Place::Detections,
            Self::Tracks => Place::Tracks,
            Self::Identities => Place::Identities,
            Self::Voices => Place::Voices,
            Self::Results => Place::Results,
            Self::Runs => Place::Runs,
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
    pub holdings: Holdings,
    /// The folder that the program was started in.
    pub here: PathBuf,
    pub jobs: JobsView,
    pub form: Option<Form>,
    /// The episode that is to be measured anew once it was looked at.
    pub anew: Option<EpisodeId>,
    pub log: LogView,
    pub health: Option<Vec<Check>>,
    pub overlay: Option<Overlay>,
    pub pending: Vec<KeyEvent>,
    pub status: Status,
    /// Bytes sent in the last second, where the meter is on.
    pub meter: Option<u64>,
    /// What an episode is to show when it is open.
    pub arrive: Option<Arrive>,
    pub replay: Replay,
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
        all.iter()
            .filter(|l| matches(&self.filter, &format!("{} {}", l.episode, l.title.as_deref().unwrap_or_default())))
            .collect()
    }
}

/// Tells whether every word of the filter stands somewhere in the text, whatever its case.
pub(crate) fn matches(filter: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    filter.to_lowercase().split_whitespace().all(|word| text.contains(word))
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
            holdings: Holdings::default(),
            here: PathBuf::new(),
            jobs: JobsView::default(),
            form: None,
            anew: None,
            log: LogView::default(),
            health: None,
            overlay: None,
            pending: Vec::new(),
            status: Status::Quiet,
            meter: None,
            arrive: None,
            replay: Replay::default(),
        }
    }

    /// Returns where keys mean what they mean.
    pub(crate) fn place(&self) -> Place {
        match &self.overlay {
            Some(Overlay::Picker(_)) => return Place::Picker,
            Some(Overlay::Filter(_) | Overlay::Confirm(_) | Overlay::Line(_)) => return Place::Input,
            Some(Overlay::Help { .. }) | None => {}
        }
        self.place_below()
    }

    /// Returns the same without what lies over the screen.
    pub(crate) fn place_below(&self) -> Place {
        match (self.screen, &self.desk) {
            (Screen::Episodes, _) | (Screen::Episode, None) => Place::Episodes,
            (Screen::Episode, Some(Desk { panel: Some(Panel::WhatIf(_)), .. })) => Place::WhatIf,
            (Screen::Episode, Some(Desk { panel: Some(Panel::Propagate(_)), .. })) => Place::Propagate,
            (Screen::Episode, Some(desk)) => desk.tab.place(),
            (Screen::People, _) if self.holdings.people.page.is_some() => Place::Person,
            (Screen::People, _) => Place::People,
            (Screen::Shows, _) => Place::Shows,
            (Screen::Jobs, _) => Place::Jobs,
            (Screen::Add, _) => Place::Form,
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
            at: match desk.tab {
                Tab::Detections => Some(desk.moment()),
                Tab::Voices => desk.voices.now(&desk.snapshot).map(|at| at - desk.origin()),
                _ => None,
            },
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
            Tab::Detections => link.extend([" --at ", &desk.place()]),
            Tab::Identities => link.extend(desk.card().map(|c| format!(" --identity {}", c.identity.id))),
            Tab::Tracks => link.extend(desk.track().map(|t| format!(" --track {}", t.track.id))),
            Tab::Voices => link.extend(desk.voices.now(&desk.snapshot).map(|at| format!(" --at {}", desk.since_start(at)))),
            Tab::Results | Tab::Runs => {}
        }
        Some(link)
    }
}
