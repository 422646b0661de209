//! From the displayed picture to the stored one.

use crate::domain::{Affine, Size};

/// Says how a stored picture is turned and mirrored for display: one of the eight ways to lay a rectangle on its place.
///
/// Display matrices can ask for any angle; what cameras write are quarter turns, and other angles are taken as the nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Orientation {
    /// `[a, b, c, d]` of -1, 0 or 1: displayed `(x, y)` is stored `(p, q)` times these, `x = a p + c q`, `y = b p + d q`.
    turn: [i8; 4],
}

impl Orientation {
    pub(super) const UPRIGHT: Self = Self { turn: [1, 0, 0, 1] };

    /// Reads a display matrix as `libavutil/display.h` describes it: rows `a b u`, `c d v`, `x y w`.
    pub(super) fn from_matrix(m: &[i32; 9]) -> Self {
        let [a, b, c, d] = [m[0], m[1], m[3], m[4]].map(i64::from);
        let sign = |v: i64| if v < 0 { -1 } else { 1 };
        let straight = a.abs() + d.abs();
        let crossed = b.abs() + c.abs();
        if straight == 0 && crossed == 0 {
            return Self::UPRIGHT;
        }
        if straight >= crossed { Self { turn: [sign(a), 0, 0, sign(d)] } } else { Self { turn: [0, sign(b), sign(c), 0] } }
    }

    /// Tells whether width and height change places.
    pub(super) fn swaps_axes(self) -> bool {
        self.turn[0] == 0
    }

    /// Returns the clockwise turn in degrees; of a mirrored picture, the turn after mirroring left to right.
    pub(super) fn degrees(self) -> u16 {
        let [a, b, c, d] = self.turn;
        let (a, b) = if a * d - b * c < 0 { (-a, -b) } else { (a, b) };
        match (a, b) {
            (0, 1..) => 90,
            (0, _) => 270,
            (..=-1, _) => 180,
            _ => 0,
        }
    }

    /// Tells whether the picture is shown mirrored.
    pub(super) fn is_mirrored(self) -> bool {
        let [a, b, c, d] = self.turn;
        a * d - b * c < 0
    }

    /// Returns the map from stored pixels (already square) of `size` to displayed ones.
    fn to_displayed(self, width: f64, height: f64) -> Affine {
        let [a, b, c, d] = self.turn.map(f64::from);
        let back = |along_p: f64, along_q: f64| -> f64 {
            if along_p < 0.0 || along_q < 0.0 { along_p.abs() * width + along_q.abs() * height } else { 0.0 }
        };
        Affine { a, b: c, tx: back(a, c), c: b, d, ty: back(b, d) }
    }
}

/// Reads nine native 32-bit integers.
pub(super) fn read_matrix(bytes: &[u8]) -> Option<[i32; 9]> {
    let mut matrix = [0; 9];
    if bytes.len() < 36 {
        return None;
    }
    for (value, chunk) in matrix.iter_mut().zip(bytes.chunks_exact(4)) {
        *value = i32::from_ne_bytes(chunk.try_into().ok()?);
    }
    Some(matrix)
}

/// How the pictures of a file are shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Display {
    pub orientation: Orientation,
    /// Size of the displayed picture, the same for the whole file.
    pub size: Size,
}

impl Display {
    /// Works out the displayed size of a stored picture whose pixels are `aspect` times as wide as high.
    ///
    /// Pixels that are not square are stretched in width, so that no line is lost.
    pub(super) fn new(stored: Size, aspect: f64, orientation: Orientation) -> Self {
        let aspect = if (0.1..=10.0).contains(&aspect) { aspect } else { 1.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float to integer cast saturates")]
        let width = (f64::from(stored.width) * aspect).round().max(1.0) as u32;
        let upright = Size { width, height: stored.height };
        let size = if orientation.swaps_axes() { Size { width: upright.height, height: upright.width } } else { upright };
        Self { orientation, size }
    }

    /// Returns the map from displayed positions to positions in a stored picture of `stored` pixels.
    ///
    /// A picture whose size differs from the first one's is shown at the first one's size.
    pub(super) fn to_stored(self, stored: Size) -> Affine {
        let Size { width, height } = self.size;
        let (w, h) = if self.orientation.swaps_axes() { (height, width) } else { (width, height) };
        let (w, h) = (f64::from(w), f64::from(h));
        let upright = self.orientation.to_displayed(w, h).invert().unwrap_or(Affine::IDENTITY);
        upright.then(&Affine::scale(f64::from(stored.width) / w, f64::from(stored.height) / h))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Point;

    const ONE: i32 = 1 << 16;

    fn at(m: &Affine, x: f32, y: f32) -> (f32, f32) {
        let p = m.apply(Point { x, y });
        (p.x, p.y)
    }

    #[test]
    fn a_quarter_turn_clockwise_shows_the_left_bottom_corner_at_the_left_top() {
        let o = Orientation::from_matrix(&[0, ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30]);
        let d = Display::new(Size { width: 40, height: 30 }, 1.0, o);
        assert_eq!((o.degrees(), o.is_mirrored(), d.size), (90, false, Size { width: 30, height: 40 }));
        let m = d.to_stored(Size { width: 40, height: 30 });
        assert_eq!(at(&m, 0.0, 0.0), (0.0, 30.0));
        assert_eq!(at(&m, 30.0, 0.0), (0.0, 0.0));
        assert_eq!(at(&m, 30.0, 40.0), (40.0, 0.0));
    }

    #[test]
    fn every_orientation_maps_the_displayed_rectangle_onto_the_stored_one() {
        let stored = Size { width: 40, height: 30 };
        let mut seen = std::collections::BTreeSet::new();
        for turn in [
            [1, 0, 0, 1],
            [-1, 0, 0, 1],
            [1, 0, 0, -1],
            [-1, 0, 0, -1],
            [0, 1, 1, 0],
            [0, -1, 1, 0],
            [0, 1, -1, 0],
            [0, -1, -1, 0],
        ] {
            let o = Orientation { turn };
            let d = Display::new(stored, 1.0, o);
            let m = d.to_stored(stored);
            let (w, h) = (d.size.width as f32, d.size.height as f32);
            let mut corners: Vec<_> = [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)].map(|(x, y)| at(&m, x, y)).into();
            corners.sort_by(|a, b| a.partial_cmp(b).unwrap());
            assert_eq!(corners, [(0.0, 0.0), (0.0, 30.0), (40.0, 0.0), (40.0, 30.0)], "{turn:?}");
            seen.insert((o.degrees(), o.is_mirrored()));
        }
        assert_eq!(seen.len(), 8);
    }

    #[test]
    fn wide_pixels_widen_the_picture_and_a_later_size_is_fitted_in() {
        let d = Display::new(Size { width: 720, height: 576 }, 16.0 / 15.0, Orientation::UPRIGHT);
        assert_eq!(d.size, Size { width: 768, height: 576 });
        assert_eq!(at(&d.to_stored(Size { width: 360, height: 288 }), 768.0, 288.0), (360.0, 144.0));
    }
}
