//! MTCNN: Zhang et al. 2016, "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks"
//! (arXiv:1604.02878), with the weights and the procedure of facenet-pytorch 2.6.
//!
//! Three small networks: one goes over the whole picture at many sizes and proposes squares, the second looks at each of
//! them at 24x24 pixels, the third at 48x48 and adds the five points. Departs from facenet-pytorch: equal scores are
//! ordered by place, and the picture is first shrunk to the detector's input.

mod boxes;
mod cascade;
mod stage;

pub(super) use cascade::{Limits, Mtcnn};

use serde::{Deserialize, Serialize};

/// Numbers of the cascade; values and reasons in `config/detection.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MtcnnParams {
    /// Smallest face, in pixels of the input, `12..`; the time of the first stage falls with its square.
    pub smallest_px: f32,
    /// Size of each step of the pyramid over the one before, between 0 and 1.
    pub factor: f32,
    /// Score that the first network's squares have to reach.
    pub propose_score: f32,
    /// Score that the second network's have to reach; the third's is `[detect] score`.
    pub refine_score: f32,
}
