//! Reads RTTM, NIST's "Rich Transcription Time Marked" format.

use super::Said;
use crate::domain::{MediaTime, Span};
use std::collections::BTreeMap;

/// Says why a text is no RTTM.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RttmError {
    #[error("line {line} has {found} fields, but a SPEAKER line has 9 or 10")]
    Fields { line: usize, found: usize },
    #[error("line {line} begins with {found:?}, which is no RTTM type")]
    Type { line: usize, found: String },
    #[error("line {line}: {field} is {found:?}, not seconds from 0 on")]
    Seconds { line: usize, field: &'static str, found: String },
    #[error("nobody speaks in it")]
    Empty,
}

impl RttmError {
    /// Says what to write instead.
    #[must_use]
    pub fn hint(&self) -> String {
        "a line is: SPEAKER file 1 start duration <NA> <NA> speaker <NA> <NA>, with times in seconds".into()
    }
}

/// What is said in each recording of an RTTM file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rttm {
    /// By name of the recording; by start.
    pub recordings: BTreeMap<String, Vec<Said>>,
}

/// Types of lines that say nothing of who speaks when.
const OTHER: [&str; 15] = [
    "SEGMENT",
    "NOSCORE",
    "NO_RT_METADATA",
    "LEXEME",
    "NON-LEX",
    "NON-SPEECH",
    "FILLER",
    "EDIT",
    "IP",
    "SU",
    "CB",
    "A/P",
    "SPKR-INFO",
    "LANGUAGE",
    "NOTE",
];

impl Rttm {
    /// Reads all SPEAKER lines. Lines of other types, comments (`;;`) and empty lines are passed over; a line without length counts for nothing.
    ///
    /// # Errors
    /// Fails at the first line that is not as it should be, and where nobody speaks.
    pub fn parse(text: &str) -> Result<Self, RttmError> {
        let mut recordings: BTreeMap<String, Vec<Said>> = BTreeMap::new();
        for (line, text) in (1..).zip(text.lines()) {
            let fields: Vec<&str> = text.split_whitespace().collect();
            let Some(first) = fields.first().filter(|f| !f.starts_with(";;")) else { continue };
            if *first != "SPEAKER" {
                if OTHER.contains(first) {
                    continue;
                }
                return Err(RttmError::Type { line, found: (*first).to_owned() });
            }
            let (&[_, file, _, start, length, _, _, speaker, _] | &[_, file, _, start, length, _, _, speaker, _, _]) =
                &fields[..]
            else {
                return Err(RttmError::Fields { line, found: fields.len() });
            };
            let start = seconds(line, "the start", start)?;
            let length = seconds(line, "the duration", length)?;
            let said = Said { span: Span::new(start, start + length), speaker: speaker.to_owned() };
            let recording = recordings.entry(file.to_owned()).or_default();
            if !said.span.is_empty() {
                recording.push(said);
            }
        }
        if recordings.is_empty() {
            return Err(RttmError::Empty);
        }
        for said in recordings.values_mut() {
            said.sort_by(|a, b| (a.span, &a.speaker).cmp(&(b.span, &b.speaker)));
        }
        Ok(Self { recordings })
    }
}

fn seconds(line: usize, field: &'static str, text: &str) -> Result<MediaTime, RttmError> {
    let wrong = || RttmError::Seconds { line, field, found: text.to_owned() };
    let secs: f64 = text.parse().map_err(|_| wrong())?;
    if (0.0..1e9).contains(&secs) { Ok(MediaTime::from_secs(secs)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn speakers_are_read_by_recording_and_other_lines_are_passed_over() {
        let text = ";; made by hand\nSPKR-INFO b 1 <NA> <NA> <NA> unknown Ann <NA>\n\
                    SPEAKER b 1 2.5 1.25 <NA> <NA> Ann <NA> <NA>\r\nSPEAKER a 1 0 0.5 <NA> <NA> Ben <NA>\n\n\
                    SPEAKER b 1 0.000 1.000 <NA> <NA> Ben <NA> <NA>\nSPEAKER b 1 9 0 <NA> <NA> Ann <NA> <NA>\n";
        let rttm = Rttm::parse(text).unwrap();
        let said =
            |start, end, speaker: &str| Said { span: Span::new(MediaTime(start), MediaTime(end)), speaker: speaker.to_owned() };
        assert_eq!(rttm.recordings["a"], [said(0, 500_000, "Ben")]);
        assert_eq!(rttm.recordings["b"], [said(0, 1_000_000, "Ben"), said(2_500_000, 3_750_000, "Ann")]);
    }

    #[test]
    fn a_broken_line_is_named() {
        let error = |text: &str| Rttm::parse(text).unwrap_err();
        let good = "SPEAKER a 1 0 0.5 <NA> <NA> Ben <NA> <NA>\n";
        assert_eq!(error("").to_string(), "nobody speaks in it");
        assert_eq!(error(&format!("{good}SPEAKER a 1 0 0.5 <NA> <NA>")), RttmError::Fields { line: 2, found: 7 });
        assert_eq!(error("start,end,speaker").to_string(), "line 1 begins with \"start,end,speaker\", which is no RTTM type");
        for wrong in ["-1", "nan", "inf", "1,5", "x"] {
            let text = format!("SPEAKER a 1 {wrong} 0.5 <NA> <NA> Ben <NA> <NA>");
            assert_eq!(error(&text), RttmError::Seconds { line: 1, field: "the start", found: wrong.into() });
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}") {
            let _ = Rttm::parse(&text);
        }
    }
}
