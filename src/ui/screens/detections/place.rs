//! How the tab is divided; it depends on the terminal and the video alone, so that moving never reflows.

use crate::domain::Size;
use ratatui::layout::Rect;

/// Where everything stands, in cells of the terminal; what has no room has no height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub head: Rect,
    pub frame: Rect,
    pub list: Rect,
    pub sliders: Rect,
    pub timeline: Rect,
}

/// Lines of the thresholds, and of the timeline.
const SLIDERS: u16 = 3;
const TIMELINE: u16 = 2;

/// Divides a terminal of this size for a video whose pictures are `full`: the picture as large as it can be beside a list.
pub(super) fn place(size: (u16, u16), full: Size, is_zoomed: bool) -> Place {
    let body = Rect::new(0, 2, size.0, size.1.saturating_sub(5));
    let head = Rect { height: body.height.min(1), ..body };
    let below = if is_zoomed { 0 } else { SLIDERS + TIMELINE + u16::from(body.height >= 24) };
    let beside = if is_zoomed { 0 } else { (body.width * 27 / 100).clamp(26, 44) };
    let room = (body.width.saturating_sub(beside), body.height.saturating_sub(1 + below));
    let (columns, rows) = cells(full, room);
    let left = if is_zoomed { (body.width - columns) / 2 } else { 1.min(body.width - columns) };
    let frame = Rect::new(left, body.y + 1, columns, rows);
    if is_zoomed {
        let nothing = Rect::default();
        return Place { head, frame, list: nothing, sliders: nothing, timeline: nothing };
    }
    let list = Rect::new(frame.right() + 1, frame.y, body.width.saturating_sub(frame.right() + 1), room.1);
    let timeline = Rect { y: body.bottom().saturating_sub(TIMELINE), height: TIMELINE, ..body };
    let sliders = Rect { y: timeline.y.saturating_sub(SLIDERS), height: SLIDERS, ..body };
    Place { head, frame, list, sliders, timeline }
}

/// Returns how many cells a picture fills at most, a cell being twice as high as wide.
fn cells(full: Size, (width, height): (u16, u16)) -> (u16, u16) {
    let shape = 2.0 * f64::from(full.width.max(1)) / f64::from(full.height.max(1));
    let columns = f64::from(width).min(f64::from(height) * shape);
    let rows = (columns / shape).min(f64::from(height));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "no more than was given")]
    let whole = |cells: f64| cells.round() as u16;
    (whole(columns).clamp(1, width.max(1)), whole(rows).clamp(1, height.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_wide_picture_takes_most_of_a_usual_terminal() {
        let place = place((120, 40), Size { width: 1280, height: 720 }, false);
        assert_eq!((place.frame.width, place.frame.height), (88, 25));
        assert_eq!(place.list.right(), 120);
    }

    proptest! {
        #[test]
        fn nothing_overlaps_and_nothing_leaves_the_screen(
            size in (60u16..300, 16u16..120), full in (1u32..4000, 1u32..4000), is_zoomed: bool,
        ) {
            let full = Size { width: full.0, height: full.1 };
            let place = place(size, full, is_zoomed);
            let all = [place.head, place.frame, place.list, place.sliders, place.timeline];
            let body = Rect::new(0, 2, size.0, size.1 - 5);
            for (n, a) in all.iter().enumerate() {
                prop_assert!(a.area() == 0 || a.intersection(body) == *a, "{place:?}");
                for b in &all[n + 1..] {
                    prop_assert!(a.intersection(*b).area() == 0, "{place:?}");
                }
            }
        }
    }
}
