//! NumPy's array file, as far as face vectors need it: `[n, d]` little-endian f32, rows one after the other.
//!
//! Format 1.0 of NumPy's `numpy.lib.format`.

const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

/// Says why bytes are no array of face vectors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NpyError {
    #[error("not an array file of version 1")]
    NotNpy,
    #[error("expected [n, d] little-endian f32 in rows, found {found}")]
    Layout { found: String },
    #[error("expected {expected} bytes of values, found {found}")]
    Length { expected: usize, found: usize },
}

/// Makes the file of `rows` rows of `columns` values; `values` holds them row by row.
#[must_use]
pub fn write_npy(rows: usize, columns: usize, values: &[f32]) -> Vec<u8> {
    let dict = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    // Magic, two bytes of length, header and its newline end on a multiple of 64.
    let padding = (64 - (MAGIC.len() + 2 + dict.len() + 1) % 64) % 64;
    let header = format!("{dict}{}\n", " ".repeat(padding));
    let mut out = Vec::with_capacity(MAGIC.len() + 2 + header.len() + values.len() * 4);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&u16::try_from(header.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(header.as_bytes());
    out.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    out
}

/// Reads the rows of an array file.
///
/// # Errors
/// Fails on another format, type or order, and where values are missing or left over.
pub fn read_npy(bytes: &[u8]) -> Result<Vec<Vec<f32>>, NpyError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(NpyError::NotNpy)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or(NpyError::NotNpy)?;
    let (header, data) = rest.split_at_checked(u16::from_le_bytes(*length).into()).ok_or(NpyError::NotNpy)?;
    let header = String::from_utf8_lossy(header).replace(' ', "");
    let layout = || NpyError::Layout { found: header.trim().to_owned() };
    if !header.contains("'descr':'<f4'") || !header.contains("'fortran_order':False") {
        return Err(layout());
    }
    let shape = header.split_once("'shape':(").and_then(|(_, s)| s.split_once(')')).map(|(s, _)| s).ok_or_else(layout)?;
    let (rows, columns) = shape.split_once(',').ok_or_else(layout)?;
    let (rows, columns): (usize, usize) = (rows.parse().map_err(|_| layout())?, columns.parse().map_err(|_| layout())?);
    let expected = rows.checked_mul(columns).and_then(|n| n.checked_mul(4)).ok_or_else(layout)?;
    if data.len() != expected {
        return Err(NpyError::Length { expected, found: data.len() });
    }
    if columns == 0 {
        return if rows == 0 { Ok(Vec::new()) } else { Err(layout()) };
    }
    let (values, _) = data.as_chunks::<4>();
    Ok(values.chunks_exact(columns).map(|row| row.iter().map(|v| f32::from_le_bytes(*v)).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_come_back_bit_for_bit(rows in 0usize..5, columns in 1usize..7, seed in any::<u32>()) {
            let values: Vec<f32> = (0..rows * columns).map(|i| f32::from_bits(seed.wrapping_mul(u32::try_from(i).unwrap() + 1) & 0x3fff_ffff)).collect();
            let bytes = write_npy(rows, columns, &values);
            prop_assert_eq!((bytes.len() - values.len() * 4) % 64, 0);
            prop_assert_eq!(read_npy(&bytes).unwrap().concat(), values);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60), rows in 0u64..u64::MAX) {
            let _ = read_npy(&bytes);
            let _ = read_npy(&[MAGIC, &[200, 0], format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {rows})}}{:120}", "").as_bytes(), &bytes].concat());
        }
    }

    #[test]
    fn the_bytes_are_those_that_numpy_saves() {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
        let saved =
            [b"\x93NUMPY\x01\x00v\x00", format!("{header:<117}\n").as_bytes(), b"\0\0\x80?\0\0 @\0\0@@\0\0\x80@"].concat();
        assert_eq!(write_npy(2, 2, &[1.0, 2.5, 3.0, 4.0]), saved);
    }

    #[test]
    fn doubles_columns_first_and_short_files_are_refused() {
        let good = write_npy(2, 2, &[1.0, 2.0, 3.0, 4.0]);
        let doubles: Vec<u8> = good.iter().map(|b| if *b == b'4' { b'8' } else { *b }).collect();
        assert!(matches!(read_npy(&doubles), Err(NpyError::Layout { .. })));
        assert_eq!(read_npy(&good[..good.len() - 1]), Err(NpyError::Length { expected: 16, found: 15 }));
        assert_eq!(read_npy(b"PK"), Err(NpyError::NotNpy));
    }
}
