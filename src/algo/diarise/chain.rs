//! Follows local speakers from window to window: windows that overlap hear the same speech, so who speaks when tells who is whom.

use super::Params;
use super::window::Window;
use crate::domain::LOCAL_SPEAKERS;

/// Which chain each local speaker of each window belongs to; `None` for those who never speak.
pub(super) type Links = Vec<[Option<usize>; LOCAL_SPEAKERS]>;

/// Every way to give three local speakers to three.
const ORDERS: [[usize; LOCAL_SPEAKERS]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// Frames that two must speak in together to be compared: a tenth of a second each.
const MIN_FRAMES: u32 = 12;

/// Follows local speakers, and returns how many chains there are.
///
/// One is followed into the next window where both speak in the same frames (Dice of at least `follow_overlap`) and sound alike (cosine
/// of at least `follow_cosine`, where both have a voice). A chain is as sure as its weakest link, so doubt begins a new one: clustering
/// joins two of one person, but nothing parts a chain of two people.
pub(super) fn follow(windows: &[Window], params: &Params) -> (Links, usize) {
    let mut links: Links = Vec::with_capacity(windows.len());
    let mut chains = 0;
    for (i, window) in windows.iter().enumerate() {
        let mut own = [None; LOCAL_SPEAKERS];
        if let Some((before, known)) = i.checked_sub(1).and_then(|p| Some((windows.get(p)?, links.get(p)?))) {
            for (from, to) in matches(before, window, params) {
                own[to] = known[from];
            }
        }
        for (k, chain) in own.iter_mut().enumerate() {
            if chain.is_none() && window.has(k) {
                *chain = Some(chains);
                chains += 1;
            }
        }
        links.push(own);
    }
    (links, chains)
}

/// Pairs local speakers of a window with those of the one after it.
fn matches(before: &Window, after: &Window, params: &Params) -> Vec<(usize, usize)> {
    let overlap = overlaps(before, after);
    let sum = |order: &[usize; LOCAL_SPEAKERS]| order.iter().enumerate().map(|(from, to)| overlap[from][*to]).sum::<f32>();
    let best = ORDERS.iter().rev().max_by(|a, b| sum(a).total_cmp(&sum(b))).unwrap_or(&ORDERS[0]);
    let pairs = best.iter().enumerate().map(|(from, to)| (from, *to));
    pairs.filter(|(from, to)| overlap[*from][*to] >= params.follow_overlap && alike(before, *from, after, *to, params)).collect()
}

fn alike(before: &Window, from: usize, after: &Window, to: usize, params: &Params) -> bool {
    let cosine = before.voice(from).zip(after.voice(to)).and_then(|(a, b)| a.cosine(b));
    cosine.is_none_or(|c| c >= params.follow_cosine)
}

/// Returns the Dice coefficient of every pair over the frames that both windows hold, 0 where they hardly speak.
fn overlaps(before: &Window, after: &Window) -> [[f32; LOCAL_SPEAKERS]; LOCAL_SPEAKERS] {
    let shift = after.offset.saturating_sub(before.offset);
    let common = before.speaks.get(shift..).unwrap_or_default().iter().zip(&after.speaks);
    let mut both = [[0u32; LOCAL_SPEAKERS]; LOCAL_SPEAKERS];
    let (mut first, mut second) = ([0u32; LOCAL_SPEAKERS], [0u32; LOCAL_SPEAKERS]);
    for (a, b) in common {
        for k in 0..LOCAL_SPEAKERS {
            first[k] += u32::from(a >> k & 1);
            second[k] += u32::from(b >> k & 1);
            for (l, both) in both[k].iter_mut().enumerate() {
                *both += u32::from(a >> k & b >> l & 1);
            }
        }
    }
    let mut dice = [[0.0; LOCAL_SPEAKERS]; LOCAL_SPEAKERS];
    for (k, row) in dice.iter_mut().enumerate() {
        for (l, dice) in row.iter_mut().enumerate() {
            let sum = first[k] + second[l];
            if sum >= MIN_FRAMES {
                *dice = 2.0 * both[k][l] as f32 / sum as f32;
            }
        }
    }
    dice
}
