//! Presence over seasons: a row a season, cells for each episode, shaded by how long somebody is seen in them.

use super::super::super::draw::Canvas;
use super::super::super::model::Model;
use super::super::super::text::{length, pad, seconds};
use super::super::super::theme::Role;
use super::share;
use crate::domain::{EpisodeId, MediaTime, Span as Time};
use crate::session::{CastLine, CastState, PersonLine};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::collections::BTreeSet;

/// Shares of a cell's time up to which it has each shade; above the last it is full.
const SHADES: [(f64, &str); 3] = [(0.1, "░"), (0.25, "▒"), (0.5, "▓")];
const FULL: &str = "█";
const NONE: &str = "·";
/// Not measured.
const UNKNOWN: &str = "?";
/// Cells below this length are told in tenths of a second.
const SHORT: MediaTime = MediaTime(60_000_000);
/// Most cells of an episode.
const WIDEST: usize = 8;

/// One season of a show.
pub(super) struct Season<'a> {
    name: String,
    episodes: Vec<&'a CastLine>,
}

/// Returns the seasons in which somebody is seen, or in whose cast they are, of the show at hand or of all.
pub(super) fn seasons<'a>(model: &'a Model, person: &PersonLine) -> Vec<Season<'a>> {
    let holdings = &model.holdings;
    let seen: BTreeSet<&EpisodeId> = person.episodes.iter().map(|e| &e.episode).collect();
    let mut seasons: Vec<(Option<&str>, Option<u32>, Season<'a>)> = Vec::new();
    let is_here = |l: &&CastLine| holdings.people.show.as_deref().is_none_or(|show| l.entry.show.as_deref() == Some(show));
    for line in holdings.casts.iter().filter(is_here) {
        let (show, season) = (line.entry.show.as_deref(), line.entry.season);
        match seasons.iter_mut().find(|s| (s.0, s.1) == (show, season)) {
            Some((.., known)) => known.episodes.push(line),
            None => seasons.push((show, season, Season { name: name(model, show, season), episodes: vec![line] })),
        }
    }
    let has_part = |show: Option<&str>, season: Option<u32>| {
        let mut parts = holdings.directory.memberships.values().filter(|m| Some(m.person) == person.id);
        parts.any(|m| Some(m.show.as_str()) == show && (m.seasons.is_empty() || season.is_some_and(|n| m.seasons.contains(&n))))
    };
    let is_shown = |s: &(Option<&str>, Option<u32>, Season<'_>)| {
        has_part(s.0, s.1) || s.2.episodes.iter().any(|l| seen.contains(&l.entry.id))
    };
    seasons.into_iter().filter(is_shown).map(|(.., season)| season).collect()
}

fn name(model: &Model, show: Option<&str>, season: Option<u32>) -> String {
    let number = season.map(|n| format!("s{n:02}")).unwrap_or_default();
    match (show.filter(|_| model.holdings.people.show.is_none()), season) {
        (Some(show), _) => format!("{show} {number}").trim_end().to_owned(),
        (None, Some(_)) => number,
        (None, None) => "no season".into(),
    }
}

/// Returns how many lines the strip of these seasons has, legend and all; `rows` are there.
pub(super) fn lines(seasons: &[Season<'_>], rows: usize) -> usize {
    let each = if seasons.len() * 2 < rows { 2 } else { 1 };
    (seasons.len() * each).min(rows.saturating_sub(1)) + 1
}

/// Paints the strip; the episode under the cursor is marked.
pub(super) fn draw(
    seasons: &[Season<'_>],
    person: &PersonLine,
    here: Option<&EpisodeId>,
    canvas: &mut Canvas<'_, '_>,
    area: Rect,
) {
    let wide = usize::from(area.width);
    let name = seasons.iter().map(|s| super::width(&s.name)).max().unwrap_or(0).min(wide / 3) + 2;
    let most = seasons.iter().map(|s| s.episodes.len()).max().unwrap_or(1).max(1);
    // A gap stands between episodes that have several cells.
    let step = (wide.saturating_sub(name) / most).clamp(1, WIDEST + 1);
    let parts = if step > 2 { step - 1 } else { step };
    let fits = (wide.saturating_sub(name) / step).max(1);
    let rows = usize::from(area.height);
    let each = if lines(seasons, rows) == seasons.len() * 2 + 1 { 2 } else { 1 };
    // The season under the cursor is shown, whatever else is.
    let at = seasons.iter().position(|s| s.episodes.iter().any(|l| Some(&l.entry.id) == here)).unwrap_or(0);
    let shown = (rows.saturating_sub(1) / each).max(1);
    let first = (at + 1).saturating_sub(shown);
    for (row, season) in seasons.iter().skip(first).take(shown).enumerate() {
        let row = u16::try_from(row * each).unwrap_or(u16::MAX);
        let within = season.episodes.iter().position(|l| Some(&l.entry.id) == here);
        // Of a season that has no room, the part around the cursor.
        let from = within.map_or(0, |w| (w + 1).saturating_sub(fits));
        let episodes = || season.episodes.iter().enumerate().skip(from).take(fits);
        let mut cells = vec![canvas.dim(pad(&season.name, name))];
        let mut numbers = vec![canvas.span(Role::Text, " ".repeat(name))];
        for (at, line) in episodes() {
            let is_here = Some(at) == within;
            let role = if is_here { Role::Accent } else { Role::Spark };
            cells.extend(episode(line, person, parts).into_iter().map(|cell| match cell {
                NONE | UNKNOWN if !is_here => canvas.dim(cell),
                cell => canvas.span(role, cell),
            }));
            cells.push(canvas.span(Role::Text, " ".repeat(step - parts)));
            numbers.push(number(canvas, line, at, step, is_here));
        }
        canvas.line(area, row, Line::from(cells));
        if each == 2 {
            canvas.line(area, row + 1, Line::from(numbers));
        }
    }
    let used = u16::try_from(shown.min(seasons.len() - first.min(seasons.len())) * each).unwrap_or(u16::MAX);
    canvas.line(area, used, legend(seasons, parts, canvas));
}

/// The number of an episode below its cells: each where there is room, else every fifth; the one under the cursor always.
fn number<'t>(canvas: &Canvas<'_, '_>, line: &CastLine, at: usize, step: usize, is_here: bool) -> Span<'t> {
    let number = line.entry.episode.map_or_else(|| (at + 1).to_string(), |n| n.to_string());
    let text = match (is_here, step) {
        (true, 1) => "▲".to_owned(),
        (_, 3..) => pad(&number, step),
        (_, 2) if number.len() < 2 || is_here => pad(&number, step),
        _ => " ".repeat(step),
    };
    canvas.span(if is_here { Role::Title } else { Role::Dim }, text)
}

/// Returns the cells of an episode, as shades.
fn episode(line: &CastLine, person: &PersonLine, parts: usize) -> Vec<&'static str> {
    if !matches!(line.state, CastState::Known(_)) {
        return vec![UNKNOWN; parts];
    }
    let Some(seen) = person.episodes.iter().find(|e| e.episode == line.entry.id) else { return vec![NONE; parts] };
    shares(&seen.visual, seen.origin, seen.duration, parts).into_iter().map(shade).collect()
}

fn shade(share: f64) -> &'static str {
    if share <= 0.0 {
        return NONE;
    }
    SHADES.iter().find(|(most, _)| share <= *most).map_or(FULL, |(_, shade)| shade)
}

/// Returns how much of each part of an episode disjoint spans fill, `0..=1`.
pub(super) fn shares(spans: &[Time], origin: MediaTime, duration: MediaTime, parts: usize) -> Vec<f64> {
    let count = i64::try_from(parts.max(1)).unwrap_or(1);
    let edge = |i: i64| MediaTime(origin.0 + portion(duration.0, i, count));
    (0..count)
        .map(|i| {
            let (from, to) = (edge(i), edge(i + 1));
            let seen: i64 = spans.iter().map(|s| (s.end().0.min(to.0) - s.start().0.max(from.0)).max(0)).sum();
            share(MediaTime(seen), to - from)
        })
        .collect()
}

/// Returns `i / count` of a length.
fn portion(length: i64, i: i64, count: i64) -> i64 {
    i64::try_from(i128::from(length) * i128::from(i) / i128::from(count.max(1))).unwrap_or(i64::MAX)
}

/// What the shades mean, in minutes of what a cell stands for.
fn legend<'t>(seasons: &[Season<'_>], parts: usize, canvas: &Canvas<'_, '_>) -> Line<'t> {
    let mut lengths: Vec<i64> = seasons
        .iter()
        .flat_map(|s| &s.episodes)
        .filter_map(|l| match &l.state {
            CastState::Known(cast) => Some(cast.duration.0),
            _ => None,
        })
        .collect();
    lengths.sort_unstable();
    let cell = lengths.get(lengths.len() / 2).map_or(0, |l| l / i64::try_from(parts.max(1)).unwrap_or(1));
    let text = |t: MediaTime| if cell < SHORT.0 { seconds(t) } else { length(t) };
    let time = |share: f64| text(MediaTime::from_secs(MediaTime(cell).secs() * share));
    let mut spans = vec![canvas.dim(format!("a cell is {}:  {NONE} none", text(MediaTime(cell))))];
    for (share, shade) in SHADES {
        spans.push(canvas.span(Role::Spark, format!("  {shade}")));
        spans.push(canvas.dim(format!(" to {}", time(share))));
    }
    spans.push(canvas.span(Role::Spark, format!("  {FULL}")));
    spans.push(canvas.dim(" more"));
    if seasons.iter().flat_map(|s| &s.episodes).any(|l| !matches!(l.state, CastState::Known(_))) {
        spans.push(canvas.dim(format!("  {UNKNOWN} not measured")));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_says_how_much_of_its_part_somebody_is_seen() {
        let span = |from: i64, to: i64| Time::new(MediaTime(from), MediaTime(to));
        let spans = [span(100, 110), span(120, 130), span(145, 180)];
        assert_eq!(shares(&spans, MediaTime(100), MediaTime(80), 4), [0.5, 0.5, 0.75, 1.0]);
        assert_eq!(shares(&spans, MediaTime(100), MediaTime(80), 1), [55.0 / 80.0]);
        assert_eq!(shares(&[], MediaTime(0), MediaTime(0), 2), [0.0, 0.0]);
        assert_eq!([0.0, 0.0001, 0.1, 0.2, 0.5, 0.51, 1.0].map(shade), [NONE, "░", "░", "▒", "▓", FULL, FULL]);
    }
}
