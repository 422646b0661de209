//! Beside the tree: what is said of what is under the cursor, and everybody in it as bars.

use super::super::super::draw::{Canvas, counted, wrap};
use super::super::super::keymap::{Action, Place};
use super::super::super::model::{Branch, Model};
use super::super::super::text::{bar, doubtful_bar, fit, length, pad, pad_left, percent, width};
use super::super::super::theme::Role;
use super::standing::{Standing, counts};
use super::{called, of_episode, of_season, of_show};
use crate::domain::MediaTime;
use crate::session::{CastState, ReviewProgress};
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Most lines of notes.
const NOTES: usize = 4;

pub(super) fn draw(model: &Model, branch: &Branch, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let wide = usize::from(area.width);
    let title = match branch {
        Branch::Episode(id) => id.to_string(),
        Branch::Season(show, _) => format!("{} {}", show.as_deref().unwrap_or_default(), called(model, branch)),
        Branch::Show(_) => called(model, branch),
    };
    canvas.line(area, 0, Line::from(canvas.span(Role::Title, fit(&title, wide))));
    let mut row = 1;
    for (role, text) in said(model, branch, wide) {
        canvas.line(area, row, Line::from(canvas.span(role, fit(&text, wide))));
        row += 1;
    }
    if let Some(progress) = progress(model, branch) {
        let (decided, settled) = (progress.decided_share(), progress.settled_share());
        let bar = doubtful_bar(decided, settled, wide.saturating_sub(34).clamp(6, 30));
        let text = format!("  {} decided, {} named", percent(decided), percent(settled));
        canvas.line(area, row, Line::from(vec![canvas.span(Role::Bar, bar), canvas.dim(text)]));
        row += 1;
    }
    let rest = Rect::new(area.x, area.y + row + 1, area.width, area.height.saturating_sub(row + 1));
    people(model, branch, canvas, rest);
}

/// What there is to say, line by line.
fn said(model: &Model, branch: &Branch, wide: usize) -> Vec<(Role, String)> {
    let lines = &model.holdings.shows.lines;
    let directory = &model.holdings.directory;
    let states = || {
        let counts = counts(model, Some(branch));
        let all: usize = counts.iter().map(|(_, n)| n).sum();
        let parts: Vec<String> = counts.iter().map(|(s, n)| format!("{n} {}", s.word())).collect();
        if all == 0 {
            return (Role::Dim, "no episode yet".to_owned());
        }
        (Role::Text, format!("{}: {}", counted(all, "episode"), parts.join(", ")))
    };
    let mut told = Vec::new();
    match branch {
        Branch::Show(show) => {
            let Some(line) = of_show(lines, show.as_deref()) else { return told };
            told.push(states());
            let cast = directory.memberships.keys().filter(|(_, s)| Some(s.as_str()) == show.as_deref()).count();
            if cast > 0 {
                let key = model.keymap.key_of(Place::Shows, Action::ShowCast).unwrap_or_else(|| ":".into());
                told.push((Role::Dim, format!("cast of {cast} · {key} shows them")));
            }
            let notes = line.notes.as_deref().unwrap_or_default();
            if !notes.is_empty() {
                told.extend(wrap(notes, wide).into_iter().take(NOTES).map(|l| (Role::Dim, l)));
            }
        }
        Branch::Season(show, season) => {
            let year = of_season(lines, show.as_deref(), *season).and_then(|s| s.year);
            told.push(states());
            told.extend(year.map(|y| (Role::Dim, format!("first aired in {y}"))));
        }
        Branch::Episode(id) => {
            let Some(line) = of_episode(model, id) else { return told };
            let standing = Standing::of(model, line);
            told.extend(line.entry.title.as_ref().map(|t| (Role::Text, t.clone())));
            let (sign, role) = standing.sign();
            let mut text = format!("{sign} {}", standing.word());
            if let CastState::Known(cast) = &line.state {
                text = format!("{text} · {} · {} of {} named", length(cast.duration), cast.named, cast.identities);
            }
            told.push((role, text));
            told.extend(line.entry.air_date.map(|d| (Role::Dim, format!("aired {d}"))));
        }
    }
    told
}

fn progress(model: &Model, branch: &Branch) -> Option<ReviewProgress> {
    let lines = &model.holdings.shows.lines;
    let of_sums = |sums: &crate::session::Sums| (sums.measured > 0).then_some(sums.progress);
    match branch {
        Branch::Show(show) => of_sums(&of_show(lines, show.as_deref())?.sums),
        Branch::Season(show, season) => of_sums(&of_season(lines, show.as_deref(), *season)?.sums),
        Branch::Episode(id) => match &of_episode(model, id)?.state {
            CastState::Known(cast) => Some(cast.progress),
            CastState::NotRun | CastState::Broken { .. } => None,
        },
    }
}

/// Whom one sees in it and for how long, as one line.
pub(super) fn cast(model: &Model, branch: &Branch) -> String {
    let people = seen(model, branch);
    people.iter().map(|(name, t)| format!("{name} {}", length(*t))).collect::<Vec<_>>().join(" · ")
}

/// Everybody of what is under the cursor, with their time.
fn seen(model: &Model, branch: &Branch) -> Vec<(String, MediaTime)> {
    let lines = &model.holdings.shows.lines;
    match branch {
        Branch::Show(show) => of_show(lines, show.as_deref()).map(|s| s.sums.people.clone()),
        Branch::Season(show, season) => of_season(lines, show.as_deref(), *season).map(|s| s.sums.people.clone()),
        Branch::Episode(id) => of_episode(model, id).and_then(|c| match &c.state {
            CastState::Known(cast) => Some(cast.people.iter().map(|a| (a.name.clone(), a.visual_time)).collect()),
            CastState::NotRun | CastState::Broken { .. } => None,
        }),
    }
    .unwrap_or_default()
}

/// Everybody of what is under the cursor, as bars.
fn people(model: &Model, branch: &Branch, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let people = seen(model, branch);
    if people.is_empty() {
        canvas.line(area, 0, Line::from(canvas.dim("nobody with a name")));
        return;
    }
    let wide = usize::from(area.width);
    let name = people.iter().map(|p| width(&p.0)).max().unwrap_or(0).clamp(8, wide / 2);
    let room = wide.saturating_sub(name + 12);
    let most = people.first().map_or(1, |p| p.1.0).max(1);
    let rows = usize::from(area.height).saturating_sub(1);
    for (row, (who, time)) in people.iter().take(rows).enumerate() {
        let line = Line::from(vec![
            canvas.span(Role::Text, pad(who, name)),
            canvas.span(Role::Title, pad_left(&length(*time), 10)),
            canvas.span(Role::Bar, format!("  {}", bar(time.0 as f64 / most as f64, room))),
        ]);
        canvas.line(area, u16::try_from(row).unwrap_or(u16::MAX), line);
    }
    if people.len() > rows {
        let more = canvas.dim(format!("and {} more", people.len() - rows));
        canvas.line(area, area.height.saturating_sub(1), Line::from(more));
    }
}
