//! How people move: heads wander and nod with the voice, eyes blink and look about.

use super::cast::CAST;
use super::face::Mood;
use super::noise::{hash, wander};
use super::script::{FPS, Spot};
use super::stage::Pose;
use super::vector::{bell, mix, step};
use super::voice::Speech;
use crate::domain::Size;

/// Returns how somebody stands at a time; `through` is how far the shot has gone, `0..=1`.
pub(super) fn pose(spot: &Spot, size: Size, t: f32, through: f32, talk: f32) -> Pose {
    let (a, b, u) = (spot.from, spot.to, step(0.0, 1.0, through));
    let seed = i32::try_from(spot.who).unwrap_or(0) * 10;
    let width = size.width as f32;
    let scale = mix(a.scale, b.scale, u) * width;
    let facing = mix(a.yaw, b.yaw, u);
    let sway = 0.05 * scale;
    Pose {
        x: width * (0.5 + mix(a.x, b.x, u)) + sway * wander(seed, 0.7 * t),
        y: 0.5 * size.height as f32 - width * mix(a.y, b.y, u) + 0.6 * sway * wander(seed + 1, 0.6 * t),
        scale,
        yaw: facing + 0.09 * wander(seed + 2, 0.9 * t) + 0.05 * talk * wander(seed + 3, 3.0 * t),
        pitch: 0.05 * wander(seed + 4, 0.8 * t) - 0.05 * talk * (0.6 + wander(seed + 5, 4.0 * t)),
        roll: 0.05 * wander(seed + 6, 0.7 * t),
        shoulders: 0.45 * facing + 0.03 * wander(seed + 7, 0.5 * t),
        before: 0.0,
    }
}

/// Returns what a face does at a time, and how much its person speaks then, `0..=1`.
pub(super) fn mood(who: usize, speeches: &[(usize, Speech)], t: f32) -> (Mood, f32) {
    let seed = i32::try_from(who).unwrap_or(0) * 10;
    let mut out = Mood { gaze: gaze(seed, t), blink: blink(seed, t), ..Mood::default() };
    let mut talk: f32 = 0.0;
    for (_, speech) in speeches.iter().filter(|(speaker, _)| *speaker == who) {
        talk = talk.max(step(speech.start - 0.3, speech.start, t) * step(speech.end + 0.3, speech.end, t));
        let (open, spread) = speech.mouth(t);
        if open > out.mouth {
            (out.mouth, out.spread) = (open, spread);
        }
    }
    out.brow = 0.5 * wander(seed + 8, 0.8 * t) + 0.5 * talk * wander(seed + 9, 2.2 * t);
    out.smile = CAST[who].smile * (1.0 - 0.6 * talk) * (0.7 + 0.3 * wander(seed + 8, 0.5 * t));
    (out, talk)
}

/// A blink about every three seconds; it lasts a fifth of one.
fn blink(seed: i32, t: f32) -> f32 {
    const EVERY: f32 = 3.1;
    let n = frames(t / EVERY);
    let at = (n as f32 + 0.15 + 0.7 * hash(seed, n, 41)) * EVERY;
    step(0.12, 0.85, bell(t - at, 0.085))
}

/// Eyes rest on one thing for about a second, and jump.
fn gaze(seed: i32, t: f32) -> (f32, f32) {
    let n = frames(t / 1.3 + hash(seed, 0, 43));
    (0.22 * (hash(seed, n, 44) - 0.5), 0.10 * (hash(seed, n, 45) - 0.5))
}

#[expect(clippy::cast_possible_truncation, reason = "a few counts a second of an episode")]
fn frames(x: f32) -> i32 {
    x.floor() as i32
}

/// Seconds at which a picture is shown.
pub(super) fn seconds(n: u32) -> f32 {
    n as f32 / FPS as f32
}
