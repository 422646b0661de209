//! People over all episodes.

use super::{Appearance, CastLine, CastState, EpisodeCast, Portrait};
use crate::domain::{EpisodeId, IdentityId, MediaTime, PersonId, Roster, Span, name_key};
use crate::session::{SessionError, Workspace};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// One person and where they are seen.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonLine {
    /// Absent where only an import knows the name.
    pub id: Option<PersonId>,
    pub name: String,
    /// Other names that find them.
    pub aliases: Vec<String>,
    /// In the order of the casts; empty where nobody is that person yet.
    pub episodes: Vec<PersonEpisode>,
    /// Over all episodes.
    pub visual_time: MediaTime,
    /// Time in which they speak, over the episodes whose sound was analysed; absent without any.
    pub speaking: Option<MediaTime>,
    /// Time in which they are seen speaking; likewise.
    pub both: Option<MediaTime>,
    /// Part of `visual_time` that a person confirmed.
    pub confirmed: MediaTime,
    /// Mean belief, weighted by time, `0..=1`; 0 without episodes.
    pub confidence: f64,
    /// Their best face in the episode that has most confirmed time of theirs, then most time.
    pub portrait: Option<Portrait>,
}

/// A person in one of their episodes.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonEpisode {
    pub episode: EpisodeId,
    pub visual_time: MediaTime,
    pub speaking: Option<MediaTime>,
    pub both: Option<MediaTime>,
    /// Part of `visual_time` that a person confirmed.
    pub confirmed: MediaTime,
    /// When they are seen there: disjoint, ascending.
    pub visual: Vec<Span>,
    /// Where the first picture stands on the clock of the spans.
    pub origin: MediaTime,
    /// Their best face there.
    pub face: Option<Portrait>,
    /// Its quality, `0..=1`.
    pub quality: Option<f32>,
    /// Length of the episode.
    pub duration: MediaTime,
    pub confidence: f64,
    /// The first of their identities there.
    pub identity: Option<IdentityId>,
}

/// Whom a line is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Person(PersonId),
    Name(String),
}

impl Who {
    fn of(a: &Appearance) -> Self {
        a.person.map_or_else(|| Self::Name(name_key(&a.name)), Self::Person)
    }
}

/// Returns the people of the catalog, and who was found to be whom.
///
/// # Errors
/// Fails where the catalog cannot be read.
pub fn roster(workspace: &Workspace) -> Result<Roster, SessionError> {
    Ok(workspace.open_library()?.catalog().roster()?)
}

/// Gathers everybody: those of `roster`, and whom only these episodes know; by falling time, then name, then id.
#[must_use]
pub fn people<'a>(roster: &Roster, casts: impl IntoIterator<Item = &'a CastLine>) -> Vec<PersonLine> {
    let mut lines: BTreeMap<Who, PersonLine> = BTreeMap::new();
    for person in roster.people() {
        let aliases = roster.aliases(person.id).into_iter().map(str::to_owned).collect();
        lines.insert(Who::Person(person.id), PersonLine { aliases, ..PersonLine::new(Some(person.id), &person.name) });
    }
    let mut most: BTreeMap<Who, (MediaTime, MediaTime)> = BTreeMap::new();
    for line in casts {
        let CastState::Known(cast) = &line.state else { continue };
        for a in &cast.people {
            let who = Who::of(a);
            let person = lines.entry(who.clone()).or_insert_with(|| PersonLine::new(a.person, &a.name));
            person.add(&line.entry.id, cast, a);
            let here = (a.confirmed, a.visual_time);
            if let Some(crop) = a.best
                && most.get(&who).is_none_or(|before| here > *before)
            {
                most.insert(who, here);
                person.portrait = Some(Portrait { episode: line.entry.id.clone(), run: cast.run, crop });
            }
        }
    }
    let mut lines: Vec<PersonLine> = lines.into_values().collect();
    for line in &mut lines {
        let weight = line.visual_time.secs();
        line.confidence = if weight > 0.0 { line.confidence / weight } else { 0.0 };
    }
    lines.sort_by(|a, b| (Reverse(a.visual_time), &a.name, a.id).cmp(&(Reverse(b.visual_time), &b.name, b.id)));
    lines
}

impl PersonLine {
    fn new(id: Option<PersonId>, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            aliases: Vec::new(),
            episodes: Vec::new(),
            visual_time: MediaTime::ZERO,
            speaking: None,
            both: None,
            confirmed: MediaTime::ZERO,
            confidence: 0.0,
            portrait: None,
        }
    }

    /// Adds an episode; the belief is a sum until all are added.
    fn add(&mut self, episode: &EpisodeId, cast: &EpisodeCast, a: &Appearance) {
        self.visual_time = self.visual_time + a.visual_time;
        self.confirmed = self.confirmed + a.confirmed;
        for (sum, part) in [(&mut self.speaking, a.speaking), (&mut self.both, a.both)] {
            *sum = part.map(|part| part + sum.unwrap_or(MediaTime::ZERO)).or(*sum);
        }
        self.confidence += a.confidence * a.visual_time.secs();
        self.episodes.push(PersonEpisode {
            episode: episode.clone(),
            visual_time: a.visual_time,
            speaking: a.speaking,
            both: a.both,
            confirmed: a.confirmed,
            visual: a.visual.clone(),
            origin: cast.origin,
            face: a.best.map(|crop| Portrait { episode: episode.clone(), run: cast.run, crop }),
            quality: a.best_quality,
            duration: cast.duration,
            confidence: a.confidence,
            identity: a.identities.first().copied(),
        });
    }

    /// Returns the last episode that they are seen in.
    #[must_use]
    pub fn last(&self) -> Option<&PersonEpisode> {
        self.episodes.last()
    }
}
