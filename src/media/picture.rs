//! One decoded picture.

use super::colour::Colour;
use super::convert::convert;
use super::frame::FrameFacts;
use super::geometry::Display;
use super::planes::{Layout, planes};
use super::sample::{self, Source};
use super::signature;
use crate::domain::{Affine, FrameTime, RgbImage, Signature, Size};
use ffmpeg_next::frame::Video;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Holds one picture in the decoder's own format and memory; a clone shares it.
///
/// A picture that is kept keeps its memory from the decoder (1.4 MB at 720p, 3.1 MB at 1080p, twice that with 10 bits).
#[derive(Clone)]
pub struct Picture {
    inner: Arc<Inner>,
}

struct Inner {
    raw: Raw,
    at: FrameTime,
    display: Display,
    /// The same picture in a format that the sampler reads, made when first asked for; `None` where nothing can be made of it.
    converted: OnceLock<Option<Raw>>,
}

struct Raw {
    frame: Video,
    facts: FrameFacts,
    layout: Option<Layout>,
}

impl Picture {
    pub(super) fn new(frame: Video, facts: FrameFacts, layout: Option<Layout>, at: FrameTime, display: Display) -> Self {
        let raw = Raw { frame, facts, layout };
        Self { inner: Arc::new(Inner { raw, at, display, converted: OnceLock::new() }) }
    }

    /// Returns its number and presentation time.
    pub fn at(&self) -> FrameTime {
        self.inner.at
    }

    /// Returns the displayed size, the same for all pictures of a file.
    pub fn size(&self) -> Size {
        self.inner.display.size
    }

    /// Fills a new `out` image: 8-bit R'G'B', BT.709 primaries, black outside the picture.
    ///
    /// `map` leads from continuous output positions to continuous positions in the displayed picture (pixel centres at halves on
    /// both sides), so a picture scaled to half its size is `Affine::scale(2.0, 2.0)`. Interpolation is bilinear with two taps an
    /// axis; shrinking by more than three averages several samples a pixel. Of 8-bit 4:2:0 and 4:2:2 the bytes are those that
    /// the ffmpeg program followed by OpenCV's linear resize gives. Interlaced pictures are read from the field shown first.
    /// Colour: matrix and range as the stream tells them, by size where it does not; PQ, HLG and BT.2020 are mapped to SDR.
    /// Costs about 1 ms of processor time for 640x360 out of 720p or 1080p, half of that for a turned crop of 112x112.
    pub fn sample(&self, out: Size, map: &Affine) -> RgbImage {
        let source = self.readable().and_then(Raw::source);
        let Some(source) = source else { return RgbImage::black(out) };
        sample::sample(&source, out, &map.then(&self.inner.display.to_stored(source.stored)))
    }

    /// Shrinks the picture to what shot cutting needs, as displayed.
    ///
    /// Values are the stored signal at full scale: of a high dynamic range picture they are not tone mapped. Of tall cells only
    /// about a dozen rows, evenly spread, are read. A picture that cannot be read gives black.
    pub fn signature(&self) -> Signature {
        let source = self.readable().and_then(|r| Some((planes(&r.frame, r.layout.as_ref()?)?, r.colour()?)));
        signature::shrink(source, self.inner.display.orientation)
    }

    fn readable(&self) -> Option<&Raw> {
        if self.inner.raw.layout.is_some() {
            return Some(&self.inner.raw);
        }
        let make = || {
            let (frame, facts) = convert(&self.inner.raw.frame, &self.inner.raw.facts)?;
            Some(Raw { frame, facts, layout: Some(Layout::of(facts.format)?) })
        };
        self.inner.converted.get_or_init(make).as_ref()
    }
}

impl Raw {
    fn source(&self) -> Option<Source<'_>> {
        let layout = self.layout.as_ref()?;
        let planes = planes(&self.frame, layout)?;
        let field = self.facts.field.filter(|_| self.facts.size.height >= 4);
        Some(Source {
            planes: match field {
                Some(field) => planes.field(field),
                None => planes,
            },
            field,
            stored: self.facts.size,
            log2_chroma: layout.log2_chroma,
            colour: self.colour()?,
        })
    }

    fn colour(&self) -> Option<Colour> {
        Some(Colour::of(&self.facts, self.layout.as_ref()?))
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture").field("at", &self.inner.at).field("size", &self.size()).finish_non_exhaustive()
    }
}
