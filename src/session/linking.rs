//! The pass that looks at mouths while somebody speaks.

use super::SessionError;
use super::fingerprint;
use super::passes::{LINK, Pass, begins, is_done, is_made_of, mark};
use crate::algo::mouth::Grid;
use crate::domain::{RunMeta, Turn, Watching};
use crate::infer::{AUTO, FaceClip, FaceSound, Found, ModelFile, Registry, SessionOptions, Task, build_active_speaker, can_run};
use crate::media::audio::Sound;
use crate::media::{DecodeParams, Decoder, Hardware};
use crate::pipeline::link::{self, LinkPlan};
use crate::pipeline::{PassError, Phase};
use serde_json::{Value, json};

/// The setting that leaves the pass out.
const OFF: &str = "off";
/// Families in the order in which `auto` takes them: by their authors' figures on AVA-ActiveSpeaker.
const FAMILIES: [&str; 2] = ["lr-asd", "light-asd"];

/// What came of looking at mouths.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkReport {
    /// Mouths were scored: how many tracks, for how many seconds of faces.
    Scored { tracks: usize, face_s: f64 },
    /// The settings say not to look.
    Off,
    /// Nobody was heard.
    NoSpeech,
    /// No model is installed, or not the one that the settings name.
    NoModel { wanted: String },
    /// It could not be done.
    Failed { what: String, hint: Option<String> },
}

impl LinkReport {
    /// Returns it as other programs read it; `text` says it in words.
    pub(super) fn json(&self) -> Value {
        let mut value = match self {
            Self::Scored { tracks, face_s } => json!({"state": "scored", "tracks": tracks, "face_s": face_s}),
            Self::Off => json!({"state": "off"}),
            Self::NoSpeech => json!({"state": "no_speech"}),
            Self::NoModel { wanted } => json!({"state": "no_model", "wanted": wanted}),
            Self::Failed { .. } => json!({"state": "failed"}),
        };
        value["text"] = self.text().into();
        value
    }

    /// Says it in one line.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Scored { tracks, face_s } => {
                format!("{} scored in speech, {face_s:.1} s of faces", super::counted(*tracks as u64, "track"))
            }
            Self::Off => "not looked at: mouth.model is off".into(),
            Self::NoSpeech => "not looked at: nobody was heard".into(),
            Self::NoModel { wanted } if wanted == AUTO => {
                "not looked at: no active-speaker model is installed, such as lr_asd_ava; screenalytics models lists them".into()
            }
            Self::NoModel { wanted } => format!("not looked at: there is no active-speaker model {wanted}"),
            Self::Failed { what, hint } => {
                let hint = hint.as_ref().map(|h| format!("; {h}")).unwrap_or_default();
                format!("not looked at: {what}{hint}")
            }
        }
    }
}

/// Finds the active-speaker model that the settings mean.
pub(super) fn model(registry: &Registry, found: &Found, wanted: &str) -> Option<ModelFile> {
    let of = |wanted: &str| {
        let model = registry.chosen(found, Task::Listen, wanted).filter(|m| can_run(&m.entry));
        model.filter(|m| FAMILIES.contains(&m.entry.family.as_str())).cloned()
    };
    match wanted {
        OFF => None,
        AUTO => FAMILIES.iter().find_map(|family| of(family)),
        wanted => of(wanted),
    }
}

/// Scores what is not scored yet; where `cancel` is set whole shots stay and nothing is said to be complete.
///
/// # Errors
/// Fails where the store does; whatever else goes wrong is part of the report.
pub(super) fn run(pass: &Pass<'_>, meta: &mut RunMeta) -> Result<LinkReport, SessionError> {
    let wanted = pass.settings.mouth.model.as_str();
    if wanted == OFF {
        return Ok(LinkReport::Off);
    }
    let turns = pass.store.turns(meta.id)?;
    if turns.is_empty() {
        return Ok(LinkReport::NoSpeech);
    }
    let Some(model) = &pass.prepared.mouth else {
        // Scores of a model that was there once are as good as ever.
        return if is_done(meta, LINK) { report(pass, meta) } else { Ok(LinkReport::NoModel { wanted: wanted.to_owned() }) };
    };
    let key = key(pass, meta, model, &turns);
    if is_made_of(meta, LINK, &key) {
        return report(pass, meta);
    }
    match score(pass, meta, model, &turns, &key) {
        Err(PassError::Store(error)) => return Err(error.into()),
        Err(error) => return Ok(LinkReport::Failed { what: error.to_string(), hint: error.hint() }),
        Ok(()) if pass.cancel.is_set() => {}
        Ok(()) => {
            mark(meta, LINK, key);
            pass.store.update_run(meta)?;
        }
    }
    report(pass, meta)
}

fn score(pass: &Pass<'_>, meta: &mut RunMeta, model: &ModelFile, turns: &[Turn], key: &str) -> Result<(), PassError> {
    let Some(sound) = Sound::open(pass.video, &pass.sound())? else {
        return Ok(());
    };
    let decode = DecodeParams { hardware: Hardware::Off, ..pass.settings.decode.clone() };
    let decoder = Decoder::open(pass.video, &decode)?;
    let session = session(pass, model);
    begins(meta, pass.settings, |table| table == "mouth");
    if meta.mouths.as_ref().is_some_and(|m| m.key == key) {
        pass.store.update_run(meta)?;
    } else {
        let mark = model.entry.thresholds.as_ref().and_then(|t| t.score).unwrap_or(0.0);
        let device = session.device.usage().used.clone();
        meta.mouths = Some(Watching { model: model.model_use(), mark, key: key.to_owned(), device });
        meta.marks.remove(LINK);
        pass.store.forget_mouths(meta)?;
    }
    let workers =
        pass.settings.workers.resolve(std::thread::available_parallelism().map_or(1, usize::from), !session.device.is_cpu());
    let plan = LinkPlan {
        grid: Grid { origin: meta.video.first_pts },
        params: &pass.settings.mouth,
        model,
        session,
        workers: workers.0,
        turns,
    };
    let done = pass.store.mouths(meta.id)?.len() as u64;
    pass.progress.begin(Phase::Link, done, pass.store.shots(meta.id)?.len() as u64);
    pass.watcher.moves();
    link::run(decoder, sound, pass.store, meta.id, &plan, pass.cancel, pass.progress, &|| pass.watcher.moves())
}

/// Returns the run's device, or the CPU where that cannot serve the model.
fn session(pass: &Pass<'_>, model: &ModelFile) -> SessionOptions {
    let on = |device| SessionOptions { intra_threads: 1, device };
    let own = on(pass.prepared.device.clone());
    if own.device.is_cpu() {
        return own;
    }
    let faces = vec![0; crate::algo::mouth::CROP_SIDE.pow(2)];
    let trial = FaceClip { faces, sound: FaceSound::hear(&[], 1) };
    match build_active_speaker(model, 1, &own).and_then(|mut m| m.score(&[trial])) {
        Ok(_) => own,
        Err(error) => {
            tracing::warn!(%error, "mouths are looked at on the CPU");
            on(pass.prepared.runtime.cpu())
        }
    }
}

/// Returns the digest of everything that decides the scores.
fn key(pass: &Pass<'_>, meta: &RunMeta, model: &ModelFile, turns: &[Turn]) -> String {
    let p = &pass.settings.mouth;
    let spans: Vec<_> = turns.iter().map(|t| t.span).collect();
    fingerprint::of_json(&json!({
        "link": 1,
        "scan": meta.scan_key,
        "turns": spans,
        "stream": pass.settings.listen.stream,
        "model": model.digest,
        "params": [p.min_face_px, p.context_s, p.min_s, p.window_s, p.overlap_s],
    }))
}

fn report(pass: &Pass<'_>, meta: &RunMeta) -> Result<LinkReport, SessionError> {
    let mouths = pass.store.mouths(meta.id)?;
    let tracks: std::collections::BTreeSet<_> = mouths.values().flatten().map(|m| m.track).collect();
    let scores: usize = mouths.values().flatten().map(|m| m.scores.len()).sum();
    Ok(LinkReport::Scored { tracks: tracks.len(), face_s: scores as f64 * 0.04 })
}
