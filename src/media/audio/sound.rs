//! Samples in order, without gaps.

use super::super::error::MediaError;
use super::RATE;
use super::choice::SoundChoice;
use super::frames::{Frames, Heard};
use super::mix::{Layout, Mix};
use super::run::{Piece, Run, on_grid, time_on_grid};
use super::survey::{self, Survey};
use super::told::Told;
use crate::domain::{MediaTime, SoundFacts};
use ffmpeg_next::Error;
use std::collections::VecDeque;
use std::fmt;
use std::path::Path;

/// Samples in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct SoundChunk {
    /// When the first one sounds, on the container's clock, to the nearest microsecond.
    pub start: MediaTime,
    /// One channel, 16,000 a second, `-1..=1`; at most one second, never empty.
    pub samples: Vec<f32>,
}

/// Decodes the sound of one file, streamed: it holds about a second at a time, however long the file is.
pub struct Sound {
    frames: Frames,
    surveys: Vec<(Layout, Survey)>,
    mixes: Vec<(Layout, Mix)>,
    /// Decoded, not taken yet: the first piece of the file.
    ready: Option<Heard>,
    run: Option<Run>,
    /// Where the file's first run begins, and its rate: what a seek reckons from.
    origin: (MediaTime, u32),
    /// Lengths of the file's first pieces as decoded, up to three: where the others are likely to begin.
    lengths: Vec<i64>,
    /// Whether what comes was read from the file's beginning on.
    from_start: bool,
    /// The most damage that one reading met before it was ended by a seek; another reading meets it again.
    damaged: u64,
    /// Whether the next run comes after a seek.
    sought: bool,
    /// Resampled, not given out; in order, without overlap.
    pieces: VecDeque<Piece>,
    /// The sample of the grid that is given out next.
    next: i64,
    /// Where the last of `pieces` ends.
    reached: i64,
    ended: bool,
    told: Told,
}

impl Sound {
    /// Opens the chosen sound of a file and decodes its first piece; `None` where the file has no sound. Needs no pictures.
    ///
    /// Where there are several channels it looks at up to eight places of four seconds, to see which of them speak: costs
    /// about a tenth of a second.
    ///
    /// # Errors
    /// Fails where the file cannot be read, the chosen sound is not in it, or nothing of it can be decoded.
    pub fn open(path: &Path, choice: &SoundChoice) -> Result<Option<Self>, MediaError> {
        let Some(mut frames) = Frames::open(path, choice)? else { return Ok(None) };
        let Some(first) = frames.next() else {
            return Err(MediaError::NothingAudible {
                path: path.to_path_buf(),
                codec: frames.facts.codec.clone(),
                packets: frames.packets,
                damaged: frames.damaged,
            });
        };
        let surveys = if first.layout.channels > 1 { survey::look(path, frames.facts.index) } else { Vec::new() };
        let start = first.at.unwrap_or_default();
        // What lies before zero and before the pictures is an encoder's run-up.
        let floor = frames.facts.pictures.0.unwrap_or_default().min(MediaTime::ZERO);
        let next = on_grid(start).max(on_grid(floor));
        let mut sound = Self {
            told: Told::new(&frames.facts, &first, next),
            surveys,
            mixes: Vec::new(),
            run: None,
            origin: (start, first.rate),
            lengths: Vec::new(),
            from_start: true,
            damaged: 0,
            sought: false,
            pieces: VecDeque::new(),
            next,
            reached: next,
            ended: false,
            ready: None,
            frames,
        };
        let mix = sound.mix(first.layout).text.clone();
        sound.told.mixed(mix);
        sound.ready = Some(first);
        Ok(Some(sound))
    }

    /// Returns the next chunk, `None` at the end.
    ///
    /// What the file leaves out (a gap between stamps, a packet that cannot be decoded) is silence; of what overlaps the later is
    /// cut. Stamps are followed where they and the count of samples come apart by 20 ms, or by 3 ms for more than a second.
    #[expect(clippy::should_implement_trait, reason = "named as the pictures' decoder has it, and it can be sent back by a seek")]
    pub fn next(&mut self) -> Option<SoundChunk> {
        self.give(i64::MAX)
    }

    /// Returns the rest of this second, as far as sample `limit` of the grid.
    fn give(&mut self, limit: i64) -> Option<SoundChunk> {
        let rate = i64::from(RATE);
        let boundary = ((self.next.div_euclid(rate) + 1) * rate).min(limit);
        while !self.ended && self.reached < boundary {
            self.step();
        }
        let end = self.reached.min(boundary);
        let mut samples = vec![0.0; usize::try_from(end - self.next).ok().filter(|n| *n > 0)?];
        while let Some(piece) = self.pieces.front_mut() {
            let skip = usize::try_from(piece.at - self.next).unwrap_or(0);
            let Some(room) = samples.get_mut(skip..).filter(|r| !r.is_empty()) else { break };
            let n = room.len().min(piece.samples.len());
            room[..n].copy_from_slice(&piece.samples[..n]);
            if n < piece.samples.len() {
                piece.samples.drain(..n);
                piece.at += i64::try_from(n).unwrap_or(0);
                break;
            }
            self.pieces.pop_front();
        }
        let chunk = SoundChunk { start: time_on_grid(self.next), samples };
        self.next = end;
        self.told.gave(&chunk, end);
        Some(chunk)
    }

    /// Decodes up to a time and drops what it gives; the next chunk begins there. What follows is bit for bit what reading on would
    /// have given, which is what work that goes on after a stop needs.
    pub fn skip_to(&mut self, to: MediaTime) {
        while self.next < on_grid(to) && self.give(on_grid(to)).is_some() {}
    }

    /// Goes to a time; the next chunk begins there, or where the sound begins if that is later. Costs little, [`Self::skip_to`]
    /// all the decoding before it.
    ///
    /// Samples lie where reading from the start puts them, but after a gap, behind which they can lie half a sample apart; in
    /// Matroska Vorbis, and all codecs behind a gap, up to 1 ms; up to 3 ms where a file's stamps and samples disagree. Their
    /// values are the same with codecs that lean on little of what came before, else within 1e-2 (AC-3 and AAC may fill in noise).
    ///
    /// # Errors
    /// Fails where the file can no longer be opened.
    pub fn seek(&mut self, to: MediaTime) -> Result<(), MediaError> {
        let target = on_grid(to).max(self.told.first());
        (self.ready, self.run, self.ended) = (None, None, false);
        self.pieces.clear();
        (self.next, self.reached) = (target, target);
        self.damaged = self.damaged.max(std::mem::take(&mut self.frames.damaged));
        self.sought = to - self.origin.0 > FROM_START;
        self.from_start = !self.sought;
        if self.lengths.len() < LENGTHS {
            self.lengths.clear();
        }
        if self.sought { self.frames.seek(to) } else { self.frames.reopen() }
    }

    /// Returns what is known of the sound so far; the span reaches to the last sample given out, damage is that of one reading.
    pub fn facts(&self) -> SoundFacts {
        self.told.facts(self.damaged.max(self.frames.damaged))
    }

    /// Returns where the container says that the sound ends, for a bar of progress.
    pub fn promised_end(&self) -> Option<MediaTime> {
        self.frames.facts.end.or(self.frames.facts.length)
    }

    /// Takes in one decoded piece.
    fn step(&mut self) {
        let Some(heard) = self.ready.take().or_else(|| self.frames.next()) else {
            self.finish_run();
            self.ended = true;
            self.told.ended();
            return;
        };
        let length = heard.frame.samples();
        if self.lengths.len() < LENGTHS && self.from_start {
            self.lengths.push(i64::try_from(length).unwrap_or(0));
        }
        let Some(at) = heard.at.or_else(|| self.run.as_ref().map(Run::next)).or((!self.sought).then_some(self.origin.0)) else {
            return;
        };
        let mix = self.mix(heard.layout);
        let (samples, text) = (mix.apply(&heard.frame), mix.text.clone());
        self.told.met(at, &heard, &text);
        let goes_on = self.run.as_mut().is_some_and(|run| run.rate() == heard.rate && run.is_continued_by(at, length));
        let pushed = if goes_on { self.push(samples) } else { self.begin(at, heard.rate, samples) };
        if pushed.is_err() {
            // Out of memory, or a rate that swresample does not know: its time stays silent.
            self.run = None;
            self.frames.damaged += 1;
        }
    }

    fn push(&mut self, samples: Vec<f32>) -> Result<(), Error> {
        if let Some(run) = &mut self.run {
            let piece = run.push(samples)?;
            self.lay(piece);
        }
        Ok(())
    }

    fn begin(&mut self, at: MediaTime, rate: u32, mut samples: Vec<f32>) -> Result<(), Error> {
        self.finish_run();
        if self.sought && rate == self.origin.1 {
            let per = i64::from(rate) / gcd(rate.into(), RATE.into());
            let number = self.number(at);
            // The resampler's steps repeat after `per` samples: beginning with one, it takes the same steps as from the start.
            let skip = (-number).rem_euclid(per);
            let skipped = usize::try_from(skip).unwrap_or(0);
            if skipped >= samples.len() {
                return Ok(());
            }
            samples.drain(..skipped);
            let number = number + skip;
            let start = self.origin.0 + MediaTime::from_ticks(number, 1, i32::try_from(rate).unwrap_or(i32::MAX));
            let first = on_grid(self.origin.0) + number / per * (i64::from(RATE) * per / i64::from(rate));
            self.run = Some(Run::on_grid(rate, start, first)?);
        } else {
            self.run = Some(Run::new(rate, at)?);
        }
        self.sought = false;
        self.push(samples)
    }

    /// Returns how many samples of the file lie before the one at a time, as its stamps tell.
    ///
    /// Where stamps are coarser than samples, pieces of one length lie where counting them puts them.
    fn number(&self, at: MediaTime) -> i64 {
        let rate = i64::from(self.origin.1);
        let number = (at.0 - self.origin.0.0).saturating_mul(rate).saturating_add(500_000).div_euclid(1_000_000);
        let tick = self.frames.tick().0.saturating_mul(rate) / 1_000_000;
        if let [first, second, third] = self.lengths[..]
            && second == third
            && second > 0
            && tick > 1
        {
            let counted = first + (number - first + second / 2).div_euclid(second) * second;
            if (counted - number).abs() <= tick + 1 {
                return counted;
            }
        }
        number
    }

    fn finish_run(&mut self) {
        // What a resampler cannot give back is the last of its stretch, some milliseconds.
        if let Some(Ok(piece)) = self.run.take().map(Run::finish) {
            self.lay(piece);
        }
    }

    /// Appends a piece behind those that are there.
    fn lay(&mut self, mut piece: Piece) {
        let behind = usize::try_from(self.reached - piece.at).unwrap_or(0).min(piece.samples.len());
        piece.samples.drain(..behind);
        if piece.samples.is_empty() {
            return;
        }
        piece.at += i64::try_from(behind).unwrap_or(0);
        self.reached = piece.at + i64::try_from(piece.samples.len()).unwrap_or(0);
        self.pieces.push_back(piece);
    }

    fn mix(&mut self, layout: Layout) -> &Mix {
        let at = self.mixes.iter().position(|(l, _)| *l == layout).unwrap_or_else(|| {
            let survey = self.surveys.iter().find(|(l, _)| *l == layout).map(|(_, s)| s);
            self.mixes.push((layout, Mix::of(layout, survey)));
            self.mixes.len() - 1
        });
        &self.mixes[at].1
    }
}

/// Pieces whose lengths are kept.
const LENGTHS: usize = 3;
/// Up to here from the beginning a seek reads from the start again.
const FROM_START: MediaTime = MediaTime(2_000_000);

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl fmt::Debug for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sound").field("path", &self.frames.path()).field("facts", &self.facts()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::tests::clips::{dir, make};

    fn open(path: &Path) -> Sound {
        Sound::open(path, &SoundChoice::Usual).unwrap().unwrap()
    }

    #[test]
    fn lengths_are_those_of_the_first_pieces_wherever_one_was_in_between() {
        let dir = dir();
        let Some(path) = make(&dir, "a.mkv", "-f lavfi -i sine=d=12:r=48000 -c:a libopus") else { return };
        let mut sound = open(&path);
        while sound.next().is_some() {}
        let due = sound.lengths.clone();
        assert!(due[0] < due[1] && due[1] == due[2], "{due:?}");
        let mut sound = open(&path);
        for (to, known) in [(7.3, 0), (0.0, LENGTHS), (9.0, LENGTHS), (1.0, LENGTHS)] {
            sound.seek(MediaTime::from_secs(to)).unwrap();
            sound.next().unwrap();
            assert_eq!(sound.lengths, due[..known], "from {to}");
        }
        let mut sound = open(&path);
        sound.step();
        sound.seek(MediaTime::ZERO).unwrap();
        sound.next().unwrap();
        assert_eq!(sound.lengths, due);
    }

    #[test]
    fn damage_that_was_met_stays_known_and_counts_once() {
        let dir = dir();
        let Some(path) = make(&dir, "a.flac", "-f lavfi -i anoisesrc=d=12:r=48000:a=0.3 -c:a flac") else { return };
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 30_000].fill(0x55);
        std::fs::write(&path, &bytes).unwrap();
        let mut sound = open(&path);
        while sound.next().is_some() {}
        let met = sound.facts().damaged_packets;
        assert!(met > 0);
        for to in [0.0, 1.0, 8.0, 0.0] {
            sound.seek(MediaTime::from_secs(to)).unwrap();
            assert_eq!(sound.facts().damaged_packets, met, "at {to}");
            while sound.next().is_some() {}
            assert_eq!(sound.facts().damaged_packets, met, "from {to}");
        }
    }
}
