//! Who speaks when: turns, voices, words, and whether a mouth is seen saying them.

use super::{Embedding, IdentityId, MediaTime, Method, Source, Span, SpeakerId, TrackId, TurnId};
use serde::{Deserialize, Serialize};

/// One uninterrupted stretch of one voice. Turns of different speakers may overlap in time; those of one speaker do so only where people
/// made them to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    pub id: TurnId,
    pub span: Span,
    /// Whose voice it is: the diariser's label, or the one that a person gave it to.
    pub speaker: SpeakerId,
    /// Belief that it is this speaker, `0..=1`.
    pub confidence: f32,
}

/// A voice that a run heard, still nameless.
#[derive(Debug, Clone, PartialEq)]
pub struct Speaker {
    pub id: SpeakerId,
    /// Mean of its turns, in the space of the run's voice embedder; absent where no turn was long enough.
    pub voice: Option<Embedding>,
    /// Sum of the lengths of its turns.
    pub speech: MediaTime,
}

/// One word of a transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Word {
    pub span: Span,
    /// Without blanks at its ends.
    pub text: String,
    /// Belief of the speech model, `0..=1`.
    pub confidence: f32,
}

/// How the times of words were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WordTiming {
    /// From the model's attention: each word where the model listened when it wrote it.
    Aligned,
    /// Words were spread over the speech of their sentence by their lengths, because the model does not tell more.
    Estimated,
}

/// A sentence or a part of one, as a speech model cut it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentence {
    /// By time.
    pub words: Vec<Word>,
    pub timing: WordTiming,
}

/// What was written down of one stretch of sound, whoever said it.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// Language as ISO 639-1, such as `en`.
    pub language: String,
    /// By time.
    pub sentences: Vec<Sentence>,
}

/// What was written down of one turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// Language as ISO 639-1, such as `en`.
    pub language: String,
    pub timing: WordTiming,
    /// By time, inside the turn.
    pub words: Vec<Word>,
}

/// How the sound of an episode was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SoundFacts {
    /// Index of the stream in its file.
    pub stream: u32,
    /// Language as the container states it, such as `eng`.
    pub language: Option<String>,
    pub codec: String,
    /// Samples a second of the file.
    pub rate: u32,
    /// Channels of the file.
    pub channels: u32,
    /// Which of them were listened to, such as `mono`, `mean of 2` or `centre of 5.1`.
    pub mix: String,
    /// When its first sample sounds, and when its last one ends, on the container's clock.
    pub span: Span,
    /// Packets that could not be read or decoded; their time is silence.
    pub damaged_packets: u64,
    /// What a person should know of it, such as that it is much shorter than the picture.
    pub notes: Vec<String>,
}

/// Loudness and speech in time, for people to look at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SoundLevels {
    /// Start of the first value.
    pub start: MediaTime,
    /// Highest magnitude of each 20 ms, `0..=255` for `0..=1`.
    pub peaks: Vec<u8>,
    /// Probability of speech of each 32 ms, `0..=255` for `0..=1`.
    pub speech: Vec<u8>,
}

impl SoundLevels {
    /// Length of one value of `peaks`.
    pub const PEAK_STEP: MediaTime = MediaTime(20_000);
    /// Length of one value of `speech`.
    pub const SPEECH_STEP: MediaTime = MediaTime(32_000);
}

/// How surely the mouth of a track's face speaks, 25 times a second.
#[derive(Debug, Clone, PartialEq)]
pub struct MouthScores {
    pub track: TrackId,
    /// Time of the first score.
    pub start: MediaTime,
    /// Raw scores of the active-speaker model (logits), not smoothed; above the model's mark the face speaks.
    pub scores: Vec<f32>,
}

impl MouthScores {
    /// Time between two scores.
    pub const STEP: MediaTime = MediaTime(40_000);
}

/// What people made of a turn; absent where it is as it was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnState {
    /// Empty where there is no such turn any more.
    pub span: Span,
    pub speaker: SpeakerId,
    /// Whether the mouth is in the picture; absent: as the evidence says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<bool>,
}

/// Who a voice, or one turn of it, is decided to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VoiceLink {
    /// Absent: nobody whom one knows, and no evidence changes that.
    pub identity: Option<IdentityId>,
    pub source: Source,
    pub method: Method,
    /// Belief in it, `0..=1`.
    pub score: f32,
}

impl VoiceLink {
    /// Tells whether somebody said so; a run may believe it of the sound alone.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.source != Source::Proposed
    }
}

/// Whose words a piece of a turn are, and why that is believed.
///
/// The pieces of a turn follow each other without holes; they are cut where the face of who speaks comes into or goes out of the
/// picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AvLink {
    pub turn: TurnId,
    pub speaker: SpeakerId,
    pub span: Span,
    /// Who speaks; absent for a voice that nobody knows.
    pub identity: Option<IdentityId>,
    /// Who speaks is seen meanwhile, and nothing says that it is only their voice.
    pub on_screen: bool,
    /// Belief that it is this identity's voice, `0..=1`; 0 where it is nobody's.
    pub confidence: f32,
    pub evidence: LinkEvidence,
    pub method: LinkMethod,
}

/// What speaks for a link: sums over the whole turn, and over all turns of its voice.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LinkEvidence {
    /// Mean of the face's smoothed scores above the model's mark while it is seen in the turn; below 0 its mouth is still.
    pub score: f32,
    /// Share of the seen time of the turn in which its mouth speaks, `0..=1`.
    pub share: f32,
    /// How many times as much speaks for this face as for the next best; [`Self::MAX_RATIO`] where there is no other.
    pub ratio: f32,
    /// Seconds of the turn in which its mouth speaks.
    pub seconds: f32,
    /// Its share of what all mouths say for themselves in this turn, `0..=1`.
    pub from_turn: f32,
    /// Its share of what all mouths say for themselves wherever only this voice speaks, `0..=1`.
    pub from_voice: f32,
}

impl LinkEvidence {
    /// The largest ratio that is told apart.
    pub const MAX_RATIO: f32 = 99.0;
}

/// How a turn found its identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkMethod {
    /// A mouth is seen saying it.
    ActiveSpeaker,
    /// The voice is known from elsewhere, and its face is not seen, or with a still mouth.
    VoiceMatch,
    /// The voice is known from elsewhere, and its face is seen without a clear view of the mouth.
    CoOccurrence,
    /// A person said so.
    User,
    /// The voice is nobody's.
    Unknown,
}
