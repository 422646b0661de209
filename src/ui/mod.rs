//! The workstation: an episode reviewed from the keyboard.
//!
//! One loop: a message and the model make the next model and effects (`update`); the model is drawn (`draw`); `runtime` alone reads
//! keys, writes to the terminal and talks to the thread that reads and decides (`worker`).

mod confirm;
mod draw;
mod edit;
mod errand;
mod help;
pub mod keymap;
mod library;
mod likely;
mod line;
mod list;
mod log_filter;
mod model;
mod named;
pub mod palette;
mod picker;
mod picker_panel;
pub mod pictures;
mod projector;
mod refusal;
#[cfg(test)]
mod rehearsal;
mod replay;
mod runtime;
mod screens;
mod sight;
pub mod text;
pub mod theme;
mod tryout;
mod update;
mod worker;

pub use model::{Arrive, Sort, Tab};
pub use runtime::{Options, UiError, run};
