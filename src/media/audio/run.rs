//! An unbroken stretch of samples, brought to the rate that everything listens at.

use super::RATE;
use crate::domain::MediaTime;
use ffmpeg_next::format::Sample;
use ffmpeg_next::format::sample::Type;
use ffmpeg_next::frame::Audio;
use ffmpeg_next::software::resampling::Context;
use ffmpeg_next::{ChannelLayout, Error};

/// Samples in a row, of one rate, and where they lie on the grid: sample `n` of the grid sounds at `n / 16000` s of the container's
/// clock, `n` may be negative.
pub(super) struct Run {
    rate: u32,
    /// Time of the first sample.
    start: MediaTime,
    /// Where it lies on the grid.
    first: i64,
    /// Samples taken in.
    taken: i64,
    /// Samples given out.
    given: i64,
    /// `None` where the rate is right already.
    resampler: Option<Context>,
    drift: Drift,
}

/// Samples of the grid.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    /// Where the first lies on the grid.
    pub at: i64,
    pub samples: Vec<f32>,
}

impl Run {
    /// Begins at `start`, to within half a sample of the grid.
    pub(super) fn new(rate: u32, start: MediaTime) -> Result<Self, Error> {
        Self::on_grid(rate, start, on_grid(start))
    }

    /// Begins at sample `first` of the grid, which is where `start` lies on it.
    pub(super) fn on_grid(rate: u32, start: MediaTime, first: i64) -> Result<Self, Error> {
        let format = Sample::F32(Type::Packed);
        let resampler = (rate != RATE)
            .then(|| Context::get(format, ChannelLayout::MONO, rate, format, ChannelLayout::MONO, RATE))
            .transpose()?;
        Ok(Self { rate, start, first, taken: 0, given: 0, resampler, drift: Drift::default() })
    }

    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// Returns the time of the next sample to take in, as counting tells.
    pub(super) fn next(&self) -> MediaTime {
        self.start + time_of(self.taken, self.rate)
    }

    /// Tells whether what begins at `stamp` still belongs to this run, or the two have drifted apart.
    pub(super) fn is_continued_by(&mut self, stamp: MediaTime, samples: usize) -> bool {
        let off = stamp - self.next();
        self.drift.accepts(off, time_of(i64::try_from(samples).unwrap_or(0), self.rate))
    }

    /// Takes samples in; gives out those that are due.
    pub(super) fn push(&mut self, samples: Vec<f32>) -> Result<Piece, Error> {
        self.taken += i64::try_from(samples.len()).unwrap_or(0);
        let Some(resampler) = &mut self.resampler else { return Ok(self.piece(samples)) };
        let mut input = Audio::new(Sample::F32(Type::Packed), samples.len(), ChannelLayout::MONO);
        input.set_rate(self.rate);
        input.plane_mut::<f32>(0).copy_from_slice(&samples);
        let room = samples.len() * RATE as usize / self.rate as usize + ROOM;
        let mut output = room_for(room);
        resampler.run(&input, &mut output)?;
        Ok(self.piece(output.plane::<f32>(0).to_vec()))
    }

    /// Gives out what the resampler still holds.
    pub(super) fn finish(mut self) -> Result<Piece, Error> {
        let mut rest = Vec::new();
        if let Some(resampler) = &mut self.resampler {
            loop {
                let mut output = room_for(ROOM);
                resampler.flush(&mut output)?;
                if output.samples() == 0 {
                    break;
                }
                rest.extend_from_slice(output.plane::<f32>(0));
            }
            let due = scaled(self.taken, RATE, self.rate) - self.given;
            rest.truncate(usize::try_from(due).unwrap_or(0));
        }
        Ok(self.piece(rest))
    }

    fn piece(&mut self, mut samples: Vec<f32>) -> Piece {
        for sample in &mut samples {
            *sample = sample.clamp(-1.0, 1.0);
        }
        let at = self.first + self.given;
        self.given += i64::try_from(samples.len()).unwrap_or(0);
        Piece { at, samples }
    }
}

/// Samples of room that a resampler may need beyond what the rates ask for.
const ROOM: usize = 4096;

fn room_for(samples: usize) -> Audio {
    let mut output = Audio::new(Sample::F32(Type::Packed), samples, ChannelLayout::MONO);
    output.set_rate(RATE);
    output
}

/// Returns the sample of the grid that is nearest to a time.
pub(super) fn on_grid(time: MediaTime) -> i64 {
    let scaled = i128::from(time.0) * i128::from(RATE);
    i64::try_from((scaled + 500_000).div_euclid(1_000_000)).unwrap_or(i64::MAX)
}

/// Returns the time of a sample of the grid.
pub(super) fn time_on_grid(sample: i64) -> MediaTime {
    time_of(sample, RATE)
}

fn time_of(samples: i64, rate: u32) -> MediaTime {
    MediaTime::from_ticks(samples, 1, i32::try_from(rate).unwrap_or(i32::MAX))
}

/// Returns `samples * to / from`, rounded up.
fn scaled(samples: i64, to: u32, from: u32) -> i64 {
    let product = i128::from(samples) * i128::from(to);
    i64::try_from(-(-product).div_euclid(i128::from(from.max(1)))).unwrap_or(i64::MAX)
}

/// Decides whether stamps and the count of samples have come apart. Stamps are rounded, and some writers' shake.
#[derive(Debug, Default)]
struct Drift {
    /// How long they have been apart to one side.
    since: MediaTime,
    is_late: bool,
}

impl Drift {
    /// Apart by this, it is a gap or an overlap at once.
    const AT_ONCE: MediaTime = MediaTime(20_000);
    /// Apart by this, it is one when it lasts.
    const LASTING: MediaTime = MediaTime(3_000);
    const LASTS: MediaTime = MediaTime(1_000_000);

    fn accepts(&mut self, off: MediaTime, length: MediaTime) -> bool {
        let far = MediaTime(off.0.saturating_abs());
        if far > Self::AT_ONCE {
            return false;
        }
        let is_late = off > MediaTime::ZERO;
        if far <= Self::LASTING || is_late != self.is_late {
            *self = Self { since: MediaTime::ZERO, is_late };
        } else {
            self.since = self.since + length;
        }
        self.since <= Self::LASTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::cast_possible_truncation)]
    fn tone(rate: u32, n: u32) -> Vec<f32> {
        (0..n).map(|i| (0.5 * (f64::from(i) * 440.0 * std::f64::consts::TAU / f64::from(rate)).sin()) as f32).collect()
    }

    #[test]
    fn every_rate_gives_as_many_samples_as_the_time_holds_each_at_its_time() {
        for rate in [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000] {
            let mut run = Run::new(rate, MediaTime(1_000_000)).unwrap();
            let mut out = Vec::new();
            for part in tone(rate, rate * 2).chunks(1000) {
                let piece = run.push(part.to_vec()).unwrap();
                assert_eq!(piece.at, 16_000 + i64::try_from(out.len()).unwrap());
                out.extend(piece.samples);
            }
            assert_eq!(run.next(), MediaTime(3_000_000));
            out.extend(run.finish().unwrap().samples);
            assert_eq!(out.len(), 32_000, "{rate}");
            let due = tone(16_000, 32_000);
            let off = out[100..31_900].iter().zip(&due[100..]).map(|(a, b)| (a - b).abs()).fold(0.0_f32, f32::max);
            // The filter's ripple; one sample late would be 0.09.
            assert!(off < 2e-3, "{rate}: {off}");
        }
    }

    #[test]
    fn stamps_may_shake_but_not_stay_apart() {
        let mut run = Run::new(48_000, MediaTime::ZERO).unwrap();
        let mut step = |off: i64| {
            let at = run.next() + MediaTime(off);
            let fits = run.is_continued_by(at, 960);
            run.push(vec![0.0; 960]).unwrap();
            fits
        };
        assert!((0..200).all(|i| step(if i % 2 == 0 { 9_000 } else { -9_000 })), "shaking");
        assert!((0..200).all(|_| step(2_900)), "rounding");
        assert!(!step(21_000), "a gap");
        assert!(!step(-21_000), "an overlap");
        assert_eq!((0..200).take_while(|_| step(5_000)).count(), 50, "lasting");
    }
}
