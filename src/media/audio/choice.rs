//! Which of a file's streams is listened to.

use super::super::container::{codec_name, tag};
use super::super::error::MediaError;
use super::language;
use ffmpeg_next::format::context::Input;
use ffmpeg_next::format::stream::Disposition;
use ffmpeg_next::{Stream, media};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// Says which sound of a file is meant. Written as `default`, a number, or a language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum SoundChoice {
    /// The one that a player would choose, never a commentary or a description for the blind while there is another.
    #[default]
    Usual,
    /// By its index in the file, counted over all streams from 0 as ffmpeg counts.
    Stream(u32),
    /// By its language, as ISO 639-1 or 639-2: `en`, `eng`. Of several the one that a player would choose.
    Language(String),
}

impl From<String> for SoundChoice {
    fn from(text: String) -> Self {
        match text.trim() {
            "" | "default" => Self::Usual,
            text => text.parse().map_or_else(|_| Self::Language(text.to_string()), Self::Stream),
        }
    }
}

impl From<SoundChoice> for String {
    fn from(choice: SoundChoice) -> Self {
        match choice {
            SoundChoice::Usual => "default".into(),
            SoundChoice::Stream(index) => index.to_string(),
            SoundChoice::Language(language) => language,
        }
    }
}

impl fmt::Display for SoundChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usual => f.write_str("as a player would choose"),
            Self::Stream(index) => write!(f, "in stream {index}"),
            Self::Language(language) => write!(f, "in the language {language:?}"),
        }
    }
}

/// Finds the stream, `None` where the file has no sound at all.
pub(super) fn choose(path: &Path, input: &Input, choice: &SoundChoice) -> Result<Option<usize>, MediaError> {
    let sounds: Vec<Stream<'_>> = input.streams().filter(|s| s.parameters().medium() == media::Type::Audio).collect();
    if sounds.is_empty() {
        return Ok(None);
    }
    let fits = |s: &&Stream<'_>| match choice {
        SoundChoice::Usual => true,
        SoundChoice::Stream(index) => usize::try_from(*index) == Ok(s.index()),
        SoundChoice::Language(wanted) => tag(s, c"language").is_some_and(|own| language::same(&own, wanted)),
    };
    // Of equals the first.
    let best = sounds.iter().rev().filter(fits).max_by_key(|s| rank(s));
    best.map(|s| Some(s.index())).ok_or_else(|| {
        let there: Vec<String> = sounds.iter().map(describe).collect();
        MediaError::NoSuchSound { path: path.to_path_buf(), wanted: choice.to_string(), there: there.join(", ") }
    })
}

/// Returns what speaks for a stream, what weighs most first: that it is the programme, that it can be decoded, that it is the default.
fn rank(stream: &Stream<'_>) -> (bool, bool, bool) {
    const ASIDE: Disposition = Disposition::COMMENT
        .union(Disposition::VISUAL_IMPAIRED)
        .union(Disposition::DESCRIPTIONS)
        .union(Disposition::CLEAN_EFFECTS)
        .union(Disposition::KARAOKE);
    let disposition = stream.disposition();
    let title = tag(stream, c"title").unwrap_or_default().to_lowercase();
    let said_aside = ["commentary", "audio description", "descriptive", "visually impaired"].iter().any(|w| title.contains(w));
    let decodable = ffmpeg_next::decoder::find(stream.parameters().id()).is_some();
    (!disposition.intersects(ASIDE) && !said_aside, decodable, disposition.contains(Disposition::DEFAULT))
}

fn describe(stream: &Stream<'_>) -> String {
    let language = tag(stream, c"language").map(|l| format!(" in {l:?}")).unwrap_or_default();
    let title = tag(stream, c"title").map(|t| format!(" called {t:?}")).unwrap_or_default();
    format!("{} ({}{language}{title})", stream.index(), codec_name(stream))
}
