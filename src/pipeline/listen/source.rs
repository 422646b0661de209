//! Cuts the sound into stretches, each with the sound behind it that its windows reach into.

use super::params::{Params, RATE};
use crate::domain::MediaTime;
use crate::infer::Segmenter;

/// One stretch of sound.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stretch {
    /// 0-based.
    pub index: u32,
    pub start: MediaTime,
    /// The stretch itself, then what its windows reach into.
    pub samples: Vec<f32>,
    /// Samples of the stretch itself.
    pub own: usize,
    /// Where its windows begin, in samples from its start.
    pub windows: Vec<usize>,
}

/// Gathers sound until a stretch is there.
#[derive(Debug)]
pub(super) struct Stretches {
    stretch: usize,
    step: usize,
    start: Option<MediaTime>,
    index: u32,
    waiting: Vec<f32>,
}

impl Stretches {
    pub(super) fn new(params: &Params) -> Self {
        Self { stretch: params.stretch(), step: params.step(), start: None, index: 0, waiting: Vec::new() }
    }

    /// Takes the next sound and returns a stretch where one is whole.
    pub(super) fn push(&mut self, start: MediaTime, samples: &[f32]) -> Option<Stretch> {
        self.start.get_or_insert(start);
        self.waiting.extend_from_slice(samples);
        // The last window of a stretch begins before its end.
        (self.waiting.len() >= self.stretch + Segmenter::WINDOW).then(|| self.cut(None))
    }

    /// Returns what is left at the end of the sound, stretch by stretch.
    pub(super) fn rest(&mut self) -> Option<Stretch> {
        (!self.waiting.is_empty()).then(|| self.cut(Some(self.waiting.len())))
    }

    /// Returns the number of samples before what waits.
    fn before(&self) -> usize {
        usize::try_from(self.index).unwrap_or(usize::MAX / self.stretch) * self.stretch
    }

    /// Cuts off the next stretch; `end` is the number of samples up to the end of the sound, where that is known.
    fn cut(&mut self, end: Option<usize>) -> Stretch {
        let before = self.before();
        let own = self.stretch.min(self.waiting.len());
        // Windows lie at multiples of their step over the whole sound; none begins behind the first that reaches the end.
        let first = before.div_ceil(self.step);
        let windows = (first..=first + own.div_ceil(self.step))
            .map(|k| (k, k * self.step - before))
            .take_while(|(k, at)| *at < own && (*k == 0 || end.is_none_or(|end| at + Segmenter::WINDOW < end + self.step)))
            .map(|(_, at)| at)
            .collect();
        let reach = (self.stretch + Segmenter::WINDOW).min(self.waiting.len());
        let samples = self.waiting[..reach].to_vec();
        self.waiting.drain(..own);
        let stretch = Stretch { index: self.index, start: self.start.unwrap_or_default() + time(before), samples, own, windows };
        self.index += 1;
        stretch
    }
}

/// Returns the time of so many samples.
pub(super) fn time(samples: usize) -> MediaTime {
    MediaTime::from_ticks(i64::try_from(samples).unwrap_or(i64::MAX / 1_000_000), 1, i32::try_from(RATE).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds so many samples in odd parts and returns all stretches.
    fn stretches(n: usize) -> Vec<Stretch> {
        let params = Params { stretch_s: 20.0, window_step_s: 1.0, ..super::super::params::default_params() };
        let (mut gather, mut all) = (Stretches::new(&params), Vec::new());
        let sound: Vec<f32> = (0u32..).take(n).map(|i| i as f32).collect();
        let mut at = 0;
        for part in sound.chunks(15_001) {
            all.extend(gather.push(MediaTime(-500_000) + time(at), part));
            at += part.len();
        }
        all.extend(std::iter::from_fn(|| gather.rest()));
        all
    }

    #[test]
    fn stretches_follow_on_one_another_and_windows_reach_to_the_end_and_no_further() {
        for n in [8_000, 159_999, 160_000, 160_001, 320_000, 464_000, 480_000, 480_001, 640_000, 1_140_800] {
            let all = stretches(n);
            assert_eq!(all.iter().map(|s| s.own).sum::<usize>(), n);
            let mut starts = Vec::new();
            for (i, s) in all.iter().enumerate() {
                let before = i * 320_000;
                assert_eq!((s.index as usize, s.start), (i, MediaTime(-500_000) + time(before)));
                assert!((s.samples[0] - before as f32).abs() < 0.5);
                starts.extend(s.windows.iter().map(|w| w + before));
                // Each window has all the sound that there is for it.
                assert!(s.windows.iter().all(|w| s.samples.len() >= (w + 160_000).min(n - before)));
            }
            let due = n.saturating_sub(160_000).div_ceil(16_000);
            assert_eq!(starts, (0..=due).map(|k| k * 16_000).collect::<Vec<_>>(), "{n}");
        }
        assert!(stretches(0).is_empty());
    }
}
