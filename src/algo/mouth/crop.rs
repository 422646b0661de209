//! The grey crop of a mouth and its surroundings.

use super::Square;
use crate::domain::RgbImage;

/// Side of the crop in pixels.
pub const CROP_SIDE: usize = 112;

/// Side of the whole face's crop, of which the middle is taken.
const FACE_SIDE: i64 = 224;
/// What is added around a face, of its half side.
const MARGIN: f64 = 0.4;
/// What lies outside the picture.
const OUTSIDE: u8 = 110;
/// Weights of OpenCV's 8-bit linear resize, and of its grey.
const COEFFICIENT: f32 = 2048.0;
const RED: u32 = 9798;
const GREEN: u32 = 19235;
const BLUE: u32 = 3735;

/// Whole pixels of a picture, which may reach beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    pub left: i64,
    pub top: i64,
    pub width: i64,
    pub height: i64,
}

impl Region {
    /// Returns the square around a face that is taken as 224x224: whole pixels as LR-ASD's code cuts them. `None` where it is not a face's.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "bounded before")]
    pub fn of(square: &Square) -> Option<Self> {
        let Square { half, x, y } = *square;
        let fits = (0.5..1e5).contains(&half) && x.abs() < 1e6 && y.abs() < 1e6;
        if !fits {
            return None;
        }
        // The code pads the picture first, so that nothing is cut off below zero, and cuts fractions off afterwards.
        let pad = (half * (1.0 + 2.0 * MARGIN)) as i64;
        let cut = |at: f64| (at as i64) - pad;
        let (x, y) = (x + pad as f64, y + pad as f64);
        let (left, right) = (cut(x - half * (1.0 + MARGIN)), cut(x + half * (1.0 + MARGIN)));
        let (top, bottom) = (cut(y - half), cut(y + half * (1.0 + 2.0 * MARGIN)));
        let region = Self { left, top, width: right - left, height: bottom - top };
        (region.width > 0 && region.height > 0).then_some(region)
    }

    /// Returns the part of it that the crop is made of.
    #[must_use]
    pub fn middle(&self) -> Self {
        let (across, down) = (taps(self.width), taps(self.height));
        let span = |taps: &[Tap]| (taps[0].first, taps[CROP_SIDE - 1].second + 1);
        let ((left, right), (top, bottom)) = (span(&across), span(&down));
        Self { left: self.left + left, top: self.top + top, width: right - left, height: bottom - top }
    }

    /// Returns the part of it that lies in a picture of this size; `None` where there is none.
    #[must_use]
    pub fn inside(&self, width: u32, height: u32) -> Option<Self> {
        let cut = |from: i64, len: i64, size: u32| (from.max(0), (from + len).min(i64::from(size)));
        let ((left, right), (top, bottom)) = (cut(self.left, self.width, width), cut(self.top, self.height, height));
        (left < right && top < bottom).then_some(Self { left, top, width: right - left, height: bottom - top })
    }
}

/// Makes the 112x112 grey crop of the face at `region`; `pixels` are those of the picture at `part`, anything else is taken to lie outside it.
///
/// The bytes are those of padding the picture with 110, cutting `region` out, `cv2.resize` to 224x224, `cv2.cvtColor` to grey, and the middle half.
/// `None` where `pixels` do not have the size of `part`.
#[must_use]
pub fn grey_crop(region: &Region, part: Option<(&Region, &RgbImage)>) -> Option<Vec<u8>> {
    let (across, down) = (taps(region.width), taps(region.height));
    let source = match part {
        Some((part, pixels)) => Some(Pixels::new(region, part, pixels)?),
        None => None,
    };
    let mut kept: [(i64, Vec<i32>); 2] = [(-1, Vec::new()), (-1, Vec::new())];
    let mut out = Vec::with_capacity(CROP_SIDE * CROP_SIDE);
    for tap in &down {
        for row in [tap.first, tap.second] {
            if kept.iter().all(|k| k.0 != row) {
                let older = usize::from(kept[0].0 > kept[1].0);
                kept[older] = (row, line(source.as_ref(), row, &across));
            }
        }
        let find = |row: i64| kept.iter().find(|k| k.0 == row).map(|k| k.1.as_slice()).unwrap_or_default();
        let (upper, lower) = (find(tap.first), find(tap.second));
        for (a, b) in upper.chunks_exact(3).zip(lower.chunks_exact(3)) {
            let channel = |i: usize| {
                let (a, b) = ((tap.weights.0 * (a[i] >> 4)) >> 16, (tap.weights.1 * (b[i] >> 4)) >> 16);
                u32::try_from((a + b + 2) >> 2).unwrap_or(0).min(255)
            };
            let grey = channel(0) * RED + channel(1) * GREEN + channel(2) * BLUE;
            out.push(u8::try_from((grey + (1 << 14)) >> 15).unwrap_or(u8::MAX));
        }
    }
    Some(out)
}

/// The two samples that one pixel is made of, by place in the region, and what they weigh of 2048.
#[derive(Debug, Clone, Copy)]
struct Tap {
    first: i64,
    second: i64,
    weights: (i32, i32),
}

/// Returns the samples of the middle half of 224 pixels of an axis of `size`.
#[expect(clippy::cast_possible_truncation, reason = "inside a region, as OpenCV computes it")]
fn taps(size: i64) -> Vec<Tap> {
    let scale = size as f64 / FACE_SIDE as f64;
    let middle = FACE_SIDE / 4..FACE_SIDE * 3 / 4;
    middle
        .map(|i| {
            let at = ((i as f64 + 0.5) * scale - 0.5) as f32;
            let first = at.floor();
            let share = at - first;
            let weigh = |v: f32| (v * COEFFICIENT).round_ties_even() as i32;
            let place = |v: i64| v.clamp(0, size - 1);
            let first = first as i64;
            Tap { first: place(first), second: place(first + 1), weights: (weigh(1.0 - share), weigh(share)) }
        })
        .collect()
}

/// Pixels of a region that lie in the picture.
struct Pixels<'a> {
    /// Place of the first pixel in the region.
    left: i64,
    top: i64,
    width: i64,
    height: i64,
    rgb: &'a [u8],
}

impl<'a> Pixels<'a> {
    fn new(region: &Region, part: &Region, image: &'a RgbImage) -> Option<Self> {
        let (width, height) = (i64::from(image.width), i64::from(image.height));
        let due = usize::try_from(width * height * 3).ok()?;
        let fits = (width, height) == (part.width, part.height) && image.data.len() == due;
        fits.then_some(Self { left: part.left - region.left, top: part.top - region.top, width, height, rgb: &image.data })
    }

    fn at(&self, x: i64, y: i64) -> [u8; 3] {
        let (x, y) = (x - self.left, y - self.top);
        if !(0..self.width).contains(&x) || !(0..self.height).contains(&y) {
            return [OUTSIDE; 3];
        }
        let place = usize::try_from((y * self.width + x) * 3).ok();
        place.and_then(|p| self.rgb.get(p..p + 3)).map_or([OUTSIDE; 3], |p| [p[0], p[1], p[2]])
    }
}

/// Blends one row of a region across: `[112, 3]`, 2048 times a byte.
fn line(source: Option<&Pixels<'_>>, y: i64, across: &[Tap]) -> Vec<i32> {
    let mut out = Vec::with_capacity(across.len() * 3);
    for tap in across {
        let pixel = |x: i64| source.map_or([OUTSIDE; 3], |s| s.at(x, y));
        let (a, b) = (pixel(tap.first), pixel(tap.second));
        out.extend((0..3).map(|i| i32::from(a[i]) * tap.weights.0 + i32::from(b[i]) * tap.weights.1));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Size;

    /// A picture whose bytes follow from their places, so that the reference makes the same one.
    fn picture(width: u32, height: u32) -> RgbImage {
        let mut image = RgbImage::black(Size { width, height });
        let mut state = 1_u32;
        for byte in &mut image.data {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = u8::try_from(state >> 24).unwrap();
        }
        image
    }

    fn crop(image: &RgbImage, square: Square) -> Vec<u8> {
        let region = Region::of(&square).unwrap();
        let Some(part) = region.middle().inside(image.width, image.height) else { return grey_crop(&region, None).unwrap() };
        let mut pixels =
            RgbImage::black(Size { width: u32::try_from(part.width).unwrap(), height: u32::try_from(part.height).unwrap() });
        let row = usize::try_from(part.width).unwrap() * 3;
        for (y, to) in pixels.data.chunks_exact_mut(row).enumerate() {
            let from =
                (usize::try_from(part.top).unwrap() + y) * image.width as usize * 3 + usize::try_from(part.left).unwrap() * 3;
            to.copy_from_slice(&image.data[from..from + row]);
        }
        grey_crop(&region, Some((&part, &pixels))).unwrap()
    }

    /// Sums and single bytes by tests/reference/talking.py (`crop`) on the same made-up picture: inside, shrunk, half out of the picture twice.
    #[test]
    fn crops_have_opencvs_bytes() {
        let image = picture(320, 200);
        let due: [(Square, u64, [u8; 4]); 4] = [
            (Square { half: 40.3, x: 150.2, y: 90.7 }, 1_600_243, [152, 131, 141, 170]),
            (Square { half: 95.5, x: 160.0, y: 99.9 }, 1_593_971, [109, 161, 83, 110]),
            (Square { half: 50.25, x: 20.5, y: 180.0 }, 1_462_100, [110, 98, 134, 110]),
            (Square { half: 35.0, x: 310.0, y: 12.0 }, 1_530_941, [142, 110, 174, 110]),
        ];
        for (square, sum, bytes) in due {
            let got = crop(&image, square);
            assert_eq!(got.len(), CROP_SIDE * CROP_SIDE);
            let found = (got.iter().map(|b| u64::from(*b)).sum::<u64>(), [got[0], got[111], got[6000], got[12543]]);
            assert_eq!(found, (sum, bytes), "{square:?}");
        }
    }

    #[test]
    fn a_face_outside_the_picture_is_all_border() {
        let region = Region::of(&Square { half: 30.0, x: -200.0, y: 50.0 }).unwrap();
        assert_eq!(region.middle().inside(320, 200), None);
        assert!(grey_crop(&region, None).unwrap().iter().all(|b| *b == OUTSIDE));
    }

    #[test]
    fn what_is_no_face_has_no_region() {
        for half in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Region::of(&Square { half, x: 5.0, y: 5.0 }), None);
        }
        assert_eq!(Region::of(&Square { half: 5.0, x: f64::NAN, y: 5.0 }), None);
    }
}
