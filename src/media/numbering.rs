//! Numbers and times of pictures.

use crate::domain::{FrameTime, MediaTime};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Turns the decoder's stamps into strictly rising times and counts pictures.
///
/// A missing stamp, or one that does not come after its predecessor's (a clock that starts anew inside the file), is replaced by
/// the predecessor's end.
#[derive(Debug)]
pub(super) struct Numbering {
    time_base: (i32, i32),
    /// Ticks of a picture whose length is not told.
    usual: i64,
    next: u64,
    last: Option<Stamp>,
    /// Stamps of packets that were sent and whose pictures have not come out.
    pending: BinaryHeap<Reverse<i64>>,
}

#[derive(Debug, Clone, Copy)]
struct Stamp {
    ticks: i64,
    length: i64,
}

/// Says how pictures get their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    /// Every picture comes out: the number is the count of pictures before it.
    Pictures,
    /// Some pictures are left out: the number is the count of packets whose stamp is lower.
    Packets,
}

impl Numbering {
    pub(super) fn new(time_base: (i32, i32), usual: i64) -> Self {
        Self { time_base, usual: usual.max(1), next: 0, last: None, pending: BinaryHeap::new() }
    }

    /// Notes a packet that goes to the decoder.
    pub(super) fn sent(&mut self, pts: Option<i64>) {
        if let Some(pts) = pts {
            self.pending.push(Reverse(pts));
        }
    }

    /// Names the next picture that came out.
    pub(super) fn name(&mut self, stamp: Option<i64>, length: i64, counting: Counting) -> FrameTime {
        let after = self.last.map(|l| l.ticks.saturating_add(l.length));
        let ticks = match (stamp, self.last) {
            (Some(t), Some(l)) if t <= l.ticks => after.unwrap_or(t),
            (Some(t), _) => t,
            (None, _) => after.unwrap_or(0),
        };
        let mut before = 0;
        let mut own = false;
        if let Some(t) = stamp {
            while self.pending.peek().is_some_and(|p| p.0 <= t) {
                let lower = self.pending.pop().is_some_and(|p| p.0 < t);
                before += u64::from(lower);
                own |= !lower;
            }
        }
        // A picture without a packet of its own stamp had its stamp guessed: then packets tell nothing.
        let left_out = if counting == Counting::Packets && own { before } else { 0 };
        let frame = self.next + left_out;
        self.next = frame + 1;
        self.last = Some(Stamp { ticks, length: if length > 0 { length } else { self.usual } });
        FrameTime { frame, pts: self.time(ticks) }
    }

    /// Goes on counting as if `at` were the last picture named.
    pub(super) fn resume(&mut self, at: FrameTime) {
        self.next = at.frame + 1;
    }

    /// Forgets everything but the time base.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.time_base, self.usual);
    }

    /// Returns the end of the last picture named.
    pub(super) fn end(&self) -> Option<MediaTime> {
        self.last.map(|l| self.time(l.ticks.saturating_add(l.length)))
    }

    pub(super) fn time(&self, ticks: i64) -> MediaTime {
        MediaTime::from_ticks(ticks, self.time_base.0, self.time_base.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: &mut Numbering, stamps: &[Option<i64>], counting: Counting) -> Vec<(u64, i64)> {
        stamps.iter().map(|s| n.name(*s, 40, counting)).map(|f| (f.frame, f.pts.0 / 1000)).collect()
    }

    #[test]
    fn a_missing_or_backward_stamp_continues_from_the_last_picture() {
        let mut n = Numbering::new((1, 1000), 40);
        let got = names(&mut n, &[Some(100), None, Some(180), Some(20), Some(300)], Counting::Pictures);
        assert_eq!(got, [(0, 100), (1, 140), (2, 180), (3, 220), (4, 300)]);
        assert_eq!(n.end(), Some(MediaTime(340_000)));
    }

    #[test]
    fn pictures_left_out_still_count() {
        let mut n = Numbering::new((1, 1000), 40);
        for pts in [0, 160, 80, 40, 120, 320, 240, 200, 280] {
            n.sent(Some(pts));
        }
        let got = names(&mut n, &[Some(0), Some(80), Some(160), Some(320)], Counting::Packets);
        assert_eq!(got, [(0, 0), (2, 80), (4, 160), (8, 320)]);
    }

    #[test]
    fn a_packet_that_gave_no_picture_does_not_count_where_all_are_decoded() {
        let mut n = Numbering::new((1, 1000), 40);
        for pts in [0, 40, 80] {
            n.sent(Some(pts));
        }
        assert_eq!(names(&mut n, &[Some(0), Some(80)], Counting::Pictures), [(0, 0), (1, 80)]);
    }
}
