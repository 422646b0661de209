//! The mel spectrogram of GE2E: librosa's, with its defaults of 2019 (Slaney's scale and area).

use super::super::slaney::slaney_filters;
use super::super::spectrum::{Filter, PowerSpectrum, hann};
use super::embedder::{Features, HOP};

const FRAME: usize = 400;
const BANDS: usize = 40;
const RATE: usize = 16_000;

/// Makes mel spectrograms. Not shared: each thread has its own.
#[derive(Debug)]
pub(super) struct Mel {
    spectrum: PowerSpectrum,
    filters: Vec<Filter>,
}

impl Mel {
    pub(super) const BANDS: usize = BANDS;

    pub(super) fn new() -> Self {
        Self { spectrum: PowerSpectrum::new(FRAME, hann(FRAME)), filters: slaney_filters(BANDS, FRAME, RATE) }
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
