//! From high dynamic range and wide gamut to what face models were trained on.

use super::colour::Hdr;
use std::sync::OnceLock;

/// Maps R'G'B' with BT.2020 primaries to SDR R'G'B' with BT.709 primaries.
///
/// 1. Signal to light in cd/m2: ST 2084 EOTF for PQ; for HLG the inverse OETF of BT.2100 and its system gamma 1.2 at
///    1000 cd/m2; gamma 2.4 (BT.1886) for SDR.
/// 2. PQ and HLG: the EETF of Report BT.2390-11, section 5.4.1, squeezes 0-1000 cd/m2 into 0-203 cd/m2 (203 is the reference
///    white of BT.2408, shown as SDR white); below about 90 cd/m2 it changes nothing, so faces keep their contrast.
/// 3. Primaries: BT.2087 matrix, BT.2020 to BT.709, out-of-gamut values clipped.
/// 4. Light to signal: inverse of gamma 2.4.
///
/// Departs: HLG's system gamma and the EETF act on each channel alone, which makes bright colours a little paler and lets all of
/// step 1 and 2 be one table; the mastering display's peak is taken as 1000 cd/m2 whatever the metadata say.
#[derive(Debug)]
pub(super) struct Tone {
    /// Signal, 0..=1 in [`Self::IN`] steps, to linear light, 1 is SDR white.
    light: Vec<f32>,
    /// Linear light, 0..=1 in [`Self::OUT`] steps, to 8 bits.
    signal: Vec<u8>,
    /// Whether primaries are BT.2020.
    wide: bool,
}

/// Peak of the picture and white of its SDR version, cd/m2.
const PEAK: f64 = 1000.0;
const WHITE: f64 = 203.0;

/// BT.2087-0, equation for linear BT.2020 to BT.709.
const TO_709: [[f32; 3]; 3] = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]];

impl Tone {
    const IN: u16 = 4095;
    /// Fine enough that dark steps stay below three of 255.
    const OUT: u16 = 65_535;

    /// Returns the map for a transfer and primaries, `None` where plain SDR needs none.
    pub(super) fn of(hdr: Option<Hdr>, wide: bool) -> Option<&'static Self> {
        static TABLES: [OnceLock<Tone>; 5] = [const { OnceLock::new() }; 5];
        let slot = match (hdr, wide) {
            (None, false) => return None,
            (None, true) => 0,
            (Some(Hdr::Pq), wide) => 1 + usize::from(wide),
            (Some(Hdr::Hlg), wide) => 3 + usize::from(wide),
        };
        Some(TABLES[slot].get_or_init(|| Self::new(hdr, wide)))
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "table values are in 0..=1 or 0..=255")]
    fn new(hdr: Option<Hdr>, wide: bool) -> Self {
        let light = |i: u16| -> f64 {
            let e = f64::from(i) / f64::from(Self::IN);
            match hdr {
                None => e.powf(2.4),
                Some(Hdr::Pq) => squeeze(pq_light(e)) / WHITE,
                Some(Hdr::Hlg) => squeeze(PEAK * hlg_scene(e).powf(1.2)) / WHITE,
            }
        };
        let signal = |i: u16| (255.0 * (f64::from(i) / f64::from(Self::OUT)).powf(1.0 / 2.4)).round() as u8;
        Self { light: (0..=Self::IN).map(|i| light(i) as f32).collect(), signal: (0..=Self::OUT).map(signal).collect(), wide }
    }

    /// Maps one pixel; `rgb` is R'G'B' scaled to 0..=255 and may lie outside.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the tables' length")]
    pub(super) fn map(&self, rgb: [f32; 3]) -> [u8; 3] {
        let scale = f32::from(Self::IN) / 255.0;
        let light = rgb.map(|v| self.light[(v * scale + 0.5).clamp(0.0, f32::from(Self::IN)) as usize]);
        let [r, g, b] = light;
        let narrow = if self.wide { TO_709.map(|[x, y, z]| x * r + y * g + z * b) } else { light };
        narrow.map(|v| self.signal[(v * f32::from(Self::OUT) + 0.5).clamp(0.0, f32::from(Self::OUT)) as usize])
    }
}

const M1: f64 = 2610.0 / 16384.0;
const M2: f64 = 2523.0 / 4096.0 * 128.0;
const C1: f64 = 3424.0 / 4096.0;
const C2: f64 = 2413.0 / 4096.0 * 32.0;
const C3: f64 = 2392.0 / 4096.0 * 32.0;

/// ST 2084 EOTF: signal 0..=1 to cd/m2.
fn pq_light(e: f64) -> f64 {
    let p = e.powf(1.0 / M2);
    10_000.0 * ((p - C1).max(0.0) / (C2 - C3 * p)).powf(1.0 / M1)
}

/// ST 2084 inverse EOTF: cd/m2 to signal.
fn pq_signal(light: f64) -> f64 {
    let y = (light / 10_000.0).powf(M1);
    ((C1 + C2 * y) / (1.0 + C3 * y)).powf(M2)
}

/// BT.2100 HLG inverse OETF: signal to scene light, both 0..=1.
fn hlg_scene(e: f64) -> f64 {
    const A: f64 = 0.178_832_77;
    const B: f64 = 0.284_668_92;
    const C: f64 = 0.559_910_73;
    if e <= 0.5 { e * e / 3.0 } else { (((e - C) / A).exp() + B) / 12.0 }
}

/// BT.2390 EETF from [`PEAK`] to [`WHITE`], both black levels 0; cd/m2 in and out.
fn squeeze(light: f64) -> f64 {
    let peak = pq_signal(PEAK);
    let e = (pq_signal(light) / peak).min(1.0);
    let most = pq_signal(WHITE) / peak;
    let knee = 1.5 * most - 0.5;
    if e < knee {
        return light;
    }
    let t = (e - knee) / (1.0 - knee);
    let (t2, t3) = (t * t, t * t * t);
    let bent = (2.0 * t3 - 3.0 * t2 + 1.0) * knee + (t3 - 2.0 * t2 + t) * (1.0 - knee) + (3.0 * t2 - 2.0 * t3) * most;
    pq_light(bent * peak)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pq_goes_to_light_and_back() {
        // ST 2084: code 0.5081 is 100 cd/m2, 0.5807 is 203, 0.7518 is 1000.
        for (light, signal) in [(100.0, 0.5081), (203.0, 0.5807), (1000.0, 0.7518)] {
            assert!((pq_signal(light) - signal).abs() < 1e-4);
            assert!((pq_light(pq_signal(light)) / light - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn the_squeeze_keeps_the_dark_and_ends_at_white() {
        assert!((squeeze(60.0) - 60.0).abs() < 1e-9);
        assert!((squeeze(1000.0) - WHITE).abs() < 1e-6);
        let steps: Vec<f64> = (0..200).map(|i| squeeze(f64::from(i) * 5.0)).collect();
        assert!(steps.windows(2).all(|w| w[0] < w[1]), "rises everywhere");
    }

    #[test]
    fn grey_stays_grey_and_peak_becomes_white() {
        for tone in [Tone::of(Some(Hdr::Pq), true), Tone::of(Some(Hdr::Hlg), true), Tone::of(None, true)] {
            let tone = tone.unwrap();
            assert_eq!(tone.map([0.0; 3]), [0; 3]);
            let [r, g, b] = tone.map([120.0; 3]);
            assert!(r.abs_diff(g) <= 1 && g.abs_diff(b) <= 1, "{r} {g} {b}");
            assert_eq!(tone.map([255.0; 3]), [255; 3]);
        }
    }
}
