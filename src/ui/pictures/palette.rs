//! Pictures of few colours as PNG: a tenth of the raw pixels.
//!
//! The palette is sorted by brightness, so that neighbours in the picture are neighbours in number, and PNG's Paeth filter leaves
//! little to compress.

use image::RgbImage;
use quantette::deps::palette::Srgb;
use quantette::{ImageRef, PaletteSize, Pipeline};

/// A picture of at most 256 colours: `pixels` are numbers of `colours`, row by row.
#[derive(Debug)]
pub(super) struct Indexed {
    pub width: u32,
    pub height: u32,
    pub colours: Vec<[u8; 3]>,
    pub pixels: Vec<u8>,
}

/// Chooses at most `most` colours for a picture (Wu 1992, in Oklab) and gives each pixel the nearest. Without dithering: its dots do not
/// compress, and at the same bytes would leave half as many colours.
pub(super) fn reduce(picture: &RgbImage, most: u16) -> Option<Indexed> {
    let pixels: Vec<Srgb<u8>> = picture.pixels().map(|p| Srgb::new(p.0[0], p.0[1], p.0[2])).collect();
    let image = ImageRef::new(picture.width(), picture.height(), &pixels).ok()?;
    let size = PaletteSize::try_from(most.clamp(2, 256)).ok()?;
    let reduced = Pipeline::new().palette_size(size).ditherer(None).input_image(image).output_srgb8_indexed_image();
    let mut order: Vec<(u32, u8)> = (0..=u8::MAX).zip(reduced.palette().iter()).map(|(i, c)| (brightness(*c), i)).collect();
    order.sort_unstable();
    let mut rank = [0_u8; 256];
    let mut colours = Vec::new();
    for (new, (_, old)) in (0..=u8::MAX).zip(&order) {
        rank[usize::from(*old)] = new;
        let colour = reduced.palette()[usize::from(*old)];
        colours.push([colour.red, colour.green, colour.blue]);
    }
    let pixels = reduced.indices().iter().map(|i| rank[usize::from(*i)]).collect();
    Some(Indexed { width: picture.width(), height: picture.height(), colours, pixels })
}

/// Writes a palette PNG, the smaller of the filters Paeth and none.
pub(super) fn png(picture: &Indexed) -> Option<Vec<u8>> {
    let write = |filter: png::Filter| -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, picture.width, picture.height);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(picture.colours.concat());
        encoder.set_deflate_compression(png::DeflateCompression::Level(9));
        encoder.set_filter(filter);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&picture.pixels)?;
        writer.finish()?;
        Ok(bytes)
    };
    [png::Filter::Paeth, png::Filter::NoFilter].into_iter().filter_map(|f| write(f).ok()).min_by_key(Vec::len)
}

fn brightness(colour: Srgb<u8>) -> u32 {
    299 * u32::from(colour.red) + 587 * u32::from(colour.green) + 114 * u32::from(colour.blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A smooth picture with more than 64 colours.
    fn smooth() -> RgbImage {
        RgbImage::from_fn(60, 50, |x, y| {
            let (x, y) = (u8::try_from(x).unwrap(), u8::try_from(y).unwrap());
            image::Rgb([4 * x, 5 * y, 100 + x])
        })
    }

    #[test]
    fn few_colours_are_kept_in_order_of_brightness_and_come_near() {
        let picture = smooth();
        let reduced = reduce(&picture, 64).unwrap();
        assert!(reduced.colours.len() <= 64 && reduced.colours.len() > 32);
        let luma = |c: &[u8; 3]| 299 * u32::from(c[0]) + 587 * u32::from(c[1]) + 114 * u32::from(c[2]);
        assert!(reduced.colours.windows(2).all(|w| luma(&w[0]) <= luma(&w[1])));
        let off = |(p, i): (&image::Rgb<u8>, &u8)| -> u32 {
            p.0.iter().zip(reduced.colours[usize::from(*i)]).map(|(a, b)| u32::from(a.abs_diff(b))).sum()
        };
        let mean = picture.pixels().zip(&reduced.pixels).map(off).sum::<u32>() / (60 * 50 * 3);
        assert!(mean <= 12, "{mean}");
    }

    #[test]
    fn the_png_holds_exactly_the_reduced_picture() {
        let reduced = reduce(&smooth(), 64).unwrap();
        let read = image::load_from_memory_with_format(&png(&reduced).unwrap(), image::ImageFormat::Png).unwrap().into_rgb8();
        assert_eq!(read.dimensions(), (60, 50));
        for (pixel, index) in read.pixels().zip(&reduced.pixels) {
            assert_eq!(pixel.0, reduced.colours[usize::from(*index)]);
        }
    }

    #[test]
    fn a_picture_of_one_colour_has_one() {
        let reduced = reduce(&RgbImage::from_pixel(5, 5, image::Rgb([9, 8, 7])), 64).unwrap();
        assert!(png(&reduced).is_some());
        assert_eq!(reduced.colours[usize::from(reduced.pixels[0])], [9, 8, 7]);
    }
}
