//! Tells how usable a face crop is, and keeps the best ones of a track.

mod assess;
mod crops;
mod pose;

pub use assess::{Params, assess, eye_span};
pub use crops::{BestCrops, CropParams, Kept};
pub use pose::{Pose, pose};
