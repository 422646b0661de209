//! One window of local speakers on the frames of the whole sound.

use super::{Params, speaking};
use crate::domain::{Embedding, HeardWindow, LOCAL_SPEAKERS, MediaTime};

/// Samples a second of the sound that was listened to.
const RATE: i64 = 16_000;
/// Frames of all windows lie on one grid: they are as far apart as those of a window that begins at `origin`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    origin: MediaTime,
    /// Frames that begin within the sound.
    pub frames: usize,
}

impl Grid {
    pub(super) fn new(start: MediaTime, end: MediaTime) -> Self {
        let samples = i128::from((end - start).0.max(0)) * i128::from(RATE) / 1_000_000;
        let frames = samples / i128::from(HeardWindow::FRAME_STEP) + 1;
        Self { origin: start, frames: usize::try_from(frames).unwrap_or(0) }
    }

    /// Returns the frame that lies nearest to the first one of a window; none for a window before the sound.
    pub(super) fn offset(&self, window: MediaTime) -> Option<usize> {
        let samples = i128::from((window - self.origin).0) * i128::from(RATE);
        let step = i128::from(HeardWindow::FRAME_STEP) * 1_000_000;
        usize::try_from((samples + step / 2).div_euclid(step)).ok()
    }

    /// Returns the moment halfway between the centres of frame `g` and of the one before.
    pub(super) fn edge(&self, g: usize) -> MediaTime {
        self.half_samples(g, HeardWindow::TWICE_FIRST_CENTRE - HeardWindow::FRAME_STEP)
    }

    /// Returns the time of the centre of frame `g`.
    pub(super) fn centre(&self, g: usize) -> MediaTime {
        self.half_samples(g, HeardWindow::TWICE_FIRST_CENTRE)
    }

    /// Returns the time so many half samples after `g` frames.
    fn half_samples(&self, g: usize, more: u32) -> MediaTime {
        let g = i64::try_from(g).unwrap_or(i64::MAX / 1_000_000);
        let halves = 2 * i64::from(HeardWindow::FRAME_STEP) * g + i64::from(more);
        self.origin + MediaTime::from_ticks(halves, 1, 2 * i32::try_from(RATE).unwrap_or(1))
    }
}

/// A window as diarisation sees it.
#[derive(Debug)]
pub(super) struct Window<'a> {
    pub heard: &'a HeardWindow,
    /// Its first frame.
    pub offset: usize,
    /// Who speaks in each of its frames: bit `k` for local speaker `k`.
    pub speaks: Vec<u8>,
}

impl<'a> Window<'a> {
    fn new(heard: &'a HeardWindow, offset: usize) -> Self {
        let mask = |speaks: [bool; LOCAL_SPEAKERS]| speaks.iter().rev().fold(0, |mask, s| mask << 1 | u8::from(*s));
        Self { heard, offset, speaks: heard.activity.iter().map(|a| mask(speaking(*a))).collect() }
    }

    /// Tells whether a local speaker speaks at all.
    pub(super) fn has(&self, k: usize) -> bool {
        self.speaks.iter().any(|mask| mask >> k & 1 == 1)
    }

    /// Returns the voice of a local speaker.
    pub(super) fn voice(&self, k: usize) -> Option<&'a Embedding> {
        self.heard.voices.get(k)?.as_ref().map(|v| &v.voice)
    }

    /// Returns the seconds of speech behind the voice of a local speaker that nobody else took part in.
    pub(super) fn alone_s(&self, k: usize) -> f32 {
        let voice = self.heard.voices.get(k).and_then(Option::as_ref).filter(|v| v.alone);
        voice.map_or(0.0, |v| seconds(v.speech))
    }

    /// Returns the first frame after it.
    pub(super) fn end(&self) -> usize {
        self.offset + self.speaks.len()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "lengths of speech need no more than f32")]
pub(super) fn seconds(time: MediaTime) -> f32 {
    time.secs() as f32
}

/// Puts windows on the grid, by start; those outside it are left out.
pub(super) fn windows<'a>(heard: &'a [HeardWindow], grid: &Grid) -> Vec<Window<'a>> {
    let placed = heard.iter().filter_map(|h| Some((grid.offset(h.start)?, h)));
    let mut windows: Vec<Window> = placed.filter(|p| p.0 < grid.frames).map(|(at, h)| Window::new(h, at)).collect();
    windows.sort_by_key(|w| w.offset);
    windows
}

/// Returns how many windows hold a moment in the mean, 1 or more: speech that each of them counts is counted so often.
pub(super) fn coverage(windows: &[Window]) -> f32 {
    let (Some(first), Some(last)) = (windows.first(), windows.last()) else { return 1.0 };
    if windows.len() < 2 {
        return 1.0;
    }
    let step = (last.offset - first.offset) as f32 / (windows.len() - 1) as f32;
    (first.speaks.len() as f32 / step.max(1.0)).max(1.0)
}

impl Params {
    /// Says how likely somebody speaks, as the log of the odds: what the windows say and what the voice activity model says.
    pub(super) fn speech_odds(&self, windows: f32, activity: Option<u8>) -> f32 {
        // A byte cannot say more than 1 to 500.
        let log_odds = |p: f32| (p.clamp(0.002, 0.998) / (1.0 - p.clamp(0.002, 0.998))).ln();
        let heard = activity.map_or(0.0, |a| self.activity_weight * log_odds(f32::from(a) / 255.0) + self.speech_bias);
        log_odds(windows) + heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_any_window_lie_on_the_grid_to_half_a_frame() {
        let grid = Grid::new(MediaTime(-500_000), MediaTime(60_000_000));
        for start in [-500_000, 0, 1_000_000, 37_123_456] {
            let window = HeardWindow { start: MediaTime(start), activity: vec![], voices: [None, None, None] };
            let offset = grid.offset(window.start).unwrap();
            assert!((grid.centre(offset + 7) - window.frame_centre(7)).0.abs() <= 8_438, "{start}");
        }
        assert_eq!(grid.edge(1) - grid.edge(0), MediaTime(16_875));
        assert_eq!(grid.offset(MediaTime(-600_000)), None);
    }
}
