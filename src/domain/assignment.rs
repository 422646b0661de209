//! Who a track is believed to be.

use super::{IdentityId, PersonId};
use serde::{Deserialize, Serialize};

/// Says where an assignment comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A run believes it.
    Proposed,
    /// A person accepted it for tracks like one they decided.
    Propagated,
    /// A decision on an earlier run, carried over.
    Carried,
    /// A person decided it.
    Confirmed,
}

/// Says how an assignment was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    Cluster,
    /// The face is like those that the library knows as theirs.
    Facebank,
    Overlap,
    /// The face is like those of tracks that are theirs.
    Likeness,
    /// The voice is like that of somebody known.
    Voice,
    Import,
    User,
}

/// Says which identity a track belongs to, and why.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    pub identity: IdentityId,
    pub source: Source,
    pub method: Method,
    /// Belief in it, `0..=1`, higher is surer.
    pub score: f32,
    /// The method's own threshold at the time (for clusters, a cosine).
    pub threshold: f32,
    pub locked: bool,
}

impl Assignment {
    /// Tells whether a person decided that a track is of its `identity`: by the track itself, or by what they made of the identity. What a run
    /// proposes, names of known people with it, is no decision.
    #[must_use]
    pub fn is_decided(&self, identity: Option<&Identity>) -> bool {
        self.locked || self.source != Source::Proposed || identity.is_some_and(Identity::is_decided)
    }
}

/// A cluster in review, named or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    pub id: IdentityId,
    /// Free text of a reviewer.
    pub label: Option<String>,
    /// Shown name; set together with `person`.
    pub name: Option<String>,
    pub person: Option<PersonId>,
    pub source: Source,
    /// Why it stands alone, where a run left a track unjoined: `too_short`, `too_small`, `occluded`, `low_quality`, `far_from_all`.
    pub alone: Option<String>,
    pub locked: bool,
}

impl Identity {
    /// Tells whether a person decided on it: its name, its label, its lock.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.label.is_some() || self.locked || self.source != Source::Proposed
    }
}
