//! Cepstral coefficients as python_speech_features computes them: 100 a second.

use crate::infer::spectrum::{Filter, PowerSpectrum};

/// Values of one frame.
pub(super) const COEFFICIENTS: usize = 13;

const FRAME: usize = 400;
const HOP: usize = 160;
const FFT: usize = 512;
const FILTERS: usize = 26;
const RATE: f64 = 16_000.0;
const PREEMPHASIS: f32 = 0.97;
const LIFTER: f64 = 22.0;
/// What stands for a power of zero: numpy's `finfo(float).eps`.
const NOTHING: f64 = f64::EPSILON;

/// Turns sound into `[frames, 13] f32`.
#[derive(Debug)]
pub(super) struct Mfcc {
    spectrum: PowerSpectrum,
    filters: Vec<Filter>,
    /// `[13, 26]`: cosines with the lifter's weights.
    cosines: Vec<f64>,
}

impl Mfcc {
    pub(super) fn new() -> Self {
        let mel = |hz: f64| 2595.0 * (1.0 + hz / 700.0).log10();
        let hz = |mel: f64| 700.0 * (10_f64.powf(mel / 2595.0) - 1.0);
        let top = mel(RATE / 2.0);
        let bin = |i: usize| ((FFT as f64 + 1.0) * hz(top * i as f64 / (FILTERS as f64 + 1.0)) / RATE).floor();
        let filters = (0..FILTERS).map(|i| {
            let (low, middle, high) = (bin(i), bin(i + 1), bin(i + 2));
            Filter::new(FFT / 2 + 1, move |k| {
                let k = k as f64;
                if k < middle { ((k - low) / (middle - low)).max(0.0) } else { ((high - k) / (high - middle)).max(0.0) }
            })
        });
        let n = FILTERS as f64;
        let cosine = |c: usize, f: usize| {
            let scale = if c == 0 { (1.0 / n).sqrt() } else { (2.0 / n).sqrt() };
            let lift = 1.0 + LIFTER / 2.0 * (std::f64::consts::PI * c as f64 / LIFTER).sin();
            lift * scale * (std::f64::consts::PI * c as f64 * (2.0 * f as f64 + 1.0) / (2.0 * n)).cos()
        };
        let cosines = (0..COEFFICIENTS).flat_map(|c| (0..FILTERS).map(move |f| cosine(c, f))).collect();
        Self { spectrum: PowerSpectrum::new(FFT, vec![1.0; FRAME]), filters: filters.collect(), cosines }
    }

    /// Returns exactly `frames` frames of `samples`, `-1..=1`: further ones are cut off, missing ones repeat the last.
    ///
    /// The samples are rounded to 16 bits, on which the reference works, and the last frame is filled up with silence.
    #[expect(clippy::cast_possible_truncation, reason = "the model takes f32")]
    pub(super) fn of(&mut self, samples: &[f32], frames: usize) -> Vec<f32> {
        let whole = |s: f32| (s * 32768.0).round_ties_even().clamp(-32768.0, 32767.0);
        let mut last = 0.0;
        let sharp: Vec<f32> = samples
            .iter()
            .map(|s| {
                let now = whole(*s);
                let out = now - PREEMPHASIS * last;
                last = now;
                out
            })
            .collect();
        let there = 1 + sharp.len().saturating_sub(FRAME).div_ceil(HOP);
        let mut out = Vec::with_capacity(frames * COEFFICIENTS);
        for i in 0..frames.min(there) {
            let from = (i * HOP).min(sharp.len());
            let power = self.spectrum.of(&sharp[from..(from + FRAME).min(sharp.len())]);
            let log = |v: f64| (if v > 0.0 { v } else { NOTHING }).ln();
            let energy = power.iter().map(|p| f64::from(*p)).sum::<f64>() / FFT as f64;
            let bands: Vec<f64> = self.filters.iter().map(|f| log(f64::from(f.sum(power)) / FFT as f64)).collect();
            out.push(log(energy) as f32);
            for row in self.cosines.chunks_exact(FILTERS).skip(1) {
                out.push(row.iter().zip(&bands).map(|(c, b)| c * b).sum::<f64>() as f32);
            }
        }
        while out.len() < frames * COEFFICIENTS {
            out.push(out[out.len() - COEFFICIENTS]);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_and_nothing_at_all_give_the_reference_s_floor() {
        let mut mfcc = Mfcc::new();
        let floor = -36.043_655;
        for samples in [vec![0.0; 1600], Vec::new()] {
            let got = mfcc.of(&samples, 12);
            assert_eq!(got.len(), 12 * COEFFICIENTS);
            assert!((got[0] - floor).abs() < 1e-5 && got[1].abs() < 1e-4, "{:?}", &got[..13]);
        }
    }

    #[test]
    fn the_end_is_repeated_and_what_is_too_much_is_cut_off() {
        let mut mfcc = Mfcc::new();
        let samples: Vec<f32> = (0..4000_u16).map(|i| (f32::from(i) * 0.05).sin() * 0.3).collect();
        let got = mfcc.of(&samples, 40);
        // 1 + ceil((4000 - 400) / 160) frames are there.
        assert_eq!(got[23 * 13..24 * 13], got[39 * 13..]);
        assert_ne!(got[22 * 13..23 * 13], got[23 * 13..24 * 13]);
        assert_eq!(mfcc.of(&samples, 5), got[..5 * 13]);
    }

    /// The frame of jfk.wav that audio_models' authors' code gives, by python_speech_features 0.6 on its 16-bit samples.
    #[test]
    fn a_frame_of_real_speech_is_python_speech_features() {
        let Some(media) = crate::infer::tests_support::folder("SCREENALYTICS_TEST_MEDIA") else { return };
        let wav = std::fs::read(media.join("audio/jfk.wav")).unwrap();
        let data = wav.windows(4).position(|w| w == b"data").unwrap() + 8;
        let samples: Vec<f32> =
            wav[data..].chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0).collect();
        let got = Mfcc::new().of(&samples, 1099);
        let due = [
            17.2987, 11.1911, -28.7169, 7.7376, -21.1827, -26.0023, -14.6675, -4.7743, -1.3676, -13.3386, -24.167, -22.391,
            -15.8165,
        ];
        for (found, due) in got[50 * 13..51 * 13].iter().zip(due) {
            assert!((found - due).abs() < 1e-3, "{found} {due}");
        }
    }
}
