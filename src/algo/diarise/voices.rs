//! Joins chains into the voices of an episode.

use super::Params;
use super::chain::Links;
use super::window::Window;
use crate::algo::cluster::average_linkage;
use crate::domain::Embedding;
use std::cmp::Reverse;

/// The voices of an episode, in the order in which they are first heard.
#[derive(Debug)]
pub(super) struct Voices {
    /// The centre of each; `None` where nothing could be embedded, and all speech is taken for one voice.
    pub centres: Vec<Option<Embedding>>,
    /// Which voice each chain founded with others; `None` for chains that are given to the nearest voice, window by window.
    pub of_chain: Vec<Option<usize>>,
}

/// One local speaker, followed.
#[derive(Debug, Default)]
struct Chain {
    /// Its place among all chains.
    at: usize,
    parts: Vec<(Embedding, f32)>,
    /// Seconds that it speaks alone in, each counted once.
    alone_s: f32,
    /// The most of them in one window.
    longest_s: f32,
    /// Windows and the seconds alone in each, by window.
    windows: Vec<(usize, f32)>,
}

/// A chain with its mean voice.
struct Founder {
    chain: Chain,
    voice: Embedding,
}

/// Clusters chains by the mean of their voices: average linkage down to `join_cosine`, or as far as the number of speakers asks for.
///
/// Local speakers of one window are different people, and so are their chains, where both speak alone for `apart_s` there. Only chains
/// that hold `min_voice_s` of one voice alone in a window take part, the `max_chains` longest of them. What was joined is a speaker if it
/// speaks for `min_speaker_s`, or is like none of those who do (`stranger_cosine`). Where more speakers are known of than that, those who
/// speak longest of the others are speakers too.
pub(super) fn voices(windows: &[Window], links: &Links, chains: usize, coverage: f32, params: &Params) -> Voices {
    let (fewest, most) = params.bounds();
    let founders = founders(windows, links, chains, coverage, fewest, params);
    if founders.is_empty() {
        let heard = links.iter().flatten().flatten().next().is_some();
        return Voices { centres: if heard { vec![None] } else { vec![] }, of_chain: vec![heard.then_some(0); chains] };
    }
    let merges = merges(&founders, params);
    let usual = merges.iter().take_while(|m| m.2 >= params.join_cosine).count();
    let after = |count: usize, least: usize| speakers(&founders, groups(founders.len(), &merges[..count]), least, params);
    let mut found = after(usual, 1);
    if found.len() < fewest {
        let apart = splits(usual).map(|count| after(count, 1)).find(|found| found.len() >= fewest);
        found = apart.unwrap_or_else(|| after(usual.min(founders.len().saturating_sub(fewest)), fewest));
    } else if found.len() > most {
        for count in usual + 1..=merges.len() {
            let joined = after(count, 1);
            // One merge may lead from too many to too few: then the shortest of the many are left out.
            if joined.len() < fewest {
                break;
            }
            found = joined;
            if found.len() <= most {
                break;
            }
        }
    }
    found.sort_by(|a, b| spoken(&founders, b).total_cmp(&spoken(&founders, a)));
    found.truncate(most);
    found.sort_by_key(|members| members.iter().map(|m| founders[*m].chain.at).min());
    let mut of_chain = vec![None; chains];
    for (voice, members) in found.iter().enumerate() {
        for member in members {
            of_chain[founders[*member].chain.at] = Some(voice);
        }
    }
    Voices { centres: found.iter().map(|members| centre(&founders, members)).collect(), of_chain }
}

/// Collects what chains say alone, of those who found voices, by place; there are `fewest` of them if there are so many chains with a voice.
fn founders(windows: &[Window], links: &Links, chains: usize, coverage: f32, fewest: usize, params: &Params) -> Vec<Founder> {
    let mut all: Vec<Chain> = (0..chains).map(|at| Chain { at, ..Chain::default() }).collect();
    for (i, (window, own)) in windows.iter().zip(links).enumerate() {
        for (k, chain) in own.iter().enumerate() {
            let (Some(chain), Some(voice)) = (chain.and_then(|c| all.get_mut(c)), window.voice(k)) else { continue };
            let alone = window.alone_s(k);
            // A voice that others speak into still tells more than none.
            chain.parts.push((voice.clone(), alone.max(1e-3)));
            chain.alone_s += alone / coverage;
            chain.longest_s = chain.longest_s.max(alone);
            chain.windows.push((i, alone / coverage));
        }
    }
    all.retain(|c| !c.parts.is_empty());
    let clear = all.iter().filter(|c| c.longest_s >= params.min_voice_s).count();
    all.sort_by(|a, b| b.longest_s.total_cmp(&a.longest_s).then(a.at.cmp(&b.at)));
    // Where fewer speak long enough alone, the longest are all there is.
    all.truncate(clear.max(fewest));
    all.sort_by(|a, b| b.alone_s.total_cmp(&a.alone_s).then(a.at.cmp(&b.at)));
    all.truncate(params.max_chains.max(fewest));
    all.sort_by_key(|c| c.at);
    let mean = |chain: &Chain| Embedding::mean(chain.parts.iter().map(|(voice, weight)| (voice, *weight)));
    all.into_iter().filter_map(|chain| Some(Founder { voice: mean(&chain)?, chain })).collect()
}

/// Joins all founders that may be joined, the most alike first.
fn merges(founders: &[Founder], params: &Params) -> Vec<(usize, usize, f32)> {
    let similarity = |a: usize, b: usize| {
        let (a, b) = (&founders[a], &founders[b]);
        (together_s(&a.chain, &b.chain) <= params.apart_s).then(|| a.voice.cosine(&b.voice)).flatten()
    };
    average_linkage(founders.len(), -1.0, &[], similarity).merges
}

/// Returns the groups that some merges lead to, as positions, by the first of each.
fn groups(founders: usize, merges: &[(usize, usize, f32)]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = (0..founders).map(|founder| vec![founder]).collect();
    for (kept, gone, _) in merges {
        let gone = std::mem::take(&mut groups[*gone]);
        groups[*kept].extend(gone);
    }
    groups.retain(|g| !g.is_empty());
    groups
}

/// Returns fewer and fewer merges, down to none: by one at first, farther away by a sixteenth of the way.
fn splits(from: usize) -> impl Iterator<Item = usize> {
    let next = move |count: &usize| (*count > 0).then(|| count.saturating_sub(((from - count) / 16).max(1)));
    std::iter::successors(from.checked_sub(1), next)
}

/// Returns the groups that are speakers; of those who speak too little, as many as make `least` are.
fn speakers(founders: &[Founder], mut groups: Vec<Vec<usize>>, least: usize, params: &Params) -> Vec<Vec<usize>> {
    groups.sort_by_key(|g| Reverse(g.len()));
    groups.sort_by(|a, b| spoken(founders, b).total_cmp(&spoken(founders, a)));
    let enough = groups.iter().filter(|g| spoken(founders, g) >= params.min_speaker_s).count().max(least);
    let known: Vec<Option<Embedding>> = groups.iter().take(enough).map(|g| centre(founders, g)).collect();
    let nearest = |group: &[usize]| {
        let own = centre(founders, group);
        known.iter().flatten().filter_map(|k| own.as_ref()?.cosine(k)).fold(-1.0, f32::max)
    };
    groups
        .iter()
        .enumerate()
        .filter(|(i, g)| *i < enough || nearest(g) < params.stranger_cosine)
        .map(|(_, g)| g.clone())
        .collect()
}

/// Returns the seconds that two chains both speak in, alone, within the same windows: of the less talkative of the two.
fn together_s(a: &Chain, b: &Chain) -> f32 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while let (Some((x, s)), Some((y, t))) = (a.windows.get(i), b.windows.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                sum += s.min(*t);
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    sum
}

fn spoken(founders: &[Founder], members: &[usize]) -> f32 {
    members.iter().map(|m| founders[*m].chain.alone_s).sum()
}

fn centre(founders: &[Founder], members: &[usize]) -> Option<Embedding> {
    Embedding::mean(members.iter().map(|m| (&founders[*m].voice, founders[*m].chain.alone_s.max(1e-3))))
}
