//! Log-mel pictures of sound, as Whisper was trained on them.

use crate::infer::slaney::slaney_filters;
use crate::infer::spectrum::{Filter, PowerSpectrum, hann};

/// Samples a second that Whisper listens to.
pub const RATE: usize = 16_000;
/// Samples between two columns: 10 ms.
pub(super) const HOP: usize = 160;
/// Samples of one column's Fourier transform: 25 ms.
pub(super) const FFT: usize = 400;
/// Samples of a whole window: 30 s.
pub const WINDOW: usize = 30 * RATE;
/// Columns of a whole window.
pub(super) const COLUMNS: usize = WINDOW / HOP;

/// Makes log-mel pictures; keeps its tables and buffers between calls.
///
/// Whisper, Radford et al. 2022 (arXiv:2212.04356), `whisper/audio.py`: reflected by half a transform at both ends of the padded window, periodic Hann,
/// power, Slaney filters 0 to 8000 Hz, `log10` from 1e-10, at most 8 below the loudest value of the window, then `(x + 4) / 4`; the last of the 3001 columns is left out.
#[derive(Debug)]
pub(super) struct LogMel {
    filters: Vec<Filter>,
    spectrum: PowerSpectrum,
    frame: Vec<f32>,
}

impl LogMel {
    /// Prepares pictures of `rows` mel bands; models have 80 or 128.
    pub(super) fn new(rows: usize) -> Self {
        Self { filters: slaney_filters(rows, FFT, RATE), spectrum: PowerSpectrum::new(FFT, hann(FFT)), frame: vec![0.0; FFT] }
    }

    /// Returns the mel bands.
    pub(super) fn rows(&self) -> usize {
        self.filters.len()
    }

    /// Writes the picture of one window to `out`, `[rows, 3000] f32`; what is missing of 30 s is silence, what is more is not looked at.
    pub(super) fn picture(&mut self, samples: &[f32], out: &mut [f32]) {
        let samples = &samples[..samples.len().min(WINDOW)];
        let mut loudest = f32::MIN;
        for column in 0..COLUMNS {
            let power = if self.load(samples, column) { Some(self.spectrum.of(&self.frame)) } else { None };
            for (row, filter) in self.filters.iter().enumerate() {
                let sum = power.map_or(0.0, |p| filter.sum(p));
                let value = sum.max(1e-10).log10();
                loudest = loudest.max(value);
                out[row * COLUMNS + column] = value;
            }
        }
        let floor = loudest - 8.0;
        for value in &mut out[..self.filters.len() * COLUMNS] {
            *value = (value.max(floor) + 4.0) / 4.0;
        }
    }

    /// Loads the samples of a column and tells whether one of them is not zero.
    fn load(&mut self, samples: &[f32], column: usize) -> bool {
        // Sample n of the column lies at `column * HOP + n - FFT / 2` of the window, reflected at its ends.
        let first = column * HOP;
        let mut any = false;
        for (n, slot) in self.frame.iter_mut().enumerate() {
            let at = (first + n).abs_diff(FFT / 2);
            let at = if at >= WINDOW { 2 * (WINDOW - 1) - at } else { at };
            *slot = samples.get(at).copied().unwrap_or(0.0);
            any |= *slot != 0.0;
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn silence_is_flat_and_finite() {
        let mut mel = LogMel::new(80);
        let mut out = vec![0.0; 80 * COLUMNS];
        mel.picture(&[], &mut out);
        // log10(1e-10) is -10; (-10 + 4) / 4.
        assert!(out.iter().all(|v| (*v + 1.5).abs() < 1e-6));
    }

    #[test]
    fn a_tone_is_loudest_in_the_band_that_holds_it() {
        let mut mel = LogMel::new(128);
        #[expect(clippy::cast_possible_truncation, reason = "a sine")]
        let tone: Vec<f32> = (0..RATE).map(|n| (TAU * 1000.0 * n as f64 / RATE as f64).sin() as f32).collect();
        let mut out = vec![0.0; 128 * COLUMNS];
        mel.picture(&tone, &mut out);
        let column = 50;
        let best = (0..128).max_by(|a, b| out[a * COLUMNS + column].total_cmp(&out[b * COLUMNS + column])).unwrap();
        // 1000 Hz is mel 15 of 45.245; 128 bands have 130 edges, so band k peaks at mel 45.245 (k + 1) / 129.
        assert!((41..=43).contains(&best), "{best}");
    }
}
