//! From a range of crops to the pictures that it stands for.

use super::super::super::model::{Desk, Stretch};
use super::super::super::text::seconds;
use crate::domain::MediaTime;

/// Returns the pictures from the crop where the range began to the one under the cursor; `None` where there is no range, or the crop
/// after it is not there yet.
///
/// Between two crops lie pictures that were not kept: those after a crop, up to the next that is shown, go with it; those before the
/// first crop go with the first.
pub(crate) fn of(desk: &Desk) -> Option<Stretch> {
    let (track, frame) = desk.strips.mark?;
    let strip = desk.strips.strip()?;
    let began = strip.rows.iter().position(|row| row.track == track && row.at.frame == frame)?;
    between(desk, began, desk.strips.crop.min(strip.count().saturating_sub(1)))
}

/// Returns the pictures of the crop under the cursor.
pub(crate) fn of_one(desk: &Desk) -> Option<Stretch> {
    let at = desk.strips.crop.min(desk.strips.strip()?.count().saturating_sub(1));
    between(desk, at, at)
}

fn between(desk: &Desk, a: usize, b: usize) -> Option<Stretch> {
    let (info, strip) = (desk.track()?, desk.strips.strip()?);
    let (first, last) = (a.min(b), a.max(b));
    let track = &info.track;
    let (from, begin) = match strip.rows.get(first)? {
        row if first > 0 => (row.at.frame, row.at.pts),
        _ => (track.first.frame, track.first.pts),
    };
    let (to, end) = match strip.rows.get(last + 1) {
        Some(next) => (next.at.frame, next.at.pts),
        None if last + 1 >= strip.count() => {
            (track.last.frame + 1, info.seen.last().map_or(track.last.pts, |s| s.end()).max(track.last.pts))
        }
        None => return None,
    };
    Some(Stretch { track: track.id, from, to, begin, end, crops: (first, last) })
}

/// Names the pictures: `pictures 120–163, 1.4 s`.
pub(crate) fn told(stretch: &Stretch) -> String {
    let length = seconds((stretch.end - stretch.begin).max(MediaTime::ZERO));
    match stretch.to - stretch.from {
        1 => format!("picture {}, {length}", stretch.from),
        _ => format!("pictures {}–{}, {length}", stretch.from, stretch.to - 1),
    }
}
