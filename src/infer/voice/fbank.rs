//! Kaldi's log filter bank: 80 bands, frames of 25 ms each 10 ms, Hamming window, no dither.

use super::super::spectrum::{Filter, PowerSpectrum};
use super::embedder::{Features, HOP};

const FRAME: usize = 400;
const SIZE: usize = 512;
const RATE: f64 = 16_000.0;
const LOWEST: f64 = 20.0;
const PRE_EMPHASIS: f32 = 0.97;
/// Kaldi works on 16-bit samples.
const SCALE: f32 = 32_768.0;

/// Makes log filter banks. Not shared: each thread has its own.
#[derive(Debug)]
pub(super) struct FilterBank {
    spectrum: PowerSpectrum,
    filters: Vec<Filter>,
    frame: Vec<f32>,
}

impl FilterBank {
    pub(super) fn new(bands: usize) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a weight needs no more than f32")]
        let hamming = |n: usize| (0.54 - 0.46 * (std::f64::consts::TAU * n as f64 / (FRAME - 1) as f64).cos()) as f32;
        let (low, high) = (mel(LOWEST), mel(RATE / 2.0));
        let edge = |i: usize| low + (high - low) * i as f64 / (bands + 1) as f64;
        let filters = (0..bands).map(|band| {
            let (left, middle, right) = (edge(band), edge(band + 1), edge(band + 2));
            // Kaldi leaves out the bin at half the rate.
            Filter::new(SIZE / 2, |bin| {
                let m = mel(bin as f64 * RATE / SIZE as f64);
                ((m - left) / (middle - left)).min((right - m) / (right - middle)).max(0.0)
            })
        });
        let window = (0..FRAME).map(hamming).collect();
        Self { spectrum: PowerSpectrum::new(SIZE, window), filters: filters.collect(), frame: vec![0.0; FRAME] }
    }

    /// Returns `[1 + (samples - 400) / 160, bands]`, nothing for fewer than 400 samples: the logarithm of the power in each band.
    pub(super) fn of(&mut self, samples: &[f32]) -> Features {
        let mut features = Features::new(self.filters.len());
        for (i, part) in samples.windows(FRAME).step_by(HOP).enumerate() {
            let mean = part.iter().sum::<f32>() / FRAME as f32;
            let level = |s: f32| (s - mean) * SCALE;
            let mut before = level(part[0]);
            for (to, from) in self.frame.iter_mut().zip(part) {
                let now = level(*from);
                *to = now - PRE_EMPHASIS * before;
                before = now;
            }
            let power = self.spectrum.of(&self.frame);
            let own = &samples[i * HOP..i * HOP + HOP];
            features.push(self.filters.iter().map(|f| f.sum(power).max(f32::EPSILON).ln()), own);
        }
        features
    }
}

fn mel(hertz: f64) -> f64 {
    1127.0 * (1.0 + hertz / 700.0).ln()
}
