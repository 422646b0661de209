//! Any picture of a file by its number, in any order.

use super::decoder::Decoder;
use super::error::MediaError;
use super::params::{DecodeParams, Hardware, SkipPolicy};
use super::picture::Picture;
use crate::domain::FrameTime;
use std::path::{Path, PathBuf};

/// Pictures that are decoded on the way rather than sought: seeking decodes from the key frame before, which lies one or two
/// seconds back in most files.
const AHEAD: u64 = 32;

/// Hands out pictures of one file by number. Shortly ahead it goes on decoding; everywhere else it seeks.
///
/// Each is bit for bit the picture of an uninterrupted decode. The file is opened with the first picture that is asked for.
#[derive(Debug)]
pub struct OnDemand {
    path: PathBuf,
    params: DecodeParams,
    /// The decoder, and the number of the picture that it gives next where that is known.
    open: Option<(Decoder, Option<u64>)>,
}

impl OnDemand {
    /// Decodes in software and every picture, whatever `params` say of these: one picture at a time is not worth a GPU's set-up.
    #[must_use]
    pub fn new(path: &Path, params: &DecodeParams) -> Self {
        let params = DecodeParams { skip_non_reference: SkipPolicy::Never, hardware: Hardware::Off, ..params.clone() };
        Self { path: path.to_path_buf(), params, open: None }
    }

    /// Returns the number of the picture that costs least: the one after that returned last.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        self.open.as_ref()?.1
    }

    /// Returns picture number `frame`; `None` where the file ends before it, or `goes_on`, which is asked at every picture, said no.
    ///
    /// `from` is a picture at or before it that a decoder handed out before: where decoding begins if it has to seek. `passed` sees
    /// the pictures between, and the one that is returned.
    ///
    /// # Errors
    /// Fails where the file cannot be read or decoded, or is another one than `from` was taken from.
    pub fn get(
        &mut self,
        frame: u64,
        from: FrameTime,
        goes_on: &dyn Fn() -> bool,
        passed: &mut dyn FnMut(&Picture),
    ) -> Result<Option<Picture>, MediaError> {
        // Whatever happens on the way, the place is not known until the picture is there.
        let (mut decoder, at) = match self.open.take() {
            Some(open) => open,
            None => (Decoder::open(&self.path, &self.params)?, Some(0)),
        };
        let mut next = match at {
            Some(next) if (next..=next + AHEAD).contains(&frame) => next,
            _ if decoder.seek_while(from, goes_on)? => from.frame,
            _ => {
                self.open = Some((decoder, None));
                return Ok(None);
            }
        };
        let mut found = None;
        while found.is_none()
            && next <= frame
            && goes_on()
            && let Some(picture) = decoder.next()?
        {
            next = picture.at().frame + 1;
            passed(&picture);
            found = (next == frame + 1).then_some(picture);
        }
        self.open = Some((decoder, Some(next)));
        Ok(found)
    }
}
