//! How near something is to the nearest of several.

/// Returns the mean of the `nearest` largest cosines, of one at least; `None` where there are none. One chance likeness says less than several,
/// and more would ask for every pose at once.
#[must_use]
pub fn mean_of_nearest(cosines: impl IntoIterator<Item = f32>, nearest: usize) -> Option<f32> {
    let mut all: Vec<f32> = cosines.into_iter().collect();
    all.sort_by(|a, b| b.total_cmp(a));
    all.truncate(nearest.max(1));
    (!all.is_empty()).then(|| all.iter().sum::<f32>() / all.len() as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_count_as_far_as_there_are() {
        assert_eq!(mean_of_nearest([0.1, 0.5, 0.3], 2), Some(0.4));
        assert_eq!(mean_of_nearest([0.1, 0.5], 0), Some(0.5));
        assert_eq!(mean_of_nearest([0.25], 3), Some(0.25));
        assert_eq!(mean_of_nearest([], 3), None);
    }
}
