//! The tree itself: a line for each show, season and episode.

use super::super::super::draw::Canvas;
use super::super::super::model::{Branch, Model};
use super::super::super::text::{doubtful_bar, fit, length, pad, pad_left, percent, width};
use super::super::super::theme::Role;
use super::standing::{Standing, counts, runs};
use super::{called, of_episode, of_season, of_show};
use crate::domain::MediaTime;
use crate::session::{CastState, ReviewProgress};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Lines above the first row: what there is of all, the heads of the columns.
pub(super) const HEAD: u16 = 2;

/// Cells of the columns; 0 where one has no room.
struct Columns {
    name: usize,
    state: usize,
    bar: usize,
    named: usize,
    note: usize,
}

/// Length, share of what is decided.
const LENGTH: usize = 9;
const SHARE: usize = 6;

pub(super) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let shows = &model.holdings.shows;
    let wide = usize::from(area.width);
    canvas.line(area, 0, summary(model, canvas));
    let columns = columns(model, wide);
    let head = format!(
        "   {}{}{}  {}{}",
        pad("", columns.name),
        pad("", columns.state),
        pad_left("length", LENGTH),
        pad("decided", columns.bar + SHARE),
        if columns.named > 0 { pad_left("named", columns.named) } else { String::new() },
    );
    canvas.line(area, 1, Line::from(canvas.dim(fit(&head, wide))));
    let rows = usize::from(area.height.saturating_sub(HEAD));
    for (row, (at, (depth, branch))) in shows.rows.iter().enumerate().skip(shows.cursor.top).take(rows).enumerate() {
        let row = u16::try_from(row).unwrap_or(u16::MAX).saturating_add(HEAD);
        if at == shows.cursor.at {
            canvas.lay_cursor(area, row);
        }
        let line = line(model, canvas, (*depth, branch), at == shows.cursor.at, &columns);
        canvas.line(area, row, line);
    }
}

/// How many episodes there are and how far they are, which also says what the signs mean.
fn summary<'t>(model: &Model, canvas: &Canvas<'_, '_>) -> Line<'t> {
    let shows = &model.holdings.shows;
    let mut cells = vec![canvas.span(Role::Text, " ")];
    for (standing, n) in counts(model, None) {
        let (sign, role) = standing.sign();
        cells.push(canvas.span(role, format!("{sign} ")));
        cells.push(canvas.span(Role::Title, n.to_string()));
        cells.push(canvas.dim(format!(" {}   ", standing.word())));
    }
    let reading = model.holdings.progress.map(|(read, all)| format!("reading {read} of {all} episodes")).unwrap_or_default();
    let filter = if shows.filter.is_empty() { String::new() } else { format!("filter “{}”", shows.filter) };
    let note = [filter, reading].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · ");
    cells.push(canvas.dim(note));
    Line::from(cells)
}

fn columns(model: &Model, wide: usize) -> Columns {
    let shows = &model.holdings.shows;
    let rows = || shows.rows.iter();
    let name = rows().map(|(depth, b)| 2 * depth + 2 + width(&called(model, b))).max().unwrap_or(0);
    let state = rows().map(|(_, b)| state(model, b).iter().map(|(t, _)| width(t)).sum::<usize>()).max().unwrap_or(0) + 2;
    let state = state.clamp(12, 26).min(wide / 3);
    let bar = if wide >= 110 { 16 } else { 8 };
    let named = if wide >= 76 { 11 } else { 0 };
    let fixed = 3 + state + LENGTH + 2 + bar + SHARE + named;
    let name = name.clamp(16, wide.saturating_sub(fixed).clamp(16, 56));
    let note = wide.saturating_sub(fixed + name + 2);
    Columns { name, state, bar, named, note: if note >= 16 { note } else { 0 } }
}

fn line<'t>(
    model: &Model,
    canvas: &Canvas<'_, '_>,
    (depth, branch): (usize, &Branch),
    is_here: bool,
    columns: &Columns,
) -> Line<'t> {
    let shows = &model.holdings.shows;
    let (fold, fold_role) = match branch {
        Branch::Episode(id) => of_episode(model, id).map_or((" ", Role::Dim), |l| Standing::of(model, l).sign()),
        _ if shows.closed.contains(branch) && shows.filter.is_empty() => ("▸", Role::Accent),
        _ => ("▾", Role::Accent),
    };
    let role = match (is_here, branch) {
        (true, _) | (_, Branch::Show(_)) => Role::Title,
        _ => Role::Text,
    };
    let mut cells = vec![
        canvas.mark(is_here),
        canvas.span(Role::Text, " ".repeat(1 + 2 * depth)),
        canvas.span(fold_role, format!("{fold} ")),
        canvas.span(role, pad(&called(model, branch), columns.name.saturating_sub(2 * depth + 2))),
        canvas.span(Role::Text, " "),
    ];
    cells.extend(in_cells(canvas, state(model, branch), columns.state));
    let facts = facts(model, branch);
    let length = facts.duration.map(length).unwrap_or_default();
    cells.push(canvas.span(Role::Text, format!("{}  ", pad_left(&length, LENGTH))));
    match facts.progress {
        Some(progress) => {
            let (decided, settled) = (progress.decided_share(), progress.settled_share());
            cells.push(canvas.span(Role::Bar, doubtful_bar(decided, settled, columns.bar)));
            cells.push(canvas.span(Role::Title, pad_left(&percent(decided), SHARE)));
        }
        None => cells.push(canvas.span(Role::Text, " ".repeat(columns.bar + SHARE))),
    }
    if columns.named > 0 {
        let named = facts.named.map(|(n, of)| format!("{n} of {of}")).unwrap_or_default();
        cells.push(canvas.dim(pad_left(&named, columns.named)));
    }
    if columns.note > 0 {
        cells.push(canvas.span(facts.note_role, format!("  {}", fit(&facts.note, columns.note))));
    }
    Line::from(cells)
}

/// How far an episode is, or how many of a season or show are how far.
fn state(model: &Model, branch: &Branch) -> Vec<(String, Role)> {
    if let Branch::Episode(id) = branch {
        let Some(line) = of_episode(model, id) else { return Vec::new() };
        let standing = Standing::of(model, line);
        let word = runs(model, id).unwrap_or_else(|| standing.word().to_owned());
        return vec![(word, if standing == Standing::Fresh { Role::Text } else { standing.sign().1 })];
    }
    let counted = counts(model, Some(branch)).into_iter().map(|(standing, n)| {
        let (sign, role) = standing.sign();
        (format!("{sign}{n} "), role)
    });
    let counted: Vec<_> = counted.collect();
    if counted.is_empty() { vec![("no episode".into(), Role::Dim)] } else { counted }
}

/// Lays texts beside each other in exactly so many cells.
fn in_cells<'t>(canvas: &Canvas<'_, '_>, texts: Vec<(String, Role)>, cells: usize) -> Vec<Span<'t>> {
    let (mut spans, mut left) = (Vec::new(), cells);
    for (text, role) in texts {
        let text = fit(&text, left);
        left -= width(&text);
        spans.push(canvas.span(role, text));
    }
    spans.push(canvas.span(Role::Text, " ".repeat(left)));
    spans
}

/// What stands in the columns of a row.
struct Facts {
    duration: Option<MediaTime>,
    progress: Option<ReviewProgress>,
    named: Option<(usize, usize)>,
    note: String,
    note_role: Role,
}

fn facts(model: &Model, branch: &Branch) -> Facts {
    let lines = &model.holdings.shows.lines;
    let sums = match branch {
        Branch::Show(show) => of_show(lines, show.as_deref()).map(|s| &s.sums),
        Branch::Season(show, season) => of_season(lines, show.as_deref(), *season).map(|s| &s.sums),
        Branch::Episode(_) => None,
    };
    let nothing = |note: String, note_role| Facts { duration: None, progress: None, named: None, note, note_role };
    if let Some(sums) = sums {
        if sums.measured == 0 {
            return nothing(String::new(), Role::Dim);
        }
        return Facts {
            duration: Some(sums.duration),
            progress: Some(sums.progress),
            named: Some((sums.named, sums.identities)),
            note: cast(sums.people.iter().map(|(n, t)| (n.as_str(), *t))),
            note_role: Role::Dim,
        };
    }
    let Branch::Episode(id) = branch else { return nothing(String::new(), Role::Dim) };
    match of_episode(model, id).map(|l| &l.state) {
        Some(CastState::Known(cast_of)) => Facts {
            duration: Some(cast_of.duration),
            progress: Some(cast_of.progress),
            named: Some((cast_of.named, cast_of.identities)),
            note: cast(cast_of.people.iter().map(|a| (a.name.as_str(), a.visual_time))),
            note_role: Role::Dim,
        },
        Some(CastState::Broken { reason }) => nothing(reason.clone(), Role::Bad),
        Some(CastState::NotRun) if runs(model, id).is_none() => nothing("not measured to its end".into(), Role::Doubt),
        _ => nothing(String::new(), Role::Dim),
    }
}

fn cast<'a>(people: impl Iterator<Item = (&'a str, MediaTime)>) -> String {
    people.map(|(name, t)| format!("{name} {}", length(t))).collect::<Vec<_>>().join(" · ")
}
