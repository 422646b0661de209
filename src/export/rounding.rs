//! Numbers as they are written: few decimals, and never NaN.

use crate::domain::MediaTime;

/// Returns seconds rounded to `places` decimals, 0 to 6, halves away from zero.
pub(super) fn seconds(time: MediaTime, places: u32) -> f64 {
    let step = 10_i64.pow(6_u32.saturating_sub(places));
    let half = if time.0 < 0 { -step / 2 } else { step / 2 };
    (time.0.saturating_add(half) / step) as f64 / 10_f64.powi(places.try_into().unwrap_or(6))
}

/// Returns `value` rounded to `places` decimals, or `None` where it is not a number.
pub(super) fn decimals(value: f64, places: i32) -> Option<f64> {
    let scale = 10_f64.powi(places);
    value.is_finite().then(|| (value * scale).round() / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_half_away_from_zero_and_print_short() {
        assert_eq!(seconds(MediaTime(16_480_000), 6).to_string(), "16.48");
        assert_eq!(seconds(MediaTime(1_704_050), 4).to_string(), "1.7041");
        assert_eq!(seconds(MediaTime(-1_704_050), 4).to_string(), "-1.7041");
        assert!(seconds(MediaTime(i64::MAX), 2).is_finite());
    }

    #[test]
    fn what_is_no_number_is_nothing() {
        assert_eq!(decimals(f64::NAN, 3), None);
        assert_eq!(decimals(f64::INFINITY, 3), None);
        assert_eq!(decimals(0.12345, 3), Some(0.123));
    }
}
