//! What is said: the pass `transcribe` of a run, and a file that is written down alone.

use super::fingerprint;
use super::passes::{DIARISE, LISTEN, Pass, TRANSCRIBE, begins, is_done, is_made_of, mark};
use super::{SessionError, Workspace};
use crate::algo::speech::{LevelMeter, byte, speech_spans};
use crate::algo::speech_windows;
use crate::domain::{MediaTime, ModelUse, RunMeta, Sentence, SoundLevels, Word};
use crate::export::subtitles::{self, Cue};
use crate::infer::{
    DeviceChoice, InferError, Prefer, Registry, SessionOptions, SpeechDetector, SpeechModel, Task, TranscribeParams,
    find_speech_model,
};
use crate::media::audio::{Sound, SoundChoice};
use crate::pipeline::transcribe::{self, Listener};
use crate::pipeline::{Cancel, PassError, Phase};
use serde_json::{Value, json};
use std::path::Path;

/// What the settings say where nothing is to be written down.
const OFF: &str = "off";
/// The model that is named where none is there: of those that are small enough for every machine, the best.
pub(super) const OFFERED: &str = "whisper_base_onnx";

/// What came of writing down what is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WordsReport {
    /// It is written down, by this model.
    Written { model: String, words: usize },
    /// The settings say not to write anything down.
    Off,
    /// Nobody was heard, so there is nothing to write down.
    NoTurns,
    /// No speech model is installed.
    NoModel,
    /// It could not be written down.
    Failed { what: String, hint: Option<String> },
}

impl WordsReport {
    /// Returns it as other programs read it; `text` says it in words.
    pub(super) fn json(&self) -> Value {
        let mut value = match self {
            Self::Written { model, words } => json!({"state": "written", "model": model, "words": words}),
            Self::Off => json!({"state": "off"}),
            Self::NoTurns => json!({"state": "no_turns"}),
            Self::NoModel => json!({"state": "no_model"}),
            Self::Failed { .. } => json!({"state": "failed"}),
        };
        value["text"] = self.text().into();
        value
    }

    /// Says it in one line.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Written { model, words } => format!("{} by {model}", super::counted(*words as u64, "word")),
            Self::Off => "not written down: transcribe.model is off".into(),
            Self::NoTurns => "none: nobody was heard".into(),
            Self::NoModel => format!("not written down: no speech model is installed; run: screenalytics models pull {OFFERED}"),
            Self::Failed { what, hint } => {
                let hint = hint.as_ref().map(|h| format!("; {h}")).unwrap_or_default();
                format!("not written down: {what}{hint}")
            }
        }
    }
}

/// Writes down what is not written down yet; where `cancel` is set the windows that are stored stay, and nothing is said to be complete.
///
/// # Errors
/// Fails where the store does; whatever else goes wrong is part of the report, and never keeps a run from ending.
pub(super) fn run(pass: &Pass<'_>, meta: &mut RunMeta) -> Result<WordsReport, SessionError> {
    let params = &pass.settings.transcribe;
    if params.model == OFF {
        return Ok(WordsReport::Off);
    }
    if pass.store.turns(meta.id)?.is_empty() {
        return Ok(WordsReport::NoTurns);
    }
    let model = match model(pass) {
        Ok(Some(model)) => model,
        Ok(None) if is_done(meta, TRANSCRIBE) => return report(pass, meta),
        Ok(None) => return Ok(WordsReport::NoModel),
        Err(error) => return Ok(WordsReport::Failed { hint: error.hint(), what: error.to_string() }),
    };
    let key = key(meta, &model.used, params);
    if is_made_of(meta, TRANSCRIBE, &key) {
        return report(pass, meta);
    }
    match write_down(pass, meta, &model, &key) {
        Ok(true) => {
            meta.transcriber = Some(model.used);
            mark(meta, TRANSCRIBE, key);
            pass.store.update_run(meta)?;
            report(pass, meta)
        }
        Ok(false) => Ok(WordsReport::Failed { what: "it was stopped; the next run goes on with it".into(), hint: None }),
        Err(PassError::Store(error)) => Err(error.into()),
        Err(error) => Ok(WordsReport::Failed { hint: error.hint(), what: error.to_string() }),
    }
}

fn model(pass: &Pass<'_>) -> Result<Option<SpeechModel>, InferError> {
    let registry = Registry::built_in()?;
    let found = registry.scan(&pass.workspace.models)?;
    find_speech_model(&registry, &found, &pass.settings.transcribe.model)
}

fn write_down(pass: &Pass<'_>, meta: &mut RunMeta, model: &SpeechModel, key: &str) -> Result<bool, PassError> {
    let params = &pass.settings.transcribe;
    begins(meta, pass.settings, |table| table == "transcribe");
    pass.store.update_run(meta)?;
    let total = transcribe::count(pass.store, meta.id, params)?;
    let done = pass.store.written(meta.id, key)?.len();
    pass.progress.begin(Phase::Transcribe, done as u64, total as u64);
    pass.watcher.moves();
    let device = pass.prepared.device.clone();
    let options = SessionOptions { intra_threads: threads(params), device };
    // What a GPU cannot load, the CPU may.
    let opened = model.open(params, &options).or_else(|error| {
        if options.device.is_cpu() {
            return Err(error);
        }
        tracing::warn!(%error, "speech is written down on the CPU");
        let options = SessionOptions { device: pass.prepared.runtime.cpu(), ..options };
        model.open(params, &options)
    });
    let choice = pass.sound();
    let listener = Listener { path: pass.video, choice: &choice };
    let tick = || pass.watcher.moves();
    let done = transcribe::run(&listener, &mut opened?, pass.store, meta.id, key, params, pass.cancel, pass.progress, &tick)?;
    Ok(done)
}

fn report(pass: &Pass<'_>, meta: &RunMeta) -> Result<WordsReport, SessionError> {
    let words = pass.store.transcripts(meta.id)?.values().map(|t| t.words.len()).sum();
    let model = meta.transcriber.as_ref().map(|m| m.id.clone()).unwrap_or_default();
    Ok(WordsReport::Written { model, words })
}

/// Returns the digest of everything that decides the words.
fn key(meta: &RunMeta, model: &ModelUse, params: &TranscribeParams) -> String {
    let TranscribeParams { language, task, language_windows, latest_first_s, most_tokens, circle, belief, windows, .. } = params;
    let heard = [LISTEN, DIARISE].map(|pass| meta.marks.get(pass).map(|m| m.key.clone()));
    fingerprint::of_json(&json!({
        "transcribe": 1,
        "heard": heard,
        "model": model.sha256,
        "params": [language, task, language_windows, latest_first_s, most_tokens, circle, belief, windows],
    }))
}

fn threads(params: &TranscribeParams) -> usize {
    match params.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    }
}

/// What was written down of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileTranscript {
    /// Id of the model.
    pub model: String,
    pub language: String,
    pub sentences: Vec<Sentence>,
}

/// How a transcript is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TranscriptFile {
    Json,
    Vtt,
    Srt,
    Txt,
}

impl FileTranscript {
    /// Returns it as a file of this kind.
    #[must_use]
    pub fn text(&self, kind: TranscriptFile) -> String {
        let of = |s: &Sentence| subtitles::cues(&s.words, &self.language, None, MediaTime::ZERO);
        let cues: Vec<Cue> = self.sentences.iter().flat_map(of).collect();
        match kind {
            TranscriptFile::Json => self.json(),
            TranscriptFile::Vtt => subtitles::vtt(&cues),
            TranscriptFile::Srt => subtitles::srt(&cues),
            TranscriptFile::Txt => subtitles::txt(&cues),
        }
    }

    fn json(&self) -> String {
        let word = |w: &Word| json!({"w": w.text, "t0": w.span.start().secs(), "t1": w.span.end().secs(), "conf": w.confidence});
        let sentence = |s: &Sentence| {
            let words: Vec<_> = s.words.iter().map(word).collect();
            json!({"timing": s.timing, "words": words})
        };
        let sentences: Vec<_> = self.sentences.iter().map(sentence).collect();
        super::pretty(&json!({"model": self.model, "language": self.language, "sentences": sentences}))
    }
}

/// Writes down the sound of any file, without a library; `sound` is a stream or a language, or empty; `watch` is told how many windows of how many are done. `None` where it was cancelled.
///
/// # Errors
/// `NoSpeechModel` where none is installed, `NoSound` where the file has none; else fails where file or models do.
pub fn transcribe_file(
    workspace: &Workspace,
    path: &Path,
    sound: &str,
    cancel: &Cancel,
    watch: &dyn Fn(usize, usize),
) -> Result<Option<FileTranscript>, SessionError> {
    let params = &workspace.settings.transcribe;
    let choice = &SoundChoice::from(sound.to_owned());
    let registry = Registry::built_in()?;
    let found = registry.scan(&workspace.models)?;
    let Some(model) = find_speech_model(&registry, &found, &params.model)? else { return Err(SessionError::NoSpeechModel) };
    let runtime = workspace.runtime(Prefer::Cpu)?;
    let device = runtime.device(DeviceChoice::Cpu, &[], &workspace.paths.cache)?;
    let vad = registry.resolve(&found, Task::Listen, "silero_vad_v6_sequence", &runtime)?;
    let one = SessionOptions { intra_threads: 1, device: device.clone() };
    let Some(levels) = levels(path, choice, &mut SpeechDetector::open(&vad, &one)?, workspace, cancel)? else { return Ok(None) };
    let chances: Vec<f32> = levels.speech.iter().map(|p| f32::from(*p) / 255.0).collect();
    let end = levels.start + MediaTime(SoundLevels::SPEECH_STEP.0 * i64::try_from(chances.len()).unwrap_or(0));
    let speech = speech_spans(&chances, SoundLevels::SPEECH_STEP, levels.start, end, &workspace.settings.speech);
    let windows = speech_windows::windows(&speech, &levels, &params.windows);

    let options = SessionOptions { intra_threads: threads(params), device };
    let mut whisper = model.open(params, &options)?;
    let mut transcript = FileTranscript { model: model.used.id.clone(), language: String::new(), sentences: Vec::new() };
    watch(0, windows.len());
    let listener = Listener { path, choice };
    let ended = transcribe::write_down(&listener, &mut whisper, &windows, 0, None, params, cancel, |n, written| {
        transcript.language = written.language;
        transcript.sentences.extend(written.sentences);
        watch(n + 1, windows.len());
        Ok(())
    })?;
    Ok(ended.then_some(transcript))
}

/// Returns where speech is likely in a file; `None` where it was cancelled.
fn levels(
    path: &Path,
    choice: &SoundChoice,
    vad: &mut SpeechDetector,
    workspace: &Workspace,
    cancel: &Cancel,
) -> Result<Option<SoundLevels>, SessionError> {
    let mut sound = Sound::open(path, choice)?.ok_or_else(|| SessionError::NoSound { path: path.to_path_buf() })?;
    let mut meter = LevelMeter::default();
    let mut levels = SoundLevels { start: sound.facts().span.start(), ..SoundLevels::default() };
    let mut left: Vec<f32> = Vec::new();
    while let Some(chunk) = sound.next() {
        if cancel.is_set() {
            return Ok(None);
        }
        meter.push(&chunk.samples);
        left.extend_from_slice(&chunk.samples);
        let whole = left.len() - left.len() % SpeechDetector::STEP;
        let chances = vad.push(&left[..whole], meter.gain(&workspace.settings.speech))?;
        levels.speech.extend(chances.into_iter().map(byte));
        left.drain(..whole);
    }
    let chances = vad.push(&left, meter.gain(&workspace.settings.speech))?;
    levels.speech.extend(chances.into_iter().map(byte));
    Ok(Some(levels))
}
