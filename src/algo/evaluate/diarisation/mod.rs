//! Compares who was heard when with the truth: diarisation error rate, and the RTTM files that truth comes in.

mod error_rate;
mod rttm;

pub use error_rate::{DiarisationError, diarisation_error};
pub use rttm::{Rttm, RttmError};

use crate::domain::Span;

/// Somebody speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub span: Span,
    /// Any name; only whether two are equal counts.
    pub speaker: String,
}
