//! Lets clusters go along with those of their tracks that are known.

use super::assign::{self, Found, Holder, Likenesses, Seen, Taken};
use super::belief::Params;
use super::gallery::Gallery;
use crate::algo::cluster::{Mean, likeness};
use crate::domain::{IdentityId, PersonId, ShotId};
use std::collections::BTreeMap;

/// Whose a group of tracks is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// That of tracks which people decided about, and which has no person.
    Identity(IdentityId),
    Person(PersonId),
    Nobody,
}

/// Why a track is in its group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Membership {
    /// Somebody decided it.
    Held,
    /// Its own face is known.
    Face(Found),
    /// The faces of its cluster together are known.
    Cluster(Found),
    /// It clusters with those that are theirs, or with nobody known.
    Company,
}

/// Tracks that are one person: positions among those that were given, ascending.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub whose: Whose,
    pub tracks: Vec<(usize, Membership)>,
}

/// Says whose all tracks are, out of their clusters: positions in `tracks`, each in one cluster at most.
///
/// 1. Each track that is held by a decision is whose it is; each other one is given to the person that its own face is believed to be, never
///    two of one picture to one, never against what was said.
/// 2. What else is in a cluster goes along with those in it that are somebody's; where they are several people's, with those that it is most
///    like. What cannot be theirs stays behind as a group of its own.
/// 3. A cluster in which nobody is known is asked as a whole, by the mean of its tracks, the surest first.
///
/// All tracks of one person are one group, whatever clusters they were in. `shots` are those of the run in order. Open set: what reaches no
/// threshold is nobody's. `likenesses` are those of `tracks`.
#[must_use]
pub fn recognise(
    params: &Params,
    gallery: &Gallery,
    strangers: f32,
    tracks: &[Seen],
    likenesses: &Likenesses,
    clusters: &[Vec<usize>],
    shots: &[ShotId],
) -> Vec<Group> {
    let mut taken = Taken::new(tracks);
    let found = assign::tracks(params, strangers, likenesses, shots, &mut taken);
    let mut settled = Settled { tracks, groups: BTreeMap::new(), nobody: Vec::new() };
    let own = |at: usize| match (tracks[at].held, found.get(&at)) {
        (Some(Holder { person: Some(person), .. }), _) => Some((Whose::Person(person), Membership::Held)),
        (Some(Holder { identity, person: None }), _) => Some((Whose::Identity(identity), Membership::Held)),
        (None, Some(found)) => Some((Whose::Person(found.person), Membership::Face(*found))),
        (None, None) => None,
    };
    let mut unknown: Vec<Vec<usize>> = Vec::new();
    for cluster in clusters {
        let mut known: BTreeMap<Whose, Vec<usize>> = BTreeMap::new();
        let mut rest = Vec::new();
        for &at in cluster {
            match own(at) {
                Some((whose, why)) => {
                    settled.add(whose, at, why);
                    known.entry(whose).or_default().push(at);
                }
                None => rest.push(at),
            }
        }
        if known.is_empty() {
            unknown.push(rest);
            continue;
        }
        let left = settled.follow(strangers, &known, rest, &mut taken);
        settled.nobody.extend((!left.is_empty()).then_some(left));
    }
    settled.ask(params, gallery, strangers, unknown, &mut taken);
    settled.into_groups()
}

struct Settled<'a> {
    tracks: &'a [Seen<'a>],
    groups: BTreeMap<Whose, Vec<(usize, Membership)>>,
    nobody: Vec<Vec<usize>>,
}

impl Settled<'_> {
    fn add(&mut self, whose: Whose, track: usize, why: Membership) {
        self.groups.entry(whose).or_default().push((track, why));
    }

    /// Adds each track to those of its cluster that it is most like among those it may be; returns what is left.
    fn follow(&mut self, strangers: f32, known: &BTreeMap<Whose, Vec<usize>>, rest: Vec<usize>, taken: &mut Taken) -> Vec<usize> {
        let mean = |members: &Vec<usize>| Mean::of_means(members.iter().filter_map(|m| self.tracks[*m].vector));
        let sides: Vec<(Whose, Option<Mean>)> = known.iter().map(|(whose, members)| (*whose, mean(members))).collect();
        let mut left = Vec::new();
        for at in rest {
            let like = |mean: &Option<Mean>| likeness(strangers, self.tracks[at].vector?, mean.as_ref()?).or(None);
            let nearest = sides
                .iter()
                .filter(|(whose, _)| self.may_join(at, *whose, taken))
                .max_by(|a, b| {
                    let of = |side: &(Whose, Option<Mean>)| like(&side.1).unwrap_or(-1.0);
                    of(a).total_cmp(&of(b)).then(b.0.cmp(&a.0))
                })
                .map(|side| side.0);
            match nearest {
                Some(whose) => {
                    if let Whose::Person(person) = whose {
                        taken.take(at, person);
                    }
                    self.add(whose, at, Membership::Company);
                }
                None => left.push(at),
            }
        }
        left
    }

    fn may_join(&self, track: usize, whose: Whose, taken: &Taken) -> bool {
        match whose {
            Whose::Person(person) => taken.may_be(track, person),
            _ => {
                let own = &self.tracks[track];
                let meets = |other: &(usize, Membership)| {
                    let other = &self.tracks[other.0];
                    other.shot == own.shot && assign::share_a_picture(own.frames, other.frames)
                };
                !self.groups.get(&whose).is_some_and(|members| members.iter().any(meets))
            }
        }
    }

    /// Asks clusters as wholes, the surest first.
    fn ask(&mut self, params: &Params, gallery: &Gallery, strangers: f32, unknown: Vec<Vec<usize>>, taken: &mut Taken) {
        let mut open: Vec<(Vec<usize>, Vec<super::gallery::Likeness>, f32)> = Vec::new();
        for cluster in unknown {
            let mean = Mean::of_means(cluster.iter().filter_map(|at| self.tracks[*at].vector));
            let quality = cluster.iter().map(|at| self.tracks[*at].quality).fold(0.0, f32::max);
            match mean.map(|mean| gallery.likenesses(params.nearest, strangers, &mean)) {
                Some(all) if cluster.len() > 1 && !all.is_empty() => open.push((cluster, all, quality)),
                _ => self.nobody.push(cluster),
            }
        }
        loop {
            let best = open
                .iter()
                .enumerate()
                .filter_map(|(n, (cluster, all, quality))| {
                    let may_be = |p: PersonId| cluster.iter().all(|at| taken.may_be(*at, p));
                    let (person, belief) = assign::likeliest(params, strangers, all, *quality, may_be)?;
                    let more = if taken.knows(person) { 0.0 } else { params.hysteresis };
                    let threshold = (params.similarity_th + more).min(1.0);
                    (belief >= threshold).then_some((n, Found { person, belief, threshold }))
                })
                .max_by(|a, b| a.1.belief.total_cmp(&b.1.belief).then(b.0.cmp(&a.0)));
            let Some((n, found)) = best else { break };
            let (cluster, ..) = open.remove(n);
            for at in cluster {
                taken.take(at, found.person);
                self.add(Whose::Person(found.person), at, Membership::Cluster(found));
            }
        }
        self.nobody.extend(open.into_iter().map(|(cluster, ..)| cluster));
    }

    fn into_groups(self) -> Vec<Group> {
        let known = self.groups.into_iter().map(|(whose, tracks)| Group { whose, tracks });
        let company = |tracks: Vec<usize>| tracks.into_iter().map(|t| (t, Membership::Company)).collect();
        let nobody = self.nobody.into_iter().map(|tracks| Group { whose: Whose::Nobody, tracks: company(tracks) });
        let mut groups: Vec<Group> = known.chain(nobody).collect();
        for group in &mut groups {
            group.tracks.sort_by_key(|t| t.0);
        }
        groups.sort_by_key(|g| g.tracks.first().map(|t| t.0));
        groups
    }
}
