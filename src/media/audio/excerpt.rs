//! A stretch of sound for people to hear: both ears, at the rate of whoever plays it.

use super::super::error::MediaError;
use super::choice::SoundChoice;
use super::frames::{Frames, Heard};
use super::mix::Mix;
use crate::domain::{MediaTime, Span};
use ffmpeg_next::format::Sample;
use ffmpeg_next::format::sample::Type;
use ffmpeg_next::frame::Audio;
use ffmpeg_next::software::resampling::Context;
use ffmpeg_next::{ChannelLayout, Error};
use std::path::Path;

/// Decodes a span of a file, piece by piece.
pub(in crate::media) struct Excerpt {
    frames: Frames,
    span: Span,
    /// Samples a second that are wanted.
    rate: u32,
    resampler: Option<(u32, Context)>,
    /// Time up to which sound was taken.
    reached: MediaTime,
    /// Decoded, not yet due: silence comes before it.
    waiting: Option<Heard>,
    has_begun: bool,
    has_ended: bool,
}

/// Stamps may be off by this without silence between.
const SLACK: MediaTime = MediaTime(20_000);

impl Excerpt {
    /// Opens a file and goes to the beginning of the span; `None` where the file has no sound.
    ///
    /// # Errors
    /// As [`super::Sound::open`].
    pub(in crate::media) fn open(path: &Path, choice: &SoundChoice, span: Span, rate: u32) -> Result<Option<Self>, MediaError> {
        let Some(mut frames) = Frames::open(path, choice)? else { return Ok(None) };
        frames.seek(span.start())?;
        Ok(Some(Self {
            frames,
            span,
            rate,
            resampler: None,
            reached: span.start(),
            waiting: None,
            has_begun: false,
            has_ended: false,
        }))
    }

    /// Returns the next piece, left and right in turns, `-1..=1`; `None` at the end of the span or of the sound.
    ///
    /// # Errors
    /// Fails where a rate cannot be brought to the wanted one.
    pub(in crate::media) fn next(&mut self) -> Result<Option<Vec<f32>>, Error> {
        while !self.has_ended {
            let heard = self.waiting.take().or_else(|| self.frames.next()).filter(|_| self.reached < self.span.end());
            let Some(heard) = heard else {
                self.has_ended = true;
                return self.rest();
            };
            let stamp = heard.at.unwrap_or(self.reached);
            // Stamps are rounded: once it has begun, samples are counted as long as the two agree.
            let agree = self.has_begun && (stamp - self.reached).0.abs() <= SLACK.0;
            let at = if agree { self.reached } else { stamp };
            let gap = at.min(self.span.end()) - self.reached;
            let samples = if gap > SLACK {
                let silence = gap.min(MediaTime(500_000));
                let samples = vec![[0.0; 2]; count(silence, heard.rate)];
                self.reached = self.reached + silence;
                let rate = heard.rate;
                self.waiting = Some(heard);
                (samples, rate)
            } else {
                let from = count(self.reached - at, heard.rate).min(heard.frame.samples());
                let to = count(self.span.end() - at, heard.rate).clamp(from, heard.frame.samples());
                let ears = Mix::ears(heard.layout).map(|mix| mix.apply(&heard.frame));
                let samples: Vec<[f32; 2]> = (from..to).map(|i| [ears[0][i], ears[1][i]]).collect();
                self.has_begun |= to > from;
                self.reached = self.reached.max(at + MediaTime::from_secs(to as f64 / f64::from(heard.rate)));
                (samples, heard.rate)
            };
            let piece = self.convert(&samples.0, samples.1)?;
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    fn convert(&mut self, samples: &[[f32; 2]], rate: u32) -> Result<Vec<f32>, Error> {
        if samples.is_empty() {
            return Ok(Vec::new());
        }
        if rate == self.rate {
            return Ok(samples.as_flattened().iter().map(|s| s.clamp(-1.0, 1.0)).collect());
        }
        if self.resampler.as_ref().is_none_or(|(from, _)| *from != rate) {
            let format = Sample::F32(Type::Packed);
            let both = ChannelLayout::STEREO;
            self.resampler = Some((rate, Context::get(format, both, rate, format, both, self.rate)?));
        }
        let Some((_, resampler)) = &mut self.resampler else { return Ok(Vec::new()) };
        let mut input = frame(samples.len(), rate);
        for (to, from) in input.plane_mut::<(f32, f32)>(0).iter_mut().zip(samples) {
            *to = (from[0], from[1]);
        }
        let room = samples.len() * self.rate as usize / rate as usize + 4096;
        let mut output = frame(room, self.rate);
        resampler.run(&input, &mut output)?;
        Ok(flat(&output))
    }

    /// Returns what the resampler still holds, `None` where that is nothing.
    fn rest(&mut self) -> Result<Option<Vec<f32>>, Error> {
        let Some((_, mut resampler)) = self.resampler.take() else { return Ok(None) };
        let mut output = frame(4096, self.rate);
        resampler.flush(&mut output)?;
        Ok(Some(flat(&output)).filter(|rest| !rest.is_empty()))
    }
}

fn frame(samples: usize, rate: u32) -> Audio {
    let mut frame = Audio::new(Sample::F32(Type::Packed), samples, ChannelLayout::STEREO);
    frame.set_rate(rate);
    frame
}

fn flat(frame: &Audio) -> Vec<f32> {
    frame.plane::<(f32, f32)>(0).iter().flat_map(|(l, r)| [l.clamp(-1.0, 1.0), r.clamp(-1.0, 1.0)]).collect()
}

/// Returns how many samples lie in a time, 0 in a negative one.
fn count(time: MediaTime, rate: u32) -> usize {
    let samples = (i128::from(time.0) * i128::from(rate) + 500_000).div_euclid(1_000_000);
    usize::try_from(samples).unwrap_or(0)
}
