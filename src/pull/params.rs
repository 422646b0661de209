//! Settings of fetching; values and reasons in `config/models.toml`.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Patience and bounds; table `[pull]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullParams {
    /// Seconds to wait for a connection.
    pub connect_s: f64,
    /// Seconds to wait for the answer and for the next bytes.
    pub stall_s: f64,
    /// Calls of one download without anything new before it is given up, at least 1.
    pub tries: u32,
    /// Seconds before the second call; doubled from there on.
    pub wait_s: f64,
    /// Seconds of the longest wait.
    pub longest_wait_s: f64,
    /// Seconds that a package client may take.
    pub client_s: f64,
    /// An archive is read up to so many times its own size.
    pub most_unpacked_times: u64,
    /// Largest member that a recipe reads, in megabytes.
    pub largest_member_mb: u64,
}

impl PullParams {
    /// Returns seconds as a duration; what is none becomes zero.
    pub(super) fn secs(secs: f64) -> Duration {
        Duration::try_from_secs_f64(secs).unwrap_or_default()
    }

    /// Returns the wait before call `n`, counted from 1 for the second.
    pub(super) fn wait(&self, n: u32) -> Duration {
        Self::secs((self.wait_s * 2f64.powi(i32::try_from(n.saturating_sub(1)).unwrap_or(30))).min(self.longest_wait_s))
    }
}

#[cfg(test)]
pub(super) fn quick() -> PullParams {
    #[derive(Deserialize)]
    struct File {
        pull: PullParams,
    }
    let params = toml::from_str::<File>(include_str!("../../config/models.toml")).unwrap().pull;
    PullParams { connect_s: 2.0, stall_s: 0.5, tries: 3, wait_s: 0.01, longest_wait_s: 0.02, client_s: 5.0, ..params }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let params = PullParams { wait_s: 1.0, longest_wait_s: 5.0, ..quick() };
        assert_eq!([1, 2, 3, 4, 99].map(|n| params.wait(n).as_secs()), [1, 2, 4, 5, 5]);
    }
}
