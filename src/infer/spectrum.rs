//! Power spectra of overlapping frames: what every front end begins with.

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use std::fmt;
use std::sync::Arc;

/// Windows frames and returns their power spectrum.
pub(in crate::infer) struct PowerSpectrum {
    fft: Arc<dyn RealToComplex<f32>>,
    /// As long as a frame.
    window: Vec<f32>,
    input: Vec<f32>,
    output: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    power: Vec<f32>,
}

impl fmt::Debug for PowerSpectrum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PowerSpectrum").field("size", &self.input.len()).finish_non_exhaustive()
    }
}

impl PowerSpectrum {
    /// Prepares transforms of `size`, which is at least the window's length; zeros follow the frame.
    pub(in crate::infer) fn new(size: usize, window: Vec<f32>) -> Self {
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(size.max(window.len()));
        let (input, output, scratch) = (fft.make_input_vec(), fft.make_output_vec(), fft.make_scratch_vec());
        let power = vec![0.0; output.len()];
        Self { fft, window, input, output, scratch, power }
    }

    /// Returns `size / 2 + 1` powers of a frame; what it lacks in length is silence.
    pub(in crate::infer) fn of(&mut self, frame: &[f32]) -> &[f32] {
        self.input.fill(0.0);
        for ((to, from), weight) in self.input.iter_mut().zip(frame).zip(&self.window) {
            *to = from * weight;
        }
        // It fails on buffers of other lengths only, and these are its own.
        if self.fft.process_with_scratch(&mut self.input, &mut self.output, &mut self.scratch).is_err() {
            self.output.fill(Complex::default());
        }
        for (to, from) in self.power.iter_mut().zip(&self.output) {
            *to = from.norm_sqr();
        }
        &self.power
    }
}

/// One triangle of a filter bank: its weights from bin `first` on.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::infer) struct Filter {
    first: usize,
    weights: Vec<f32>,
}

impl Filter {
    /// Keeps the bins where `weight` is above zero; they lie side by side.
    #[expect(clippy::cast_possible_truncation, reason = "a weight needs no more than f32")]
    pub(in crate::infer) fn new(bins: usize, weight: impl Fn(usize) -> f64) -> Self {
        let first = (0..bins).find(|bin| weight(*bin) > 0.0).unwrap_or(bins);
        let weights = (first..bins).map(weight).take_while(|w| *w > 0.0).map(|w| w as f32).collect();
        Self { first, weights }
    }

    /// Returns the weighted sum of its bins.
    pub(in crate::infer) fn sum(&self, power: &[f32]) -> f32 {
        power.iter().skip(self.first).zip(&self.weights).map(|(p, w)| p * w).sum()
    }
}

/// Returns a Hann window of `n` samples. Periodic: sample `n` would repeat the first.
#[expect(clippy::cast_possible_truncation, reason = "a weight needs no more than f32")]
pub(super) fn hann(n: usize) -> Vec<f32> {
    (0..n).map(|i| (0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / n as f64).cos()) as f32).collect()
}
