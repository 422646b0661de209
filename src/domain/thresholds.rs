//! By what tracks are grouped, as people decide it.

use serde::{Deserialize, Serialize};

/// Thresholds of grouping; cosines in the scale of the settings, so that they hold for every embedder.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// As the setting `cluster.cluster_thresh`.
    pub cluster_thresh: f32,
    /// As the setting `cluster.min_cluster_size`.
    pub min_cluster_size: usize,
}

impl std::fmt::Display for Thresholds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3}", self.cluster_thresh)?;
        if self.min_cluster_size > 1 { write!(f, ", {} tracks at least", self.min_cluster_size) } else { Ok(()) }
    }
}
