//! Sizes of a detector's input.

use crate::domain::Size;
use crate::infer::InferError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Sides have to be multiples of this, the coarsest stride of every detector here.
pub(super) const STEP: u32 = 32;

/// Size of a detector's input: `640x384` exactly, or `640` for the longer side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DetSize {
    Exact(Size),
    /// The other side follows the picture's shape, rounded up to a multiple of 32.
    LongSide(u32),
}

impl DetSize {
    /// Returns the input for a picture.
    #[must_use]
    pub fn input(self, picture: Size) -> Size {
        match self {
            Self::Exact(size) => size,
            Self::LongSide(long) => {
                let (w, h) = (u64::from(picture.width.max(1)), u64::from(picture.height.max(1)));
                let short = (u64::from(long) * w.min(h)).div_ceil(w.max(h));
                let short = u32::try_from(short).unwrap_or(long).next_multiple_of(STEP).min(long.next_multiple_of(STEP));
                let long = long.next_multiple_of(STEP);
                if w >= h { Size { width: long, height: short } } else { Size { width: short, height: long } }
            }
        }
    }

    /// Refuses sides that no model takes.
    pub(super) fn check(self) -> Result<(), InferError> {
        let sides = match self {
            Self::Exact(size) => [size.width, size.height],
            Self::LongSide(long) => [long, long],
        };
        let fits = sides.iter().all(|s| *s >= STEP && s.is_multiple_of(STEP));
        if fits { Ok(()) } else { Err(InferError::InputStep { asked: self.to_string(), step: STEP }) }
    }
}

impl fmt::Display for DetSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(size) => write!(f, "{}x{}", size.width, size.height),
            Self::LongSide(long) => write!(f, "{long}"),
        }
    }
}

impl FromStr for DetSize {
    type Err = InferError;
    fn from_str(text: &str) -> Result<Self, InferError> {
        let wrong = || InferError::InputSizeText { found: text.to_owned() };
        let side = |t: &str| t.parse::<u32>().ok().filter(|s| (1..=8192).contains(s)).ok_or_else(wrong);
        match text.split_once('x') {
            Some((w, h)) => Ok(Self::Exact(Size { width: side(w)?, height: side(h)? })),
            None => Ok(Self::LongSide(side(text)?)),
        }
    }
}

impl TryFrom<String> for DetSize {
    type Error = InferError;
    fn try_from(text: String) -> Result<Self, InferError> {
        text.parse()
    }
}

impl From<DetSize> for String {
    fn from(size: DetSize) -> Self {
        size.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_side_follows_the_shape_of_the_picture() {
        let long: DetSize = "640".parse().unwrap();
        let input = |width, height| long.input(Size { width, height });
        assert_eq!(input(1280, 720), Size { width: 640, height: 384 });
        assert_eq!(input(1080, 1920), Size { width: 384, height: 640 });
        assert_eq!(input(720, 576), Size { width: 640, height: 512 });
        assert_eq!(input(100, 100), Size { width: 640, height: 640 });
        assert_eq!(input(0, 0), Size { width: 640, height: 640 });
    }

    #[test]
    fn sizes_read_back_and_odd_ones_are_refused() {
        for text in ["640", "640x384"] {
            assert_eq!(text.parse::<DetSize>().unwrap().to_string(), text);
        }
        for text in ["", "x", "640x", "-640", "640X384", "0", "99999"] {
            assert!(text.parse::<DetSize>().is_err(), "{text}");
        }
        assert!("600x384".parse::<DetSize>().unwrap().check().is_err());
        assert!("640x384".parse::<DetSize>().unwrap().check().is_ok());
    }
}
