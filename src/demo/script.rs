//! What happens: shots, who stands where in them, and who speaks when.

use super::backdrop::Place;
use super::cast::{ISAAC, JUNE, NELL, TOM, WALTER};

/// Pictures a second.
pub(super) const FPS: u32 = 25;

/// Where a head is in the picture; lengths are shares of the picture's width, from its middle, y up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Framing {
    pub x: f32,
    /// Height of the eyes.
    pub y: f32,
    /// Length of a face unit; a face is about 2.2 of them high.
    pub scale: f32,
    /// Radians, to the picture's right.
    pub yaw: f32,
}

/// Somebody in a shot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    /// Position in the cast.
    pub who: usize,
    pub from: Framing,
    pub to: Framing,
}

/// What the camera sees between two cuts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shot {
    pub place: Place,
    /// Pictures.
    pub length: u32,
    /// Pictures of the dissolve into it, half of them before its first; 0 for a cut.
    pub dissolve: u32,
    /// Part of the place that is seen: shift to the right as a share of the width, and magnification.
    pub view: (f32, f32),
    pub spots: &'static [Spot],
}

/// Somebody speaks; seconds from the start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub who: usize,
    pub from: f32,
    pub to: f32,
}

const fn at(x: f32, y: f32, scale: f32, yaw: f32) -> Framing {
    Framing { x, y, scale, yaw }
}

const fn moving(who: usize, from: Framing, to: Framing) -> Spot {
    Spot { who, from, to }
}

const fn still(who: usize, at: Framing) -> Spot {
    Spot { who, from: at, to: at }
}

pub(super) const SHOTS: [Shot; 13] = [
    Shot { place: Place::House, length: 46, dissolve: 0, view: (0.0, 1.0), spots: &[] },
    Shot {
        place: Place::Office,
        length: 101,
        dissolve: 0,
        view: (0.03, 1.0),
        spots: &[moving(NELL, at(-0.03, 0.055, 0.100, 0.10), at(-0.01, 0.050, 0.112, -0.06))],
    },
    Shot {
        place: Place::Office,
        length: 83,
        dissolve: 0,
        view: (-0.10, 1.35),
        spots: &[still(TOM, at(0.04, 0.045, 0.128, -0.20))],
    },
    Shot {
        place: Place::Office,
        length: 128,
        dissolve: 0,
        view: (0.0, 1.1),
        spots: &[
            moving(NELL, at(-0.20, 0.060, 0.088, 0.34), at(-0.19, 0.060, 0.088, 0.22)),
            still(TOM, at(0.20, 0.085, 0.092, -0.30)),
        ],
    },
    Shot {
        place: Place::Cafe,
        length: 97,
        dissolve: 0,
        view: (0.02, 1.0),
        spots: &[moving(ISAAC, at(0.07, 0.060, 0.086, -0.16), at(0.03, 0.040, 0.138, -0.04))],
    },
    Shot {
        place: Place::Cafe,
        length: 112,
        dissolve: 0,
        view: (-0.06, 1.15),
        spots: &[
            still(ISAAC, at(-0.19, 0.090, 0.095, 0.28)),
            moving(JUNE, at(0.19, 0.055, 0.086, -0.34), at(0.18, 0.055, 0.086, -0.20)),
        ],
    },
    Shot {
        place: Place::Parlour,
        length: 109,
        dissolve: 12,
        view: (0.0, 1.0),
        spots: &[moving(WALTER, at(0.02, 0.045, 0.124, -0.12), at(-0.03, 0.060, 0.096, 0.12))],
    },
    Shot {
        place: Place::Parlour,
        length: 74,
        dissolve: 0,
        view: (0.12, 1.4),
        spots: &[still(JUNE, at(-0.05, 0.050, 0.122, 0.22))],
    },
    Shot {
        place: Place::Parlour,
        length: 118,
        dissolve: 0,
        view: (-0.04, 1.15),
        spots: &[
            still(JUNE, at(-0.21, 0.050, 0.086, 0.26)),
            moving(WALTER, at(0.19, 0.080, 0.094, -0.30), at(0.19, 0.080, 0.094, -0.16)),
        ],
    },
    Shot {
        place: Place::Garden,
        length: 122,
        dissolve: 0,
        view: (0.0, 1.0),
        spots: &[
            still(NELL, at(-0.29, 0.045, 0.062, 0.20)),
            moving(ISAAC, at(0.00, 0.075, 0.066, -0.10), at(0.01, 0.075, 0.066, 0.16)),
            still(WALTER, at(0.29, 0.060, 0.064, -0.24)),
        ],
    },
    Shot {
        place: Place::Garden,
        length: 79,
        dissolve: 0,
        view: (-0.12, 1.35),
        spots: &[moving(TOM, at(-0.06, 0.050, 0.112, 0.22), at(-0.03, 0.045, 0.122, 0.04))],
    },
    Shot {
        place: Place::Garden,
        length: 66,
        dissolve: 0,
        view: (0.13, 1.45),
        spots: &[still(NELL, at(0.03, 0.045, 0.126, -0.14))],
    },
    Shot {
        place: Place::Cafe,
        length: 115,
        dissolve: 0,
        view: (0.05, 1.2),
        spots: &[
            still(TOM, at(-0.20, 0.075, 0.092, 0.26)),
            moving(JUNE, at(0.20, 0.050, 0.084, -0.10), at(0.20, 0.050, 0.084, -0.28)),
        ],
    },
];

const fn says(who: usize, from: f32, to: f32) -> Line {
    Line { who, from, to }
}

/// By time; one speaks over another only where the shot shows both.
pub(super) const LINES: [Line; 18] = [
    says(NELL, 1.1, 5.4),
    says(TOM, 6.2, 8.9),
    says(NELL, 9.5, 11.3),
    says(TOM, 11.5, 14.0),
    says(ISAAC, 14.7, 17.8),
    says(ISAAC, 18.6, 20.4),
    says(JUNE, 20.3, 22.4),
    says(WALTER, 23.1, 26.6),
    // Heard over a face that listens.
    says(WALTER, 27.2, 28.3),
    says(JUNE, 28.6, 29.8),
    says(JUNE, 30.4, 32.2),
    says(WALTER, 32.4, 34.4),
    says(NELL, 35.1, 36.7),
    says(ISAAC, 36.9, 38.4),
    says(WALTER, 38.5, 39.4),
    says(TOM, 40.0, 42.4),
    says(NELL, 43.2, 45.1),
    says(JUNE, 46.1, 49.2),
];

/// Number of pictures.
pub(super) fn length() -> u32 {
    SHOTS.iter().map(|s| s.length).sum()
}

/// Returns the shots with the number of their first picture.
pub(super) fn shots() -> impl Iterator<Item = (u32, &'static Shot)> {
    SHOTS.iter().scan(0, |start, shot| {
        let this = *start;
        *start += shot.length;
        Some((this, shot))
    })
}

/// Returns the shots that picture `n` shows, by position, with their weights; two in a dissolve.
pub(super) fn shown(n: u32) -> Vec<(usize, f32)> {
    let all: Vec<(u32, &Shot)> = shots().collect();
    let here = all.iter().rposition(|(start, _)| *start <= n).unwrap_or(0);
    for (at, other) in [(here, here.wrapping_sub(1)), (here + 1, here)] {
        let Some((start, shot)) = all.get(at) else { continue };
        let half = shot.dissolve / 2;
        if shot.dissolve > 0 && n + half >= *start && n < start + half {
            let weight = ((n + half - start) as f32 + 0.5) / shot.dissolve as f32;
            return vec![(other, 1.0 - weight), (at, weight)];
        }
    }
    vec![(here, 1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dissolve_lies_half_on_each_side_of_its_shot() {
        let (at, (start, shot)) = shots().enumerate().find(|(_, (_, s))| s.dissolve > 0).unwrap();
        assert_eq!(shown(start - shot.dissolve / 2 - 1), [(at - 1, 1.0)]);
        assert_eq!(shown(start + shot.dissolve / 2), [(at, 1.0)]);
        let weights = |n: u32| shown(n).iter().map(|s| s.1).collect::<Vec<f32>>();
        assert!(weights(start - 1)[1] < 0.5 && weights(start)[1] > 0.5);
        assert!((start - 6..start + 6).all(|n| (weights(n).iter().sum::<f32>() - 1.0).abs() < 1e-6));
    }

    #[test]
    fn lines_come_in_order_and_inside_the_episode() {
        assert!(LINES.windows(2).all(|w| w[0].from < w[1].from));
        assert!(LINES.iter().all(|l| l.from < l.to && l.to < length() as f32 / FPS as f32));
    }
}
