//! The form of a new episode.

use super::super::draw::Canvas;
use super::super::keymap::Action;
use super::super::model::{Form, Model, Screen, Slot, Status};
use super::super::text::fit;
use super::super::theme::Role;
use super::super::update::{Effect, back};
use super::super::worker::{Answer, Ask, RunAsk};
use crate::session::{EpisodeState, FolderEntry, OrderDefaults};
use crossterm::event::{Event, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::path::PathBuf;
use tui_input::backend::crossterm::EventHandler;
use tui_input::{Input, InputRequest};

/// Asks for what the form begins with.
pub(crate) fn begin(model: &mut Model) -> Vec<Effect> {
    model.status = Status::Busy("looking at models and folders".into());
    vec![Effect::Ask(Ask::Run(RunAsk::Defaults))]
}

/// Opens the form; at the folder of the last one, else where the program was started.
pub(crate) fn opened(model: &mut Model, defaults: OrderDefaults, here: PathBuf) -> Vec<Effect> {
    let start = model.form.as_ref().map_or(here, |f| f.typed_path().0);
    model.status = Status::Quiet;
    if model.screen != Screen::Add {
        model.before.push(model.screen);
    }
    model.screen = Screen::Add;
    model.form = Some(Form::new(defaults, &start));
    ask_folder(model)
}

/// Asks for the folder that the typed path is in, where it is not the one listed.
fn ask_folder(model: &mut Model) -> Vec<Effect> {
    let Some(form) = &model.form else { return Vec::new() };
    let (folder, _) = form.typed_path();
    if form.folder.as_ref().is_some_and(|(of, _)| *of == folder) {
        return Vec::new();
    }
    vec![Effect::Ask(Ask::Run(RunAsk::Folder(folder)))]
}

/// Takes what the thread found for the form.
pub(crate) fn answered(model: &mut Model, answer: Answer) -> Vec<Effect> {
    let Some(form) = &mut model.form else { return Vec::new() };
    match answer {
        Answer::Folder(folder, entries) => {
            form.folder = Some((folder, entries));
            form.entry = 0;
            if form.completes {
                form.complete();
                return looked(model);
            }
        }
        Answer::Video(video, text) => form.video = Some((video, text)),
        _ => {}
    }
    Vec::new()
}

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(form) = &mut model.form else { return Vec::new() };
    let count = form.entries().len();
    let in_list = form.at == Slot::Video && count > 0;
    match action {
        Action::Back => return back(model),
        Action::Begin => return order(model),
        Action::Open if form.at == Slot::Begin => return order(model),
        Action::Open if in_list => {
            let entry = form.entries()[form.entry.min(count - 1)].clone();
            return take(model, &entry);
        }
        Action::Complete if form.at == Slot::Video && !form.names_a_file() => {
            form.complete();
            return looked(model);
        }
        Action::Down if in_list => form.entry = (form.entry + 1).min(count - 1),
        Action::Up if in_list => form.entry = form.entry.saturating_sub(1),
        Action::Open | Action::Complete | Action::Down | Action::NextField => {
            let left_video = form.at == Slot::Video;
            form.step(1);
            if left_video {
                return looked(model);
            }
        }
        Action::Up | Action::PrevField => form.step(-1),
        Action::First => form.at = Slot::Video,
        _ => {}
    }
    Vec::new()
}

fn take(model: &mut Model, entry: &FolderEntry) -> Vec<Effect> {
    let Some(form) = &mut model.form else { return Vec::new() };
    if form.take_entry(entry) {
        form.step(1);
    }
    looked(model)
}

/// After the path changed: what the name tells, what the file is, what the folder holds.
fn looked(model: &mut Model) -> Vec<Effect> {
    let mut effects = ask_folder(model);
    let Some(form) = &mut model.form else { return effects };
    let path = form.video_path();
    // While it is typed, only a name that is there is one; who leaves the line means what stands in it.
    let is_file = if form.at == Slot::Video {
        form.names_a_file()
    } else {
        !form.text(Slot::Video).is_empty() && !form.text(Slot::Video).ends_with('/')
    };
    if is_file && form.video.as_ref().is_none_or(|(of, _)| *of != path) {
        form.guess();
        effects.push(Effect::Ask(Ask::Run(RunAsk::Video(path))));
    }
    effects
}

/// Takes a key that no binding wants: text, or the next choice.
pub(crate) fn key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    use crossterm::event::KeyCode;
    let Some(form) = &mut model.form else { return Vec::new() };
    if form.at.is_choice() {
        match key.code {
            KeyCode::Right | KeyCode::Char(' ') => form.turn(1),
            KeyCode::Left => form.turn(-1),
            _ => {}
        }
        return Vec::new();
    }
    change(model, |input| {
        input.handle_event(&Event::Key(key));
    })
}

/// Takes pasted text.
pub(crate) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    change(model, |input| {
        for letter in text.trim().chars().filter(|c| !c.is_control()) {
            input.handle(InputRequest::InsertChar(letter));
        }
    })
}

fn change(model: &mut Model, how: impl FnOnce(&mut Input)) -> Vec<Effect> {
    let Some(form) = &mut model.form else { return Vec::new() };
    let slot = form.at;
    if slot.is_choice() || slot == Slot::Begin {
        return Vec::new();
    }
    let input = form.values.entry(slot).or_default();
    let before = input.value().to_owned();
    how(input);
    if input.value() == before {
        return Vec::new();
    }
    form.touched(slot);
    form.may_replace = false;
    if slot == Slot::Video {
        form.entry = 0;
        return ask_folder(model);
    }
    Vec::new()
}

fn order(model: &mut Model) -> Vec<Effect> {
    let Some(form) = &mut model.form else { return Vec::new() };
    match form.order() {
        Ok(order) => {
            let is_known = model.episodes.lines.as_ref().and_then(|l| l.as_ref().ok());
            let is_known = is_known
                .is_some_and(|l| l.iter().any(|e| e.episode == order.episode && !matches!(e.state, EpisodeState::Broken { .. })));
            if is_known && !form.may_replace {
                form.may_replace = true;
                let told = format!(
                    "{} is in the library · the same key again measures it from this video, what was decided is carried over",
                    order.episode
                );
                model.status = Status::Sure(Action::Begin, told);
                return Vec::new();
            }
            model.screen = Screen::Jobs;
            model.jobs.is_ordering = true;
            model.status = Status::Done(format!("{} is measured in the background · review goes on meanwhile", order.episode));
            vec![Effect::Ask(Ask::Run(RunAsk::Begin(vec![order])))]
        }
        Err((slot, why)) => {
            form.at = slot;
            form.fault = Some((slot, why));
            Vec::new()
        }
    }
}

/// Columns of the labels.
const LABEL: usize = 15;

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(form) = &model.form else { return };
    let wide = usize::from(area.width);
    let value = wide.saturating_sub(LABEL + 4).min(if wide >= 110 { 44 } else { 34 });
    let mut row = 0;
    for slot in Slot::ALL {
        let is_here = slot == form.at;
        if slot == Slot::Begin {
            row += 1;
            if is_here {
                canvas.lay_cursor(area, row);
            }
            let id = form.id().map_or_else(|_| "…".to_owned(), |id| id.to_string());
            let line = vec![
                canvas.mark(is_here),
                canvas.dim(" ".repeat(LABEL)),
                canvas.span(Role::Title, format!("▶ measure {id}")),
                canvas.dim("   Enter here, or C-s anywhere"),
            ];
            canvas.line(area, row, Line::from(line));
            continue;
        }
        if is_here {
            canvas.lay_cursor(area, row);
        }
        let room = if slot == Slot::Video { wide.saturating_sub(LABEL + 4) } else { value };
        let mut line = vec![canvas.mark(is_here), canvas.dim(format!("{:>width$} ", slot.label(), width = LABEL - 1))];
        let used = line_value(form, slot, canvas, &mut line, room);
        if slot != Slot::Video {
            let gap = room.saturating_sub(used);
            let (role, text) = note(form, slot);
            line.push(canvas.span(role, format!("{}  {}", " ".repeat(gap), fit(&text, wide.saturating_sub(LABEL + room + 4)))));
        }
        canvas.line(area, row, Line::from(line));
        row += 1;
        // The video has a line of its own for what it is.
        if slot == Slot::Video {
            let (role, text) = note(form, slot);
            canvas.line(
                area,
                row,
                Line::from(canvas.span(role, format!("{}{}", " ".repeat(LABEL + 1), fit(&text, wide.saturating_sub(LABEL + 3))))),
            );
            row += 1;
        }
    }
    if form.at == Slot::Video {
        let place = Rect::new(area.x, area.y + 2, area.width, area.height.saturating_sub(2));
        files(form, canvas, place);
    }
}

/// Writes the value of a line and returns its width.
fn line_value(form: &Form, slot: Slot, canvas: &Canvas<'_, '_>, line: &mut Vec<ratatui::text::Span<'_>>, room: usize) -> usize {
    let is_here = slot == form.at;
    let text = form.values.get(&slot).map_or("", Input::value);
    if slot.is_choice() {
        let shown = fit(if text.is_empty() { "–" } else { text }, room.saturating_sub(4));
        let width = super::super::text::width(&shown) + 4;
        let (left, right) = if is_here { ("‹ ", " ›") } else { ("  ", "  ") };
        line.push(canvas.span(Role::Accent, left));
        line.push(canvas.span(if is_here { Role::Title } else { Role::Text }, shown));
        line.push(canvas.span(Role::Accent, right));
        return width;
    }
    // The end of a path matters more than its beginning.
    let count = text.chars().count();
    let most = room.saturating_sub(4);
    let shown: String =
        if count > most { format!("…{}", text.chars().skip(count + 1 - most).collect::<String>()) } else { text.to_owned() };
    let width = super::super::text::width(&shown) + 2 + usize::from(is_here);
    line.push(canvas.span(if is_here { Role::Title } else { Role::Text }, format!("  {shown}")));
    if is_here {
        line.push(canvas.span(Role::Cursor, "▏"));
    }
    width
}

/// What stands beside a line: what is wrong, what it means, or what it is.
fn note(form: &Form, slot: Slot) -> (Role, String) {
    if let Some((at, why)) = form.fault.as_ref().filter(|(at, _)| *at == slot) {
        let _ = at;
        return (Role::Bad, format!("✕ {why}"));
    }
    if slot == Slot::Video {
        let path = form.video_path();
        return match &form.video {
            Some((of, Ok(text))) if *of == path => (Role::Good, format!("● {text}")),
            Some((of, Err(told))) if *of == path => (Role::Bad, format!("✕ {}", told.what)),
            _ => (Role::Dim, slot.help().into()),
        };
    }
    if slot.is_choice()
        && let Some((_, note)) = form.choices(slot).into_iter().find(|(c, n)| c == form.text(slot) && !n.is_empty())
    {
        return (Role::Dim, note);
    }
    (Role::Dim, if form.at == slot { slot.help().into() } else { String::new() })
}

fn files(form: &Form, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let entries = form.entries();
    let (folder, _) = form.typed_path();
    let wide = usize::from(area.width).saturating_sub(LABEL + 4);
    let rows = usize::from(area.height);
    let place = Rect::new(
        area.x + u16::try_from(LABEL).unwrap_or(0) + 1,
        area.y,
        area.width.saturating_sub(u16::try_from(LABEL).unwrap_or(0) + 1),
        area.height,
    );
    match &form.folder {
        Some((of, Err(told))) if *of == folder => {
            canvas.clear(area);
            return canvas.line(place, 0, Line::from(canvas.span(Role::Bad, fit(&format!("✕ {}", told.what), wide))));
        }
        Some((of, Ok(_)))
            if *of == folder && entries.is_empty() && form.video.as_ref().is_none_or(|(v, _)| *v != form.video_path()) =>
        {
            canvas.clear(area);
            return canvas.line(place, 0, Line::from(canvas.dim("no folder and no video begins like that here")));
        }
        _ if entries.is_empty() => return,
        _ => canvas.clear(area),
    }
    let top = (form.entry + 1).saturating_sub(rows);
    for (row, (at, entry)) in entries.iter().enumerate().skip(top).take(rows).enumerate() {
        let is_here = at == form.entry;
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        if is_here {
            canvas.lay_cursor(place, row);
        }
        let size = if entry.is_folder { String::new() } else { format!("{:.0} MB", entry.bytes as f64 / 1e6) };
        let room = wide.saturating_sub(14);
        let name = format!("{}{}", entry.name, if entry.is_folder { "/" } else { "" });
        let role = if entry.is_folder { Role::Accent } else { Role::Text };
        canvas.line(
            place,
            row,
            Line::from(vec![
                canvas.mark(is_here),
                canvas.span(role, format!(" {:<room$}", fit(&name, room))),
                canvas.dim(format!("{size:>10}")),
            ]),
        );
    }
}
