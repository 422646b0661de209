//! What the tokens of a ggml file mean, which spells words and merges none.

use super::rules::{Rules, Specials};
use super::vocabulary::{Vocabulary, first_at_most};
use std::collections::HashMap;

/// Numbers of the tokens that are not words, and the languages that the model is told.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Numbers {
    pub(super) specials: Specials,
    pub(super) transcribe: u32,
    pub(super) translate: u32,
    /// Other tokens that are never written.
    pub(super) never: Vec<u32>,
    /// Codes such as `en`, and their tokens; none where the model knows English only.
    pub(super) languages: Vec<(String, u32)>,
}

/// Marks that are no speech: brackets, rules, notes. `non_speech_tokens` of OpenAI's `whisper/tokenizer.py`.
const NO_SPEECH: [&str; 47] = [
    "\"",
    "#",
    "(",
    ")",
    "*",
    "+",
    "/",
    ":",
    ";",
    "<",
    "=",
    ">",
    "@",
    "[",
    "\\",
    "]",
    "^",
    "_",
    "`",
    "{",
    "|",
    "}",
    "~",
    "「",
    "」",
    "『",
    "』",
    "<<",
    ">>",
    "<<<",
    ">>>",
    "--",
    "---",
    "-(",
    "-[",
    "('",
    "(\"",
    "((",
    "))",
    "(((",
    ")))",
    "[[",
    "]]",
    "{{",
    "}}",
    "♪♪",
    "♪♪♪",
];
/// Of these the first token counts, where they are several: it begins nothing but such signs.
const NOTES: [&str; 7] = ["♩", "♪", "♫", "♬", "♭", "♮", "♯"];

/// Makes a vocabulary of the bytes of each token; `latest_first_s` is the latest that the first segment may start, in seconds.
pub(super) fn vocabulary(tokens: Vec<Vec<u8>>, numbers: Numbers, latest_first_s: f64) -> Vocabulary {
    let Numbers { specials, transcribe, translate, mut never, languages } = numbers;
    let spelt: HashMap<&[u8], u32> = tokens.iter().map(Vec::as_slice).zip(0..specials.end).collect();
    never.extend(no_speech(&spelt));
    never.extend([specials.start, transcribe, translate]);
    never.extend(specials.no_speech);
    never.extend(languages.iter().map(|(_, token)| *token));
    never.sort_unstable();
    never.dedup();
    let not_first = spelt.get(b" ".as_slice()).copied().into_iter().chain([specials.end]).collect();
    let first_at_most = first_at_most(specials.first_timestamp, latest_first_s);
    let rules = Rules { specials, never, not_first, first_at_most };
    let tasks = (!languages.is_empty()).then_some([transcribe, translate]);
    Vocabulary::of_bytes(tokens, rules, languages, tasks)
}

/// Returns the tokens that are no speech, each with and without a blank before it. Equal to OpenAI's list for both of its vocabularies.
fn no_speech(spelt: &HashMap<&[u8], u32>) -> Vec<u32> {
    let find = |text: &[u8]| spelt.get(text).copied();
    // Inside a word a hyphen and an apostrophe are speech, at its beginning they are not.
    let mut found: Vec<u32> = [" -", " '"].iter().filter_map(|mark| find(mark.as_bytes())).collect();
    for mark in NO_SPEECH {
        found.extend([mark.to_owned(), format!(" {mark}")].iter().filter_map(|text| find(text.as_bytes())));
    }
    for note in NOTES {
        for text in [note.to_owned(), format!(" {note}")] {
            // The longest beginning that is a token, as merging would find it.
            found.extend((1..=text.len()).rev().find_map(|n| find(&text.as_bytes()[..n])));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers() -> Numbers {
        let specials = Specials {
            end: 100,
            start: 101,
            no_timestamps: 107,
            no_speech: Some(106),
            first_timestamp: 108,
            after_timestamps: 1609,
        };
        let languages = vec![("en".to_owned(), 102), ("de".to_owned(), 103)];
        Numbers { specials, transcribe: 105, translate: 104, never: vec![], languages }
    }

    fn made(tokens: &[&[u8]]) -> Vocabulary {
        vocabulary(tokens.iter().map(|t| t.to_vec()).collect(), numbers(), 1.0)
    }

    #[test]
    fn brackets_and_notes_are_never_written_and_inner_hyphens_are() {
        let v = made(&[b" ", b"-", b" -", b"(", b" (", b" a", "♪".as_bytes(), b" \xe2\x99", b"'"]);
        assert_eq!(v.rules.never, [2, 3, 4, 6, 7, 101, 102, 103, 104, 105, 106]);
        assert_eq!(v.rules.first_at_most, 108 + 50);
    }

    #[test]
    fn the_first_token_is_neither_a_blank_nor_the_end() {
        let v = made(&[b"a", b" ", b" b"]);
        assert_eq!(v.rules.not_first, [1, 100]);
    }

    #[test]
    fn words_are_read_from_bytes_and_no_letter_is_cut() {
        // "ö" is two bytes, here two tokens.
        let v = made(&[b" w", b"\xc3", b"\xb6", b"rt", b",", b" so"]);
        let words = v.words(&[0, 1, 2, 3, 4, 5], "de");
        let read: Vec<(&str, std::ops::Range<usize>)> = words.iter().map(|w| (w.text.as_str(), w.tokens.clone())).collect();
        assert_eq!(read, [(" wört,", 0..5), (" so", 5..6)]);
        assert_eq!(v.text(&[108, 0, 1, 2, 120]), " wö");
    }
}
