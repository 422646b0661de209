//! Invented voices that speak no language: syllables of vowels and consonants, from a buzzing source through a vocal tract.

mod speech;
mod tract;

pub(super) use speech::Speech;
pub(super) use tract::{RATE, speak};

/// What makes a voice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    /// Middle pitch, Hz.
    pub pitch: f32,
    /// How lively the pitch moves, 1 for ordinary.
    pub melody: f32,
    /// Factor on all formants: short vocal tracts ring higher.
    pub formants: f32,
    /// Air in the voice, `0..=1`.
    pub breath: f32,
    /// Irregularity of its pulses, `0..=1`.
    pub rough: f32,
    /// Syllables a second.
    pub tempo: f32,
}
