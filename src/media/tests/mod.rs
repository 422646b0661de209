//! Whole files through the decoder: clips made with the ffmpeg program, and real ones where the environment names them.

mod clapper;
pub(super) mod clips;
mod damage;
mod formats;
mod hardware;
mod reference;
mod seeking;
mod sound;

use super::{DecodeParams, Decoder, Hardware, Picture, SkipPolicy};
use crate::domain::{Affine, RgbImage, Size};
use sha2::{Digest, Sha256};
use std::path::Path;

fn params() -> DecodeParams {
    DecodeParams { threads: 2, skip_non_reference: SkipPolicy::Never, hardware: Hardware::Off }
}

fn open(path: &Path) -> Decoder {
    Decoder::open(path, &params()).unwrap()
}

fn all(decoder: &mut Decoder) -> Vec<Picture> {
    std::iter::from_fn(|| decoder.next().unwrap()).collect()
}

fn first(path: &Path) -> Picture {
    open(path).next().unwrap().unwrap()
}

/// The whole picture at its own size.
fn rgb(picture: &Picture) -> RgbImage {
    picture.sample(picture.size(), &Affine::IDENTITY)
}

/// The whole picture at another size.
fn scaled(picture: &Picture, out: Size) -> RgbImage {
    let (x, y) = (f64::from(picture.size().width), f64::from(picture.size().height));
    picture.sample(out, &Affine::scale(x / f64::from(out.width), y / f64::from(out.height)))
}

/// Tells pictures apart; half the size is enough, as two taps then still read every sample.
fn digest(picture: &Picture) -> [u8; 32] {
    let half = Size { width: picture.size().width / 2, height: picture.size().height / 2 };
    let signature = picture.signature();
    let mut hash = Sha256::new();
    for bytes in [scaled(picture, half).data, signature.luma, signature.cb, signature.cr] {
        hash.update(bytes);
    }
    hash.finalize().into()
}

/// Largest and mean difference of two images of one size.
fn difference(a: &RgbImage, b: &RgbImage) -> (u8, f64) {
    assert_eq!(a.size(), b.size());
    let each = || a.data.iter().zip(&b.data).map(|(a, b)| a.abs_diff(*b));
    let sum: u64 = each().map(u64::from).sum();
    (each().max().unwrap_or(0), sum as f64 / a.data.len() as f64)
}
