//! What a colour stands for.

use crate::domain::Source;
use crate::ui::named::named;

named! {
    /// What a colour stands for; a theme gives each its look.
    pub enum Role {
        /// What the whole screen is painted with first: the ground, and text that has no other role.
        Ground = "ground",
        /// Plain text, on whatever ground.
        Text = "text",
        /// Ids, units, what is read last.
        Dim = "dim",
        Title = "title",
        /// What is current, and what leads on.
        Accent = "accent",
        /// Lines between panes.
        Rule = "rule",
        /// The thing under the cursor, in the pane that has the focus.
        Cursor = "cursor",
        /// The thing under the cursor of a pane without the focus.
        CursorElsewhere = "cursor_elsewhere",
        Selected = "selected",
        /// Letters that the search matched.
        Match = "match",
        /// What help, pickers and questions are painted with first: the ground, and text that has no other role.
        Popup = "popup",
        Tab = "tab",
        TabActive = "tab_active",
        /// A key in the bottom line.
        Key = "key",
        /// The word after the key.
        Label = "label",
        /// Text being typed.
        Input = "input",
        Good = "good",
        Doubt = "doubt",
        Bad = "bad",
        Error = "error",
        Locked = "locked",
        /// The name of an identity that has one.
        Named = "named",
        /// The stand-in for a name.
        Unnamed = "unnamed",
        Confirmed = "confirmed",
        Propagated = "propagated",
        Proposed = "proposed",
        Carried = "carried",
        Rejected = "rejected",
        Bar = "bar",
        /// The part of a bar that is not sure.
        BarDoubt = "bar_doubt",
        BarRest = "bar_rest",
        /// Presence over the episode.
        Spark = "spark",
        /// Why a face is hard to tell.
        Badge = "badge",
        /// Where a picture is not there yet.
        Placeholder = "placeholder",
        /// The moment in a timeline.
        Playhead = "playhead",
    }
}

impl Role {
    /// Returns the sign that says the same without colour: one cell wide, a space where the role has none.
    #[must_use]
    pub const fn glyph(self) -> &'static str {
        match self {
            Self::Confirmed => "●",
            Self::Propagated => "◑",
            Self::Carried => "◐",
            Self::Proposed => "○",
            Self::Rejected | Self::Bad | Self::Error => "✕",
            Self::Doubt | Self::Badge => "▲",
            Self::Good => "✓",
            Self::Locked => "■",
            Self::Selected => "◆",
            Self::Cursor | Self::CursorElsewhere => "▌",
            Self::Bar => "█",
            Self::BarDoubt => "░",
            Self::Placeholder => "·",
            Self::Playhead => "│",
            Self::Rule => "─",
            _ => " ",
        }
    }
}

impl From<Source> for Role {
    fn from(source: Source) -> Self {
        match source {
            Source::Proposed => Self::Proposed,
            Source::Propagated => Self::Propagated,
            Source::Carried => Self::Carried,
            Source::Confirmed => Self::Confirmed,
        }
    }
}
