//! The workstation: an episode reviewed from the keyboard.

pub mod keymap;
mod named;
pub mod palette;
pub mod pictures;
pub mod text;
pub mod theme;
