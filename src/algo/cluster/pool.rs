//! Makes one vector of the crops of a track.

use super::Mean;
use crate::domain::{CosineMap, Embedding, Quality};
use serde::{Deserialize, Serialize};

/// Holds the numbers of pooling; `config/recognition.toml` gives their units and reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolParams {
    pub quality_power: f32,
    pub min_quality: f32,
    pub outlier_cosine: f32,
}

impl PoolParams {
    /// Returns the same for an embedder with other cosines.
    #[must_use]
    pub fn in_cosines(&self, map: &CosineMap) -> Self {
        Self { outlier_cosine: map.cosine(self.outlier_cosine), ..self.clone() }
    }
}

/// A track's vector and what it was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Pooled {
    pub vector: Mean,
    /// Best total quality among the crops that went in, `0..=1`.
    pub quality: f32,
    /// Positions of the crops that went in, ascending.
    pub used: Vec<usize>,
    /// Largest cosine distance between two of them, `0..=2`.
    pub spread: f32,
}

/// Returns the quality-weighted normalised mean of a track's crops, outliers left out.
///
/// A crop is an outlier where its cosine to the weighted mean of the others is below `outlier_cosine`; the farthest goes first,
/// and as many as half of the crops may go. Two crops cannot say which of them is wrong, so both stay. `None`
/// for no crops, or for vectors of different lengths.
#[must_use]
pub fn pool(params: &PoolParams, crops: &[(&Embedding, &Quality)]) -> Option<Pooled> {
    let good: Vec<usize> = (0..crops.len()).filter(|&i| crops[i].1.total >= params.min_quality).collect();
    let mut used = if good.is_empty() { (0..crops.len()).collect() } else { good };
    let at_least = used.len().div_ceil(2).max(2);
    let weight = |i: usize| crops[i].1.total.max(1e-3).powf(params.quality_power);
    while used.len() > at_least {
        let farthest = used
            .iter()
            .map(|&i| {
                let others = used.iter().filter(|j| **j != i).map(|&j| (crops[j].0, weight(j)));
                (Embedding::mean(others).and_then(|m| m.cosine(crops[i].0)).unwrap_or(-1.0), i)
            })
            .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))?;
        if farthest.0 >= params.outlier_cosine {
            break;
        }
        used.retain(|i| *i != farthest.1);
    }
    let vector = Mean::of(used.iter().map(|&i| (crops[i].0, weight(i))))?;
    let mut spread = 0f32;
    for (n, &i) in used.iter().enumerate() {
        for &j in &used[n + 1..] {
            spread = spread.max(1.0 - crops[i].0.cosine(crops[j].0)?);
        }
    }
    let quality = used.iter().map(|&i| crops[i].1.total).fold(0.0, f32::max);
    Some(Pooled { vector, quality, used, spread })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> PoolParams {
        let table: toml::Table = toml::from_str(include_str!("../../../config/recognition.toml")).unwrap();
        table["pool"].clone().try_into().unwrap()
    }

    fn at(degrees: f32) -> Embedding {
        Embedding::from_raw(vec![degrees.to_radians().cos(), degrees.to_radians().sin()]).unwrap()
    }

    fn pooled(crops: &[(f32, f32)]) -> Option<Pooled> {
        let crops: Vec<_> = crops.iter().map(|&(d, q)| (at(d), Quality::faultless(q))).collect();
        pool(&params(), &crops.iter().map(|c| (&c.0, &c.1)).collect::<Vec<_>>())
    }

    #[test]
    fn a_crop_of_somebody_else_is_left_out() {
        let p = pooled(&[(0.0, 0.5), (10.0, 0.5), (5.0, 0.5), (120.0, 0.9)]).unwrap();
        assert_eq!(p.used, [0, 1, 2]);
        assert!((p.quality - 0.5).abs() < 1e-6 && p.spread < 0.02);
    }

    #[test]
    fn better_crops_weigh_more_and_useless_ones_nothing() {
        let p = pooled(&[(0.0, 0.9), (40.0, 0.1), (-30.0, 0.01)]).unwrap();
        assert_eq!(p.used, [0, 1]);
        assert!(p.vector.direction.cosine(&at(0.0)).unwrap() > p.vector.direction.cosine(&at(20.0)).unwrap());
    }

    #[test]
    fn two_crops_that_disagree_both_stay_and_no_crops_make_no_vector() {
        assert_eq!(pooled(&[(0.0, 0.5), (120.0, 0.5)]).unwrap().used, [0, 1]);
        assert_eq!(pooled(&[(0.0, 0.001)]).unwrap().used, [0]);
        assert_eq!(pooled(&[]), None);
    }
}
