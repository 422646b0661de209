//! What a run hears before anybody is told apart: speech, local speakers of short windows, a vector of each of their voices.

use super::{Embedding, MediaTime, SoundLevels};

/// Local speakers that a window can hold.
pub const LOCAL_SPEAKERS: usize = 3;

/// One stretch of the sound, stored at once; the stretches of a run follow on one another without a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct HeardChunk {
    /// 0-based.
    pub index: u32,
    /// Loudness and speech of this stretch alone.
    pub levels: SoundLevels,
    /// Windows that begin in this stretch, by start; they reach into the next one.
    pub windows: Vec<HeardWindow>,
}

/// Who of at most three speakers speaks in one window of the sound. Who is whom in another window is not known here.
#[derive(Debug, Clone, PartialEq)]
pub struct HeardWindow {
    /// Time of its first sample, on the container's clock.
    pub start: MediaTime,
    /// Probability that each local speaker speaks, frame by frame, `0..=255` for `0..=1`; the times are [`HeardWindow::frame_centre`].
    pub activity: Vec<[u8; LOCAL_SPEAKERS]>,
    /// Voice of each local speaker; absent where too little was heard of it.
    pub voices: [Option<LocalVoice>; LOCAL_SPEAKERS],
}

/// The voice of a local speaker in one window.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalVoice {
    pub voice: Embedding,
    /// Length of the speech that it was made from.
    pub speech: MediaTime,
    /// Nobody else spoke in that speech.
    pub alone: bool,
}

impl HeardWindow {
    /// Samples between two frames, at 16,000 a second.
    pub const FRAME_STEP: u32 = 270;
    /// Twice the sample at the centre of the first frame, which lies between two samples.
    pub const TWICE_FIRST_CENTRE: u32 = 991;

    /// Returns the time of the centre of frame `k`: sample `270 k + 495.5` of the window.
    #[must_use]
    pub fn frame_centre(&self, k: usize) -> MediaTime {
        let k = i64::try_from(k).unwrap_or(i64::MAX / 1_000_000);
        self.start + MediaTime::from_ticks(2 * i64::from(Self::FRAME_STEP) * k + i64::from(Self::TWICE_FIRST_CENTRE), 1, 32_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_a_window_lie_where_the_model_looks() {
        let window = HeardWindow { start: MediaTime(1_000_000), activity: vec![], voices: [None, None, None] };
        assert_eq!(window.frame_centre(0), MediaTime(1_030_969));
        assert_eq!(window.frame_centre(588), MediaTime(10_953_469));
    }
}
