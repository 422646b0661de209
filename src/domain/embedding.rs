//! Face vectors. Vectors of two embedders are never compared.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Names the model that made a vector, as in `models/manifest.toml`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmbedderId(pub String);

impl fmt::Display for EmbedderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Says why numbers make no embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmbeddingError {
    #[error("a face vector has values that are not numbers")]
    NotFinite,
    #[error("a face vector has no length")]
    Zero,
    #[error("a face vector is not of unit length")]
    NotUnit,
}

/// Holds one unit vector, `[d] f32`.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// Scales `values` to unit length.
    ///
    /// # Errors
    /// Fails where a value is not finite or all are zero.
    #[expect(clippy::cast_possible_truncation, reason = "each component of a unit vector fits f32")]
    pub fn from_raw(mut values: Vec<f32>) -> Result<Self, EmbeddingError> {
        let norm = values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt();
        if !norm.is_finite() {
            return Err(EmbeddingError::NotFinite);
        }
        if norm < 1e-12 {
            return Err(EmbeddingError::Zero);
        }
        for v in &mut values {
            *v = (f64::from(*v) / norm) as f32;
        }
        Ok(Self(values))
    }

    /// Takes values that were an embedding before, bit for bit: scaling them again could change the last bits.
    ///
    /// # Errors
    /// Fails where the length is further than 0.001 from 1, or a value is not finite.
    pub fn from_unit(values: Vec<f32>) -> Result<Self, EmbeddingError> {
        let square = values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>();
        if !square.is_finite() {
            return Err(EmbeddingError::NotFinite);
        }
        if (square.sqrt() - 1.0).abs() > 1e-3 {
            return Err(EmbeddingError::NotUnit);
        }
        Ok(Self(values))
    }

    /// Returns the components.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// Returns the number of components.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.0.len()
    }

    /// Returns the cosine to `other`, `-1..=1`; `None` where the lengths differ.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> Option<f32> {
        (self.dim() == other.dim()).then(|| dot(&self.0, &other.0).clamp(-1.0, 1.0))
    }

    /// Returns the weighted mean of `parts`, scaled to unit length.
    ///
    /// `None` for no parts, for vectors of different lengths, or where they cancel out.
    #[must_use]
    pub fn mean<'a>(parts: impl IntoIterator<Item = (&'a Self, f32)>) -> Option<Self> {
        let mut sum: Vec<f32> = Vec::new();
        for (part, weight) in parts {
            if sum.is_empty() {
                sum = vec![0.0; part.dim()];
            }
            if sum.len() != part.dim() {
                return None;
            }
            for (s, v) in sum.iter_mut().zip(&part.0) {
                *s += weight * v;
            }
        }
        Self::from_raw(sum).ok()
    }
}

/// Sums products in sixteen lanes, which a processor adds at once; one after the other each addition waits for the one before.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| x * y).sum();
    let mut lanes = [0f32; 16];
    for (a, b) in a.zip(b) {
        for (lane, (x, y)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += x * y;
        }
    }
    lanes.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_scaled_to_unit_length_and_broken_ones_refused() {
        let e = Embedding::from_raw(vec![3.0, 4.0]).unwrap();
        assert!((e.as_slice()[0] - 0.6).abs() < 1e-6);
        assert_eq!(Embedding::from_raw(vec![f32::NAN, 1.0]), Err(EmbeddingError::NotFinite));
        assert_eq!(Embedding::from_raw(vec![0.0, 0.0]), Err(EmbeddingError::Zero));
        assert_eq!(Embedding::from_unit(vec![3.0, 4.0]), Err(EmbeddingError::NotUnit));
        assert_eq!(Embedding::from_unit(vec![f32::NAN, 1.0]), Err(EmbeddingError::NotFinite));
        assert_eq!(Embedding::from_unit(e.as_slice().to_vec()), Ok(e));
    }

    #[test]
    fn a_cosine_is_the_sum_of_all_products_whatever_the_length() {
        for n in [1, 15, 16, 17, 128, 500, 512] {
            let of = |k: f32| Embedding::from_raw((0..n).map(|i| (i as f32 * k).sin() + 0.01).collect()).unwrap();
            let (a, b) = (of(0.7), of(1.9));
            let plain: f64 = a.as_slice().iter().zip(b.as_slice()).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            assert!((f64::from(a.cosine(&b).unwrap()) - plain).abs() < 1e-6, "{n}");
        }
    }

    #[test]
    fn vectors_of_different_lengths_have_no_cosine() {
        let a = Embedding::from_raw(vec![1.0, 0.0]).unwrap();
        let b = Embedding::from_raw(vec![1.0, 0.0, 0.0]).unwrap();
        assert_eq!(a.cosine(&b), None);
    }
}
