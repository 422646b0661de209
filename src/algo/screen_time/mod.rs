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

mod shot_time;
mod spans;
mod tally;

pub use shot_time::{Params, ShotTime, TrackTime, box_spans};
pub use spans::{covered_twice, intersect, measure, union};
pub use tally::{Part, Presence, Tally, WhoIsWho, fold, screen_time};
