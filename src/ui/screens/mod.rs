//! The screens: each draws its part of the model and gives its actions a meaning.

pub(crate) mod add;
pub(crate) mod catalog;
pub(crate) mod detections;
pub(crate) mod episodes;
mod feature;
pub(crate) mod health;
pub(crate) mod identities;
pub(crate) mod jobs;
pub(crate) mod log;
mod log_entry;
mod log_people;
pub(crate) mod near;
pub(crate) mod people;
pub(crate) mod preview;
pub(crate) mod promote;
pub(crate) mod results;
pub(crate) mod runs;
pub(crate) mod shows;
pub(crate) mod tracks;
pub(crate) mod voices;
pub(crate) mod what_if;

use super::draw::Canvas;
use super::keymap::Action;
use super::model::{Desk, Model, Panel, Screen, Status, Tab};
use super::text::sparkline;
use super::theme::Role;
use super::update::Effect;
use super::worker::{Ask, Deed};
use crate::domain::{MediaTime, Span};
use crate::session::Snapshot;
use ratatui::layout::Rect;

/// Lines between the line at the top and the two at the bottom.
pub(crate) fn rows(model: &Model) -> usize {
    usize::from(model.size.1).saturating_sub(5).max(1)
}

/// Returns the action that leads to a screen; none does to the open episode.
pub(crate) fn jump_to(screen: Screen) -> Option<Action> {
    match screen {
        Screen::Episodes => Some(Action::GoEpisodes),
        Screen::People => Some(Action::GoPeople),
        Screen::Shows => Some(Action::GoShows),
        Screen::Jobs => Some(Action::GoJobs),
        Screen::Log => Some(Action::GoLog),
        Screen::Health => Some(Action::GoHealth),
        Screen::Episode | Screen::Add => None,
    }
}

/// Gives an action the meaning that it has on this screen.
pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match model.screen {
        Screen::Episodes => episodes::act(model, action),
        Screen::People => people::act(model, action),
        Screen::Shows => shows::act(model, action),
        Screen::Jobs => jobs::act(model, action),
        Screen::Add => add::act(model, action),
        Screen::Log => log::act(model, action),
        Screen::Health => health::act(model, action),
        Screen::Episode => in_episode(model, action),
    }
}

/// Returns what takes the whole pane, where the open episode is what is looked at.
fn panel_on_screen(model: &Model) -> Option<&Panel> {
    model.desk.as_ref().filter(|_| model.screen == Screen::Episode)?.panel.as_ref()
}

/// Gives an action the meaning that it has where a panel takes the pane.
pub(crate) fn in_panel(model: &mut Model, action: Action) -> Vec<Effect> {
    match model.desk.as_ref().and_then(|d| d.panel.as_ref()) {
        None => Vec::new(),
        Some(_) if action == Action::Back => {
            if let Some(desk) = &mut model.desk {
                desk.panel = None;
            }
            model.status = Status::Done("nothing is changed".into());
            settle(model)
        }
        Some(_) if action == Action::Refresh => vec![Effect::Ask(Ask::Refresh)],
        // What was said is what is decided, not what is said after it.
        Some(panel) if panel.is_taking() => Vec::new(),
        Some(Panel::WhatIf(_)) => what_if::act(model, action),
        Some(Panel::Propagate(_)) => preview::act(model, action),
    }
}

/// Draws what takes the whole pane; tells whether something does.
pub(crate) fn draw_panel(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) -> bool {
    match model.desk.as_ref().and_then(|d| d.panel.as_ref()) {
        Some(Panel::WhatIf(panel)) => what_if::draw(model, panel, canvas, area),
        Some(Panel::Propagate(preview)) => preview::draw(model, preview, canvas, area),
        None => return false,
    }
    true
}

/// Returns what the line at the bottom says there.
pub(crate) fn told_in_panel(desk: &Desk) -> Option<(Role, String)> {
    match &desk.panel {
        Some(Panel::WhatIf(panel)) => what_if::told(panel),
        Some(Panel::Propagate(_)) | None => None,
    }
}

/// What was to be decided there was refused: it stays open with all that was said.
pub(crate) fn refused_in_panel(model: &mut Model) {
    let Some(desk) = &mut model.desk else { return };
    match &mut desk.panel {
        Some(Panel::WhatIf(panel)) => panel.is_taking = false,
        Some(Panel::Propagate(preview)) => preview.is_taking = false,
        None => {}
    }
}

/// Brings what takes the pane up to another state of the episode, which a deed or somebody else made; what was decided there ends it.
pub(crate) fn follow_panel(desk: &mut Desk, deed: Option<Deed>) -> Vec<Effect> {
    if deed == Some(Deed::Decision) && desk.panel.take_if(|p| p.is_taking()).is_some() {
        return Vec::new();
    }
    match &mut desk.panel {
        Some(Panel::WhatIf(panel)) => what_if::follow(panel),
        Some(Panel::Propagate(preview)) => preview::follow(preview, &desk.snapshot),
        None => Vec::new(),
    }
}

fn in_episode(model: &mut Model, action: Action) -> Vec<Effect> {
    if model.desk.as_ref().is_some_and(|d| d.panel.is_some()) {
        return in_panel(model, action);
    }
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let at = Tab::ALL.iter().position(|t| *t == desk.tab).unwrap_or(0);
    let to = match action {
        Action::NextTab => (at + 1) % Tab::ALL.len(),
        Action::PrevTab => (at + Tab::ALL.len() - 1) % Tab::ALL.len(),
        Action::Tab1 => 0,
        Action::Tab2 => 1,
        Action::Tab3 => 2,
        Action::Tab4 => 3,
        Action::Tab5 => 4,
        Action::Tab6 => 5,
        // There it decodes the picture again.
        Action::Refresh if desk.tab != Tab::Detections => return vec![Effect::Ask(Ask::Refresh)],
        _ => {
            return match desk.tab {
                Tab::Detections => detections::act(model, action),
                Tab::Tracks => tracks::act(model, action),
                Tab::Identities => identities::act(model, action),
                Tab::Voices => voices::act(model, action),
                Tab::Results => results::act(model, action),
                Tab::Runs => runs::act(model, action),
            };
        }
    };
    desk.tab = Tab::ALL[to];
    desk.is_zoomed = false;
    tracks::leave_whole(desk);
    if desk.tab == Tab::Tracks && desk.strips.of.is_some() {
        desk.strips.of = None;
        desk.arrange();
    }
    settle(model)
}

/// Asks for what the screen shows and is not there yet.
pub(crate) fn settle(model: &mut Model) -> Vec<Effect> {
    preview::settle(model);
    match (model.screen, model.desk.as_ref().map(|d| d.tab)) {
        (Screen::Episode, Some(Tab::Detections)) => detections::settle(model),
        (Screen::Episode, Some(Tab::Tracks)) => tracks::ask_for_crops(model),
        (Screen::Episode, Some(Tab::Voices)) => voices::settle(model),
        (Screen::Episode, Some(Tab::Runs)) => runs::settle(model),
        (Screen::Episode, Some(Tab::Identities)) => {
            identities::settle(model);
            Vec::new()
        }
        (Screen::Log, _) => log::ask_for_detail(model),
        _ => Vec::new(),
    }
}

/// Shows what is under the cursor large beside the list.
pub(crate) fn rest(model: &mut Model) -> Vec<Effect> {
    let picked = super::picker_panel::under(model);
    let people = &mut model.holdings.people;
    people.beside.clone_from(&people.under);
    if let Some(desk) = &mut model.desk {
        preview::rest(desk);
        desk.picked = picked;
        desk.grid.beside = desk.grid.under;
        desk.strips.beside = desk.crop().cloned();
    }
    if model.desk.as_ref().is_some_and(|d| d.tab == Tab::Detections) {
        detections::rest(model);
    }
    // Nobody sees it behind a panel.
    if model.desk.as_ref().is_some_and(|d| d.panel.is_some()) { Vec::new() } else { near::ask(model) }
}

/// Returns how much of each stretch of the episode these spans fill, as one line; their order does not matter.
fn presence<'a>(snapshot: &Snapshot, spans: impl IntoIterator<Item = &'a Span>, cells: usize) -> String {
    let origin = snapshot.shots.first().map_or(0, |s| s.start.0);
    let length = snapshot.time.duration.0.max(1);
    let mut shares = vec![0.0f64; cells.max(1)];
    let count = i64::try_from(shares.len()).unwrap_or(1);
    for span in spans {
        let cell = |t: i64| (t - origin).clamp(0, length - 1) * count / length;
        for i in cell(span.start().0)..=cell(span.end().0 - 1) {
            let (from, to) = (origin + length * i / count, origin + length * (i + 1) / count);
            let part = (span.end().0.min(to) - span.start().0.max(from)).max(0) as f64 / (to - from).max(1) as f64;
            if let Some(share) = usize::try_from(i).ok().and_then(|i| shares.get_mut(i)) {
                *share += part;
            }
        }
    }
    sparkline(&shares)
}

/// Columns of a timeline before and after its cells, which say when it begins and ends.
const TIMELINE_SIDES: (u16, u16) = (11, 11);

/// Returns how many cells a timeline of so many columns has.
fn timeline_cells(wide: u16) -> usize {
    usize::from(wide.saturating_sub(TIMELINE_SIDES.0 + TIMELINE_SIDES.1)).max(1)
}

/// Returns the cell of a timeline that a time is in.
fn timeline_cell(desk: &Desk, time: MediaTime, cells: usize) -> usize {
    let (count, length) = (i64::try_from(cells).unwrap_or(1), desk.snapshot.time.duration.0.max(1));
    usize::try_from((time - desk.origin()).0.clamp(0, length - 1) * count / length).unwrap_or(0)
}

/// Returns the time at a column of a timeline: the middle of its cell.
fn time_at(desk: &Desk, x: u16, wide: u16) -> MediaTime {
    let cells = i64::try_from(timeline_cells(wide)).unwrap_or(1);
    let cell = i64::from(x.saturating_sub(TIMELINE_SIDES.0)).min(cells - 1);
    desk.origin() + MediaTime(desk.snapshot.time.duration.0 * (2 * cell + 1) / (2 * cells))
}

/// A click on the screen.
pub(crate) fn click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    if model.overlay.is_some() {
        return Vec::new();
    }
    match panel_on_screen(model) {
        Some(Panel::Propagate(_)) => return preview::click(model, y),
        Some(Panel::WhatIf(_)) => return Vec::new(),
        None => {}
    }
    match (model.screen, model.desk.as_ref().map(|d| d.tab)) {
        (Screen::Episodes, _) => episodes::click(model, y),
        (Screen::Log, _) => log::click(model, x, y),
        (Screen::People, _) => people::click(model, x, y),
        (Screen::Shows, _) => shows::click(model, x, y),
        (Screen::Episode, Some(Tab::Identities)) => identities::click(model, x, y),
        (Screen::Episode, Some(Tab::Detections)) => detections::click(model, x, y),
        (Screen::Episode, Some(Tab::Tracks)) => tracks::click(model, x, y),
        (Screen::Episode, Some(Tab::Runs)) => runs::click(model, y),
        _ => Vec::new(),
    }
}

/// The mouse moves with its button held: the cursor of a timeline goes along.
pub(crate) fn drag(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    if model.overlay.is_some() || panel_on_screen(model).is_some() {
        return Vec::new();
    }
    match (model.screen, model.desk.as_ref().map(|d| d.tab)) {
        (Screen::Episode, Some(Tab::Detections)) => detections::drag(model, x, y),
        (Screen::Episode, Some(Tab::Tracks)) => tracks::drag(model, x, y),
        _ => Vec::new(),
    }
}
