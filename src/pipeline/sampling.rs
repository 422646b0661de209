//! Which pictures the detector sees.

use crate::domain::{FrameTime, MediaTime};
use serde::{Deserialize, Serialize};

/// What the user asked for; table `[sample]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleParams {
    /// Every n-th picture; 0 leaves it to `target_fps`.
    pub stride: u32,
    /// Pictures a second of video; 0 leaves it to `stride`.
    pub fps: f64,
    /// What `stride = 0` aims at, pictures a second.
    pub target_fps: f64,
}

/// A rule that is fixed before the first picture, so that it does not depend on where a scan begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sampling {
    /// The first picture of every n: the one whose number is a multiple, or the next where that one was left undecoded.
    Stride(u32),
    /// The first picture of every `1 / fps` seconds since `origin`.
    Rate { fps: f64, origin: MediaTime },
}

impl Sampling {
    /// Fixes the rule for a video of `video_fps` pictures a second whose first picture is at `origin`.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float to integer cast saturates, and both are positive"
    )]
    pub fn choose(params: &SampleParams, video_fps: f64, origin: MediaTime) -> Self {
        if params.fps > 0.0 {
            return Self::Rate { fps: params.fps, origin };
        }
        if params.stride > 0 {
            return Self::Stride(params.stride);
        }
        let ratio = if params.target_fps > 0.0 && video_fps.is_finite() { video_fps / params.target_fps } else { 1.0 };
        Self::Stride((ratio.round() as u32).max(1))
    }

    /// Tells whether the picture `at` is analysed; `before` is the picture just before it, absent at the start of the video.
    #[must_use]
    pub fn takes(&self, at: FrameTime, before: Option<FrameTime>) -> bool {
        match *self {
            Self::Stride(n) => {
                let n = u64::from(n.max(1));
                before.is_none_or(|b| b.frame / n < at.frame / n)
            }
            Self::Rate { fps, origin } => {
                // A microsecond of slack: times are rounded to microseconds.
                let slot = |t: MediaTime| (((t - origin).secs() + 1e-6) * fps).floor();
                before.is_none_or(|b| slot(b.pts) < slot(at.pts))
            }
        }
    }

    /// Returns the stride, or about how many pictures lie between two analysed ones.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float to integer cast saturates, and both are positive"
    )]
    pub fn stride(&self, video_fps: f64) -> u32 {
        match *self {
            Self::Stride(n) => n,
            Self::Rate { fps, .. } => ((video_fps / fps).round() as u32).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> SampleParams {
        let all: toml::Table = toml::from_str(include_str!("../../config/scan.toml")).unwrap();
        all["sample"].clone().try_into().unwrap()
    }

    #[test]
    fn automatic_stride_is_three_at_film_and_television_rates_and_six_at_fifty() {
        for (fps, stride) in [(23.976, 3), (25.0, 3), (29.97, 4), (50.0, 6), (8.0, 1), (1.0, 1)] {
            assert_eq!(Sampling::choose(&params(), fps, MediaTime::ZERO), Sampling::Stride(stride), "{fps}");
        }
    }

    #[test]
    fn a_stride_takes_multiples_and_the_next_where_one_was_left_out() {
        let taken = |frames: &[u64]| {
            let mut before = None;
            let mut taken = Vec::new();
            for &frame in frames {
                let at = FrameTime { frame, pts: MediaTime::ZERO };
                if Sampling::Stride(3).takes(at, before) {
                    taken.push(frame);
                }
                before = Some(at);
            }
            taken
        };
        assert_eq!(taken(&[0, 1, 2, 3, 4, 5, 6, 7]), [0, 3, 6]);
        assert_eq!(taken(&[0, 2, 4, 5, 8, 9]), [0, 4, 8, 9]);
    }

    #[test]
    fn a_rate_takes_the_first_picture_of_each_slot_at_variable_rates() {
        let rule = Sampling::Rate { fps: 2.0, origin: MediaTime::from_secs(1.0) };
        let times = [1.0, 1.1, 1.49, 1.5, 1.9, 2.6, 3.0];
        let mut before = None;
        let mut taken = Vec::new();
        for (n, t) in times.iter().enumerate() {
            let at = FrameTime { frame: n as u64, pts: MediaTime::from_secs(*t) };
            if rule.takes(at, before) {
                taken.push(*t);
            }
            before = Some(at);
        }
        assert_eq!(taken, [1.0, 1.5, 2.6, 3.0]);
    }
}
