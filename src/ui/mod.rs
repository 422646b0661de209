//! The workstation: an episode reviewed from the keyboard.

pub mod pictures;
pub mod text;
