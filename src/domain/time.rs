//! Time on the container's clock.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};

/// Counts microseconds on the container's clock, so that pictures and sound agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaTime(pub i64);

impl MediaTime {
    /// The clock's zero, which need not be the first picture.
    pub const ZERO: Self = Self(0);

    /// Converts `ticks` of a time base of `num / den` seconds, rounding to the nearest microsecond.
    ///
    /// `den` must be positive, as every valid time base is.
    #[must_use]
    pub fn from_ticks(ticks: i64, num: i32, den: i32) -> Self {
        let den = i128::from(den.max(1));
        let scaled = i128::from(ticks) * i128::from(num) * 1_000_000;
        let rounded = (scaled + den / 2).div_euclid(den);
        Self(i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX }))
    }

    /// Converts seconds, rounding to the nearest microsecond.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a float to integer cast saturates")]
    pub fn from_secs(secs: f64) -> Self {
        Self((secs * 1e6).round() as i64)
    }

    /// Returns seconds.
    #[must_use]
    pub fn secs(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Prints `12:03.4`, from one hour on `1:02:03.4`; the tenth is the one that has begun.
    #[must_use]
    pub fn clock(self) -> String {
        let tenths = self.0.unsigned_abs() / 100_000;
        let (h, m, s) = (tenths / 36_000, tenths / 600 % 60, tenths / 10 % 60);
        let sign = if self.0 < 0 { "-" } else { "" };
        let minutes = if h > 0 { format!("{h}:{m:02}") } else { m.to_string() };
        format!("{sign}{minutes}:{s:02}.{}", tenths % 10)
    }
}

impl Add for MediaTime {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for MediaTime {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// Prints `mm:ss`, or `h:mm:ss` from one hour on.
impl fmt::Display for MediaTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let total = self.0.unsigned_abs() / 1_000_000;
        let (h, m, s) = (total / 3600, total / 60 % 60, total % 60);
        if h > 0 { write!(f, "{sign}{h}:{m:02}:{s:02}") } else { write!(f, "{sign}{m:02}:{s:02}") }
    }
}

/// Holds a half-open stretch of time, `[start, end)`; it never ends before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Span {
    start: MediaTime,
    end: MediaTime,
}

impl Span {
    /// Makes a span; an `end` before `start` gives the empty span at `start`.
    #[must_use]
    pub fn new(start: MediaTime, end: MediaTime) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Returns the first moment inside.
    #[must_use]
    pub fn start(self) -> MediaTime {
        self.start
    }

    /// Returns the first moment after it.
    #[must_use]
    pub fn end(self) -> MediaTime {
        self.end
    }

    /// Returns its length.
    #[must_use]
    pub fn len(self) -> MediaTime {
        self.end - self.start
    }

    /// Tells whether it has no length.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// Names one decoded picture: its number and its presentation time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FrameTime {
    /// 0-based count of decoded pictures in presentation order.
    pub frame: u64,
    /// Presentation time on the container's clock.
    pub pts: MediaTime,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_of_ntsc_film_round_to_the_nearest_microsecond() {
        assert_eq!(MediaTime::from_ticks(40_896, 1, 24_000), MediaTime(1_704_000));
        assert_eq!(MediaTime::from_ticks(41_897, 1, 24_000), MediaTime(1_745_708));
        assert_eq!(MediaTime::from_ticks(-1, 1, 3), MediaTime(-333_333));
    }

    #[test]
    fn prints_minutes_then_hours() {
        assert_eq!(MediaTime::from_secs(61.9).to_string(), "01:01");
        assert_eq!(MediaTime::from_secs(3723.0).to_string(), "1:02:03");
    }

    proptest! {
        #[test]
        fn a_span_never_ends_before_it_starts(a in any::<i32>(), b in any::<i32>()) {
            let s = Span::new(MediaTime(a.into()), MediaTime(b.into()));
            prop_assert!(s.end() >= s.start());
            prop_assert!(s.len() >= MediaTime::ZERO);
        }
    }
}
