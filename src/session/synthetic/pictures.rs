//! Crops as JPEG: few sketches, drawn once, shown again and again.

use super::lot::below;
use crate::demo::sketch;
use crate::domain::{RgbImage, Size};
use crate::pipeline::scan::CropImageParams;
use crate::session::SessionError;
use image::codecs::jpeg::JpegEncoder;

/// Different people that are drawn; more clusters than that share their looks.
const PEOPLE: u32 = 60;
/// Where they look.
const TURNS: [f32; 5] = [-0.8, -0.35, 0.0, 0.35, 0.8];
const ALIGNED: Size = Size { width: 160, height: 160 };
/// Share of the height of the aligned picture and of the thumbnail that the face takes.
const ALIGNED_SHARE: f32 = 0.85;
/// Nothing looks at them but an embedder, and there is none.
const ALIGNED_QUALITY: u8 = 30;

pub(super) struct Pictures {
    /// By person, then turn: aligned picture and thumbnail.
    drawn: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Pictures {
    pub(super) fn draw(params: &CropImageParams) -> Result<Self, SessionError> {
        let thumb = Size { width: params.thumb_width, height: params.thumb_width * 5 / 4 };
        let mut drawn = Vec::new();
        for person in 0..PEOPLE {
            for turn in TURNS {
                let aligned = jpeg(&sketch(person, turn, ALIGNED_SHARE, ALIGNED), ALIGNED_QUALITY)?;
                let thumb = jpeg(&sketch(person, turn, 1.0 / params.thumb_context, thumb), params.thumb_quality)?;
                drawn.push((aligned, thumb));
            }
        }
        Ok(Self { drawn })
    }

    /// Returns aligned picture and thumbnail of a crop of somebody, and where they look.
    pub(super) fn of(&self, cluster: u32, track: u32, nth: u32) -> (Vec<u8>, Vec<u8>, f32) {
        let turns = u32::try_from(TURNS.len()).unwrap_or(1);
        let turn = below(turns, &[cluster, track, nth, 3]);
        let at = usize::try_from(cluster % PEOPLE * turns + turn).unwrap_or_default();
        let (aligned, thumb) = self.drawn.get(at).cloned().unwrap_or_default();
        (aligned, thumb, usize::try_from(turn).ok().and_then(|t| TURNS.get(t)).copied().unwrap_or_default())
    }
}

fn jpeg(picture: &RgbImage, quality: u8) -> Result<Vec<u8>, SessionError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode(&picture.data, picture.width, picture.height, image::ExtendedColorType::Rgb8)
        .map_err(|e| SessionError::Write { path: "a sketch".into(), source: std::io::Error::other(e) })?;
    Ok(bytes)
}
