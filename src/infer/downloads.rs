//! Where the files of models come from: downloads pinned by size and digest, and the terms that some models ask for.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A group of models that are fetched together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Set {
    /// From package registries alone; free for commercial use as far as their publishers say.
    Starter,
    /// Free for commercial use as far as their publishers say.
    Permissive,
    /// InsightFace's packs: non-commercial research only.
    Insightface,
}

impl Set {
    /// All sets, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Starter, Self::Permissive, Self::Insightface];
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starter => "starter",
            Self::Permissive => "permissive",
            Self::Insightface => "insightface",
        })
    }
}

/// A file with the same weights as another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Twin {
    pub bytes: u64,
    /// Hex digest of the file.
    pub sha256: String,
    /// What it is, such as `converted by torch.onnx`.
    pub origin: String,
}

/// How one file of a model is had from a download.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Id of the download.
    pub download: String,
    /// Members of the archive by their full names: the file itself, or what `recipe` reads, in its order; none where the
    /// download is the file.
    #[serde(default)]
    pub members: Vec<String>,
    /// How the members become the file; absent where the one member is it.
    pub recipe: Option<String>,
}

/// A file that can be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Download {
    pub id: String,
    pub from: Place,
    /// Its name as published, which a mirror keeps.
    pub file: String,
    pub bytes: u64,
    /// Hex digest of the file.
    pub sha256: String,
}

/// Where a download is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    Url(String),
    /// A wheel, through Python's pip.
    Pip(Package),
    /// A package, through Node's npm.
    Npm(Package),
    /// A crate, through Rust's cargo.
    Cargo(Package),
}

/// One version of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    pub package: String,
    pub version: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url),
            Self::Pip(p) => write!(f, "pip package {} {}", p.package, p.version),
            Self::Npm(p) => write!(f, "npm package {} {}", p.package, p.version),
            Self::Cargo(p) => write!(f, "crate {} {}", p.package, p.version),
        }
    }
}

/// Terms that are accepted once before the models that name them are fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// What `--accept-licence` takes, such as `insightface`.
    pub id: String,
    pub title: String,
    pub url: String,
    /// The publisher's own words.
    pub text: String,
}

/// Tells whether a text is a sha256 as manifests write it.
pub(super) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Tells whether a name is that of a file in a folder, and nothing that leads out of it or hides there.
pub(super) fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+@".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_out_of_the_folder_is_not_plain() {
        for name in ["", ".", "..", ".hidden", "a/b", "/etc/passwd", "..\\a", "a\0b", "C:x", "a b"] {
            assert!(!is_plain_name(name), "{name:?}");
        }
        for name in ["det_10g.onnx", "ggml-tiny.bin", "a+b@1.onnx"] {
            assert!(is_plain_name(name), "{name:?}");
        }
    }
}
