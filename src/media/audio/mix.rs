//! One channel of many.

use super::survey::Survey;
use ffmpeg_next::format::Sample;
use ffmpeg_next::frame::Audio;

/// How many channels, and which. Bits of `mask` are ffmpeg's channels in order, 0 where it is not known which they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub channels: u16,
    pub mask: u64,
}

const FRONT: u64 = 0b11;
const CENTRE: u64 = 0b100;
/// Both channels of rumble.
const RUMBLE: u64 = 0b1000 | 1 << 35;

impl Layout {
    /// Makes one of what a frame tells. Six or eight channels without a word are 5.1 and 7.1, which is what they are nearly always.
    pub(super) fn new(channels: u16, mask: u64) -> Self {
        let mask = match channels {
            _ if mask.count_ones() == u32::from(channels) => mask,
            6 => 0x3F,
            8 => 0x63F,
            _ => 0,
        };
        Self { channels, mask }
    }

    /// Returns the channels with the bit that each has in the mask, 0 where that is not known.
    fn bits(self) -> impl Iterator<Item = u64> {
        let set = (0..64).map(|i| 1_u64 << i).filter(move |bit| self.mask & bit != 0);
        set.chain(std::iter::repeat(0)).take(self.channels.into())
    }

    /// Returns the index of the centre, where there is one and others beside it.
    fn centre(self) -> Option<usize> {
        self.bits().position(|bit| bit == CENTRE).filter(|_| self.channels > 1)
    }

    /// Returns `5.1` and the like.
    fn name(self) -> String {
        let rumble = (self.mask & RUMBLE).count_ones();
        format!("{}.{rumble}", u32::from(self.channels) - rumble)
    }
}

/// What each channel weighs, and that in words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mix {
    weights: Vec<f32>,
    pub text: String,
}

/// Energy below which a channel counts as silent beside the loudest: -40 dB.
const SILENT: f64 = 1e-4;
/// Share of the loudest other channel's energy from which on the centre carries the speech: -10 dB. Where films are mixed to
/// more than two channels, dialogue lies in the centre; a centre far below the rest is one that was made up, or left empty.
const CARRIES: f64 = 0.1;
/// Correlation of two channels below which their sum would cancel.
const AGAINST: f64 = -0.5;

impl Mix {
    /// Decides by what a look at the voice band found; without one, by the layout.
    pub(super) fn of(layout: Layout, survey: Option<&Survey>) -> Self {
        let n = usize::from(layout.channels);
        let energy = |i: usize| survey.and_then(|s| s.energy.get(i)).copied().unwrap_or(1.0);
        let loudest = (0..n).map(energy).fold(0.0, f64::max);
        let silent = |i: usize| loudest > 0.0 && energy(i) <= SILENT * loudest;
        let only = |i: usize, text: String| Self { weights: (0..n).map(|c| f32::from(u8::from(c == i))).collect(), text };
        match n {
            0 | 1 => return only(0, "mono".into()),
            2 if silent(1) => return only(0, "left of 2, the other is silent".into()),
            2 if silent(0) => return only(1, "right of 2, the other is silent".into()),
            2 if survey.is_some_and(|s| s.correlation() < AGAINST) => {
                return Self { weights: vec![0.5, -0.5], text: "difference of 2, they are in anti-phase".into() };
            }
            2 => return Self { weights: vec![0.5, 0.5], text: "mean of 2".into() },
            _ => {}
        }
        let name = layout.name();
        let Some(centre) = layout.centre() else { return Self::sum(layout, &silent) };
        let others = layout.bits().enumerate().filter(|(i, bit)| *i != centre && bit & RUMBLE == 0).map(|(i, _)| energy(i));
        if energy(centre) > 0.0 && energy(centre) >= CARRIES * others.fold(0.0, f64::max) {
            return only(centre, format!("centre of {name}"));
        }
        Self::sum(layout, &silent)
    }

    /// ITU-R BS.775's two channels, added up: front 1, centre 1.41, those at the sides and behind 0.71, without the rumble.
    fn sum(layout: Layout, silent: &dyn Fn(usize) -> bool) -> Self {
        let half = std::f32::consts::FRAC_1_SQRT_2;
        let weight = |(i, bit): (usize, u64)| match bit {
            _ if silent(i) => 0.0,
            bit if bit & RUMBLE != 0 => 0.0,
            0 => 1.0,
            bit if bit & FRONT != 0 => 1.0,
            CENTRE => 2.0 * half,
            _ => half,
        };
        let mut weights: Vec<f32> = layout.bits().enumerate().map(weight).collect();
        let total: f32 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= total.max(1e-6);
        }
        let name = if layout.mask == 0 { format!("{} channels", layout.channels) } else { layout.name() };
        Self { weights, text: format!("sum of {name}") }
    }

    /// Returns what the left and the right ear are to hear, as loud as the file at most.
    pub(super) fn ears(layout: Layout) -> [Self; 2] {
        const LEFT: u64 = 1 | 0x10 | 0x40 | 0x200;
        const RIGHT: u64 = 0b10 | 0x20 | 0x80 | 0x400;
        let half = std::f32::consts::FRAC_1_SQRT_2;
        let n = layout.channels;
        let weight = |own: u64, other: u64, at: u16, bit: u64| match bit {
            _ if n == 1 => 1.0,
            _ if n == 2 => f32::from(u8::from((at == 0) == (own == LEFT))),
            bit if bit & RUMBLE != 0 || bit & other != 0 => 0.0,
            bit if bit & FRONT & own != 0 => 1.0,
            _ => half,
        };
        [(LEFT, RIGHT), (RIGHT, LEFT)].map(|(own, other)| {
            let mut weights: Vec<f32> = (0..n).zip(layout.bits()).map(|(at, bit)| weight(own, other, at, bit)).collect();
            let total: f32 = weights.iter().sum();
            for weight in &mut weights {
                *weight /= total.max(1.0);
            }
            Self { weights, text: String::new() }
        })
    }

    /// Returns one channel, samples about `-1..=1`, nothing that is no number.
    pub(super) fn apply(&self, frame: &Audio) -> Vec<f32> {
        let mut out = vec![0.0; frame.samples()];
        for (i, weight) in self.weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            add_channel(frame, i, *weight, &mut out);
        }
        out
    }
}

/// Adds one channel of a frame times `weight`.
pub(super) fn add_channel(frame: &Audio, channel: usize, weight: f32, out: &mut [f32]) {
    let planar = frame.is_planar();
    let plane = if planar { channel } else { 0 };
    if plane >= frame.planes() || channel >= usize::from(frame.channels()) {
        return;
    }
    let bytes = frame.data(plane);
    let (step, offset) = if planar { (1, 0) } else { (usize::from(frame.channels()), channel) };
    match frame.format() {
        Sample::U8(_) => add(bytes, step, offset, weight / 128.0, out, |[b]| f32::from(b) - 128.0),
        Sample::I16(_) => add(bytes, step, offset, weight / 32768.0, out, |b| f32::from(i16::from_ne_bytes(b))),
        #[expect(clippy::cast_possible_truncation, reason = "24 of the 32 bits are kept, as f32 holds them")]
        Sample::I32(_) => add(bytes, step, offset, weight, out, |b| (f64::from(i32::from_ne_bytes(b)) / 2_147_483_648.0) as f32),
        #[expect(clippy::cast_possible_truncation, reason = "24 of the 64 bits are kept, as f32 holds them")]
        Sample::I64(_) => {
            add(bytes, step, offset, weight, out, |b| (i64::from_ne_bytes(b) as f64 / 9.223_372_036_854_776e18) as f32);
        }
        Sample::F32(_) => add(bytes, step, offset, weight, out, f32::from_ne_bytes),
        #[expect(clippy::cast_possible_truncation, reason = "samples lie about -1 to 1")]
        Sample::F64(_) => add(bytes, step, offset, weight, out, |b| f64::from_ne_bytes(b) as f32),
        Sample::None => {}
    }
}

fn add<const N: usize>(bytes: &[u8], step: usize, offset: usize, weight: f32, out: &mut [f32], of: impl Fn([u8; N]) -> f32) {
    let Some(bytes) = bytes.get(offset * N..) else { return };
    for (to, from) in out.iter_mut().zip(bytes.chunks(step * N)) {
        let Some(sample) = from.first_chunk::<N>() else { return };
        let value = of(*sample) * weight;
        // Broken float streams hold such.
        if value.is_finite() {
            *to += value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(energy: &[f64], cross: f64) -> Survey {
        Survey { energy: energy.to_vec(), cross }
    }

    const SURROUND: Layout = Layout { channels: 6, mask: 0b11_1111 };

    #[test]
    fn one_channel_of_two_is_taken_where_the_other_says_nothing() {
        let two = Layout::new(2, 3);
        let text = |e: &[f64], cross| Mix::of(two, Some(&survey(e, cross))).text;
        assert_eq!(text(&[1.0, 0.0], 0.0), "left of 2, the other is silent");
        assert_eq!(text(&[1e-9, 1.0], 0.0), "right of 2, the other is silent");
        assert_eq!(text(&[1.0, 0.5], 0.3), "mean of 2");
        assert_eq!(text(&[0.0, 0.0], 0.0), "mean of 2");
        let against = Mix::of(two, Some(&survey(&[1.0, 1.0], -0.98)));
        assert_eq!(against.weights, [0.5, -0.5]);
    }

    #[test]
    fn each_ear_hears_its_side_and_both_the_middle() {
        let ears = |layout| Mix::ears(layout).map(|m| m.weights);
        assert_eq!(ears(Layout::new(1, 4)), [[1.0], [1.0]]);
        assert_eq!(ears(Layout::new(2, 0)), [[1.0, 0.0], [0.0, 1.0]]);
        let [left, right] = ears(SURROUND);
        assert!(
            left[0] > 0.0 && left[1] == 0.0 && left[2] > 0.0 && left[3] == 0.0 && left[4] > 0.0 && left[5] == 0.0,
            "{left:?}"
        );
        let mirrored = [1, 0, 2, 3, 5, 4].map(|i: usize| right[i]);
        assert!(mirrored.iter().zip(&left).all(|(a, b)| (a - b).abs() < 1e-6), "{right:?}");
        assert!((left.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_centre_is_taken_where_it_speaks_and_else_all_but_the_rumble() {
        let speaks = Mix::of(SURROUND, Some(&survey(&[4.0, 4.0, 1.0, 50.0, 0.5, 0.5], 0.0)));
        assert_eq!(
            (speaks.text.as_str(), speaks.weights.as_slice()),
            ("centre of 5.1", [0.0, 0.0, 1.0, 0.0, 0.0, 0.0].as_slice())
        );
        let empty = Mix::of(SURROUND, Some(&survey(&[4.0, 4.0, 0.0, 50.0, 0.5, 0.5], 0.0)));
        assert_eq!(empty.text, "sum of 5.1");
        assert!((empty.weights.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!((empty.weights[2], empty.weights[3]), (0.0, 0.0));
        assert_eq!(Mix::of(SURROUND, None).text, "centre of 5.1");
        assert_eq!(Mix::of(Layout::new(4, 0), None).text, "sum of 4 channels");
        assert_eq!(Mix::of(Layout::new(8, 0b110_0011_1111), None).text, "centre of 7.1");
    }
}
