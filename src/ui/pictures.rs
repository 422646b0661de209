//! Faces and frames on a terminal: from JPEG to cells, off the caller's thread.
//!
//! The runtime asks the terminal once ([`probe`]) and owns one [`Pictures`]. After each change of what is shown it says what it
//! wants, nearest to the cursor first; worker threads load, decode, scale and encode, and tell the runtime, which draws again with
//! [`paint`].
//!
//! Block characters are cells like others. Graphics (kitty, sixel, iTerm2) do not travel through cells: they are marked there, and the
//! runtime writes what [`Pictures::outgoing`] returns once the reviewer has stopped moving, and what [`Pictures::after_draw`] returns
//! after every draw.

mod cache;
mod diacritics;
mod escape;
mod inline;
mod kitty;
mod make;
mod mosaic;
mod overlay;
mod paint;
mod palette;
mod pool;
mod prepare;
mod probe;
mod screen;
#[cfg(test)]
mod tests;

pub use make::Loaded;
pub use overlay::{Line, Mark, Pen, mark};
pub use paint::{Drawn, paint, paint_into};
pub use pool::{Load, Outgoing, Pictures, Ready, Want};
pub use probe::{Probe, Protocol, probe};

use crate::domain::{self, CropKey, EpisodeId, RunId};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Names a picture as it is drawn: whose, how large, and what of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PictureId {
    /// Tells one run's crops from another's; see [`scope`].
    pub scope: u64,
    /// The crop; of a whole frame its number, and instead of the track what tells apart how it is marked.
    pub key: CropKey,
    /// Columns and rows it fills.
    pub cells: (u16, u16),
    pub kind: Kind,
}

impl PictureId {
    /// Tells whether this picture is to stand where the other one stood.
    fn takes_place_of(&self, other: &Self) -> bool {
        (self.scope, self.cells, self.kind) == (other.scope, other.cells, other.kind)
    }
}

/// What of a picture is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A face's thumbnail, cropped so that it fills its cells, as tight as the protocol needs; contrast stretched for the eye.
    Face,
    /// The whole thumbnail of a face with its own proportions, in the middle of its cells; contrast stretched for the eye.
    Portrait,
    /// The whole picture with its own proportions, in the middle of its cells; colours as they are.
    Whole,
}

/// Returns what tells a picture that the catalog keeps from all others; its crop is the first of no track.
#[must_use]
pub fn kept_scope(picture: &domain::PictureId) -> u64 {
    let mut hasher = DefaultHasher::new();
    picture.hash(&mut hasher);
    hasher.finish()
}

/// Returns what tells this run's crops from those of other runs and episodes.
#[must_use]
pub fn scope(episode: &EpisodeId, run: RunId) -> u64 {
    let mut hasher = DefaultHasher::new();
    (episode, run).hash(&mut hasher);
    hasher.finish()
}
