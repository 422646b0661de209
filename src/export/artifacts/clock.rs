//! The time of a picture, in files that say only its number.

use crate::domain::{FrameTime, MediaTime};
use std::collections::BTreeMap;

/// Tells the presentation time of pictures: as stated where it is stated, else by the mean rate.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    stated: BTreeMap<u64, MediaTime>,
    first: MediaTime,
    /// Pictures a second; 0 where nothing tells.
    fps: f64,
}

impl Clock {
    /// Makes a clock of what `run.json` says; both are found from the stated times later where it does not.
    pub(super) fn new(first: Option<MediaTime>, fps: Option<f64>) -> Self {
        let fps = fps.filter(|f| f.is_finite() && *f > 0.0).unwrap_or(0.0);
        Self { stated: BTreeMap::new(), first: first.unwrap_or(MediaTime::ZERO), fps }
    }

    /// Notes that picture `frame` is shown at `time`; the first statement counts.
    pub(super) fn state(&mut self, frame: u64, time: MediaTime) {
        self.stated.entry(frame).or_insert(time);
    }

    /// Finds the rate and the first time from the stated ones, where `run.json` gave none.
    pub(super) fn settle(&mut self) {
        let (Some((first, at)), Some((last, until))) = (self.stated.first_key_value(), self.stated.last_key_value()) else {
            return;
        };
        if self.fps <= 0.0 && last > first && until > at {
            self.fps = (last - first) as f64 / (*until - *at).secs();
            self.first = *at - MediaTime::from_secs(*first as f64 / self.fps);
        }
    }

    /// Returns the mean rate, where it is known.
    pub(super) fn fps(&self) -> Option<f64> {
        (self.fps > 0.0).then_some(self.fps)
    }

    /// Returns the time of picture `frame`; `None` where it is neither stated nor a rate known.
    pub(super) fn time(&self, frame: u64) -> Option<MediaTime> {
        let by_rate = || self.fps().map(|fps| self.first + MediaTime::from_secs(frame as f64 / fps));
        self.stated.get(&frame).copied().or_else(by_rate)
    }

    /// Returns picture and time together.
    pub(super) fn at(&self, frame: u64) -> Option<FrameTime> {
        self.time(frame).map(|pts| FrameTime { frame, pts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stated_times_count_before_the_rate_and_give_it_where_it_is_missing() {
        let mut clock = Clock::new(None, None);
        assert_eq!(clock.time(5), None);
        clock.state(10, MediaTime::from_secs(1.4));
        clock.state(60, MediaTime::from_secs(3.4));
        clock.settle();
        assert_eq!(clock.fps(), Some(25.0));
        assert_eq!(clock.time(0), Some(MediaTime::from_secs(1.0)));
        clock.state(35, MediaTime::from_secs(2.41));
        assert_eq!(clock.time(35), Some(MediaTime::from_secs(2.41)));
    }
}
