//! Mouth scores, smoothed, and which of them lie near a turn.

use super::{Mouth, Params, Scene};
use crate::domain::{IdentityId, MediaTime, MouthScores, Span};
use std::collections::BTreeMap;

const STEP: i64 = MouthScores::STEP.0;

/// Scores of a mouth, smoothed, less the mark.
#[derive(Debug)]
pub(super) struct Smooth {
    pub(super) identity: IdentityId,
    start: MediaTime,
    scores: Vec<f32>,
}

/// Returns the mouths of a scene, by start. Those of one face do not overlap: where it is seen twice at once, as in a mirror, what speaks
/// most of it counts, once.
pub(super) fn smooth(params: &Params, scene: &Scene<'_>) -> Vec<Smooth> {
    let mut seen: Vec<&Mouth<'_>> = scene.mouths.iter().filter(|m| !m.scores.is_empty()).collect();
    seen.sort_by_key(|m| m.start);
    let mut of_faces: BTreeMap<IdentityId, Vec<Smooth>> = BTreeMap::new();
    for mouth in seen {
        lay(of_faces.entry(mouth.identity).or_default(), Smooth::new(mouth, params.smooth, scene.mark));
    }
    let mut mouths: Vec<Smooth> = of_faces.into_values().flatten().collect();
    mouths.sort_by_key(|m| (m.start, m.identity));
    mouths
}

/// Adds a mouth to those of its face, which begin no later than it.
fn lay(known: &mut Vec<Smooth>, mut mouth: Smooth) {
    let Some(reached) = known.last().map(Smooth::end).filter(|reached| mouth.start < *reached) else { return known.push(mouth) };
    let twice = Span::new(mouth.start, reached);
    for (at, score) in mouth.timed(twice) {
        if let Some(score_of) = known.iter_mut().rev().find_map(|k| k.at(at)) {
            *score_of = score_of.max(score);
        }
    }
    let rest = mouth.range(twice).end;
    mouth.start = mouth.time(rest);
    mouth.scores.drain(..rest);
    if !mouth.scores.is_empty() {
        known.push(mouth);
    }
}

/// The mouths near turns that are asked for by their start.
#[derive(Debug)]
pub(super) struct Near<'a> {
    rest: &'a [Smooth],
    near: Vec<&'a Smooth>,
}

impl<'a> Near<'a> {
    /// Takes mouths by their start.
    pub(super) fn new(mouths: &'a [Smooth]) -> Self {
        Self { rest: mouths, near: Vec::new() }
    }

    /// Returns the mouths that are seen in `span`, which begins no earlier than the one asked for before.
    pub(super) fn over(&mut self, span: Span) -> Vec<&'a Smooth> {
        self.near.retain(|m| m.end() > span.start());
        let begun = self.rest.partition_point(|m| m.start < span.end());
        let (new, rest) = self.rest.split_at(begun);
        self.near.extend(new.iter().filter(|m| m.end() > span.start()));
        self.rest = rest;
        // A longer turn before may have reached further.
        self.near.iter().copied().filter(|m| m.start < span.end()).collect()
    }
}

impl Smooth {
    /// Averages over `width` scores around each, fewer at the ends.
    fn new(mouth: &Mouth<'_>, width: usize, mark: f32) -> Self {
        let (half, raw) = (width / 2, mouth.scores);
        let mut scores = Vec::with_capacity(raw.len());
        for i in 0..raw.len() {
            let window = &raw[i.saturating_sub(half)..(i + half + 1).min(raw.len())];
            scores.push(window.iter().sum::<f32>() / window.len() as f32 - mark);
        }
        Self { identity: mouth.identity, start: mouth.start, scores }
    }

    pub(super) fn end(&self) -> MediaTime {
        self.time(self.scores.len())
    }

    /// Returns the part of `span` in which it is seen.
    pub(super) fn seen(&self, span: Span) -> Span {
        Span::new(self.start.max(span.start()), self.end().min(span.end()))
    }

    fn time(&self, index: usize) -> MediaTime {
        self.start + MediaTime(i64::try_from(index).unwrap_or(i64::MAX).saturating_mul(STEP))
    }

    fn range(&self, span: Span) -> std::ops::Range<usize> {
        let at = |t: MediaTime| {
            let steps = (t - self.start).0.saturating_add(STEP - 1).div_euclid(STEP).max(0);
            usize::try_from(steps).unwrap_or(usize::MAX).min(self.scores.len())
        };
        at(span.start())..at(span.end())
    }

    /// Returns the score that holds at a moment.
    fn at(&mut self, time: MediaTime) -> Option<&mut f32> {
        let steps = (time - self.start).0.div_euclid(STEP);
        self.scores.get_mut(usize::try_from(steps).ok()?)
    }

    /// Returns the scores in `span`.
    pub(super) fn within(&self, span: Span) -> &[f32] {
        self.scores.get(self.range(span)).unwrap_or_default()
    }

    /// Returns the scores in `span` with their times.
    pub(super) fn timed(&self, span: Span) -> impl Iterator<Item = (MediaTime, f32)> + '_ {
        self.range(span).map(|i| (self.time(i), self.scores[i]))
    }

    /// Adds the stretches of `span` in which it speaks.
    pub(super) fn spoken_spans(&self, span: Span, out: &mut Vec<Span>) {
        let range = self.range(span);
        let mut since = None;
        for i in range.clone() {
            match (self.scores[i] > 0.0, since) {
                (true, None) => since = Some(i),
                (false, Some(from)) => {
                    out.push(Span::new(self.time(from), self.time(i)));
                    since = None;
                }
                _ => {}
            }
        }
        if let Some(from) = since {
            out.push(Span::new(self.time(from), self.time(range.end)));
        }
    }
}
