//! The A/V tab: turns in a list, and the moment that the lanes above show.

use super::super::list::Cursor;
use super::super::worker::Deed;
use super::matches;
use crate::domain::{AvLink, IdentityId, LinkMethod, MediaTime, Span, SpeakerId, TurnId};
use crate::session::{Snapshot, Speech};
use std::collections::{BTreeMap, BTreeSet};

/// Which turns are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Only {
    #[default]
    All,
    /// Those with a reason to look at them.
    Doubtful,
    /// Whose voice it is is not known.
    Unknown,
    OffScreen,
}

impl Only {
    pub(crate) fn next(self) -> Self {
        match self {
            Self::All => Self::Doubtful,
            Self::Doubtful => Self::Unknown,
            Self::Unknown => Self::OffScreen,
            Self::OffScreen => Self::All,
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::All => "all turns",
            Self::Doubtful => "doubtful turns",
            Self::Unknown => "unknown voices",
            Self::OffScreen => "off screen",
        }
    }
}

/// One turn as the list shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TurnRow {
    pub id: TurnId,
    pub span: Span,
    pub speaker: SpeakerId,
    /// Belief of the diariser, `0..=1`.
    pub voice: f32,
    pub who: Option<IdentityId>,
    pub name: String,
    /// Share of the turn that is seen being said, `0..=1`.
    pub on_screen: f64,
    /// Its longest piece.
    pub link: Option<AvLink>,
    pub doubt: Option<&'static str>,
    pub text: String,
}

/// The tab.
#[derive(Debug)]
pub(crate) struct Voices {
    pub cursor: Cursor,
    pub only: Only,
    pub filter: String,
    pub selected: BTreeSet<TurnId>,
    /// Every turn, by start.
    pub rows: Vec<TurnRow>,
    /// Positions in `rows` that are listed.
    pub order: Vec<usize>,
    /// The moment; absent: the start of the turn under the cursor.
    pub at: Option<MediaTime>,
    /// What is heard now, while something is played: drawn, and nothing else.
    pub heard: Option<MediaTime>,
    /// Where a range began.
    pub mark: Option<MediaTime>,
    /// Seconds on the screen.
    pub width: u32,
    /// Rows of the list, as drawn last.
    pub shown: usize,
}

impl Default for Voices {
    fn default() -> Self {
        Self {
            cursor: Cursor::default(),
            only: Only::default(),
            filter: String::new(),
            selected: BTreeSet::new(),
            rows: Vec::new(),
            order: Vec::new(),
            at: None,
            heard: None,
            mark: None,
            width: 20,
            shown: 1,
        }
    }
}

impl Voices {
    /// Returns the turn under the cursor.
    pub(crate) fn row(&self) -> Option<&TurnRow> {
        self.rows.get(*self.order.get(self.cursor.at)?)
    }

    /// Returns the moment that the lanes are about; none where nobody speaks.
    pub(crate) fn now(&self, snapshot: &Snapshot) -> Option<MediaTime> {
        let start = || snapshot.shots.first().map(|s| s.start);
        self.at.or_else(|| self.row().map(|r| r.span.start())).or_else(start)
    }

    /// Returns what the lanes mark: what is heard, else the moment.
    pub(crate) fn playhead(&self, snapshot: &Snapshot) -> Option<MediaTime> {
        self.heard.or_else(|| self.now(snapshot))
    }

    /// Returns the range that was begun, up to the moment.
    pub(crate) fn range(&self, snapshot: &Snapshot) -> Option<Span> {
        let (mark, now) = (self.mark?, self.now(snapshot)?);
        Some(Span::new(mark.min(now), mark.max(now)))
    }

    /// Returns the selected turns, else the one under the cursor.
    pub(crate) fn chosen(&self) -> Vec<TurnId> {
        if self.selected.is_empty() {
            return self.row().map(|r| r.id).into_iter().collect();
        }
        let chosen = self.rows.iter().filter(|r| self.selected.contains(&r.id));
        chosen.map(|r| r.id).collect()
    }

    pub(crate) fn select_nothing(&mut self) {
        self.selected.clear();
        self.mark = None;
    }

    /// Puts the cursor on the turn that is said at a moment, else on the next one.
    pub(crate) fn go_to(&mut self, at: MediaTime) {
        let listed = |i: &usize| self.rows.get(*i).map(|r| r.span);
        let place = self.order.iter().position(|i| listed(i).is_some_and(|s| s.end() > at));
        self.cursor.at = place.unwrap_or(self.order.len().saturating_sub(1));
        self.cursor.show(self.order.len(), 1, self.shown);
        self.at = Some(at);
    }

    /// Puts the cursor on the first of some turns that is listed, where it is on none of them.
    pub(crate) fn show_first_of(&mut self, turns: &BTreeSet<TurnId>) {
        if self.row().is_none_or(|r| !turns.contains(&r.id))
            && let Some(place) = self.order.iter().position(|i| self.rows.get(*i).is_some_and(|r| turns.contains(&r.id)))
        {
            (self.cursor.at, self.at) = (place, None);
        }
        self.cursor.show(self.order.len(), 1, self.shown);
    }

    /// Goes on after what was decided, taken back or done again about `turns`; `known` are those that there were before.
    pub(crate) fn follow(&mut self, deed: Deed, turns: &BTreeSet<TurnId>, known: &BTreeSet<TurnId>) {
        match deed {
            Deed::Decision => {
                // What is refused leaves the selection and the range as they are.
                self.select_nothing();
                if turns.is_disjoint(known) {
                    self.show_first_of(turns);
                }
            }
            Deed::Undo | Deed::Redo => self.show_first_of(turns),
        }
    }

    /// Returns whose a voice is said to be: of one, of several, or of nobody that is known.
    pub(crate) fn name_of(&self, speaker: SpeakerId) -> Option<&str> {
        let mut names = self.rows.iter().filter(|r| r.speaker == speaker && r.who.is_some()).map(|r| r.name.as_str());
        let first = names.next()?;
        Some(if names.all(|name| name == first) { first } else { "several" })
    }

    /// Returns every turn.
    pub(crate) fn known(&self) -> BTreeSet<TurnId> {
        self.rows.iter().map(|r| r.id).collect()
    }

    /// Returns what the list is narrowed by.
    pub(crate) fn narrowed(&self) -> (Only, String) {
        (self.only, self.filter.clone())
    }

    /// Lists anew; the cursor stays on its turn, else about where it was.
    pub(crate) fn arrange(&mut self, snapshot: &Snapshot) {
        let (under, was) = (self.row().map(|r| r.id), self.row().map(|r| r.span.start()));
        self.rows = snapshot.speech.as_deref().map(|speech| rows(snapshot, speech)).unwrap_or_default();
        let fits = |row: &TurnRow| match self.only {
            Only::All => true,
            Only::Doubtful => row.doubt.is_some(),
            Only::Unknown => row.who.is_none(),
            Only::OffScreen => row.who.is_some() && row.on_screen < 0.5,
        };
        let wanted = |row: &TurnRow| {
            let doubt = row.doubt.map(|why| format!("doubtful {why}")).unwrap_or_default();
            matches(&self.filter, &format!("{} {} {} {doubt} {}", row.id, row.speaker, row.name, row.text))
        };
        self.order = (0..self.rows.len()).filter(|i| fits(&self.rows[*i]) && wanted(&self.rows[*i])).collect();
        self.selected.retain(|id| self.rows.iter().any(|r| r.id == *id));
        let same = under.and_then(|id| self.order.iter().position(|i| self.rows[*i].id == id));
        // A moment in a turn that is not there any more means nothing.
        if under.is_some() && same.is_none() {
            self.at = None;
        }
        let near = || was.and_then(|at| self.order.iter().position(|i| self.rows[*i].span.start() >= at));
        if let Some(at) = same.or_else(near) {
            self.cursor.at = at;
        }
        self.cursor.show(self.order.len(), 1, self.shown);
    }
}

fn rows(snapshot: &Snapshot, speech: &Speech) -> Vec<TurnRow> {
    let mut pieces: BTreeMap<TurnId, Vec<&AvLink>> = BTreeMap::new();
    for link in &speech.fused.links {
        pieces.entry(link.turn).or_default().push(link);
    }
    let names: BTreeMap<IdentityId, String> = snapshot.identities.iter().map(|c| (c.identity.id, super::title(c))).collect();
    let row = |turn: &crate::domain::Turn| {
        let pieces = pieces.get(&turn.id).map(Vec::as_slice).unwrap_or_default();
        let link = pieces.iter().max_by_key(|l| l.span.len()).map(|l| **l);
        let who = link.and_then(|l| l.identity);
        let on: i64 = pieces.iter().filter(|l| l.on_screen).map(|l| l.span.len().0).sum();
        let words = snapshot.spoken.transcript(turn.id).map(|t| t.words.as_slice()).unwrap_or_default();
        let several = pieces.iter().filter_map(|l| l.identity).collect::<BTreeSet<_>>().len();
        let more = if several > 1 { format!(" +{}", several - 1) } else { String::new() };
        TurnRow {
            id: turn.id,
            span: turn.span,
            speaker: turn.speaker,
            voice: turn.confidence,
            who,
            name: who
                .map_or_else(|| "nobody known".into(), |id| names.get(&id).cloned().unwrap_or_else(|| id.to_string()) + &more),
            on_screen: on as f64 / turn.span.len().0.max(1) as f64,
            link,
            doubt: if several > 1 { Some("several faces") } else { link.and_then(|l| doubt(&l, turn.confidence)) },
            text: words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" "),
        }
    };
    speech.turns.iter().map(row).collect()
}

/// Seconds below which an unknown voice is no question worth asking.
const SHORT: MediaTime = MediaTime(700_000);

/// Says why a turn is worth a look; what a person decided is not.
fn doubt(link: &AvLink, voice: f32) -> Option<&'static str> {
    let (turn, other) = (link.evidence.from_turn, link.evidence.from_voice);
    if link.method == LinkMethod::User {
        None
    } else if link.identity.is_none() {
        (link.span.len() >= SHORT).then_some("unknown voice")
    } else if turn > 0.0 && other > 0.0 && (turn - other).abs() > 0.5 {
        Some("face ≠ voice")
    } else if link.confidence < 0.5 {
        Some("little belief")
    } else if voice < 0.5 {
        Some("voice unsure")
    } else {
        None
    }
}
