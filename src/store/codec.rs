//! Rows to bytes and back.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Version of bulk rows and of JSON rows; see `rows.rs` before raising it.
const VERSION: u8 = 1;
/// Version byte and CRC-32.
const HEAD: usize = 5;

/// Names a row by its numbers, least significant byte first, so that its checksum covers its place too.
pub(super) trait RowKey {
    fn feed(&self, hash: &mut crc32fast::Hasher);
}

impl RowKey for &str {
    fn feed(&self, hash: &mut crc32fast::Hasher) {
        hash.update(self.as_bytes());
    }
}

impl RowKey for (&str, u64) {
    fn feed(&self, hash: &mut crc32fast::Hasher) {
        hash.update(self.0.as_bytes());
        hash.update(&self.1.to_le_bytes());
    }
}

impl RowKey for (u32, u32) {
    fn feed(&self, hash: &mut crc32fast::Hasher) {
        hash.update(&self.0.to_le_bytes());
        hash.update(&self.1.to_le_bytes());
    }
}

impl RowKey for (u32, u32, u64) {
    fn feed(&self, hash: &mut crc32fast::Hasher) {
        (self.0, self.1).feed(hash);
        hash.update(&self.2.to_le_bytes());
    }
}

impl RowKey for (u32, &str, u32, u64) {
    fn feed(&self, hash: &mut crc32fast::Hasher) {
        hash.update(self.1.as_bytes());
        (self.0, self.2, self.3).feed(hash);
    }
}

/// Says what is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum RowError {
    #[error("a row has {0} bytes, too few")]
    Short(usize),
    #[error("a row has version {0}, this program knows 1")]
    Version(u32),
    #[error("a row does not match its checksum")]
    Checksum,
    #[error("rows are missing: {0}")]
    Missing(String),
    #[error("a row cannot be read: {0}")]
    Shape(String),
}

fn checksum(key: &impl RowKey, body: &[u8]) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    key.feed(&mut hash);
    hash.update(body);
    hash.finalize()
}

/// Puts version and checksum before `body`.
pub(super) fn seal(key: &impl RowKey, body: &[u8]) -> Vec<u8> {
    let mut row = Vec::with_capacity(HEAD + body.len());
    row.push(VERSION);
    row.extend_from_slice(&checksum(key, body).to_le_bytes());
    row.extend_from_slice(body);
    row
}

/// Checks version and checksum and returns the body.
pub(super) fn unseal<'a>(key: &impl RowKey, row: &'a [u8]) -> Result<&'a [u8], RowError> {
    let Some((&[version, a, b, c, d], body)) = row.split_first_chunk::<HEAD>() else {
        return Err(RowError::Short(row.len()));
    };
    if version != VERSION {
        return Err(RowError::Version(version.into()));
    }
    if checksum(key, body) != u32::from_le_bytes([a, b, c, d]) {
        return Err(RowError::Checksum);
    }
    Ok(body)
}

/// Writes a bulk row.
pub(super) fn to_bulk<T: Serialize>(key: &impl RowKey, row: &T) -> Result<Vec<u8>, RowError> {
    postcard::to_stdvec(row).map(|body| seal(key, &body)).map_err(|e| RowError::Shape(e.to_string()))
}

/// Reads a bulk row.
pub(super) fn from_bulk<T: DeserializeOwned>(key: &impl RowKey, row: &[u8]) -> Result<T, RowError> {
    match postcard::take_from_bytes(unseal(key, row)?) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(RowError::Shape(format!("{} bytes too many", rest.len()))),
        Err(e) => Err(RowError::Shape(e.to_string())),
    }
}

#[derive(Serialize, Deserialize)]
struct Json<T> {
    v: u32,
    row: T,
}

/// Writes a JSON row.
pub(super) fn to_json<T: Serialize>(row: &T) -> Result<Vec<u8>, RowError> {
    serde_json::to_vec(&Json { v: VERSION.into(), row }).map_err(|e| RowError::Shape(e.to_string()))
}

/// Reads a JSON row.
pub(super) fn from_json<T: DeserializeOwned>(row: &[u8]) -> Result<T, RowError> {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    let shape = |e: serde_json::Error| RowError::Shape(e.to_string());
    let Version { v } = serde_json::from_slice(row).map_err(shape)?;
    if v != u32::from(VERSION) {
        return Err(RowError::Version(v));
    }
    serde_json::from_slice::<Json<T>>(row).map(|json| json.row).map_err(shape)
}

/// Writes numbers little-endian, four bytes each.
pub(super) fn to_floats(key: &impl RowKey, values: &[f32]) -> Vec<u8> {
    seal(key, &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
}

/// Reads numbers.
pub(super) fn from_floats(key: &impl RowKey, row: &[u8]) -> Result<Vec<f32>, RowError> {
    let (chunks, rest) = unseal(key, row)?.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(RowError::Shape("its length is no multiple of 4".into()));
    }
    Ok(chunks.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: (u32, u32) = (1, 2);

    proptest! {
        #[test]
        fn any_flipped_bit_of_a_bulk_row_is_found(body in prop::collection::vec(any::<u32>(), 0..40), bit in any::<prop::sample::Index>()) {
            let row = to_bulk(&KEY, &body).unwrap();
            prop_assert_eq!(from_bulk::<Vec<u32>>(&KEY, &row).unwrap(), body);
            let mut broken = row.clone();
            let bit = bit.index(row.len() * 8);
            broken[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(from_bulk::<Vec<u32>>(&KEY, &broken).is_err());
        }

        #[test]
        fn garbage_is_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(from_bulk::<Vec<u32>>(&KEY, &bytes).is_err());
            prop_assert!(from_json::<Vec<u32>>(&bytes).is_err());
        }

        #[test]
        fn numbers_keep_every_bit_in_json(a in any::<f32>(), b in any::<f64>()) {
            prop_assume!(a.is_finite() && b.is_finite());
            let (x, y): (f32, f64) = from_json(&to_json(&(a, b)).unwrap()).unwrap();
            prop_assert_eq!((x.to_bits(), y.to_bits()), (a.to_bits(), b.to_bits()));
        }
    }

    #[test]
    fn a_row_in_another_place_is_an_error() {
        let row = to_floats(&(1, "a", 2, 3), &[0.5]);
        assert_eq!(from_floats(&(1, "a", 2, 3), &row), Ok(vec![0.5]));
        for key in [(2, "a", 2, 3), (1, "b", 2, 3), (1, "a", 3, 3), (1, "a", 2, 4)] {
            assert_eq!(from_floats(&key, &row), Err(RowError::Checksum));
        }
    }

    #[test]
    fn a_row_of_a_later_version_says_so() {
        assert_eq!(from_json::<u32>(br#"{"v":2,"row":{"new":1}}"#), Err(RowError::Version(2)));
        assert_eq!(unseal(&KEY, &[2, 0, 0, 0, 0]), Err(RowError::Version(2)));
    }
}
