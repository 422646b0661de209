//! Turns that several people say one after the other: the diariser took them for one voice.

use super::mouths::{Near, Smooth};
use super::timeline::Timeline;
use super::{Params, Scene};
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

/// Returns the turns, cut where after one mouth another one speaks for some time while no other voice is heard; a turn that a person said
/// whose it is, or whose voice, is left whole.
///
/// The parts keep the number of their turn.
pub(super) fn cut(params: &Params, scene: &Scene<'_>, mouths: &[Smooth], timeline: &Timeline) -> Vec<Turn> {
    let mut near = Near::new(mouths);
    let mut parts = Vec::with_capacity(timeline.turns().len());
    for (i, turn) in timeline.turns().iter().enumerate() {
        let near = near.over(turn.span);
        let decided = scene.decided;
        if decided.turns.contains_key(&turn.id) || decided.speakers.contains_key(&turn.speaker) {
            parts.push(*turn);
            continue;
        }
        let stretches = stretches(&near, turn.span, &timeline.alone(i), f64::from(params.cut_min_s));
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

/// Returns who speaks most in `alone`, stretch by stretch: neighbours are of different faces, none is shorter than `least` seconds.
fn stretches(near: &[&Smooth], span: Span, alone: &[Span], least: f64) -> Vec<Stretch> {
    let steps = usize::try_from((span.len().0 + STEP - 1) / STEP).unwrap_or(0);
    let mut best: Vec<Option<(f32, IdentityId)>> = vec![None; steps];
    for mouth in near {
        for (at, score) in alone.iter().flat_map(|part| mouth.timed(*part)) {
            let step = usize::try_from((at - span.start()).0 / STEP).unwrap_or(usize::MAX);
            let Some(best) = best.get_mut(step) else { continue };
            if score > 0.0 && best.is_none_or(|(known, _)| score > known) {
                *best = Some((score, mouth.identity));
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
