//! What is said: syllables with their times, from which mouth and sound are both made.

use super::Voice;
use crate::demo::noise::hash;
use crate::demo::vector::{bell, step};

/// A vowel as the vocal tract and as the face make it.
#[derive(Debug, Clone, Copy)]
pub(in crate::demo) struct Vowel {
    /// First three formants of a grown man, Hz; after Peterson & Barney 1952.
    pub formants: [f32; 3],
    /// How far the mouth opens, `0..=1`, and how it is spread, -1 rounded.
    pub open: f32,
    pub spread: f32,
}

const VOWELS: [Vowel; 7] = [
    Vowel { formants: [270.0, 2290.0, 3010.0], open: 0.30, spread: 0.9 },
    Vowel { formants: [530.0, 1840.0, 2480.0], open: 0.55, spread: 0.5 },
    Vowel { formants: [660.0, 1720.0, 2410.0], open: 0.80, spread: 0.4 },
    Vowel { formants: [730.0, 1090.0, 2440.0], open: 1.00, spread: 0.0 },
    Vowel { formants: [570.0, 840.0, 2410.0], open: 0.75, spread: -0.6 },
    Vowel { formants: [300.0, 870.0, 2240.0], open: 0.32, spread: -1.0 },
    Vowel { formants: [490.0, 1350.0, 1690.0], open: 0.50, spread: -0.1 },
];

/// How a syllable begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::demo) enum Onset {
    /// At once.
    None,
    /// The lips close: m, b.
    Lips,
    /// The tongue closes: d, n.
    Tongue,
    /// A short burst of air: t, k.
    Burst,
    /// A hiss: s.
    Hiss,
    /// A glide: l, w.
    Glide,
}

const ONSETS: [Onset; 8] =
    [Onset::None, Onset::Lips, Onset::Tongue, Onset::Burst, Onset::Hiss, Onset::Glide, Onset::Lips, Onset::Tongue];

/// One syllable; seconds.
#[derive(Debug, Clone, Copy)]
pub(in crate::demo) struct Syllable {
    pub start: f32,
    pub length: f32,
    pub onset: Onset,
    pub vowel: Vowel,
    /// Loudness and height of pitch, about `0.7..=1.2`.
    pub stress: f32,
}

/// What one person says without a longer pause.
#[derive(Debug, Clone)]
pub(in crate::demo) struct Speech {
    pub start: f32,
    pub end: f32,
    pub syllables: Vec<Syllable>,
}

impl Speech {
    /// Fills the time from `start` to about `end` with words; `seed` chooses them.
    pub(in crate::demo) fn new(voice: &Voice, start: f32, end: f32, seed: i32) -> Self {
        let mut syllables = Vec::new();
        let (mut t, mut n, mut word) = (start, 0, 0);
        while t + 0.12 < end {
            n += 1;
            let chance = |what| hash(seed, n, what);
            let stress = if word == 0 { 1.1 } else { 0.8 + 0.25 * chance(1) };
            let length = (0.75 + 0.5 * chance(2)) * stress / voice.tempo;
            let length = length.min(end - t);
            let (onset, vowel) = (pick(&ONSETS, chance(3)), pick(&VOWELS, chance(4)));
            syllables.push(Syllable { start: t, length, onset, vowel, stress });
            t += length;
            word += 1;
            if word > 1 && chance(5) < 0.45 || word > 3 {
                word = 0;
                t += if chance(6) < 0.25 { 0.16 } else { 0.03 };
            }
        }
        let end = syllables.last().map_or(start, |s| s.start + s.length);
        Self { start, end, syllables }
    }

    /// Returns how far the mouth is open and how it is spread at a time.
    pub(in crate::demo) fn mouth(&self, t: f32) -> (f32, f32) {
        let (mut open, mut spread) = (0.0_f32, 0.0);
        for s in &self.syllables {
            let (begin, end) = (s.start, s.start + s.length);
            if t < begin - 0.08 || t > end + 0.10 {
                continue;
            }
            // The jaw begins before the sound and is slower than the lips.
            let rise = step(begin - 0.06, begin + 0.45 * s.length, t) * step(end + 0.07, begin + 0.55 * s.length, t);
            let shut = if s.onset == Onset::Lips { 1.0 - 0.95 * bell(t - begin - 0.02, 0.04) } else { 1.0 };
            let here = (s.vowel.open * s.stress * rise * shut).min(1.0);
            if here > open {
                (open, spread) = (here, s.vowel.spread * rise);
            }
        }
        (open, spread)
    }
}

/// Returns one of `all` for a chance of `0..1`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a chance of 0..1 times a few")]
fn pick<T: Copy, const N: usize>(all: &[T; N], chance: f32) -> T {
    all[((chance * N as f32) as usize).min(N - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::cast::CAST;

    #[test]
    fn a_mouth_moves_while_its_person_speaks_and_rests_otherwise() {
        let speech = Speech::new(&CAST[0].voice, 1.0, 4.0, 3);
        assert!(speech.end > 3.6 && speech.end <= 4.0 + 1e-3, "{}", speech.end);
        let open = |t: f32| speech.mouth(t).0;
        assert!(open(0.5) < 1e-6 && open(4.5) < 1e-6);
        let widest = speech.syllables.iter().map(|s| open(s.start + 0.5 * s.length)).fold(0.0, f32::max);
        assert!(widest > 0.6, "{widest}");
    }
}
