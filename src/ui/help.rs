//! The keys of a screen, as wide as they need and the terminal has; what is longer goes on in the next line.

use super::draw::{Canvas, panel, wrap};
use super::keymap::Action;
use super::model::{Model, Overlay};
use super::text::{pad_left, width};
use super::theme::Role;
use super::update::step_of;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Cells and lines of the panel around its text.
const AROUND: (usize, usize) = (4, 3);
/// Cells between a key and what it does.
const GAP: usize = 2;

/// A line of the list: a key, or nothing where the text before goes on.
type Entry = (String, String);

/// Returns the lines, how wide the keys are, and how wide the whole.
fn lines(model: &Model, cells: usize) -> (Vec<Entry>, usize, usize) {
    // What only the palette does here has no key to be told.
    let bound = model.keymap.all(model.place_below()).into_iter().filter(|b| !b.keys.is_empty());
    let bindings: Vec<Entry> = bound.map(|b| (b.keys.join(" "), b.desc)).collect();
    let keys = bindings.iter().map(|(keys, _)| width(keys)).max().unwrap_or(0);
    let widest = bindings.iter().map(|(_, desc)| width(desc)).max().unwrap_or(0);
    let room = cells.saturating_sub(keys + GAP + 1).min(widest);
    let mut lines = Vec::new();
    for (keys, desc) in bindings {
        for (n, text) in wrap(&desc, room).into_iter().enumerate() {
            lines.push((if n == 0 { keys.clone() } else { String::new() }, text));
        }
    }
    (lines, keys, keys + GAP + room + 1)
}

/// Returns how many lines there are of which so many are shown.
fn shape(model: &Model) -> (usize, usize) {
    let (lines, ..) = lines(model, usize::from(model.size.0).saturating_sub(4 + AROUND.0));
    let rows = usize::from(model.size.1).saturating_sub(4 + AROUND.1).max(1);
    (lines.len(), rows)
}

/// Scrolls; any other key closes it.
pub(crate) fn act(model: &mut Model, action: Action) {
    let (count, rows) = shape(model);
    let Some(Overlay::Help { cursor }) = &mut model.overlay else { return };
    match step_of(action) {
        Some(step) if count > rows => cursor.step(step, count.saturating_sub(rows) + 1, 1, rows),
        _ => model.overlay = None,
    }
}

pub(crate) fn draw(model: &Model, canvas: &mut Canvas<'_, '_>, area: Rect, top: usize) {
    let (lines, keys, wide) = lines(model, usize::from(area.width).saturating_sub(4 + AROUND.0));
    let number = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    let fits = lines.len() + AROUND.1 + 4 <= usize::from(area.height);
    let title = if fits {
        "keys of this screen · any key closes"
    } else {
        "keys of this screen · up and down scroll, any other key closes"
    };
    let inner = panel(canvas, area, number((wide + AROUND.0).max(width(title) + 2)), number(lines.len() + AROUND.1), title);
    let rows = usize::from(inner.height);
    let top = top.min(lines.len().saturating_sub(rows));
    for (row, (key, text)) in lines.into_iter().skip(top).take(rows).enumerate() {
        let key = canvas.span(Role::Accent, pad_left(&key, keys) + &" ".repeat(GAP));
        let line = Line::from(vec![key, canvas.span(Role::Text, text)]);
        canvas.line(inner, number(row), line);
    }
}

#[cfg(test)]
mod tests {
    use super::super::rehearsal::Rehearsal;
    use super::*;

    #[test]
    fn every_key_is_told_whole_at_every_width_and_scrolling_ends_with_the_last() {
        for size in [(60, 16), (80, 24), (120, 40), (200, 60)] {
            let mut stage = Rehearsal::begin();
            stage.model.size = size;
            stage.press("4 ?");
            let mut told = String::new();
            for _ in 0..100 {
                told += &stage.screen();
                stage.press("j");
            }
            let words: Vec<&str> = told.split_whitespace().collect();
            let told = words.join(" ");
            for binding in stage.model.keymap.all(stage.model.place_below()).iter().filter(|b| !b.keys.is_empty()) {
                let (lines, ..) = lines(&stage.model, usize::from(size.0) - 8);
                let at = lines.iter().position(|l| l.0 == binding.keys.join(" ")).unwrap();
                let text: Vec<&str> = std::iter::once(&lines[at])
                    .chain(lines[at + 1..].iter().take_while(|l| l.0.is_empty()))
                    .map(|l| l.1.as_str())
                    .collect();
                assert_eq!(text.join(" "), binding.desc);
                assert!(text.iter().all(|line| told.contains(line)), "{size:?}: {text:?}");
            }
            let (count, rows) = shape(&stage.model);
            let end = stage.screen();
            stage.press("k");
            assert!(count <= rows || stage.screen() != end, "{size:?}");
        }
    }
}
