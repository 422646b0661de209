//! The mel spectrogram of GE2E: librosa's, with its defaults of 2019 (Slaney's scale and area).

use super::embedder::{Features, HOP};
use super::spectrum::{Filter, PowerSpectrum};

const FRAME: usize = 400;
const BANDS: usize = 40;
const RATE: f64 = 16_000.0;

/// Makes mel spectrograms. Not shared: each thread has its own.
#[derive(Debug)]
pub(super) struct Mel {
    spectrum: PowerSpectrum,
    filters: Vec<Filter>,
}

impl Mel {
    pub(super) const BANDS: usize = BANDS;

    pub(super) fn new() -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a weight needs no more than f32")]
        // Periodic: the last of 401 would repeat the first.
        let hann = |n: usize| (0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / FRAME as f64).cos()) as f32;
        let edge = |i: usize| hertz(mel(RATE / 2.0) * i as f64 / (BANDS + 1) as f64);
        let filters = (0..BANDS).map(|band| {
            let (low, middle, high) = (edge(band), edge(band + 1), edge(band + 2));
            Filter::new(FRAME / 2 + 1, |bin| {
                let f = bin as f64 * RATE / FRAME as f64;
                ((f - low) / (middle - low)).min((high - f) / (high - middle)).max(0.0) * 2.0 / (high - low)
            })
        });
        Self { spectrum: PowerSpectrum::new(FRAME, (0..FRAME).map(hann).collect()), filters: filters.collect() }
    }

    /// Returns `[1 + samples / 160, 40]`: the power in each band around every 160th sample; before and after the sound is silence.
    pub(super) fn of(&mut self, samples: &[f32]) -> Features {
        let mut padded = vec![0f32; samples.len() + FRAME];
        padded[FRAME / 2..][..samples.len()].copy_from_slice(samples);
        let mut features = Features::new(BANDS);
        for start in (0..=samples.len()).step_by(HOP) {
            let power = self.spectrum.of(&padded[start..start + FRAME]);
            let own = samples.get(start..).unwrap_or_default();
            features.push(self.filters.iter().map(|f| f.sum(power)), &own[..own.len().min(HOP)]);
        }
        features
    }
}

/// Slaney's scale: linear below 1 kHz, logarithmic above.
fn mel(hertz: f64) -> f64 {
    if hertz < 1000.0 { hertz / (200.0 / 3.0) } else { 15.0 + (hertz / 1000.0).ln() / (6.4f64.ln() / 27.0) }
}

fn hertz(mel: f64) -> f64 {
    if mel < 15.0 { mel * (200.0 / 3.0) } else { 1000.0 * ((mel - 15.0) * (6.4f64.ln() / 27.0)).exp() }
}
