//! What an active-speaker model looks at: where a face is 25 times a second, and its mouth and surroundings in grey.
//!
//! As LR-ASD (Liao et al. 2025, after Light-ASD, CVPR 2023) prepares its input: boxes are joined by straight lines over gaps, half sides
//! and centres go through a median of 13, and of a square of 2.8 half sides whose centre lies a little lower the middle half is taken.

mod crop;
mod params;
mod squares;
mod stretches;

pub use crop::{CROP_SIDE, Region, grey_crop};
pub use params::Params;
pub use squares::{Square, squares};
pub use stretches::{Grid, Stretch, Windows, stretches};
