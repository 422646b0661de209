//! The filter of the log: `person:ava track:12 by:alice kind:merge` and free words, all of which must fit.

use super::screens::log::who;
use crate::domain::{Author, LogEntry, OperationKind, TrackId};
use crate::session::Touches;
use std::collections::BTreeSet;

/// The fields, in the order in which they are offered.
const FIELDS: [&str; 4] = ["person", "track", "by", "kind"];

/// What an entry must be to be listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LogFilter(Vec<Term>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    /// Part of the name of a person whom it is about.
    Person(String),
    Track(TrackId),
    /// Part of who decided.
    By(String),
    /// How the name of its kind begins.
    Kind(String),
    /// Part of its summary or of who decided.
    Word(String),
}

impl LogFilter {
    /// Reads a filter; a field without a value yet asks for nothing.
    ///
    /// # Errors
    /// Says what of it cannot be meant.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut terms = Vec::new();
        for word in words(text) {
            let Some((field, value)) = word.split_once(':').filter(|(field, _)| FIELDS.contains(&field.to_lowercase().as_str()))
            else {
                terms.push(Term::Word(word.to_lowercase()));
                continue;
            };
            let value = value.to_lowercase();
            if value.is_empty() {
                continue;
            }
            terms.push(match field.to_lowercase().as_str() {
                "person" => Term::Person(value),
                "track" => {
                    Term::Track(value.parse().map_err(|_| format!("{value:?} is no track: write its number, such as track:12"))?)
                }
                "by" => Term::By(value),
                _ if OperationKind::NAMES.iter().any(|kind| kind.starts_with(&value)) => Term::Kind(value),
                _ => return Err(format!("there is no kind {value:?}: {}", OperationKind::NAMES.join(", "))),
            });
        }
        Ok(Self(terms))
    }

    /// Tells whether everything asked for is so of an entry.
    pub(crate) fn fits(&self, entry: &LogEntry, touches: &Touches) -> bool {
        self.0.iter().all(|term| match term {
            Term::Person(name) => touches.people.iter().any(|p| p.to_lowercase().contains(name)),
            Term::Track(track) => touches.tracks.binary_search(track).is_ok(),
            Term::By(name) => who(entry).to_lowercase().contains(name),
            Term::Kind(kind) => entry.kind.name().starts_with(kind.as_str()),
            Term::Word(word) => entry.summary.to_lowercase().contains(word) || who(entry).to_lowercase().contains(word),
        })
    }
}

/// Splits at blanks, but not between quotes, which go.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    for letter in text.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            c if c.is_whitespace() && !is_quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words.retain(|w| !w.is_empty());
    words
}

/// Returns how the last word of a filter can go on, whole words: fields, or values of its field as they are in the log.
pub(crate) fn completions<'a>(text: &str, log: impl Iterator<Item = (&'a LogEntry, Option<&'a Touches>)>) -> Vec<String> {
    let last = last_word(text);
    let Some((field, value)) = last.split_once(':') else {
        let typed = last.to_lowercase();
        return FIELDS.iter().filter(|f| f.starts_with(&typed)).map(|f| format!("{f}:")).collect();
    };
    let value = value.trim_matches('"').to_lowercase();
    let values: BTreeSet<String> = match field.to_lowercase().as_str() {
        "kind" => log.map(|(entry, _)| entry.kind.name().to_owned()).collect(),
        "by" => log.map(|(entry, _)| author(entry)).collect(),
        "person" => log.filter_map(|(_, touches)| touches).flat_map(|t| t.people.iter().cloned()).collect(),
        _ => BTreeSet::new(),
    };
    let quoted = |v: String| if v.contains(' ') { format!("{field}:\"{v}\"") } else { format!("{field}:{v}") };
    // A value that is whole offers all of them, so that the next key goes on to the next.
    let typed = if values.iter().any(|v| v.to_lowercase() == value) { "" } else { value.as_str() };
    values.into_iter().filter(|v| v.to_lowercase().starts_with(typed)).map(quoted).collect()
}

/// Returns the filter with its last word gone on; as it is where nothing fits.
pub(crate) fn complete(text: &str, offers: &[String]) -> String {
    let Some(first) = offers.first() else { return text.to_owned() };
    let last = last_word(text);
    let head = &text[..text.len() - last.len()];
    // A word that is whole already gives way to the next one.
    let whole = offers.iter().position(|o| o == last).map(|at| (at + 1) % offers.len());
    format!("{head}{}", whole.and_then(|at| offers.get(at)).unwrap_or(first))
}

/// Returns what stands after the last blank outside quotes.
fn last_word(text: &str) -> &str {
    let (mut start, mut is_quoted) = (0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => is_quoted = !is_quoted,
            c if c.is_whitespace() && !is_quoted => start = at + c.len_utf8(),
            _ => {}
        }
    }
    &text[start..]
}

fn author(entry: &LogEntry) -> String {
    match &entry.author {
        Author::User { name, .. } => name.clone(),
        Author::Pipeline { run } => run.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(seq: u64, by: &str, kind: OperationKind, summary: &str) -> LogEntry {
        let author = Author::User { name: by.into(), host: Some("box".into()), client: None };
        LogEntry { seq, at: jiff::Timestamp::UNIX_EPOCH, author, kind, summary: summary.into() }
    }

    fn touches(tracks: &[u32], people: &[&str]) -> Touches {
        let people = people.iter().map(|p| (*p).to_owned()).collect();
        Touches { tracks: tracks.iter().copied().map(TrackId).collect(), identities: vec![], people }
    }

    fn fits(filter: &str) -> bool {
        let entry = entry(3, "alice", OperationKind::Merge, "id_0002 merged into Ava Stone (3 tracks)");
        LogFilter::parse(filter).unwrap().fits(&entry, &touches(&[4, 12], &["Ava Stone", "Ben"]))
    }

    #[test]
    fn every_field_and_free_words_narrow() {
        for yes in [
            "",
            "person:ava",
            "person:\"ava stone\"",
            "track:12",
            "track:t4",
            "by:ali",
            "kind:merge",
            "kind:me",
            "merged ava",
            "PERSON:Ben by:box",
            "person:",
        ] {
            assert!(fits(yes), "{yes}");
        }
        for no in ["person:cleo", "track:1", "by:bob", "kind:name", "merged cleo", "person:ben track:5", "person:\"stone ava\""] {
            assert!(!fits(no), "{no}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        assert_eq!(LogFilter::parse("track:x").unwrap_err(), "\"x\" is no track: write its number, such as track:12");
        assert!(
            LogFilter::parse("kind:mrege")
                .unwrap_err()
                .starts_with("there is no kind \"mrege\": group, add, create, edit, delete, rename, name, assign")
        );
        // A colon elsewhere is a word.
        assert_eq!(LogFilter::parse("12:03").unwrap(), LogFilter(vec![Term::Word("12:03".into())]));
    }

    #[test]
    fn tab_goes_through_fields_and_values() {
        let log = [entry(1, "alice", OperationKind::Name, ""), entry(2, "bob", OperationKind::Merge, "")];
        let about = [touches(&[1], &["Ava Stone"]), touches(&[2], &["Ben"])];
        let tab = |text: &str| complete(text, &completions(text, log.iter().zip(about.iter().map(Some))));
        assert_eq!(tab("pe"), "person:");
        assert_eq!(tab("word k"), "word kind:");
        assert_eq!(tab("kind:"), "kind:merge");
        assert_eq!(tab("kind:merge"), "kind:name");
        assert_eq!(tab("kind:name"), "kind:merge");
        assert_eq!(tab("by:b person:a"), "by:b person:\"Ava Stone\"");
        assert_eq!(tab("person:\"ava st"), "person:\"Ava Stone\"");
        assert_eq!(tab("person:zoe"), "person:zoe");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_more_words_never_list_more(text in "\\PC{0,24}", more in "[a-z]{1,6}") {
            let entry = entry(3, "alice", OperationKind::Merge, "some words");
            let about = touches(&[1], &["Ava"]);
            if let (Ok(one), Ok(two)) = (LogFilter::parse(&text), LogFilter::parse(&format!("{text} {more}")))
                && text.matches('"').count() % 2 == 0
            {
                prop_assert!(one.fits(&entry, &about) || !two.fits(&entry, &about));
            }
            let offers = completions(&text, [(&entry, Some(&about))].into_iter());
            let gone_on = complete(&text, &offers);
            prop_assert!(offers.is_empty() == (gone_on == text) || offers.iter().any(|o| gone_on.ends_with(o.as_str())));
        }

        #[test]
        fn a_name_in_quotes_is_found_whole(name in "[A-Za-z]{1,8}( [A-Za-z]{1,8}){0,2}") {
            let filter = LogFilter::parse(&format!("person:\"{name}\"")).unwrap();
            let entry = entry(1, "a", OperationKind::Name, "");
            prop_assert!(filter.fits(&entry, &touches(&[], &[&name])));
            prop_assert!(!filter.fits(&entry, &touches(&[], &[])));
        }
    }
}
