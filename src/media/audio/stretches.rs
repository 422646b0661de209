//! One clock for streams whose stamps begin anew inside the file.

use crate::domain::MediaTime;

/// Says how far to move the stamps of sound that comes after a jump back, as in broadcasts that were joined end to end.
///
/// Pictures are numbered on: one that does not come after its predecessor follows at its end. Sound is moved by as much as the
/// pictures it came with, so that the two stay together however many joints there are; without pictures it follows at the end of
/// what came before. A jump forward is time that is missing, and stays.
#[derive(Debug)]
pub(super) struct Stretches {
    may_jump: bool,
    sound: Track,
    pictures: Track,
    /// How far the pictures of each stretch are moved.
    moves: Vec<MediaTime>,
    /// Packets of pictures seen while sound waits for their jump; `None` while it does not wait.
    waited: Option<u32>,
}

#[derive(Debug, Default)]
struct Track {
    offset: MediaTime,
    /// Where the last one ends, moved.
    end: Option<MediaTime>,
}

/// What stamps may run back without a new stretch: packets overlap a little in broadcasts, and pictures come out of order.
const SLACK: MediaTime = MediaTime(1_000_000);
/// Packets of pictures after which sound waits no more: two seconds.
const PATIENCE: u32 = 50;

impl Track {
    /// Returns by how much a stamp lies before the end of what came before, where that is a jump.
    fn jumps_by(&self, pts: MediaTime) -> Option<MediaTime> {
        self.end.map(|end| end - (pts + self.offset)).filter(|back| *back > SLACK)
    }

    fn goes_on(&mut self, pts: MediaTime, length: MediaTime) {
        let end = pts + self.offset + length;
        self.end = Some(self.end.map_or(end, |e| e.max(end)));
    }
}

impl Stretches {
    pub(super) fn new(may_jump: bool) -> Self {
        Self { may_jump, sound: Track::default(), pictures: Track::default(), moves: vec![MediaTime::ZERO], waited: None }
    }

    /// Notes the stamp of a picture.
    pub(super) fn see_picture(&mut self, pts: MediaTime, length: MediaTime) {
        if let Some(back) = self.pictures.jumps_by(pts) {
            self.pictures.offset = self.pictures.offset + back;
            self.moves.push(self.pictures.offset);
        }
        self.pictures.goes_on(pts, length);
        if let Some(waited) = &mut self.waited {
            *waited += 1;
        }
    }

    /// Returns by how much a piece of sound is to be moved; `None` as long as that hangs on pictures not yet seen.
    pub(super) fn place(&mut self, pts: MediaTime, length: MediaTime) -> Option<MediaTime> {
        if !self.may_jump {
            return Some(MediaTime::ZERO);
        }
        if let Some(back) = self.sound.jumps_by(pts) {
            let wanted = self.sound.offset + back;
            let near = self.moves.iter().rev().find(|m| (**m - wanted).0.abs() <= SLACK.0).copied();
            let can_wait = self.pictures.end.is_some() && self.waited.is_none_or(|n| n < PATIENCE);
            if near.is_none() && can_wait {
                self.waited.get_or_insert(0);
                return None;
            }
            self.sound.offset = near.unwrap_or(wanted);
        }
        self.waited = None;
        self.sound.goes_on(pts, length);
        Some(self.sound.offset)
    }

    /// Waits no more: the file is at its end.
    pub(super) fn give_up(&mut self) {
        self.waited = Some(PATIENCE);
    }

    /// Forgets all so far.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.may_jump);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1000;

    fn place(s: &mut Stretches, pts: i64) -> Option<i64> {
        s.place(MediaTime(pts * MS), MediaTime(24 * MS)).map(|m| pts + m.0 / MS)
    }

    #[test]
    fn stamps_that_begin_anew_go_on_where_the_last_stretch_ended() {
        let mut s = Stretches::new(true);
        let got = [1400, 1424, 5000, 1400, 1424, 1430].map(|pts| place(&mut s, pts).unwrap());
        assert_eq!(got, [1400, 1424, 5000, 5024, 5048, 5054]);
        let mut still = Stretches::new(false);
        assert_eq!([5000, 1400].map(|pts| place(&mut still, pts)), [Some(5000), Some(1400)]);
    }

    #[test]
    fn sound_is_moved_as_far_as_its_pictures_whoever_jumps_first() {
        for pictures_first in [true, false] {
            let mut s = Stretches::new(true);
            let picture = |s: &mut Stretches, pts: i64| s.see_picture(MediaTime(pts * MS), MediaTime(40 * MS));
            picture(&mut s, 6360);
            assert_eq!(place(&mut s, 6390), Some(6390));
            if pictures_first {
                picture(&mut s, 1400);
            }
            if !pictures_first {
                assert_eq!(place(&mut s, 1377), None, "it waits");
                picture(&mut s, 1400);
            }
            assert_eq!(place(&mut s, 1377), Some(6377), "5 s as the pictures, not 5.037 as the sound alone would");
        }
    }

    #[test]
    fn sound_whose_pictures_do_not_jump_waits_no_longer_than_the_file_lasts() {
        let mut s = Stretches::new(true);
        s.see_picture(MediaTime(6360 * MS), MediaTime(40 * MS));
        assert_eq!(place(&mut s, 6390), Some(6390));
        assert_eq!(place(&mut s, 1377), None);
        s.give_up();
        assert_eq!(place(&mut s, 1377), Some(6414));
    }
}
