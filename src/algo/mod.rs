//! Pure algorithms over domain values, each with its parameters and its source.

pub mod align;
pub mod area;
pub mod cluster;
pub mod diarise;
pub mod enrol;
pub mod evaluate;
pub mod fuse;
pub mod letterbox;
pub mod mouth;
mod nearest;
pub mod nms;
pub mod propagate;
pub mod quality;
pub mod recognise;
pub mod run_diff;
pub mod screen_time;
pub mod shot_cut;
pub mod speech;
pub mod speech_windows;
#[cfg(test)]
pub(crate) mod sunglasses;
pub mod track;
pub mod transcript;
pub mod voice_bank;
pub mod words;

pub use nearest::mean_of_nearest;
