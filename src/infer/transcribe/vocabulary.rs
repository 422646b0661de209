//! The tokens of a model: what they mean, and how they are read as words.

use super::folder::Configs;
use super::rules::{Rules, SECONDS_A_STEP, Specials};
use crate::infer::InferError;
use std::path::Path;
use tokenizers::Tokenizer;

/// Reads tokens.
#[derive(Debug)]
pub(super) struct Vocabulary {
    letters: Letters,
    pub(super) rules: Rules,
    /// Codes such as `en`, and their tokens; none where the model knows one language only.
    pub(super) languages: Vec<(String, u32)>,
    pub(super) transcribe: Option<u32>,
    pub(super) translate: Option<u32>,
}

/// How tokens are read as letters.
#[derive(Debug)]
pub(super) enum Letters {
    Tokenizer(Box<Tokenizer>),
    /// The bytes of each token; a letter may be several of them.
    #[cfg(feature = "whisper-cpp")]
    Bytes(Vec<Vec<u8>>),
}

impl Letters {
    /// Returns the text of tokens that are words; a sign of replacement where they are half a letter.
    fn text(&self, tokens: &[u32]) -> String {
        match self {
            Self::Tokenizer(tokenizer) => tokenizer.decode(tokens, false).unwrap_or_default(),
            #[cfg(feature = "whisper-cpp")]
            Self::Bytes(bytes) => {
                let of = |token: &u32| usize::try_from(*token).ok().and_then(|t| bytes.get(t));
                let joined: Vec<u8> = tokens.iter().filter_map(of).flatten().copied().collect();
                String::from_utf8_lossy(&joined).into_owned()
            }
        }
    }
}

/// A word and its tokens, as places among those it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WordTokens {
    /// With the blank before it, where it has one.
    pub(super) text: String,
    pub(super) tokens: std::ops::Range<usize>,
}

/// Punctuation that belongs to the word after it, and to the word before it; `whisper/timing.py`.
const BEFORE: &str = "\"'“¿([{-";
const AFTER: &str = "\"'.。,，!！?？:：”)]}、";
/// Languages that are written without blanks between words: each sign is a word of its own. `whisper/tokenizer.py`.
const WITHOUT_BLANKS: [&str; 7] = ["zh", "ja", "th", "lo", "my", "yue", "km"];

impl Vocabulary {
    /// Reads `tokenizer.json`; `latest_first_s` is the latest that the first segment may start, in seconds.
    ///
    /// # Errors
    /// `Read` where it cannot be read, `Unrecognised` where it is not Whisper's.
    pub(super) fn open(path: &Path, configs: &Configs, latest_first_s: f64) -> Result<Self, InferError> {
        let unread = |reason: String| InferError::Read { path: path.to_path_buf(), reason };
        let tokenizer = Tokenizer::from_file(path).map_err(|e| unread(e.to_string()))?;
        let odd = |name: &str| InferError::Unrecognised { path: path.to_path_buf(), reason: format!("it has no token {name}") };
        let find = |name: &str| tokenizer.token_to_id(name);
        let need = |name: &str| find(name).ok_or_else(|| odd(name));
        let no_timestamps = need("<|notimestamps|>")?;
        let start = need("<|startoftranscript|>")?;
        let end = need("<|endoftext|>")?;
        // Tokenizers of some exports leave the timestamps out; they always follow this one, 0.00 to 30.00.
        let first_timestamp = find("<|0.00|>").unwrap_or(no_timestamps + 1);
        let specials = Specials {
            end,
            start,
            no_timestamps,
            no_speech: find("<|nospeech|>").or_else(|| find("<|nocaptions|>")),
            first_timestamp,
            after_timestamps: first_timestamp + 1501,
        };
        let languages = languages(&tokenizer, configs, start);
        let mut never: Vec<u32> = configs.suppressed.clone();
        let named = ["<|startoftranscript|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>"];
        never.extend(named.iter().filter_map(|n| find(n)));
        never.extend(specials.no_speech);
        never.extend(languages.iter().map(|(_, id)| *id));
        never.sort_unstable();
        never.dedup();
        let not_first = match &configs.suppressed_first {
            Some(tokens) => tokens.clone(),
            None => find("Ġ").into_iter().chain([end]).collect(),
        };
        let (transcribe, translate) = (find("<|transcribe|>"), find("<|translate|>"));
        let rules = Rules { first_at_most: first_at_most(first_timestamp, latest_first_s), specials, never, not_first };
        Ok(Self { letters: Letters::Tokenizer(Box::new(tokenizer)), rules, languages, transcribe, translate })
    }

    /// Makes a vocabulary of what a ggml file says.
    #[cfg(feature = "whisper-cpp")]
    pub(super) fn of_bytes(bytes: Vec<Vec<u8>>, rules: Rules, languages: Vec<(String, u32)>, tasks: Option<[u32; 2]>) -> Self {
        let [transcribe, translate] = tasks.map_or([None; 2], |t| t.map(Some));
        Self { letters: Letters::Bytes(bytes), rules, languages, transcribe, translate }
    }

    /// Returns the words of tokens, without timestamps and other tokens that are no words.
    pub(super) fn text(&self, tokens: &[u32]) -> String {
        let words: Vec<u32> = tokens.iter().copied().filter(|t| self.is_word(*t)).collect();
        self.letters.text(&words)
    }

    /// Returns the tokens of a text.
    #[cfg(test)]
    pub(super) fn tokens(&self, text: &str) -> Vec<u32> {
        match &self.letters {
            Letters::Tokenizer(tokenizer) => tokenizer.encode(text, false).unwrap().get_ids().to_vec(),
            #[cfg(feature = "whisper-cpp")]
            Letters::Bytes(_) => panic!("a ggml file tells no merges"),
        }
    }

    fn is_word(&self, token: u32) -> bool {
        token < self.rules.specials.end
    }

    /// Joins tokens to words; tokens that are no words are passed over.
    ///
    /// `whisper/tokenizer.py` and `timing.py`: a word begins with a blank, a mark of punctuation belongs to the word that it stands at.
    pub(super) fn words(&self, tokens: &[u32], language: &str) -> Vec<WordTokens> {
        let pieces = self.pieces(tokens);
        let mut words: Vec<WordTokens> = Vec::new();
        let is_split_by_blanks = !WITHOUT_BLANKS.contains(&language);
        for piece in pieces {
            let begins = piece.text.starts_with(' ') || is_punctuation(piece.text.trim()) || !is_split_by_blanks;
            match words.last_mut() {
                Some(word) if !begins => {
                    word.text.push_str(&piece.text);
                    word.tokens.end = piece.tokens.end;
                }
                _ => words.push(piece),
            }
        }
        join_punctuation(words)
    }

    /// Cuts tokens into the smallest parts that are whole letters: one letter may be several tokens.
    fn pieces(&self, tokens: &[u32]) -> Vec<WordTokens> {
        let mut pieces = Vec::new();
        let mut open: Option<usize> = None;
        for (i, token) in tokens.iter().enumerate() {
            if !self.is_word(*token) {
                // Half a letter before a timestamp is none.
                open = None;
                continue;
            }
            let first = *open.get_or_insert(i);
            let text = self.letters.text(&tokens[first..=i]);
            if !text.contains('\u{fffd}') {
                pieces.push(WordTokens { text, tokens: first..i + 1 });
                open = None;
            }
        }
        pieces
    }
}

/// Returns the last timestamp that the first token may be.
pub(super) fn first_at_most(first_timestamp: u32, latest_first_s: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 30 s in steps of 0.02 s")]
    let steps = (latest_first_s.clamp(0.0, 30.0) / SECONDS_A_STEP).round() as u32;
    first_timestamp + steps
}

fn is_punctuation(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_punctuation() || AFTER.contains(c) || BEFORE.contains(c))
}

/// Gives marks that stand alone to the word before or after.
fn join_punctuation(words: Vec<WordTokens>) -> Vec<WordTokens> {
    let mut joined: Vec<WordTokens> = Vec::new();
    let mut opening: Option<WordTokens> = None;
    for mut word in words {
        if let Some(mark) = opening.take() {
            word.text = mark.text + &word.text;
            word.tokens.start = mark.tokens.start;
        }
        let mark = word.text.trim();
        let is = |marks: &str| !mark.is_empty() && mark.chars().all(|c| marks.contains(c));
        let follows = !word.text.starts_with(' ') && is(AFTER);
        match joined.last_mut() {
            Some(last) if follows => {
                last.text.push_str(&word.text);
                last.tokens.end = word.tokens.end;
            }
            _ if word.text.starts_with(' ') && is(BEFORE) => opening = Some(word),
            _ => joined.push(word),
        }
    }
    joined.extend(opening);
    joined
}

/// Takes the languages of the settings; where those name none, the codes between the start of the transcript and the tasks.
fn languages(tokenizer: &Tokenizer, configs: &Configs, start: u32) -> Vec<(String, u32)> {
    let code = |name: &str| name.strip_prefix("<|")?.strip_suffix("|>").map(str::to_owned);
    let mut languages: Vec<(String, u32)> = configs.languages.iter().filter_map(|(name, id)| Some((code(name)?, *id))).collect();
    let last = ["<|translate|>", "<|transcribe|>"].iter().filter_map(|n| tokenizer.token_to_id(n)).min().unwrap_or(start);
    if languages.is_empty() && configs.is_multilingual.unwrap_or(true) {
        let named = |id: u32| Some((code(&tokenizer.id_to_token(id)?)?, id));
        languages = (start + 1..last).filter_map(named).collect();
    }
    languages.sort_by_key(|(_, id)| *id);
    languages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::tests_support::models;
    use crate::infer::transcribe::folder::Folder;

    fn vocabulary() -> Option<Vocabulary> {
        let folder = Folder::open(&models()?.join("whisper-tiny-random")).unwrap();
        Some(Vocabulary::open(&folder.tokenizer, &folder.configs().unwrap(), 1.0).unwrap())
    }

    #[test]
    fn the_tokenizer_reads_and_writes_as_its_reference() {
        let Some(v) = vocabulary() else { return };
        let expected: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(models().unwrap().join("whisper-tiny-random/expected.json")).unwrap())
                .unwrap();
        let check = &expected["tokenizer_check"];
        let due: Vec<u32> = serde_json::from_value(check["ids"].clone()).unwrap();
        let text = check["text"].as_str().unwrap();
        assert_eq!(v.tokens(text), due);
        assert_eq!(v.text(&due), text);
        let s = &v.rules.specials;
        assert_eq!((s.end, s.start, s.no_timestamps, s.no_speech), (1024, 1025, 1034, Some(1033)));
        assert_eq!((s.first_timestamp, s.after_timestamps), (1035, 2536));
        let codes: Vec<&str> = v.languages.iter().map(|(code, _)| code.as_str()).collect();
        assert_eq!(codes, ["en", "de", "fr"]);
    }

    #[test]
    fn words_keep_their_punctuation_and_their_tokens() {
        let Some(v) = vocabulary() else { return };
        let tokens = v.tokens(" And so, my \"fellow\" Americans... (ask not!)");
        let words = v.words(&tokens, "en");
        let texts: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
        assert_eq!(texts, [" And", " so,", " my", " \"fellow\"", " Americans...", " (ask", " not!)"]);
        assert_eq!(words.first().unwrap().tokens.start, 0);
        assert!(words.windows(2).all(|w| w[0].tokens.end == w[1].tokens.start));
        assert_eq!(words.last().unwrap().tokens.end, tokens.len());
    }

    #[test]
    fn a_letter_of_several_tokens_is_never_cut() {
        let Some(v) = vocabulary() else { return };
        let tokens = v.tokens(" 你好 wörld");
        let words = v.words(&tokens, "en");
        assert_eq!(words.iter().map(|w| w.text.as_str()).collect::<String>(), " 你好 wörld");
        // Written without blanks, each sign is a word.
        assert!(v.words(&tokens, "zh").len() > words.len());
    }

    #[test]
    fn timestamps_are_no_words() {
        let Some(v) = vocabulary() else { return };
        let mut tokens = v.tokens(" so");
        tokens.insert(0, 1035);
        tokens.push(1060);
        assert_eq!(v.text(&tokens), " so");
        assert_eq!(v.words(&tokens, "en").len(), 1);
    }
}
