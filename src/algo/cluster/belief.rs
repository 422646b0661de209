//! Turns cosines into belief.

/// How cosines become beliefs: a logistic curve with its middle and its width in cosines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Curve {
    pub(super) middle: f32,
    pub(super) width: f32,
}

impl Curve {
    /// Returns the belief that a track belongs to its cluster, `0..=1`.
    ///
    /// `own` is the cosine to the mean of the cluster's other tracks, `next` that to the nearest cluster it might belong to
    /// instead. Belief is the product of two logistic curves: that `own` is one face's, and that `own` beats `next`.
    pub(super) fn of_member(self, own: f32, next: Option<f32>) -> f32 {
        let beats = next.map_or(1.0, |next| logistic((own - next + self.width) / self.width));
        logistic((own - self.middle) / self.width) * beats
    }

    /// Returns the belief that a track which stands alone is nobody else, `0..=1`.
    pub(super) fn of_single(self, next: Option<f32>) -> f32 {
        next.map_or(1.0, |next| 1.0 - logistic((next - self.middle) / self.width))
    }
}

fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURVE: Curve = Curve { middle: 0.27, width: 0.05 };

    #[test]
    fn belief_rises_with_the_own_cosine_and_falls_with_the_next() {
        assert!(CURVE.of_member(0.7, Some(0.1)) > 0.99);
        assert!((CURVE.of_member(0.27, None) - 0.5).abs() < 1e-6);
        assert!(CURVE.of_member(0.5, Some(0.5)) < CURVE.of_member(0.5, Some(0.3)));
        assert!(CURVE.of_member(0.1, None) < 0.05);
        assert!(CURVE.of_single(Some(0.6)) < 0.01 && CURVE.of_single(Some(0.0)) > 0.99);
    }
}
