//! What is measured in the background: how far it is, how fast each stage works, what came out.

use super::super::draw::{Canvas, counted, wrap};
use super::super::keymap::{Action, Keymap, Place};
use super::super::model::{Arrive, Model, Screen, Status, Tab};
use super::super::text::{bar, clock, fit};
use super::super::theme::Role;
use super::super::update::{Effect, go, open, step_of};
use super::super::worker::{Ask, RunAsk};
use crate::domain::MediaTime;
use crate::session::{JobLine, JobState, Phase, RunReport, Stage, Work, progress_line};
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::time::Duration;

/// A track with more faces than this is marked: it is long enough to hold two people.
const LONG: u32 = 500;

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let count = model.jobs.lines.len();
    if let Some(step) = step_of(action) {
        model.jobs.cursor.step(step, count, 1, LIST);
        return Vec::new();
    }
    match action {
        Action::Add => return super::add::begin(model),
        Action::Cancel => return cancel(model),
        Action::Refresh => return vec![Effect::Ask(Ask::Episodes)],
        _ => {}
    }
    let Some(episode) = model.jobs.here().map(|l| l.order.episode.clone()) else { return Vec::new() };
    let tab = match action {
        Action::Open => Tab::Identities,
        Action::ShowTracks => Tab::Tracks,
        Action::ShowResults => Tab::Results,
        Action::Run => return vec![Effect::Ask(Ask::Run(RunAsk::Standing(episode)))],
        _ => return Vec::new(),
    };
    if model.desk.as_ref().is_some_and(|d| d.snapshot.episode == episode) {
        if let Some(desk) = &mut model.desk {
            desk.tab = tab;
        }
        let mut effects = go(model, Screen::Episode);
        effects.extend(super::settle(model));
        return effects;
    }
    open(model, Arrive { episode: Some(episode), tab: Some(tab), ..Arrive::default() })
}

/// Stops the order under the cursor; on the list of episodes, the order of the episode there.
pub(crate) fn cancel(model: &mut Model) -> Vec<Effect> {
    let here = match model.screen {
        Screen::Jobs => model.jobs.here(),
        _ => {
            let episode = model.episodes.shown().get(model.episodes.cursor.at).map(|l| l.episode.clone());
            model.jobs.lines.iter().find(|l| l.state.is_open() && Some(&l.order.episode) == episode.as_ref())
        }
    };
    let Some(line) = here.filter(|l| l.state.is_open()) else {
        model.status = Status::Done("nothing of it runs or waits".into());
        return Vec::new();
    };
    let (id, episode) = (line.id, line.order.episode.clone());
    model.status = Status::Done(format!("{episode} stops at its last whole shot · r goes on later"));
    vec![Effect::Ask(Ask::Run(RunAsk::Cancel(id)))]
}

/// Lines of the list; the rest of the screen is the order under the cursor.
const LIST: usize = 5;

/// Says in a word what an order does.
pub(crate) fn work_text(work: Work) -> String {
    match work {
        Work::Measure => "measure".into(),
        Work::Anew => "measure anew".into(),
        Work::GoOn { run } => format!("go on with {run}"),
        Work::Embed { run } => format!("vectors of {run} anew"),
        Work::Group { run } => format!("groups of {run} anew"),
    }
}

/// The bar of what runs, for the bottom of every screen: `▶ detect ▕███▎  ▏ 61 % 03:12 left`.
pub(crate) fn short(model: &Model) -> Option<String> {
    let line = model.jobs.running()?;
    let waiting = model.jobs.open().saturating_sub(1);
    let more = if waiting > 0 { format!(" +{waiting}") } else { String::new() };
    if line.was_asked_to_stop {
        return Some(format!("▶ {} stops …{more}", line.order.episode));
    }
    let left = line.view.eta().map(|e| format!(" {} left", span(e))).unwrap_or_default();
    Some(match share(line) {
        Some(share) => format!("▶ {} ▕{}▏ {:.0} %{left}{more}", line.view.phase.name(), bar(share, 8), 100.0 * share),
        None => format!("▶ {} …{more}", line.view.phase.name()),
    })
}

fn share(line: &JobLine) -> Option<f64> {
    let view = &line.view;
    (view.total > 0).then(|| (view.done as f64 / view.total as f64).clamp(0.0, 1.0))
}

fn span(time: Duration) -> String {
    MediaTime::from_secs(time.as_secs_f64().round()).to_string()
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let shown = model.jobs.shown();
    if shown.is_empty() {
        return canvas.says(
            area,
            Role::Dim,
            "nothing was run since the workstation was opened",
            "a adds an episode; r on an episode runs a pass of it",
        );
    }
    let wide = usize::from(area.width);
    let rows = shown.len().min(LIST);
    for (row, (at, line)) in shown.iter().enumerate().skip(model.jobs.cursor.top).take(rows).enumerate() {
        let is_here = at == model.jobs.cursor.at;
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        if is_here {
            canvas.lay_cursor(area, row);
        }
        let (glyph, role, text) = told(line);
        let name = format!("{:<28}", fit(line.order.episode.as_str(), 28));
        canvas.line(
            area,
            row,
            Line::from(vec![
                canvas.mark(is_here),
                canvas.span(role, format!("{glyph} ")),
                canvas.span(if is_here { Role::Title } else { Role::Text }, name),
                canvas.dim(format!("  {:<20}", work_text(line.order.work))),
                canvas.span(role, fit(&text, wide.saturating_sub(54))),
            ]),
        );
    }
    let Some(line) = model.jobs.here() else { return };
    let top = u16::try_from(rows + 1).unwrap_or(u16::MAX);
    let below = Rect::new(area.x + 2, area.y + top, area.width.saturating_sub(4), area.height.saturating_sub(top));
    detail(line, canvas, below);
}

fn told(line: &JobLine) -> (&'static str, Role, String) {
    match &line.state {
        JobState::Waiting => ("◌", Role::Dim, "waits".into()),
        JobState::Running if line.was_asked_to_stop => ("▶", Role::Doubt, "stops at its last whole shot …".into()),
        JobState::Running => {
            let share = share(line).map(|s| format!(" {:.0} %", 100.0 * s)).unwrap_or_default();
            let left = line.view.eta().map(|e| format!(", {} left", span(e))).unwrap_or_default();
            ("▶", Role::Accent, format!("{}{share}{left}", line.view.phase.name()))
        }
        JobState::Done { report, wall, .. } => {
            ("●", Role::Good, format!("done in {}: {}", span(*wall), counted(report.clusters, "cluster")))
        }
        JobState::Stopped { reached, shots, .. } => {
            ("◐", Role::Doubt, format!("stopped at {}; {} are kept", clock(*reached), counted(to(*shots), "shot")))
        }
        JobState::Withdrawn => ("✕", Role::Dim, "taken out of the queue".into()),
        JobState::Failed { what, .. } => ("✕", Role::Bad, what.clone()),
    }
}

fn to(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// Writes one line after the other.
struct Pen<'c, 'a, 'f> {
    canvas: &'c mut Canvas<'a, 'f>,
    area: Rect,
    row: u16,
}

impl Pen<'_, '_, '_> {
    fn write(&mut self, role: Role, text: &str) {
        for part in wrap(text, usize::from(self.area.width)) {
            self.canvas.line(self.area, self.row, Line::from(self.canvas.span(role, part)));
            self.row += 1;
        }
    }

    /// A word at the left and what belongs to it.
    fn pair(&mut self, head: &str, role: Role, text: &str) {
        let room = usize::from(self.area.width).saturating_sub(10);
        for (n, part) in wrap(text, room).into_iter().enumerate() {
            let head = self.canvas.dim(format!("{:<10}", if n == 0 { head } else { "" }));
            self.canvas.line(self.area, self.row, Line::from(vec![head, self.canvas.span(role, part)]));
            self.row += 1;
        }
    }

    /// A line as it is, with its columns.
    fn row(&mut self, head: &str, role: Role, text: &str) {
        let spans = vec![self.canvas.dim(format!("{head:<10}")), self.canvas.span(role, text.to_owned())];
        self.canvas.line(self.area, self.row, Line::from(spans));
        self.row += 1;
    }

    fn gap(&mut self) {
        self.row += 1;
    }
}

fn detail(line: &JobLine, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let wide = usize::from(area.width);
    let mut pen = Pen { canvas, area, row: 0 };
    pen.write(Role::Title, &format!("{} · {}", line.order.episode, line.order.video.display()));
    match &line.state {
        JobState::Waiting => pen.write(Role::Dim, "begins when what runs before it is done"),
        JobState::Withdrawn => pen.write(Role::Dim, "it never began"),
        JobState::Running => running(line, &mut pen, wide),
        JobState::Stopped { .. } => {
            pen.write(Role::Text, &told(line).2);
            pen.write(Role::Dim, "r goes on from there, with the same settings");
        }
        JobState::Failed { what, hint } => {
            pen.gap();
            pen.write(Role::Error, &format!("✕ {what}"));
            pen.write(Role::Text, hint.as_deref().unwrap_or("what was stored before is kept; r tries again"));
        }
        JobState::Done { report, files, wall } => done(line, report, *files, *wall, &mut pen),
    }
    if !line.notes.is_empty() {
        pen.gap();
    }
    for note in &line.notes {
        pen.write(Role::Dim, note);
    }
}

fn running(line: &JobLine, pen: &mut Pen<'_, '_, '_>, wide: usize) {
    let view = &line.view;
    let share = share(line).unwrap_or(0.0);
    let cells = wide.saturating_sub(8).clamp(8, 100);
    pen.gap();
    let line_at = pen.row;
    pen.canvas.line(
        pen.area,
        line_at,
        Line::from(vec![
            pen.canvas.dim("▕"),
            pen.canvas.span(Role::Bar, bar(share, cells)),
            pen.canvas.dim("▏"),
            pen.canvas.span(Role::Title, format!(" {:>3.0} %", 100.0 * share)),
        ]),
    );
    pen.row += 1;
    pen.write(Role::Text, &progress_line(&line.facts, view, Some(wide)));
    pen.gap();
    pen.pair("faces", Role::Title, &view.faces.to_string());
    pen.pair("tracks", Role::Title, &view.tracks.to_string());
    pen.pair("cuts", Role::Title, &view.shots.saturating_sub(1).to_string());
    pen.gap();
    if view.phase != Phase::Detect {
        return;
    }
    // What a stage's threads are busy with a picture of the video; the slowest holds the others up.
    let pictures = view.done.saturating_sub(view.began_at).max(1);
    let most = line.passed.iter().map(|(_, t)| *t).max().unwrap_or_default().as_secs_f64().max(1e-9);
    pen.row("stage", Role::Dim, "                 threads busy   pictures a second alone");
    // What belongs to the sound has its own phase.
    for (stage, time) in line.passed.iter().filter(|(s, _)| !matches!(s, Stage::Sound | Stage::Hear)) {
        let secs = time.as_secs_f64();
        let busy = secs / view.elapsed.as_secs_f64().max(1e-9);
        let alone = if secs > 0.0 { pictures as f64 / secs } else { 0.0 };
        let alone = if secs > 0.0 { format!("{alone:.0}") } else { "–".into() };
        pen.row(stage.name(), Role::Bar, &format!("{}  {busy:>11.2}  {alone:>24}", bar(secs / most, 16)));
    }
}

fn done(line: &JobLine, report: &RunReport, files: Option<u64>, wall: Duration, pen: &mut Pen<'_, '_, '_>) {
    let counts = &report.meta.counts;
    let m = &report.metrics;
    let speed = report.scanned.secs() / wall.as_secs_f64().max(1e-9);
    let speed = if report.scan_skipped { "nothing was decoded".into() } else { format!("{speed:.1} times real time") };
    pen.write(Role::Good, &format!("● done in {}, {speed}", span(wall)));
    pen.gap();
    pen.pair("shots", Role::Text, &format!("{}, {} scene cuts", counts.shots, counts.shots.saturating_sub(1)));
    pen.pair("faces", Role::Text, &format!("{} in {} pictures looked at", counts.faces, counts.analysed));
    pen.pair(
        "tracks",
        Role::Text,
        &format!(
            "{} born, {} lost, about {}; {:.0} % under a second",
            m.tracks_born,
            m.tracks_lost,
            if m.id_switches == 1 { "1 ID switch".into() } else { format!("{} ID switches", m.id_switches) },
            100.0 * m.short_track_fraction
        ),
    );
    for (n, long) in m.longest_tracks.iter().enumerate() {
        let mark = if long.frame_count > LONG { "  ▲ over 500 faces: look whether it is one person" } else { "" };
        let role = if long.frame_count > LONG { Role::Doubt } else { Role::Text };
        let head = if n == 0 { "longest" } else { "" };
        pen.pair(head, role, &format!("{}  {} faces{mark}", long.track_id, long.frame_count));
    }
    pen.pair("clusters", Role::Text, &report.clusters.to_string());
    pen.pair("sound", Role::Text, &report.sound.text());
    if let Some(carried) = report.carried.text() {
        let is_open = report.carried.conflicts + report.carried.leftovers > 0;
        let (mark, role) = if is_open { ("▲ ", Role::Doubt) } else { ("", Role::Text) };
        pen.pair("carried", role, &format!("{mark}{carried}"));
    }
    if let Some(speech) = report.carried_voices.text() {
        pen.pair("", Role::Text, &format!("{speech} as decided before"));
    }
    for (n, voice) in report.known_voices.iter().enumerate() {
        pen.pair(if n == 0 { "known" } else { "" }, Role::Text, &voice.text());
    }
    if counts.damaged_packets + counts.damaged_frames > 0 {
        pen.pair(
            "damage",
            Role::Doubt,
            &format!("▲ {} packets not read, {} pictures damaged", counts.damaged_packets, counts.damaged_frames),
        );
    }
    if let (Some(files), Some(dir)) = (files, &line.order.files) {
        pen.pair("files", Role::Text, &format!("{files} in {}", dir.display()));
    }
    pen.gap();
    pen.write(Role::Dim, "Enter its identities · t its tracks · s its results");
}

/// What the status line says when an order ends.
pub(crate) fn ended(keymap: &Keymap, line: &JobLine) -> Status {
    let episode = &line.order.episode;
    let key = |place, action| keymap.key_of(place, action).unwrap_or_else(|| ":".into());
    let (run, jobs) = (key(Place::Episodes, Action::Run), key(Place::Episodes, Action::GoJobs));
    match &line.state {
        JobState::Failed { what, hint } => {
            let again = || format!("{run} on it tries again");
            let hint = format!("{} · {jobs} shows it", hint.clone().unwrap_or_else(again));
            Status::Failed(super::super::worker::Told { what: format!("{episode}: {what}"), hint: Some(hint) })
        }
        JobState::Stopped { reached, .. } => {
            Status::Done(format!("{episode} stopped at {} · {run} on it goes on", clock(*reached)))
        }
        JobState::Done { report, .. } => {
            let clusters = counted(report.clusters, "cluster");
            let carried = report.carried;
            if carried.conflicts + carried.leftovers > 0 {
                let open = carried.open_text();
                let key = key(Place::Identities, Action::Tab6);
                return Status::Done(format!(
                    "{episode} is measured: {clusters} · {open}: {key} in the episode (Runs) lists them"
                ));
            }
            let held = if carried.held > 0 { format!(", {}", carried.open_text()) } else { String::new() };
            Status::Done(format!("{episode} is measured: {clusters}{held} · {jobs} shows it"))
        }
        _ => Status::Quiet,
    }
}
