//! Paints the model: one line at the top (where am I), two at the bottom (what is said, what can I do), the screen between.

use super::keymap::{Action, Hint};
use super::model::{Desk, Model, Overlay, Screen, Status, Tab};
use super::pictures::{Kind, Load, Loaded, PictureId, Pictures, Want, kept_scope, paint, scope};
use super::screens;
use super::text::{clock, fit};
use super::theme::{Role, Theme};
use crate::domain::{CropKey, RunId, TrackId};
use crate::session::{Portrait, Portraits};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use std::borrow::Cow;
use std::sync::Arc;

/// The smallest screen on which everything has a place.
const SMALLEST: (u16, u16) = (60, 16);

/// The least cells in which tabs show their digits: below, what is read only and how much is named needs the room.
const DIGITS: u16 = 104;
/// Cells between what stands left and right in the line at the top.
const GAP: usize = 2;

/// What screens paint on.
pub(crate) struct Canvas<'a, 'f> {
    frame: &'a mut Frame<'f>,
    pub theme: &'a Theme,
    pictures: &'a Pictures,
    /// The pictures of this frame, nearest to the cursor first.
    pub wants: Vec<Want>,
}

impl Canvas<'_, '_> {
    pub(crate) fn span<'t>(&self, role: Role, text: impl Into<Cow<'t, str>>) -> Span<'t> {
        Span::styled(text, self.theme.style(role))
    }

    /// Returns the first column of a line: the cursor's sign, or nothing.
    pub(crate) fn mark<'t>(&self, is_here: bool) -> Span<'t> {
        if is_here { self.span(Role::Cursor, Role::Cursor.glyph()) } else { self.span(Role::Text, " ") }
    }

    /// Lays the cursor under a line of a list.
    pub(crate) fn lay_cursor(&mut self, area: Rect, row: u16) {
        let line = Rect::new(area.x, area.y.saturating_add(row), area.width, 1).intersection(area);
        let style = self.theme.style(Role::Cursor);
        self.frame.buffer_mut().set_style(line, style);
    }

    /// Takes away what was painted there.
    pub(crate) fn clear(&mut self, area: Rect) {
        self.frame.render_widget(Clear, area);
        let style = self.theme.style(Role::Ground);
        self.frame.buffer_mut().set_style(area, style);
    }

    pub(crate) fn dim<'t>(&self, text: impl Into<Cow<'t, str>>) -> Span<'t> {
        self.span(Role::Dim, text)
    }

    /// Writes the `row`-th line of an area; nothing where there is none.
    #[expect(clippy::needless_pass_by_value, reason = "lines are made where they are written")]
    pub(crate) fn line(&mut self, area: Rect, row: u16, line: Line<'_>) {
        if row < area.height && area.width > 0 {
            let place = Rect::new(area.x, area.y + row, area.width, 1).intersection(self.frame.area());
            self.frame.buffer_mut().set_line(place.x, place.y, &line, place.width);
        }
    }

    /// Says one thing in the middle of an area, and below it what to do.
    pub(crate) fn says(&mut self, area: Rect, role: Role, what: &str, hint: &str) {
        let room = usize::from(area.width).saturating_sub(4);
        let mut lines: Vec<(Role, String)> = wrap(what, room).into_iter().map(|l| (role, l)).collect();
        lines.extend(wrap(hint, room).into_iter().filter(|l| !l.is_empty()).map(|l| (Role::Dim, l)));
        let top = usize::from(area.height).saturating_sub(lines.len()) / 2;
        for (row, (role, text)) in lines.into_iter().enumerate() {
            let left = (usize::from(area.width).saturating_sub(text.chars().count())) / 2;
            let line = Line::from(vec![Span::raw(" ".repeat(left)), self.span(role, text)]);
            self.line(area, u16::try_from(top + row).unwrap_or(u16::MAX), line);
        }
    }

    /// Paints one crop as large as the area allows.
    pub(crate) fn zoomed(&mut self, desk: &Desk, crop: Option<CropKey>, area: Rect) {
        let height = area.height.min(area.width * 5 / 8);
        let width = (height * 8 / 5).min(area.width);
        self.face(desk, crop, Rect::new(area.x + (area.width - width) / 2, area.y, width, height), Kind::Face);
    }

    /// Paints a whole picture, or the one before it as long as it is not there; tells which it was.
    pub(crate) fn whole(&mut self, id: PictureId, area: Rect, load: Load) -> bool {
        let found = self.pictures.get_or_last(&id);
        paint(self.frame, area, found.as_ref().map(|(_, drawn)| drawn), self.theme.style(Role::Placeholder));
        self.wants.push(Want { id, load });
        found.is_some_and(|(shown, _)| shown == id)
    }

    /// Paints a crop, or its placeholder while it is on its way.
    pub(crate) fn face(&mut self, desk: &Desk, crop: Option<CropKey>, area: Rect, kind: Kind) {
        self.face_of(desk, desk.snapshot.run.id, crop, area, kind);
    }

    /// Paints a crop of another run of the open episode.
    pub(crate) fn face_of(&mut self, desk: &Desk, run: RunId, crop: Option<CropKey>, area: Rect, kind: Kind) {
        let quiet = self.theme.style(Role::Placeholder);
        let Some(key) = crop.filter(|_| area.width > 0 && area.height > 0) else {
            return paint(self.frame, area, None, quiet);
        };
        let thumbs = desk.thumbs.of_run(run);
        let scope = scope(&desk.snapshot.episode, run);
        self.picture(scope, key, area, kind, Arc::new(move || thumbs.get(key).ok().flatten().map(Loaded::Jpeg)));
    }

    /// Paints a face out of any episode, or its placeholder while it is on its way.
    pub(crate) fn portrait(&mut self, from: Option<&Portraits>, portrait: Option<&Portrait>, area: Rect, kind: Kind) {
        let Some((from, portrait)) = from.zip(portrait).filter(|_| area.width > 0 && area.height > 0) else {
            return paint(self.frame, area, None, self.theme.style(Role::Placeholder));
        };
        let (from, portrait) = (from.clone(), portrait.clone());
        let (scope, key) = (scope(&portrait.episode, portrait.run), portrait.crop);
        self.picture(scope, key, area, kind, Arc::new(move || from.get(&portrait).ok().flatten().map(Loaded::Jpeg)));
    }

    /// Paints a picture that the catalog keeps, or its placeholder while it is on its way.
    pub(crate) fn kept(&mut self, from: Option<&Portraits>, picture: &crate::domain::PictureId, area: Rect, kind: Kind) {
        let Some(from) = from.filter(|_| area.width > 0 && area.height > 0).cloned() else {
            return paint(self.frame, area, None, self.theme.style(Role::Placeholder));
        };
        let (scope, picture) = (kept_scope(picture), picture.clone());
        let key = CropKey { track: TrackId(0), frame: 0 };
        self.picture(scope, key, area, kind, Arc::new(move || from.kept(&picture).ok().flatten().map(Loaded::Jpeg)));
    }

    fn picture(&mut self, scope: u64, key: CropKey, area: Rect, kind: Kind, load: Load) {
        let id = PictureId { scope, key, cells: (area.width, area.height), kind };
        paint(self.frame, area, self.pictures.get(&id).as_ref(), self.theme.style(Role::Placeholder));
        self.wants.push(Want { id, load });
    }
}

/// Draws everything, and returns the pictures that it would like to have.
pub(crate) fn draw(model: &Model, pictures: &Pictures, frame: &mut Frame<'_>) -> Vec<Want> {
    let area = frame.area();
    frame.buffer_mut().set_style(area, model.theme.style(Role::Ground));
    let mut canvas = Canvas { frame, theme: &model.theme, pictures, wants: Vec::new() };
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let what = format!("{}×{} is too small", area.width, area.height);
        canvas.says(area, Role::Doubt, &what, &format!("{}×{} or more; Q leaves", SMALLEST.0, SMALLEST.1));
        return Vec::new();
    }
    top(model, &mut canvas, area);
    let body = Rect::new(area.x, area.y + 2, area.width, area.height - 5);
    match (model.screen, model.desk.as_ref().map(|d| d.tab)) {
        (Screen::Episode, Some(_)) if screens::draw_panel(model, &mut canvas, body) => {}
        (Screen::Episodes, _) | (Screen::Episode, None) => screens::episodes::draw(model, &mut canvas, body),
        (Screen::Episode, Some(Tab::Detections)) => screens::detections::draw(model, &mut canvas, body),
        (Screen::Episode, Some(Tab::Identities)) => screens::identities::draw(model, &mut canvas, body),
        (Screen::Episode, Some(Tab::Tracks)) => screens::tracks::draw(model, &mut canvas, body),
        (Screen::Episode, Some(Tab::Voices)) => screens::voices::draw(model, &mut canvas, body),
        (Screen::Episode, Some(Tab::Results)) => screens::results::draw(model, &mut canvas, body),
        (Screen::Episode, Some(Tab::Runs)) => screens::runs::draw(model, &mut canvas, body),
        (Screen::People, _) => screens::people::draw(model, &mut canvas, body),
        (Screen::Shows, _) => screens::shows::draw(model, &mut canvas, body),
        (Screen::Jobs, _) => screens::jobs::draw(model, &mut canvas, body),
        (Screen::Add, _) => screens::add::draw(model, &mut canvas, body),
        (Screen::Log, _) => screens::log::draw(model, &mut canvas, body),
        (Screen::Health, _) => screens::health::draw(model, &mut canvas, body),
    }
    bottom(model, &mut canvas, area);
    match &model.overlay {
        Some(Overlay::Help { cursor }) => super::help::draw(model, &mut canvas, area, cursor.at),
        Some(Overlay::Confirm(confirm)) => super::confirm::draw(confirm, &mut canvas, area),
        Some(Overlay::Picker(picker)) => super::picker_panel::draw(model, picker, &mut canvas, area),
        Some(Overlay::Filter(_) | Overlay::Line(_)) | None if !model.pending.is_empty() => pending(model, &mut canvas, area),
        Some(Overlay::Filter(_) | Overlay::Line(_)) | None => {}
    }
    canvas.wants
}

fn top(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let mut left = Vec::new();
    let mut right = String::new();
    match (model.screen, &model.desk) {
        (Screen::Episodes, _) | (Screen::Episode, None) => {
            left.push(canvas.span(Role::Title, " screenalytics"));
            left.push(canvas.dim(" ▸ episodes"));
            let count = model.episodes.shown().len();
            right = if count == 1 { "1 episode ".into() } else { format!("{count} episodes ") };
        }
        (Screen::Episode, Some(desk)) => return episode_line(desk, canvas, area),
        (Screen::People, _) => {
            left.push(canvas.span(Role::Title, " screenalytics"));
            left.push(canvas.dim(" ▸ people"));
            let people = &model.holdings.people;
            let counts = (counted_people(people.lines.len()), counted(model.holdings.casts.len(), "episode"));
            right = match &people.show {
                Some(_) => format!("{} ", counts.0),
                None => format!("{} · {} ", counts.0, counts.1),
            };
            left.extend(people.show.as_ref().map(|show| canvas.dim(format!(" ▸ {show}"))));
            if let Some(person) = people.person().filter(|_| people.page.is_some()) {
                let used = left.iter().map(Span::width).sum::<usize>() + right.len() + 3 + GAP;
                let name = fit(&person.name, usize::from(area.width).saturating_sub(used));
                left.extend([canvas.dim(" ▸ "), canvas.span(Role::Text, name)]);
                right = format!("{} of {} ", people.cursor.at + 1, people.order.len());
            }
        }
        (Screen::Shows, _) => {
            left.push(canvas.span(Role::Title, " screenalytics"));
            left.push(canvas.dim(" ▸ shows"));
            right = format!("{} ", counted(model.holdings.casts.len(), "episode"));
        }
        (Screen::Jobs, _) => {
            left.push(canvas.span(Role::Title, " screenalytics"));
            left.push(canvas.dim(" ▸ jobs"));
            let (open, all) = (model.jobs.open(), model.jobs.lines.len());
            right = format!("{open} open of {all} ");
        }
        (Screen::Add, _) => {
            left.push(canvas.span(Role::Title, " screenalytics"));
            left.push(canvas.dim(" ▸ a new episode"));
        }
        (Screen::Log, desk) => {
            let name = desk.as_ref().map_or_else(|| "screenalytics".to_owned(), |d| d.snapshot.episode.to_string());
            left.push(canvas.span(Role::Title, format!(" {name}")));
            left.push(canvas.dim(if desk.is_some() { " ▸ log" } else { " ▸ log of people" }));
            right = format!("{} entries ", model.log.order.len());
        }
        (Screen::Health, _) => {
            left.push(canvas.span(Role::Title, " screenalytics"));
            left.push(canvas.dim(" ▸ health"));
        }
    }
    end_line(canvas, area, left, &[right]);
}

/// Writes the name of the episode, the tabs, and of what else is to be said as much as has room.
fn episode_line(desk: &Desk, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let mut tabs = vec![canvas.dim(" ▸")];
    for (n, tab) in Tab::ALL.into_iter().enumerate() {
        let role = if tab == desk.tab { Role::Accent } else { Role::Dim };
        // In some digits are candidates.
        let has_digit = area.width >= DIGITS && !matches!(desk.tab, Tab::Tracks | Tab::Voices | Tab::Runs);
        let digit = if has_digit { format!("{} ", n + 1) } else { String::new() };
        tabs.push(canvas.span(role, format!("  {digit}{}", tab.title())));
        if tab == Tab::Runs && desk.runs.waiting() > 0 {
            tabs.push(canvas.span(Role::Doubt, format!(" ▲{}", desk.runs.waiting())));
        }
    }
    let cards = &desk.snapshot.identities;
    let named = cards.iter().filter(|c| c.identity.name.is_some()).count();
    let share = format!("{named} of {} named ", cards.len());
    let length = clock(desk.snapshot.time.duration);
    let is_read = matches!(desk.access, crate::session::Access::Read { .. });
    let right = if is_read {
        vec![format!("read only · {length} · {share}"), format!("read only · {share}"), "read only ".into()]
    } else {
        vec![format!("{length} · {share}"), share, format!("{named}/{} named ", cards.len())]
    };
    // A long name gives way to the tabs, and to what must be known.
    let must = if is_read { "read only ".len() + GAP } else { 0 };
    let room = usize::from(area.width).saturating_sub(tabs.iter().map(Span::width).sum::<usize>() + must + 1);
    let name = fit(&desk.snapshot.episode.to_string(), room.max(4));
    let mut left = vec![canvas.span(Role::Title, format!(" {name}"))];
    left.extend(tabs);
    end_line(canvas, area, left, &right);
}

/// Writes the line at the top: what stands left, and right of it the first text that has room.
fn end_line(canvas: &mut Canvas<'_, '_>, area: Rect, mut left: Vec<Span<'_>>, right: &[String]) {
    let room = usize::from(area.width).saturating_sub(left.iter().map(Span::width).sum());
    let right = right.iter().find(|text| super::text::width(text) + GAP <= room).map_or("", String::as_str);
    let blank = room.saturating_sub(super::text::width(right));
    left.push(canvas.dim(format!("{}{right}", " ".repeat(blank))));
    canvas.line(area, 0, Line::from(left));
    rule(canvas, area, 1);
}

fn rule(canvas: &mut Canvas<'_, '_>, area: Rect, row: u16) {
    let line = canvas.span(Role::Rule, "─".repeat(usize::from(area.width)));
    canvas.line(area, row, Line::from(line));
}

fn bottom(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    rule(canvas, area, area.height - 3);
    let wide = usize::from(area.width);
    let said = match &model.status {
        Status::Quiet => match (model.screen, &model.desk) {
            (Screen::People, _) => screens::people::told(model),
            (Screen::Shows, _) => screens::shows::told(model),
            (Screen::Episode, Some(desk)) if desk.panel.is_some() => screens::told_in_panel(desk),
            (Screen::Episode, Some(desk)) if desk.tab == Tab::Identities => screens::identities::told(desk, area.width),
            (Screen::Episode, Some(desk)) if desk.tab == Tab::Tracks => screens::tracks::told(desk),
            _ => None,
        },
        Status::Busy(text) => Some((Role::Dim, format!("… {text}"))),
        Status::Done(text) => Some((Role::Text, text.clone())),
        Status::Failed(told) => {
            let hint = told.hint.as_ref().map(|h| format!(" · {h}")).unwrap_or_default();
            Some((Role::Error, format!("✕ {}{hint}", told.what)))
        }
        Status::Sure(_, text) => Some((Role::Doubt, format!("▲ {text}"))),
    };
    let runs = screens::jobs::short(model).map(|text| format!("{text}  ")).unwrap_or_default();
    let meter = model.meter.map(|b| format!("{:.1} KB/s ", b as f64 / 1e3)).unwrap_or_default();
    if let Some(Overlay::Filter(input)) = &model.overlay {
        let (role, text) = match model.screen {
            Screen::Log => screens::log::filter_help(&model.log, input.value()),
            _ => (Role::Dim, "  Enter keeps it · Esc takes it away".to_owned()),
        };
        let help = canvas.span(role, text);
        let line = Line::from(vec![
            canvas.span(Role::Accent, " / "),
            canvas.span(Role::Title, input.value().to_owned()),
            canvas.span(Role::Cursor, "▏"),
            help,
        ]);
        canvas.line(area, area.height - 2, line);
    } else if let Some(Overlay::Line(line)) = &model.overlay {
        let typed = super::text::fit_end(line.input.value(), wide.saturating_sub(super::text::width(&line.prompt) + 6));
        let line = Line::from(vec![
            canvas.span(Role::Accent, format!(" {} › ", line.prompt)),
            canvas.span(Role::Title, typed),
            canvas.span(Role::Cursor, "▏"),
        ]);
        canvas.line(area, area.height - 2, line);
    } else if let (Status::Failed(super::worker::Told { what, hint: Some(hint) }), Some((role, text))) = (&model.status, &said)
        && super::text::width(text) > wide.saturating_sub(2)
    {
        // What to do about it has a line of its own, in place of the rule, where both have no room in one.
        for (row, text) in [(3, format!("✕ {what}")), (2, format!("  {hint}"))] {
            let text = super::text::pad(&text, wide.saturating_sub(2));
            let line = Line::from(canvas.span(*role, format!(" {text} ")));
            canvas.line(area, area.height - row, line);
        }
    } else if let Some((role, text)) = said {
        let line = Line::from(canvas.span(role, format!(" {}", fit(&text, wide.saturating_sub(2)))));
        canvas.line(area, area.height - 2, line);
    }
    let mut keys = Vec::new();
    let meter = format!("{runs}{meter}");
    let mut room = wide.saturating_sub(super::text::width(&meter) + 1);
    let cells = |hint: &Hint| super::text::width(&hint.key) + super::text::width(&hint.word) + 4;
    let mut hints = model.keymap.hints(model.place());
    // Nothing is decided where no episode is open, so there is nothing to take back; but of people and shows.
    let decides = model.desk.is_some() || matches!(model.screen, Screen::People | Screen::Shows);
    hints.retain(|h| h.action != Action::Undo || decides);
    // The key that shows all others has its place whatever else fits.
    let mut reserved = hints.iter().find(|h| h.action == Action::Help).map_or(0, cells);
    for hint in hints {
        let width = cells(&hint);
        if hint.action == Action::Help {
            reserved = 0;
        }
        if width + reserved > room {
            continue;
        }
        room -= width;
        keys.push(canvas.span(Role::Accent, format!(" {}", hint.key)));
        keys.push(canvas.dim(format!(" {}  ", hint.word)));
    }
    keys.push(canvas.dim(" ".repeat(room)));
    keys.push(canvas.span(if runs.is_empty() { Role::Dim } else { Role::Accent }, meter));
    canvas.line(area, area.height - 1, Line::from(keys));
}

/// Says how many people there are.
fn counted_people(n: usize) -> String {
    if n == 1 { "1 person".into() } else { format!("{n} people") }
}

/// Says how many there are of something.
pub(crate) fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// Breaks a text into lines of at most so many cells, between words where it can.
pub(crate) fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word.to_owned();
        loop {
            let line = lines.last_mut().expect("there is always a line");
            let gap = usize::from(!line.is_empty());
            if super::text::width(line) + gap + super::text::width(&word) <= cells {
                if gap == 1 {
                    line.push(' ');
                }
                line.push_str(&word);
                break;
            }
            if gap == 0 {
                // A word longer than a line goes on in the next one.
                let rest = word.split_off(word.char_indices().nth(cells).map_or(word.len(), |(at, _)| at));
                line.push_str(&word);
                word = rest;
            }
            if word.is_empty() {
                break;
            }
            lines.push(String::new());
        }
    }
    lines
}

/// Clears a place in the middle and gives it a title and a rule.
pub(crate) fn panel(canvas: &mut Canvas<'_, '_>, area: Rect, width: u16, height: u16, title: &str) -> Rect {
    let (width, height) = (width.min(area.width.saturating_sub(4)), height.min(area.height.saturating_sub(4)));
    let place = Rect::new(area.x + (area.width - width) / 2, area.y + (area.height - height) / 3, width, height);
    canvas.frame.render_widget(Clear, place);
    let style = canvas.theme.style(Role::Popup);
    canvas.frame.buffer_mut().set_style(place, style);
    let line = Line::from(canvas.span(Role::Title, format!(" {}", fit(title, usize::from(width).saturating_sub(2)))));
    canvas.line(place, 0, line);
    Rect::new(place.x + 1, place.y + 2, place.width.saturating_sub(2), place.height.saturating_sub(3))
}

fn pending(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let bindings = model.keymap.continuations(model.place(), &model.pending);
    let height = u16::try_from(bindings.len() + 4).unwrap_or(u16::MAX);
    let pressed = model.pending.last().map(|key| super::keymap::written(*key)).unwrap_or_default();
    let inner = panel(canvas, area, 62, height, &format!("{pressed} …  Esc leaves it"));
    let here = screens::jump_to(model.screen);
    for (row, binding) in bindings.iter().take(usize::from(inner.height)).enumerate() {
        let (row, is_here) = (u16::try_from(row).unwrap_or(u16::MAX), here == Some(binding.action));
        let key = canvas.span(Role::Accent, format!(" {:<3}", binding.keys.join(" ")));
        let role = if is_here { Role::Dim } else { Role::Text };
        let note = if is_here { "  · here" } else { "" };
        let line = Line::from(vec![canvas.mark(is_here), key, canvas.span(role, binding.desc.clone()), canvas.dim(note)]);
        canvas.line(inner, row, line);
    }
}

#[cfg(test)]
mod tests {
    use super::super::rehearsal::Rehearsal;
    use super::*;

    #[test]
    fn the_tabs_are_whole_at_every_width_and_nothing_runs_into_them() {
        let mut stage = Rehearsal::begin();
        for width in [60, 72, 80, 84, 88, 100, 120] {
            stage.model.size = (width, 24);
            for _ in Tab::ALL {
                stage.press("]");
                let screen = stage.screen();
                let line = screen.lines().next().unwrap();
                let last = line.find("Runs").unwrap() + "Runs".len();
                assert!(Tab::ALL.iter().all(|tab| line.contains(tab.title())), "{line}");
                let rest = line[last..].trim_end();
                assert!(rest.is_empty() || rest.starts_with("  ") && rest.ends_with("named"), "{line}");
            }
        }
    }
}
