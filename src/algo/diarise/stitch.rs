//! Lays the windows over one another and reads off who speaks in each frame of the sound.

use super::Params;
use super::assign::Owner;
use super::window::{Grid, Window};
use crate::domain::{LOCAL_SPEAKERS, MediaTime, SoundLevels};

/// A stretch of frames in which a voice speaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stretch {
    pub voice: usize,
    pub first: usize,
    /// First frame after it.
    pub end: usize,
    /// Sum over its frames of the belief that this voice speaks.
    pub belief: f32,
}

/// Frames that are worked on at once: 17 s.
const BLOCK: usize = 1000;

/// Returns the stretches of all voices, by the frame they end in.
///
/// In each frame as many voices speak as the windows hear in the mean, those that most windows hear. A frame that the windows and the
/// voice activity model together do not take for speech is silence. Memory goes with the number of voices and of stretches.
pub(super) fn stitch(
    windows: &[Window],
    owners: &[[Owner; LOCAL_SPEAKERS]],
    voices: usize,
    levels: &[SoundLevels],
    grid: &Grid,
    params: &Params,
) -> Vec<Stretch> {
    let mut open: Vec<Option<Stretch>> = vec![None; voices];
    let mut stretches = Vec::new();
    let mut from = 0;
    for block in (0..grid.frames).step_by(BLOCK) {
        let end = (block + BLOCK).min(grid.frames);
        while windows.get(from).is_some_and(|w| w.end() <= block) {
            from += 1;
        }
        let frames = sum_up(windows.iter().zip(owners).skip(from).take_while(|w| w.0.offset < end), block, end, voices);
        for (at, frame) in (block..end).zip(&frames) {
            let speech = params.speech_odds(frame.speech(), activity(levels, grid.centre(at))) > 0.0;
            let speaks = if speech { frame.loudest() } else { Vec::new() };
            for (voice, open) in open.iter_mut().enumerate() {
                if speaks.contains(&voice) {
                    let stretch = open.get_or_insert(Stretch { voice, first: at, end: at, belief: 0.0 });
                    stretch.end = at + 1;
                    stretch.belief += frame.belief(voice);
                } else {
                    stretches.extend(open.take());
                }
            }
        }
    }
    stretches.extend(open.into_iter().flatten());
    stretches
}

/// What all windows say of one frame.
#[derive(Debug, Clone)]
struct Frame {
    windows: u16,
    /// Sum over windows of how many speak.
    speakers: u16,
    /// Sum over windows of the probability that anybody does, `0..=255` each.
    anybody: u32,
    /// Windows in which each voice speaks, and the sum of belief in that.
    voices: Vec<(u16, f32)>,
}

impl Frame {
    fn speech(&self) -> f32 {
        if self.windows == 0 { 0.0 } else { self.anybody as f32 / (255.0 * f32::from(self.windows)) }
    }

    fn belief(&self, voice: usize) -> f32 {
        self.voices.get(voice).map_or(0.0, |v| v.1 / f32::from(self.windows.max(1)))
    }

    /// Returns the voices that speak.
    fn loudest(&self) -> Vec<usize> {
        let count = if self.windows == 0 { 0 } else { (2 * self.speakers + self.windows) / (2 * self.windows) };
        let mut heard: Vec<usize> = (0..self.voices.len()).filter(|v| self.voices[*v].0 > 0).collect();
        heard.sort_by(|a, b| {
            let (x, y) = (self.voices[*a], self.voices[*b]);
            y.0.cmp(&x.0).then(y.1.total_cmp(&x.1)).then(a.cmp(b))
        });
        heard.truncate(usize::from(count));
        heard
    }
}

fn sum_up<'a>(
    windows: impl Iterator<Item = (&'a Window<'a>, &'a [Owner; LOCAL_SPEAKERS])>,
    start: usize,
    end: usize,
    voices: usize,
) -> Vec<Frame> {
    let nothing = Frame { windows: 0, speakers: 0, anybody: 0, voices: vec![(0, 0.0); voices] };
    let mut frames = vec![nothing; end - start];
    for (window, owners) in windows {
        let first = start.max(window.offset);
        for (at, frame) in (first..end.min(window.end())).zip(frames.iter_mut().skip(first - start)) {
            let local = at - window.offset;
            let (Some(mask), Some(activity)) = (window.speaks.get(local), window.heard.activity.get(local)) else { continue };
            frame.windows += 1;
            frame.anybody += activity.iter().map(|a| u32::from(*a)).sum::<u32>().min(255);
            for (_, owner) in owners.iter().enumerate().filter(|(k, _)| mask >> k & 1 == 1) {
                frame.speakers += 1;
                if let Some((count, belief)) = owner.and_then(|(v, b)| Some((frame.voices.get_mut(v)?, b))) {
                    *count = (count.0 + 1, count.1 + belief);
                }
            }
        }
    }
    frames
}

/// Returns the probability of speech at a moment, `0..=255` for `0..=1`; `None` where it was not listened to.
fn activity(levels: &[SoundLevels], at: MediaTime) -> Option<u8> {
    let next = levels.partition_point(|l| l.start <= at);
    let stretch = levels.get(next.checked_sub(1)?)?;
    let step = usize::try_from((at - stretch.start).0 / SoundLevels::SPEECH_STEP.0).ok()?;
    stretch.speech.get(step).copied()
}
