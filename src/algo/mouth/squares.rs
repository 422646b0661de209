//! Where the crop of a face lies, from its boxes.

use crate::domain::{BBox, MediaTime};

/// Centre and half side of a face, in pixels of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Square {
    pub half: f64,
    pub x: f64,
    pub y: f64,
}

/// Length of the median, of scores 25 times a second.
const MEDIAN: usize = 13;

/// Returns where a face is at each of `times`, ascending, from its boxes, ascending: joined by straight lines, held beyond the ends, then smoothed.
///
/// The median takes zeros beyond both ends, as scipy's `medfilt` in LR-ASD's code does; where there are fewer than 13 times it takes those
/// there are, since its zeros would win. Empty where there are no boxes.
#[must_use]
pub fn squares(boxes: &[(MediaTime, BBox)], times: &[MediaTime]) -> Vec<Square> {
    let Some(first) = boxes.first() else { return Vec::new() };
    let mut raw: [Vec<f64>; 3] = std::array::from_fn(|_| Vec::with_capacity(times.len()));
    let mut at = 0;
    for &time in times {
        while boxes.get(at + 1).is_some_and(|next| next.0 <= time) {
            at += 1;
        }
        let (from, to) = (boxes.get(at).unwrap_or(first), boxes.get(at + 1));
        let corners = match to {
            Some(to) if time > from.0 => {
                let share = (time - from.0).0 as f64 / (to.0 - from.0).0 as f64;
                let (a, b) = (corners(&from.1), corners(&to.1));
                std::array::from_fn(|i| (b[i] - a[i]) * share + a[i])
            }
            _ => corners(&from.1),
        };
        let [x1, y1, x2, y2] = corners;
        raw[0].push((y2 - y1).max(x2 - x1) / 2.0);
        raw[1].push(f64::midpoint(x1, x2));
        raw[2].push(f64::midpoint(y1, y2));
    }
    let [half, x, y] = raw.map(|values| median(&values));
    half.into_iter().zip(x).zip(y).map(|((half, x), y)| Square { half, x, y }).collect()
}

fn corners(b: &BBox) -> [f64; 4] {
    [b.x1, b.y1, b.x2, b.y2].map(f64::from)
}

fn median(values: &[f64]) -> Vec<f64> {
    let reach = MEDIAN / 2;
    let mut window = Vec::with_capacity(MEDIAN);
    (0..values.len())
        .map(|i| {
            window.clear();
            window.extend_from_slice(&values[i.saturating_sub(reach)..(i + reach + 1).min(values.len())]);
            if values.len() >= MEDIAN {
                window.resize(MEDIAN, 0.0);
            }
            let middle = window.len() / 2;
            *window.select_nth_unstable_by(middle, f64::total_cmp).1
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(picture: i64) -> MediaTime {
        MediaTime(1_704_000 + picture * 40_000)
    }

    fn square_box(x: f32, y: f32, side: f32) -> BBox {
        BBox::new(x - side / 2.0, y - side / 2.0, x + side / 2.0, y + side / 2.0)
    }

    #[test]
    fn gaps_are_joined_by_straight_lines_and_ends_held() {
        let boxes = [(at(0), square_box(100.0, 50.0, 40.0)), (at(10), square_box(110.0, 50.0, 40.0))];
        let times: Vec<_> = (0..30).map(at).collect();
        let got = squares(&boxes, &times);
        assert_eq!(got[7], Square { half: 20.0, x: 107.0, y: 50.0 });
        assert_eq!(got[20], Square { half: 20.0, x: 110.0, y: 50.0 });
    }

    /// `scipy.signal.medfilt(numpy.arange(1, 15) ** 1.5, 13)`, rounded to 4 digits.
    #[test]
    fn the_median_is_scipys_with_zeros_beyond_both_ends() {
        let values: Vec<f64> = (1..15).map(|v| f64::from(v).powf(1.5)).collect();
        let due =
            [1.0, 2.8284, 5.1962, 8.0, 11.1803, 14.6969, 18.5203, 22.6274, 22.6274, 22.6274, 22.6274, 22.6274, 22.6274, 22.6274];
        for (found, due) in median(&values).iter().zip(due) {
            assert!((found - due).abs() < 1e-4, "{found} {due}");
        }
    }

    #[test]
    fn a_track_shorter_than_the_median_keeps_its_size() {
        let boxes = [(at(0), square_box(100.0, 50.0, 40.0))];
        assert!(squares(&boxes, &[at(0), at(1), at(2)]).iter().all(|s| *s == Square { half: 20.0, x: 100.0, y: 50.0 }));
    }
}
