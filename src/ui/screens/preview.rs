//! Who else somebody is: tracks that look like theirs, taken in or out, and given to them by one decision.

mod draw;
#[cfg(test)]
mod tests;

pub(crate) use draw::draw;

use super::super::draw::counted;
use super::super::keymap::{Action, Keymap, Place};
use super::super::model::{Desk, Model, Panel, Preview, Status, Tab};
use super::super::update::{Effect, if_writable, step_of};
use super::super::worker::Ask;
use crate::domain::{Change, IdentityId, Operation, OperationKind};
use crate::session::{Alike, Near, SeedLock, Snapshot};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How far one key moves the belief from which tracks are in.
const STEP: f32 = 0.05;

/// Opens the preview of all that look like `from`.
pub(crate) fn open(model: &mut Model, from: Vec<Near>) -> Vec<Effect> {
    let Some(desk) = &mut model.desk else { return Vec::new() };
    if from.is_empty() {
        return Vec::new();
    }
    desk.is_zoomed = false;
    desk.panel = Some(Panel::Propagate(Box::new(Preview::new(from.clone(), desk.snapshot.seq))));
    vec![Effect::Ask(Ask::Alike(from))]
}

/// Says which key finds who else somebody is, where a decision says who somebody is.
pub(crate) fn invites(keymap: &Keymap, tab: Tab, made: &Operation, snapshot: &Snapshot) -> String {
    let place = match tab {
        Tab::Tracks => Place::Tracks,
        Tab::Identities => Place::Identities,
        Tab::Detections | Tab::Voices | Tab::Results | Tab::Runs => return String::new(),
    };
    if !matches!(made.kind, OperationKind::Name | OperationKind::Assign) {
        return String::new();
    }
    let named = |id: IdentityId| snapshot.identities.iter().any(|c| c.identity.id == id && c.identity.name.is_some());
    let is_named = made.changes.iter().any(|change| match change {
        Change::Assign { edit, .. } => edit.to.is_some_and(|a| named(a.identity)),
        Change::Identity { id, edit, .. } => edit.to.is_some() && named(*id),
        _ => false,
    });
    match keymap.key_of(place, Action::Propagate) {
        Some(key) if is_named => format!(" · {key} finds who else it is"),
        _ => String::new(),
    }
}

/// Takes an answer; asks on where it is not worked out yet, and somebody still waits for it.
pub(crate) fn answered(model: &mut Model, from: &[Near], found: Alike) -> Vec<Effect> {
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let Desk { panel: Some(Panel::Propagate(preview)), snapshot, .. } = desk else { return Vec::new() };
    if preview.from != from {
        return Vec::new();
    }
    match found {
        Alike::Found(found) => {
            preview.take(found, snapshot);
            rest(desk);
        }
        Alike::NotYet { done, of } => {
            preview.progress = Some((done, of));
            return vec![Effect::Ask(Ask::Alike(from.to_vec()))];
        }
    }
    settle(model);
    Vec::new()
}

/// Has it made anew where something was decided since.
pub(crate) fn follow(preview: &mut Preview, snapshot: &Snapshot) -> Vec<Effect> {
    if preview.asked == snapshot.seq || !preview.is_stale(snapshot) {
        return Vec::new();
    }
    preview.asked = snapshot.seq;
    vec![Effect::Ask(Ask::Alike(preview.from.clone()))]
}

/// Brings the cursor onto the screen.
pub(crate) fn settle(model: &mut Model) {
    let rows = draw::rows(model);
    if let Some(Panel::Propagate(preview)) = model.desk.as_mut().and_then(|d| d.panel.as_mut()) {
        let count = preview.offers().len();
        preview.cursor.show(count, 1, rows);
    }
}

/// Shows the faces of the track under the cursor large.
pub(crate) fn rest(desk: &mut Desk) {
    let Desk { panel: Some(Panel::Propagate(preview)), snapshot, .. } = desk else { return };
    let best = |track| snapshot.tracks.get(&track).and_then(|t| t.best);
    preview.beside = preview.offer().and_then(|o| Some((o.clone(), best(o.track)?, best(o.nearest))));
}

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let rows = draw::rows(model);
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let snapshot = desk.snapshot.clone();
    let Some(Panel::Propagate(preview)) = &mut desk.panel else { return Vec::new() };
    let count = preview.offers().len();
    if let Some(step) = step_of(action) {
        preview.cursor.step(step, count, 1, rows);
        return Vec::new();
    }
    match action {
        Action::Select => {
            if let Some(track) = preview.offer().map(|o| o.track) {
                preview.say(track, !preview.taken.contains(&track));
                preview.weigh(&snapshot);
                preview.cursor.step(super::super::list::Step::Down, count, 1, rows);
            }
        }
        Action::SelectAll => {
            preview.say_all();
            preview.weigh(&snapshot);
        }
        Action::Stricter | Action::Looser => {
            let by = if action == Action::Stricter { STEP } else { -STEP };
            preview.min = Some((preview.least() + by).clamp(0.0, 1.0));
            preview.weigh(&snapshot);
        }
        Action::Open => return accept(model, SeedLock::Leave),
        Action::Lock => return accept(model, SeedLock::Lock),
        _ => {}
    }
    Vec::new()
}

/// Gives what is taken to the person.
fn accept(model: &mut Model, lock: SeedLock) -> Vec<Effect> {
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let Some(Panel::Propagate(preview)) = &desk.panel else { return Vec::new() };
    if preview.is_stale(&desk.snapshot) {
        model.status = Status::Done("it is being worked out; a moment".into());
        return Vec::new();
    }
    let Some(found) = preview.found.as_ref().map(Arc::clone) else { return Vec::new() };
    if preview.taken.is_empty() && lock == SeedLock::Leave {
        let offered = counted(found.offers.len(), "track");
        model.status = Status::Done(format!("none of {offered} is taken in: nothing to give to {}", found.name));
        return Vec::new();
    }
    let command = found.command(&preview.taken, preview.least(), lock);
    let effects = if_writable(model, Ask::Decide(command));
    if let Some(Desk { panel: Some(Panel::Propagate(preview)), grid, strips, .. }) =
        model.desk.as_mut().filter(|_| !effects.is_empty())
    {
        preview.is_taking = true;
        (grid.selected, grid.anchor) = (BTreeSet::new(), None);
        strips.select_nothing();
    }
    effects
}

pub(crate) fn click(model: &mut Model, y: u16) -> Vec<Effect> {
    let at = draw::offer_at(model, y);
    if let (Some(at), Some(Panel::Propagate(preview))) = (at, model.desk.as_mut().and_then(|d| d.panel.as_mut())) {
        if preview.cursor.at == at {
            return super::in_panel(model, Action::Select);
        }
        preview.cursor.at = at;
    }
    Vec::new()
}
