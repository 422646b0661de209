//! Whether one sees what undo or redo would change.

use super::model::{Desk, Made, Model, Screen, Tab};

/// Says where that is which a decision touched, if not on the screen: `made in Tracks`, `filtered out`, `further away`.
pub(crate) fn hidden(model: &Model, seq: u64) -> Option<String> {
    let Some(desk) = model.desk.as_ref().filter(|_| model.screen == Screen::Episode) else {
        return Some("which is not on this screen".into());
    };
    let Some(made) = desk.made.get(&seq) else { return Some("made before this start".into()) };
    match desk.tab {
        Tab::Identities if has_card(desk, made, Seen::OnScreen) => None,
        Tab::Tracks if has_row(desk, made, Seen::OnScreen) => None,
        Tab::Voices if has_turn(desk, made, Seen::OnScreen) => None,
        // What was open there is listed there again.
        Tab::Runs if made.tab == Tab::Runs => None,
        tab if tab != made.tab => Some(format!("made in {}", made.tab.title())),
        Tab::Identities if has_card(desk, made, Seen::InList) => Some("further away in the list".into()),
        Tab::Tracks if has_row(desk, made, Seen::InList) => Some("further away in the list".into()),
        Tab::Voices if is_elsewhere(desk, made) => Some("further away in the list".into()),
        // What a decision took out of the list comes back into it, where it is narrowed as it was.
        Tab::Voices if made.narrowed == desk.voices.narrowed() => None,
        _ => Some("not in the list as it is filtered".into()),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Seen {
    OnScreen,
    InList,
}

fn has_card(desk: &Desk, made: &Made, seen: Seen) -> bool {
    let (columns, rows) = desk.grid.shape;
    let columns = columns.max(1);
    let (from, count) = match seen {
        Seen::OnScreen => (desk.grid.cursor.top * columns, columns * rows.max(1)),
        Seen::InList => (0, usize::MAX),
    };
    let cards = desk.grid.order.iter().skip(from).take(count).filter_map(|i| desk.snapshot.identities.get(*i));
    let mut ids = cards.map(|c| c.identity.id);
    ids.any(|id| made.identities.contains(&id))
}

fn has_turn(desk: &Desk, made: &Made, seen: Seen) -> bool {
    let voices = &desk.voices;
    let (from, count) = match seen {
        Seen::OnScreen => (voices.cursor.top, voices.shown.max(1)),
        Seen::InList => (0, usize::MAX),
    };
    let mut rows = voices.order.iter().skip(from).take(count).filter_map(|i| voices.rows.get(*i));
    rows.any(|r| made.turns.contains(&r.id) || made.speakers.contains(&r.speaker))
}

/// Tells whether every turn of a decision is listed, and none is on the screen.
fn is_elsewhere(desk: &Desk, made: &Made) -> bool {
    let voices = &desk.voices;
    let is_listed = |id: &crate::domain::TurnId| voices.order.iter().any(|i| voices.rows.get(*i).is_some_and(|r| r.id == *id));
    made.turns.iter().all(is_listed) && has_turn(desk, made, Seen::InList)
}

fn has_row(desk: &Desk, made: &Made, seen: Seen) -> bool {
    let strips = &desk.strips;
    let (from, count) = match seen {
        Seen::OnScreen if strips.whole.is_some() => (strips.cursor.at, 1),
        Seen::OnScreen => (strips.cursor.top, strips.rows.max(1)),
        Seen::InList => (0, usize::MAX),
    };
    let mut tracks = strips.order.iter().skip(from).take(count);
    let is_of = |id: &crate::domain::TrackId| {
        let owner = desk.snapshot.tracks.get(id).and_then(|t| t.assignment).map(|a| a.identity);
        // What names, merges or locks an identity touches no track by itself.
        made.tracks.contains(id) || (made.tracks.is_empty() && owner.is_some_and(|o| made.identities.contains(&o)))
    };
    tracks.any(is_of)
}
