//! Estimates where a face looks from its five points.

use crate::domain::{Landmarks, Point};

/// How far the tip of the nose stands out of the plane of eyes and mouth, in distances between the eyes.
const NOSE: f32 = 0.55;
/// Distance from eyes to mouth in distances between the eyes, of the frontal ArcFace template.
const EYES_TO_MOUTH: f32 = 1.154;
/// Where the nose tip of the frontal template lies between the line of the eyes (0) and that of the mouth (1).
const NOSE_LEVEL: f32 = 0.495;

/// Angles in degrees, 0 for a face that looks into the camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Positive looks to the image's right.
    pub yaw: f32,
    /// Positive looks up.
    pub pitch: f32,
    /// Positive leans clockwise.
    pub roll: f32,
}

/// Estimates pose from the five points, `None` where they fall together or are not numbers.
///
/// The face's own axes come first: right is the sum of the line of the eyes, the line of the mouth and the line from eyes to
/// mouth turned by a quarter, so that the long ones count and a profile still has an axis. Seen from afar (no perspective), a
/// nose that stands out by `NOSE` moves by `NOSE sin(yaw)` while the eyes close in by `cos(yaw)`; hence
/// `yaw = atan2(offset of the nose, NOSE x distance of the eyes)`, and pitch likewise between eyes and mouth. Expect errors of up
/// to 10 degrees for faces turned up to 45 degrees, more beyond.
#[must_use]
pub fn pose(points: &Landmarks) -> Option<Pose> {
    let [left_eye, right_eye, nose, left_mouth, right_mouth] = *points;
    let eyes = middle(left_eye, right_eye);
    let mouth = middle(left_mouth, right_mouth);
    let (across_eyes, across_mouth, down) = (from(left_eye, right_eye), from(left_mouth, right_mouth), from(eyes, mouth));
    let right = Point { x: across_eyes.x + across_mouth.x + down.y, y: across_eyes.y + across_mouth.y - down.x };
    let length = right.x.hypot(right.y);
    if !length.is_finite() || length < 1e-3 {
        return None;
    }
    let right = Point { x: right.x / length, y: right.y / length };
    let below = Point { x: -right.y, y: right.x };
    let spread = dot(across_eyes, right).max(0.0);
    let height = dot(down, below).max(1e-3);
    let tip = from(eyes, nose);
    // The line from eyes to mouth may lean against the axes: the nose is measured from that line.
    let level = dot(tip, below) / height;
    let offset = dot(tip, right) - level * dot(down, right);
    let lifted = (NOSE_LEVEL - level) * height;
    Some(Pose {
        yaw: offset.atan2(NOSE * spread).to_degrees(),
        pitch: lifted.atan2(NOSE / EYES_TO_MOUTH * height).to_degrees(),
        roll: right.y.atan2(right.x).to_degrees(),
    })
}

fn middle(a: Point, b: Point) -> Point {
    Point { x: f32::midpoint(a.x, b.x), y: f32::midpoint(a.y, b.y) }
}

fn from(a: Point, b: Point) -> Point {
    Point { x: b.x - a.x, y: b.y - a.y }
}

fn dot(a: Point, b: Point) -> f32 {
    a.x * b.x + a.y * b.y
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Projects a head of five points, turned by yaw, then pitch, then roll, from afar.
    fn head(yaw: f32, pitch: f32, roll: f32) -> Landmarks {
        // x right, y down, z to the camera; distances between the eyes.
        let model = [(-0.5, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.571, 0.55), (-0.414, 1.154, 0.03), (0.414, 1.154, 0.03)];
        let (yaw, pitch, roll) = (yaw.to_radians(), pitch.to_radians(), roll.to_radians());
        model.map(|(x, y, z): (f32, f32, f32)| {
            let (x, z) = (x * yaw.cos() + z * yaw.sin(), z * yaw.cos() - x * yaw.sin());
            let y = y * pitch.cos() - z * pitch.sin();
            Point { x: 300.0 + 50.0 * (x * roll.cos() - y * roll.sin()), y: 200.0 + 50.0 * (x * roll.sin() + y * roll.cos()) }
        })
    }

    #[test]
    fn angles_of_a_projected_head_come_back() {
        for yaw in [-45.0, -30.0, 0.0, 15.0, 45.0] {
            for pitch in [-15.0, 0.0, 15.0] {
                for roll in [-30.0, 0.0, 30.0] {
                    let got = pose(&head(yaw, pitch, roll)).unwrap();
                    // Yaw and pitch together lean the eyes, which looks like roll: hence the tolerance.
                    assert!((got.yaw - yaw).abs() < 8.0, "{yaw} {pitch} {roll}: {got:?}");
                    assert!((got.pitch - pitch).abs() < 10.0, "{yaw} {pitch} {roll}: {got:?}");
                    assert!((got.roll - roll).abs() < 10.0, "{yaw} {pitch} {roll}: {got:?}");
                }
            }
        }
    }

    #[test]
    fn the_template_looks_into_the_camera() {
        let t = [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)];
        let got = pose(&t.map(|(x, y)| Point { x, y })).unwrap();
        assert!(got.yaw.abs() < 2.0 && got.pitch.abs() < 2.0 && got.roll.abs() < 2.0, "{got:?}");
    }

    #[test]
    fn points_in_one_place_have_no_pose() {
        assert_eq!(pose(&[Point { x: 5.0, y: 5.0 }; 5]), None);
        assert_eq!(pose(&[Point { x: f32::NAN, y: 5.0 }; 5]), None);
    }
}
