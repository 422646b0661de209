//! The passes over the sound of a run: `listen` hears, `diarise` tells voices apart.

use super::SessionError;
use super::fingerprint;
use super::passes::{DIARISE, LISTEN, Pass, TRANSCRIBE, begins, is_done, is_made_of, mark};
use super::prepare::Prepared;
use crate::algo::diarise::{self, Heard};
use crate::config::Settings;
use crate::domain::{Listening, RunMeta, SoundFacts, SpeakerId, TurnId};
use crate::infer::{Found, ModelEntry, ModelFile, Registry, Task};
use crate::media::audio::Sound;
use crate::pipeline::carry_voices::CarriedVoices;
use crate::pipeline::listen::{self, Ears};
use crate::pipeline::{PassError, Phase, carry_voices};
use crate::store::EpisodeStore;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What came of the sound.
#[derive(Debug, Clone, PartialEq)]
pub enum SoundReport {
    /// It was heard. `carried`: what came to its turns from those that it had before.
    Heard { facts: SoundFacts, turns: usize, speakers: usize, carried: CarriedVoices },
    /// The settings say not to listen.
    Off,
    /// The video has no sound.
    NoSound,
    /// Models that are not installed.
    NoModels { missing: Vec<String> },
    /// It could not be listened to.
    Failed { what: String, hint: Option<String> },
}

impl SoundReport {
    /// Returns it as other programs read it; `text` says it in words.
    pub(super) fn json(&self) -> Value {
        let mut value = match self {
            Self::Heard { facts, turns, speakers, .. } => {
                json!({"state": "heard", "turns": turns, "speakers": speakers, "facts": facts})
            }
            Self::Off => json!({"state": "off"}),
            Self::NoSound => json!({"state": "no_sound"}),
            Self::NoModels { missing } => json!({"state": "no_models", "missing": missing}),
            Self::Failed { .. } => json!({"state": "failed"}),
        };
        value["text"] = self.text().into();
        value
    }

    pub(super) fn carried(&self) -> CarriedVoices {
        if let Self::Heard { carried, .. } = self { *carried } else { CarriedVoices::default() }
    }

    /// Says it in one line.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Heard { facts, turns, speakers, .. } => {
                let counted = super::counted(*turns as u64, "turn");
                let voices = super::counted(*speakers as u64, "voice");
                format!("{counted} of {voices} in {} of sound ({}, {})", facts.span.len(), facts.codec, facts.mix)
            }
            Self::Off => "not listened to: listen.enabled is false".into(),
            Self::NoSound => "the video has no sound: only what is seen was measured".into(),
            Self::NoModels { missing } => {
                format!("not listened to: {} missing; run: screenalytics models pull {}", is_or_are(missing), missing.join(" "))
            }
            Self::Failed { what, hint } => {
                let hint = hint.as_ref().map(|h| format!("; {h}")).unwrap_or_default();
                format!("not listened to: {what}{hint}")
            }
        }
    }
}

fn is_or_are(missing: &[String]) -> String {
    format!("{} {}", missing.join(", "), if missing.len() == 1 { "is" } else { "are" })
}

/// The family of vectors whose cosines the settings are about.
const TUNED: &str = "ge2e";

/// Says that the settings are about other vectors than those of this model; `None` where they are about its own.
pub(super) fn untuned(voices: &ModelEntry) -> Option<String> {
    (voices.family != TUNED).then(|| {
        format!(
            "the cosines of [diarise] and [voice_bank] were chosen for {TUNED}, not for {}: find yours with `eval FILE... --rttm FILE...`",
            voices.id
        )
    })
}

/// Finds the models that listen, or names those that are not there.
///
/// # Errors
/// Returns the ids that are missing.
pub(super) fn models(registry: &Registry, found: &Found, params: &listen::Params) -> Result<[ModelFile; 3], Vec<String>> {
    let wanted = [&params.speech_model, &params.segmentation_model, &params.voice_model];
    let there = wanted.map(|id| registry.chosen(found, Task::Listen, id).filter(|m| crate::infer::can_run(&m.entry)).cloned());
    match there {
        [Some(speech), Some(segmentation), Some(voices)] => Ok([speech, segmentation, voices]),
        there => Err(there.iter().zip(wanted).filter(|(m, _)| m.is_none()).map(|(_, id)| id.clone()).collect()),
    }
}

/// Does what is not done yet of both passes; where `cancel` is set what was heard stays and nothing is said to be complete.
///
/// # Errors
/// Fails where the store does; whatever else goes wrong is part of the report.
pub(super) fn run(pass: &Pass<'_>, meta: &mut RunMeta) -> Result<SoundReport, SessionError> {
    if !pass.settings.listen.enabled {
        return Ok(SoundReport::Off);
    }
    let models = match &pass.prepared.ears {
        Ok(models) => models,
        Err(_) if is_done(meta, DIARISE) => return report(pass, meta, CarriedVoices::default()),
        Err(missing) => return Ok(SoundReport::NoModels { missing: missing.clone() }),
    };
    let key = listen_key(pass.prepared, pass.settings, models);
    if !is_made_of(meta, LISTEN, &key) {
        if let Some(why) = hear(pass, meta, models, &key)? {
            return Ok(why);
        }
        if pass.cancel.is_set() {
            return report(pass, meta, CarriedVoices::default());
        }
    }
    let diarise_key = diarise_key(&key, pass.settings);
    let mut carried = CarriedVoices::default();
    if !is_made_of(meta, DIARISE, &diarise_key) {
        pass.progress.begin(Phase::Diarise, 0, 0);
        pass.watcher.moves();
        carried = tell_apart(pass.store, meta, pass.settings, diarise_key)?;
    }
    report(pass, meta, carried)
}

/// Hears what is not stored yet; returns why there is nothing to hear.
fn hear(pass: &Pass<'_>, meta: &mut RunMeta, models: &[ModelFile; 3], key: &str) -> Result<Option<SoundReport>, SessionError> {
    let params = &pass.settings.listen;
    let mut sound = match Sound::open(pass.video, &pass.sound()) {
        Ok(Some(sound)) => sound,
        Ok(None) => return Ok(Some(SoundReport::NoSound)),
        Err(error) => return Ok(Some(SoundReport::Failed { what: error.to_string(), hint: Some(error.hint()) })),
    };
    let ears = ears(pass, models);
    let goes_on = meta.sound.as_ref().is_some_and(|s| s.key == key);
    let models = models.iter().map(ModelFile::model_use).collect();
    let device = ears.device.usage().used.clone();
    meta.sound = Some(Listening { key: key.to_owned(), models, device, facts: None });
    begins(meta, pass.settings, |table| matches!(table, "listen" | "speech"));
    meta.marks.remove(LISTEN);
    if goes_on {
        pass.store.update_run(meta)?;
    } else {
        pass.store.forget_heard(meta)?;
    }

    let from = pass.store.heard_stretches(meta.id)?;
    let start = sound.facts().span.start();
    let end = sound.promised_end().unwrap_or(pass.prepared.facts.first_pts + pass.prepared.facts.duration);
    pass.progress.begin(Phase::Listen, 0, u64::try_from((end - start).0 / 1_000_000).unwrap_or(0));
    pass.progress.heard(0);
    pass.watcher.moves();
    let mut next = || sound.next().map(|chunk| (chunk.start, chunk.samples));
    let mut keep = |chunk| {
        pass.store.write_heard(meta.id, &chunk)?;
        pass.watcher.moves();
        Ok(())
    };
    let heard = listen::listen(&mut next, &ears, params, &pass.settings.speech, from, pass.cancel, pass.progress, &mut keep);
    match heard {
        Err(PassError::Store(error)) => return Err(error.into()),
        Err(error) => return Ok(Some(SoundReport::Failed { what: error.to_string(), hint: error.hint() })),
        Ok(()) if pass.cancel.is_set() => return Ok(None),
        Ok(()) => {}
    }
    if let Some(listening) = &mut meta.sound {
        listening.facts = Some(sound.facts());
    }
    mark(meta, LISTEN, key.to_owned());
    pass.store.update_run(meta)?;
    Ok(None)
}

/// Returns the models on the run's device, or on the CPU where that cannot serve them.
fn ears(pass: &Pass<'_>, models: &[ModelFile; 3]) -> Ears {
    let [speech, segmentation, voices] = models.clone();
    let cpu = pass.prepared.runtime.cpu();
    let ears = Ears { speech, segmentation, voices, device: pass.prepared.device.clone(), cpu: cpu.clone() };
    if !ears.device.is_cpu()
        && let Err(error) = listen::try_out(&ears)
    {
        tracing::warn!(%error, "sound is listened to on the CPU");
        return Ears { device: cpu, ..ears };
    }
    ears
}

/// Tells voices apart, under numbers that were not used before. Words are those of turns, and go with them.
pub(super) fn tell_apart(
    store: &EpisodeStore,
    meta: &mut RunMeta,
    settings: &Settings,
    key: String,
) -> Result<CarriedVoices, SessionError> {
    let span = meta.sound.as_ref().and_then(|s| s.facts.as_ref()).map(|f| f.span).unwrap_or_default();
    let (windows, levels) = (store.heard_windows(meta.id)?, store.levels(meta.id)?);
    let mut found = diarise::diarise(&Heard { span, windows: &windows, levels: &levels }, &settings.diarise);
    let (turn, speaker) = (store.next_turn_id(meta.id)?.0 - 1, store.next_speaker_id(meta.id)?.0 - 1);
    for t in &mut found.turns {
        (t.id, t.speaker) = (TurnId(t.id.0 + turn), SpeakerId(t.speaker.0 + speaker));
    }
    for s in &mut found.speakers {
        s.id = SpeakerId(s.id.0 + speaker);
    }
    let then = store.spoken(meta.id)?;
    let identities = store.identities(meta.id)?;
    let (turns, speakers) = (&found.turns, &found.speakers);
    let carry = carry_voices::carried_within(meta.id, &then, turns, speakers, &identities, Timestamp::now());
    let (draft, carried) = carry.unzip();
    begins(meta, settings, |table| table == "diarise");
    meta.marks.remove(TRANSCRIBE);
    meta.transcriber = None;
    mark(meta, DIARISE, key);
    store.write_voices(meta, turns, speakers, draft)?;
    Ok(carried.unwrap_or_default())
}

fn report(pass: &Pass<'_>, meta: &RunMeta, carried: CarriedVoices) -> Result<SoundReport, SessionError> {
    let facts = meta.sound.as_ref().and_then(|s| s.facts.clone());
    Ok(match facts {
        Some(facts) => {
            let (turns, speakers) = (pass.store.turns(meta.id)?.len(), pass.store.speakers(meta.id)?.len());
            SoundReport::Heard { facts, turns, speakers, carried }
        }
        None => SoundReport::Failed { what: "it was not heard to its end".into(), hint: None },
    })
}

/// Returns the digest of everything that decides what is heard.
fn listen_key(prepared: &Prepared, settings: &Settings, models: &[ModelFile; 3]) -> String {
    let (listen, speech) = (&settings.listen, &settings.speech);
    fingerprint::of_json(&json!({
        "listen": 1,
        "video": prepared.facts.sha256,
        "stream": listen.stream,
        "window_step_s": listen.window_step_s,
        "stretch_s": listen.stretch_s,
        "level": [speech.loud_dbfs, speech.max_gain_db],
        "models": models.each_ref().map(|m| &m.digest),
    }))
}

fn diarise_key(listen_key: &str, settings: &Settings) -> String {
    fingerprint::of_json(&json!({"diarise": 1, "listen": listen_key, "params": settings.diarise}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_other_vectors_is_told_that_the_thresholds_are_not_theirs() {
        let registry = Registry::built_in().unwrap();
        let told = |id: &str| untuned(registry.entries().iter().find(|e| e.id == id).unwrap());
        assert_eq!(told("ge2e_resemblyzer"), None);
        assert!(told("wespeaker_resnet34_lm").is_some_and(|t| t.contains("wespeaker_resnet34_lm")));
    }
}
