//! The facebank of a library: faces that are known to be somebody's, with which those of every episode are compared.
//!
//! What is kept is the aligned face, so that the vectors of any embedder can be made of it; which face stands for whom is decided in the
//! catalog's log and taken back by its undo.

mod bank;
mod check;
mod enrol;
mod line;
mod promote;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_sunglasses;

pub use crate::algo::enrol::TakeLargest;
pub use bank::{Bank, ReferenceVector, bank};
pub(in crate::session) use bank::{BankIndex, at_hand, digest};
pub(in crate::session) use check::health;
pub use check::{BankCheck, CopyLine, DoubtLine, check, rebuild};
pub use enrol::{Enrolment, FaceOutcome, Verdict, enrol, portraits_of};
pub use line::{ReferenceLine, list, remove};
pub use promote::{PromoteFrom, Promotion, promote, promote_open};
