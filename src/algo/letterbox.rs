//! Fits a picture into a model's input and maps positions both ways.

use crate::domain::{Affine, Size};

/// Places a scaled picture at the top left of an input; what is left over stays black.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letterbox {
    /// The source picture, in displayed pixels.
    pub picture: Size,
    /// The part of the input that the picture fills.
    pub scaled: Size,
    /// The model's input.
    pub input: Size,
}

impl Letterbox {
    /// Scales `picture` as large as `input` holds it, keeping its aspect to the nearest pixel.
    #[must_use]
    pub fn fit(picture: Size, input: Size) -> Self {
        let (w, h) = (f64::from(picture.width.max(1)), f64::from(picture.height.max(1)));
        let scale = (f64::from(input.width) / w).min(f64::from(input.height) / h);
        let scaled = Size { width: side(w * scale, input.width), height: side(h * scale, input.height) };
        Self { picture, scaled, input }
    }

    /// Maps the scaled picture to the source picture: what a caller samples by, and what takes boxes back.
    ///
    /// Both axes have their own factor, because the scaled sides are whole pixels.
    #[must_use]
    pub fn to_picture(&self) -> Affine {
        Affine::scale(
            f64::from(self.picture.width) / f64::from(self.scaled.width.max(1)),
            f64::from(self.picture.height) / f64::from(self.scaled.height.max(1)),
        )
    }

    /// Maps the source picture to the scaled picture.
    #[must_use]
    pub fn to_input(&self) -> Affine {
        Affine::scale(
            f64::from(self.scaled.width) / f64::from(self.picture.width.max(1)),
            f64::from(self.scaled.height) / f64::from(self.picture.height.max(1)),
        )
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and a u32 by the clamp")]
fn side(exact: f64, most: u32) -> u32 {
    exact.round().clamp(1.0, f64::from(most.max(1))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Point;
    use proptest::prelude::*;

    #[test]
    fn a_wide_picture_fills_the_width_and_sits_at_the_top() {
        let lb = Letterbox::fit(Size { width: 1280, height: 720 }, Size { width: 640, height: 384 });
        assert_eq!(lb.scaled, Size { width: 640, height: 360 });
        assert_eq!(lb.to_picture(), Affine::scale(2.0, 2.0));
    }

    proptest! {
        #[test]
        fn positions_come_back_where_they_were(w in 1u32..5000, h in 1u32..5000, x in 0f32..1.0, y in 0f32..1.0) {
            let lb = Letterbox::fit(Size { width: w, height: h }, Size { width: 640, height: 384 });
            prop_assert!(lb.scaled.width <= 640 && lb.scaled.height <= 384);
            prop_assert!(lb.scaled.width == 640 || lb.scaled.height == 384);
            let p = Point { x: x * w as f32, y: y * h as f32 };
            // f32 positions of a few thousand pixels carry about 5e-4 of rounding.
            prop_assert!(lb.to_picture().apply(lb.to_input().apply(p)).distance(p) < 2e-3);
        }
    }
}
