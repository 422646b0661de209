//! Measures an aligned face for its badges.

use crate::domain::{FacePart, Look, RgbImage, Size};

/// Side of the canonical aligned face, and where its points lie: the 112 px ArcFace template times 1.25 plus 10 px.
const SIDE: usize = 160;
const EYES: [(f32, f32); 2] = [(57.9, 74.6), (101.9, 74.4)];
/// Half axes of what a lens covers around the point of an eye, which lies a pixel lower.
const LENS: (f32, f32) = (13.0, 9.0);
/// The cheek below each eye, `[left, right)` and `[top, bottom)`.
const CHEEKS: [Area; 2] = [Area { x: (50, 68), y: (94, 112) }, Area { x: (92, 110), y: (94, 112) }];
/// Parts of a face are compared where what they are compared with is lighter than this luma.
const LIT: f32 = 25.0;
/// Below this share of the cheeks' light, eyes may be lenses, which have no detail of their own.
const LENS_LIKE: f32 = 0.45;
/// Where the parts lie, in the order of [`FacePart::ALL`].
const PARTS: [Area; 5] = [
    Area { x: (46, 70), y: (66, 84) },
    Area { x: (90, 114), y: (66, 84) },
    Area { x: (70, 90), y: (88, 106) },
    Area { x: (58, 80), y: (116, 134) },
    Area { x: (80, 102), y: (116, 134) },
];
/// Detail that each has in open faces by that of eyes and mouth.
const USUAL: [f32; 5] = [1.0, 1.0, 0.6, 1.0, 1.0];
/// Luma added to that of a pixel before its gradient is divided by it: in the dark there is only noise.
const DARK: f32 = 16.0;
/// Detail that the part with the most needs for the others to be compared with it.
const MIN_DETAIL: f32 = 0.008;
/// The inside of the face, whose edges tell the blur.
const INSIDE: Area = Area { x: (48, 112), y: (52, 138) };
/// The two scales that edges are looked at, canonical pixels, and the share of pixels that are taken for edges.
const FINE: f32 = 1.0;
const COARSE: f32 = 3.0;
const EDGES: f32 = 0.97;
/// Coarse gradient, luma a pixel, that an edge needs.
const MIN_EDGE: f32 = 1.0;
/// Half axes and centre of the face against its surroundings.
const FACE: (f32, f32, f32, f32) = (34.0, 48.0, 80.0, 92.0);
/// Columns at both sides, and the row above which they are background in most pictures.
const BESIDE: usize = 18;
const ABOVE_SHOULDERS: usize = 112;
/// Pixels that something needs to be told of it.
const ENOUGH: usize = 40;
/// Up to this value in every channel, and joined to the border, a pixel is taken to lie outside the picture.
const BLACK: u8 = 6;

/// A rectangle: columns and rows from the first to before the last.
#[derive(Debug, Clone, Copy)]
struct Area {
    x: (usize, usize),
    y: (usize, usize),
}

impl Area {
    fn pixels(self) -> impl Iterator<Item = usize> {
        (self.y.0..self.y.1).flat_map(move |y| (self.x.0..self.x.1).map(move |x| y * SIDE + x))
    }
}

/// Measures a face aligned to 160x160, as it is stored; nothing is told of a picture of another size. Takes about 0.5 ms.
///
/// - `eyes`: third quartile of luma around each eye over the median of the cheek below it, the larger of both. Glass takes the light
///   of the whole region; a shaded or dark eye keeps its lids.
/// - `barest`: median contrast (gradient by luma) of eyes, nose and both halves of the mouth, the least over the most. In an open face each
///   has edges of its own, in the shade too; what covers one has mostly none there, and the edge of what covers only a part of it is no median.
///   Hands, whose fingers have edges, are missed. Eyes that are dark as lenses take no part.
/// - `blur_px`: a step blurred by s has gradients of `1 / sqrt(s^2 + 1)` and `1 / sqrt(s^2 + 9)` at the two scales; s follows from
///   the ratio of the strongest. After Elder and Zucker 1998 (IEEE PAMI 20-7). Departs: one s for the face, by its upper 3 % of gradients.
/// - `light`: medians of the face and of the background beside it.
#[must_use]
pub fn look(canonical: &RgbImage) -> Look {
    if canonical.size() != (Size { width: 160, height: 160 }) || canonical.data.len() != SIDE * SIDE * 3 {
        return Look::default();
    }
    let luma: Vec<f32> = canonical
        .data
        .chunks_exact(3)
        .map(|p| 0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2]))
        .collect();
    let outside = outside(canonical);
    let known = |area: &mut dyn Iterator<Item = usize>| -> Vec<f32> { area.filter(|i| !outside[*i]).map(|i| luma[i]).collect() };
    let (fine, light_of) = gradients(&luma, FINE);
    let contrast: Vec<f32> = fine.iter().zip(&light_of).map(|(g, l)| g / (l + DARK)).collect();
    let eyes = eyes(&known);
    Look {
        eyes,
        barest: barest(&contrast, &light_of, &outside, eyes.is_some_and(|e| e < LENS_LIKE)),
        blur_px: blur(&fine, &gradients(&luma, COARSE).0, &outside),
        light: light(&known),
    }
}

fn eyes(known: &dyn Fn(&mut dyn Iterator<Item = usize>) -> Vec<f32>) -> Option<f32> {
    let mut lighter: f32 = 0.0;
    for ((x, y), cheek) in EYES.into_iter().zip(CHEEKS) {
        let cheek = part_of(known(&mut cheek.pixels()), 0.5)?;
        if cheek < LIT {
            return None;
        }
        let lens = part_of(known(&mut ellipse(LENS.0, LENS.1, x, y + 1.0)), 0.75)?;
        lighter = lighter.max(lens / cheek);
    }
    Some(lighter)
}

fn barest(contrast: &[f32], light: &[f32], outside: &[bool], has_lenses: bool) -> Option<(FacePart, f32)> {
    let mut details = Vec::with_capacity(PARTS.len());
    for ((part, area), usual) in FacePart::ALL.into_iter().zip(PARTS).zip(USUAL) {
        let is_eye = matches!(part, FacePart::LeftEye | FacePart::RightEye);
        if (has_lenses && is_eye) || area.pixels().any(|i| outside[i]) {
            continue;
        }
        let median = |of: &[f32]| part_of(area.pixels().map(|i| of[i]).collect(), 0.5);
        if let (Some(detail), Some(light)) = (median(contrast), median(light)) {
            details.push((part, detail / usual, light));
        }
    }
    let most = details.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let least = details.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    (details.len() > 1 && most.1 >= MIN_DETAIL && most.2 >= LIT).then_some((least.0, least.1 / most.1))
}

fn blur(fine: &[f32], coarse: &[f32], outside: &[bool]) -> Option<f32> {
    let inside = |of: &[f32]| part_of(INSIDE.pixels().filter(|i| !outside[*i]).map(|i| of[i]).collect(), EDGES);
    let (fine, coarse) = (inside(fine)?, inside(coarse)?);
    if coarse < MIN_EDGE {
        return None;
    }
    let ratio = (fine / coarse).clamp(1.001, COARSE / FINE - 0.001);
    Some(((COARSE * COARSE - ratio * ratio * FINE * FINE) / (ratio * ratio - 1.0)).sqrt().clamp(0.1, 20.0))
}

fn light(known: &dyn Fn(&mut dyn Iterator<Item = usize>) -> Vec<f32>) -> Option<(f32, f32)> {
    let (a, b, x, y) = FACE;
    let face = part_of(known(&mut ellipse(a, b, x, y)), 0.5)?;
    let mut beside = (0..SIDE * SIDE).filter(|i| i / SIDE < ABOVE_SHOULDERS && (i % SIDE < BESIDE || i % SIDE >= SIDE - BESIDE));
    Some((face, part_of(known(&mut beside), 0.5)?))
}

/// Returns the value that this share of `values` lies below; `None` of too few.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
fn part_of(mut values: Vec<f32>, share: f32) -> Option<f32> {
    if values.len() < ENOUGH {
        return None;
    }
    let at = ((values.len() - 1) as f32 * share).round() as usize;
    Some(*values.select_nth_unstable_by(at, f32::total_cmp).1)
}

fn ellipse(a: f32, b: f32, x: f32, y: f32) -> impl Iterator<Item = usize> {
    (0..SIDE * SIDE).filter(move |i| {
        let (dx, dy) = (((i % SIDE) as f32 - x) / a, ((i / SIDE) as f32 - y) / b);
        dx * dx + dy * dy <= 1.0
    })
}

/// Returns the size of the gradient of `luma` after a Gaussian of `sigma`, and what the Gaussian left, inside a frame that holds all that is
/// asked for; 0 elsewhere.
fn gradients(luma: &[f32], sigma: f32) -> (Vec<f32>, Vec<f32>) {
    /// Rows and columns from here to here are made.
    const X: (usize, usize) = (44, 118);
    const Y: (usize, usize) = (50, 142);
    let kernel = gaussian(sigma);
    let reach = kernel.len() / 2;
    let mut rows = vec![0.0; SIDE * SIDE];
    for y in Y.0 - 1 - reach..=(Y.1 + reach).min(SIDE - 1) {
        for x in X.0 - 1..=X.1 {
            let line = &luma[y * SIDE + x - reach..=y * SIDE + x + reach];
            rows[y * SIDE + x] = line.iter().zip(&kernel).map(|(v, k)| v * k).sum();
        }
    }
    let mut smooth = vec![0.0; SIDE * SIDE];
    for y in Y.0 - 1..=Y.1 {
        for (k, weight) in kernel.iter().enumerate() {
            let from = (y + k - reach).min(SIDE - 1) * SIDE;
            for x in X.0 - 1..=X.1 {
                smooth[y * SIDE + x] += weight * rows[from + x];
            }
        }
    }
    let mut out = vec![0.0; SIDE * SIDE];
    for i in (Area { x: X, y: Y }).pixels() {
        out[i] = ((smooth[i + 1] - smooth[i - 1]) / 2.0).hypot((smooth[i + SIDE] - smooth[i - SIDE]) / 2.0);
    }
    (out, smooth)
}

/// Returns a Gaussian over four sigmas at each side, whose sum is 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sigmas of 1 and 3")]
fn gaussian(sigma: f32) -> Vec<f32> {
    let reach = (4.0 * sigma).round() as usize;
    let weights: Vec<f32> = (0..=2 * reach).map(|i| (-0.5 * ((i as f32 - reach as f32) / sigma).powi(2)).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.into_iter().map(|w| w / sum).collect()
}

/// Finds what lies outside the picture: black, and joined to the border through black.
fn outside(image: &RgbImage) -> Vec<bool> {
    let black: Vec<bool> = image.data.chunks_exact(3).map(|p| p.iter().all(|v| *v <= BLACK)).collect();
    let mut outside = vec![false; SIDE * SIDE];
    let is_border = |i: usize| !(SIDE..SIDE * (SIDE - 1)).contains(&i) || i.is_multiple_of(SIDE) || i % SIDE == SIDE - 1;
    let mut open: Vec<usize> = (0..SIDE * SIDE).filter(|i| is_border(*i) && black[*i]).collect();
    for i in &open {
        outside[*i] = true;
    }
    while let Some(i) = open.pop() {
        let (x, y) = (i % SIDE, i / SIDE);
        let near = [
            (x > 0).then(|| i - 1),
            (x + 1 < SIDE).then_some(i + 1),
            (y > 0).then(|| i - SIDE),
            (y + 1 < SIDE).then_some(i + SIDE),
        ];
        for n in near.into_iter().flatten() {
            if black[n] && !outside[n] {
                outside[n] = true;
                open.push(n);
            }
        }
    }
    outside
}
