//! Who else is somebody: tracks that look like those of a person, as a proposal to decide on at once.
//!
//! It is worked out on what is kept of the open episode: vectors pooled in slices ([`super::near`]), pictures of tracks, what is decided.

use super::near::{Near, Scale, Vectors};
use super::state::State;
use crate::algo::propagate::{Asked, Held, Left, Offer, Question, Rival, Sample, choose, propose};
use crate::domain::{IdentityId, PersonId, TrackId};
use crate::session::SessionError;
use crate::session::command::{Command, Similar};
use crate::session::plan::Refusal;
use crate::store::EpisodeStore;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is known of who else somebody is.
#[derive(Debug, Clone, PartialEq)]
pub enum Alike {
    /// So many tracks of the run are pooled; asking again goes on.
    NotYet {
        done: usize,
        of: usize,
    },
    Found(Arc<Propagation>),
}

/// Tracks that may be given to somebody at once, as of one state of the episode.
#[derive(Debug, Clone, PartialEq)]
pub struct Propagation {
    /// The last entry of the log that it knows.
    pub seq: u64,
    /// The identity that gets them.
    pub to: IdentityId,
    /// Who that is.
    pub name: String,
    /// The tracks that it starts from.
    pub from: Vec<TrackId>,
    /// Tracks of the person that the others were compared with.
    pub known: usize,
    /// Belief from which a track is taken unless somebody takes it out, `0..=1`.
    pub sure: f32,
    /// By falling belief.
    pub offers: Vec<Offer<IdentityId>>,
    /// How many look as much like the person and are left alone, and why.
    pub left: BTreeMap<Left, usize>,
}

impl Propagation {
    /// Returns the tracks that are taken: what a person said of single ones, else those with a belief of `min` or more; never two that are
    /// seen in one picture.
    #[must_use]
    pub fn choose(&self, min: f32, said: &BTreeMap<TrackId, bool>) -> BTreeSet<TrackId> {
        choose(&self.offers, min, said)
    }

    /// Returns the decision that gives `taken` to the person; with `lock`, what it starts from is locked by it, too.
    #[must_use]
    pub fn command(&self, taken: &BTreeSet<TrackId>, min: f32, lock: SeedLock) -> Command {
        let taken = self.offers.iter().filter(|o| taken.contains(&o.track));
        Command::Propagate {
            to: self.to,
            tracks: taken.map(|o| Similar { track: o.track, score: o.belief }).collect(),
            threshold: min,
            lock: if lock == SeedLock::Lock { self.from.clone() } else { Vec::new() },
        }
    }
}

/// What becomes of the tracks that a propagation starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeedLock {
    /// They stay as they are.
    Leave,
    Lock,
}

impl State {
    /// Returns who else the person of `from` is, or makes some more of the vectors that it takes to know.
    pub(super) fn alike(&mut self, store: &EpisodeStore, scale: &Scale, from: &[Near]) -> Result<Alike, SessionError> {
        let whose = self.whose(from)?;
        let mut vectors = std::mem::take(&mut self.vectors);
        let pooled = self.pool_more(&mut vectors, store, scale);
        let found = match &pooled {
            Ok(true) => Some(self.alike_by(&vectors, scale, whose)),
            _ => None,
        };
        let done = vectors.pooled();
        self.vectors = vectors;
        pooled?;
        Ok(found.map_or(Alike::NotYet { done, of: self.tracks.len() }, |found| Alike::Found(Arc::new(found))))
    }

    /// Returns the person, the identity that gets more, and the tracks that are started from.
    fn whose(&self, from: &[Near]) -> Result<Whose, Refusal> {
        let mut whose: Option<Whose> = None;
        for near in from {
            let (identity, tracks) = match near {
                Near::Track(track) => {
                    if !self.tracks.contains_key(track) {
                        return Err(Refusal::NoTrack { track: *track });
                    }
                    (self.view.assignments.get(track).map(|a| a.identity), vec![*track])
                }
                Near::Identity(id) => {
                    let card = self.cards.get(id).ok_or_else(|| Refusal::NoIdentity {
                        identity: *id,
                        known: self.view.identities.keys().copied().collect(),
                    })?;
                    (Some(*id), card.tracks.clone())
                }
            };
            let named = identity.and_then(|id| Some((id, self.person_of(id)?)));
            let Some((to, person)) = named else {
                let what = match near {
                    Near::Track(track) => track.to_string(),
                    Near::Identity(id) => id.to_string(),
                };
                return Err(Refusal::Unnamed { what });
            };
            match &mut whose {
                Some(whose) if whose.person != person => return Err(Refusal::TwoPeople),
                Some(whose) => whose.from.extend(tracks),
                None => whose = Some(Whose { person, to, from: tracks }),
            }
        }
        let mut whose = whose.ok_or(Refusal::NothingNamed)?;
        whose.from.sort_unstable();
        whose.from.dedup();
        Ok(whose)
    }

    fn alike_by(&self, vectors: &Vectors, scale: &Scale, whose: Whose) -> Propagation {
        let question = self.question(vectors, whose.person);
        let known = question.own.iter().filter(|s| s.vector.is_some()).count();
        let found = propose(&scale.propagate, scale.strangers, &question);
        let name = self.roster.stands_for(whose.person).map(|p| p.name.clone());
        let stored = || self.view.identities.get(&whose.to).and_then(|i| i.name.clone());
        Propagation {
            seq: self.seq,
            to: whose.to,
            name: name.or_else(stored).unwrap_or_default(),
            from: whose.from,
            known,
            sure: scale.propagate.sure,
            offers: found.offers,
            left: found.left,
        }
    }

    fn question<'a>(&'a self, vectors: &'a Vectors, person: PersonId) -> Question<'a, IdentityId> {
        let sample = |track: &TrackId| {
            Some(Sample {
                track: *track,
                vector: vectors.of(*track),
                quality: self.tracks.get(track)?.quality.map_or(0.0, |q| q.total),
                pictures: self.pictures_of(*track),
            })
        };
        let mut own: Vec<Sample<'a>> = Vec::new();
        let mut groups: BTreeMap<IdentityId, Vec<Sample<'a>>> = BTreeMap::new();
        let key = self.first_identities();
        for (id, card) in &self.cards {
            let tracks = card.tracks.iter().filter_map(sample);
            if self.person_of(*id) == Some(person) {
                own.extend(tracks);
            } else {
                groups.entry(self.group(&key, *id)).or_default().extend(tracks);
            }
        }
        let theirs: BTreeSet<u64> = own.iter().flat_map(|s| s.pictures).copied().collect();
        let mut asked = Vec::new();
        for (who, tracks) in &groups {
            asked.extend(tracks.iter().map(|sample| Asked {
                sample: *sample,
                whose: Some(*who),
                held: self.held(sample.track, person),
            }));
        }
        asked.extend(self.view.marks.keys().filter_map(sample).map(|sample| Asked {
            sample,
            whose: None,
            held: Some(Held::Discarded),
        }));
        // Somebody else is who has a name, and whoever is seen together with them.
        let is_rival = |who: IdentityId, tracks: &[Sample<'_>]| {
            self.person_of(who).is_some() || tracks.iter().any(|s| s.pictures.iter().any(|p| theirs.contains(p)))
        };
        let rivals = groups.into_iter().filter(|(who, tracks)| is_rival(*who, tracks));
        Question { own, rivals: rivals.map(|(who, tracks)| Rival { who, tracks }).collect(), asked }
    }

    /// Returns the first identity of each person.
    fn first_identities(&self) -> BTreeMap<PersonId, IdentityId> {
        let mut first = BTreeMap::new();
        for id in self.cards.keys() {
            if let Some(person) = self.person_of(*id) {
                first.entry(person).or_insert(*id);
            }
        }
        first
    }

    /// Returns the identity that stands for all that are the same person.
    fn group(&self, first: &BTreeMap<PersonId, IdentityId>, id: IdentityId) -> IdentityId {
        self.person_of(id).and_then(|person| first.get(&person).copied()).unwrap_or(id)
    }

    /// Returns why a track stays whose it is.
    fn held(&self, track: TrackId, person: PersonId) -> Option<Held> {
        let info = self.tracks.get(&track)?;
        let said = self.view.nevers.range((track, PersonId(0))..=(track, PersonId(u32::MAX)));
        if said.into_iter().any(|((_, not), _)| self.roster.stands_for(*not).map_or(*not, |p| p.id) == person) {
            return Some(Held::Never);
        }
        if info.locked {
            return Some(Held::Locked);
        }
        self.view.is_decided(track).then_some(Held::Decided)
    }
}

/// Whose like is looked for.
struct Whose {
    person: PersonId,
    to: IdentityId,
    from: Vec<TrackId>,
}
