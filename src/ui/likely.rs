//! The order of a picker's identities: who looks like it first, who is seen together with it last.

use super::model::{Desk, Given, Item, Pick};
use super::screens::near;
use super::text::{clock, score};
use crate::domain::{IdentityId, MediaTime, Span, TrackId};
use crate::session::{Candidate, Near};

/// Returns the only one of a list.
pub(crate) fn one<T: Copy>(list: &[T]) -> Option<T> {
    if let [one] = list { Some(*one) } else { None }
}

/// Returns the track that is given away, where it is one.
pub(crate) fn of_given(given: &Given) -> Option<Near> {
    match given {
        Given::Tracks(tracks) => one(tracks).map(Near::Track),
        Given::Pictures(stretch) => Some(Near::Track(stretch.track)),
    }
}

/// Puts those that look like `to` first, with their likeness; those that were seen together with it last. Where that is not known,
/// the order stays.
pub(crate) fn sort(desk: &Desk, to: Option<Near>, items: &mut [Item]) {
    let Some(list) = to.and_then(|to| near::known_of(desk, to)) else { return };
    let place = |item: &Item| list.iter().position(|c| means(desk, c, &item.pick)).map(|at| (at, list[at]));
    for item in items.iter_mut() {
        match place(item) {
            Some((_, Candidate { together: Some(_), .. })) => item.note = format!("✕ together · {}", item.note),
            Some((_, candidate)) if candidate.likeness > 0.0 => {
                item.note = format!("{} · {}", score(f64::from(candidate.likeness)), item.note);
            }
            _ => {}
        }
    }
    items.sort_by_cached_key(|item| match place(item) {
        Some((_, Candidate { together: Some(_), .. })) => (2, 0),
        Some((at, candidate)) if candidate.likeness > 0.0 => (0, at),
        _ => (1, 0),
    });
}

fn means(desk: &Desk, candidate: &Candidate, pick: &Pick) -> bool {
    match pick {
        Pick::Identity(id) => candidate.identity == *id,
        Pick::Person(name) => desk.card_of(candidate.identity).is_some_and(|card| card.identity.name.as_ref() == Some(name)),
        _ => false,
    }
}

/// Marks the identities that are seen while one of `ids` is: two faces at once are two people, or one of them is a picture.
pub(crate) fn warn(desk: &Desk, ids: &[IdentityId], items: &mut [Item]) {
    let origin = desk.snapshot.shots.first().map_or(MediaTime::ZERO, |s| s.start);
    let spans = |id: IdentityId| {
        let tracks: &[TrackId] = desk.card_of(id).map_or(&[], |card| &card.tracks);
        tracks.iter().filter_map(|t| desk.snapshot.tracks.get(t)).flat_map(|t| &t.seen)
    };
    let mut own: Vec<&Span> = ids.iter().flat_map(|id| spans(*id)).collect();
    own.sort_by_key(|s| (s.start(), s.end()));
    // The latest end so far rises with the beginnings, so that halving finds whoever lasts into a moment.
    let mut ends: Vec<MediaTime> = Vec::with_capacity(own.len());
    for span in &own {
        ends.push(span.end().max(ends.last().copied().unwrap_or(span.end())));
    }
    let meets = |span: &Span| {
        let began = own.partition_point(|o| o.start() < span.end());
        let over = ends.partition_point(|end| *end <= span.start());
        own.get(over).filter(|_| over < began).map(|o| o.start().max(span.start()))
    };
    for item in items.iter_mut() {
        if let Pick::Identity(id) = item.pick
            && let Some(at) = spans(id).filter_map(meets).min()
        {
            item.note = format!("✕ both seen at {}", clock(at - origin));
        }
    }
    items.sort_by_key(|item| item.note.starts_with('✕'));
}
