//! The chain: who reads, who hears, who keeps.

use super::params::{Params, ROW};
use super::source::{Stretch, Stretches, time};
use crate::algo::diarise::local_speech;
use crate::algo::speech::{self, LevelMeter, byte, peaks};
use crate::domain::{HeardChunk, HeardWindow, LOCAL_SPEAKERS, LocalVoice, MediaTime, SoundLevels};
use crate::infer::{
    Device, InferError, ModelFile, Segmenter, SessionOptions, SpeechDetector, VoiceEmbedder, build_voice_embedder,
};
use crate::pipeline::error::PassError;
use crate::pipeline::flow::{Cancel, Flow};
use crate::pipeline::progress::{Progress, Stage};
use crate::pipeline::scan::Reorder;
use crate::store::StoreError;
use crossbeam_channel::bounded;

/// Most threads that hear: more than the sound can be read for.
const MOST_WORKERS: usize = 8;

/// What hears, and on what.
#[derive(Debug, Clone)]
pub struct Ears {
    pub speech: ModelFile,
    pub segmentation: ModelFile,
    pub voices: ModelFile,
    /// For local speakers and voices; speech is always heard on the CPU, as its model goes step by step.
    pub device: Device,
    pub cpu: Device,
}

/// A stretch on its way to be heard.
struct Task {
    stretch: Stretch,
    levels: SoundLevels,
}

/// Gives the sound that follows: the time of its first sample, and samples without a gap to those before; nothing at the end.
pub type NextSound<'a> = dyn FnMut() -> Option<(MediaTime, Vec<f32>)> + 'a;

/// Listens to the sound that `next` gives, second by second, and hands each stretch to `keep`, in order, beginning with number `from`.
///
/// The stretches before `from` are read, not heard. Progress counts seconds of sound. Ends early, with `Ok`, where `cancel` is set.
/// Memory does not depend on the length of the sound.
///
/// # Errors
/// Returns the first failure of a model, of `keep`, or of starting a thread.
#[expect(clippy::too_many_arguments, reason = "each is one thing that listening needs")]
pub fn listen(
    next: &mut NextSound<'_>,
    ears: &Ears,
    params: &Params,
    speech: &speech::Params,
    from: u32,
    cancel: &Cancel,
    progress: &Progress,
    keep: &mut (dyn FnMut(HeardChunk) -> Result<(), StoreError> + Send),
) -> Result<(), PassError> {
    let flow: Flow<PassError> = Flow::new(cancel.clone());
    let workers = workers(params, &ears.device);
    let (to_hear, tasks) = bounded::<Task>(2);
    let (to_keep, heard) = bounded::<HeardChunk>(2 + workers);
    let mut begins = None;
    let started: std::io::Result<()> = std::thread::scope(|scope| {
        let flow = &flow;
        // Whatever ends this closure early drops its ends of the channels, and with them the stages end.
        for n in 0..workers {
            let (tasks, to_keep) = (tasks.clone(), to_keep.clone());
            flow.spawn(scope, format!("hear-{n}"), move || {
                let mut listener = Listener::open(ears)?;
                for task in tasks {
                    if flow.stopped() || to_keep.send(listener.hear(task, params, progress)?).is_err() {
                        break;
                    }
                }
                Ok(())
            })?;
        }
        drop((tasks, to_keep));
        flow.spawn(scope, "keep", move || {
            let mut order = Reorder::new(u64::from(from));
            for chunk in heard {
                order.push(u64::from(chunk.index), chunk);
                while let Some(chunk) = order.pop() {
                    if flow.stopped() {
                        return Ok(());
                    }
                    progress.busy(Stage::Store, || keep(chunk))?;
                }
            }
            Ok(())
        })?;
        // Reading stays on this thread: a decoder need not be sent to another.
        let read = read(next, ears, params, speech, progress, &mut |task| {
            let (start, own) = (task.stretch.start, task.stretch.own);
            let heard = start + time(own) - *begins.get_or_insert(start);
            progress.heard(u64::try_from(heard.0 / 1_000_000).unwrap_or(0));
            !flow.stopped() && (task.stretch.index < from || to_hear.send(task).is_ok())
        });
        if let Err(error) = read {
            flow.fail("sound".into(), error.into());
        }
        drop(to_hear);
        Ok(())
    });
    started.map_err(|source| PassError::Thread { source, setting: "listen.workers" })?;
    flow.into_failure().map_or(Ok(()), |(_, error)| Err(error))
}

/// Runs the models that go to the device once on a second of noise, so that a device which cannot serve is found out before.
///
/// # Errors
/// Returns what a model fails with there.
pub fn try_out(ears: &Ears) -> Result<(), InferError> {
    let mut state = 1u32;
    let noise: Vec<f32> = (0..super::params::RATE)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as f32 / 65_536.0 - 0.5
        })
        .collect();
    let mut listener = Listener::open(ears)?;
    listener.segmenter.activity(&[&noise])?;
    let features = listener.embedder.features(&noise);
    let all = std::iter::once(0..features.rows()).collect();
    listener.embedder.embed(&features, &[all])?;
    SpeechDetector::open(&ears.speech, &SessionOptions { intra_threads: 1, device: ears.cpu.clone() })?;
    Ok(())
}

fn workers(params: &Params, device: &Device) -> usize {
    match params.workers {
        0 if device.is_gpu() => 1,
        0 => std::thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS),
        n => n,
    }
}

/// Cuts the sound into stretches with their levels and gives them on, until `give` says that nobody wants more.
fn read(
    next: &mut NextSound<'_>,
    ears: &Ears,
    params: &Params,
    speech: &speech::Params,
    progress: &Progress,
    give: &mut dyn FnMut(Task) -> bool,
) -> Result<(), InferError> {
    let mut stretches = Stretches::new(params);
    let mut detector = SpeechDetector::open(&ears.speech, &SessionOptions { intra_threads: 1, device: ears.cpu.clone() })?;
    let mut meter = LevelMeter::default();
    let mut give = |stretch: Stretch| -> Result<bool, InferError> {
        let own = stretch.samples.get(..stretch.own).unwrap_or_default();
        let probabilities = progress.busy(Stage::Sound, || {
            meter.push(own);
            detector.push(own, meter.gain(speech))
        })?;
        let levels =
            SoundLevels { start: stretch.start, peaks: peaks(own), speech: probabilities.into_iter().map(byte).collect() };
        Ok(give(Task { stretch, levels }))
    };
    while let Some((start, samples)) = progress.busy(Stage::Sound, &mut *next) {
        if let Some(stretch) = stretches.push(start, &samples)
            && !give(stretch)?
        {
            return Ok(());
        }
    }
    while let Some(stretch) = stretches.rest() {
        if !give(stretch)? {
            break;
        }
    }
    Ok(())
}

/// The models of one thread.
struct Listener {
    segmenter: Segmenter,
    embedder: Box<dyn VoiceEmbedder>,
}

impl Listener {
    fn open(ears: &Ears) -> Result<Self, InferError> {
        let options = SessionOptions { intra_threads: 1, device: ears.device.clone() };
        let segmenter = Segmenter::open(&ears.segmentation, &options)?;
        Ok(Self { segmenter, embedder: build_voice_embedder(&ears.voices, &options)? })
    }

    fn hear(&mut self, task: Task, params: &Params, progress: &Progress) -> Result<HeardChunk, InferError> {
        let Task { stretch, levels } = task;
        let sound = |at: &usize| stretch.samples.get(*at..).unwrap_or_default();
        let mut windows: Vec<HeardWindow> = Vec::with_capacity(stretch.windows.len());
        for starts in stretch.windows.chunks(params.batch.max(1)) {
            let parts: Vec<&[f32]> = starts.iter().map(sound).collect();
            let found = progress.busy(Stage::Hear, || self.segmenter.activity(&parts))?;
            windows.extend(starts.iter().zip(found).map(|(at, activity)| HeardWindow {
                start: stretch.start + time(*at),
                activity,
                voices: [const { None }; LOCAL_SPEAKERS],
            }));
        }
        progress.busy(Stage::Hear, || self.voices(&stretch, &mut windows))?;
        Ok(HeardChunk { index: stretch.index, levels, windows })
    }

    /// Makes the vectors of all local speakers of a stretch at once.
    fn voices(&mut self, stretch: &Stretch, windows: &mut [HeardWindow]) -> Result<(), InferError> {
        let mut owners: Vec<(usize, usize, MediaTime, bool)> = Vec::new();
        let mut wanted = Vec::new();
        for (w, (window, at)) in windows.iter().zip(&stretch.windows).enumerate() {
            for (speaker, speech) in local_speech(&window.activity).into_iter().enumerate() {
                let Some(speech) = speech else { continue };
                owners.push((w, speaker, speech.speech, speech.alone));
                wanted.push(speech.rows.into_iter().map(|r| r.start + at / ROW..r.end + at / ROW).collect::<Vec<_>>());
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let features = self.embedder.features(&stretch.samples);
        let voices = self.embedder.embed(&features, &wanted)?;
        for ((w, speaker, speech, alone), voice) in owners.into_iter().zip(voices) {
            if let (Some(slot), Some(voice)) = (windows.get_mut(w).and_then(|w| w.voices.get_mut(speaker)), voice) {
                *slot = Some(LocalVoice { voice, speech, alone });
            }
        }
        Ok(())
    }
}
