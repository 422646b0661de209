//! Who decided what, and when; an entry can be taken back alone.

use super::super::draw::Canvas;
use super::super::keymap::Action;
use super::super::list::Step;
use super::super::log_filter::{complete, completions};
use super::super::model::{LogDetail, LogView, Model, Screen};
use super::super::text::fit;
use super::super::theme::Role;
use super::super::update::{Effect, if_writable, step_of};
use super::super::worker::Ask;
use crate::domain::{Author, LogEntry, OperationKind};
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::collections::BTreeSet;

/// From this width on the entry under the cursor is shown beside the list.
const WIDE: u16 = 150;

/// Columns of the entry beside the list; 0 where it opens over it.
fn side(model: &Model) -> u16 {
    if model.size.0 >= WIDE { model.size.0 * 9 / 20 } else { 0 }
}

fn list_rows(model: &Model) -> usize {
    super::rows(model).saturating_sub(1).max(1)
}

pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let (rows, is_beside) = (list_rows(model), side(model) > 0);
    let log = &mut model.log;
    log.rows = rows;
    if let Some(step) = step_of(action) {
        if log.is_open {
            scroll(log, step, rows);
        } else {
            let before = log.cursor.at;
            log.cursor.step(step, log.order.len(), 1, rows);
            if log.cursor.at != before {
                log.top = 0;
            }
        }
        return Vec::new();
    }
    match action {
        Action::Open => {
            log.is_open = !log.is_open || is_beside && log.detail.is_none();
            log.top = 0;
            ask_for_detail(model)
        }
        Action::UndoThis => {
            let Some(of) = log.entry().map(|e| e.seq) else { return Vec::new() };
            log.in_the_way = None;
            if model.desk.is_none() {
                return vec![Effect::Ask(Ask::UndoPeople(Some(of)))];
            }
            if_writable(model, Ask::Undo(Some(of)))
        }
        Action::Refresh => vec![Effect::Ask(Ask::Log)],
        _ => Vec::new(),
    }
}

/// Asks for the changes of the entry under the cursor, where they are shown.
pub(crate) fn ask_for_detail(model: &Model) -> Vec<Effect> {
    let is_shown = model.screen == Screen::Log && (model.log.is_open || side(model) > 0);
    model.log.wants().filter(|_| is_shown).map(|seq| Effect::Ask(Ask::Entry(seq))).into_iter().collect()
}

/// Closes the entry that is looked at; tells whether one was.
pub(crate) fn leave(model: &mut Model) -> bool {
    std::mem::take(&mut model.log.is_open)
}

fn scroll(log: &mut LogView, step: Step, rows: usize) {
    let last = log.detail.as_ref().map_or(0, LogDetail::count).saturating_sub(1);
    log.top = match step {
        Step::Up => log.top.saturating_sub(1),
        Step::Down => (log.top + 1).min(last),
        Step::PageUp => log.top.saturating_sub(rows / 2),
        Step::PageDown => (log.top + rows / 2).min(last),
        Step::First => 0,
        Step::Last => last,
        Step::Left | Step::Right => log.top,
    };
}

/// Goes on with the last word of the filter.
pub(crate) fn complete_filter(log: &LogView, typed: &str) -> String {
    complete(typed, &offers(log, typed))
}

/// Says how the filter can go on, or what is wrong with it.
pub(crate) fn filter_help(log: &LogView, typed: &str) -> (Role, String) {
    if let Some(fault) = &log.fault {
        return (Role::Doubt, format!("  ▲ {fault}"));
    }
    let offers = offers(log, typed);
    if offers.is_empty() || typed.is_empty() {
        return (Role::Dim, "  person: track: by: kind: or words · Tab completes · Enter keeps it · Esc takes it away".into());
    }
    let values: Vec<&str> = offers
        .iter()
        .map(|o| o.split_once(':').filter(|(_, v)| !v.is_empty()).map_or(o.as_str(), |(_, v)| v.trim_matches('"')))
        .collect();
    (Role::Dim, format!("  Tab: {}", values.join("  ")))
}

fn offers(log: &LogView, typed: &str) -> Vec<String> {
    let entries = log.entries.as_deref().unwrap_or_default();
    completions(typed, entries.iter().map(|e| (e, log.touches.as_ref().and_then(|t| t.get(&e.seq)))))
}

/// Returns who decided, in a word or two.
pub(crate) fn who(entry: &LogEntry) -> String {
    match &entry.author {
        Author::User { name, host, client } => {
            let at = host.as_deref().map(|h| format!("@{h}")).unwrap_or_default();
            let from = client.as_deref().map(|c| format!(" from {c}")).unwrap_or_default();
            format!("{name}{at}{from}")
        }
        Author::Pipeline { run } => format!("run {run}"),
    }
}

/// The line under the rule and the head of the list.
const TOP: u16 = 3;

pub(crate) fn click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    let beside = side(model);
    let is_list = beside == 0 && !model.log.is_open || x < model.size.0.saturating_sub(beside);
    let at = model.log.cursor.top + usize::from(y.saturating_sub(TOP));
    if y < TOP || !is_list || at >= model.log.order.len() {
        return Vec::new();
    }
    if model.log.cursor.at == at {
        return act(model, Action::Open);
    }
    (model.log.cursor.at, model.log.top) = (at, 0);
    Vec::new()
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let log = &model.log;
    let Some(entries) = &log.entries else { return canvas.says(area, Role::Dim, "reading the log …", "") };
    let undone: BTreeSet<u64> = undone(entries);
    let beside = side(model);
    if log.is_open && beside == 0 {
        return super::log_entry::draw(model, &undone, canvas, area);
    }
    if log.order.is_empty() {
        let (what, hint) = if entries.is_empty() {
            ("nothing was decided yet", "")
        } else {
            ("no entry fits", "Esc in the filter (/) takes it away")
        };
        return canvas.says(area, Role::Dim, what, hint);
    }
    let list = Rect::new(area.x, area.y, area.width.saturating_sub(beside), area.height);
    draw_list(model, &undone, canvas, list);
    if beside > 0 {
        for row in 0..area.height {
            // The rule says which side the keys move.
            let role = if log.is_open { Role::Accent } else { Role::Rule };
            canvas.line(Rect::new(list.right(), area.y, 1, area.height), row, Line::from(canvas.span(role, "│")));
        }
        let place = Rect::new(list.right() + 2, area.y, beside.saturating_sub(2), area.height);
        super::log_entry::draw(model, &undone, canvas, place);
    }
}

fn draw_list(model: &Model, undone: &BTreeSet<u64>, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let log = &model.log;
    let wide = usize::from(area.width);
    let author = if wide >= 100 { 28 } else { 14 };
    let head = format!("      #  when{:15}  {:<author$}  what", "", "who");
    let head = if log.filter.is_empty() { head } else { format!("{head} · filter “{}”", log.filter) };
    canvas.line(area, 0, Line::from(canvas.dim(fit(&head, wide))));
    let rows = usize::from(area.height).saturating_sub(1);
    let shown = (log.cursor.top..(log.cursor.top + rows).min(log.order.len())).filter_map(|at| Some((at, log.at(at)?)));
    for (row, (at, entry)) in shown.enumerate() {
        let is_here = at == log.cursor.at;
        let row = u16::try_from(row + 1).unwrap_or(u16::MAX);
        if is_here {
            canvas.lay_cursor(area, row);
        }
        let (glyph, role) = sign(entry, undone.contains(&entry.seq));
        let (glyph, role) = if log.in_the_way == Some(entry.seq) { ("▲", Role::Doubt) } else { (glyph, role) };
        let when = entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string();
        let cells = vec![
            canvas.mark(is_here),
            canvas.span(role, format!("{glyph} {:>4}", entry.seq)),
            canvas.span(Role::Dim, format!("  {when}  {:<author$}  ", fit(&who(entry), author))),
            canvas.span(if is_here { Role::Title } else { role }, fit(&entry.summary, wide.saturating_sub(author + 33))),
        ];
        canvas.line(area, row, Line::from(cells));
    }
}

/// Returns the sign of an entry.
pub(crate) fn sign(entry: &LogEntry, is_undone: bool) -> (&'static str, Role) {
    match (&entry.kind, is_undone) {
        (_, true) => ("✕", Role::Dim),
        (OperationKind::Undo { .. }, _) => ("↶", Role::Dim),
        (OperationKind::Redo { .. }, _) => ("↷", Role::Text),
        (OperationKind::Group | OperationKind::Carry | OperationKind::Import, _) => ("○", Role::Proposed),
        _ => ("●", Role::Text),
    }
}

/// Returns the entries that are taken back as the log stands.
fn undone(entries: &[LogEntry]) -> BTreeSet<u64> {
    let mut out = BTreeSet::new();
    for entry in entries {
        match entry.kind {
            OperationKind::Undo { of } => {
                out.insert(of);
            }
            OperationKind::Redo { of } => {
                out.remove(&of);
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::super::keymap::Keymap;
    use super::super::super::model::{Detail, Overlay};
    use super::super::super::theme::{Colours, Theme};
    use super::super::super::update::{Msg, update};
    use super::super::super::worker::{Answer, Told};
    use super::*;
    use crate::domain::{RunId, TrackId};
    use crate::session::Touches;
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use std::collections::BTreeMap;

    fn entry(seq: u64, by: &str, summary: &str) -> LogEntry {
        let author = match by {
            "" => Author::Pipeline { run: RunId(1) },
            by => Author::User { name: by.into(), host: None, client: None },
        };
        let kind = if by.is_empty() { OperationKind::Group } else { OperationKind::Name };
        LogEntry { seq, at: jiff::Timestamp::UNIX_EPOCH, author, kind, summary: summary.into() }
    }

    /// A log of three entries on a screen of 80x24, as its answers come.
    fn model() -> Model {
        let theme = Theme::load("dark", None, Colours::True).unwrap();
        let mut model = Model::new(Keymap::load(None).unwrap(), theme, Vec::new(), Detail::Off);
        model.screen = Screen::Log;
        let entries =
            vec![entry(1, "", "9 tracks in 3 clusters"), entry(2, "ana", "id_0001 is Ava"), entry(3, "bob", "id_0001 is Ben")];
        let effects = update(&mut model, Msg::Answer(Answer::Log(entries)));
        assert_eq!(effects, [Effect::Ask(Ask::Touches)]);
        let about = |tracks: &[u32], people: &[&str]| Touches {
            tracks: tracks.iter().copied().map(TrackId).collect(),
            identities: vec![],
            people: people.iter().map(|p| (*p).to_owned()).collect(),
        };
        let touches = BTreeMap::from([(1, about(&[1, 2, 3], &[])), (2, about(&[], &["Ava"])), (3, about(&[], &["Ava", "Ben"]))]);
        assert_eq!(update(&mut model, Msg::Answer(Answer::Touches(touches))), []);
        model
    }

    fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
        let code = |key: &str| match key {
            "Enter" => KeyCode::Enter,
            "Tab" => KeyCode::Tab,
            "Esc" => KeyCode::Esc,
            key => KeyCode::Char(key.chars().next().unwrap()),
        };
        keys.split(' ').flat_map(|key| update(model, Msg::Key(KeyEvent::new(code(key), KeyModifiers::NONE)))).collect()
    }

    fn listed(model: &Model) -> Vec<u64> {
        (0..model.log.order.len()).filter_map(|at| model.log.at(at)).map(|e| e.seq).collect()
    }

    #[test]
    fn the_filter_narrows_as_it_is_typed_completes_by_tab_and_goes_by_escape() {
        let mut model = model();
        press(&mut model, "/ p e Tab b e");
        assert_eq!((model.log.filter.as_str(), listed(&model)), ("person:be", vec![3]));
        press(&mut model, "Tab Enter");
        assert_eq!((model.log.filter.as_str(), model.overlay.is_none()), ("person:Ben", true));
        press(&mut model, "/ Esc");
        assert_eq!(listed(&model), [3, 2, 1]);
        press(&mut model, "/ t Tab 2");
        assert_eq!((model.log.filter.as_str(), listed(&model)), ("track:2", vec![1]));
        press(&mut model, "x");
        assert!(model.log.fault.is_some() && matches!(model.overlay, Some(Overlay::Filter(_))));
        assert_eq!(listed(&model), [1], "what cannot be meant changes nothing");
    }

    #[test]
    fn back_closes_the_entry_first() {
        let mut model = model();
        model.log.is_open = true;
        press(&mut model, "q");
        assert_eq!((model.log.is_open, model.screen), (false, Screen::Log));
    }

    #[test]
    fn without_an_episode_it_is_the_log_of_people_and_an_undo_is_of_them() {
        let mut model = model();
        assert_eq!(press(&mut model, "j Enter"), [Effect::Ask(Ask::Entry(2))]);
        assert_eq!(press(&mut model, "x"), [Effect::Ask(Ask::UndoPeople(Some(2)))]);
        assert_eq!(press(&mut model, "u"), [Effect::Ask(Ask::UndoPeople(None))]);
    }

    #[test]
    fn what_stands_in_the_way_of_an_undo_is_under_the_cursor_then() {
        let mut model = model();
        press(&mut model, "j");
        let told = Told { what: "operation 2 cannot be taken back".into(), hint: None };
        update(&mut model, Msg::Answer(Answer::InTheWay { by: 3, told }));
        assert_eq!((model.log.entry().map(|e| e.seq), model.log.in_the_way), (Some(3), Some(3)));
    }

    #[test]
    fn the_cursor_stays_on_its_entry_when_another_is_appended() {
        let mut model = model();
        press(&mut model, "j");
        let mut entries = model.log.entries.clone().unwrap();
        entries.push(entry(4, "ana", "more"));
        update(&mut model, Msg::Answer(Answer::Log(entries)));
        assert_eq!(model.log.entry().map(|e| e.seq), Some(2));
    }
}
