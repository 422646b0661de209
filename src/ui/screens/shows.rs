//! Shows, their seasons and episodes as a tree, and whom one sees in each.

use super::super::draw::{Canvas, counted};
use super::super::keymap::Action;
use super::super::list::Step;
use super::super::model::{Arrive, Branch, Model};
use super::super::text::{bar, fit, length, pad, pad_left, width};
use super::super::theme::Role;
use super::super::update::{Effect, open, step_of};
use super::super::worker::Ask;
use crate::domain::MediaTime;
use crate::session::{CastLine, CastState, SeasonLine, ShowLine, Sums};
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Columns of the side with the people; 0 where there is no room for it.
fn side(width: u16) -> u16 {
    match width {
        180.. => 72,
        110.. => 44,
        _ => 0,
    }
}

fn tree_rows(model: &Model) -> usize {
    super::rows(model).saturating_sub(1).max(1)
}

/// Fits the tree to the screen.
pub(crate) fn fit_to_screen(model: &mut Model) {
    model.holdings.shows.height = tree_rows(model);
}

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    fit_to_screen(model);
    let holdings = &mut model.holdings;
    let shows = &mut holdings.shows;
    let rows = shows.height;
    match step_of(action) {
        Some(Step::Left) => {
            close(model);
            return Vec::new();
        }
        Some(Step::Right) => {
            unfold(model);
            return Vec::new();
        }
        Some(step) => {
            shows.cursor.step(step, shows.rows.len(), 1, rows);
            shows.under = shows.branch().cloned();
            return Vec::new();
        }
        None => {}
    }
    match action {
        Action::Open => match shows.branch().cloned() {
            Some(Branch::Episode(episode)) => {
                return open(model, Arrive { episode: Some(episode), ..Arrive::default() });
            }
            Some(branch) => {
                if !shows.closed.remove(&branch) {
                    shows.closed.insert(branch);
                }
                shows.arrange(&holdings.casts);
            }
            None => {}
        },
        Action::Refresh => return vec![Effect::Ask(Ask::Casts)],
        _ => {}
    }
    Vec::new()
}

/// Closes what is under the cursor, or goes to what it hangs from.
fn close(model: &mut Model) {
    let shows = &mut model.holdings.shows;
    let Some((depth, branch)) = shows.rows.get(shows.cursor.at).cloned() else { return };
    let is_open = !matches!(branch, Branch::Episode(_)) && !shows.closed.contains(&branch);
    if is_open {
        shows.closed.insert(branch);
        shows.arrange(&model.holdings.casts);
    } else if let Some(at) = shows.rows.iter().take(shows.cursor.at).rposition(|r| r.0 < depth) {
        shows.cursor.at = at;
        shows.cursor.show(shows.rows.len(), 1, shows.height);
        shows.under = shows.branch().cloned();
    }
}

/// Opens what is under the cursor, or goes to its first part.
fn unfold(model: &mut Model) {
    let shows = &mut model.holdings.shows;
    let Some((depth, branch)) = shows.rows.get(shows.cursor.at).cloned() else { return };
    if shows.closed.remove(&branch) {
        shows.arrange(&model.holdings.casts);
    } else if shows.rows.get(shows.cursor.at + 1).is_some_and(|r| r.0 > depth) {
        shows.cursor.step(Step::Down, shows.rows.len(), 1, shows.height);
        shows.under = shows.branch().cloned();
    }
}

/// The line under the rule and what is said above the tree.
const TOP: u16 = 3;

pub(crate) fn click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    let beside = side(model.size.0);
    let shows = &mut model.holdings.shows;
    let at = shows.cursor.top + usize::from(y.saturating_sub(TOP));
    if y < TOP || at >= shows.rows.len() || (beside > 0 && x >= model.size.0.saturating_sub(beside)) {
        return Vec::new();
    }
    if shows.cursor.at == at {
        return act(model, Action::Open);
    }
    shows.cursor.at = at;
    shows.under = shows.branch().cloned();
    Vec::new()
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let holdings = &model.holdings;
    let shows = &holdings.shows;
    if let Some(told) = &holdings.fault {
        return canvas.says(area, Role::Error, &told.what, told.hint.as_deref().unwrap_or_default());
    }
    if shows.rows.is_empty() {
        let (what, hint) = match (shows.filter.is_empty(), holdings.is_read) {
            (false, _) => ("no episode fits the filter", "Esc in the filter (/) takes it away"),
            (true, false) => ("reading the library …", ""),
            (true, true) => ("the library is empty", "screenalytics run EPISODE.mp4 measures an episode"),
        };
        return canvas.says(area, Role::Dim, what, hint);
    }
    let beside = side(area.width);
    let tree = Rect::new(area.x, area.y, area.width.saturating_sub(beside), area.height);
    draw_tree(model, canvas, tree);
    if beside > 0
        && let Some(branch) = shows.branch()
    {
        let place = Rect::new(tree.right() + 2, area.y, beside.saturating_sub(3), area.height);
        draw_people(model, branch, canvas, place);
    }
}

fn draw_tree(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let shows = &model.holdings.shows;
    let wide = usize::from(area.width);
    let name =
        shows.rows.iter().map(|(depth, b)| 2 * depth + 2 + width(&called(model, b))).max().unwrap_or(0).clamp(20, wide / 2);
    let reading = model.holdings.progress.map(|(read, all)| format!("reading {read} of {all} episodes")).unwrap_or_default();
    let filter = if shows.filter.is_empty() { String::new() } else { format!("filter “{}”", shows.filter) };
    let note = [filter, reading].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · ");
    let head = format!("  {}{:>10}  {:>12}  {}", pad("", name), "length", "named", note);
    canvas.line(area, 0, Line::from(canvas.dim(fit(&head, wide))));
    let rows = usize::from(area.height).saturating_sub(1);
    for (row, (at, (depth, branch))) in shows.rows.iter().enumerate().skip(shows.cursor.top).take(rows).enumerate() {
        let is_here = at == shows.cursor.at;
        let row = u16::try_from(row + 1).unwrap_or(u16::MAX);
        if is_here {
            canvas.lay_cursor(area, row);
        }
        let facts = facts(model, branch);
        let fold = match branch {
            Branch::Episode(_) => facts.glyph,
            _ if shows.closed.contains(branch) && shows.filter.is_empty() => "▸",
            _ => "▾",
        };
        let text = pad(&called(model, branch), name.saturating_sub(2 * depth + 2));
        let text_role = match (is_here, branch) {
            (true, _) | (_, Branch::Show(_)) => Role::Title,
            _ => Role::Text,
        };
        let room = wide.saturating_sub(name + 2 + 10 + 2 + 12 + 2);
        let cells = vec![
            canvas.mark(is_here),
            canvas.span(Role::Text, " ".repeat(1 + 2 * depth)),
            canvas.span(facts.role, format!("{fold} ")),
            canvas.span(text_role, text),
            canvas.span(Role::Text, pad_left(&facts.length, 10)),
            canvas.span(Role::Dim, format!("  {}  ", pad_left(&facts.named, 12))),
            canvas.span(if facts.is_bad { facts.role } else { Role::Dim }, fit(&facts.note, room)),
        ];
        canvas.line(area, row, Line::from(cells));
    }
}

/// What stands in a row.
struct Facts {
    glyph: &'static str,
    role: Role,
    length: String,
    named: String,
    note: String,
    is_bad: bool,
}

fn facts(model: &Model, branch: &Branch) -> Facts {
    let holdings = &model.holdings;
    match branch {
        Branch::Show(show) => find(&holdings.shows.lines, show.as_deref()).map(|s| of_sums(&s.sums)),
        Branch::Season(show, season) => find_season(&holdings.shows.lines, show.as_deref(), *season).map(|s| of_sums(&s.sums)),
        Branch::Episode(id) => holdings.cast(id).map(of_episode),
    }
    .unwrap_or(Facts {
        glyph: " ",
        role: Role::Dim,
        length: String::new(),
        named: String::new(),
        note: String::new(),
        is_bad: false,
    })
}

fn of_sums(sums: &Sums) -> Facts {
    let not_run = sums.episodes - sums.measured;
    let more = if not_run > 0 { format!(" · {not_run} not measured") } else { String::new() };
    Facts {
        glyph: " ",
        role: Role::Accent,
        length: length(sums.duration),
        named: named(sums.named, sums.identities),
        note: format!("{}{more}  {}", counted(sums.episodes, "episode"), cast(sums.people.iter().map(|(n, t)| (n.as_str(), *t)))),
        is_bad: false,
    }
}

fn of_episode(line: &CastLine) -> Facts {
    match &line.state {
        CastState::Known(c) => {
            let role = if c.named == c.identities { Role::Good } else { Role::Proposed };
            Facts {
                glyph: if c.named == c.identities { "●" } else { "○" },
                role,
                length: length(c.duration),
                named: named(c.named, c.identities),
                note: cast(c.people.iter().map(|a| (a.name.as_str(), a.visual_time))),
                is_bad: false,
            }
        }
        CastState::NotRun => Facts {
            glyph: "◐",
            role: Role::Doubt,
            length: String::new(),
            named: String::new(),
            note: "not measured to its end".into(),
            is_bad: true,
        },
        CastState::Broken { reason } => {
            Facts {
                glyph: "✕", role: Role::Bad, length: String::new(), named: String::new(), note: reason.clone(), is_bad: true
            }
        }
    }
}

fn named(named: usize, of: usize) -> String {
    format!("{named} of {of}")
}

fn cast<'a>(people: impl Iterator<Item = (&'a str, MediaTime)>) -> String {
    people.map(|(name, t)| format!("{name} {}", length(t))).collect::<Vec<_>>().join(" · ")
}

fn find<'a>(shows: &'a [ShowLine], show: Option<&str>) -> Option<&'a ShowLine> {
    shows.iter().find(|s| s.show.as_deref() == show)
}

fn find_season<'a>(shows: &'a [ShowLine], show: Option<&str>, season: Option<u32>) -> Option<&'a SeasonLine> {
    find(shows, show)?.seasons.iter().find(|s| s.season == season)
}

/// Returns what a row is called.
fn called(model: &Model, branch: &Branch) -> String {
    match branch {
        Branch::Show(Some(show)) => show.clone(),
        Branch::Show(None) => "no show".into(),
        Branch::Season(_, Some(season)) => format!("season {season}"),
        Branch::Season(_, None) => "no season".into(),
        Branch::Episode(id) => {
            let entry = model.holdings.cast(id).map(|c| &c.entry);
            let title = entry.and_then(|e| e.title.as_deref()).map(|t| format!("  {t}")).unwrap_or_default();
            match entry.and_then(|e| e.episode) {
                Some(n) => format!("e{n:02}{title}"),
                None => format!("{id}{title}"),
            }
        }
    }
}

/// Everybody of what is under the cursor, as bars.
fn draw_people(model: &Model, branch: &Branch, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let holdings = &model.holdings;
    let people: Vec<(String, MediaTime)> = match branch {
        Branch::Show(show) => find(&holdings.shows.lines, show.as_deref()).map(|s| s.sums.people.clone()),
        Branch::Season(show, season) => {
            find_season(&holdings.shows.lines, show.as_deref(), *season).map(|s| s.sums.people.clone())
        }
        Branch::Episode(id) => holdings.cast(id).and_then(|c| match &c.state {
            CastState::Known(cast) => Some(cast.people.iter().map(|a| (a.name.clone(), a.visual_time)).collect()),
            CastState::NotRun | CastState::Broken { .. } => None,
        }),
    }
    .unwrap_or_default();
    let title = match branch {
        Branch::Episode(id) => id.to_string(),
        Branch::Season(show, _) => format!("{} {}", show.as_deref().unwrap_or_default(), called(model, branch)),
        Branch::Show(_) => called(model, branch),
    };
    let wide = usize::from(area.width);
    canvas.line(area, 0, Line::from(canvas.span(Role::Title, fit(&title, wide))));
    if people.is_empty() {
        canvas.line(area, 2, Line::from(canvas.dim("nobody with a name")));
        return;
    }
    let name = people.iter().map(|p| width(&p.0)).max().unwrap_or(0).clamp(8, wide / 2);
    let room = wide.saturating_sub(name + 12);
    let most = people.first().map_or(1, |p| p.1.0).max(1);
    let rows = usize::from(area.height).saturating_sub(3);
    for (row, (who, time)) in people.iter().take(rows).enumerate() {
        let line = Line::from(vec![
            canvas.span(Role::Text, pad(who, name)),
            canvas.span(Role::Title, pad_left(&length(*time), 10)),
            canvas.span(Role::Bar, format!("  {}", bar(time.0 as f64 / most as f64, room))),
        ]);
        canvas.line(area, u16::try_from(row + 2).unwrap_or(u16::MAX), line);
    }
    if people.len() > rows {
        let more = canvas.dim(format!("and {} more", people.len() - rows));
        canvas.line(area, area.height.saturating_sub(1), Line::from(more));
    }
}
