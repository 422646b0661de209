//! Loudness in time, for people to look at.

use super::SoundChunk;
use crate::domain::{MediaTime, SoundLevels};

/// Samples of one value: 20 ms.
const STEP: i64 = 320;

/// Gathers peaks of sound that is fed piece by piece.
#[derive(Debug, Clone, Default)]
pub struct Peaks {
    start: Option<MediaTime>,
    /// Samples taken so far.
    taken: i64,
    /// Highest magnitude in the value begun.
    highest: f32,
    values: Vec<u8>,
}

impl Peaks {
    /// Begins where the first piece will.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the piece that follows the one before.
    pub fn push(&mut self, chunk: &SoundChunk) {
        self.start.get_or_insert(chunk.start);
        for sample in &chunk.samples {
            self.highest = self.highest.max(sample.abs());
            self.taken += 1;
            if self.taken % STEP == 0 {
                self.values.push(byte(self.highest));
                self.highest = 0.0;
            }
        }
    }

    /// Returns all so far: start and peaks; `speech` is empty.
    #[must_use]
    pub fn finish(mut self) -> SoundLevels {
        if self.taken % STEP != 0 {
            self.values.push(byte(self.highest));
        }
        SoundLevels { start: self.start.unwrap_or_default(), peaks: self.values, speech: Vec::new() }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float to integer cast saturates")]
fn byte(magnitude: f32) -> u8 {
    (magnitude * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_peak_is_the_loudest_of_its_20_ms_wherever_pieces_are_cut() {
        let mut samples = vec![0.0; 1000];
        samples[319] = -1.0;
        samples[320] = 0.5;
        samples[999] = 0.25;
        for cut in [1, 319, 320, 321, 777] {
            let mut peaks = Peaks::new();
            peaks.push(&SoundChunk { start: MediaTime(62_500), samples: samples[..cut].to_vec() });
            peaks.push(&SoundChunk { start: MediaTime(0), samples: samples[cut..].to_vec() });
            let levels = peaks.finish();
            assert_eq!((levels.start, levels.peaks), (MediaTime(62_500), vec![255, 128, 0, 64]));
        }
    }
}
