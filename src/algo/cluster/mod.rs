//! Joins tracks into people.
//!
//! [`pool`] makes one vector of a track's crops; [`cluster`] joins the tracks of a run by their vectors, never two that are seen in
//! one picture.

mod belief;
mod group;
mod likeness;
mod linkage;
mod pool;
mod sample;

pub use group::{Alone, Cluster, Clustering, Member, Params, cluster};
pub use likeness::{Mean, likeness};
pub use linkage::{Linkage, average_linkage};
pub use pool::{PoolParams, Pooled, pool};
pub use sample::{TrackSample, cannot_link, must_link};
