//! Words as subtitles: WebVTT, SubRip, plain text.

use crate::domain::{MediaTime, Span, Word};
use std::fmt::Write as _;

/// What is shown at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Cue {
    pub span: Span,
    /// Who says it, where that is known.
    pub speaker: Option<String>,
    pub text: String,
}

/// Most letters of a cue, two lines of 42, and its longest time: Netflix, Timed Text Style Guide.
const MOST_LETTERS: usize = 84;
const LONGEST: MediaTime = MediaTime(7_000_000);
/// Where a cue is at least half full, a sentence's end is a good place to end it.
const ENDS: [char; 6] = ['.', '!', '?', '。', '！', '？'];

/// Cuts the words of one sentence or turn into cues; each lasts from its first word to its last. Times go by `origin`, where the picture begins.
#[must_use]
pub fn cues(words: &[Word], language: &str, speaker: Option<&str>, origin: MediaTime) -> Vec<Cue> {
    let blank = if writes_without_blanks(language) { "" } else { " " };
    let mut cues: Vec<Cue> = Vec::new();
    for word in words {
        let span = Span::new(word.span.start() - origin, word.span.end() - origin);
        match cues.last_mut() {
            Some(cue) if has_room(cue, word, span) => {
                cue.text.push_str(blank);
                cue.text.push_str(&word.text);
                cue.span = Span::new(cue.span.start(), span.end().max(cue.span.end()));
            }
            _ => cues.push(Cue { span, speaker: speaker.map(str::to_owned), text: word.text.clone() }),
        }
    }
    cues
}

/// Joins words to one text, as their language is written.
#[must_use]
pub fn text(words: &[Word], language: &str) -> String {
    let words: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
    words.join(if writes_without_blanks(language) { "" } else { " " })
}

/// Tells whether a language is written without blanks between words.
fn writes_without_blanks(language: &str) -> bool {
    matches!(language, "zh" | "ja" | "th" | "lo" | "my" | "yue" | "km")
}

fn has_room(cue: &Cue, word: &Word, span: Span) -> bool {
    let letters = cue.text.chars().count();
    let is_full = letters + 1 + word.text.chars().count() > MOST_LETTERS || span.end() - cue.span.start() > LONGEST;
    let ends_well = 2 * letters > MOST_LETTERS && cue.text.ends_with(ENDS);
    !is_full && !ends_well
}

/// Writes WebVTT (W3C); who speaks is a voice span.
#[must_use]
pub fn vtt(cues: &[Cue]) -> String {
    let mut out = String::from("WEBVTT\n");
    for cue in cues {
        let text = cue.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        // A name cannot hold what ends its tag.
        let voice = cue.speaker.as_ref().map(|s| format!("<v {}>", s.replace(['<', '>', '&', '\n'], " "))).unwrap_or_default();
        let _ = write!(out, "\n{} --> {}\n{voice}{text}\n", clock(cue.span.start(), '.'), clock(cue.span.end(), '.'));
    }
    out
}

/// Writes SubRip; who speaks stands before the text.
#[must_use]
pub fn srt(cues: &[Cue]) -> String {
    let mut out = String::new();
    for (n, cue) in cues.iter().enumerate() {
        let times = format!("{} --> {}", clock(cue.span.start(), ','), clock(cue.span.end(), ','));
        let _ = write!(out, "{}{}\n{times}\n{}\n", if n == 0 { "" } else { "\n" }, n + 1, line(cue));
    }
    out
}

/// Writes one line a cue.
#[must_use]
pub fn txt(cues: &[Cue]) -> String {
    cues.iter().fold(String::new(), |mut out, cue| {
        let _ = writeln!(out, "{}", line(cue));
        out
    })
}

fn line(cue: &Cue) -> String {
    cue.speaker.as_ref().map_or_else(|| cue.text.clone(), |who| format!("{who}: {}", cue.text))
}

/// Prints `hh:mm:ss.mmm`; what lies before the start is 0.
fn clock(at: MediaTime, point: char) -> String {
    let ms = at.0.max(0) / 1000;
    format!("{:02}:{:02}:{:02}{point}{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, start: f64, end: f64) -> Word {
        Word { span: Span::new(MediaTime::from_secs(start), MediaTime::from_secs(end)), text: text.into(), confidence: 1.0 }
    }

    #[test]
    fn formats_are_written_as_players_read_them() {
        let words = [word("Hello", 3_661.5, 3_662.0), word("<you>", 3_662.1, 3_662.5)];
        let all = cues(&words, "en", Some("Ava"), MediaTime::from_secs(1.0));
        assert_eq!(vtt(&all), "WEBVTT\n\n01:01:00.500 --> 01:01:01.500\n<v Ava>Hello &lt;you&gt;\n");
        assert_eq!(srt(&all), "1\n01:01:00,500 --> 01:01:01,500\nAva: Hello <you>\n");
        assert_eq!(txt(&all), "Ava: Hello <you>\n");
        assert_eq!(txt(&cues(&[word("你", 0.0, 0.1), word("好", 0.1, 0.2)], "zh", None, MediaTime::ZERO)), "你好\n");
    }

    #[test]
    fn a_cue_is_no_longer_than_two_lines_or_seven_seconds() {
        let many: Vec<Word> = (0..40).map(|n| word("seven77", f64::from(n) * 0.2, f64::from(n) * 0.2 + 0.2)).collect();
        let found = cues(&many, "en", None, MediaTime::ZERO);
        assert!(found.len() > 3 && found.iter().all(|c| c.text.chars().count() <= 84));
        let slow: Vec<Word> = (0..4).map(|n| word("slow", f64::from(n) * 3.0, f64::from(n) * 3.0 + 1.0)).collect();
        let found = cues(&slow, "en", None, MediaTime::ZERO);
        assert_eq!(found.iter().map(|c| c.text.as_str()).collect::<Vec<_>>(), ["slow slow slow", "slow"]);
        assert!(found.iter().all(|c| c.span.len() <= MediaTime(7_000_000)));
    }

    #[test]
    fn a_sentence_ends_a_cue_that_is_half_full() {
        let long = "a sentence of some length that ends right here.";
        let found = cues(&[word(long, 0.0, 2.0), word("Next", 2.0, 2.5)], "en", None, MediaTime::ZERO);
        assert_eq!(found.len(), 2);
        assert_eq!(cues(&[word("No.", 0.0, 1.0), word("Next", 2.0, 2.5)], "en", None, MediaTime::ZERO).len(), 1);
    }
}
