//! Gives every local speaker of every window to a voice.

use super::Params;
use super::chain::Links;
use super::voices::Voices;
use super::window::Window;
use crate::domain::LOCAL_SPEAKERS;
use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;

/// Which voice a local speaker is, and the belief in it, `0..=1`.
pub(super) type Owner = Option<(usize, f32)>;

/// Cosines as whole numbers, which matching needs.
const FINE: f32 = 1e6;
/// Less than any sum of cosines: a place of nobody.
const NOBODY: i64 = -10_000_000;
/// Belief of what was followed, but not heard well enough to compare.
const UNHEARD: f32 = 0.5;

/// Assigns the local speakers of each window to different voices, so that the sum of cosines is highest (Hungarian method).
///
/// One without a vector is the voice that its chain belongs to, or nobody.
pub(super) fn assign(windows: &[Window], links: &Links, voices: &Voices, params: &Params) -> Vec<[Owner; LOCAL_SPEAKERS]> {
    windows.iter().zip(links).map(|(window, own)| assign_window(window, own, voices, params)).collect()
}

fn assign_window(
    window: &Window,
    chains: &[Option<usize>; LOCAL_SPEAKERS],
    voices: &Voices,
    params: &Params,
) -> [Owner; LOCAL_SPEAKERS] {
    let mut owners = [None; LOCAL_SPEAKERS];
    let followed = |k: usize| chains.get(k).copied().flatten().and_then(|c| voices.of_chain.get(c).copied().flatten());
    let rows: Vec<(usize, Vec<f32>)> = (0..LOCAL_SPEAKERS)
        .filter(|k| chains[*k].is_some())
        .filter_map(|k| {
            let voice = window.voice(k)?;
            Some((k, voices.centres.iter().map(|c| c.as_ref().and_then(|c| voice.cosine(c)).unwrap_or(-1.0)).collect()))
        })
        .collect();
    if !rows.is_empty() && !voices.centres.is_empty() {
        let wide = voices.centres.len() + rows.len();
        #[expect(clippy::cast_possible_truncation, reason = "cosines in millionths")]
        let weight = |r: usize, c: usize| rows[r].1.get(c).map_or(NOBODY, |cosine| (cosine * FINE) as i64);
        let weights = Matrix::from_fn(rows.len(), wide, |(r, c)| weight(r, c));
        let (_, places) = kuhn_munkres(&weights);
        for ((k, cosines), place) in rows.iter().zip(places) {
            owners[*k] = cosines.get(place).map(|_| (place, belief(cosines, place, params)));
        }
    }
    for k in 0..LOCAL_SPEAKERS {
        if chains[k].is_some() && window.voice(k).is_none() {
            let free = |voice: &usize| !owners.iter().flatten().any(|o: &(usize, f32)| o.0 == *voice);
            owners[k] = followed(k).filter(free).map(|voice| (voice, UNHEARD));
        }
    }
    owners
}

/// Says how surely a voice is the one at `place`, by how much nearer it is than the next one; a logistic curve.
fn belief(cosines: &[f32], place: usize, params: &Params) -> f32 {
    let own = cosines.get(place).copied().unwrap_or(-1.0);
    let others = cosines.iter().enumerate().filter(|(i, _)| *i != place).map(|(_, c)| *c).fold(f32::NEG_INFINITY, f32::max);
    1.0 / (1.0 + ((others - own) / params.belief_width.max(1e-6)).exp())
}
