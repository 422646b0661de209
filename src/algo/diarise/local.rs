//! Local speakers of one window: who speaks in a frame, and which parts of the sound tell what each one's voice is like.

use crate::domain::{HeardWindow, LOCAL_SPEAKERS, MediaTime};
use std::ops::Range;

/// What counts as half, of 255.
const HALF: u16 = 128;
/// Samples of a row of features.
const ROW: usize = 160;
/// Frames that somebody must speak alone, or else what others speak into is taken too: 0.3 s.
const MIN_ALONE: usize = 18;

/// Tells who speaks in a frame, from the probability that each local speaker does, `0..=255` for `0..=1`.
///
/// Those who speak rather than not; where the doubt is only about who of them it is, the likeliest alone.
#[must_use]
pub fn speaking(activity: [u8; LOCAL_SPEAKERS]) -> [bool; LOCAL_SPEAKERS] {
    let mut speaks = activity.map(|a| u16::from(a) >= HALF);
    let sum: u16 = activity.iter().map(|a| u16::from(*a)).sum();
    if sum >= HALF && !speaks.contains(&true) {
        let likeliest = (0..LOCAL_SPEAKERS).rev().max_by_key(|k| activity[*k]).unwrap_or(0);
        speaks[likeliest] = true;
    }
    speaks
}

/// What to make a local speaker's voice of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalSpeech {
    /// Rows of features, 10 ms each from the start of the window.
    pub rows: Vec<Range<usize>>,
    /// Their length.
    pub speech: MediaTime,
    /// Nobody else speaks in them.
    pub alone: bool,
}

/// Finds the speech of each local speaker of a window: where it speaks alone, or, for those who hardly ever do, all of it.
#[must_use]
pub fn local_speech(activity: &[[u8; LOCAL_SPEAKERS]]) -> [Option<LocalSpeech>; LOCAL_SPEAKERS] {
    let speaks: Vec<_> = activity.iter().map(|a| speaking(*a)).collect();
    std::array::from_fn(|k| {
        let alone = |frame: &[bool; LOCAL_SPEAKERS]| frame[k] && frame.iter().filter(|s| **s).count() == 1;
        let enough = speaks.iter().filter(|f| alone(f)).count() >= MIN_ALONE;
        let rows = rows(speaks.iter().map(|f| if enough { alone(f) } else { f[k] }));
        let count = rows.iter().map(Range::len).sum::<usize>();
        let speech = MediaTime(i64::try_from(count).unwrap_or(0) * 10_000);
        (count > 0).then_some(LocalSpeech { rows, speech, alone: enough })
    })
}

/// Returns the rows that lie nearest to the frames wanted.
fn rows(wanted: impl Iterator<Item = bool>) -> Vec<Range<usize>> {
    const STEP: usize = HeardWindow::FRAME_STEP as usize;
    const TWICE_FIRST_CENTRE: usize = HeardWindow::TWICE_FIRST_CENTRE as usize;
    // From halfway to the frame before to halfway to the one after, in rows whose centre is sample 160 i.
    let edge = |frame: usize| (2 * STEP * frame + TWICE_FIRST_CENTRE - STEP).div_ceil(2 * ROW);
    let mut rows: Vec<Range<usize>> = Vec::new();
    for (frame, _) in wanted.enumerate().filter(|(_, wanted)| *wanted) {
        match rows.last_mut() {
            Some(last) if last.end == edge(frame) => last.end = edge(frame + 1),
            _ => rows.push(edge(frame)..edge(frame + 1)),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_speaks_is_the_likeliest_where_only_that_is_in_doubt() {
        assert_eq!(speaking([200, 130, 0]), [true, true, false]);
        assert_eq!(speaking([100, 100, 20]), [true, false, false]);
        assert_eq!(speaking([20, 60, 50]), [false, true, false]);
        assert_eq!(speaking([40, 40, 40]), [false, false, false]);
    }

    #[test]
    fn a_voice_is_made_of_what_is_said_alone_if_there_is_enough() {
        let mut activity = vec![[0, 0, 0]; 100];
        activity[10..70].fill([255, 0, 0]);
        activity[40..50].fill([255, 255, 0]);
        let [first, second, third] = local_speech(&activity);
        let first = first.unwrap();
        // Frames 10..40 and 50..70 of 16.875 ms from 22.5 ms on.
        assert_eq!((first.rows, first.alone), (vec![20..70, 87..121], true));
        assert_eq!(first.speech, MediaTime(840_000));
        let second = second.unwrap();
        assert_eq!((second.rows.len(), second.rows[0].clone(), second.alone), (1, 70..87, false));
        assert_eq!(third, None);
    }
}
