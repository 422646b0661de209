//! Says whom the tracks of an episode show, out of the people whose faces are known.
//!
//! A track's vector is compared with the references of each person ([`Gallery`]); how like the nearest is, by how much it leads, how good the
//! face is and how many references there are make a belief ([`Belief`]), fitted to real faces with strangers among them ([`calibrate`]).
//! [`recognise`] gives each track to the person it is believed to show, or to nobody: two faces of one picture are never one person, what
//! people decided holds, and clusters go along with their tracks that are known.

mod assign;
mod belief;
mod calibrate;
mod fit;
mod gallery;
mod settle;
#[cfg(test)]
mod tests;

pub use assign::{Found, Holder, Likenesses, Seen};
pub use belief::{Belief, Evidence, Params};
pub use calibrate::{Calibration, CalibrationParams, Probe, Reliability, calibrate};
pub use gallery::Gallery;
pub use settle::{Group, Membership, Whose, recognise};
