//! Compares who was heard when with RTTM files.

mod known;

pub use known::KnownVoices;

use super::diarisation::{diarise_file, rttm};
use super::{SessionError, Workspace, files, report};
use crate::algo::evaluate::{DiarisationError, Rttm, Said, diarisation_error};
use crate::domain::{EpisodeId, MediaTime, Span};
use crate::export::rttm_name;
use crate::pipeline::{Cancel, Progress};
use known::Recording;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Errors in per cent of all speech of the truth; absent where nobody speaks in it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    pub error: Option<f64>,
    pub missed: Option<f64>,
    pub false_alarm: Option<f64>,
    pub confusion: Option<f64>,
}

impl From<DiarisationError> for Rates {
    fn from(e: DiarisationError) -> Self {
        let percent = |share: Option<f64>| share.map(|s| (s * 1e5).round() / 1e3);
        Self {
            error: percent(e.rate()),
            missed: percent(e.share(e.missed)),
            false_alarm: percent(e.share(e.false_alarm)),
            confusion: percent(e.share(e.confusion)),
        }
    }
}

/// How one recording was heard.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VoiceScore {
    pub recording: String,
    /// Length of the sound, which is scored whole.
    pub sound_s: f64,
    pub true_speakers: usize,
    pub speakers: usize,
    /// A quarter of a second on each side of true borders is left out.
    pub with_collar: Rates,
    pub without_collar: Rates,
}

/// How all recordings were heard.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VoiceEvaluation {
    pub recordings: Vec<VoiceScore>,
    /// All errors over all speech.
    pub with_collar: Rates,
    pub without_collar: Rates,
    /// Seconds on each side of a true border that `with_collar` leaves out.
    pub collar_s: f64,
    /// How well voices are known again; absent where nobody speaks in two recordings.
    pub known: Option<KnownVoices>,
    /// Seconds of listening for each second of sound; absent where nothing was listened to.
    pub real_time_factor: Option<f64>,
}

/// Compares recordings with what RTTM files say of them: files are listened to, an episode's turns are those of its active run.
///
/// A recording is found in the RTTM files by the name of its file without the ending, blanks as
/// underscores, or by the episode's id; where there is one of each, by whatever name. The whole sound is scored, overlap counts. With `heard`, what was heard is written into that folder as RTTM. Returns
/// nothing where it was cancelled.
///
/// # Errors
/// Fails where a file cannot be read, is no RTTM, has no sound, or no RTTM file knows it.
pub fn evaluate_voices(
    workspace: &Workspace,
    targets: &[String],
    truths: &[PathBuf],
    heard: Option<&Path>,
    cancel: &Cancel,
    progress: &Progress,
) -> Result<Option<VoiceEvaluation>, SessionError> {
    let known = read_truths(truths)?;
    let mut found = VoiceEvaluation {
        recordings: Vec::new(),
        with_collar: DiarisationError::default().into(),
        without_collar: DiarisationError::default().into(),
        known: None,
        collar_s: workspace.settings.evaluation.speech_collar_s.into(),
        real_time_factor: None,
    };
    let collar = MediaTime::from_secs(f64::from(workspace.settings.evaluation.speech_collar_s));
    let mut sums = [DiarisationError::default(); 2];
    let (mut listened_s, mut took_s) = (0.0, 0.0);
    let mut recordings = Vec::new();
    for target in targets {
        let path = Path::new(target);
        let is_file = path.is_file();
        let name =
            if is_file { path.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default() } else { target.clone() };
        let only = (targets.len() == 1 && known.len() == 1).then(|| known.values().next()).flatten();
        let truth = truth_of(&known, &name)
            .or(only)
            .ok_or_else(|| SessionError::NoRecording { name: name.clone(), known: known.keys().cloned().collect() })?;
        let (span, recording) = if is_file {
            let began = Instant::now();
            let Some(voices) = diarise_file(workspace, path, cancel, progress)? else { return Ok(None) };
            took_s += began.elapsed().as_secs_f64();
            listened_s += voices.sound.span.len().secs();
            let (windows, turns) = (voices.windows, voices.diarised.turns);
            (voices.sound.span, Recording { truth: truth.clone(), windows, turns })
        } else {
            recorded(workspace, &target.parse()?, truth)?
        };
        let turns = &recording.turns;
        if let Some(folder) = heard {
            files::write_whole(&folder.join(format!("{name}.rttm")), rttm(&name, turns).as_bytes())?;
        }
        let said: Vec<Said> = turns.iter().map(|t| Said { span: t.span, speaker: t.speaker.to_string() }).collect();
        let errors = [collar, MediaTime::ZERO].map(|collar| diarisation_error(truth, &said, span, collar));
        for (sum, error) in sums.iter_mut().zip(errors) {
            *sum += error;
        }
        let count = |said: &[Said]| said.iter().map(|s| &s.speaker).collect::<BTreeSet<_>>().len();
        found.recordings.push(VoiceScore {
            recording: name,
            sound_s: (span.len().secs() * 1000.0).round() / 1000.0,
            true_speakers: count(truth),
            speakers: count(&said),
            with_collar: errors[0].into(),
            without_collar: errors[1].into(),
        });
        recordings.push(recording);
    }
    found.known = known::judge(&workspace.settings.voice_bank, &recordings);
    (found.with_collar, found.without_collar) = (sums[0].into(), sums[1].into());
    found.real_time_factor = (listened_s > 0.0).then(|| (took_s / listened_s * 1e4).round() / 1e4);
    Ok(Some(found))
}

/// Returns what is said in a recording, under its name or as RTTM writes that.
fn truth_of<'a>(known: &'a BTreeMap<String, Vec<Said>>, name: &str) -> Option<&'a Vec<Said>> {
    known.get(name).or_else(|| known.get(&rttm_name(name)))
}

fn read_truths(truths: &[PathBuf]) -> Result<BTreeMap<String, Vec<Said>>, SessionError> {
    let mut known = BTreeMap::new();
    for path in truths {
        let text = files::read_text(path)?;
        let rttm = Rttm::parse(&text).map_err(|source| SessionError::Rttm { path: path.clone(), source })?;
        for (name, said) in rttm.recordings {
            if known.insert(name.clone(), said).is_some() {
                return Err(SessionError::TwoRecordings { name });
            }
        }
    }
    Ok(known)
}

/// Returns the sound's span and what an episode's active run heard.
fn recorded(workspace: &Workspace, episode: &EpisodeId, truth: &[Said]) -> Result<(Span, Recording), SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.read(&library, episode)?;
    let run = report::summarise(&library, &store, &workspace.settings)?.run;
    let span = run.sound.as_ref().and_then(|s| s.facts.as_ref()).map(|f| f.span);
    let span = span.ok_or_else(|| SessionError::NotHeard { episode: episode.clone() })?;
    let (turns, windows) = (store.turns(run.id)?, store.heard_windows(run.id)?);
    Ok((span, Recording { truth: truth.to_vec(), windows, turns }))
}

impl fmt::Display for VoiceEvaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.recordings.iter().map(|r| r.recording.chars().count()).max().unwrap_or(0).max("recording".len());
        let cell = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |r| format!("{r:.1}"));
        let cells = |r: &Rates| {
            let [error, missed, false_alarm, confusion] = [r.error, r.missed, r.false_alarm, r.confusion].map(cell);
            format!("{error:>6} {missed:>7} {false_alarm:>6} {confusion:>6}")
        };
        writeln!(f, "{:width$}  {:^28}   {:^28}   speakers", "", format!("collar {} s", self.collar_s), "no collar")?;
        let head = format!("{:>6} {:>7} {:>6} {:>6}", "DER %", "missed", "false", "other");
        writeln!(f, "{:width$}  {head}   {head}   true found", "recording")?;
        for r in &self.recordings {
            let (collar, whole) = (cells(&r.with_collar), cells(&r.without_collar));
            writeln!(f, "{:width$}  {collar}   {whole}   {:>4} {:>5}", r.recording, r.true_speakers, r.speakers)?;
        }
        writeln!(f, "{:width$}  {}   {}", "all", cells(&self.with_collar), cells(&self.without_collar))?;
        if let Some(k) = &self.known {
            let KnownVoices { known, known_s, right_s, wrong_s, strangers, strangers_s, claimed_s, .. } = k;
            let voices = |n: usize| super::counted(n as u64, "voice");
            writeln!(f, "\nby prints from the other recordings:")?;
            writeln!(
                f,
                "  {} of people known there: {right_s:.1} of {known_s:.1} s right, {wrong_s:.1} s wrong",
                voices(*known)
            )?;
            writeln!(f, "  {} of others: {claimed_s:.1} of {strangers_s:.1} s taken for somebody", voices(*strangers))?;
        }
        if let Some(factor) = self.real_time_factor {
            writeln!(f, "\n{factor:.3} s of listening for each second of sound")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SpeakerId, Turn, TurnId};

    #[test]
    fn a_recording_whose_name_has_blanks_is_found_in_what_was_heard_of_it() {
        let span = Span::new(MediaTime::ZERO, MediaTime(2_000_000));
        let turn = |speaker| Turn { id: TurnId(speaker), span, speaker: SpeakerId(speaker), confidence: 1.0 };
        let heard = ["my talk", "other  one"].map(|name| rttm(name, &[turn(1)])).concat();
        let known = Rttm::parse(&heard).unwrap().recordings;
        assert_eq!(truth_of(&known, "my talk").map(Vec::len), Some(1));
        assert_eq!(truth_of(&known, "other  one").map(Vec::len), Some(1));
        assert_eq!(truth_of(&known, "my"), None);
    }
}
