//! How kept faces are stored: an aligned crop and a thumbnail, both JPEG.

use super::CropImageParams;
use crate::domain::{Affine, BBox, Detection, RgbImage, Size};
use image::codecs::jpeg::JpegEncoder;

/// Returns a picture as JPEG of a quality, `1..=100`, or what is wrong with it.
///
/// # Errors
/// Says why a picture without pixels, or too large for the format, makes no JPEG.
pub fn to_jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode(&image.data, image.width, image.height, image::ExtendedColorType::Rgb8)
        .map_err(|e| e.to_string())?;
    Ok(bytes)
}

/// Returns the picture that a JPEG holds, or what is wrong with it.
///
/// # Errors
/// Says why the bytes are no JPEG.
pub fn from_jpeg(jpeg: &[u8]) -> Result<RgbImage, String> {
    let image = image::load_from_memory_with_format(jpeg, image::ImageFormat::Jpeg).map_err(|e| e.to_string())?.into_rgb8();
    Ok(RgbImage { width: image.width(), height: image.height(), data: image.into_raw() })
}

/// Returns size and map (thumbnail to picture) of the 4:5 picture around a face.
#[must_use]
pub fn thumb(params: &CropImageParams, detection: &Detection) -> (Size, Affine) {
    let size = thumb_size(params);
    let face = detection.bbox;
    let height = f64::from(params.thumb_context) * f64::from(face.height()).max(f64::from(face.width()) * 1.25);
    let scale = height / f64::from(size.height.max(1));
    let center = face.center();
    let corner_x = f64::from(center.x) - scale * f64::from(size.width) / 2.0;
    let corner_y = f64::from(center.y) - height / 2.0;
    (size, Affine::scale(scale, scale).then(&Affine::translate(corner_x, corner_y)))
}

/// Returns where the face lies in its thumbnail: in the middle.
pub(super) fn box_in_thumb(params: &CropImageParams, detection: &Detection) -> BBox {
    let (size, face) = (thumb_size(params), detection.bbox);
    let (x, y) = (size.width as f32 / 2.0, size.height as f32 / 2.0);
    let shown = params.thumb_context * face.height().max(face.width() * 1.25);
    let (w, h) = (face.width() / shown * y, face.height() / shown * y);
    BBox::new(x - w, y - h, x + w, y + h)
}

fn thumb_size(params: &CropImageParams) -> Size {
    Size { width: params.thumb_width, height: params.thumb_width * 5 / 4 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Point;

    #[test]
    fn a_face_lies_in_its_thumbnail_where_the_map_puts_it() {
        let params = CropImageParams { aligned_quality: 92, thumb_quality: 82, thumb_width: 112, thumb_context: 1.6 };
        for bbox in [BBox::new(100.0, 40.0, 180.0, 140.0), BBox::new(-20.0, 10.0, 300.0, 90.0)] {
            let face = Detection { bbox, landmarks: None, score: 1.0 };
            let (_, map) = thumb(&params, &face);
            let inside = box_in_thumb(&params, &face);
            for (corner, due) in [((inside.x1, inside.y1), (bbox.x1, bbox.y1)), ((inside.x2, inside.y2), (bbox.x2, bbox.y2))] {
                let at = map.apply(Point { x: corner.0, y: corner.1 });
                assert!((at.x - due.0).abs() < 1e-3 && (at.y - due.1).abs() < 1e-3, "{at:?} {due:?}");
            }
        }
    }
}
