//! Turns that several people say one after the other: the diariser took them for one voice.

use super::evidence::Smooth;
use super::timeline::Timeline;
use super::{Mouth, Params, Scene};
use crate::domain::{IdentityId, MediaTime, MouthScores, Span, Turn};

const STEP: i64 = MouthScores::STEP.0;

/// Some steps of a turn in which one mouth speaks more than all others.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    identity: IdentityId,
    first: usize,
    last: usize,
    /// How many of them.
    steps: usize,
}

/// Returns the turns, cut where after one mouth another one speaks for some time; what a person decided of is left whole.
///
/// The parts keep the number of their turn.
pub(super) fn cut(params: &Params, scene: &Scene<'_>, timeline: &Timeline) -> Vec<Turn> {
    let mut order: Vec<&Mouth<'_>> = scene.mouths.iter().filter(|m| !m.scores.is_empty()).collect();
    order.sort_by_key(|m| (m.start, m.identity));
    let mut mouths = order.into_iter().peekable();
    let mut near: Vec<Smooth> = Vec::new();
    let mut parts = Vec::with_capacity(timeline.turns().len());
    for turn in timeline.turns() {
        near.retain(|m| m.end() > turn.span.start());
        while let Some(mouth) = mouths.next_if(|m| m.start < turn.span.end()) {
            let mouth = Smooth::new(mouth, params.smooth, scene.mark);
            if mouth.end() > turn.span.start() {
                near.push(mouth);
            }
        }
        let decided = scene.decided;
        if decided.turns.contains_key(&turn.id) || decided.speakers.contains_key(&turn.speaker) {
            parts.push(*turn);
            continue;
        }
        let stretches = stretches(&near, turn.span, f64::from(params.cut_min_s));
        let mut from = turn.span.start();
        for pair in stretches.windows(2) {
            let middle = i64::try_from(pair[0].last + 1 + pair[1].first).unwrap_or(0) * STEP / 2;
            let at = turn.span.start() + MediaTime(middle);
            parts.push(Turn { span: Span::new(from, at), ..*turn });
            from = at;
        }
        parts.push(Turn { span: Span::new(from, turn.span.end()), ..*turn });
    }
    parts
}

/// Returns who speaks most, stretch by stretch: neighbours are of different faces, none is shorter than `least` seconds.
fn stretches(near: &[Smooth], span: Span, least: f64) -> Vec<Stretch> {
    let steps = usize::try_from(span.len().0 / STEP).unwrap_or(0);
    let mut best: Vec<Option<(f32, IdentityId)>> = vec![None; steps];
    for mouth in near {
        let skipped = usize::try_from((mouth.time(0) - span.start()).0.max(0) / STEP).unwrap_or(usize::MAX);
        for (best, score) in best.iter_mut().skip(skipped).zip(mouth.within(span)) {
            if *score > 0.0 && best.is_none_or(|(known, _)| *score > known) {
                *best = Some((*score, mouth.identity));
            }
        }
    }
    let mut found: Vec<Stretch> = Vec::new();
    for (step, identity) in best.iter().enumerate().filter_map(|(n, b)| Some((n, (*b)?.1))) {
        join(&mut found, Stretch { identity, first: step, last: step, steps: 1 });
    }
    let long = found.into_iter().filter(|s| s.steps as f64 * MouthScores::STEP.secs() >= least);
    let mut joined = Vec::new();
    long.for_each(|stretch| join(&mut joined, stretch));
    joined
}

fn join(stretches: &mut Vec<Stretch>, next: Stretch) {
    match stretches.last_mut().filter(|last| last.identity == next.identity) {
        Some(last) => (last.last, last.steps) = (next.last, last.steps + next.steps),
        None => stretches.push(next),
    }
}
