//! Listens to a recording: loudness and speech, local speakers of overlapping windows, a vector of each of their voices.
//!
//! ```text
//! sound + speech --2 stretches--> hear x n --2 + n stretches--> in order, to whoever asked
//! ```
//!
//! The **stretch** is the unit of commit. Windows that begin in it reach into the next one, so it waits for the sound behind it; nothing else
//! of a recording is held. Listening that goes on reads the sound from its beginning once more, so that every sample lies where it lay, and
//! lets the model of speech hear it all again, which remembers; both cost a hundredth of the rest.

mod hear;
mod params;
mod source;

pub use hear::{Ears, NextSound, listen, try_out};
pub use params::Params;
