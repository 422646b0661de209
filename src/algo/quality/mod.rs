//! Tells how usable a face crop is and what is the matter with it, and keeps the best ones of a track.

mod assess;
mod badges;
mod crops;
mod look;
mod pose;

pub use assess::{Params, assess, eye_span};
pub use badges::{BadgeParams, badges};
pub use crops::{BestCrops, CropParams, Kept};
pub use look::look;
pub use pose::{Pose, pose};
