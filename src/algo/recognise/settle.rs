//! Lets clusters go along with those of their tracks that are known.

use super::assign::{self, Found, Holder, Likenesses, Seen, Taken};
use super::belief::Params;
use super::gallery::Gallery;
use crate::algo::cluster::{Mean, likeness, share_a_picture};
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
///    like. What cannot be theirs stays behind as a group of its own. Whom somebody decided about draws along always. Whom only a face is known
///    of does where that is most of what would be theirs, by pictures, or where the mean of it all is believed to be theirs; else one blurred
///    face would name a stranger's whole cluster.
/// 3. A cluster in which nobody is known, or what is left of one, is asked as a whole, by the mean of its tracks, the surest first.
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
    let mut settled = Settled { params, gallery, strangers, tracks, groups: BTreeMap::new(), nobody: Vec::new() };
    let mut own: BTreeMap<usize, Whose> = BTreeMap::new();
    for (at, track) in tracks.iter().enumerate() {
        let (whose, why) = match (track.held, found.get(&at)) {
            (Some(Holder { person: Some(person), .. }), _) => (Whose::Person(person), Membership::Held),
            (Some(Holder { identity, person: None }), _) => (Whose::Identity(identity), Membership::Held),
            (None, Some(found)) => (Whose::Person(found.person), Membership::Face(*found)),
            (None, None) => continue,
        };
        own.insert(at, whose);
        settled.add(whose, at, why);
    }
    let mut unknown: Vec<Vec<usize>> = Vec::new();
    for cluster in clusters {
        let mut known: BTreeMap<Whose, Vec<usize>> = BTreeMap::new();
        let mut rest = Vec::new();
        for at in cluster {
            match own.get(at) {
                Some(whose) => known.entry(*whose).or_default().push(*at),
                None => rest.push(*at),
            }
        }
        unknown.extend(settled.follow(known, rest, &mut taken));
    }
    settled.ask(unknown, &mut taken);
    settled.into_groups()
}

struct Settled<'a> {
    params: &'a Params,
    gallery: &'a Gallery,
    strangers: f32,
    tracks: &'a [Seen<'a>],
    groups: BTreeMap<Whose, Vec<(usize, Membership)>>,
    nobody: Vec<Vec<usize>>,
}

/// Those of a cluster who are one person's.
struct Side {
    whose: Whose,
    known: Vec<usize>,
    mean: Option<Mean>,
}

impl Settled<'_> {
    fn add(&mut self, whose: Whose, track: usize, why: Membership) {
        self.groups.entry(whose).or_default().push((track, why));
    }

    fn mean(&self, tracks: &[usize]) -> Option<Mean> {
        Mean::of_means(tracks.iter().filter_map(|at| self.tracks[*at].vector))
    }

    /// Adds each track of a cluster to those that it is most like among the `known` who draw others along and whom it may be. What may be none
    /// of them is a group of its own; returns what nobody draws along.
    fn follow(&mut self, known: BTreeMap<Whose, Vec<usize>>, rest: Vec<usize>, taken: &mut Taken) -> Option<Vec<usize>> {
        let mut sides: Vec<Side> =
            known.into_iter().map(|(whose, known)| Side { whose, mean: self.mean(&known), known }).collect();
        while !sides.is_empty() {
            let mut along: Vec<Vec<usize>> = vec![Vec::new(); sides.len()];
            let mut left = Vec::new();
            for at in &rest {
                self.nearest(&sides, *at, taken).map_or(&mut left, |side| &mut along[side]).push(*at);
            }
            let draws: Vec<bool> = sides.iter().zip(&along).map(|(side, along)| self.draws(side, along, taken)).collect();
            if draws.contains(&false) {
                let mut draws = draws.into_iter();
                sides.retain(|_| draws.next() == Some(true));
                continue;
            }
            for (side, along) in sides.iter().zip(along) {
                for at in along {
                    if !self.may_join(at, side.whose, taken) {
                        left.push(at);
                        continue;
                    }
                    if let Whose::Person(person) = side.whose {
                        taken.take(at, person);
                    }
                    self.add(side.whose, at, Membership::Company);
                }
            }
            self.nobody.extend((!left.is_empty()).then_some(left));
            return None;
        }
        (!rest.is_empty()).then_some(rest)
    }

    /// Returns the place of the side that a track is most like among those it may be; of equals the first.
    fn nearest(&self, sides: &[Side], at: usize, taken: &Taken) -> Option<usize> {
        let like = |side: &Side| likeness(self.strangers, self.tracks[at].vector?, side.mean.as_ref()?);
        let may_be = sides.iter().enumerate().filter(|(_, side)| self.may_join(at, side.whose, taken));
        may_be
            .map(|(n, side)| (n, like(side).unwrap_or(-1.0)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
            .map(|(n, _)| n)
    }

    /// Tells whether those of a cluster who are somebody's speak for the others that are most like them.
    fn draws(&self, side: &Side, along: &[usize], taken: &Taken) -> bool {
        let Whose::Person(person) = side.whose else { return true };
        let pictures = |tracks: &[usize]| tracks.iter().map(|at| self.tracks[*at].frames.len()).sum::<usize>();
        let is_decided = side.known.iter().any(|at| self.tracks[*at].held.is_some());
        if along.is_empty() || is_decided || pictures(&side.known) > pictures(along) {
            return true;
        }
        let all: Vec<usize> = side.known.iter().chain(along).copied().collect();
        let may_be = |p: PersonId| p == person || along.iter().all(|at| taken.may_be(*at, p));
        self.likeliest(&all, may_be).is_some_and(|(best, belief)| best == person && belief >= self.params.similarity_th)
    }

    /// Returns the likeliest person of tracks by their mean, and the belief in it.
    fn likeliest(&self, tracks: &[usize], may_be: impl Fn(PersonId) -> bool) -> Option<(PersonId, f32)> {
        let all = self.gallery.likenesses(self.params.nearest, self.strangers, &self.mean(tracks)?);
        assign::likeliest(self.params, self.strangers, &all, self.quality(tracks), may_be)
    }

    fn quality(&self, tracks: &[usize]) -> f32 {
        tracks.iter().map(|at| self.tracks[*at].quality).fold(0.0, f32::max)
    }

    fn may_join(&self, track: usize, whose: Whose, taken: &Taken) -> bool {
        match whose {
            Whose::Person(person) => taken.may_be(track, person),
            _ => {
                let own = &self.tracks[track];
                let meets = |other: &(usize, Membership)| {
                    let other = &self.tracks[other.0];
                    other.shot == own.shot && share_a_picture(own.frames, other.frames)
                };
                !self.groups.get(&whose).is_some_and(|members| members.iter().any(meets))
            }
        }
    }

    /// Asks clusters as wholes, the surest first.
    fn ask(&mut self, unknown: Vec<Vec<usize>>, taken: &mut Taken) {
        let (params, strangers) = (self.params, self.strangers);
        let mut open: Vec<(Vec<usize>, Vec<super::gallery::Likeness>, f32)> = Vec::new();
        for cluster in unknown {
            let quality = self.quality(&cluster);
            match self.mean(&cluster).map(|mean| self.gallery.likenesses(params.nearest, strangers, &mean)) {
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
