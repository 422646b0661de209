//! Who speaks when in any file with sound, without an episode.

use super::listening;
use super::output::pretty;
use super::{SessionError, Workspace};
use crate::algo::diarise::{Diarised, Heard, diarise};
use crate::domain::{HeardWindow, ModelUse, SoundFacts, Turn, commercial_use};
use crate::export::write_rttm;
use crate::infer::{Prefer, Registry};
use crate::media::audio::{Sound, SoundChoice};
use crate::pipeline::listen::{self, Ears};
use crate::pipeline::{Cancel, Phase, Progress};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// How turns are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DiariseFormat {
    /// NIST's format, a line a turn
    Rttm,
    /// Turns with belief, speakers, the sound, the models
    Json,
}

/// Who speaks when in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileVoices {
    pub file: PathBuf,
    pub sound: SoundFacts,
    pub diarised: Diarised,
    /// What they were told apart by.
    pub windows: Vec<HeardWindow>,
    /// What told speech, local speakers and voices.
    pub models: [ModelUse; 3],
}

/// Listens to a file and tells voices apart, as the settings say, on the CPU. Nothing is stored; returns nothing where it was cancelled.
///
/// Holds what a run stores: some 20 MB an hour.
///
/// # Errors
/// Fails where the file cannot be read or has no sound, or a model is not there or fails.
pub fn diarise_file(
    workspace: &Workspace,
    file: &Path,
    cancel: &Cancel,
    progress: &Progress,
) -> Result<Option<FileVoices>, SessionError> {
    let settings = &workspace.settings;
    let choice = SoundChoice::from(settings.listen.stream.clone());
    let mut sound = Sound::open(file, &choice)?.ok_or_else(|| SessionError::NoSound { path: file.to_owned() })?;
    let runtime = workspace.runtime(Prefer::Cpu)?;
    let registry = Registry::with_folder(&workspace.models)?;
    let found = registry.scan(&workspace.models)?;
    let [speech, segmentation, voices] =
        listening::models(&registry, &found, &settings.listen).map_err(|missing| SessionError::NoEars { missing })?;
    let models = [&speech, &segmentation, &voices].map(crate::infer::ModelFile::model_use);
    let ears = Ears { speech, segmentation, voices, device: runtime.cpu(), cpu: runtime.cpu() };

    let length = sound.promised_end().map_or(0, |end| (end - sound.facts().span.start()).0 / 1_000_000);
    progress.begin(Phase::Listen, 0, u64::try_from(length).unwrap_or(0));
    let (mut windows, mut levels) = (Vec::new(), Vec::new());
    let mut next = || sound.next().map(|chunk| (chunk.start, chunk.samples));
    let mut keep = |chunk: crate::domain::HeardChunk| {
        windows.extend(chunk.windows);
        levels.push(chunk.levels);
        Ok(())
    };
    listen::listen(&mut next, &ears, &settings.listen, &settings.speech, 0, cancel, progress, &mut keep)?;
    if cancel.is_set() {
        return Ok(None);
    }
    let facts = sound.facts();
    let diarised = diarise(&Heard { span: facts.span, windows: &windows, levels: &levels }, &settings.diarise);
    Ok(Some(FileVoices { file: file.to_owned(), sound: facts, diarised, windows, models }))
}

impl FileVoices {
    /// Returns the name of the file without its ending, by which RTTM calls the recording.
    #[must_use]
    pub fn name(&self) -> String {
        self.file.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Returns the turns in a format.
    #[must_use]
    pub fn text(&self, format: DiariseFormat) -> String {
        match format {
            DiariseFormat::Rttm => rttm(&self.name(), &self.diarised.turns),
            DiariseFormat::Json => pretty(&self.json()),
        }
    }

    fn json(&self) -> Value {
        let Self { file, sound, diarised, models, .. } = self;
        let mut speakers = Vec::new();
        for speaker in &diarised.speakers {
            let turns = diarised.turns.iter().filter(|t| t.speaker == speaker.id).count();
            speakers.push(json!({"speaker": speaker.id.to_string(), "speech_s": seconds(speaker.speech.secs()), "turns": turns}));
        }
        let turn = |t: &Turn| {
            json!({
                "turn": t.id.to_string(), "speaker": t.speaker.to_string(), "start_s": seconds(t.span.start().secs()),
                "end_s": seconds(t.span.end().secs()), "confidence": seconds(t.confidence.into()),
            })
        };
        json!({
            "file": file,
            "sound": {
                "stream": sound.stream, "language": sound.language, "codec": sound.codec, "rate": sound.rate,
                "channels": sound.channels, "mix": sound.mix, "start_s": seconds(sound.span.start().secs()),
                "end_s": seconds(sound.span.end().secs()), "damaged_packets": sound.damaged_packets, "notes": sound.notes,
            },
            "models": {"speech": models[0], "segmentation": models[1], "voices": models[2]},
            "commercial_use": commercial_use(models.iter()),
            "speakers": speakers,
            "turns": diarised.turns.iter().map(turn).collect::<Vec<_>>(),
        })
    }
}

/// Returns turns as RTTM.
pub(super) fn rttm(name: &str, turns: &[Turn]) -> String {
    let mut out = Vec::new();
    // Writing to memory does not fail.
    let _ = write_rttm(&mut out, name, turns);
    String::from_utf8_lossy(&out).into_owned()
}

/// Rounds to the thousandth.
pub(super) fn seconds(value: f64) -> impl Serialize {
    (value * 1000.0).round() / 1000.0
}
