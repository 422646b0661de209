//! The library: every episode and how far it is.

use super::super::confirm;
use super::super::draw::Canvas;
use super::super::keymap::{Action, Place};
use super::super::model::{Arrive, Model, Picking, Screen, Status};
use super::super::text::{bar, clock, fit, pad};
use super::super::theme::Role;
use super::super::update::{Effect, go, open, step_of};
use super::super::worker::{Ask, RunAsk, Told};
use crate::domain::Described;
use crate::session::{Choice, EpisodeLine, EpisodeState, JobState, LeftOver, Order, Standing, Work, WorkVerdict};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::collections::BTreeMap;

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let rows = super::rows(model);
    let count = model.episodes.shown().len();
    if let Some(step) = step_of(action) {
        model.episodes.cursor.step(step, count, 1, rows);
        return Vec::new();
    }
    match action {
        Action::Open => review(model),
        Action::Refresh => vec![Effect::Ask(Ask::Episodes)],
        Action::Add => super::add::begin(model),
        Action::Cancel => super::jobs::cancel(model),
        Action::DeleteAll => vec![Effect::Ask(Ask::WhatGoes(None))],
        Action::GoOn | Action::Forget => left_over(model, action),
        Action::Run | Action::Delete | Action::RunAnew => {
            let here = model.episodes.shown().get(model.episodes.cursor.at).map(|l| l.episode.clone());
            here.map_or_else(Vec::new, |episode| match action {
                Action::Run => vec![Effect::Ask(Ask::Run(RunAsk::Standing(episode)))],
                Action::Delete => confirm::delete(model, episode),
                _ => {
                    model.anew = Some(episode.clone());
                    vec![Effect::Ask(Ask::Run(RunAsk::Standing(episode)))]
                }
            })
        }
        _ => Vec::new(),
    }
}

/// Opens the episode under the cursor; where nothing of it is finished, what is at work on it, or how to go on.
fn review(model: &mut Model) -> Vec<Effect> {
    let Some(line) = model.episodes.shown().get(model.episodes.cursor.at).map(|l| (*l).clone()) else { return Vec::new() };
    let episode = line.episode;
    match line.state {
        EpisodeState::Unfinished { .. } if model.jobs.is_at_work(&episode) => {
            let at = model.jobs.shown().iter().position(|j| j.order.episode == episode);
            model.jobs.cursor.at = at.unwrap_or(0);
            model.status = Status::Done(format!("{episode} can be reviewed when it is measured"));
            go(model, Screen::Jobs)
        }
        EpisodeState::Unfinished { shots, .. } => {
            let hint = Some("r goes on from there, and it can be reviewed then".into());
            model.status = Status::Failed(Told { what: format!("{episode} is unfinished: {shots} shots are stored"), hint });
            Vec::new()
        }
        EpisodeState::Done { .. } | EpisodeState::Broken { .. } => {
            open(model, Arrive { episode: Some(episode), ..Arrive::default() })
        }
    }
}

fn key(model: &Model, action: Action) -> String {
    model.keymap.key_of(Place::Episodes, action).unwrap_or_else(|| ":".into())
}

/// Goes on with what an earlier start had open, or forgets it.
fn left_over(model: &mut Model, action: Action) -> Vec<Effect> {
    let left = std::mem::take(&mut model.jobs.left);
    if left.is_empty() {
        model.status = Status::Done("no run was left open".into());
        return Vec::new();
    }
    if action == Action::GoOn {
        model.jobs.is_ordering = true;
        model.status = Status::Done(format!("goes on in the background · {} shows it", key(model, Action::GoJobs)));
        vec![Effect::Ask(Ask::Run(RunAsk::GoOn(left)))]
    } else {
        model.status =
            Status::Done(format!("forgotten; what is stored stays, and {} on an episode goes on", key(model, Action::Run)));
        vec![Effect::Ask(Ask::Run(RunAsk::Forget(left)))]
    }
}

/// Says what an earlier start left open.
pub(crate) fn left_over_text(left: &[LeftOver]) -> Status {
    let Some(first) = left.first() else { return Status::Quiet };
    let more = left.len() - 1;
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Status::Sure(Action::GoOn, format!("the run of {}{more} did not end · c goes on, X forgets", first.order.episode))
}

/// Takes what can be done with an episode: a list to pick from, or at once what was asked for.
pub(crate) fn standing(model: &mut Model, standing: Standing) -> Vec<Effect> {
    if model.anew.take().is_some_and(|e| e == standing.episode)
        && let Some(choice) = standing.choices.iter().find(|c| c.work == Work::Anew)
    {
        return work(model, &standing, choice);
    }
    super::super::picker::begin(model, Picking::Run(Box::new(standing)));
    Vec::new()
}

/// Runs what was picked; says why where it is of no use, and which key helps.
pub(crate) fn work(model: &mut Model, standing: &Standing, choice: &Choice) -> Vec<Effect> {
    match &choice.verdict {
        WorkVerdict::Blocked { why, instead } => {
            let anew = key(model, Action::RunAnew);
            let hint = instead.map(|_| format!("{anew} measures it anew; what was decided is carried over"));
            model.status = Status::Failed(Told { what: why.clone(), hint });
            Vec::new()
        }
        WorkVerdict::UpToDate(why) => {
            model.status = Status::Done(format!("nothing to do: {why}"));
            Vec::new()
        }
        WorkVerdict::Useful(_) => {
            let order = Order {
                episode: standing.episode.clone(),
                video: standing.video.clone(),
                work: choice.work,
                device: standing.device.clone(),
                replace_video: false,
                described: Described::default(),
                settings: BTreeMap::new(),
                files: None,
            };
            model.jobs.is_ordering = true;
            model.status =
                Status::Done(format!("{} runs in the background · {} shows it", standing.episode, key(model, Action::GoJobs)));
            vec![Effect::Ask(Ask::Run(RunAsk::Begin(vec![order])))]
        }
    }
}

/// The line under the rule and the head of the table.
const TOP: u16 = 3;

pub(crate) fn click(model: &mut Model, y: u16) -> Vec<Effect> {
    let at = model.episodes.cursor.top + usize::from(y.saturating_sub(TOP));
    if y < TOP || at >= model.episodes.shown().len() {
        return Vec::new();
    }
    if model.episodes.cursor.at == at {
        return act(model, Action::Open);
    }
    model.episodes.cursor.at = at;
    Vec::new()
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(lines) = &model.episodes.lines else {
        return canvas.says(area, Role::Dim, "reading the library …", "");
    };
    if let Err(told) = lines {
        return canvas.says(area, Role::Error, &told.what, told.hint.as_deref().unwrap_or_default());
    }
    let shown = model.episodes.shown();
    if shown.is_empty() {
        let (what, hint) = if model.episodes.filter.is_empty() {
            ("the library is empty", "a adds an episode: its video, and how to measure it; screenalytics demo draws one to try")
        } else {
            ("no episode fits the filter", "Esc in the filter (/) takes it away")
        };
        return canvas.says(area, Role::Dim, what, hint);
    }
    let wide = usize::from(area.width);
    let name = shown.iter().map(|l| l.episode.as_str().len()).max().unwrap_or(0).clamp(12, 40);
    let titled = shown.iter().filter_map(|l| l.title.as_deref()).map(super::super::text::width).max().unwrap_or(0).min(40);
    // What is said of each, beside what is left to do, where there is room.
    let (title, more) = match wide {
        ..110 => (0, false),
        110..150 => (if titled > 0 { titled.min(24) + 2 } else { 0 }, false),
        _ => (if titled > 0 { titled + 2 } else { 0 }, true),
    };
    let head = format!("   {:<name$}  {:<title$}{:>9}   people", "episode", if title > 0 { "title" } else { "" }, "length");
    let head = if more {
        format!("{head:<pad$}measured          aired       detector, embedder", pad = name + title + 52)
    } else {
        head
    };
    canvas.line(area, 0, Line::from(canvas.dim(head)));
    let rows = usize::from(area.height).saturating_sub(1);
    for (row, (at, line)) in shown.iter().enumerate().skip(model.episodes.cursor.top).take(rows).enumerate() {
        let is_here = at == model.episodes.cursor.at;
        let row = u16::try_from(row + 1).unwrap_or(u16::MAX);
        if is_here {
            canvas.lay_cursor(area, row);
        }
        let (glyph, role, length, text) = runs(model, line).unwrap_or_else(|| told(line));
        let cells = vec![
            canvas.mark(is_here),
            canvas.span(role, format!("{glyph} ")),
            canvas.span(if is_here { Role::Title } else { Role::Text }, pad(line.episode.as_str(), name)),
            canvas.dim(format!("  {}", pad(&fit(line.title.as_deref().unwrap_or_default(), title.saturating_sub(2)), title))),
            canvas.span(Role::Text, format!("{length:>9}   ")),
            canvas.span(Role::Bar, named_bar(line)),
            Span::styled(
                fit(&text, wide.saturating_sub(name + title + 28)),
                canvas.theme.style(if is_here { Role::Text } else { Role::Dim }),
            ),
        ];
        if more {
            let place = Rect::new(
                area.x + to_u16(name + title + 52),
                area.y,
                area.width.saturating_sub(to_u16(name + title + 52)),
                area.height,
            );
            let line = Line::from(canvas.dim(measured(line)));
            canvas.line(place, row, line);
        }
        canvas.line(area, row, Line::from(cells));
    }
}

fn to_u16(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// Eight cells of how many of its people have a name; blank where nothing is known of it.
fn named_bar(line: &EpisodeLine) -> String {
    match &line.state {
        EpisodeState::Done { clusters, named, .. } if *clusters > 0 => format!("{}  ", bar(*named as f64 / *clusters as f64, 8)),
        EpisodeState::Done { .. } => " ".repeat(10),
        EpisodeState::Unfinished { .. } | EpisodeState::Broken { .. } => String::new(),
    }
}

/// When it was measured, when it was aired, and by which models.
fn measured(line: &EpisodeLine) -> String {
    let aired = line.air_date.map(|d| d.to_string()).unwrap_or_default();
    match &line.state {
        EpisodeState::Done { measured, models: (detector, embedder), .. } => {
            let when = measured.map(|t| t.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default();
            format!("{when:<16}  {aired:<10}  {detector}, {embedder}")
        }
        EpisodeState::Unfinished { .. } | EpisodeState::Broken { .. } => format!("{:<16}  {aired}", ""),
    }
}

/// What runs of it, or waits.
fn runs(model: &Model, line: &EpisodeLine) -> Option<(&'static str, Role, String, String)> {
    let job = model.jobs.lines.iter().find(|j| j.order.episode == line.episode && j.state.is_open())?;
    let text = match job.state {
        JobState::Waiting => "waits for its run".to_owned(),
        _ => format!("{} · {} of {}", job.view.phase.name(), clock(job.view.media), clock(job.view.duration)),
    };
    Some(("▶", Role::Accent, told(line).2, text))
}

fn told(line: &EpisodeLine) -> (&'static str, Role, String, String) {
    match &line.state {
        EpisodeState::Done { clusters, named, duration, .. } => {
            let (glyph, role) = if named == clusters { ("●", Role::Good) } else { ("○", Role::Proposed) };
            (glyph, role, clock(*duration), format!("{named} of {clusters} named"))
        }
        EpisodeState::Unfinished { shots, .. } => {
            ("◐", Role::Doubt, String::new(), format!("unfinished: {shots} shots are stored; r goes on from there"))
        }
        EpisodeState::Broken { reason } => ("✕", Role::Bad, String::new(), reason.clone()),
    }
}
