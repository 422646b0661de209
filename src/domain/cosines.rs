//! What the cosines of an embedder mean: those of two embedders are never compared, but their scales can be.

use serde::{Deserialize, Serialize};

/// Two cosines that every embedder has, and that mean the same for each: a ruler for all others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CosineScale {
    /// Below it two faces are two people: the best single threshold on LFW.
    pub different: f32,
    /// From it on two faces are one person without asking: one in 10,000 pairs of strangers reaches it.
    pub same: f32,
}

/// Takes cosines from one embedder's scale to another's, along a straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CosineMap {
    from: CosineScale,
    to: CosineScale,
}

impl CosineMap {
    /// Leads from one scale to another; a scale without length leads nowhere, and cosines stay what they are.
    #[must_use]
    pub fn new(from: CosineScale, to: CosineScale) -> Self {
        let is_ruler = |s: CosineScale| s.same - s.different > 1e-6;
        if is_ruler(from) && is_ruler(to) { Self { from, to } } else { Self { from, to: from } }
    }

    /// Returns the cosine that means on the other scale what `cosine` means on the first.
    #[must_use]
    pub fn cosine(&self, cosine: f32) -> f32 {
        // Exact where nothing changes: keys are made of these numbers.
        if self.from == self.to { cosine } else { self.to.different + self.difference(cosine - self.from.different) }
    }

    /// The same for the difference of two cosines.
    #[must_use]
    pub fn difference(&self, difference: f32) -> f32 {
        if self.from == self.to {
            return difference;
        }
        difference * (self.to.same - self.to.different) / (self.from.same - self.from.different)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: CosineScale = CosineScale { different: 0.27, same: 0.40 };
    const NARROW: CosineScale = CosineScale { different: 0.906, same: 0.941 };

    #[test]
    fn the_two_marks_of_a_scale_become_those_of_the_other() {
        let map = CosineMap::new(WIDE, NARROW);
        assert!((map.cosine(0.27) - 0.906).abs() < 1e-6 && (map.cosine(0.40) - 0.941).abs() < 1e-6);
        assert!((map.cosine(0.335) - 0.9235).abs() < 1e-5);
        assert!((map.difference(0.13) - 0.035).abs() < 1e-6);
    }

    #[test]
    fn the_same_scale_and_one_without_length_change_nothing() {
        for map in [CosineMap::new(WIDE, WIDE), CosineMap::new(WIDE, CosineScale { different: 0.5, same: 0.5 })] {
            assert_eq!([map.cosine(0.35), map.difference(0.1)].map(f32::to_bits), [0.35f32, 0.1].map(f32::to_bits));
        }
    }
}
