//! A question that is answered by typing what it asks for, so that nothing is deleted by a slip.

use super::draw::{Canvas, counted, panel, wrap};
use super::keymap::{Action, Place};
use super::model::{Confirm, Model, Overlay, Status};
use super::text::width;
use super::theme::Role;
use super::update::Effect;
use super::worker::{Ask, Told};
use crate::domain::EpisodeId;
use crate::session::Goes;
use ratatui::layout::Rect;
use ratatui::text::Line;
use tui_input::Input;

/// What has to be typed where everything goes.
const ALL: &str = "DELETE ALL";

/// Begins to delete an episode: what goes with it is asked for first. Refused while a run of it is at work.
pub(crate) fn delete(model: &mut Model, episode: EpisodeId) -> Vec<Effect> {
    if model.jobs.is_at_work(&episode) {
        let key = model.keymap.key_of(Place::Episodes, Action::Cancel).unwrap_or_else(|| ":".into());
        let hint = Some(format!("{key} on the list of episodes stops it at its last whole shot; delete it then"));
        model.status = Status::Failed(Told { what: format!("a run of {episode} is at work"), hint });
        return Vec::new();
    }
    vec![Effect::Ask(Ask::WhatGoes(Some(episode)))]
}

/// Asks whether these episodes are to be deleted.
pub(crate) fn ask(model: &mut Model, episodes: Vec<EpisodeId>, is_all: bool, goes: Goes) {
    let Some(first) = episodes.first() else {
        model.status = Status::Done("the library is empty".into());
        return;
    };
    let due = if is_all { ALL.to_owned() } else { first.to_string() };
    let count = |n: u64, what: &str| counted(usize::try_from(n).unwrap_or(usize::MAX), what);
    let entries =
        if goes.operations == 1 { "1 entry of the log".into() } else { format!("{} entries of the log", goes.operations) };
    let mut lines = Vec::new();
    if is_all {
        lines.push(format!("{} go:", counted(episodes.len(), "episode")));
    }
    lines.push(format!("{}, {entries}, {}", count(goes.runs, "run"), goes.size()));
    lines.push("Every decision on it goes with it. Videos and people stay.".into());
    let also = (goes.blobs > 0).then(|| (format!("{} for other tools, {}", count(goes.blobs, "file"), goes.blob_size()), false));
    let title = if is_all { "delete every episode".to_owned() } else { format!("delete {first}") };
    model.overlay = Some(Overlay::Confirm(Confirm { title, lines, due, input: Input::default(), also, episodes }));
}

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(Overlay::Confirm(confirm)) = &mut model.overlay else { return Vec::new() };
    match action {
        Action::Back => {
            model.overlay = None;
            model.status = Status::Done("nothing is deleted".into());
        }
        Action::Also => {
            if let Some((_, goes)) = &mut confirm.also {
                *goes = !*goes;
            }
        }
        Action::Open if confirm.input.value().trim() == confirm.due => {
            let (episodes, blobs) = (confirm.episodes.clone(), confirm.also.as_ref().is_some_and(|(_, goes)| *goes));
            model.overlay = None;
            model.status = Status::Busy("deleting".into());
            return vec![Effect::Ask(Ask::Delete { episodes, blobs })];
        }
        _ => {}
    }
    Vec::new()
}

pub(crate) fn draw(confirm: &Confirm, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let inner = panel(canvas, area, 72, 12, &confirm.title);
    let mut row = 0;
    for line in confirm.lines.iter().flat_map(|l| wrap(l, usize::from(inner.width))) {
        canvas.line(inner, row, Line::from(canvas.span(Role::Text, line)));
        row += 1;
    }
    if let Some((what, goes)) = &confirm.also {
        let (mark, role) = if *goes { ("◆ as well: ", Role::Bad) } else { ("◇ these stay: ", Role::Dim) };
        canvas.line(
            inner,
            row,
            Line::from(vec![canvas.span(role, mark), canvas.span(Role::Text, what.clone()), canvas.dim("  Tab changes it")]),
        );
        row += 1;
    }
    row += 1;
    let typed = confirm.input.value();
    let fits = typed.trim() == confirm.due;
    let hint = if fits { "  Enter deletes" } else { "  Esc leaves everything as it is" };
    canvas.line(inner, row, Line::from(canvas.dim(format!("type {} to delete it", confirm.due))));
    let line = Line::from(vec![
        canvas.span(Role::Accent, "› "),
        canvas.span(if fits { Role::Bad } else { Role::Title }, typed.to_owned()),
        canvas.span(Role::Cursor, "▏"),
        canvas.dim(if width(typed) < 30 { hint } else { "" }),
    ]);
    canvas.line(inner, row + 1, line);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::rehearsal::Rehearsal;

    #[test]
    fn deleting_another_episode_leaves_the_open_one_open() {
        let mut stage = Rehearsal::begin();
        let delete = |id: EpisodeId| Ask::Delete { episodes: vec![id], blobs: false };
        stage.ask(delete("not-there".parse().unwrap()));
        assert!(stage.said().starts_with('✕'), "{}", stage.said());
        let before = stage.snapshot().seq;
        stage.press("x");
        assert_eq!(stage.snapshot().seq, before + 1, "what is decided after it is kept");
        let own = stage.snapshot().episode.clone();
        stage.ask(delete(own));
        assert!(stage.model.desk.is_none() && stage.said() == "deleted", "{}", stage.said());
    }
}
