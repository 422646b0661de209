//! Other thresholds of grouping: moved by keys, and at once who would be who, and for how long.

mod list;
mod people;
#[cfg(test)]
mod tests;

use super::super::draw::{Canvas, counted};
use super::super::keymap::Action;
use super::super::model::{Desk, Model, Panel, Status, WhatIfPanel};
use super::super::text::{clock, count, width};
use super::super::theme::Role;
use super::super::tryout::{Trial, Tried};
use super::super::update::{Effect, if_writable, step_of};
use super::super::worker::Ask;
use crate::config::WhatIfParams;
use crate::domain::Thresholds;
use crate::session::{Prospect, WhatIfSource};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// The largest group that can be asked for.
const MOST_TRACKS: usize = 50;
/// Lines over the lists.
const HEAD: u16 = 5;

/// Opens it: the session thread is asked what the episode is.
pub(crate) fn open(desk: &mut Desk) -> Vec<Effect> {
    desk.panel = Some(Panel::WhatIf(Box::default()));
    desk.is_zoomed = false;
    vec![Effect::Ask(Ask::WhatIf)]
}

fn panel(model: &mut Model) -> Option<&mut WhatIfPanel> {
    match model.desk.as_mut()?.panel.as_mut()? {
        Panel::WhatIf(panel) => Some(panel),
        Panel::Propagate(_) => None,
    }
}

/// Takes what the episode is: its tracks are compared, and it begins where it stands.
pub(crate) fn sourced(model: &mut Model, source: Box<WhatIfSource>) -> Vec<Effect> {
    let Some(panel) = panel(model) else { return Vec::new() };
    let (now, params) = (source.thresholds(), source.params());
    let asked = panel.set.map_or(now, |(_, asked, _)| asked);
    panel.set = Some((now, asked, params));
    (panel.progress, panel.fault) = (Some((0, 0)), None);
    vec![Effect::Try(Trial::Compare(source)), Effect::Try(Trial::At(asked))]
}

/// Takes what was found.
pub(crate) fn tried(model: &mut Model, tried: Tried) -> Vec<Effect> {
    let Some(panel) = panel(model) else { return Vec::new() };
    match tried {
        Tried::Compared(done, of) => panel.progress = Some((done, of)),
        Tried::Prospect(found) => {
            panel.progress = None;
            panel.cursor.show(found.turnovers.len(), 1, 1);
            panel.prospect = Some(found);
        }
        Tried::Failed(why) => (panel.fault, panel.progress, panel.is_taking) = (Some(why), None, false),
        Tried::Groups(groups) if panel.is_taking => return if_writable(model, Ask::Regroup(groups)),
        // It was left before they came.
        Tried::Groups(_) => {}
    }
    Vec::new()
}

/// The episode is another now: what is shown is made anew, at the same thresholds, and is not taken before.
pub(crate) fn follow(panel: &mut WhatIfPanel) -> Vec<Effect> {
    panel.progress = Some((0, 0));
    vec![Effect::Ask(Ask::WhatIf)]
}

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(panel) = panel(model) else { return Vec::new() };
    let Some((now, asked, params)) = panel.set else { return Vec::new() };
    let leap = f32::from(params.leap);
    let to = match action {
        Action::Left => moved(asked, -1.0, params),
        Action::Right => moved(asked, 1.0, params),
        Action::LeapLeft => moved(asked, -leap, params),
        Action::LeapRight => moved(asked, leap, params),
        Action::First => Thresholds { cluster_thresh: params.lowest, ..asked },
        Action::Last => Thresholds { cluster_thresh: params.highest, ..asked },
        Action::Stricter => Thresholds { min_cluster_size: (asked.min_cluster_size + 1).min(MOST_TRACKS), ..asked },
        Action::Looser => Thresholds { min_cluster_size: asked.min_cluster_size.saturating_sub(1).max(1), ..asked },
        Action::ResetSliders => now,
        Action::Open => return take(model),
        _ => {
            let all = panel.prospect.as_ref().map_or(0, |p| p.turnovers.len());
            if let Some(step) = step_of(action) {
                panel.cursor.step(step, all, 1, 1);
            }
            return Vec::new();
        }
    };
    panel.set = Some((now, to, params));
    if to == asked { Vec::new() } else { vec![Effect::Try(Trial::At(to))] }
}

/// Moves the threshold by some steps, onto a whole one.
fn moved(from: Thresholds, steps: f32, params: WhatIfParams) -> Thresholds {
    let step = params.step.max(1e-3);
    // One that lies between two steps goes to the next of them first.
    let (here, slack) = (from.cluster_thresh / step, 0.01);
    let whole = if steps > 0.0 { (here + slack).floor() } else { (here - slack).ceil() };
    let to = ((whole + steps) * step * 1e4).round() / 1e4;
    Thresholds { cluster_thresh: to.clamp(params.lowest, params.highest.max(params.lowest)), ..from }
}

/// Decides for what is tried out.
fn take(model: &mut Model) -> Vec<Effect> {
    let Some(panel) = self::panel(model) else { return Vec::new() };
    let Some((_, asked, _)) = panel.set.filter(|_| panel.is_settled()) else {
        model.status = Status::Busy("worked out in a moment; Enter again then".into());
        return Vec::new();
    };
    // Where it is only read, the line below says so.
    if if_writable(model, Ask::Refresh).is_empty() {
        return Vec::new();
    }
    if let Some(panel) = self::panel(model) {
        panel.is_taking = true;
    }
    vec![Effect::Try(Trial::Take(asked))]
}

pub(crate) fn draw(model: &Model, panel: &WhatIfPanel, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(desk) = &model.desk else { return };
    if let Some(fault) = &panel.fault {
        return canvas.says(area, Role::Error, &fault.what, fault.hint.as_deref().unwrap_or("Esc goes back"));
    }
    let Some((now, asked, params)) = panel.set else { return canvas.says(area, Role::Dim, "a moment", "") };
    slider(canvas, area, now, asked, params);
    let Some(found) = &panel.prospect else { return waiting(panel, canvas, area) };
    sums(canvas, area, found, panel.is_settled());
    let lists = Rect::new(area.x, area.y + HEAD, area.width, area.height.saturating_sub(HEAD));
    // Side by side where both have room; otherwise the people have what they need and at most half.
    let beside = area.width >= 110;
    let (left, right) = if beside {
        let wide = (area.width * 2 / 5).clamp(50, 76);
        (Rect { width: wide, ..lists }, Rect { x: lists.x + wide + 2, width: lists.width - wide - 2, ..lists })
    } else {
        let due = u16::try_from(found.people.len() + 2).unwrap_or(u16::MAX);
        let high = due.min(lists.height / 2).max(3);
        (Rect { height: high, ..lists }, Rect { y: lists.y + high, height: lists.height.saturating_sub(high), ..lists })
    };
    people::draw(found, canvas, left);
    list::draw(desk, panel, found, canvas, model.detail, right);
}

/// What is drawn while tracks are compared: how far it is.
fn waiting(panel: &WhatIfPanel, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let (done, of) = panel.progress.unwrap_or((0, 0));
    let share = if of > 0 { done as f64 / of as f64 } else { 0.0 };
    let body = Rect::new(area.x, area.y + HEAD, area.width, area.height.saturating_sub(HEAD));
    let cells = usize::from(area.width / 2).clamp(20, 60);
    let told = match of {
        0 => "reading the vectors of all tracks".to_owned(),
        _ => format!("comparing every two tracks: {} of {} pairs", count(done as u64), count(of as u64)),
    };
    canvas.says(
        body,
        Role::Text,
        &told,
        "this is done once; then every threshold is answered at once. Esc leaves, and nothing is changed",
    );
    let row = area.y + HEAD + body.height / 2 + 2;
    let bar = Rect::new(area.x + area.width.saturating_sub(u16::try_from(cells).unwrap_or(0)) / 2, row, area.width, 1);
    canvas.line(bar.intersection(area), 0, Line::from(canvas.span(Role::Bar, super::super::text::bar(share, cells))));
}

/// The threshold on its scale, with that of now; and the least size of a group.
fn slider(canvas: &mut Canvas<'_, '_>, area: Rect, now: Thresholds, asked: Thresholds, params: WhatIfParams) {
    let cells = usize::from(area.width.saturating_sub(if area.width >= 110 { 66 } else { 30 })).clamp(16, 100);
    let place = |t: f32| {
        let share = (t - params.lowest) / (params.highest - params.lowest).max(0.01);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the cells")]
        let at = (share.clamp(0.0, 1.0) * (cells - 1) as f32).round() as usize;
        at
    };
    let (was, is) = (place(now.cluster_thresh), place(asked.cluster_thresh));
    let mut line = vec![canvas.dim(format!(" {:.2} ", params.lowest))];
    let (low, high) = (was.min(is), was.max(is));
    for at in 0..cells {
        let (role, glyph) = match at {
            at if at == is => (Role::Accent, "●"),
            at if at == was => (Role::Dim, "┼"),
            at if (low..high).contains(&at) => (Role::Accent, "━"),
            _ => (Role::Rule, "─"),
        };
        line.push(canvas.span(role, glyph));
    }
    line.push(canvas.dim(format!(" {:.2}", params.highest)));
    canvas.line(area, 1, Line::from(line));
    let mut told = vec![
        canvas.span(Role::Dim, " joined from a likeness of "),
        canvas.span(Role::Title, format!("{:.2}", asked.cluster_thresh)),
    ];
    let is_other = (asked.cluster_thresh - now.cluster_thresh).abs() > 1e-4;
    told.push(canvas.dim(if is_other { format!(", now {:.2}", now.cluster_thresh) } else { " as now".into() }));
    let size = counted(asked.min_cluster_size, "track");
    told.push(canvas.span(Role::Dim, "  ·  a group has "));
    told.push(canvas.span(Role::Title, size));
    let least = if asked.min_cluster_size == now.min_cluster_size {
        " or more".to_owned()
    } else {
        format!(" or more, now {}", now.min_cluster_size)
    };
    told.push(canvas.dim(least));
    let wide: usize = told.iter().map(Span::width).sum();
    let sides = ["stricter →", "← looser"].map(width).iter().sum::<usize>() + 6;
    if wide + sides <= usize::from(area.width) {
        let blank = usize::from(area.width) - wide - sides;
        told.push(canvas.dim(format!("{}← looser   stricter → ", " ".repeat(blank))));
    }
    canvas.line(area, 0, Line::from(told));
}

/// How many identities, and who stands alone for what reason.
fn sums(canvas: &mut Canvas<'_, '_>, area: Rect, found: &Prospect, is_settled: bool) {
    let strong = if is_settled { Role::Title } else { Role::Dim };
    let (was, is) = found.identities;
    let mut line = vec![canvas.dim(" identities "), canvas.span(strong, count(is as u64)), canvas.dim(against(was, is))];
    let alone = |n: fn(&(usize, usize)) -> usize| found.singles.values().map(n).sum::<usize>();
    let (was, is) = (alone(|s| s.0), alone(|s| s.1));
    line.extend([canvas.dim("   alone "), canvas.span(strong, count(is as u64)), canvas.dim(against(was, is))]);
    canvas.line(area, 3, Line::from(line));
    let mut why = Vec::new();
    for (reason, (was, is)) in &found.singles {
        let more = if was == is { String::new() } else { format!(" (now {})", count(*was as u64)) };
        why.push(format!("{} {}{more}", reason.replace('_', " "), count(*is as u64)));
    }
    let text = if why.is_empty() { "nobody stands alone".to_owned() } else { format!("alone because {}", why.join(" · ")) };
    canvas.line(area, 4, Line::from(canvas.dim(format!(" {text}"))));
}

/// Says how a number differs from that of now.
fn against(was: usize, is: usize) -> String {
    match is.cmp(&was) {
        std::cmp::Ordering::Equal => " as now".into(),
        std::cmp::Ordering::Less => format!(" now {}, −{}", count(was as u64), count((was - is) as u64)),
        std::cmp::Ordering::Greater => format!(" now {}, +{}", count(was as u64), count((is - was) as u64)),
    }
}

/// What the line at the bottom says.
pub(crate) fn told(panel: &WhatIfPanel) -> Option<(Role, String)> {
    let found = panel.prospect.as_ref()?;
    if found.joins + found.splits == 0 {
        return Some((Role::Dim, "nothing would change".into()));
    }
    let unnamed = match (found.unnamed.0, found.unnamed.1) {
        (now, then) if now == then => String::new(),
        (now, then) => format!(" · unnamed {} → {}", clock(now), clock(then)),
    };
    let told = format!("nothing is changed yet: Enter takes it, u takes it back then{unnamed}");
    Some((Role::Text, told))
}
