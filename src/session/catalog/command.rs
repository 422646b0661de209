//! What can be decided about the people and shows of a library.

use crate::domain::{AssetId, AssetKind, EpisodeId, PersonId, Slug};
use jiff::civil::Date;

/// One decision about the catalog; each is one operation, and one undo takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogCommand {
    AddShow {
        slug: Slug,
        title: Option<String>,
        notes: Option<String>,
    },
    EditShow {
        slug: Slug,
        title: Wish<String>,
        notes: Wish<String>,
    },
    DeleteShow {
        slug: Slug,
        dependents: Dependents<Slug>,
    },
    AddSeason {
        show: Slug,
        number: u32,
        title: Option<String>,
        year: Option<i16>,
    },
    EditSeason {
        show: Slug,
        number: u32,
        title: Wish<String>,
        year: Wish<i16>,
    },
    DeleteSeason {
        show: Slug,
        number: u32,
        dependents: Dependents<u32>,
    },
    EditEpisode {
        episode: EpisodeId,
        edit: EpisodeEdit,
    },
    AddPerson {
        name: String,
        aliases: Vec<String>,
        notes: Option<String>,
    },
    EditPerson {
        person: PersonId,
        aliases: Vec<String>,
        /// Aliases that are theirs no more.
        not: Vec<String>,
        notes: Wish<String>,
    },
    /// The person is called otherwise; the name before still finds them.
    Rename {
        person: PersonId,
        name: String,
    },
    /// The people are the same as `into`, whose name stays.
    Merge {
        people: Vec<PersonId>,
        into: PersonId,
    },
    /// The number of the person is never used again. What is theirs in episodes and in the catalog goes to somebody, or to nobody.
    DeletePerson {
        person: PersonId,
        dependents: Dependents<PersonId>,
    },
    /// Somebody whom the catalog does not know yet, in the cast of a show at once.
    AddNewMember {
        show: Slug,
        name: String,
    },
    AddMember {
        show: Slug,
        people: Vec<PersonId>,
        role: Option<String>,
        /// All seasons where empty.
        seasons: Vec<u32>,
    },
    EditMember {
        show: Slug,
        person: PersonId,
        role: Wish<String>,
        seasons: Wish<Vec<u32>>,
    },
    RemoveMember {
        show: Slug,
        people: Vec<PersonId>,
    },
    AddAsset(NewAsset),
    EditAsset {
        asset: AssetId,
        kind: AssetKind,
    },
    DeleteAsset {
        asset: AssetId,
        dependents: Dependents<AssetId>,
    },
    SetFeatured {
        asset: AssetId,
        /// Everywhere where no show says otherwise, when absent.
        show: Option<Slug>,
    },
    ClearFeatured {
        person: PersonId,
        show: Option<Slug>,
    },
}

/// A picture of somebody that the catalog keeps already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAsset {
    pub person: PersonId,
    pub kind: AssetKind,
    pub sha256: String,
    pub width: u32,
    pub height: u32,
    pub source: String,
}

/// What is to become of a value that may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Wish<T> {
    #[default]
    Keep,
    Set(T),
    Clear,
}

impl<T: Clone> Wish<T> {
    /// Returns the value after it.
    #[must_use]
    pub fn of(&self, now: Option<&T>) -> Option<T> {
        match self {
            Self::Keep => now.cloned(),
            Self::Set(to) => Some(to.clone()),
            Self::Clear => None,
        }
    }
}

impl Wish<String> {
    /// Reads what somebody wrote: nothing keeps, an empty text clears.
    #[must_use]
    pub fn written(text: Option<&str>) -> Self {
        match text.map(str::trim) {
            None => Self::Keep,
            Some("") => Self::Clear,
            Some(text) => Self::Set(text.to_owned()),
        }
    }
}

/// What is to become of an episode's place in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EpisodeEdit {
    pub title: Wish<String>,
    pub air_date: Wish<Date>,
    pub show: Wish<Slug>,
    pub season: Wish<u32>,
    /// Number within the season.
    pub episode: Wish<u32>,
}

/// What becomes of what depends on something that is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Dependents<T> {
    /// There must be none.
    #[default]
    Refuse,
    /// It is deleted too; of episodes only that they belong to it.
    Delete,
    /// It goes to another.
    To(T),
}
