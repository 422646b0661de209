//! What can go wrong with a video file.

use crate::domain::FrameTime;
use std::path::PathBuf;

/// Says why a file gives no pictures, or no sound.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error("no such file: {path:?}")]
    NotFound { path: PathBuf },
    #[error("{path:?} is a folder, not a video")]
    IsDirectory { path: PathBuf },
    #[error("cannot read {path:?}: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path:?} is empty (0 bytes)")]
    Empty { path: PathBuf },
    #[error("{path:?} is not a video, or its head is damaged: {reason}")]
    NotAVideo { path: PathBuf, reason: String },
    #[error("{path:?} has sound ({codec}) but no picture")]
    SoundOnly { path: PathBuf, codec: String },
    #[error("{path:?} ({container}) holds neither pictures nor sound")]
    NoPicture { path: PathBuf, container: String },
    #[error("{path:?} is coded as {codec:?}, which this FFmpeg cannot decode: {reason}")]
    UnknownCodec { path: PathBuf, codec: String, reason: String },
    #[error("no picture of {path:?} could be decoded ({packets} packets of {codec} read, {damaged} damaged)")]
    NothingDecodable { path: PathBuf, codec: String, packets: u64, damaged: u64 },
    #[error("{path:?} has no sound {wanted}; it has {there}")]
    NoSuchSound { path: PathBuf, wanted: String, there: String },
    #[error("the sound of {path:?} is coded as {codec:?}, which this FFmpeg cannot decode: {reason}")]
    UnknownSound { path: PathBuf, codec: String, reason: String },
    #[error("no sound of {path:?} could be decoded ({packets} packets of {codec} read, {damaged} damaged)")]
    NothingAudible { path: PathBuf, codec: String, packets: u64, damaged: u64 },
    #[error("picture {} at {:.6} s is no longer where it was in {path:?}", at.frame, at.pts.secs())]
    PictureNotFound { path: PathBuf, at: FrameTime },
}

impl MediaError {
    /// Says what to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NotFound { .. } => "check the path; a name with spaces needs quotes".into(),
            Self::IsDirectory { .. } => "name one video file inside it".into(),
            Self::Unreadable { .. } => "check the rights of the file and that its disk is mounted".into(),
            Self::Empty { .. } => "copy or download the file again".into(),
            Self::NotAVideo { .. } => "try to play it; an unfinished download or recording often lacks its index".into(),
            Self::SoundOnly { .. } => "screen time needs pictures: name the video file this sound belongs to".into(),
            Self::NoPicture { .. } => "name a video file, such as .mp4, .mkv or .ts".into(),
            Self::UnknownCodec { codec, .. } => {
                format!("install an FFmpeg built with {codec}, or convert: ffmpeg -i IN -c:v libx264 -crf 18 OUT.mp4")
            }
            Self::NoSuchSound { .. } => "name one of these by its number or its language, such as 1 or eng".into(),
            Self::UnknownSound { codec, .. } => {
                format!("install an FFmpeg built with {codec}, or convert: ffmpeg -i IN -c:v copy -c:a aac OUT.mp4")
            }
            Self::NothingDecodable { .. } | Self::NothingAudible { .. } => {
                "the file is damaged: copy it again, or try another source".into()
            }
            Self::PictureNotFound { .. } => "the file was changed since: run it anew from the start".into(),
        }
    }
}
