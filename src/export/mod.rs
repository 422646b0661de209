//! Rows as bytes, and back: screen time as CSV and JSON, turns as RTTM, people and shows, and the directory of artifacts that other tools read.
//!
//! Nothing here opens a file. Writers take a [`std::io::Write`] or an [`artifacts::Sink`], the reader takes a closure that fetches
//! one file by its path; temporary names and renaming belong to the caller.

pub mod artifacts;
pub mod catalog;
mod csv;
mod json;
mod npy;
mod rounding;
mod rttm;
mod slug;
pub mod subtitles;

pub use csv::write_screen_time_csv;
pub use json::{ScreenTimeFile, screen_time_file, write_screen_time_json};
pub use npy::{NpyError, read_npy, write_npy};
pub use rttm::{rttm_name, write_rttm};
pub use slug::{person_slugs, slug};
