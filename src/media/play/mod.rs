//! Plays the sound of a span of a video, where there is something to play it on.
//!
//! [`Speaker`] is a thread: it opens the device when it is asked for something and lets go of it afterwards, so that a device that
//! is missing, busy or pulled out costs a message and nothing else.

#[cfg(feature = "sound")]
mod device;
mod speaker;

pub use speaker::{Asked, PlayEvent, Speaker, Where};

use super::MediaError;
use super::audio::{self, SoundChoice};
use crate::domain::{MediaTime, Span};
use std::path::{Path, PathBuf};

/// Says why nothing is heard.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    #[error("this program was built without sound")]
    NotBuilt,
    #[error("no sound device here: {reason}")]
    NoDevice { reason: String },
    #[error("the sound device is gone: {reason}")]
    Lost { reason: String },
    #[error("{path:?} has no sound")]
    NoSound { path: PathBuf },
    #[error("{what}")]
    NoVideo { what: String, hint: Option<String> },
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error("the sound of {path:?} cannot be brought to {rate} samples a second: {reason}")]
    Rate { path: PathBuf, rate: u32, reason: String },
}

impl PlayError {
    /// Says what to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotBuilt => Some("build it with --features sound, or run the command elsewhere".into()),
            Self::NoDevice { .. } => Some(
                "over SSH: forward a PulseAudio socket with ssh -R and set PULSE_SERVER, or run the command where you sit".into(),
            ),
            Self::Lost { .. } => Some("plug it in again and play again".into()),
            Self::NoVideo { hint, .. } => hint.clone(),
            Self::Media(e) => Some(e.hint()),
            Self::NoSound { .. } | Self::Rate { .. } => None,
        }
    }
}

/// Writes the command that plays a span of a video, picture and the chosen sound, with ffmpeg's player, to be copied to any shell.
///
/// Opens the file, as players count from its beginning and not from its clock's zero.
#[must_use]
pub fn command(path: &Path, choice: &SoundChoice, span: Span) -> String {
    let begins = audio::begins(path).unwrap_or(MediaTime::ZERO);
    let from = (span.start() - begins).max(MediaTime::ZERO);
    let stream = audio::chosen(path, choice).filter(|_| *choice != SoundChoice::Usual);
    let stream = stream.map(|index| format!("-ast {index} ")).unwrap_or_default();
    format!("ffplay -autoexit {stream}-ss {:.3} -t {:.3} {}", from.secs(), span.len().secs(), quoted(path))
}

/// Returns a path as a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if text.starts_with('-') { format!("./{text}") } else { text.into_owned() };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%=".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_one_word_a_path_whatever_is_in_it() {
        let span = Span::new(MediaTime(61_500_000), MediaTime(63_750_000));
        let of = |path: &str| command(Path::new(path), &SoundChoice::Usual, span);
        assert_eq!(of("/v/a-1.mp4"), "ffplay -autoexit -ss 61.500 -t 2.250 /v/a-1.mp4");
        assert!(of("-a.mp4").ends_with(" ./-a.mp4"));
        assert!(of("Ava's film; rm *.mkv").ends_with(r" 'Ava'\''s film; rm *.mkv'"));
    }
}
