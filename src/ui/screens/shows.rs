//! Shows, their seasons and episodes as a tree: how far each is, and whom one sees in it.

mod side;
mod standing;
#[cfg(test)]
mod tests;
mod tree;

use super::super::confirm;
use super::super::draw::Canvas;
use super::super::keymap::{Action, Place};
use super::super::list::Step;
use super::super::model::{Arrive, Branch, Model, Screen, Status, Subject};
use super::super::theme::Role;
use super::super::update::{Effect, go, open, step_of};
use super::super::worker::Ask;
use super::{add, catalog, people};
use crate::domain::EpisodeId;
use crate::session::{CastLine, CatalogCommand, Dependents, SeasonLine, ShowLine};
use ratatui::layout::Rect;
use standing::Standing;

/// Columns of the side with the people; 0 where there is no room for it.
fn side_cells(width: u16) -> u16 {
    match width {
        180.. => 72,
        110.. => 44,
        _ => 0,
    }
}

fn tree_rows(model: &Model) -> usize {
    super::rows(model).saturating_sub(usize::from(tree::HEAD)).max(1)
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
        Action::NextDoubt | Action::PrevDoubt => to_review(model, action),
        Action::Edit => {
            let subject = shows.branch().and_then(catalog::subject);
            if subject.is_none() {
                of_nothing(model);
            }
            catalog::edit(model, subject.as_slice(), Vec::new());
        }
        Action::Add => {
            let show = model.holdings.shows.branch().and_then(|b| show_of(model, b)).and_then(|s| s.parse().ok());
            catalog::add_to_shows(model, show.as_ref());
        }
        Action::AddEpisode => return add::begin(model),
        Action::Delete => {
            let effects = delete(model);
            if effects.is_empty() {
                of_nothing(model);
            }
            return effects;
        }
        Action::ShowCast => {
            let Some(show) = model.holdings.shows.branch().and_then(|b| show_of(model, b)) else {
                of_nothing(model);
                return Vec::new();
            };
            people::show_cast(model, Some(show));
            return go(model, Screen::People);
        }
        Action::Refresh => return vec![Effect::Ask(Ask::Casts)],
        _ => {}
    }
    Vec::new()
}

/// Deletes what is under the cursor; what depends on it is asked for, and an episode is deleted after its id is typed.
fn delete(model: &mut Model) -> Vec<Effect> {
    let command = match model.holdings.shows.branch() {
        Some(Branch::Episode(id)) => {
            let id = id.clone();
            return confirm::delete(model, id);
        }
        Some(branch) => match catalog::subject(branch) {
            Some(Subject::Show(slug)) => CatalogCommand::DeleteShow { slug, dependents: Dependents::Refuse },
            Some(Subject::Season(show, number)) => CatalogCommand::DeleteSeason { show, number, dependents: Dependents::Refuse },
            _ => return Vec::new(),
        },
        None => return Vec::new(),
    };
    vec![Effect::Ask(Ask::Catalog(command))]
}

/// Says that what is of no show or season is none itself.
fn of_nothing(model: &mut Model) {
    let told = match model.holdings.shows.branch() {
        Some(Branch::Season(..)) => "these episodes are of no season; edit one to say of which",
        Some(_) => "these episodes are of no show; edit one to say of which",
        None => return,
    };
    model.status = Status::Done(told.into());
}

/// Returns the show that something belongs to.
fn show_of(model: &Model, branch: &Branch) -> Option<String> {
    match branch {
        Branch::Show(show) | Branch::Season(show, _) => show.clone(),
        Branch::Episode(id) => of_episode(model, id)?.entry.show.clone(),
    }
}

/// Goes to the next episode that is measured and not done; what it hangs from is opened.
fn to_review(model: &mut Model, action: Action) {
    let waits = |l: &&CastLine| matches!(Standing::of(model, l), Standing::Fresh | Standing::InReview);
    // In the order of the tree, which is that of the casts.
    let at = |id: &EpisodeId| model.holdings.casts.iter().position(|c| c.entry.id == *id);
    let shows = &model.holdings.shows;
    let ids: Vec<EpisodeId> = model.holdings.casts.iter().filter(waits).map(|l| l.entry.id.clone()).collect();
    // A show or season stands before its own episodes.
    let rows = shows.rows.iter().take(shows.cursor.at + 1).rev();
    let here = rows.map(|r| &r.1).find_map(|b| if let Branch::Episode(id) = b { at(id) } else { None });
    let is_on = shows.branch().is_some_and(|b| matches!(b, Branch::Episode(_)));
    let found = match action {
        Action::NextDoubt => ids.iter().find(|id| at(id) > here),
        _ => ids.iter().rev().find(|id| here.is_some_and(|here| if is_on { at(id) < Some(here) } else { at(id) <= Some(here) })),
    };
    let Some(id) = found.cloned() else {
        model.status =
            Status::Done(if ids.is_empty() { "every measured episode is done" } else { "there is none further on" }.into());
        return;
    };
    let entry = of_episode(model, &id).map(|l| (l.entry.show.clone(), l.entry.season));
    let holdings = &mut model.holdings;
    if let Some((show, season)) = entry {
        holdings.shows.closed.remove(&Branch::Season(show.clone(), season));
        holdings.shows.closed.remove(&Branch::Show(show));
    }
    holdings.shows.under = Some(Branch::Episode(id));
    holdings.shows.arrange(&holdings.casts);
}

/// What the line at the bottom says of what is under the cursor: whom one sees in it.
pub(crate) fn told(model: &Model) -> Option<(Role, String)> {
    let branch = model.holdings.shows.branch()?;
    // Beside the tree it stands already.
    (side_cells(model.size.0) == 0).then(|| (Role::Dim, side::cast(model, branch)))
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

/// The lines under the rule and what is said above the tree.
const TOP: u16 = 2 + tree::HEAD;

pub(crate) fn click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    let beside = side_cells(model.size.0);
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
        let key = |place, action| model.keymap.key_of(place, action).unwrap_or_else(|| ":".into());
        let (what, hint) = match (shows.filter.is_empty(), holdings.is_read) {
            (false, _) => {
                let (filter, leave) = (key(Place::Shows, Action::Filter), key(Place::Input, Action::Back));
                ("no episode fits the filter", format!("{filter} {leave} takes it away"))
            }
            (true, false) => ("reading the library …", String::new()),
            (true, true) => {
                let add = key(Place::Shows, Action::Add);
                ("the library is empty", format!("{add} adds a show, or an episode from its video"))
            }
        };
        return canvas.says(area, Role::Dim, what, &hint);
    }
    let beside = side_cells(area.width);
    let tree = Rect::new(area.x, area.y, area.width.saturating_sub(beside), area.height);
    tree::draw(model, canvas, tree);
    if beside > 0
        && let Some(branch) = shows.branch()
    {
        let place = Rect::new(tree.right() + 2, area.y, beside.saturating_sub(3), area.height);
        side::draw(model, branch, canvas, place);
    }
}

fn of_show<'a>(shows: &'a [ShowLine], show: Option<&str>) -> Option<&'a ShowLine> {
    shows.iter().find(|s| s.show.as_deref() == show)
}

fn of_season<'a>(shows: &'a [ShowLine], show: Option<&str>, season: Option<u32>) -> Option<&'a SeasonLine> {
    of_show(shows, show)?.seasons.iter().find(|s| s.season == season)
}

fn of_episode<'a>(model: &'a Model, id: &EpisodeId) -> Option<&'a CastLine> {
    model.holdings.cast(id)
}

/// Returns what a row is called.
pub(crate) fn called(model: &Model, branch: &Branch) -> String {
    let lines = &model.holdings.shows.lines;
    let with = |name: String, title: Option<&str>| title.map_or_else(|| name.clone(), |title| format!("{name}  {title}"));
    match branch {
        Branch::Show(Some(show)) => with(show.clone(), of_show(lines, Some(show)).and_then(|s| s.title.as_deref())),
        Branch::Show(None) => "no show".into(),
        Branch::Season(show, Some(season)) => {
            let line = of_season(lines, show.as_deref(), Some(*season));
            with(format!("season {season}"), line.and_then(|s| s.title.as_deref()))
        }
        Branch::Season(_, None) => "no season".into(),
        Branch::Episode(id) => {
            let entry = of_episode(model, id).map(|c| &c.entry);
            let title = entry.and_then(|e| e.title.as_deref());
            match entry.and_then(|e| e.episode) {
                Some(n) => with(format!("e{n:02}"), title),
                None => with(id.to_string(), title),
            }
        }
    }
}
