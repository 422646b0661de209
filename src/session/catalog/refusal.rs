//! Why a decision about the catalog is refused.

use crate::domain::{AssetId, EpisodeId, PersonId, Slug};

/// Says why nothing was decided.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CatalogRefusal {
    #[error("there is no show {show}")]
    NoShow { show: Slug, nearest: Vec<String> },
    #[error("the show {show} is in the catalog already")]
    ShowThere { show: Slug },
    #[error("there is no season {number} of {show}")]
    NoSeason { show: Slug, number: u32, known: Vec<u32> },
    #[error("season {number} of {show} is in the catalog already")]
    SeasonThere { show: Slug, number: u32 },
    #[error("seasons and episodes are counted from 1")]
    Zero,
    #[error("there is no episode {episode}")]
    NoEpisode { episode: EpisodeId },
    #[error("{other} is season {season} episode {number} of {show} already")]
    NumberTaken { other: EpisodeId, show: Slug, season: u32, number: u32 },
    #[error("an episode has a season only in a show, and a number only in a season")]
    NoPlace { episode: EpisodeId },
    #[error("there is no person {person}")]
    NoPerson { person: PersonId },
    #[error("{name:?} is the name of {person} already")]
    PersonThere { name: String, person: PersonId, free: String },
    #[error("{alias:?} is the name of {name} ({person})")]
    AliasTaken { alias: String, name: String, person: PersonId },
    #[error("{name} has no other name {alias:?}")]
    NoAlias { name: String, alias: String, known: Vec<String> },
    #[error("{name} is in the cast of {show} already")]
    MemberThere { name: String, show: Slug },
    #[error("{name} is not in the cast of {show}")]
    NoMember { name: String, show: Slug },
    #[error("there is no picture {asset}")]
    NoAsset { asset: AssetId },
    #[error("{name} has no featured picture{}", .show.as_ref().map(|s| format!(" in {s}")).unwrap_or_default())]
    NotFeatured { name: String, show: Option<Slug> },
    #[error("{what} cannot take the place of itself")]
    Itself { what: String },
    #[error("{what} is not deleted: {} on it", depend(.dependents))]
    Depends {
        what: String,
        /// Each with its number, such as `3 seasons`.
        dependents: Vec<String>,
        how: &'static str,
    },
    #[error("{} would refer to what is not there", listed(.keys))]
    LeftBehind {
        /// What would be left: `the part of p_0002 in rhobh`.
        keys: Vec<String>,
    },
    #[error("{name} is not deleted: {}", theirs(.episodes, .dependents, *.unread))]
    Theirs {
        name: String,
        /// In which they are named, in any run.
        episodes: Vec<EpisodeId>,
        /// What else is theirs in the catalog.
        dependents: Vec<String>,
        /// Episodes that cannot be read, in which they may be too.
        unread: usize,
    },
}

fn depend(what: &[String]) -> String {
    let verb = if what.len() == 1 && what[0].starts_with("1 ") { "depends" } else { "depend" };
    format!("{} {verb}", what.join(", "))
}

fn listed(what: &[String]) -> String {
    let few: Vec<&str> = what.iter().take(5).map(String::as_str).collect();
    let more = if what.len() > few.len() { format!(" and {} more", what.len() - few.len()) } else { String::new() };
    format!("{}{more}", few.join(", "))
}

fn theirs(episodes: &[EpisodeId], dependents: &[String], unread: usize) -> String {
    let mut parts = Vec::new();
    if !episodes.is_empty() {
        let ids: Vec<String> = episodes.iter().map(ToString::to_string).collect();
        let count = super::super::counted(episodes.len() as u64, "episode");
        parts.push(format!("faces in {count} are theirs ({})", listed(&ids)));
    }
    if !dependents.is_empty() {
        parts.push(format!(
            "{} {} theirs",
            dependents.join(", "),
            if dependents.len() == 1 && dependents[0].starts_with("1 ") { "is" } else { "are" }
        ));
    }
    if unread > 0 {
        parts.push(format!("{} cannot be read and may show them", super::super::counted(unread as u64, "episode")));
    }
    parts.join("; ")
}

impl CatalogRefusal {
    /// Says what to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoShow { show, nearest } if nearest.is_empty() => format!("`screenalytics show add {show}` adds it"),
            Self::NoShow { show, nearest } => {
                format!("near: {}; `screenalytics show add {show}` adds it", nearest.join(", "))
            }
            Self::ShowThere { show } => format!("`screenalytics show edit {show}` changes what is said of it"),
            Self::NoSeason { show, known, .. } if known.is_empty() => {
                format!("`screenalytics season add {show} N` adds one; {show} has none")
            }
            Self::NoSeason { known, .. } => {
                format!("there are: {}", known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            }
            Self::SeasonThere { show, number } => {
                format!("`screenalytics season edit {show} {number}` changes what is said of it")
            }
            Self::Zero => "give a number from 1".into(),
            Self::NoEpisode { .. } => "`screenalytics status` lists the episodes".into(),
            Self::NumberTaken { .. } => "give it another number, or move the other one first".into(),
            Self::NoPlace { episode } => format!("`screenalytics episode edit {episode} --show SHOW --season N --number N`"),
            Self::NoPerson { .. } => "`screenalytics person` lists everybody".into(),
            Self::PersonThere { free, .. } => {
                format!(
                    "if both are one person, merge them; somebody else of the same name needs one that tells them apart, such as {free:?}, and both may share an alias"
                )
            }
            Self::AliasTaken { .. } => {
                "if both are one person, merge them: `screenalytics person merge`; a name is one person's alone".into()
            }
            Self::NoAlias { known, .. } if known.is_empty() => "there is nothing to take away".into(),
            Self::NoAlias { known, .. } => format!("there are: {}", known.join(", ")),
            Self::MemberThere { show, .. } => format!("`screenalytics cast edit {show} PERSON` changes role and seasons"),
            Self::NoMember { show, .. } => format!("`screenalytics cast list {show}` lists the cast"),
            Self::NoAsset { .. } => "`screenalytics asset list` lists the pictures".into(),
            Self::NotFeatured { .. } => "`screenalytics featured set PICTURE` says which stands for them".into(),
            Self::Itself { .. } => "name another".into(),
            Self::LeftBehind { .. } => {
                "delete these first, or give them to another; `screenalytics catalog log` lists what made them".into()
            }
            Self::Depends { how, .. } => (*how).into(),
            Self::Theirs { name, .. } => format!(
                "say where that goes: `screenalytics person delete {name:?} --to PERSON`, or --to-nobody, which leaves their faces without a name; `catalog undo` takes either back"
            ),
        }
    }
}
