//! What can be said of shows and people, line by line.

use crate::domain::{EpisodeId, PersonId, Slug};

/// Of what something is said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Subject {
    Show(Slug),
    Season(Slug, u32),
    Episode(EpisodeId),
    Person(PersonId),
    /// Somebody's part in a show.
    Member(PersonId, Slug),
}

/// One thing that can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Title,
    Notes,
    Year,
    AirDate,
    Show,
    Season,
    Number,
    Name,
    Aliases,
    Role,
    Seasons,
}

impl Subject {
    pub(crate) fn fields(&self) -> &'static [Field] {
        match self {
            Self::Show(_) => &[Field::Title, Field::Notes],
            Self::Season(..) => &[Field::Title, Field::Year],
            Self::Episode(_) => &[Field::Title, Field::AirDate, Field::Show, Field::Season, Field::Number],
            Self::Person(_) => &[Field::Name, Field::Aliases, Field::Notes],
            Self::Member(..) => &[Field::Role, Field::Seasons],
        }
    }
}

impl Field {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Notes => "notes",
            Self::Year => "year",
            Self::AirDate => "aired on",
            Self::Show => "show",
            Self::Season => "season",
            Self::Number => "number in the season",
            Self::Name => "name",
            Self::Aliases => "other names",
            Self::Role => "role",
            Self::Seasons => "seasons",
        }
    }

    /// How it is written, where that is not plain.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::AirDate => "2014-11-18",
            Self::Show => "short name",
            Self::Aliases => "with commas",
            Self::Seasons => "1-3, 5; none: all",
            _ => "",
        }
    }
}
