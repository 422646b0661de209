//! Sound and faces in time, around one moment.

use super::super::super::draw::Canvas;
use super::super::super::model::{Desk, TurnRow, title};
use super::super::super::text::{clock, fit, pad};
use super::super::super::theme::Role;
use super::sureness;
use crate::domain::{IdentityId, MediaTime, MouthScores, SoundLevels, Span, SpeakerId};
use crate::session::Speech;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Text};
use std::collections::BTreeMap;

const NAME: usize = 15;
const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The time that the lanes show, and how it lies on cells.
#[derive(Debug, Clone, Copy)]
struct Window {
    start: MediaTime,
    step: i64,
    cells: usize,
}

impl Window {
    fn new(desk: &Desk, cells: usize) -> Self {
        let now = desk.voices.now(&desk.snapshot).unwrap_or(MediaTime::ZERO);
        let width = i64::from(desk.voices.width) * 1_000_000;
        let step = (width / i64::try_from(cells.max(1)).unwrap_or(1)).max(1);
        // A third of it lies before the moment: what comes is what one waits for.
        let start = (now - MediaTime(width / 3)).max(desk.origin());
        Self { start, step, cells }
    }

    fn span(self, cell: usize) -> Span {
        let at = |cell: usize| self.start + MediaTime(self.step * i64::try_from(cell).unwrap_or(i64::MAX));
        Span::new(at(cell), at(cell + 1))
    }

    fn all(self) -> Span {
        Span::new(self.start, self.span(self.cells).start())
    }

    /// Returns the cell of a moment in it.
    fn cell(self, at: MediaTime) -> Option<usize> {
        usize::try_from((at - self.start).0.div_euclid(self.step)).ok().filter(|c| *c < self.cells)
    }
}

pub(super) fn draw(desk: &Desk, speech: &Speech, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let window = Window::new(desk, usize::from(area.width).saturating_sub(NAME + 2));
    let mut row = 0;
    ruler(desk, window, canvas, area);
    for (name, values) in [("sound", loudness(desk, window)), ("speech", voiced(desk, window))] {
        row += 1;
        let role = if name == "sound" { Role::Spark } else { Role::Bar };
        lane(desk, window, canvas, area, row, vec![canvas.dim(pad(name, NAME))], role, &heights(&values));
    }
    let inside = |span: Span| span.start() < window.all().end() && window.all().start() < span.end();
    let here: Vec<&TurnRow> = desk.voices.rows.iter().filter(|r| inside(r.span)).collect();
    let faces = faces(desk, speech, window);
    let room = area.height.saturating_sub(row + 2);
    let mut voices: BTreeMap<SpeakerId, Vec<&TurnRow>> = BTreeMap::new();
    for turn in here {
        voices.entry(turn.speaker).or_default().push(turn);
    }
    let under = desk.voices.row();
    let mut order: Vec<SpeakerId> = voices.keys().copied().collect();
    order.sort_by_key(|v| (under.is_none_or(|u| u.speaker != *v), *v));
    let most = usize::from(room).saturating_sub(faces.len().min(usize::from(room / 2))).max(1);
    order.truncate(most);
    order.sort_unstable();
    for speaker in order {
        row += 1;
        voice_lane(desk, window, canvas, area, row, speaker, &voices[&speaker]);
    }
    for (identity, cells) in faces.into_iter().take(usize::from(area.height.saturating_sub(row + 2))) {
        row += 1;
        let name = desk.card_of(identity).map_or_else(|| identity.to_string(), title);
        let is_said = under.is_some_and(|u| u.who == Some(identity));
        let role = if is_said { Role::Title } else { Role::Text };
        let text: String = cells.iter().map(|c| c.map_or(' ', |v| if v > 0.0 { HEIGHTS[index(v)] } else { '·' })).collect();
        lane(desk, window, canvas, area, row, vec![canvas.span(role, pad(&fit(&name, NAME), NAME))], Role::Good, &text);
    }
    words(desk, window, canvas, area, row + 1);
}

fn index(value: f32) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the list")]
    let at = (value.clamp(0.0, 1.0) * 8.0).ceil() as usize;
    at.min(8)
}

fn heights(values: &[f32]) -> String {
    values.iter().map(|v| HEIGHTS[index(*v)]).collect()
}

/// Times at the edges and the moment.
fn ruler(desk: &Desk, window: Window, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let origin = desk.origin();
    let (from, to) = (clock(window.all().start() - origin), clock(window.all().end() - origin));
    let now = desk.voices.now(&desk.snapshot).unwrap_or(window.start);
    let at = window.cell(now).unwrap_or(0);
    let mut text: Vec<char> = vec!['─'; window.cells];
    let mut put = |from: usize, what: &str| {
        for (cell, letter) in text.iter_mut().skip(from).zip(what.chars()) {
            *cell = letter;
        }
    };
    put(0, &format!("{from} "));
    put(window.cells.saturating_sub(to.len() + 1), &format!(" {to}"));
    let told = format!(" {} ", clock(now - origin));
    put(at.saturating_sub(told.len() / 2).min(window.cells.saturating_sub(told.len())), &told);
    let name = format!("{} s", desk.voices.width);
    let ruler: String = text.into_iter().collect();
    canvas.line(area, 0, Line::from(vec![canvas.dim(format!(" {}", pad(&name, NAME))), canvas.span(Role::Rule, ruler)]));
}

/// Writes one lane, with the moment and the range laid over it.
#[expect(clippy::too_many_arguments, reason = "what a lane is made of")]
fn lane(
    desk: &Desk,
    window: Window,
    canvas: &mut Canvas<'_, '_>,
    area: Rect,
    row: u16,
    name: Vec<Text<'_>>,
    role: Role,
    text: &str,
) {
    let marks: Vec<(char, Role)> = text.chars().map(|c| (c, role)).collect();
    marked(desk, window, canvas, area, row, name, marks);
}

fn marked(
    desk: &Desk,
    window: Window,
    canvas: &mut Canvas<'_, '_>,
    area: Rect,
    row: u16,
    name: Vec<Text<'_>>,
    mut cells: Vec<(char, Role)>,
) {
    cells.resize(window.cells, (' ', Role::Text));
    let now = desk.voices.now(&desk.snapshot).and_then(|at| window.cell(at));
    if let Some(cell) = now.and_then(|at| cells.get_mut(at)).filter(|c| matches!(c.0, ' ' | '·')) {
        *cell = ('│', Role::Playhead);
    }
    let range = desk.voices.range(&desk.snapshot);
    let mut spans = vec![Text::raw(" ")];
    spans.extend(name);
    let mut at = 0;
    while at < cells.len() {
        let is_in =
            |cell: usize| range.is_some_and(|r| window.span(cell).start() < r.end() && r.start() < window.span(cell).end());
        let (role, marked) = (cells[at].1, is_in(at));
        let end = (at..cells.len()).find(|i| cells[*i].1 != role || is_in(*i) != marked).unwrap_or(cells.len());
        let text: String = cells[at..end].iter().map(|c| c.0).collect();
        let style = canvas.theme.style(role);
        spans.push(Text::styled(text, if marked { style.patch(canvas.theme.style(Role::Selected)) } else { style }));
        at = end;
    }
    canvas.line(area, row, Line::from(spans));
}

fn voice_lane(
    desk: &Desk,
    window: Window,
    canvas: &mut Canvas<'_, '_>,
    area: Rect,
    row: u16,
    speaker: SpeakerId,
    turns: &[&TurnRow],
) {
    let under = desk.voices.row().map(|r| r.id);
    let mut cells = vec![(' ', Role::Text); window.cells];
    for turn in turns {
        let role = if Some(turn.id) == under { Role::Accent } else { sureness(turn) };
        // Its first cell says how sure it is who speaks; the line is full where the mouth is seen.
        let line = if turn.on_screen >= 0.5 { '━' } else { '╌' };
        let within = (0..window.cells).filter(|c| {
            let cell = window.span(*c);
            cell.start() < turn.span.end() && turn.span.start() < cell.end()
        });
        for (n, cell) in within.enumerate() {
            let glyph = if n == 0 { sureness(turn).glyph().chars().next().unwrap_or(line) } else { line };
            cells[cell] = (glyph, role);
        }
    }
    let who = turns.iter().find(|t| t.who.is_some()).map_or("?", |t| t.name.as_str());
    let name = vec![
        canvas.dim(pad(&speaker.to_string(), 4)),
        canvas.span(if who == "?" { Role::Unnamed } else { Role::Named }, pad(&fit(who, NAME - 4), NAME - 4)),
    ];
    marked(desk, window, canvas, area, row, name, cells);
}

/// Returns for each identity in the window how surely its mouth speaks in each cell: `0..=1`, 0 where it is seen with a still mouth, none
/// where it is not seen. Who is seen longest comes first.
fn faces(desk: &Desk, speech: &Speech, window: Window) -> Vec<(IdentityId, Vec<Option<f32>>)> {
    let mut lanes: BTreeMap<IdentityId, Vec<Option<f32>>> = BTreeMap::new();
    let all = window.all();
    for info in desk.snapshot.tracks.values() {
        let Some(identity) = info.assignment.filter(|_| info.discarded.is_none()).map(|a| a.identity) else { continue };
        for span in info.seen.iter().filter(|s| s.start() < all.end() && all.start() < s.end()) {
            let lane = lanes.entry(identity).or_insert_with(|| vec![None; window.cells]);
            for (cell, value) in lane.iter_mut().enumerate() {
                let at = window.span(cell);
                if at.start() < span.end() && span.start() < at.end() {
                    value.get_or_insert(0.0);
                }
            }
        }
    }
    let end = |f: &crate::session::FaceScores| {
        f.start + MediaTime(MouthScores::STEP.0 * i64::try_from(f.scores.len()).unwrap_or(i64::MAX))
    };
    for face in speech.faces.iter().filter(|f| f.start < all.end() && all.start() < end(f)) {
        let Some(lane) = lanes.get_mut(&face.identity) else { continue };
        for (n, score) in (0..).zip(&face.scores) {
            let at = face.start + MediaTime(MouthScores::STEP.0 * n);
            let Some(cell) = window.cell(at) else { continue };
            // 0 at the mark, half at one above it.
            let above = (score - speech.mark).max(0.0);
            let value = above / (1.0 + above);
            lane[cell] = Some(lane[cell].unwrap_or(0.0).max(value));
        }
    }
    let mut lanes: Vec<_> = lanes.into_iter().collect();
    let loud = |cells: &[Option<f32>]| cells.iter().flatten().filter(|v| **v > 0.0).count();
    lanes.sort_by_key(|(id, cells)| (std::cmp::Reverse((loud(cells), cells.iter().flatten().count())), *id));
    lanes
}

fn loudness(desk: &Desk, window: Window) -> Vec<f32> {
    sampled(desk, window, SoundLevels::PEAK_STEP, |l| &l.peaks).into_iter().map(f32::sqrt).collect()
}

fn voiced(desk: &Desk, window: Window) -> Vec<f32> {
    sampled(desk, window, SoundLevels::SPEECH_STEP, |l| &l.speech)
}

/// Returns the highest value in each cell, `0..=1`.
fn sampled(desk: &Desk, window: Window, step: MediaTime, of: fn(&SoundLevels) -> &Vec<u8>) -> Vec<f32> {
    let mut cells = vec![0.0_f32; window.cells];
    let all = window.all();
    for levels in desk.snapshot.levels.iter() {
        let values = of(levels);
        let index =
            |at: MediaTime| usize::try_from((at - levels.start).0.div_euclid(step.0).max(0)).unwrap_or(0).min(values.len());
        let (from, to) = (index(all.start()), index(all.end()));
        for (n, value) in values.iter().enumerate().take(to).skip(from) {
            let at = levels.start + MediaTime(step.0 * i64::try_from(n).unwrap_or(i64::MAX));
            if let Some(cell) = window.cell(at) {
                cells[cell] = cells[cell].max(f32::from(*value) / 255.0);
            }
        }
    }
    cells
}

/// Writes the words of the turn under the cursor where they are said.
fn words(desk: &Desk, window: Window, canvas: &mut Canvas<'_, '_>, area: Rect, row: u16) {
    let Some(turn) = desk.voices.row() else { return };
    let Some(transcript) = desk.snapshot.spoken.transcript(turn.id) else { return };
    let mut text = vec![' '; window.cells];
    let mut free = 0;
    for word in &transcript.words {
        let Some(at) = window.cell(word.span.start().max(window.start)) else { continue };
        let at = at.max(free);
        for (cell, letter) in text.iter_mut().skip(at).zip(word.text.chars()) {
            *cell = letter;
        }
        free = at + word.text.chars().count() + 1;
    }
    let text: String = text.into_iter().collect();
    lane(desk, window, canvas, area, row, vec![canvas.dim(pad("words", NAME))], Role::Title, &text);
}
