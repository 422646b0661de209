//! Says whom the tracks of an episode show, out of the people whose faces are known.
//!
//! A track's vector is compared with the references of each person ([`Gallery`]); how like the nearest are and by how much they lead make a
//! belief ([`Belief`]), fitted to real faces with strangers among them ([`calibrate`]). It has weights for the quality of the face and the number
//! of references, too; fitted they are 0, because they would have spoken against good faces (docs/EVALUATION.md).
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
pub use gallery::{Gallery, Shortlist};
pub use settle::{Group, Membership, Whose, recognise};
