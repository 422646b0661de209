//! `episode_transcript.jsonl` and `.vtt`: what is said, turn by turn.

use crate::domain::{Identity, MediaTime, SpeakerId, Turn, Word, WordTiming};
use crate::export::rounding::{decimals, seconds};
use crate::export::subtitles::{Cue, cues, text, vtt};
use serde_json::{Value, json};

/// A turn, or the part of it that one person says; its words, and whose they are.
#[derive(Debug, Clone, PartialEq)]
pub struct SaidTurn<'a> {
    /// Its span is that of the part.
    pub turn: Turn,
    pub words: &'a [Word],
    /// As [`Transcript::language`].
    ///
    /// [`Transcript::language`]: crate::domain::Transcript::language
    pub language: &'a str,
    pub timing: WordTiming,
    /// Absent for a voice that nobody knows.
    pub identity: Option<&'a Identity>,
    /// Other voices that are heard during it.
    pub others: Vec<SpeakerId>,
}

impl SaidTurn<'_> {
    fn name(&self) -> Option<String> {
        let identity = self.identity?;
        identity.name.clone().or_else(|| identity.label.clone())
    }
}

/// Returns one line of the transcript.
pub(super) fn row(said: &SaidTurn<'_>) -> Value {
    let words = said.words;
    let conf = words.iter().map(|w| f64::from(w.confidence)).sum::<f64>() / words.len().max(1) as f64;
    json!({
        "schema_version": "audio_tx_v1",
        "segment_id": said.turn.id.to_string(),
        "start": seconds(said.turn.span.start(), 3),
        "end": seconds(said.turn.span.end(), 3),
        "speaker_id": said.identity.map(|i| format!("SPK_{}", i.id)),
        "speaker_display_name": said.name(),
        "voice_cluster_id": format!("VC_{:02}", said.turn.speaker.0),
        "voice_bank_id": null,
        "text": text(words, said.language),
        "conf": decimals(conf, 4),
        "language": said.language,
        "word_timing": said.timing,
        "words": words.iter().map(|w| json!({
            "w": w.text, "t0": seconds(w.span.start(), 3), "t1": seconds(w.span.end(), 3),
        })).collect::<Vec<_>>(),
        "overlap": !said.others.is_empty(),
        "secondary_speakers": said.others.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// Returns the subtitles, their times from `origin`, where the picture begins.
pub(super) fn subtitles(turns: &[SaidTurn<'_>], origin: MediaTime) -> String {
    let of = |t: &SaidTurn<'_>| cues(t.words, t.language, t.name().as_deref(), origin);
    let mut all: Vec<Cue> = turns.iter().flat_map(of).collect();
    all.sort_by_key(|c| c.span);
    vtt(&all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{IdentityId, Source, Span, TurnId};

    fn words() -> Vec<Word> {
        let word = |text: &str, at: f64| Word {
            span: Span::new(MediaTime::from_secs(at), MediaTime::from_secs(at + 0.5)),
            text: text.into(),
            confidence: 0.5,
        };
        vec![word("Good", 2.0), word("night.", 2.5)]
    }

    fn said<'a>(words: &'a [Word], identity: Option<&'a Identity>, others: Vec<SpeakerId>) -> SaidTurn<'a> {
        let span = Span::new(MediaTime::from_secs(2.0), MediaTime::from_secs(3.0));
        let turn = Turn { id: TurnId(7), span, speaker: SpeakerId(2), confidence: 0.9 };
        SaidTurn { turn, words, language: "en", timing: WordTiming::Estimated, identity, others }
    }

    #[test]
    fn a_turn_is_a_line_with_its_words_and_who_says_them() {
        let words = words();
        let identity = Identity {
            id: IdentityId(1),
            label: None,
            name: Some("Ava Stone".into()),
            person: None,
            source: Source::Proposed,
            alone: None,
            locked: false,
        };
        let said = said(&words, Some(&identity), vec![SpeakerId(1)]);
        let due = json!({
            "schema_version": "audio_tx_v1", "segment_id": "u7", "start": 2.0, "end": 3.0, "speaker_id": "SPK_id_0001",
            "speaker_display_name": "Ava Stone", "voice_cluster_id": "VC_02", "voice_bank_id": null, "text": "Good night.", "conf": 0.5,
            "language": "en", "word_timing": "estimated",
            "words": [{"w": "Good", "t0": 2.0, "t1": 2.5}, {"w": "night.", "t0": 2.5, "t1": 3.0}],
            "overlap": true, "secondary_speakers": ["S1"],
        });
        assert_eq!(row(&said), due);
        let subtitles = subtitles(&[said], MediaTime::from_secs(1.0));
        assert_eq!(subtitles, "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v Ava Stone>Good night.\n");
    }

    #[test]
    fn a_voice_that_nobody_knows_has_no_name() {
        let words = words();
        let found = row(&said(&words, None, Vec::new()));
        assert!(found["speaker_id"].is_null() && found["speaker_display_name"].is_null());
        assert_eq!(found["overlap"], false);
    }
}
