//! One clock for streams whose stamps begin anew inside the file.

use crate::domain::MediaTime;
use ffmpeg_next::Packet;

/// Moves the stamps of packets that come after a jump back, as in recordings that were joined end to end.
///
/// Pictures go on likewise: what does not come after its predecessor follows at its end. A jump forward is time that is missing
/// and stays.
#[derive(Debug)]
pub(super) struct Stretches {
    time_base: (i32, i32),
    may_jump: bool,
    /// Ticks to add.
    offset: i64,
    /// Where the packet before ends, moved.
    end: Option<i64>,
}

impl Stretches {
    /// What stamps may run back without a new stretch: they are rounded, and packets overlap a little in broadcasts.
    const SLACK: MediaTime = MediaTime(1_000_000);

    pub(super) fn new(time_base: (i32, i32), may_jump: bool) -> Self {
        Self { time_base, may_jump, offset: 0, end: None }
    }

    /// Gives a packet its place on the one clock.
    pub(super) fn place(&mut self, packet: &mut Packet) {
        let Some(pts) = packet.pts().filter(|_| self.may_jump) else { return };
        let moved = self.moved(pts, packet.duration().max(0));
        packet.set_dts(packet.dts().map(|dts| dts.saturating_add(moved - pts)));
        packet.set_pts(Some(moved));
    }

    fn moved(&mut self, pts: i64, length: i64) -> i64 {
        let moved = pts.saturating_add(self.offset);
        let back = self.end.map_or(0, |end| end.saturating_sub(moved));
        let moved = if MediaTime::from_ticks(back, self.time_base.0, self.time_base.1) > Self::SLACK {
            self.offset = self.offset.saturating_add(back);
            moved.saturating_add(back)
        } else {
            moved
        };
        let end = moved.saturating_add(length);
        self.end = Some(self.end.map_or(end, |e| e.max(end)));
        moved
    }

    /// Forgets all so far.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.time_base, self.may_jump);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_that_begin_anew_go_on_where_the_last_stretch_ended() {
        let mut stretches = Stretches::new((1, 1000), true);
        let got: Vec<i64> = [(1400, 24), (1424, 24), (5000, 24), (1400, 24), (1424, 24), (1430, 24)]
            .map(|(pts, d)| stretches.moved(pts, d))
            .into();
        assert_eq!(got, [1400, 1424, 5000, 5024, 5048, 5054]);
    }
}
