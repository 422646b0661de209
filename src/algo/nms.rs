//! Non-maximum suppression.

use crate::domain::{BBox, Detection};

/// Keeps the surest of the boxes that overlap by more than `iou`; returns them by falling score.
///
/// Greedy, as every detector here was published with. Equal scores are ordered by the box's left, top, right and bottom,
/// so that the result does not depend on the order of the input. Boxes that are not numbers overlap nothing and stay.
#[must_use]
pub fn nms(detections: Vec<Detection>, iou: f32) -> Vec<Detection> {
    suppress(detections, |d| (d.bbox, d.score), BBox::iou, iou)
}

/// The same for anything that has a box and a score, and any measure of overlap.
#[must_use]
pub fn suppress<T>(
    mut items: Vec<T>,
    of: impl Fn(&T) -> (BBox, f32),
    overlap: impl Fn(&BBox, &BBox) -> f32,
    most: f32,
) -> Vec<T> {
    items.sort_by(|a, b| {
        let ((p, first), (q, second)) = (of(a), of(b));
        let corners = |b: BBox| [b.x1, b.y1, b.x2, b.y2];
        let places = corners(p).into_iter().zip(corners(q)).map(|(p, q)| p.total_cmp(&q));
        places.fold(second.total_cmp(&first), std::cmp::Ordering::then)
    });
    let mut kept: Vec<T> = Vec::new();
    for item in items {
        let bbox = of(&item).0;
        // Not `<=` turned round: an overlap that is no number suppresses nothing.
        if !kept.iter().any(|k| overlap(&of(k).0, &bbox) > most) {
            kept.push(item);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn face(x: f32, y: f32, side: f32, score: f32) -> Detection {
        Detection { bbox: BBox::new(x, y, x + side, y + side), landmarks: None, score }
    }

    #[test]
    fn the_surer_of_two_overlapping_boxes_stays() {
        let kept = nms(vec![face(0.0, 0.0, 10.0, 0.6), face(1.0, 0.0, 10.0, 0.9), face(50.0, 0.0, 10.0, 0.7)], 0.4);
        assert_eq!(kept.iter().map(|d| d.score).collect::<Vec<_>>(), [0.9, 0.7]);
    }

    proptest! {
        #[test]
        fn the_order_of_the_input_does_not_matter(
            boxes in prop::collection::vec((0u8..20, 0u8..20, 5u8..15, 0u8..4), 0..12).prop_shuffle()
        ) {
            let faces: Vec<_> =
                boxes.iter().map(|&(x, y, s, p)| face(f32::from(x), f32::from(y), f32::from(s), f32::from(p) / 4.0)).collect();
            let mut reversed = faces.clone();
            reversed.reverse();
            let kept = nms(faces, 0.4);
            prop_assert_eq!(&kept, &nms(reversed, 0.4));
            for (i, a) in kept.iter().enumerate() {
                prop_assert!(kept[..i].iter().all(|b| b.bbox.iou(&a.bbox) <= 0.4 && b.score >= a.score));
            }
        }
    }
}
