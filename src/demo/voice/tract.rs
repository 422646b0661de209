//! How it sounds: pulses and breath through resonators in series.
//!
//! A cascade formant synthesiser after Klatt 1980, "Software for a cascade/parallel formant synthesizer", with the glottal pulse
//! of Rosenberg 1971; hisses and bursts are noise through one resonator beside it.

use super::Voice;
use super::speech::{Onset, Speech, Syllable};
use crate::demo::noise::{hash, wander};
use crate::demo::vector::{bell, mix, step};
use std::f32::consts::PI;

/// Samples a second.
pub(in crate::demo) const RATE: u32 = 48_000;
const SECOND: f32 = 48_000.0;
/// Sounds change slowly against this many samples.
const BLOCK: usize = 48;

/// A resonance of two poles, unit gain at 0 Hz; Klatt's equations 1 and 2.
#[derive(Debug, Clone, Copy, Default)]
struct Resonator {
    a: f32,
    b: f32,
    c: f32,
    last: f32,
    before: f32,
}

impl Resonator {
    fn tune(&mut self, hz: f32, width: f32) {
        let r = (-PI * width / SECOND).exp();
        self.c = -r * r;
        self.b = 2.0 * r * (2.0 * PI * hz / SECOND).cos();
        self.a = 1.0 - self.b - self.c;
    }

    fn pass(&mut self, x: f32) -> f32 {
        let y = self.a * x + self.b * self.last + self.c * self.before;
        (self.before, self.last) = (self.last, y);
        y
    }
}

/// What the tract does during one block.
#[derive(Debug, Clone, Copy)]
struct Setting {
    formants: [f32; 3],
    pitch: f32,
    voiced: f32,
    breath: f32,
    hiss: f32,
    hiss_hz: f32,
}

/// Adds what somebody says to the sound of an episode that begins at 0 s.
pub(in crate::demo) fn speak(voice: &Voice, speech: &Speech, seed: i32, sound: &mut [f32]) {
    let (first, last) = (sample_at(speech.start - 0.03), sample_at(speech.end + 0.05).min(sound.len()));
    let mut tract = [Resonator::default(); 5];
    tract[3].tune(3500.0 * voice.formants, 220.0);
    tract[4].tune(4500.0 * voice.formants, 300.0);
    let mut hiss = Resonator::default();
    let (mut phase, mut pulse, mut flow, mut tick) = (0.0_f32, 0, 0.0, 0);
    let mut smooth: Option<[f32; 3]> = None;
    for start in (first..last).step_by(BLOCK) {
        let t = start as f32 / SECOND;
        let s = setting(voice, speech, seed, t);
        // The tongue needs about 20 ms.
        let now = smooth.map_or(s.formants, |old| [0, 1, 2].map(|i| mix(old[i], s.formants[i], 0.05)));
        smooth = Some(now);
        for (i, width) in [70.0, 100.0, 150.0].into_iter().enumerate() {
            tract[i].tune(now[i] * voice.formants, width * voice.formants);
        }
        hiss.tune(s.hiss_hz, 1800.0);
        for out in &mut sound[start..(start + BLOCK).min(last)] {
            tick += 1;
            let noise = hash(tick, seed, 99) - 0.5;
            let jitter = 1.0 + voice.rough * 0.08 * (hash(pulse, seed, 1) - 0.5);
            phase += s.pitch * jitter / SECOND;
            if phase >= 1.0 {
                phase -= 1.0;
                pulse += 1;
            }
            let loud = 1.0 + voice.rough * 0.5 * (hash(pulse, seed, 2) - 0.5);
            let opening = glottis(phase) * loud;
            // What is heard outside is the change of the flow.
            let buzz = (opening - flow) * SECOND / s.pitch * 0.12;
            flow = opening;
            let breath = noise * (voice.breath * opening + s.breath);
            let source = s.voiced * (buzz + breath);
            let voiced = tract.iter_mut().fold(source, |x, r| r.pass(x));
            *out += 0.09 * voiced + s.hiss * (noise - 0.6 * hiss.pass(noise)) * 0.2;
        }
    }
}

/// The flow through the glottis over one period: opening, closing, closed; Rosenberg's pulse B.
fn glottis(phase: f32) -> f32 {
    const OPENS: f32 = 0.40;
    const SHUTS: f32 = 0.58;
    if phase < OPENS {
        let u = phase / OPENS;
        u * u * (3.0 - 2.0 * u)
    } else if phase < SHUTS {
        let u = (phase - OPENS) / (SHUTS - OPENS);
        1.0 - u * u
    } else {
        0.0
    }
}

fn setting(voice: &Voice, speech: &Speech, seed: i32, t: f32) -> Setting {
    let through = ((t - speech.start) / (speech.end - speech.start).max(0.1)).clamp(0.0, 1.0);
    let near = |s: &&Syllable| t < s.start + s.length;
    let current = speech.syllables.iter().find(near).or(speech.syllables.last());
    let mut out =
        Setting { formants: [500.0, 1500.0, 2500.0], pitch: voice.pitch, voiced: 0.0, breath: 0.0, hiss: 0.0, hiss_hz: 2500.0 };
    let Some(s) = current else { return out };
    let (into, left) = (t - s.start, s.start + s.length - t);
    let accent = bell(into - 0.4 * s.length, 0.6 * s.length) * (s.stress - 0.9);
    let fall = 0.12 - 0.26 * through - 0.12 * step(0.85, 1.0, through);
    out.pitch = voice.pitch * (1.0 + voice.melody * (fall + 0.9 * accent + 0.05 * wander(seed, 3.0 * t)));
    out.voiced = step(-0.005, 0.035, into) * step(-0.01, 0.04, left) * s.stress;
    out.formants = s.vowel.formants;
    let begin = bell(into, 0.05);
    match s.onset {
        Onset::None => {}
        Onset::Lips => {
            out.voiced *= 1.0 - 0.75 * bell(into - 0.01, 0.035);
            out.formants = [0, 1, 2].map(|i| mix(out.formants[i], [240.0, 900.0, 2200.0][i], begin));
        }
        Onset::Tongue => {
            out.voiced *= 1.0 - 0.65 * bell(into - 0.01, 0.03);
            out.formants = [0, 1, 2].map(|i| mix(out.formants[i], [260.0, 1750.0, 2650.0][i], begin));
        }
        Onset::Burst => {
            out.voiced *= step(0.03, 0.06, into);
            out.breath = 0.5 * bell(into - 0.04, 0.02);
            out.hiss = 0.8 * bell(into - 0.012, 0.008);
        }
        Onset::Hiss => {
            out.voiced *= step(0.05, 0.10, into);
            out.hiss = 0.55 * bell(into - 0.045, 0.035);
        }
        Onset::Glide => out.formants = [0, 1, 2].map(|i| mix(out.formants[i], [320.0, 800.0, 2400.0][i], begin)),
    }
    out
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of an episode; below 0 becomes 0")]
fn sample_at(t: f32) -> usize {
    (t.max(0.0) * SECOND) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::cast::CAST;

    /// The lag of the strongest likeness of a sound with itself, as a pitch in Hz.
    fn pitch(sound: &[f32]) -> f32 {
        let likeness = |lag: usize| sound.iter().zip(&sound[lag..]).map(|(a, b)| a * b).sum::<f32>();
        let best = (120..800).max_by(|a, b| likeness(*a).total_cmp(&likeness(*b))).unwrap();
        SECOND / best as f32
    }

    #[test]
    fn a_voice_has_its_pitch_and_is_silent_outside_its_speech() {
        for person in &CAST {
            let speech = Speech::new(&person.voice, 0.5, 1.5, 4);
            let mut sound = vec![0.0; 96_000];
            speak(&person.voice, &speech, 4, &mut sound);
            assert!(sound[..20_000].iter().chain(&sound[80_000..]).all(|x| x.abs() < 1e-6));
            let loudest = sound.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
            assert!((0.05..4.0).contains(&loudest), "{}: {loudest}", person.name);
            let middle = speech.syllables[1].start + 0.5 * speech.syllables[1].length;
            let heard = pitch(&sound[sample_at(middle) - 1500..sample_at(middle) + 1500]);
            assert!((heard / person.voice.pitch - 1.0).abs() < 0.35, "{}: {heard} Hz", person.name);
        }
    }
}
