//! A picture shrunk to what shot cutting needs.

/// Holds a picture averaged down to [`Signature::LUMA`] cells of luma and [`Signature::CHROMA`] cells of each chroma.
///
/// Every value is the mean over its cell of the displayed picture, 8 bits, full range (0 black, 255 white; chroma 128 neutral),
/// rows from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub luma: Vec<u8>,
    pub cb: Vec<u8>,
    pub cr: Vec<u8>,
}

impl Signature {
    /// Columns and rows of the luma cells.
    pub const LUMA: (usize, usize) = (64, 36);
    /// Columns and rows of the chroma cells.
    pub const CHROMA: (usize, usize) = (32, 18);
}
