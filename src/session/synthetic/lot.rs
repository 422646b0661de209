//! Numbers that look random and are the same every time.

/// Mixes numbers into one (the finaliser of SplitMix64, Steele and others 2014).
fn lot(numbers: &[u32]) -> u64 {
    numbers.iter().fold(0x9E37_79B9_7F4A_7C15, |mixed, n| {
        let mut x = (mixed ^ u64::from(*n)).wrapping_add(0x9E37_79B9_7F4A_7C15);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    })
}

/// Returns a share of `0..1`.
pub(super) fn share(numbers: &[u32]) -> f32 {
    f32::from(u16::try_from(lot(numbers) >> 48).unwrap_or_default()) / 65_536.0
}

/// Returns a whole number below `n`; 0 where that is 0.
pub(super) fn below(n: u32, numbers: &[u32]) -> u32 {
    u32::try_from(((lot(numbers) >> 32) * u64::from(n)) >> 32).unwrap_or_default()
}
