//! Joins tracks into people.
//!
//! [`pool`] makes one vector of a track's crops; [`cluster`] joins the tracks of a run by their vectors, never two that are seen in
//! one picture. [`Dendrogram`] is the same for every threshold at once.

mod belief;
mod cut;
mod dendrogram;
mod group;
mod likeness;
mod linkage;
mod pairs;
mod pool;
mod sample;
mod scores;
#[cfg(test)]
mod tests_plain;

pub use cut::Cut;
pub use dendrogram::{Compared, Dendrogram};
pub use group::{Alone, Cluster, Clustering, Member, Params, cluster};
pub use likeness::{Mean, likeness};
pub use linkage::{Linkage, average_linkage};
pub use pool::{PoolParams, Pooled, pool};
pub use sample::{TrackSample, cannot_link, must_link, share_a_picture};
