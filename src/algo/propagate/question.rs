//! From what is known of somebody to the tracks that may be theirs.

use super::score::{Known, Params};
use crate::algo::cluster::Mean;
use crate::domain::TrackId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One track, as comparing needs it.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    pub track: TrackId,
    /// Absent where no face of it could be embedded.
    pub vector: Option<&'a Mean>,
    /// That of its best face, `0..=1`.
    pub quality: f32,
    /// Pictures with its face, ascending.
    pub pictures: &'a [u64],
}

/// Somebody who is another person.
#[derive(Debug, Clone)]
pub struct Rival<'a, K> {
    pub who: K,
    pub tracks: Vec<Sample<'a>>,
}

/// Why a track is left as it is, whatever it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// It is locked, or all of its identity is.
    Locked,
    /// A person said whose it is.
    Decided,
    /// A person said that it is not theirs.
    Never,
    /// A person said that it counts for nobody.
    Discarded,
}

/// A track that may be theirs.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a, K> {
    pub sample: Sample<'a>,
    /// Whose it is now, where that is one of the rivals: what is known of them is known without it.
    pub whose: Option<K>,
    pub held: Option<Held>,
}

/// What is asked: who else is this.
#[derive(Debug, Clone)]
pub struct Question<'a, K> {
    /// Every track that is theirs.
    pub own: Vec<Sample<'a>>,
    pub rivals: Vec<Rival<'a, K>>,
    pub asked: Vec<Asked<'a, K>>,
}

/// A track that is likely theirs.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer<K> {
    pub track: TrackId,
    /// Belief that it is theirs, `0..=1`.
    pub belief: f32,
    /// How like them it is: cosine on the scale of single faces, `-1..=1`.
    pub likeness: f32,
    /// Their track that it is most like.
    pub nearest: TrackId,
    /// Who comes next, and how like them it is.
    pub next: Option<(K, f32)>,
    /// Others that are offered and seen in a picture with it, by falling belief: at most one of them all is theirs.
    pub beside: Vec<TrackId>,
}

/// Why a track that looks like them is not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    Held(Held),
    /// It is in a picture with one of theirs.
    Together,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Held(Held::Locked) => "locked",
            Self::Held(Held::Decided) => "decided by a person",
            Self::Held(Held::Never) => "said not to be theirs",
            Self::Held(Held::Discarded) => "discarded",
            Self::Together => "seen together with them",
        })
    }
}

/// What is found.
#[derive(Debug, Clone, PartialEq)]
pub struct Offers<K> {
    /// By falling belief, then track.
    pub offers: Vec<Offer<K>>,
    /// How many others look as much like them and are left alone, and why.
    pub left: BTreeMap<Left, usize>,
}

/// Finds the tracks that are somebody's with a belief of `least` or more.
///
/// `strangers` is the mean cosine of two people's single faces. Nothing is found where no face of theirs has a vector. Costs one cosine a
/// track, and for those that are like their mean at all, one for each of their `known_by` tracks and each rival.
#[must_use]
pub fn propose<K: Ord + Copy>(params: &Params, strangers: f32, question: &Question<'_, K>) -> Offers<K> {
    let mut found = Offers { offers: Vec::new(), left: BTreeMap::new() };
    let Some(own) = Known::of(params, vectors(&question.own)) else { return found };
    let theirs = Pictures::of(question.own.iter().map(|s| s.pictures));
    let rivals: BTreeMap<K, Known<'_>> =
        question.rivals.iter().filter_map(|r| Some((r.who, Known::of(params, vectors(&r.tracks))?))).collect();
    // Whoever is not even like the mean can be like single tracks only so far; what is left out here has a belief far below any that is listed.
    let floor = params.middle - FAR * params.width;
    let mut shown: Vec<(Offer<K>, &[u64])> = Vec::new();
    for asked in &question.asked {
        let Some(vector) = asked.sample.vector else { continue };
        if own.roughly(strangers, vector) < floor {
            continue;
        }
        let quality = asked.sample.quality.min(own.quality);
        let Some(like) = own.like(params, strangers, vector).filter(|l| params.belief(l.likeness, None, quality) >= params.least)
        else {
            continue;
        };
        let next = next_to(params, strangers, &rivals, asked, vector);
        let belief = params.belief(like.likeness, next.map(|n| n.1), quality);
        if belief < params.least {
            continue;
        }
        let left = match asked.held {
            Some(held) => Some(Left::Held(held)),
            None if theirs.meet(asked.sample.pictures) => Some(Left::Together),
            None => None,
        };
        if let Some(left) = left {
            *found.left.entry(left).or_default() += 1;
            continue;
        }
        let (track, likeness, nearest) = (asked.sample.track, like.likeness, like.nearest);
        shown.push((Offer { track, belief, likeness, nearest, next, beside: Vec::new() }, asked.sample.pictures));
    }
    shown.sort_by(|a, b| b.0.belief.total_cmp(&a.0.belief).then(a.0.track.cmp(&b.0.track)));
    let mut beside = beside(&shown);
    found.offers = shown.into_iter().map(|(offer, _)| offer).collect();
    for offer in &mut found.offers {
        offer.beside = beside.remove(&offer.track).unwrap_or_default();
    }
    found
}

/// Widths of the curve of belief below its middle, from where on a track is not compared with single tracks.
const FAR: f32 = 6.0;

fn vectors<'s, 'a: 's>(samples: &'s [Sample<'a>]) -> impl Iterator<Item = (TrackId, &'a Mean, f32)> + 's {
    samples.iter().filter_map(|s| Some((s.track, s.vector?, s.quality)))
}

/// Returns the rival that a track is most like.
fn next_to<K: Ord + Copy>(
    params: &Params,
    strangers: f32,
    rivals: &BTreeMap<K, Known<'_>>,
    asked: &Asked<'_, K>,
    vector: &Mean,
) -> Option<(K, f32)> {
    let like = |who: K, known: &Known<'_>| {
        let alone = if asked.whose == Some(who) { known.without(asked.sample.track) } else { None };
        let known = if asked.whose == Some(who) { alone.as_ref()? } else { known };
        Some((who, known.like(params, strangers, vector)?.likeness))
    };
    // Of many people one is like few: those whose mean is far are not compared track by track.
    let mut rough: Vec<(f32, K)> = rivals.iter().map(|(who, known)| (known.roughly(strangers, vector), *who)).collect();
    rough.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let near = rough.into_iter().take(RIVALS).filter_map(|(_, who)| like(who, rivals.get(&who)?));
    near.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
}

/// Rivals that a track is compared with track by track.
const RIVALS: usize = 4;

/// Finds which of the offers share a picture.
fn beside<K>(shown: &[(Offer<K>, &[u64])]) -> BTreeMap<TrackId, Vec<TrackId>> {
    let mut seen: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (at, (_, pictures)) in shown.iter().enumerate() {
        for picture in *pictures {
            seen.entry(*picture).or_default().push(at);
        }
    }
    let mut pairs: BTreeSet<(usize, usize)> = BTreeSet::new();
    for at in seen.into_values().filter(|at| at.len() > 1) {
        for (n, a) in at.iter().enumerate() {
            pairs.extend(at.iter().skip(n + 1).flat_map(|b| [(*a, *b), (*b, *a)]));
        }
    }
    let mut beside: BTreeMap<TrackId, Vec<TrackId>> = BTreeMap::new();
    for (a, b) in pairs {
        if let (Some((a, _)), Some((b, _))) = (shown.get(a), shown.get(b)) {
            beside.entry(a.track).or_default().push(b.track);
        }
    }
    beside
}

/// The pictures that somebody is in.
struct Pictures(Vec<bool>);

impl Pictures {
    fn of<'a>(all: impl Iterator<Item = &'a [u64]>) -> Self {
        let mut seen = Vec::new();
        for picture in all.flatten().filter_map(|p| usize::try_from(*p).ok()) {
            if seen.len() <= picture {
                seen.resize(picture + 1, false);
            }
            seen[picture] = true;
        }
        Self(seen)
    }

    fn meet(&self, pictures: &[u64]) -> bool {
        pictures.iter().any(|p| usize::try_from(*p).is_ok_and(|p| self.0.get(p) == Some(&true)))
    }
}
