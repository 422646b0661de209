//! A person as surfaces.

mod body;
mod glasses;
mod hair;
mod head;
mod skin;

use super::look::Look;
use super::surface::Surface;
use super::vector::Vec3;

/// A person, ready to be placed before the camera. Building one costs about a third of a second.
#[derive(Debug)]
pub(super) struct Figure {
    pub look: Look,
    /// What turns with the head.
    pub head: Vec<Surface>,
    /// What turns with the shoulders.
    pub body: Vec<Surface>,
    /// Points of the face whose bounds are its box: from the middle of the forehead to the chin, from cheek to cheek.
    pub face: Vec<Vec3>,
}

impl Figure {
    pub(super) fn build(look: &Look) -> Self {
        let skull = head::skull(look);
        let face = skull.vertices.iter().map(|v| v.place).filter(|p| p.z > 0.0 && p.y < 0.48).step_by(5).collect();
        let mut parts = Vec::new();
        parts.extend(hair::cap(look, &skull));
        parts.extend(hair::locks(look));
        parts.push(hair::without_covered(look, skull));
        parts.extend([-1.0, 1.0].map(|side| head::ear(look, side)));
        if look.glasses {
            parts.extend(glasses::glasses(look));
        }
        Self { look: look.clone(), head: parts, body: vec![body::bust(look)], face }
    }
}
