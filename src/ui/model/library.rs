//! What the library holds over all its episodes: people, shows.

use super::super::list::Cursor;
use super::super::worker::Told;
use super::matches;
use crate::domain::{CatalogChange, Directory, Edit, EpisodeId, PersonId, Roster};
use crate::session::{CastLine, PersonLine, Portraits, ShowLine, TrackFace, people, shows};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Who is in which episode, as far as it is read.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    /// As of the last whole reading; as far as it has come while that is the first.
    pub casts: Vec<CastLine>,
    coming: Vec<CastLine>,
    /// Episodes read, and of how many, while it is being read.
    pub progress: Option<(usize, usize)>,
    /// Whether it was read to its end at least once.
    pub is_read: bool,
    /// The people of the catalog.
    pub roster: Roster,
    /// What is said of people and shows.
    pub directory: Directory,
    /// Share of what is seen from which on an episode is done.
    pub done: f64,
    pub portraits: Option<Portraits>,
    pub fault: Option<Told>,
    pub people: People,
    pub shows: Shows,
}

impl Holdings {
    /// Begins to read anew; what is known stays until then.
    pub(crate) fn begin(&mut self, roster: Roster, directory: Directory, portraits: Portraits, done: f64) {
        self.coming.clear();
        if !self.is_read {
            // A first reading that was broken off begins anew.
            self.casts.clear();
        }
        (self.roster, self.directory, self.portraits, self.done) = (roster, directory, Some(portraits), done);
        self.fault = None;
        self.gather();
    }

    /// Takes what was read meanwhile.
    pub(crate) fn take(&mut self, lines: Vec<CastLine>, all: usize, is_last: bool) {
        if self.is_read {
            self.coming.extend(lines);
        } else {
            self.casts.extend(lines);
        }
        self.progress = (!is_last).then_some((if self.is_read { self.coming.len() } else { self.casts.len() }, all));
        if is_last {
            if self.is_read {
                let coming = std::mem::take(&mut self.coming);
                let before = std::mem::replace(&mut self.casts, coming);
                // Somebody else's track may be among the faces that were spread out.
                let of = |casts: &[CastLine], episode: &EpisodeId| casts.iter().find(|c| c.entry.id == *episode).cloned();
                let people = &mut self.people;
                people.spread.take_if(|s| of(&before, &s.episode) != of(&self.casts, &s.episode));
            }
            self.is_read = true;
        }
        if is_last || self.coming.is_empty() {
            // Whoever has not moved looks at the first, not at who came in first.
            if self.people.cursor.at == 0 && self.people.page.is_none() {
                self.people.under = None;
            }
            if self.shows.cursor.at == 0 {
                self.shows.under = None;
            }
            self.gather();
        }
    }

    fn gather(&mut self) {
        self.people.gather(&self.roster, &self.directory, &self.casts);
        self.shows.lines = shows(&self.directory, &self.casts);
        self.shows.arrange(&self.casts);
    }

    /// Lets the cursors go to what was just made or came back, once it is read.
    pub(crate) fn expect(&mut self, changes: &[CatalogChange]) {
        let mut came = Vec::new();
        for change in changes {
            match change {
                CatalogChange::Person { id, edit: Edit { from, to: Some(to) } }
                    if !to.removed && from.as_ref().is_none_or(|from| from.removed) =>
                {
                    came.push((Some(*id), String::new()));
                }
                CatalogChange::Membership { person, edit: Edit { from: None, .. }, .. } => {
                    came.push((Some(*person), String::new()));
                }
                CatalogChange::Show { slug, edit: Edit { from: None, .. } } => {
                    self.shows.under = Some(Branch::Show(Some(slug.to_string())));
                }
                CatalogChange::Season { show, number, edit: Edit { from: None, .. } } => {
                    self.shows.under = Some(Branch::Season(Some(show.to_string()), Some(*number)));
                }
                _ => {}
            }
        }
        if !self.people.under.as_ref().is_some_and(|under| came.contains(under)) {
            self.people.under = came.into_iter().next().or(self.people.under.take());
        }
    }

    pub(crate) fn cast(&self, episode: &EpisodeId) -> Option<&CastLine> {
        self.casts.iter().find(|c| c.entry.id == *episode)
    }
}

/// How people are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PeopleSort {
    #[default]
    Seconds,
    Name,
    Episodes,
    /// Those in the latest episode first.
    LastSeen,
}

impl PeopleSort {
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Seconds => Self::Name,
            Self::Name => Self::Episodes,
            Self::Episodes => Self::LastSeen,
            Self::LastSeen => Self::Seconds,
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Name => "name",
            Self::Episodes => "episodes",
            Self::LastSeen => "last seen",
        }
    }
}

/// Who a line of the list is.
pub(crate) type PersonKey = (Option<PersonId>, String);

/// The people of the library.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub lines: Vec<PersonLine>,
    /// Positions in `lines`, as sorted and filtered.
    pub order: Vec<usize>,
    pub cursor: Cursor,
    pub sort: PeopleSort,
    pub reversed: bool,
    pub filter: String,
    pub selected: BTreeSet<PersonId>,
    /// Whom the cursor is on, when others move.
    pub under: Option<PersonKey>,
    /// Who is shown large: it follows the cursor when that rests.
    pub beside: Option<PersonKey>,
    /// The show whose cast is shown; without one, everybody.
    pub show: Option<String>,
    /// Who belongs to that cast: they come before all others who are seen in the show.
    members: BTreeSet<PersonId>,
    /// Faces instead of lines.
    pub as_faces: bool,
    /// The page of the person under the cursor, where it is open.
    pub page: Option<Page>,
    /// The faces of theirs that were asked for, in place of the best one of an episode.
    pub spread: Option<TrackFaces>,
    /// Columns and rows on the screen.
    pub shape: (usize, usize),
}

/// The best face of each track of somebody in an episode.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TrackFaces {
    pub person: PersonId,
    pub episode: EpisodeId,
    pub faces: Vec<TrackFace>,
}

/// Where one is on the page of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Page {
    pub part: Part,
    pub episodes: Cursor,
    pub pictures: Cursor,
}

/// A part of a person's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Part {
    #[default]
    Episodes,
    Pictures,
}

impl People {
    /// Gathers everybody, or the cast of the show: its members, and whoever is seen in it.
    pub(crate) fn gather(&mut self, roster: &Roster, directory: &Directory, casts: &[CastLine]) {
        let of_cast =
            |show: &String| directory.memberships.keys().filter(|(_, of)| of.as_str() == show).map(|(who, _)| *who).collect();
        self.members = self.show.as_ref().map(of_cast).unwrap_or_default();
        self.lines = match &self.show {
            None => people(roster, casts),
            Some(show) => {
                let is_member = |l: &PersonLine| l.id.is_some_and(|id| self.members.contains(&id));
                let mut lines = people(roster, casts.iter().filter(|c| c.entry.show.as_deref() == Some(show)));
                lines.retain(|l| !l.episodes.is_empty() || is_member(l));
                lines
            }
        };
        self.arrange();
    }

    /// Tells whether somebody belongs to the cast that is shown.
    pub(crate) fn is_member(&self, person: PersonId) -> bool {
        self.members.contains(&person)
    }

    pub(crate) fn person(&self) -> Option<&PersonLine> {
        self.at(self.cursor.at)
    }

    pub(crate) fn at(&self, at: usize) -> Option<&PersonLine> {
        self.order.get(at).and_then(|i| self.lines.get(*i))
    }

    pub(crate) fn of(&self, key: &PersonKey) -> Option<&PersonLine> {
        self.lines.iter().find(|l| Self::key(l) == *key)
    }

    pub(crate) fn key(line: &PersonLine) -> PersonKey {
        // The name may change, the number does not.
        (line.id, if line.id.is_some() { String::new() } else { line.name.clone() })
    }

    /// Sorts and filters anew; the cursor stays on whom it was on.
    pub(crate) fn arrange(&mut self) {
        let lines = &self.lines;
        let mut order: Vec<usize> = (0..lines.len()).filter(|i| matches(&self.filter, &searched(&lines[*i]))).collect();
        match self.sort {
            PeopleSort::Seconds => {}
            PeopleSort::Name => order.sort_by_cached_key(|i| lines[*i].name.to_lowercase()),
            PeopleSort::Episodes => order.sort_by_key(|i| Reverse(lines[*i].episodes.len())),
            PeopleSort::LastSeen => order.sort_by_cached_key(|i| Reverse(lines[*i].last().map(|e| e.episode.clone()))),
        }
        if self.reversed {
            order.reverse();
        }
        order.sort_by_key(|i| !lines[*i].id.is_some_and(|id| self.members.contains(&id)));
        self.order = order;
        if let Some(at) = self.under.as_ref().and_then(|key| self.order.iter().position(|i| Self::key(&self.lines[*i]) == *key)) {
            self.cursor.at = at;
        }
        self.cursor.show(self.order.len(), self.shape.0, self.shape.1);
        self.follow();
        let known: BTreeSet<PersonId> = self.lines.iter().filter_map(|l| l.id).collect();
        self.selected.retain(|id| known.contains(id));
    }

    /// Notes whom the cursor is on.
    pub(crate) fn follow(&mut self) {
        let under = self.person().map(Self::key);
        if under != self.under {
            (self.page, self.spread) = (None, None);
        }
        self.under = under;
    }
}

/// What the filter looks at: every name.
fn searched(line: &PersonLine) -> String {
    let mut names = line.name.clone();
    line.aliases.iter().for_each(|alias| names.extend([" ", alias]));
    names
}

/// A row of the tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Branch {
    Show(Option<String>),
    Season(Option<String>, Option<u32>),
    Episode(EpisodeId),
}

/// Shows, their seasons and episodes, as a tree.
#[derive(Debug, Default)]
pub(crate) struct Shows {
    pub lines: Vec<ShowLine>,
    /// What is shown, with its depth.
    pub rows: Vec<(usize, Branch)>,
    pub cursor: Cursor,
    pub filter: String,
    /// Whose parts are not shown.
    pub closed: BTreeSet<Branch>,
    pub under: Option<Branch>,
    /// Lines on the screen.
    pub height: usize,
}

impl Shows {
    pub(crate) fn branch(&self) -> Option<&Branch> {
        self.rows.get(self.cursor.at).map(|r| &r.1)
    }

    /// Lists what is open and fits the filter, which opens everything; the cursor stays on what it was on.
    pub(crate) fn arrange(&mut self, casts: &[CastLine]) {
        let mut rows = Vec::new();
        let is_filtered = !self.filter.is_empty();
        let fits = |id: &EpisodeId| {
            let title = casts.iter().find(|c| c.entry.id == *id).and_then(|c| c.entry.title.as_deref()).unwrap_or_default();
            matches(&self.filter, &format!("{id} {title}"))
        };
        for show in &self.lines {
            let branch = Branch::Show(show.show.clone());
            let is_closed = self.closed.contains(&branch) && !is_filtered;
            let start = rows.len();
            rows.push((0, branch));
            for season in show.seasons.iter().filter(|_| !is_closed) {
                let branch = Branch::Season(show.show.clone(), season.season);
                let is_closed = self.closed.contains(&branch) && !is_filtered;
                let episodes: Vec<_> =
                    season.episodes.iter().filter(|id| !is_filtered || fits(id)).cloned().map(Branch::Episode).collect();
                if is_filtered && episodes.is_empty() {
                    continue;
                }
                // Episodes without a season hang from their show.
                let depth = if season.season.is_some() { 2 } else { 1 };
                if season.season.is_some() {
                    rows.push((1, branch));
                }
                rows.extend(episodes.into_iter().filter(|_| !is_closed).map(|e| (depth, e)));
            }
            if is_filtered && rows.len() == start + 1 {
                rows.pop();
            }
        }
        self.rows = rows;
        // Where a season is gone, its show is nearest.
        let show = match &self.under {
            Some(Branch::Season(show, _)) => Some(Branch::Show(show.clone())),
            _ => None,
        };
        let at = |b: &Branch| self.rows.iter().position(|r| r.1 == *b);
        if let Some(at) = self.under.as_ref().and_then(at).or_else(|| show.as_ref().and_then(at)) {
            self.cursor.at = at;
        }
        self.cursor.show(self.rows.len(), 1, self.height);
        self.under = self.branch().cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EpisodeEntry, MediaTime, RunId};
    use crate::session::{Appearance, CastState, EpisodeCast, ReviewProgress};

    fn line(id: &str, people: &[(&str, i64)]) -> CastLine {
        let id: EpisodeId = id.parse().unwrap();
        let people = people.iter().map(|(name, seconds)| Appearance {
            person: None,
            name: (*name).to_owned(),
            identities: vec![],
            visual: vec![],
            visual_time: MediaTime(seconds * 1_000_000),
            speaking: None,
            both: None,
            confirmed: MediaTime::ZERO,
            confidence: 0.5,
            best: None,
            best_quality: None,
        });
        let cast = EpisodeCast {
            run: RunId(1),
            origin: MediaTime::ZERO,
            duration: MediaTime(60_000_000),
            identities: 4,
            named: 2,
            covered: MediaTime::ZERO,
            unnamed: MediaTime::ZERO,
            progress: ReviewProgress::default(),
            people: people.collect(),
        };
        let entry = EpisodeEntry::new(&id, "/v.mp4", jiff::Timestamp::UNIX_EPOCH);
        CastLine { entry, state: CastState::Known(cast) }
    }

    fn names(people: &People) -> Vec<&str> {
        people.order.iter().map(|i| people.lines[*i].name.as_str()).collect()
    }

    fn told(shows: &Shows) -> Vec<String> {
        let text = |b: &Branch| match b {
            Branch::Show(show) => show.clone().unwrap_or_else(|| "none".into()),
            Branch::Season(_, season) => format!("season {}", season.unwrap_or(0)),
            Branch::Episode(id) => id.to_string(),
        };
        shows.rows.iter().map(|(depth, b)| format!("{}{}", " ".repeat(*depth), text(b))).collect()
    }

    #[test]
    fn a_first_reading_is_shown_as_it_comes_and_a_second_when_it_is_whole() {
        let mut all = Holdings::default();
        all.take(vec![line("a-s01e01", &[("Ava", 3)])], 2, false);
        assert_eq!((all.casts.len(), all.progress, names(&all.people)), (1, Some((1, 2)), vec!["Ava"]));
        all.take(vec![line("a-s01e02", &[("Ben", 9)])], 2, true);
        assert_eq!((all.progress, names(&all.people)), (None, vec!["Ben", "Ava"]));
        all.take(vec![line("a-s01e02", &[("Cleo", 9)])], 1, false);
        assert_eq!((all.progress, names(&all.people)), (Some((1, 1)), vec!["Ben", "Ava"]));
        all.take(vec![], 1, true);
        assert_eq!(names(&all.people), ["Cleo"]);
    }

    #[test]
    fn the_cursor_stays_on_the_person_when_others_move() {
        let mut all = Holdings::default();
        all.take(vec![line("a", &[("Ava", 3), ("Ben", 2), ("Cleo", 1)])], 1, true);
        all.people.cursor.at = 1;
        all.people.follow();
        all.take(vec![line("a", &[("Ava", 3), ("Ben", 2), ("Cleo", 1)]), line("b", &[("Ben", 7)])], 2, true);
        assert_eq!((names(&all.people), all.people.cursor.at), (vec!["Ben", "Ava", "Cleo"], 0));
        all.people.sort = PeopleSort::Name;
        all.people.arrange();
        assert_eq!((all.people.person().unwrap().name.as_str(), all.people.cursor.at), ("Ben", 1));
        all.people.filter = "cl".into();
        all.people.arrange();
        assert_eq!(names(&all.people), ["Cleo"]);
    }

    #[test]
    fn a_tree_closes_and_a_filter_opens_what_fits() {
        let mut all = Holdings::default();
        all.take(vec![line("a-s01e01", &[]), line("a-s01e02", &[]), line("a-s02e01", &[]), line("clip", &[])], 4, true);
        let whole = ["a", " season 1", "  a-s01e01", "  a-s01e02", " season 2", "  a-s02e01", "none", " clip"];
        assert_eq!(told(&all.shows), whole);
        all.shows.closed.insert(Branch::Season(Some("a".into()), Some(1)));
        all.shows.arrange(&all.casts);
        assert_eq!(told(&all.shows), ["a", " season 1", " season 2", "  a-s02e01", "none", " clip"]);
        all.shows.filter = "e02".into();
        all.shows.arrange(&all.casts);
        assert_eq!(told(&all.shows), ["a", " season 1", "  a-s01e02"]);
    }
}
