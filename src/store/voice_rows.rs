//! The shapes of rows of what was heard, version 1; as for `rows.rs`, **these types are the file format and never change**.

use super::codec::RowError;
use crate::domain::{
    Embedding, EmbeddingError, HeardWindow, LOCAL_SPEAKERS, LocalVoice, MediaTime, MouthScores, Sentence, SoundLevels, Span,
    Speaker, SpeakerId, TrackId, Transcript, Turn, TurnId, Word, WordTiming, Written,
};
use serde::{Deserialize, Serialize};

/// Start and end in microseconds.
type SpanRow = (i64, i64);

fn span_row(span: Span) -> SpanRow {
    (span.start().0, span.end().0)
}

fn span((start, end): SpanRow) -> Span {
    Span::new(MediaTime(start), MediaTime(end))
}

#[derive(Serialize, Deserialize)]
pub(super) struct LevelsRow {
    start: i64,
    peaks: Vec<u8>,
    speech: Vec<u8>,
}

impl LevelsRow {
    pub(super) fn new(levels: &SoundLevels) -> Self {
        Self { start: levels.start.0, peaks: levels.peaks.clone(), speech: levels.speech.clone() }
    }

    pub(super) fn levels(self) -> SoundLevels {
        SoundLevels { start: MediaTime(self.start), peaks: self.peaks, speech: self.speech }
    }
}

/// The voice of a local speaker: vector, length of its speech, whether nobody else took part in it.
type LocalVoiceRow = Option<(Vec<f32>, i64, bool)>;

/// Windows of one stretch: start, activity frame by frame, a voice for each local speaker.
#[derive(Serialize, Deserialize)]
pub(super) struct WindowsRow(Vec<(i64, Vec<[u8; LOCAL_SPEAKERS]>, [LocalVoiceRow; LOCAL_SPEAKERS])>);

impl WindowsRow {
    pub(super) fn new(windows: &[HeardWindow]) -> Self {
        let voice = |v: &Option<LocalVoice>| v.as_ref().map(|v| (v.voice.as_slice().to_vec(), v.speech.0, v.alone));
        Self(windows.iter().map(|w| (w.start.0, w.activity.clone(), w.voices.each_ref().map(voice))).collect())
    }

    pub(super) fn windows(self) -> Result<Vec<HeardWindow>, RowError> {
        let shape = |e: EmbeddingError| RowError::Shape(e.to_string());
        let made = self.0.into_iter().map(|(start, activity, rows)| {
            let mut voices = [const { None }; LOCAL_SPEAKERS];
            for (voice, row) in voices.iter_mut().zip(rows) {
                if let Some((values, speech, alone)) = row {
                    let unit = Embedding::from_unit(values).map_err(shape)?;
                    *voice = Some(LocalVoice { voice: unit, speech: MediaTime(speech), alone });
                }
            }
            Ok(HeardWindow { start: MediaTime(start), activity, voices })
        });
        made.collect()
    }
}

/// The turns of a run: number, span, speaker, confidence.
#[derive(Serialize, Deserialize)]
pub(super) struct TurnsRow(Vec<(u32, SpanRow, u32, f32)>);

impl TurnsRow {
    pub(super) fn new(turns: &[Turn]) -> Self {
        Self(turns.iter().map(|t| (t.id.0, span_row(t.span), t.speaker.0, t.confidence)).collect())
    }

    pub(super) fn turns(self) -> impl Iterator<Item = Turn> {
        self.0.into_iter().map(|(id, at, speaker, confidence)| Turn {
            id: TurnId(id),
            span: span(at),
            speaker: SpeakerId(speaker),
            confidence,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct SpeakerRow {
    voice: Option<Vec<f32>>,
    speech: i64,
}

impl SpeakerRow {
    pub(super) fn new(speaker: &Speaker) -> Self {
        Self { voice: speaker.voice.as_ref().map(|v| v.as_slice().to_vec()), speech: speaker.speech.0 }
    }

    pub(super) fn speaker(self, id: SpeakerId) -> Result<Speaker, RowError> {
        let voice = self.voice.map(Embedding::from_unit).transpose();
        let voice = voice.map_err(|e| RowError::Shape(format!("voice {id}: {e}")))?;
        Ok(Speaker { id, voice, speech: MediaTime(self.speech) })
    }
}

/// A word: span, text, confidence.
type WordRow = (SpanRow, String, f32);

fn word_row(word: &Word) -> WordRow {
    (span_row(word.span), word.text.clone(), word.confidence)
}

fn word((at, text, confidence): WordRow) -> Word {
    Word { span: span(at), text, confidence }
}

fn timing_row(timing: WordTiming) -> u8 {
    match timing {
        WordTiming::Aligned => 0,
        WordTiming::Estimated => 1,
    }
}

fn timing(row: u8) -> Result<WordTiming, RowError> {
    match row {
        0 => Ok(WordTiming::Aligned),
        1 => Ok(WordTiming::Estimated),
        other => Err(RowError::Shape(format!("timing {other} is not known"))),
    }
}

/// What was written down of one turn: language; 0 where the times of words are the model's, 1 where they are estimated; its words.
#[derive(Serialize, Deserialize)]
pub(super) struct TranscriptRow(String, u8, Vec<WordRow>);

impl TranscriptRow {
    pub(super) fn new(transcript: &Transcript) -> Self {
        let Transcript { language, timing, words } = transcript;
        Self(language.clone(), timing_row(*timing), words.iter().map(word_row).collect())
    }

    pub(super) fn transcript(self) -> Result<Transcript, RowError> {
        Ok(Transcript { language: self.0, timing: timing(self.1)?, words: self.2.into_iter().map(word).collect() })
    }
}

/// What was written down of a window: what decided it, language, and for each sentence its timing as in [`TranscriptRow`] and its words.
#[derive(Serialize, Deserialize)]
pub(super) struct WrittenRow(String, String, Vec<(u8, Vec<WordRow>)>);

impl WrittenRow {
    pub(super) fn new(key: &str, written: &Written) -> Self {
        let sentences = written.sentences.iter().map(|s| (timing_row(s.timing), s.words.iter().map(word_row).collect()));
        Self(key.to_owned(), written.language.clone(), sentences.collect())
    }

    pub(super) fn key(&self) -> &str {
        &self.0
    }

    pub(super) fn written(self) -> Result<Written, RowError> {
        let sentence = |(how, words): (u8, Vec<WordRow>)| {
            Ok(Sentence { timing: timing(how)?, words: words.into_iter().map(word).collect() })
        };
        Ok(Written { language: self.1, sentences: self.2.into_iter().map(sentence).collect::<Result<_, RowError>>()? })
    }
}

/// The mouths of a shot: track, start, scores.
#[derive(Serialize, Deserialize)]
pub(super) struct MouthsRow(Vec<(u32, i64, Vec<f32>)>);

impl MouthsRow {
    pub(super) fn new(mouths: &[MouthScores]) -> Self {
        Self(mouths.iter().map(|m| (m.track.0, m.start.0, m.scores.clone())).collect())
    }

    pub(super) fn mouths(self) -> Vec<MouthScores> {
        let mouth = |(track, start, scores)| MouthScores { track: TrackId(track), start: MediaTime(start), scores };
        self.0.into_iter().map(mouth).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file format: a change of these bytes breaks every library there is.
    #[test]
    fn rows_of_version_one_keep_their_bytes() {
        let at = Span::new(MediaTime(-1), MediaTime(300));
        let turn = Turn { id: TurnId(300), span: at, speaker: SpeakerId(2), confidence: 1.0 };
        assert_eq!(postcard::to_stdvec(&TurnsRow::new(&[turn])).unwrap(), [1, 172, 2, 1, 216, 4, 2, 0, 0, 128, 63]);
        let speaker = Speaker { id: SpeakerId(1), voice: Embedding::from_raw(vec![1.0]).ok(), speech: MediaTime(2) };
        assert_eq!(postcard::to_stdvec(&SpeakerRow::new(&speaker)).unwrap(), [1, 1, 0, 0, 128, 63, 4]);
        let word = Word { span: at, text: "a".into(), confidence: 0.5 };
        let transcript = Transcript { language: "en".into(), timing: WordTiming::Estimated, words: vec![word] };
        let bytes = [2, 101, 110, 1, 1, 1, 216, 4, 1, 97, 0, 0, 0, 63];
        assert_eq!(postcard::to_stdvec(&TranscriptRow::new(&transcript)).unwrap(), bytes);
        let sentence = Sentence { timing: WordTiming::Estimated, words: transcript.words };
        let written = Written { language: "en".into(), sentences: vec![sentence] };
        let bytes = [1, 107, 2, 101, 110, 1, 1, 1, 1, 216, 4, 1, 97, 0, 0, 0, 63];
        assert_eq!(postcard::to_stdvec(&WrittenRow::new("k", &written)).unwrap(), bytes);
        let mouth = MouthScores { track: TrackId(7), start: MediaTime(1), scores: vec![-2.0] };
        assert_eq!(postcard::to_stdvec(&MouthsRow::new(&[mouth])).unwrap(), [1, 7, 2, 1, 0, 0, 0, 192]);
        let levels = SoundLevels { start: MediaTime(1), peaks: vec![9], speech: vec![255] };
        assert_eq!(postcard::to_stdvec(&LevelsRow::new(&levels)).unwrap(), [2, 1, 9, 1, 255]);
    }
}
