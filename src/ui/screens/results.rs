//! Screen time of everybody, as it stands after the last decision.

use super::super::draw::Canvas;
use super::super::keymap::Action;
use super::super::line;
use super::super::model::{Asking, Model, Tab};
use super::super::text::{bar, clock, pad};
use super::super::theme::Role;
use super::super::update::{Effect, step_of};
use crate::domain::{MediaTime, PersonTime};
use ratatui::layout::Rect;
use ratatui::text::Line;

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if action == Action::Export {
        let name = model.desk.as_ref().map(|d| format!("{}-screen-time.csv", d.snapshot.episode)).unwrap_or_default();
        line::begin(model, Asking::Export { taken: None }, "the totals, as .csv or .json, into", &name);
        return Vec::new();
    }
    let rows = super::rows(model).saturating_sub(1);
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let count = desk.snapshot.time.people.len();
    if let Some(step) = step_of(action) {
        desk.results.step(step, count, 1, rows);
    } else if action == Action::Open
        && let Some(id) = desk.snapshot.time.people.get(desk.results.at).and_then(|p| p.identities.first().copied())
    {
        desk.tab = Tab::Identities;
        desk.grid.filter.clear();
        desk.grid.under = Some(id);
        desk.arrange();
        return super::settle(model);
    }
    Vec::new()
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(desk) = &model.desk else { return };
    let snapshot = &desk.snapshot;
    let people = &snapshot.time.people;
    if people.is_empty() {
        return canvas.says(area, Role::Dim, "nobody is seen or heard", "the run found no face that counts");
    }
    let wide = usize::from(area.width);
    let name = people.iter().map(|p| called(p).chars().count()).max().unwrap_or(0).clamp(8, if wide < 100 { 16 } else { 28 });
    let is_heard = snapshot.time.speech.is_some();
    let fixed = 3 + name + 2 + 9 + 8 + 7 + 6 + 9 + if is_heard { 20 } else { 0 };
    let sides = wide >= 110;
    let room = wide.saturating_sub(fixed + if sides { 22 } else { 0 } + 2).min(72);
    let heard = if is_heard { format!(" {:>9} {:>9}", "speaks", "seen so") } else { String::new() };
    let head = format!("   {:<name$}  {:>9}{heard} {:>7} {:>6} {:>5}  {:<7}", "", "seen", "share", "belief", "times", "checked");
    let head = if sides { format!("{head} {:>9} {:>9}", "first", "last") } else { head };
    canvas.line(area, 0, Line::from(canvas.dim(head)));
    let rows = usize::from(area.height).saturating_sub(1);
    for (row, (at, person)) in people.iter().enumerate().skip(desk.results.top).take(rows).enumerate() {
        let is_here = at == desk.results.at;
        let row = u16::try_from(row + 1).unwrap_or(u16::MAX);
        if is_here {
            canvas.lay_cursor(area, row);
        }
        let role = if person.name.is_some() { Role::Confirmed } else { Role::Proposed };
        let share = if snapshot.time.duration > MediaTime::ZERO {
            person.visual_time.0 as f64 / snapshot.time.duration.0 as f64
        } else {
            0.0
        };
        let mut cells = vec![
            canvas.mark(is_here),
            canvas.span(role, format!("{} ", role.glyph())),
            canvas.span(if is_here { Role::Title } else { Role::Text }, pad(&called(person), name)),
            canvas.span(Role::Title, format!("  {:>9}", clock(person.visual_time))),
            canvas.span(Role::Text, heard_cells(person)),
            canvas.span(Role::Text, format!(" {:>6.1}%", 100.0 * share)),
            canvas.span(
                if person.confidence < 0.5 { Role::Doubt } else { Role::Text },
                format!(" {:>5}%", percent(person.confidence)),
            ),
            canvas.span(Role::Text, format!(" {:>5}", person.visual.len())),
            canvas.span(Role::Dim, format!("  {:<7}", bar(person.review_share, 7))),
        ];
        if sides {
            let origin = snapshot.shots.first().map_or(MediaTime::ZERO, |s| s.start);
            let (first, last) = (person.visual.first().map(|s| s.start()), person.visual.last().map(|s| s.end()));
            let told = |t: Option<MediaTime>| t.map(|t| clock(t - origin)).unwrap_or_default();
            cells.push(canvas.span(Role::Dim, format!(" {:>9} {:>9}", told(first), told(last))));
        }
        if room >= 8 {
            cells.push(canvas.span(Role::Bar, format!("  {}", super::presence(snapshot, &person.visual, room))));
        }
        canvas.line(area, row, Line::from(cells));
    }
}

/// How long they speak, and how long they are seen speaking.
fn heard_cells(person: &PersonTime) -> String {
    person.speech.as_ref().map(|s| format!(" {:>9} {:>9}", clock(s.time), clock(s.both_time))).unwrap_or_default()
}

fn called(person: &PersonTime) -> String {
    person.name.clone().unwrap_or_else(|| format!("unnamed {}", person.identities.first().map_or(0, |i| i.0)))
}

fn percent(share: f64) -> String {
    if share > 0.994 && share < 1.0 { ">99".into() } else { format!("{:.0}", 100.0 * share) }
}
