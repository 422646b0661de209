//! Sound and faces in time, around one moment.

use super::super::super::draw::Canvas;
use super::super::super::model::{Desk, TurnRow, title};
use super::super::super::text::{clock, fit, pad, seconds};
use super::super::super::theme::Role;
use super::list::sureness;
use crate::domain::{IdentityId, MediaTime, MouthScores, SoundLevels, Span, SpeakerId};
use crate::session::Speech;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Text};
use std::collections::BTreeMap;

/// Cells before the lanes.
const NAME: usize = 17;
const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const SHADES: [char; 4] = [' ', '·', '░', '▒'];

/// The time that the lanes show, and how it lies on cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    start: MediaTime,
    step: i64,
    cells: usize,
}

impl Window {
    /// It moves by a third, so that the moment stays in the middle one, and what is beside it stands still meanwhile.
    fn new(desk: &Desk, cells: usize) -> Self {
        let now = desk.voices.playhead(&desk.snapshot).unwrap_or(MediaTime::ZERO);
        Self::around(now, desk.origin(), desk.voices.width, cells)
    }

    pub(super) fn around(now: MediaTime, origin: MediaTime, seconds: u32, cells: usize) -> Self {
        let count = i64::try_from(cells.max(3)).unwrap_or(i64::MAX);
        let step = (i64::from(seconds) * 1_000_000 / count).max(1);
        let third = step * (count / 3);
        let thirds = (now - origin).0.div_euclid(third) - 1;
        Self { start: origin + MediaTime(third * thirds.max(0)), step, cells }
    }

    pub(super) fn span(self, cell: usize) -> Span {
        let at = |cell: usize| self.start + MediaTime(self.step * i64::try_from(cell).unwrap_or(i64::MAX));
        Span::new(at(cell), at(cell + 1))
    }

    fn all(self) -> Span {
        Span::new(self.start, self.span(self.cells).start())
    }

    /// Returns the cell of a moment in it.
    pub(super) fn cell(self, at: MediaTime) -> Option<usize> {
        usize::try_from((at - self.start).0.div_euclid(self.step)).ok().filter(|c| *c < self.cells)
    }
}

/// The lanes, one under the other.
struct Lanes<'a, 'c, 'f> {
    desk: &'a Desk,
    window: Window,
    canvas: &'a mut Canvas<'c, 'f>,
    area: Rect,
    /// Where the next one comes.
    row: u16,
}

pub(super) fn draw(desk: &Desk, speech: &Speech, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let window = Window::new(desk, usize::from(area.width).saturating_sub(NAME + 2));
    let mut lanes = Lanes { desk, window, canvas, area, row: 0 };
    lanes.ruler();
    let sound = loudness(desk, window).into_iter().map(|v| (HEIGHTS[index(v, 8)], Role::Spark)).collect();
    lanes.named("sound", Role::Dim, sound);
    let speaks = voiced(desk, window).into_iter().map(|v| (SHADES[index(v, 3)], Role::Dim)).collect();
    lanes.named("speech", Role::Dim, speaks);
    // The words have the last line.
    let room = usize::from(area.height.saturating_sub(lanes.row + 1));
    let seen = faces(desk, speech, window);
    let heard = voices(desk, window, room.saturating_sub(seen.len().min(room / 2)).max(1));
    for (speaker, turns) in &heard {
        lanes.voice(*speaker, turns);
    }
    for (identity, cells) in loudest(desk, seen, room.saturating_sub(heard.len())) {
        lanes.face(identity, &cells);
    }
    lanes.words();
}

/// Returns the voices of the window, at most so many: that of the turn under the cursor, and those that are heard longest.
fn voices(desk: &Desk, window: Window, most: usize) -> BTreeMap<SpeakerId, Vec<&TurnRow>> {
    let all = window.all();
    let mut voices: BTreeMap<SpeakerId, Vec<&TurnRow>> = BTreeMap::new();
    for turn in desk.voices.rows.iter().filter(|r| r.span.start() < all.end() && all.start() < r.span.end()) {
        voices.entry(turn.speaker).or_default().push(turn);
    }
    let under = desk.voices.row().map(|r| r.speaker);
    let time = |voice: SpeakerId| voices[&voice].iter().map(|t| t.span.len().0).sum::<i64>();
    let mut order: Vec<SpeakerId> = voices.keys().copied().collect();
    order.sort_by_key(|v| (under != Some(*v), std::cmp::Reverse(time(*v)), *v));
    for gone in order.iter().skip(most) {
        voices.remove(gone);
    }
    voices
}

/// Keeps the faces whose mouths move most in the window, in the order of the whole episode, so that none changes its place.
fn loudest(desk: &Desk, mut seen: Vec<Face>, most: usize) -> Vec<Face> {
    let loud = |cells: &[Option<f32>]| cells.iter().flatten().filter(|v| **v > 0.0).count();
    seen.sort_by_key(|(id, cells)| (std::cmp::Reverse((loud(cells), cells.iter().flatten().count())), *id));
    seen.truncate(most);
    let cards = &desk.snapshot.identities;
    seen.sort_by_key(|(id, _)| cards.iter().find(|c| c.identity.id == *id).map(|c| (std::cmp::Reverse(c.seconds), *id)));
    seen
}

impl Lanes<'_, '_, '_> {
    /// Writes times at the edges and the moment, and where the range lies.
    fn ruler(&mut self) {
        let (desk, window) = (self.desk, self.window);
        let origin = desk.origin();
        let mut cells: Vec<(char, Role)> = vec![('─', Role::Rule); window.cells];
        let range = desk.voices.range(&desk.snapshot);
        for (n, cell) in cells.iter_mut().enumerate() {
            if range.is_some_and(|r| meet(window.span(n), r)) {
                *cell = ('━', Role::Selected);
            }
        }
        let mut put = |from: usize, what: &str, role: Role| {
            for (cell, letter) in cells.iter_mut().skip(from).zip(what.chars()) {
                *cell = (letter, role);
            }
        };
        let (from, to) = (clock(window.all().start() - origin), clock(window.all().end() - origin));
        put(0, &format!("{from} "), Role::Dim);
        put(window.cells.saturating_sub(to.len() + 1), &format!(" {to}"), Role::Dim);
        if let Some(now) = desk.voices.playhead(&desk.snapshot) {
            let told = format!(" {} ", clock(now - origin));
            let middle = window.cell(now).unwrap_or(0).saturating_sub(told.len() / 2);
            put(middle.min(window.cells.saturating_sub(told.len())), &told, Role::Playhead);
        }
        let (role, name) = match range {
            Some(range) => (Role::Selected, format!("range {}", seconds(range.len()))),
            None => (Role::Dim, format!("{} s", desk.voices.width)),
        };
        let mut spans = vec![self.canvas.span(role, format!(" {}", pad(&name, NAME)))];
        spans.extend(self.runs(&cells));
        self.canvas.line(self.area, 0, Line::from(spans));
        self.row = 1;
    }

    fn named(&mut self, name: &str, role: Role, cells: Vec<(char, Role)>) {
        let name = self.canvas.span(role, pad(name, NAME));
        self.lane(vec![name], cells);
    }

    /// Writes the next lane, with the moment and the range laid over it.
    fn lane(&mut self, name: Vec<Text<'_>>, mut cells: Vec<(char, Role)>) {
        let (desk, window) = (self.desk, self.window);
        cells.resize(window.cells, (' ', Role::Text));
        if let Some(range) = desk.voices.range(&desk.snapshot) {
            for (_, cell) in cells.iter_mut().enumerate().filter(|(n, _)| meet(window.span(*n), range)) {
                cell.1 = Role::Selected;
            }
        }
        let now = desk.voices.playhead(&desk.snapshot).and_then(|at| window.cell(at));
        if let Some(cell) =
            now.and_then(|at| cells.get_mut(at)).filter(|c| c.0 == ' ' || SHADES.contains(&c.0) || HEIGHTS.contains(&c.0))
        {
            *cell = ('│', Role::Playhead);
        }
        let mut spans = vec![Text::raw(" ")];
        spans.extend(name);
        spans.extend(self.runs(&cells));
        self.canvas.line(self.area, self.row, Line::from(spans));
        self.row += 1;
    }

    /// Joins cells that look the same.
    fn runs<'t>(&self, cells: &[(char, Role)]) -> Vec<Text<'t>> {
        let runs = cells.chunk_by(|a, b| a.1 == b.1);
        runs.map(|run| self.canvas.span(run[0].1, run.iter().map(|c| c.0).collect::<String>())).collect()
    }

    fn voice(&mut self, speaker: SpeakerId, turns: &[&TurnRow]) {
        let under = self.desk.voices.row().map(|r| r.id);
        let mut cells = vec![(' ', Role::Text); self.window.cells];
        for turn in turns {
            let role = if Some(turn.id) == under { Role::Accent } else { sureness(turn) };
            // Its first cell says how sure it is who speaks; the line is full where the mouth is seen.
            let line = if turn.on_screen >= 0.5 { '━' } else { '╌' };
            let within = (0..self.window.cells).filter(|c| meet(self.window.span(*c), turn.span));
            for (n, cell) in within.enumerate() {
                let glyph = if n == 0 { sureness(turn).glyph().chars().next().unwrap_or(line) } else { line };
                cells[cell] = (glyph, role);
            }
        }
        let who = self.desk.voices.name_of(speaker);
        let role = if who.is_some() { Role::Named } else { Role::Unnamed };
        let name = vec![
            self.canvas.dim(pad(&speaker.to_string(), 4)),
            self.canvas.span(role, pad(&fit(who.unwrap_or("?"), NAME - 5), NAME - 4)),
        ];
        self.lane(name, cells);
    }

    /// Writes how surely a mouth speaks, `·` where it is seen and still.
    fn face(&mut self, identity: IdentityId, values: &[Option<f32>]) {
        let name = self.desk.card_of(identity).map_or_else(|| identity.to_string(), title);
        let is_said = self.desk.voices.row().is_some_and(|u| u.who == Some(identity));
        let cell = |value: &Option<f32>| match value {
            None => (' ', Role::Text),
            Some(v) if *v > 0.0 => (HEIGHTS[index(*v, 8)], Role::Good),
            Some(_) => ('·', Role::Dim),
        };
        self.named(&fit(&name, NAME - 1), if is_said { Role::Title } else { Role::Text }, values.iter().map(cell).collect());
    }

    /// Writes the words of the turn under the cursor where they are said.
    fn words(&mut self) {
        let Some(turn) = self.desk.voices.row() else { return };
        let Some(transcript) = self.desk.snapshot.spoken.transcript(turn.id) else { return };
        let mut cells = vec![(' ', Role::Text); self.window.cells];
        let mut free = 0;
        for word in &transcript.words {
            let Some(at) = self.window.cell(word.span.start().max(self.window.start)) else { continue };
            let at = at.max(free);
            for (cell, letter) in cells.iter_mut().skip(at).zip(word.text.chars()) {
                *cell = (letter, Role::Title);
            }
            free = at + word.text.chars().count() + 1;
        }
        self.named("words", Role::Dim, cells);
    }
}

/// Tells whether two spans have a moment in common.
fn meet(a: Span, b: Span) -> bool {
    a.start() < b.end() && b.start() < a.end()
}

/// Returns which of `most` steps a value `0..=1` takes; only none is 0.
fn index(value: f32, most: u8) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the steps")]
    let at = (value.clamp(0.0, 1.0) * f32::from(most)).ceil() as usize;
    at.min(usize::from(most))
}

/// An identity, and for each cell how surely its mouth speaks: `0..=1`, 0 where it is seen with a still mouth, none where it is not seen.
type Face = (IdentityId, Vec<Option<f32>>);

/// Returns the identities that are seen in the window.
fn faces(desk: &Desk, speech: &Speech, window: Window) -> Vec<Face> {
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
    lanes.into_iter().collect()
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
