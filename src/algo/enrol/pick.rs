//! Takes the best and most different of many faces of one person.

use super::Params;
use crate::domain::{Embedding, Quality};

/// Returns positions of those `faces` that are worth keeping beside those that there are already, the most valuable first, at most
/// `most`.
///
/// Each step takes the face with the largest product of quality and distance to all that are kept (farthest-first traversal, Gonzalez
/// 1985, weighted by quality); it ends where what is left are nearly copies.
#[must_use]
pub fn pick(params: &Params, faces: &[(&Quality, &Embedding)], have: &[&Embedding], most: usize) -> Vec<usize> {
    let nearest = |vector: &Embedding, to: &[&Embedding]| to.iter().filter_map(|t| vector.cosine(t)).fold(-1.0f32, f32::max);
    let mut near: Vec<f32> = faces.iter().map(|(_, vector)| nearest(vector, have)).collect();
    let mut taken = Vec::new();
    while taken.len() < most {
        let worth = |i: usize| faces[i].0.total * (1.0 - near[i].max(0.0));
        let left = (0..faces.len()).filter(|i| !taken.contains(i) && near[*i] < params.copy_cosine);
        let Some(best) = left.max_by(|a, b| worth(*a).total_cmp(&worth(*b)).then(b.cmp(a))) else { break };
        taken.push(best);
        for (i, (_, vector)) in faces.iter().enumerate() {
            near[i] = near[i].max(nearest(vector, &[faces[best].1]));
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::super::default_params;
    use super::*;

    fn at(degrees: f32) -> Embedding {
        Embedding::from_raw(vec![degrees.to_radians().cos(), degrees.to_radians().sin()]).unwrap()
    }

    #[test]
    fn the_best_comes_first_then_what_is_most_unlike_it_and_copies_never() {
        let params = default_params();
        let faces = [
            (Quality::faultless(0.8), at(0.0)),
            (Quality::faultless(0.7), at(1.0)),
            (Quality::faultless(0.6), at(60.0)),
            (Quality::faultless(0.1), at(90.0)),
            (Quality::faultless(0.6), at(30.0)),
        ];
        let borrowed: Vec<_> = faces.iter().map(|(q, v)| (q, v)).collect();
        assert_eq!(pick(&params, &borrowed, &[], 3), [0, 2, 4]);
        assert_eq!(pick(&params, &borrowed, &[], 9), [0, 2, 4, 3]);
        let have = at(59.0);
        assert_eq!(pick(&params, &borrowed, &[&have], 2), [0, 4]);
        assert_eq!(pick(&params, &[], &[], 2), [0usize; 0]);
    }
}
