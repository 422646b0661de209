//! Chance that is the same every time.

/// SplitMix64, Steele, Lea and Flood 2014.
#[derive(Debug, Clone)]
pub(super) struct Wheel(u64);

impl Wheel {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number in `0..1`.
    pub(super) fn turn(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        // The highest 53 bits are exact in f64.
        (z >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_fill_the_range_evenly() {
        let mut wheel = Wheel::new(1);
        let mut counts = [0u32; 4];
        for _ in 0..4000 {
            let turn = wheel.turn();
            assert!((0.0..1.0).contains(&turn));
            counts[if turn < 0.25 {
                0
            } else if turn < 0.5 {
                1
            } else if turn < 0.75 {
                2
            } else {
                3
            }] += 1;
        }
        assert!(counts.iter().all(|n| (900..1100).contains(n)), "{counts:?}");
    }
}
