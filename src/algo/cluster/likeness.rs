//! What the cosine of two means is worth.

use crate::domain::Embedding;

/// A mean of unit vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Mean {
    pub direction: Embedding,
    /// Its length before it was scaled to 1, `0..=1`: 1 where its parts are equal.
    pub length: f32,
}

impl Mean {
    /// Returns the weighted mean of `parts`; `None` for no parts, for vectors of different lengths, or where they cancel out.
    #[must_use]
    pub fn of<'a>(parts: impl Iterator<Item = (&'a Embedding, f32)> + Clone) -> Option<Self> {
        let direction = Embedding::mean(parts.clone())?;
        // The length of a mean is the mean of what its parts have along it.
        let (mut along, mut weights) = (0.0, 0.0);
        for (part, weight) in parts {
            along += weight * part.cosine(&direction)?;
            weights += weight;
        }
        Some(Self { direction, length: along / weights })
    }

    /// Takes one vector as it is.
    #[must_use]
    pub fn single(vector: Embedding) -> Self {
        Self { direction: vector, length: 1.0 }
    }

    /// Returns the mean of means, each of the same weight, its length that of the mean of all their parts.
    #[must_use]
    pub fn of_means<'a>(means: impl Iterator<Item = &'a Self> + Clone) -> Option<Self> {
        let outer = Self::of(means.clone().map(|m| (&m.direction, 1.0)))?;
        let (sum, count) = means.fold((0.0, 0.0f32), |(sum, n), m| (sum + m.length, n + 1.0));
        Some(Self { length: outer.length * sum / count, ..outer })
    }
}

/// Returns the cosine of two means on the scale of single faces; `strangers` is the mean cosine of two people there.
///
/// All vectors of an embedder share a part, some nearly none, dlib's most of their length. A mean loses what differs from crop to crop, so
/// the shared part grows: two strangers at a cosine of c come to c / (l1 l2), where l1 and l2 are the lengths of the means, and thresholds
/// measured on single faces let them through. What is gained thus is taken off; what the mean gains in telling people apart stays.
#[must_use]
pub fn likeness(strangers: f32, a: &Mean, b: &Mean) -> Option<f32> {
    let gained = 1.0 / (a.length * b.length).max(0.01) - 1.0;
    Some(a.direction.cosine(&b.direction)? - strangers * gained.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(values: &[f32]) -> Embedding {
        Embedding::from_raw(values.to_vec()).unwrap()
    }

    /// Crops of somebody: what all people share, what they are, and what differs from crop to crop.
    fn crops(own: usize, noise: [usize; 2]) -> [Embedding; 2] {
        noise.map(|noise| {
            let mut v = vec![0.0; 8];
            v[0] = 0.9;
            v[own] = 0.35;
            v[noise] += 0.25;
            unit(&v)
        })
    }

    fn mean(crops: &[Embedding]) -> Mean {
        Mean::of(crops.iter().map(|c| (c, 1.0))).unwrap()
    }

    #[test]
    fn strangers_are_as_far_apart_by_their_means_as_by_single_crops() {
        let (a, b) = (crops(1, [3, 4]), crops(2, [5, 6]));
        let single = a[0].cosine(&b[0]).unwrap();
        let (a, b) = (mean(&a), mean(&b));
        let raw = a.direction.cosine(&b.direction).unwrap();
        assert!(raw > single + 0.02, "averaging alone brings them nearer: {single} {raw}");
        assert!((likeness(single, &a, &b).unwrap() - single).abs() < 1e-4);
    }

    #[test]
    fn where_strangers_share_nothing_and_for_single_faces_a_cosine_stays_what_it_is() {
        let (a, b) = (crops(1, [3, 4]), crops(2, [5, 6]));
        let raw = mean(&a).direction.cosine(&mean(&b).direction);
        assert_eq!(likeness(0.0, &mean(&a), &mean(&b)), raw);
        let [a, b] = [&a[0], &b[0]].map(|v| Mean::single(v.clone()));
        assert_eq!(likeness(0.8, &a, &b), a.direction.cosine(&b.direction));
    }

    #[test]
    fn a_mean_is_as_long_as_its_parts_are_alike() {
        let right = unit(&[1.0, 0.0]);
        assert!((mean(&[right.clone(), right.clone()]).length - 1.0).abs() < 1e-6);
        let half = mean(&[right.clone(), unit(&[0.0, 1.0])]);
        assert!((half.length - 0.5f32.sqrt()).abs() < 1e-6);
        // Of means: like the mean of all crops, where each has as many.
        let all = crops(1, [3, 4]).into_iter().chain(crops(1, [5, 6])).collect::<Vec<_>>();
        let nested = Mean::of_means([mean(&all[..2]), mean(&all[2..])].iter()).unwrap();
        assert!((nested.length - mean(&all).length).abs() < 1e-4);
        assert!(Mean::of(std::iter::empty()).is_none());
    }
}
