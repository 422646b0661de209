//! How far a run has come. Stages count; whoever looks takes copies.

use crate::domain::MediaTime;
use rustix::time::{ClockId, clock_gettime};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

fn processor_time(clock: ClockId) -> Duration {
    let now = clock_gettime(clock);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// Names what a run is doing now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Opens the video and the models.
    Prepare,
    /// Decodes, cuts, detects, tracks and embeds, all at once.
    Detect,
    /// Embeds kept crops with another embedder, without the video.
    Embed,
    /// Listens to the sound.
    Listen,
    /// Tells voices apart.
    Diarise,
    /// Groups tracks into clusters.
    Cluster,
    /// Scores mouths while somebody speaks.
    Link,
    /// Writes down what is said.
    Transcribe,
    Done,
}

impl Phase {
    /// Returns the name of the phase in progress files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Detect => "detect",
            Self::Embed => "faces_embed",
            Self::Listen => "audio:listen",
            Self::Diarise => "audio:diarise",
            Self::Cluster => "cluster",
            Self::Link => "audio:link",
            Self::Transcribe => "audio:transcribe",
            Self::Done => "done",
        }
    }

    const ALL: [Self; 9] = [
        Self::Prepare,
        Self::Detect,
        Self::Embed,
        Self::Listen,
        Self::Diarise,
        Self::Cluster,
        Self::Link,
        Self::Transcribe,
        Self::Done,
    ];
}

/// Names a stage of the scan whose time is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Decode,
    Cut,
    Detect,
    Crop,
    Track,
    Embed,
    Store,
    /// Reads sound and tells where somebody speaks.
    Sound,
    /// Tells local speakers and makes vectors of their voices.
    Hear,
    /// Scores mouths.
    Mouth,
}

impl Stage {
    /// All stages in the order of the chain.
    pub const ALL: [Self; 10] = [
        Self::Decode,
        Self::Cut,
        Self::Detect,
        Self::Crop,
        Self::Track,
        Self::Embed,
        Self::Store,
        Self::Sound,
        Self::Hear,
        Self::Mouth,
    ];

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Cut => "cut",
            Self::Detect => "detect",
            Self::Crop => "crop",
            Self::Track => "track",
            Self::Embed => "embed",
            Self::Store => "store",
            Self::Sound => "sound",
            Self::Hear => "hear",
            Self::Mouth => "mouth",
        }
    }

    fn index(self) -> usize {
        Self::ALL.iter().position(|s| *s == self).unwrap_or(0)
    }
}

/// Counters that the stages of one run raise.
#[derive(Debug)]
pub struct Progress {
    phase: AtomicU8,
    phase_started: Mutex<Instant>,
    frames: AtomicU64,
    frames_total: AtomicU64,
    analysed: AtomicU64,
    faces: AtomicU64,
    shots: AtomicU64,
    tracks: AtomicU64,
    crops: AtomicU64,
    media_us: AtomicI64,
    start_us: AtomicI64,
    end_us: AtomicI64,
    first_frame: AtomicU64,
    busy_ns: [AtomicU64; Stage::ALL.len()],
    /// As `busy_ns`, by the clock on the wall.
    passed_ns: [AtomicU64; Stage::ALL.len()],
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            phase: AtomicU8::new(0),
            phase_started: Mutex::new(Instant::now()),
            frames: AtomicU64::new(0),
            frames_total: AtomicU64::new(0),
            analysed: AtomicU64::new(0),
            faces: AtomicU64::new(0),
            shots: AtomicU64::new(0),
            tracks: AtomicU64::new(0),
            crops: AtomicU64::new(0),
            media_us: AtomicI64::new(0),
            start_us: AtomicI64::new(0),
            end_us: AtomicI64::new(0),
            first_frame: AtomicU64::new(0),
            busy_ns: Default::default(),
            passed_ns: Default::default(),
        }
    }
}

/// A copy of the counters.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgressView {
    pub phase: Phase,
    /// Wall time of this phase so far.
    pub elapsed: Duration,
    /// Units of the phase: decoded pictures while detecting, crops while embedding, seconds of sound while listening, shots while
    /// looking at mouths, windows while writing down.
    pub done: u64,
    /// 0 where it is not known.
    pub total: u64,
    /// Where this phase began counting (a resumed scan does not begin at 0).
    pub began_at: u64,
    pub analysed: u64,
    pub faces: u64,
    pub shots: u64,
    pub tracks: u64,
    pub crops: u64,
    /// Time of the video reached, from its first picture.
    pub media: MediaTime,
    /// Length of the video.
    pub duration: MediaTime,
    /// Processor time of each stage, in the order of [`Stage::ALL`], summed over its threads; waiting is left out.
    ///
    /// Threads of libraries are not seen one by one: the decoder's own are in none of these, see [`Progress::spent`].
    pub busy: Vec<(Stage, Duration)>,
}

impl ProgressView {
    /// Returns units a second since the phase began.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let secs = self.elapsed.as_secs_f64();
        if secs > 0.0 { self.done.saturating_sub(self.began_at) as f64 / secs } else { 0.0 }
    }

    /// Returns the time left at the rate so far, where total and rate are known.
    #[must_use]
    pub fn eta(&self) -> Option<Duration> {
        let rate = self.rate();
        let left = self.total.checked_sub(self.done)?;
        (self.total > 0 && rate > 0.0).then(|| Duration::from_secs_f64((left as f64 / rate).min(1e7)))
    }
}

impl Progress {
    /// Begins a phase of `total` units, `done` of which an earlier run did.
    pub fn begin(&self, phase: Phase, done: u64, total: u64) {
        let code = Phase::ALL.iter().position(|p| *p == phase).unwrap_or(0);
        self.phase.store(u8::try_from(code).unwrap_or(0), Relaxed);
        self.frames.store(done, Relaxed);
        self.first_frame.store(done, Relaxed);
        self.frames_total.store(total, Relaxed);
        *self.phase_started.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// States the stretch of time of the whole video.
    pub fn video(&self, start: MediaTime, end: MediaTime) {
        self.start_us.store(start.0, Relaxed);
        self.media_us.store(start.0, Relaxed);
        self.end_us.store(end.0, Relaxed);
    }

    /// Counts what an earlier, interrupted run has stored.
    pub fn resume_with(&self, analysed: u64, faces: u64, shots: u64, tracks: u64, crops: u64) {
        for (counter, n) in
            [(&self.analysed, analysed), (&self.faces, faces), (&self.shots, shots), (&self.tracks, tracks), (&self.crops, crops)]
        {
            counter.store(n, Relaxed);
        }
    }

    /// Counts units of the phase up to `done`.
    pub fn units(&self, done: u64) {
        self.frames.store(done, Relaxed);
    }

    /// Says up to where the sound was heard; the time reached begins anew with it.
    pub fn heard(&self, seconds: u64) {
        self.frames.store(seconds, Relaxed);
        let reached = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000);
        self.media_us.store(self.start_us.load(Relaxed).saturating_add(reached), Relaxed);
    }

    /// Counts one analysed picture at `media` with `faces` faces.
    pub fn analysed(&self, media: MediaTime, faces: u64) -> u64 {
        self.media_us.fetch_max(media.0, Relaxed);
        self.faces.fetch_add(faces, Relaxed);
        self.analysed.fetch_add(1, Relaxed) + 1
    }

    /// Counts one stored shot.
    pub fn shot(&self, tracks: u64, crops: u64) {
        self.shots.fetch_add(1, Relaxed);
        self.tracks.fetch_add(tracks, Relaxed);
        self.crops.fetch_add(crops, Relaxed);
    }

    /// Runs `work` and adds the processor time that this thread spent in it to `stage`.
    pub fn busy<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let (began, started) = (processor_time(ClockId::ThreadCPUTime), Instant::now());
        let result = work();
        let spent = processor_time(ClockId::ThreadCPUTime).saturating_sub(began);
        let ns = u64::try_from(spent.as_nanos()).unwrap_or(u64::MAX);
        self.busy_ns[stage.index()].fetch_add(ns, Relaxed);
        let passed = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.passed_ns[stage.index()].fetch_add(passed, Relaxed);
        result
    }

    /// Returns the time that passed in each stage's threads, what they waited for a GPU or for the decoder's own threads included.
    #[must_use]
    pub fn passed(&self) -> Vec<(Stage, Duration)> {
        Stage::ALL.iter().map(|s| (*s, Duration::from_nanos(self.passed_ns[s.index()].load(Relaxed)))).collect()
    }

    /// Returns the processor time of each stage; what no stage's own threads spent is the decoder's, whose threads are a library's.
    #[must_use]
    pub fn spent(&self) -> Vec<(Stage, Duration)> {
        let mut busy = self.view().busy;
        let known: Duration = busy.iter().map(|(_, time)| *time).sum();
        let rest = processor_time(ClockId::ProcessCPUTime).saturating_sub(known);
        for (_, time) in busy.iter_mut().filter(|(stage, _)| *stage == Stage::Decode) {
            *time += rest;
        }
        busy
    }

    /// Returns a copy of everything.
    #[must_use]
    pub fn view(&self) -> ProgressView {
        let start = self.start_us.load(Relaxed);
        let phase = Phase::ALL.get(usize::from(self.phase.load(Relaxed))).copied().unwrap_or(Phase::Prepare);
        ProgressView {
            phase,
            elapsed: self.phase_started.lock().unwrap_or_else(PoisonError::into_inner).elapsed(),
            done: self.frames.load(Relaxed),
            total: self.frames_total.load(Relaxed),
            began_at: self.first_frame.load(Relaxed),
            analysed: self.analysed.load(Relaxed),
            faces: self.faces.load(Relaxed),
            shots: self.shots.load(Relaxed),
            tracks: self.tracks.load(Relaxed),
            crops: self.crops.load(Relaxed),
            media: MediaTime(self.media_us.load(Relaxed).saturating_sub(start)),
            duration: MediaTime(self.end_us.load(Relaxed).saturating_sub(start)),
            busy: Stage::ALL.iter().map(|s| (*s, Duration::from_nanos(self.busy_ns[s.index()].load(Relaxed)))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resumed_phase_takes_its_rate_from_what_it_did_itself() {
        let view = ProgressView {
            phase: Phase::Detect,
            elapsed: Duration::from_secs(10),
            done: 1500,
            total: 2000,
            began_at: 1000,
            analysed: 0,
            faces: 0,
            shots: 0,
            tracks: 0,
            crops: 0,
            media: MediaTime::ZERO,
            duration: MediaTime::ZERO,
            busy: Vec::new(),
        };
        assert!((view.rate() - 50.0).abs() < 1e-9);
        assert_eq!(view.eta(), Some(Duration::from_secs(10)));
    }
}
