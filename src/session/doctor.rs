//! Checks the machine and the library.

use super::{SessionError, Workspace, models};
use crate::domain::EpisodeId;
use crate::infer::DeviceChoice;
use crate::store::{EpisodeStore, StoreError};

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub what: String,
    pub outcome: Outcome,
}

/// How a check went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Good(String),
    /// Works, with less.
    Doubtful {
        what: String,
        hint: String,
    },
    Bad {
        what: String,
        hint: Option<String>,
    },
}

/// Checks ONNX Runtime, the models, the device, the library, and every episode or the one named.
///
/// # Errors
/// Fails only where the named episode is not there.
pub fn doctor(workspace: &Workspace, episode: Option<&EpisodeId>, say: &mut dyn FnMut(Check)) -> Result<(), SessionError> {
    say(Check { what: "program".into(), outcome: Outcome::Good(format!("screenalytics {}", env!("CARGO_PKG_VERSION"))) });
    say(Check { what: "ffmpeg".into(), outcome: Outcome::Good(crate::media::version()) });
    machine(workspace, say);
    let library = match workspace.open_library() {
        Ok(library) => library,
        Err(error) => {
            say(bad("library", &error));
            return Ok(());
        }
    };
    say(Check { what: "library".into(), outcome: Outcome::Good(format!("{}", workspace.library.display())) });
    let episodes = match episode {
        Some(one) => {
            workspace.require(&library, one)?;
            vec![one.clone()]
        }
        None => library.episodes()?,
    };
    for episode in episodes {
        let what = format!("episode {episode}");
        let mut may_write = true;
        let opened = EpisodeStore::open_writer(&library, &episode).or_else(|error| {
            may_write = !error.is_permission();
            if may_write { Err(error) } else { EpisodeStore::open_reader(&library, &episode) }
        });
        say(match opened.and_then(|mut store| store.verify()) {
            Ok(findings) if findings.is_empty() && !may_write => Check {
                what,
                outcome: Outcome::Doubtful {
                    what: "log and measured data agree; the file's pages were not checked, as you may not write to it".into(),
                    hint: "run this as a user who may write to the library".into(),
                },
            },
            Ok(findings) if findings.is_empty() => Check { what, outcome: Outcome::Good("log and measured data agree".into()) },
            Ok(findings) => {
                let first = findings.first().map(|f| format!("{}: {}", f.place, f.what)).unwrap_or_default();
                let more = findings.len() - 1;
                for finding in &findings {
                    tracing::warn!(%episode, place = %finding.place, what = %finding.what, "finding");
                }
                let hint = Some(
                    "restore a copy of the episode's folder, or run it again with --new-run; the log file lists every finding"
                        .into(),
                );
                Check { what, outcome: Outcome::Bad { what: format!("{first} ({more} more)"), hint } }
            }
            Err(error) if matches!(error, StoreError::Held { .. }) => Check {
                what,
                outcome: Outcome::Doubtful { what: error.to_string(), hint: "it is checked when that process has ended".into() },
            },
            Err(error) => bad(&what, &error.into()),
        });
    }
    Ok(())
}

fn machine(workspace: &Workspace, say: &mut dyn FnMut(Check)) {
    let listed = match models::models(workspace) {
        Ok(listed) => listed,
        Err(error) => return say(bad("models", &error)),
    };
    let there = listed.models.iter().filter(|m| m.path.is_some() && m.runs).count();
    let missing: Vec<&str> = listed.models.iter().filter(|m| m.is_default && m.path.is_none()).map(|m| m.id.as_str()).collect();
    let found = format!("{there} usable in {}", listed.dir.display());
    say(Check {
        what: "models".into(),
        outcome: if missing.is_empty() {
            Outcome::Good(found)
        } else {
            let hint = "name the folder that holds them with --models-dir or SCREENALYTICS_MODELS".into();
            Outcome::Bad { what: format!("{found}; the default {} is not there", missing.join(" and ")), hint: Some(hint) }
        },
    });
    let runtime = match workspace.runtime() {
        Ok(runtime) => runtime,
        Err(error) => return say(bad("onnxruntime", &error)),
    };
    say(Check {
        what: "onnxruntime".into(),
        outcome: Outcome::Good(format!("{} at {}", runtime.version(), runtime.path().display())),
    });
    let Some(model) = listed.models.iter().find(|m| m.is_default && m.path.is_some()).and_then(|m| m.path.as_deref()) else {
        return;
    };
    say(match runtime.device(DeviceChoice::Auto, model) {
        Ok(device) => {
            let usage = device.usage();
            let why = usage.reason.as_ref().map(|r| format!(" ({r})")).unwrap_or_default();
            Check { what: "device".into(), outcome: Outcome::Good(format!("{}{why}", usage.used)) }
        }
        Err(error) => bad("device", &error.into()),
    });
}

fn bad(what: &str, error: &SessionError) -> Check {
    Check { what: what.to_owned(), outcome: Outcome::Bad { what: error.to_string(), hint: error.hint() } }
}
