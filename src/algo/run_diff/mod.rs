//! What differs between two runs of one video.
//!
//! Tracks of two runs have nothing in common but when and where their faces are. So faces are paired picture by picture by their boxes
//! ([`pairs`]), one to one, and everything else is counted over these pairs.

mod hands;
mod overlap;
mod people;
mod shots;

pub use hands::{Hand, Hands, hands};
pub use overlap::{Pair, Params, Piece, Seen, Shared, pairs};
pub use people::{Amounts, PersonDiff, people};
pub use shots::{ShotDiff, shots};
