//! Turns boxes into seconds.
//!
//! Rules, for each track:
//! 1. A box counts from its picture to the next analysed one, never past the end of its shot. A box on the first analysed
//!    picture of a shot counts from the shot's start: the face was there since the cut.
//! 2. A box less than `min_share_inside` of which lies inside the picture does not count.
//! 3. A gap between two counting boxes is bridged up to `gap_tolerance_s`, unless a box in it says that the face was out of
//!    the picture. Gaps between two tracks are never bridged.
//!
//! A person's time is the union over their tracks, so two boxes at once count once. All sums are exact in microseconds.
//!
//! Rules of speech, for each person:
//! 1. They speak in every turn that is theirs, on screen or off; overlapping turns of one person count once, of two people for each
//!    of them whole.
//! 2. They are seen speaking where such a turn is on screen ([`crate::domain::AvLink::on_screen`]) and their face is seen by the rules above:
//!    never more than either.
//! 3. Speech with pauses of at most `speech_pause_s` is one speaking appearance.

mod shot_time;
mod spans;
mod speech;
mod tally;

pub use shot_time::{Params, ShotTime, TrackTime, box_spans};
pub use spans::{covered_twice, intersect, measure, union};
pub use speech::Heard;
pub use tally::{Part, Presence, Tally, WhoIsWho, fold, screen_time};
