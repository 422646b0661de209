//! The places behind the people: soft shapes, as a camera shows what is out of focus.

use super::light::Light;
use super::noise::{hash, noise};
use super::vector::{Vec3, bell, mix, step, vec3};

/// Where a scene plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Office,
    Cafe,
    Parlour,
    Garden,
    /// The house from outside, without anyone.
    House,
}

/// Colour of a place at a point: `x` and `y` are shares of the picture's width, from its middle, y up.
pub(super) fn colour(place: Place, x: f32, y: f32) -> Vec3 {
    match place {
        Place::Office => office(x, y),
        Place::Cafe => cafe(x, y),
        Place::Parlour => parlour(x, y),
        Place::Garden => garden(x, y),
        Place::House => house(x, y),
    }
}

pub(super) fn light(place: Place) -> Light {
    let (lamp, above, below, behind) = match place {
        Place::Office => (vec3(1.00, 0.98, 0.95), vec3(0.34, 0.37, 0.41), vec3(0.19, 0.18, 0.17), vec3(0.36, 0.42, 0.50)),
        Place::Cafe => (vec3(1.08, 0.88, 0.68), vec3(0.26, 0.22, 0.20), vec3(0.17, 0.12, 0.09), vec3(0.55, 0.36, 0.20)),
        Place::Parlour => (vec3(1.02, 0.92, 0.80), vec3(0.33, 0.30, 0.28), vec3(0.22, 0.17, 0.13), vec3(0.30, 0.30, 0.36)),
        Place::Garden | Place::House => {
            (vec3(1.12, 1.06, 0.94), vec3(0.38, 0.44, 0.52), vec3(0.20, 0.22, 0.14), vec3(0.45, 0.46, 0.40))
        }
    };
    Light { lamp, above, below, behind }
}

/// How much a soft rectangle covers a point.
fn block(x: f32, y: f32, (left, right): (f32, f32), (bottom, top): (f32, f32), soft: f32) -> f32 {
    step(left - soft, left + soft, x)
        * step(right + soft, right - soft, x)
        * step(bottom - soft, bottom + soft, y)
        * step(top + soft, top - soft, y)
}

fn disc(x: f32, y: f32, (cx, cy): (f32, f32), radius: f32, soft: f32) -> f32 {
    step(radius + soft, radius - soft, (x - cx).hypot(y - cy))
}

/// Returns where the middle of the cell of width `wide` around `x` lies, and its number.
fn cell(x: f32, wide: f32) -> (f32, i32) {
    let n = (x / wide).floor();
    #[expect(clippy::cast_possible_truncation, reason = "a few hundred cells at most")]
    let number = n as i32;
    ((n + 0.5) * wide, number)
}

fn office(x: f32, y: f32) -> Vec3 {
    let mut c = vec3(0.25, 0.29, 0.31).mix(vec3(0.36, 0.38, 0.38), step(-0.3, 0.3, y));
    // A window with a town behind it.
    let (pane, n) = cell(x + 0.37, 0.125);
    let sky = vec3(0.62, 0.78, 0.95).mix(vec3(0.92, 0.95, 0.98), step(0.25, 0.0, y));
    let tower = -0.02 + 0.12 * hash(n, 3, 1);
    let town = sky.mix(vec3(0.36, 0.42, 0.50), step(tower + 0.01, tower - 0.01, y));
    let glass = block(x, y, (-0.37, -0.12), (-0.06, 0.26), 0.008) * step(0.056, 0.049, (x + 0.37 - pane).abs());
    c = c.mix(town, glass);
    // Shelves with books.
    let shelf = block(x, y, (0.10, 0.44), (-0.30, 0.27), 0.006);
    c = c.mix(vec3(0.16, 0.10, 0.06), shelf);
    let (row, r) = cell(y, 0.11);
    let (book, b) = cell(x, 0.021);
    let high = 0.026 + 0.018 * hash(b, r, 7);
    let inside = block(x, y, (0.115, 0.425), (-0.28, 0.255), 0.004);
    let spine = step(0.011, 0.006, (x - book).abs())
        * step(row - 0.048, row - 0.042, y)
        * step(row - 0.04 + 2.0 * high, row - 0.048 + 2.0 * high, y);
    // Cloth bindings: ochre, brick, moss, slate.
    let warm = vec3(0.42, 0.24, 0.07).mix(vec3(0.34, 0.07, 0.05), hash(b, r, 1));
    let cool = vec3(0.10, 0.17, 0.07).mix(vec3(0.08, 0.13, 0.22), hash(b, r, 2));
    let cover = warm.mix(cool, step(0.35, 0.65, hash(b, r, 3))) * (0.5 + 0.7 * hash(b, r, 4));
    c = c.mix(cover, spine * inside);
    // A plant: leaves fan out from its pot.
    let (dx, dy) = (x - 0.03, y + 0.20);
    let (angle, reach) = (dx.atan2(dy), dx.hypot(dy));
    let (leaf, n) = cell(angle, 0.30);
    let length = 0.13 + 0.07 * hash(n, 8, 2);
    let half = 0.13 * bell(reach / length - 0.62, 0.40);
    let on = step(half + 0.03, half, (angle - leaf).abs()) * step(length, length - 0.02, reach) * step(1.5, 1.3, angle.abs());
    let vein = 0.75 + 0.25 * step(0.0, 0.03, (angle - leaf).abs());
    c = c.mix(vec3(0.05, 0.17, 0.06) * (vein * (0.7 + 0.6 * hash(n, 9, 2))), on);
    c.mix(vec3(0.32, 0.14, 0.08), block(x, y, (-0.015, 0.075), (-0.32, -0.195), 0.004))
}

fn cafe(x: f32, y: f32) -> Vec3 {
    let brick = 0.85 + 0.3 * noise(vec3(x * 40.0, y * 90.0, 1.0));
    let mut c = vec3(0.17, 0.085, 0.055) * (brick * (0.8 + 0.8 * step(-0.2, 0.4, y)));
    // A board with writing that is too far to read.
    let board = block(x, y, (-0.36, -0.06), (0.02, 0.24), 0.006);
    let (line, l) = cell(y, 0.035);
    let word = step(0.35, 0.55, noise(vec3(x * 60.0, f32::from(l.rem_euclid(50) == 0) + line * 40.0, 2.0)))
        * step(0.010, 0.005, (y - line).abs());
    let chalk = word * block(x, y, (-0.34, -0.08), (0.04, 0.22), 0.006);
    c = c.mix(vec3(0.025, 0.03, 0.03).mix(vec3(0.5, 0.5, 0.46), 0.7 * chalk), board);
    // Bottles before a bright shelf.
    let shelf = block(x, y, (0.08, 0.46), (-0.02, 0.22), 0.008);
    let (bottle, b) = cell(x, 0.032);
    let top = 0.07 + 0.07 * hash(b, 4, 4);
    let body = step(0.013, 0.009, (x - bottle).abs()) * step(top, top - 0.02, y);
    let neck = step(0.006, 0.003, (x - bottle).abs()) * step(top + 0.045, top + 0.035, y);
    let glass = vec3(0.10 + 0.4 * hash(b, 1, 1), 0.12 + 0.25 * hash(b, 2, 1), 0.06 + 0.12 * hash(b, 3, 1));
    c = c.mix(vec3(0.75, 0.52, 0.26).mix(glass, body.max(neck)), shelf);
    // The counter, and lamps that blur to discs.
    c = c.mix(vec3(0.10, 0.055, 0.03), step(-0.05, -0.06, y));
    c = c.mix(vec3(0.20, 0.12, 0.06), bell(y + 0.055, 0.010));
    for (lx, ly, r) in
        [(-0.42, 0.20, 0.022), (-0.02, 0.235, 0.030), (0.22, 0.25, 0.026), (0.47, 0.21, 0.020), (-0.21, 0.262, 0.018)]
    {
        c = c + vec3(1.3, 0.82, 0.40) * (0.75 * disc(x, y, (lx, ly), r, 0.006) + 0.25 * bell((x - lx).hypot(y - ly), 0.09));
    }
    c
}

fn parlour(x: f32, y: f32) -> Vec3 {
    let stripe = 0.93 + 0.07 * step(0.3, 0.7, (0.5 + 0.5 * (x * 130.0).sin()).clamp(0.0, 1.0));
    let mut c = vec3(0.42, 0.33, 0.22) * stripe;
    // A painted landscape in a frame.
    let hill = 0.10 + 0.03 * (x * 19.0).sin();
    let land = vec3(0.50, 0.60, 0.68).mix(vec3(0.16, 0.26, 0.12), step(hill + 0.006, hill - 0.006, y));
    c = c.mix(vec3(0.30, 0.19, 0.05), block(x, y, (-0.30, -0.02), (0.02, 0.24), 0.005));
    c = c.mix(land, block(x, y, (-0.28, -0.04), (0.04, 0.22), 0.004));
    // A standing lamp and its glow.
    let shade = step(0.055 + 0.35 * (0.19 - y), 0.045 + 0.35 * (0.19 - y), (x - 0.30).abs())
        * block(x, y, (0.1, 0.5), (0.07, 0.19), 0.004);
    c = c + vec3(0.75, 0.50, 0.22) * (0.7 * bell((x - 0.30).hypot(y - 0.11), 0.20));
    c = c.mix(vec3(0.07, 0.05, 0.03), step(0.006, 0.004, (x - 0.30).abs()) * step(0.07, 0.06, y));
    c = c.mix(vec3(1.25, 0.95, 0.55), shade);
    // A curtain at the edge, and the sofa.
    let fold = 0.55 + 0.45 * (0.5 + 0.5 * (x * 210.0).sin());
    c = c.mix(vec3(0.20, 0.05, 0.06) * fold, step(-0.36, -0.38, x));
    let back = -0.115 + 0.012 * bell(x + 0.2, 0.12) + 0.012 * bell(x - 0.2, 0.12);
    let cushion = 0.85 + 0.15 * step(0.004, 0.010, x.abs());
    c.mix(vec3(0.09, 0.13, 0.12) * cushion, step(back + 0.005, back - 0.005, y))
}

fn leaves(x: f32, y: f32, seed: f32, fine: f32) -> f32 {
    0.6 * noise(vec3(x * fine, y * fine, seed)) + 0.4 * noise(vec3(x * fine * 2.3, y * fine * 2.3, seed + 9.0))
}

fn garden(x: f32, y: f32) -> Vec3 {
    let mut c = vec3(0.55, 0.75, 1.0).mix(vec3(0.95, 0.97, 0.96), step(0.28, 0.0, y));
    let far = 0.06 + 0.05 * noise(vec3(x * 9.0, 0.0, 1.0));
    c = c.mix(vec3(0.28, 0.40, 0.32), step(far + 0.01, far - 0.01, y));
    let wood = step(0.42, 0.56, leaves(x, y, 2.0, 16.0) + 0.9 * (0.25 - (y - 0.06)) * step(0.10, 0.42, x.abs()) - 0.10);
    c = c.mix(vec3(0.10, 0.24, 0.06) * (0.6 + 0.9 * leaves(x, y, 5.0, 30.0)), wood * step(-0.1, 0.0, y));
    c = c.mix(vec3(0.22, 0.36, 0.10) * (0.8 + 0.4 * noise(vec3(x * 30.0, y * 90.0, 4.0))), step(-0.05, -0.07, y));
    // Sunlight between the leaves.
    for n in 0..14 {
        let at = (hash(n, 1, 5) - 0.5, 0.05 + 0.22 * hash(n, 2, 5));
        let r = 0.008 + 0.014 * hash(n, 3, 5);
        c = c + vec3(0.9, 0.9, 0.6) * (0.35 * disc(x, y, at, r, 0.004) * step(0.08, 0.3, at.0.abs()));
    }
    c
}

fn house(x: f32, y: f32) -> Vec3 {
    let mut c = vec3(0.30, 0.48, 0.80).mix(vec3(0.85, 0.90, 0.95), step(0.3, -0.05, y));
    let cloud = step(0.50, 0.75, leaves(x * 0.6, y * 1.6, 8.0, 7.0));
    c = c.mix(vec3(0.95, 0.95, 0.95), 0.7 * cloud * step(0.0, 0.15, y));
    let brick = 0.85 + 0.25 * noise(vec3(x * 90.0, y * 200.0, 6.0));
    let roof = step(0.20 - 0.55 * (x.abs() - 0.02).max(0.0), 0.195 - 0.55 * (x.abs() - 0.02).max(0.0), y) * step(0.055, 0.06, y);
    c = c.mix(vec3(0.20, 0.09, 0.07), roof * step(0.30, 0.295, x.abs()));
    c = c.mix(vec3(0.50, 0.30, 0.20) * brick, block(x, y, (-0.25, 0.25), (-0.20, 0.06), 0.002));
    for (wx, wy) in [(-0.17, 0.0), (0.0, 0.0), (0.17, 0.0), (-0.17, -0.12), (0.17, -0.12)] {
        c = c.mix(vec3(0.80, 0.78, 0.72), block(x, y, (wx - 0.036, wx + 0.036), (wy - 0.042, wy + 0.042), 0.002));
        let shine = mix(0.12, 0.5, step(0.0, 0.06, (x - wx) + (y - wy) + 0.02));
        c = c.mix(vec3(0.30, 0.42, 0.55) * shine, block(x, y, (wx - 0.030, wx + 0.030), (wy - 0.036, wy + 0.036), 0.0015));
        let bars = step(0.004, 0.002, (x - wx).abs()).max(step(0.004, 0.002, (y - wy).abs()));
        c = c.mix(vec3(0.80, 0.78, 0.72), bars * block(x, y, (wx - 0.030, wx + 0.030), (wy - 0.036, wy + 0.036), 0.0015));
    }
    c = c.mix(vec3(0.08, 0.16, 0.20), block(x, y, (-0.032, 0.032), (-0.20, -0.075), 0.002));
    c = c.mix(vec3(0.17, 0.30, 0.08) * (0.7 + 0.6 * noise(vec3(x * 60.0, y * 160.0, 4.0))), step(-0.17, -0.18, y));
    c = c.mix(vec3(0.45, 0.42, 0.38), step(0.05 + 0.5 * (-0.17 - y), 0.045 + 0.5 * (-0.17 - y), x.abs()) * step(-0.17, -0.18, y));
    let crown = disc(x, y, (0.37, 0.06), 0.15, 0.03) * step(0.38, 0.52, leaves(x, y, 12.0, 18.0) + 0.15);
    c = c.mix(vec3(0.10, 0.06, 0.035), block(x, y, (0.355, 0.385), (-0.20, 0.0), 0.003));
    c.mix(vec3(0.09, 0.22, 0.06) * (0.5 + leaves(x, y, 3.0, 40.0)), crown)
}
