//! Gives single tracks to people, one picture at a time never two to one.

use super::belief::{Evidence, Params};
use super::gallery::{Gallery, Likeness};
use crate::algo::cluster::{Mean, share_a_picture};
use crate::domain::{IdentityId, PersonId, ShotId};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// Whose a track is by decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    pub identity: IdentityId,
    pub person: Option<PersonId>,
}

/// A track as recognition sees it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub shot: ShotId,
    /// The pictures with a box of it, ascending.
    pub frames: &'a [u64],
    /// Its pooled vector, absent where no crop could be embedded.
    pub vector: Option<&'a Mean>,
    /// How usable its faces are, `0..=1`.
    pub quality: f32,
    /// Whose it is by decision: nothing is said of it then.
    pub held: Option<Holder>,
    /// Whom it is not of.
    pub never: &'a BTreeSet<PersonId>,
}

/// Whom a track shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    pub person: PersonId,
    /// `0..=1`.
    pub belief: f32,
    /// What it had to reach.
    pub threshold: f32,
}

/// How like everybody each track is: worked out once for tracks that are asked about several times.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Likenesses(Vec<Vec<Likeness>>);

impl Likenesses {
    /// Compares the vectors of tracks, in their order, with everybody; `strangers` is the mean cosine of two people.
    #[must_use]
    pub fn new<'a>(params: &Params, gallery: &Gallery, strangers: f32, vectors: impl Iterator<Item = Option<&'a Mean>>) -> Self {
        let of = |vector: Option<&Mean>| vector.map(|v| gallery.likenesses(params.nearest, strangers, v)).unwrap_or_default();
        Self(vectors.map(of).collect())
    }
}

/// Whom every track is known to be so far.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    tracks: &'a [Seen<'a>],
    by_shot: BTreeMap<(PersonId, ShotId), Vec<usize>>,
    people: BTreeSet<PersonId>,
}

impl<'a> Taken<'a> {
    /// Begins with what is decided.
    pub(super) fn new(tracks: &'a [Seen<'a>]) -> Self {
        let mut taken = Self { tracks, by_shot: BTreeMap::new(), people: BTreeSet::new() };
        for (at, track) in tracks.iter().enumerate() {
            if let Some(person) = track.held.and_then(|h| h.person) {
                taken.take(at, person);
            }
        }
        taken
    }

    pub(super) fn take(&mut self, track: usize, person: PersonId) {
        self.by_shot.entry((person, self.tracks[track].shot)).or_default().push(track);
        self.people.insert(person);
    }

    /// Tells whether a track may be somebody: nobody said it is not, and it is seen in no picture with another track of theirs.
    pub(super) fn may_be(&self, track: usize, person: PersonId) -> bool {
        let own = &self.tracks[track];
        let met = |other: &usize| *other != track && share_a_picture(own.frames, self.tracks[*other].frames);
        !own.never.contains(&person) && !self.by_shot.get(&(person, own.shot)).is_some_and(|others| others.iter().any(met))
    }

    /// Returns the shots that each person is known in.
    fn shots(&self) -> BTreeMap<PersonId, BTreeSet<ShotId>> {
        let mut shots: BTreeMap<PersonId, BTreeSet<ShotId>> = BTreeMap::new();
        for (person, shot) in self.by_shot.keys() {
            shots.entry(*person).or_default().insert(*shot);
        }
        shots
    }

    /// Tells whether somebody is known anywhere in the episode.
    pub(super) fn knows(&self, person: PersonId) -> bool {
        self.people.contains(&person)
    }
}

/// Returns the likeliest person among those that `may_be`, and how much is to be believed of it.
///
/// The lead is over the next of them; where there is none, or it is less like than strangers are, over strangers.
pub(super) fn likeliest(
    params: &Params,
    strangers: f32,
    all: &[Likeness],
    quality: f32,
    may_be: impl Fn(PersonId) -> bool,
) -> Option<(PersonId, f32)> {
    let mut left = all.iter().filter(|l| may_be(l.person));
    let best = left.next()?;
    let next = left.next().map_or(strangers, |l| l.similarity.max(strangers));
    let evidence = Evidence { similarity: best.similarity, margin: best.similarity - next, quality, references: best.references };
    Some((best.person, params.belief.of(evidence)))
}

/// An offer, the surest on top; of equals the first track.
#[derive(Debug, PartialEq)]
struct Offer {
    belief: f32,
    track: usize,
    person: PersonId,
}

impl Eq for Offer {}

impl Ord for Offer {
    fn cmp(&self, other: &Self) -> Ordering {
        self.belief.total_cmp(&other.belief).then(other.track.cmp(&self.track)).then(other.person.cmp(&self.person))
    }
}

impl PartialOrd for Offer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Finds whom single tracks show, in three rounds: people whom nothing else of the episode shows need `similarity_th + hysteresis`, those who
/// are known somewhere `similarity_th`, and those who are known in the same shot, the one before or the one after `hysteresis` less.
///
/// Within a round the surest is given first. What it is seen in one picture with cannot be that person any more and is asked again without them.
/// Among tracks of one picture this is the matching of greatest belief as long as thresholds lie above one half, because then no track has two
/// people to choose from.
pub(super) fn tracks(
    params: &Params,
    strangers: f32,
    likenesses: &Likenesses,
    shots: &[ShotId],
    taken: &mut Taken,
) -> BTreeMap<usize, Found> {
    let seen = taken.tracks;
    let place: BTreeMap<ShotId, usize> = shots.iter().enumerate().map(|(at, shot)| (*shot, at)).collect();
    let offer = |taken: &Taken, track: usize| {
        let all = likenesses.0.get(track).filter(|_| seen[track].held.is_none())?;
        let (person, belief) = likeliest(params, strangers, all, seen[track].quality, |p| taken.may_be(track, p))?;
        Some(Offer { belief, track, person })
    };
    let mut found: BTreeMap<usize, Found> = BTreeMap::new();
    for round in [Round::Newcomer, Round::Known, Round::Near] {
        // As it is when the round begins: what it finds leads no further.
        let before = taken.shots();
        let needed = |track: usize, person: PersonId| match round {
            Round::Newcomer => Some((params.similarity_th + params.hysteresis).min(1.0)),
            Round::Known => before.contains_key(&person).then_some(params.similarity_th),
            Round::Near => {
                let at = *place.get(&seen[track].shot)?;
                let near = shots.get(at.saturating_sub(1)..(at + 2).min(shots.len()))?;
                let known = before.get(&person)?;
                near.iter().any(|s| known.contains(s)).then_some(params.similarity_th - params.hysteresis)
            }
        };
        let mut offers: BinaryHeap<Offer> =
            (0..seen.len()).filter(|t| !found.contains_key(t)).filter_map(|t| offer(taken, t)).collect();
        while let Some(Offer { belief, track, person }) = offers.pop() {
            if !taken.may_be(track, person) {
                offers.extend(offer(taken, track));
                continue;
            }
            if let Some(threshold) = needed(track, person).filter(|n| belief >= *n) {
                taken.take(track, person);
                found.insert(track, Found { person, belief, threshold });
            }
        }
    }
    found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    Newcomer,
    Known,
    Near,
}
