//! Predicts where a face is next.
//!
//! DeepSORT's filter (Wojke et al. 2017, arXiv:1703.07402) over centre x, centre y, aspect (width / height) and height, each with
//! its velocity. All its noise matrices are diagonal, so the eight dimensional filter is exactly four filters of two dimensions;
//! they are written so. Departs: a step has a length, in thirtieths of a second, so that stride and variable frame rates do not
//! change what the noise means; over one step the noise is DeepSORT's but for the covariance that velocity noise brings with it.

use super::Params;
use crate::domain::BBox;

/// Steps a second for which the noise of the filter is stated.
const STEPS_PER_SECOND: f64 = 30.0;
/// Noise of the aspect, as DeepSORT has it: it hardly changes.
const ASPECT: Noise = Noise { initial: 1e-2, initial_velocity: 1e-5, process: 1e-2, process_velocity: 1e-5, measurement: 1e-1 };

/// Standard deviations of one measured number.
#[derive(Debug, Clone, Copy)]
struct Noise {
    initial: f64,
    initial_velocity: f64,
    process: f64,
    process_velocity: f64,
    measurement: f64,
}

/// One number, its velocity, and their covariance.
#[derive(Debug, Clone, Copy)]
struct Axis {
    value: f64,
    velocity: f64,
    /// Variance of value, covariance, variance of velocity.
    p: [f64; 3],
}

impl Axis {
    fn new(value: f64, n: Noise) -> Self {
        Self { value, velocity: 0.0, p: [n.initial * n.initial, 0.0, n.initial_velocity * n.initial_velocity] }
    }

    fn predict(&mut self, t: f64, n: Noise) {
        let [pp, pv, vv] = self.p;
        let (q, qv) = (n.process * n.process, n.process_velocity * n.process_velocity);
        self.value += t * self.velocity;
        self.p = [
            pp + 2.0 * t * pv + t * t * vv + q * t + qv * t * (t - 1.0).max(0.0) * (2.0 * t - 1.0).max(0.0) / 6.0,
            pv + t * vv + qv * t * (t - 1.0).max(0.0) / 2.0,
            vv + qv * t,
        ];
    }

    fn update(&mut self, measured: f64, n: Noise) {
        let [pp, pv, vv] = self.p;
        let s = pp + n.measurement * n.measurement;
        let (k, kv) = (pp / s, pv / s);
        let off = measured - self.value;
        self.value += k * off;
        self.velocity += kv * off;
        self.p = [pp - k * pp, pv - k * pv, vv - kv * pv];
    }
}

/// Follows one face; boxes in pixels, time in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kalman {
    x: Axis,
    y: Axis,
    aspect: Axis,
    height: Axis,
    position_noise: f64,
    velocity_noise: f64,
}

impl Kalman {
    /// Starts at rest at `bbox`, which must have an area.
    pub(super) fn new(params: &Params, bbox: &BBox) -> Self {
        let [x, y, aspect, height] = measure(bbox);
        let n = noise(params.position_noise, params.velocity_noise, height);
        Self {
            x: Axis::new(x, n),
            y: Axis::new(y, n),
            aspect: Axis::new(aspect, ASPECT),
            height: Axis::new(height, n),
            position_noise: params.position_noise,
            velocity_noise: params.velocity_noise,
        }
    }

    /// Moves `secs` ahead.
    pub(super) fn predict(&mut self, secs: f64) {
        let t = secs.max(0.0) * STEPS_PER_SECOND;
        let n = self.noise();
        self.x.predict(t, n);
        self.y.predict(t, n);
        self.aspect.predict(t, ASPECT);
        self.height.predict(t, n);
    }

    /// Stops growing or shrinking, as ByteTrack does for lost tracks: an old size is a better guess than an old trend.
    pub(super) fn hold_size(&mut self) {
        self.height.velocity = 0.0;
    }

    /// Takes in the box that was found.
    pub(super) fn update(&mut self, bbox: &BBox) {
        let [x, y, aspect, height] = measure(bbox);
        let n = self.noise();
        self.x.update(x, n);
        self.y.update(y, n);
        self.aspect.update(aspect, ASPECT);
        self.height.update(height, n);
    }

    /// Returns the box where the face is believed to be.
    #[expect(clippy::cast_possible_truncation, reason = "pixels need no more than f32")]
    pub(super) fn bbox(&self) -> BBox {
        let h = self.height.value.max(1.0);
        let w = h * self.aspect.value.max(0.05);
        let (x1, y1) = (self.x.value - w / 2.0, self.y.value - h / 2.0);
        BBox::new(x1 as f32, y1 as f32, (x1 + w) as f32, (y1 + h) as f32)
    }

    fn noise(&self) -> Noise {
        noise(self.position_noise, self.velocity_noise, self.height.value.max(1.0))
    }
}

fn noise(position: f64, velocity: f64, height: f64) -> Noise {
    let (p, v) = (position * height, velocity * height);
    Noise { initial: 2.0 * p, initial_velocity: 10.0 * v, process: p, process_velocity: v, measurement: p }
}

/// Returns centre x, centre y, aspect, height.
fn measure(b: &BBox) -> [f64; 4] {
    let c = b.center();
    let h = f64::from(b.height()).max(1e-3);
    [f64::from(c.x), f64::from(c.y), f64::from(b.width()) / h, h]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> Params {
        toml::from_str::<toml::Table>(include_str!("../../../config/tracking.toml")).unwrap()["track"].clone().try_into().unwrap()
    }

    #[expect(clippy::cast_possible_truncation, reason = "a few hundred pixels")]
    fn moved(dx: f64) -> BBox {
        let dx = dx as f32;
        BBox::new(100.0 + dx, 100.0, 150.0 + dx, 170.0)
    }

    #[test]
    fn a_face_in_even_motion_is_predicted_whatever_the_step() {
        // 90 px a second, seen at 25, 8.3 and 5 pictures a second: after two seconds the next place is known within 2 px.
        for step in [0.04, 0.12, 0.2] {
            let mut k = Kalman::new(&params(), &moved(0.0));
            let mut t = 0.0;
            while t < 2.0 {
                t += step;
                k.predict(step);
                k.update(&moved(90.0 * t));
            }
            k.predict(step);
            let want = moved(90.0 * (t + step));
            assert!((k.bbox().center().x - want.center().x).abs() < 2.0, "step {step}: {:?} {want:?}", k.bbox());
        }
    }

    #[test]
    fn two_small_steps_predict_what_one_long_step_predicts() {
        let mut one = Kalman::new(&params(), &moved(0.0));
        one.predict(0.1);
        one.update(&moved(10.0));
        let mut two = one;
        one.predict(4.0 / 30.0);
        for _ in 0..4 {
            two.predict(1.0 / 30.0);
        }
        // The height moves a little, and the noise is a share of it: hence not exactly equal.
        assert!((one.x.value - two.x.value).abs() < 1e-9);
        assert!((one.x.p[0] / two.x.p[0] - 1.0).abs() < 0.02, "{:?} {:?}", one.x.p, two.x.p);
        assert!((one.x.p[2] / two.x.p[2] - 1.0).abs() < 0.02);
    }

    #[test]
    fn a_still_face_stays_where_it_is() {
        let mut k = Kalman::new(&params(), &moved(0.0));
        for _ in 0..20 {
            k.predict(0.04);
            k.update(&moved(0.0));
        }
        assert!(k.bbox().iou(&moved(0.0)) > 0.999);
    }
}
