//! Why a decision cannot be, as a colleague would say it: what, when in the episode, and which key helps.

pub(crate) mod catalog;

use super::keymap::{Action, Place};
use super::model::{Desk, Model, title};
use super::text::clock;
use super::worker::Told;
use crate::domain::{MediaTime, TrackId};
use crate::session::Refusal;

/// Says it in the words of the screen: times for pictures, names for numbers, keys for commands.
pub(crate) fn told(model: &Model, why: &Refusal) -> Told {
    let key = |action| model.keymap.key_of(Place::Tracks, action).unwrap_or_else(|| ":".into());
    let Some(desk) = &model.desk else { return Told { what: why.to_string(), hint: Some(why.hint()) } };
    let (what, hint) = match why {
        Refusal::Overlap { a, b, first, pictures } => (
            format!(
                "{} and {} are both seen in {}, first at {}: two faces at once are two people",
                named(desk, *a),
                named(desk, *b),
                super::draw::counted(*pictures, "picture"),
                moment(desk, *a, *first)
            ),
            format!("{} splits one of them at its crop of somebody else", key(Action::Split)),
        ),
        Refusal::TwoShots { a, b } => (
            format!("{} and {} are in two shots, and a track lies in one", named(desk, *a), named(desk, *b)),
            format!("{} gives both to one person, and their time adds up", key(Action::Reassign)),
        ),
        Refusal::CutOutside { at, first, last, .. } if at <= first || at > last => (
            "the track begins with this crop: nothing lies before it that could be split off".into(),
            format!("go right to the first crop of somebody else, then {}", key(Action::Split)),
        ),
        Refusal::NoPictures { track, from, to } => (
            format!(
                "{} has no face from {} to {}: its pictures are others by now",
                named(desk, *track),
                moment(desk, *track, *from),
                moment(desk, *track, *to)
            ),
            format!("{} begins the range anew", key(Action::RangeCrops)),
        ),
        Refusal::Locked { what } => (
            format!("{what} is locked: no decision changes it"),
            format!("{} unlocks, here a track, in Identities all of an identity", key(Action::Lock)),
        ),
        Refusal::Nobodys { track } => (
            format!("{track} counts for nobody, so there is nothing to lock"),
            format!("{} gives it to somebody", key(Action::Reassign)),
        ),
        Refusal::NotDiscarded { track } => (
            format!("{} was not discarded, it counts already", named(desk, *track)),
            format!("{} discards", key(Action::Discard)),
        ),
        Refusal::NoTrack { track } => {
            (format!("{track} is not there any more: it was joined to another, or its cut was undone"), again(model))
        }
        Refusal::NoIdentity { identity, .. } => {
            (format!("{identity} is not there any more: it was merged or emptied meanwhile"), again(model))
        }
        Refusal::Itself { identity } => (
            format!("{} cannot be merged into itself", desk.card_of(*identity).map_or_else(|| identity.to_string(), title)),
            "take another".into(),
        ),
        Refusal::Unnamed { what } => {
            let who = unnamed(desk, what);
            let name = model.keymap.key_of(Place::Identities, Action::Name).unwrap_or_else(|| ":".into());
            (
                format!("{who} has no name: nobody can be found who is the same person"),
                format!("{name} in Identities names it first"),
            )
        }
        Refusal::TwoPeople => ("the selection is of two people: only one can get more".into(), "select what is of one".into()),
        Refusal::IsDecided { track } => (
            format!("{} was decided by a person: that stays", named(desk, *track)),
            format!("{} gives it to somebody else", key(Action::Reassign)),
        ),
        why => spoken(model, desk, why).unwrap_or_else(|| (why.to_string(), why.hint())),
    };
    Told { what, hint: Some(hint) }
}

/// Says it of turns and voices.
fn spoken(model: &Model, desk: &Desk, why: &Refusal) -> Option<(String, String)> {
    let key = |action| model.keymap.key_of(Place::Voices, action).unwrap_or_else(|| ":".into());
    let at = |t: MediaTime| clock(t - desk.origin());
    Some(match why {
        Refusal::Silence { from, to } => {
            (format!("nobody speaks from {} to {}", at(*from), at(*to)), format!("{} adds a turn there", key(Action::AddTurn)))
        }
        Refusal::CutOutsideTurn { span, .. } => (
            format!("the moment is not inside the turn, {} to {}", at(span.start()), at(span.end())),
            format!("{} {} move it, then {}", key(Action::Left), key(Action::Right), key(Action::Split)),
        ),
        Refusal::NoLength { from } => (
            format!("a turn from {} on would end before it begins", at(*from)),
            format!("{} and {} move the moment", key(Action::Left), key(Action::Right)),
        ),
        Refusal::NoTurn { turn } => (format!("{turn} is not there any more: it was joined to another or dropped"), again(model)),
        Refusal::NoVoice { speaker, .. } => (format!("{speaker} is not there any more: it was merged"), again(model)),
        _ => return None,
    })
}

fn again(model: &Model) -> String {
    let key = model.keymap.key_of(model.place_below(), Action::Refresh).unwrap_or_else(|| ":".into());
    format!("{key} reads the episode again")
}

/// Says who that is which has no name.
fn unnamed(desk: &Desk, what: &str) -> String {
    let card = what.parse().ok().and_then(|id| desk.card_of(id)).map(title);
    card.or_else(|| Some(named(desk, what.parse().ok()?))).unwrap_or_else(|| what.to_owned())
}

/// Names a track by its number and whose it is: `t7 (Person A)`.
fn named(desk: &Desk, track: TrackId) -> String {
    let owner = desk.snapshot.tracks.get(&track).and_then(|t| t.assignment).and_then(|a| desk.card_of(a.identity));
    owner.map_or_else(|| track.to_string(), |card| format!("{track} ({})", title(card)))
}

/// Returns when a picture of a track is shown. Pictures follow each other evenly between the first and the last of a track.
fn moment(desk: &Desk, track: TrackId, frame: u64) -> String {
    let origin = desk.snapshot.shots.first().map_or(MediaTime::ZERO, |s| s.start);
    let Some(info) = desk.snapshot.tracks.get(&track) else { return format!("picture {frame}") };
    let (first, last) = (info.track.first, info.track.last);
    let pictures = i64::try_from(last.frame.saturating_sub(first.frame)).unwrap_or(i64::MAX).max(1);
    let along = i64::try_from(frame.saturating_sub(first.frame)).unwrap_or(0);
    let length = last.pts.0 - first.pts.0;
    clock(MediaTime(first.pts.0 + length.saturating_mul(along) / pictures) - origin)
}
