//! A look at the voice band of each channel, to decide which to listen to.

use super::choice::SoundChoice;
use super::frames::Frames;
use super::mix::{Layout, add_channel};
use crate::domain::MediaTime;
use ffmpeg_next::frame::Audio;
use std::path::Path;

/// Energies of a layout's channels between 300 and 3400 Hz, where a telephone hears voices.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Survey {
    /// Sum of squares of each channel.
    pub energy: Vec<f64>,
    /// Sum of products of the first two.
    pub cross: f64,
}

/// Places that are looked at, spread evenly over the file.
const PLACES: i64 = 8;
/// Length of each.
const LENGTH: MediaTime = MediaTime(4_000_000);

impl Survey {
    /// Returns how alike the first two channels are, `-1..=1`.
    pub(super) fn correlation(&self) -> f64 {
        let product = self.energy.iter().take(2).product::<f64>();
        if product > 0.0 { self.cross / product.sqrt() } else { 0.0 }
    }

    fn new(layout: Layout) -> Self {
        Self { energy: vec![0.0; layout.channels.into()], cross: 0.0 }
    }

    fn add(&mut self, frame: &Audio, bands: &mut [Band]) {
        let mut first = Vec::new();
        let mut samples = vec![0.0; frame.samples()];
        for (i, (sum, band)) in self.energy.iter_mut().zip(bands).enumerate() {
            samples.fill(0.0);
            add_channel(frame, i, 1.0, &mut samples);
            for sample in &mut samples {
                *sample = band.pass(*sample);
            }
            *sum += samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
            match i {
                0 => first.clone_from(&samples),
                1 => self.cross += first.iter().zip(&samples).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>(),
                _ => {}
            }
        }
    }
}

/// Looks at eight places of four seconds, or the first half minute where the length is not told, and returns what was found of
/// each layout met, by order of meeting. What cannot be read there is not looked at.
pub(super) fn look(path: &Path, stream: u32) -> Vec<(Layout, Survey)> {
    let mut found: Vec<(Layout, Survey)> = Vec::new();
    let Ok(Some(mut frames)) = Frames::open(path, &SoundChoice::Stream(stream)) else { return found };
    // A recording's clock may run for hours before its first sample.
    let start = frames.facts.start.unwrap_or_default();
    let length = frames.facts.end.map(|end| end - start).or(frames.facts.length).unwrap_or_default();
    let whole = MediaTime(PLACES * LENGTH.0);
    if length <= whole {
        place(&mut frames, whole, &mut found);
        return found;
    }
    for i in 0..PLACES {
        let at = start + MediaTime((length.0 / PLACES).saturating_mul(i) + (length.0 / PLACES - LENGTH.0) / 2);
        if !frames.go_near(at) {
            place(&mut frames, whole, &mut found);
            break;
        }
        place(&mut frames, LENGTH, &mut found);
    }
    found
}

fn place(frames: &mut Frames, length: MediaTime, found: &mut Vec<(Layout, Survey)>) {
    let mut heard = MediaTime::ZERO;
    let mut bands: Option<(Layout, u32, Vec<Band>)> = None;
    while heard < length {
        let Some(next) = frames.next() else { return };
        if bands.as_ref().is_none_or(|(layout, rate, _)| (*layout, *rate) != (next.layout, next.rate)) {
            bands = Some((next.layout, next.rate, vec![Band::new(next.rate); next.layout.channels.into()]));
        }
        let at = found.iter().position(|(layout, _)| *layout == next.layout).unwrap_or_else(|| {
            found.push((next.layout, Survey::new(next.layout)));
            found.len() - 1
        });
        if let Some((_, _, bands)) = &mut bands {
            found[at].1.add(&next.frame, bands);
        }
        heard = heard + MediaTime::from_secs(next.frame.samples() as f64 / f64::from(next.rate));
    }
}

/// Two second-order filters, one above 300 Hz and one below 3400 (R. Bristow-Johnson's cookbook, Q 0.707).
#[derive(Debug, Clone)]
struct Band {
    high: Biquad,
    low: Biquad,
}

impl Band {
    fn new(rate: u32) -> Self {
        let angle = |hz: f64| std::f64::consts::TAU * hz.min(0.45 * f64::from(rate)) / f64::from(rate);
        Self { high: Biquad::new(angle(300.0), 1.0, -1.0), low: Biquad::new(angle(3400.0), -1.0, 1.0) }
    }

    fn pass(&mut self, sample: f32) -> f32 {
        self.low.pass(self.high.pass(sample))
    }
}

#[derive(Debug, Clone)]
struct Biquad {
    b: [f32; 3],
    a: [f32; 2],
    state: [f32; 2],
}

impl Biquad {
    /// Makes a high pass of `sign` 1 and `middle` -1, a low pass of the opposite.
    #[expect(clippy::cast_possible_truncation, reason = "coefficients of a filter that only weighs energies")]
    fn new(angle: f64, sign: f64, middle: f64) -> Self {
        let alpha = angle.sin() / std::f64::consts::SQRT_2;
        let edge = f64::midpoint(1.0, sign * angle.cos());
        let a0 = 1.0 + alpha;
        let b = [edge / a0, 2.0 * middle * edge / a0, edge / a0].map(|v| v as f32);
        Self { b, a: [-2.0 * angle.cos() / a0, (1.0 - alpha) / a0].map(|v| v as f32), state: [0.0; 2] }
    }

    fn pass(&mut self, x: f32) -> f32 {
        let y = self.b[0] * x + self.state[0];
        self.state = [self.b[1] * x - self.a[0] * y + self.state[1], self.b[2] * x - self.a[1] * y];
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_passes_a_voice_and_holds_back_rumble_and_hiss() {
        let gain = |hz: f64| {
            let mut band = Band::new(48_000);
            #[expect(clippy::cast_possible_truncation)]
            let out: Vec<f32> =
                (0..48_000).map(|i| band.pass((std::f64::consts::TAU * hz * f64::from(i) / 48_000.0).sin() as f32)).collect();
            out[24_000..].iter().fold(0.0_f32, |a, b| a.max(b.abs()))
        };
        assert!(gain(1000.0) > 0.95, "{}", gain(1000.0));
        assert!(gain(40.0) < 0.03 && gain(15_000.0) < 0.04, "{} {}", gain(40.0), gain(15_000.0));
    }
}
