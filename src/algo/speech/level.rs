//! Loudness: how much a quiet recording is raised, and peaks to look at.
//!
//! A voice activity model misses quiet speech, so a recording is raised to a level at which its loud frames are as loud as those that the
//! model was made with. A stream knows only what came so far: the meter counts levels from the beginning on, and each stretch is raised by
//! what was counted up to its own end. So a long silence at the start costs nothing, and the gain settles as the recording goes on.

use super::Params;

/// Samples of 30 ms, at 16,000 a second.
const FRAME: usize = 480;
/// Samples of 20 ms.
const PEAK: usize = 320;
/// Of all frames, those that are loud begin here.
const LOUD: f64 = 0.95;
/// Levels are counted in steps of half a decibel, down to -100 dBFS.
const BINS_A_DB: f64 = 2.0;
const BINS: usize = 201;

/// Counts how loud the frames of a recording are. Memory is that of the counts alone.
#[derive(Debug, Clone)]
pub struct LevelMeter {
    counts: Vec<u64>,
    /// Sum of squares of the frame that is not full yet, and its samples.
    sum: f64,
    len: usize,
}

impl Default for LevelMeter {
    fn default() -> Self {
        Self { counts: vec![0; BINS], sum: 0.0, len: 0 }
    }
}

impl LevelMeter {
    /// Counts samples of `-1..=1` at 16,000 a second; the parts may have any length.
    pub fn push(&mut self, samples: &[f32]) {
        for sample in samples {
            self.sum += f64::from(*sample) * f64::from(*sample);
            self.len += 1;
            if self.len == FRAME {
                let db = 10.0 * (self.sum / FRAME as f64).max(1e-10).log10();
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=100 dB in half decibels")]
                let below = (-db.clamp(-100.0, 0.0) * BINS_A_DB).round() as usize;
                if let Some(count) = self.counts.get_mut(below) {
                    *count += 1;
                }
                (self.sum, self.len) = (0.0, 0);
            }
        }
    }

    /// Returns the level of the loud frames (95th percentile), in dBFS to half a decibel; `None` before the first frame.
    #[must_use]
    pub fn loud_dbfs(&self) -> Option<f64> {
        let all: u64 = self.counts.iter().sum();
        let louder_at_most = (all as f64 * (1.0 - LOUD)).floor();
        let mut seen = 0;
        for (below, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen as f64 > louder_at_most {
                return Some(-(below as f64) / BINS_A_DB);
            }
        }
        None
    }

    /// Returns the factor that brings the loud frames to the level wanted: never below 1, as a loud recording stays as it is.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a factor needs no more than f32")]
    pub fn gain(&self, params: &Params) -> f32 {
        let Some(loud) = self.loud_dbfs() else { return 1.0 };
        let db = (f64::from(params.loud_dbfs) - loud).clamp(0.0, f64::from(params.max_gain_db));
        10f64.powf(db / 20.0) as f32
    }
}

/// Returns the highest magnitude of each 20 ms, `0..=255` for `0..=1`; the last ones may be fewer samples.
#[must_use]
pub fn peaks(samples: &[f32]) -> Vec<u8> {
    samples.chunks(PEAK).map(|part| byte(part.iter().fold(0.0, |peak: f32, s| peak.max(s.abs())))).collect()
}

/// Returns `0..=255` for `0..=1`; what is no number is 0.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of a byte")]
pub fn byte(share: f32) -> u8 {
    (share.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::super::params::default_params;
    use super::*;

    fn tone(amplitude: f32, n: usize) -> Vec<f32> {
        (0u16..).take(n).map(|i| amplitude * (f32::from(i % 40) / 40.0 * std::f32::consts::TAU).sin()).collect()
    }

    #[test]
    fn a_quiet_recording_is_raised_by_its_loud_frames_and_a_loud_one_is_left() {
        let params = default_params();
        let mut meter = LevelMeter::default();
        assert!((meter.gain(&params) - 1.0).abs() < 1e-6);
        // A tenth of the time speaks at an amplitude of 0.01, which is -43 dBFS; parts of odd lengths.
        for part in [tone(0.0, 48_000 * 9), tone(0.01, 48_000)].concat().chunks(777) {
            meter.push(part);
        }
        assert_eq!(meter.loud_dbfs(), Some(-43.0));
        assert!((f64::from(meter.gain(&params)) - 10f64.powf(23.0 / 20.0)).abs() < 1e-3);
        meter.push(&tone(0.5, 480_000));
        assert!((meter.gain(&params) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn silence_is_raised_no_further_than_allowed() {
        let params = default_params();
        let mut meter = LevelMeter::default();
        meter.push(&vec![0.0; 16_000]);
        assert_eq!(meter.loud_dbfs(), Some(-100.0));
        assert!((f64::from(meter.gain(&params)) - 10f64.powf(f64::from(params.max_gain_db) / 20.0)).abs() < 0.01);
    }

    #[test]
    fn peaks_are_the_highest_magnitudes_of_20_ms() {
        let mut samples = vec![0.0f32; 700];
        (samples[5], samples[330], samples[699]) = (-1.5, 0.5, f32::NAN);
        assert_eq!(peaks(&samples), [255, 128, 0]);
    }
}
