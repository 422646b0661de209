//! The short name of a show, as it stands in ids and on the command line.

use super::slug;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest slug, in characters; an episode id adds its numbers to it.
const LONGEST: usize = 80;

/// Names a show: lower case ASCII letters, digits and single inner hyphens, such as `rhobh`; at most 80 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Says why a text is no slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no short name of a show: {what}")]
pub struct SlugError {
    found: String,
    what: String,
}

impl SlugError {
    /// Says what to write instead.
    #[must_use]
    pub fn hint(&self) -> String {
        let near = slug(&self.found);
        let near = near.get(..near.len().min(LONGEST)).unwrap_or_default().trim_end_matches('-');
        match near {
            "" => "write lower case letters, digits and single hyphens, such as rhobh".into(),
            near => format!("write {near}, for example"),
        }
    }
}

impl Slug {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;
    fn try_from(text: String) -> Result<Self, SlugError> {
        match wrong(&text) {
            None => Ok(Self(text)),
            Some(what) => Err(SlugError { found: text, what }),
        }
    }
}

/// Says what is wrong with a slug, if anything.
fn wrong(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("it is empty".into());
    }
    if let Some(c) = text.chars().find(|c| !c.is_ascii_lowercase() && !c.is_ascii_digit() && *c != '-') {
        let kind = if c.is_uppercase() { "a capital letter" } else { "neither a letter of a-z, a digit nor a hyphen" };
        return Some(format!("{c:?} is {kind}"));
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Some("a hyphen stands at its end or its beginning".into());
    }
    if text.contains("--") {
        return Some("two hyphens follow each other".into());
    }
    (text.len() > LONGEST).then(|| format!("it has {} characters, more than {LONGEST}", text.len()))
}

impl FromStr for Slug {
    type Err = SlugError;
    fn from_str(text: &str) -> Result<Self, SlugError> {
        Self::try_from(text.to_owned())
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_slug_is_told_with_one_that_is() {
        let told = |text: &str| {
            let error = text.parse::<Slug>().unwrap_err();
            (error.what.clone(), error.hint())
        };
        assert_eq!(told("RHOBH"), ("'R' is a capital letter".into(), "write rhobh, for example".into()));
        assert_eq!(told("top chef").1, "write top-chef, for example");
        assert_eq!(told("a--b"), ("two hyphens follow each other".into(), "write a-b, for example".into()));
        assert_eq!(told("-a").0, "a hyphen stands at its end or its beginning");
        assert_eq!(told("…").1, "write lower case letters, digits and single hyphens, such as rhobh");
        assert!("top-chef-2".parse::<Slug>().is_ok());
    }

    proptest! {
        #[test]
        fn what_a_refusal_suggests_is_taken(text in "\\PC{0,120}") {
            if let Err(error) = text.parse::<Slug>()
                && let Some(near) = error.hint().strip_prefix("write ").and_then(|h| h.strip_suffix(", for example"))
            {
                prop_assert!(near.parse::<Slug>().is_ok(), "{near:?}");
            }
        }
    }
}
