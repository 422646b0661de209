//! Reads pictures that people have: cameras' photographs, screenshots, scans.
//!
//! How large a picture would be is known before any of it is decoded, so no file can fill the memory.

use crate::algo::align::shrink;
use crate::config::PhotoParams;
use crate::domain::RgbImage;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::io::Cursor;
use std::path::Path;

/// Says why a file gives no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
    #[error("cannot be read: {0}")]
    Io(String),
    #[error("is no file")]
    NoFile,
    #[error("is empty")]
    Empty,
    #[error("has {found_mb} MB, more than the {most_mb} MB of a photograph")]
    File { found_mb: u64, most_mb: u32 },
    #[error("is {0}, not JPEG or PNG")]
    Format(String),
    #[error("is no picture")]
    NoPicture,
    #[error("has {width}x{height} pixels, {found_mb} MB when decoded; {most_mb} MB are allowed")]
    Huge { width: u32, height: u32, found_mb: u64, most_mb: u32 },
    #[error("ends before the picture does")]
    Truncated,
    #[error("is damaged: {0}")]
    Damaged(String),
}

impl PhotoError {
    /// Says what to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io(_) | Self::NoFile => "check the path and its permissions",
            Self::Empty | Self::Truncated | Self::Damaged(_) => "copy it again from where it came from",
            Self::File { .. } | Self::Huge { .. } => "scale it down, or cut the face out of it with some room around it",
            Self::Format(_) | Self::NoPicture => "give a JPEG or a PNG",
        }
    }
}

/// A picture as it is meant to be seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Photo {
    pub full: RgbImage,
    /// A smaller copy to look for faces in, and how many times smaller it is; absent where the picture is small.
    pub small: Option<(RgbImage, f32)>,
}

/// Reads the bytes of a file that may be a picture.
///
/// # Errors
/// `Io`, `NoFile`, `Empty` and `File`.
pub fn read_bytes(path: &Path, params: &PhotoParams) -> Result<Vec<u8>, PhotoError> {
    let meta = std::fs::metadata(path).map_err(|e| PhotoError::Io(e.to_string()))?;
    if !meta.is_file() {
        return Err(PhotoError::NoFile);
    }
    if meta.len() > u64::from(params.most_file_mb) * 1_000_000 {
        return Err(PhotoError::File { found_mb: meta.len() / 1_000_000, most_mb: params.most_file_mb });
    }
    let bytes = std::fs::read(path).map_err(|e| PhotoError::Io(e.to_string()))?;
    if bytes.is_empty() { Err(PhotoError::Empty) } else { Ok(bytes) }
}

/// Decodes a picture: turned as the camera was held, what is transparent laid over grey, grey and 16 bit made 8-bit RGB.
///
/// What it is follows from its first bytes, whatever its name says.
///
/// # Errors
/// Every reason but those of [`read_bytes`].
pub fn decode(bytes: &[u8], params: &PhotoParams) -> Result<Photo, PhotoError> {
    let format = image::guess_format(bytes).map_err(|_| PhotoError::NoPicture)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png) {
        return Err(PhotoError::Format(format!("{format:?}").to_uppercase()));
    }
    if format == ImageFormat::Jpeg && !has_jpeg_end(bytes) {
        return Err(PhotoError::Truncated);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let most = u64::from(params.most_pixels_mb) * 1_000_000;
    let mut limits = Limits::no_limits();
    // The decoder's own rows and tables beside the pixels.
    limits.max_alloc = Some(most.saturating_mul(2));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|e| damage(&e))?;
    let ((width, height), needed) = (decoder.dimensions(), decoder.total_bytes());
    if needed > most {
        return Err(PhotoError::Huge { width, height, found_mb: needed / 1_000_000, most_mb: params.most_pixels_mb });
    }
    // A picture with damage in what is said beside its pixels is seen as it lies.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|e| damage(&e))?;
    image.apply_orientation(orientation);
    let full = over_grey(image);
    let times = full.width.max(full.height).div_ceil(params.look_side.max(1));
    let small = (times > 1).then(|| (shrink(&full, times), times as f32));
    Ok(Photo { full, small })
}

fn damage(error: &ImageError) -> PhotoError {
    let text = error.to_string();
    let is_short = |e: &std::io::Error| e.kind() == std::io::ErrorKind::UnexpectedEof;
    match error {
        ImageError::IoError(e) if is_short(e) => PhotoError::Truncated,
        _ if text.contains("unexpected end") || text.contains("EOF") => PhotoError::Truncated,
        _ => PhotoError::Damaged(text.to_lowercase()),
    }
}

/// What is seen through a picture: neither light nor dark, so that no edge is made that looks like part of a face.
const GREY: u32 = 128;

fn over_grey(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        let image = image.into_rgb8();
        return RgbImage { width: image.width(), height: image.height(), data: image.into_raw() };
    }
    let image = image.into_rgba8();
    let mut data = Vec::with_capacity(image.as_raw().len() / 4 * 3);
    for pixel in image.as_raw().chunks_exact(4) {
        let alpha = u32::from(pixel[3]);
        let over = |v: u8| u8::try_from((u32::from(v) * alpha + GREY * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX);
        data.extend(pixel[..3].iter().map(|v| over(*v)));
    }
    RgbImage { width: image.width(), height: image.height(), data }
}

/// Tells whether a JPEG's marks lead to its end: decoders fill up what is missing with grey and say nothing.
fn has_jpeg_end(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        // Between segments: marks may be led in by any number of 0xFF.
        while bytes.get(at) == Some(&0xFF) && bytes.get(at + 1) == Some(&0xFF) {
            at += 1;
        }
        let (Some(0xFF), Some(&mark)) = (bytes.get(at), bytes.get(at + 1)) else { return false };
        at += 2;
        match mark {
            0xD9 => return true,
            0xD0..=0xD7 | 0x01 => continue,
            _ => {}
        }
        let (Some(high), Some(low)) = (bytes.get(at), bytes.get(at + 1)) else { return false };
        at += usize::from(u16::from_be_bytes([*high, *low])).max(2);
        if mark == 0xDA {
            // Pixels follow: 0xFF is data before 0x00 and goes on before a restart mark.
            while let Some(byte) = bytes.get(at) {
                if *byte == 0xFF && !matches!(bytes.get(at + 1), Some(0x00 | 0xD0..=0xD7)) {
                    break;
                }
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::{jpeg::JpegEncoder, png::PngEncoder};
    use image::{ExtendedColorType, ImageEncoder};

    const PARAMS: PhotoParams = PhotoParams { most_file_mb: 1, most_pixels_mb: 1, look_side: 100 };

    fn png(data: &[u8], width: u32, height: u32, colour: ExtendedColorType) -> Vec<u8> {
        let mut out = Vec::new();
        PngEncoder::new(&mut out).write_image(data, width, height, colour).unwrap();
        out
    }

    fn jpeg(exif: Option<&[u8]>) -> Vec<u8> {
        let mut out = Vec::new();
        // White left half, black right half.
        let data: Vec<u8> = (0..16 * 16).flat_map(|i| [if i % 16 < 8 { 255 } else { 0 }; 3]).collect();
        let mut encoder = JpegEncoder::new_with_quality(&mut out, 100);
        if let Some(exif) = exif {
            encoder.set_exif_metadata(exif.to_vec()).unwrap();
        }
        encoder.write_image(&data, 16, 16, ExtendedColorType::Rgb8).unwrap();
        out
    }

    fn seen(bytes: &[u8]) -> RgbImage {
        decode(bytes, &PARAMS).unwrap().full
    }

    #[test]
    fn a_picture_taken_with_the_camera_on_its_side_is_seen_upright() {
        // TIFF, big endian, one entry: 0x0112 (orientation), short, one value: 6, a quarter clockwise, so white comes to the top.
        let upright = seen(&jpeg(Some(b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0")));
        let at = |x: usize, y: usize| upright.data[(y * 16 + x) * 3];
        assert!(at(2, 2) > 200 && at(13, 2) > 200 && at(2, 13) < 50 && at(13, 13) < 50);
        // One whose notes are damaged is seen as it lies.
        let lying = seen(&jpeg(Some(b"MM\0\x2a\0\0\xff\xff\0\x01")));
        assert!(lying.data[(13 * 16 + 2) * 3] > 200);
    }

    #[test]
    fn what_is_transparent_is_grey_and_grey_and_16_bit_are_rgb() {
        let half = png(&[200, 100, 0, 255, 200, 100, 0, 0, 0, 0, 0, 128], 3, 1, ExtendedColorType::Rgba8);
        assert_eq!(seen(&half).data, [200, 100, 0, 128, 128, 128, 64, 64, 64]);
        assert_eq!(seen(&png(&[7, 90], 2, 1, ExtendedColorType::L8)).data, [7, 7, 7, 90, 90, 90]);
        assert_eq!(seen(&png(&[90, 255, 90, 0], 2, 1, ExtendedColorType::La8)).data, [90, 90, 90, 128, 128, 128]);
        let deep: Vec<u8> = [0xFFFFu16, 0x8080, 0].iter().flat_map(|v| v.to_ne_bytes()).collect();
        assert_eq!(seen(&png(&deep, 1, 1, ExtendedColorType::Rgb16)).data, [255, 128, 0]);
    }

    #[test]
    fn the_size_is_refused_before_anything_is_decoded() {
        // A PNG of two gigapixels in a few hundred bytes: only its head is true.
        let mut huge = png(&[0; 3], 1, 1, ExtendedColorType::Rgb8);
        huge[16..20].copy_from_slice(&50_000u32.to_be_bytes());
        huge[20..24].copy_from_slice(&40_000u32.to_be_bytes());
        let sum = crc32fast::hash(&huge[12..29]);
        huge[29..33].copy_from_slice(&sum.to_be_bytes());
        let told = decode(&huge, &PARAMS).unwrap_err();
        assert_eq!(told.to_string(), "has 50000x40000 pixels, 6000 MB when decoded; 1 MB are allowed");
    }

    #[test]
    fn a_large_picture_is_looked_at_in_a_smaller_copy() {
        let photo = decode(&png(&vec![50; 250 * 40 * 3], 250, 40, ExtendedColorType::Rgb8), &PARAMS).unwrap();
        let (small, times) = photo.small.unwrap();
        assert_eq!((small.width, small.height, times.to_bits()), (83, 13, 3f32.to_bits()));
        assert!(small.data.iter().all(|v| *v == 50) && photo.full.width == 250);
    }

    #[test]
    fn what_is_no_whole_picture_is_told_apart() {
        let whole = jpeg(None);
        for cut in [whole.len() - 1, whole.len() - 2, whole.len() / 2, 30, 4] {
            assert_eq!(decode(&whole[..cut], &PARAMS), Err(PhotoError::Truncated), "{cut} of {}", whole.len());
        }
        // What cameras and programs write behind the end is no fault.
        assert_eq!(seen(&[whole.as_slice(), b"trailer"].concat()), seen(&whole));
        let drawn = png(&[9; 300], 10, 10, ExtendedColorType::Rgb8);
        for cut in [drawn.len() / 2, drawn.len() - 13] {
            assert_eq!(decode(&drawn[..cut], &PARAMS), Err(PhotoError::Truncated), "{cut} of {}", drawn.len());
        }
        let mut flipped = drawn.clone();
        flipped[45] ^= 0x55;
        assert!(matches!(decode(&flipped, &PARAMS), Err(PhotoError::Damaged(_))), "{:?}", decode(&flipped, &PARAMS));
        assert_eq!(decode(b"RIFF\0\0\0\0WEBPVP8 ", &PARAMS), Err(PhotoError::Format("WEBP".into())));
        assert_eq!(decode(b"Dear Ava, here are the pictures", &PARAMS), Err(PhotoError::NoPicture));
    }

    #[test]
    fn a_file_is_refused_for_what_it_is() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read_bytes(dir.path(), &PARAMS), Err(PhotoError::NoFile));
        assert!(matches!(read_bytes(&dir.path().join("none"), &PARAMS), Err(PhotoError::Io(_))));
        let file = dir.path().join("a.jpg");
        std::fs::write(&file, b"").unwrap();
        assert_eq!(read_bytes(&file, &PARAMS), Err(PhotoError::Empty));
        std::fs::File::create(&file).unwrap().set_len(2_000_000).unwrap();
        assert_eq!(read_bytes(&file, &PARAMS), Err(PhotoError::File { found_mb: 2, most_mb: 1 }));
    }
}
