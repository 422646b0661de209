//! The sound of an open episode's video, played where there is something to play it on.

use super::FrameSource;
use crate::domain::Span;
use crate::media::audio::SoundChoice;
use crate::media::play::{Asked, PlayError};

impl FrameSource {
    /// Returns what a speaker is to be asked for: a span of this video's sound.
    #[must_use]
    pub fn sound(&self, span: Span) -> Asked {
        let source = self.clone();
        let video = move || {
            let missing = |e: super::SessionError| PlayError::NoVideo { what: e.to_string(), hint: e.hint() };
            source.find().map(std::path::Path::to_path_buf).map_err(missing)
        };
        Asked { video: Box::new(video), choice: SoundChoice::Usual, span }
    }
}
