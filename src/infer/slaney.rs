//! Mel filters as Slaney's Auditory Toolbox and librosa have them: what Whisper and the d-vector models were trained with.

use super::spectrum::Filter;

/// Returns `rows` triangles from 0 Hz to half the `rate` over the bins of a transform of `fft` samples, each of area 1: scaled by 2 / its width in Hz.
pub(super) fn slaney_filters(rows: usize, fft: usize, rate: usize) -> Vec<Filter> {
    let highest = mel(rate as f64 / 2.0);
    let edge = |k: usize| hertz(highest * k as f64 / (rows + 1) as f64);
    let bins = fft / 2 + 1;
    let mut filters = Vec::with_capacity(rows);
    for row in 0..rows {
        let (low, middle, high) = (edge(row), edge(row + 1), edge(row + 2));
        let weight = |bin: usize| {
            let at = bin as f64 * rate as f64 / fft as f64;
            let up = (at - low) / (middle - low);
            let down = (high - at) / (high - middle);
            up.min(down).max(0.0) * 2.0 / (high - low)
        };
        filters.push(Filter::new(bins, weight));
    }
    filters
}

/// Hertz of a step below 1 kHz, where the scale is straight.
const STEP: f64 = 200.0 / 3.0;
/// Mel of 1 kHz.
const BEND: f64 = 1000.0 / STEP;

/// Growth of the logarithm of the frequency for each mel above 1 kHz.
fn growth() -> f64 {
    6.4f64.ln() / 27.0
}

fn mel(hertz: f64) -> f64 {
    if hertz < 1000.0 { hertz / STEP } else { BEND + (hertz / 1000.0).ln() / growth() }
}

fn hertz(mel: f64) -> f64 {
    if mel < BEND { mel * STEP } else { 1000.0 * ((mel - BEND) * growth()).exp() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::tests_support::models;

    #[test]
    fn eighty_filters_are_those_that_whisper_publishes() {
        let Some(dir) = models() else { return };
        let bytes = std::fs::read(dir.join("whisper-tiny-random/mel_filters_80x201_f32le.bin")).unwrap();
        let due: Vec<f32> = bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
        assert_eq!(due.len(), 80 * 201);
        let mut worst = 0f32;
        for (filter, due) in slaney_filters(80, 400, 16_000).iter().zip(due.chunks_exact(201)) {
            for bin in 0..201 {
                let mut one = vec![0.0; 201];
                one[bin] = 1.0;
                worst = worst.max((filter.sum(&one) - due[bin]).abs());
            }
        }
        // Weights reach 0.026; theirs were worked out in f32.
        assert!(worst < 1e-8, "{worst:e}");
    }

    #[test]
    fn filters_of_128_rows_leave_no_frequency_out() {
        let filters = slaney_filters(128, 400, 16_000);
        for bin in 1..200 {
            let mut one = vec![0.0; 201];
            one[bin] = 1.0;
            assert!(filters.iter().any(|f| f.sum(&one) > 0.0), "{bin}");
        }
    }
}
