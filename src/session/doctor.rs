//! Checks the machine and the library.

use super::{ModelLine, ModelList, SessionError, Workspace, models};
use crate::domain::EpisodeId;
use crate::infer::{AUTO, Build, DeviceChoice, GpuFault, GpuState, Prefer, Runtime, whisper_cpp_version};
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
    if let Some(version) = whisper_cpp_version() {
        say(good("whisper.cpp", version));
    }
    machine(workspace, say);
    let library = match workspace.open_library() {
        Ok(library) => library,
        Err(error) => {
            say(bad("library", &error));
            return Ok(());
        }
    };
    say(Check { what: "library".into(), outcome: Outcome::Good(format!("{}", workspace.library.display())) });
    super::facebank::health(&library.catalog(), say);
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
    say(models_check(&listed));
    let runtime = match workspace.runtime(Prefer::Gpu) {
        Ok(runtime) => runtime,
        Err(error) => return say(bad("onnxruntime", &error)),
    };
    say(Check {
        what: "onnxruntime".into(),
        outcome: Outcome::Good(format!("{} at {}", runtime.version(), runtime.path().display())),
    });
    gpu(workspace, &runtime, say);
    let default = |n: usize| listed.models.iter().filter(|m| m.is_default).filter_map(|m| m.path.as_deref()).nth(n);
    let (Some(model), other) = (default(0), default(1)) else { return };
    // Without a driver, or with the CPU's library, each would say so again.
    if matches!(runtime.gpu(), GpuState::Ready { .. }) {
        for (device, outcome) in runtime.probe(model, &workspace.paths.cache) {
            let what = device.to_string();
            say(match outcome {
                Ok(()) if device == DeviceChoice::TensorRt => {
                    good(&what, "opens a model; `run --device tensorrt` builds its engines")
                }
                Ok(()) => good(&what, "runs a model"),
                // Nobody misses TensorRT who does not ask for it.
                Err(fault) if device == DeviceChoice::TensorRt => good(&what, &format!("not used: {fault}")),
                Err(fault) => Check { what, outcome: Outcome::Doubtful { hint: fault.hint(), what: fault.to_string() } },
            });
        }
    }
    let models: Vec<&std::path::Path> = std::iter::once(model).chain(other).collect();
    say(match runtime.device(DeviceChoice::Auto, &models, &workspace.paths.cache) {
        Ok(device) => good("device", &device.usage().used),
        Err(error) => bad("device", &error.into()),
    });
}

/// Says which models a run takes and whether they may be used commercially, or what is missing.
fn models_check(listed: &ModelList) -> Check {
    let there = listed.models.iter().filter(|m| m.path.is_some() && m.runs).count();
    let found = format!("{there} usable in {}", listed.dir.display());
    // A file that is named by its path or its own name is told by the run.
    let by_name = |wanted: &str| wanted == AUTO || listed.models.iter().any(|m| m.id == wanted || m.family == wanted);
    let lacks: Vec<String> = listed
        .chosen
        .iter()
        .filter(|(_, wanted, id)| id.is_none() && by_name(wanted))
        .map(|(task, wanted, _)| if wanted == AUTO { format!("one to {task}") } else { format!("{wanted:?} to {task}") })
        .collect();
    let what = "models".to_owned();
    if !lacks.is_empty() {
        let hint =
            "screenalytics models pull; or name the folder that holds them with --models-dir or SCREENALYTICS_MODELS".into();
        return Check {
            what,
            outcome: Outcome::Bad { what: format!("{found}; missing: {}", lacks.join(", ")), hint: Some(hint) },
        };
    }
    let taken: Vec<&ModelLine> = listed.models.iter().filter(|m| m.is_default).collect();
    let ids: Vec<&str> = taken.iter().map(|m| m.id.as_str()).collect();
    let commercial = match (taken.iter().any(|m| m.commercial == Some(false)), taken.iter().all(|m| m.commercial == Some(true))) {
        (true, _) => "not for commercial use",
        (false, true) => "commercial use is allowed by their publishers",
        (false, false) => "nobody says whether commercial use is allowed",
    };
    Check { what, outcome: Outcome::Good(format!("{found}; run takes {}, {commercial}", ids.join(" and "))) }
}

/// Says what there is of NVIDIA's: driver, GPUs, libraries.
fn gpu(workspace: &Workspace, runtime: &Runtime, say: &mut dyn FnMut(Check)) {
    match runtime.gpu() {
        GpuState::NotAsked => {}
        GpuState::Unready(GpuFault::Driver(crate::infer::DriverFault::Missing)) => {
            say(good("gpu", "none: there is no NVIDIA driver (libcuda.so.1); everything runs on the CPU"));
        }
        GpuState::Unready(fault) => {
            say(Check { what: "gpu".into(), outcome: Outcome::Doubtful { what: fault.to_string(), hint: fault.hint() } });
            let installed = Build::known().unwrap_or_default().into_iter().filter(|b| b.is_installed(&workspace.paths.data));
            for build in installed {
                let folder = build.folder(&workspace.paths.data);
                say(good("gpu build", &format!("onnxruntime {} {} in {}", build.runtime, build.cuda, folder.display())));
            }
        }
        GpuState::Ready { driver, build, libraries } => {
            let version = driver.version.as_deref().unwrap_or("of unknown version");
            let (major, minor) = driver.cuda;
            say(good("driver", &format!("NVIDIA {version}, speaks CUDA {major}.{minor}, {}", driver.library.display())));
            for (n, gpu) in driver.gpus.iter().enumerate() {
                let (major, minor) = gpu.capability;
                let gib = gpu.bytes as f64 / f64::from(1 << 30);
                say(good(&format!("gpu {n}"), &format!("{}, {gib:.0} GiB, compute capability {major}.{minor}", gpu.name)));
            }
            say(match crate::media::gpu_decodes().and_then(|()| crate::infer::video_library()) {
                Ok(()) => good("nvdec", "FFmpeg decodes on the GPU"),
                Err(reason) => Check {
                    what: "nvdec".into(),
                    outcome: Outcome::Doubtful {
                        what: format!("pictures are decoded by the CPU: {reason}"),
                        hint:
                            "a container needs NVIDIA_DRIVER_CAPABILITIES=compute,video,utility; FFmpeg must be built with nvdec"
                                .into(),
                    },
                },
            });
            if let (Some(build), Some(first)) = (build, libraries.first()) {
                let names: Vec<_> = libraries.iter().filter_map(|l| l.path.file_name()).map(|n| n.to_string_lossy()).collect();
                let folder = first.path.parent().map(|p| p.display().to_string()).unwrap_or_default();
                say(good("libraries", &format!("{build}, loaded in this order out of {folder}: {}", names.join(" "))));
            } else {
                say(good("libraries", "those of the onnxruntime that was named by hand"));
            }
        }
    }
}

fn good(what: &str, text: &str) -> Check {
    Check { what: what.to_owned(), outcome: Outcome::Good(text.to_owned()) }
}

fn bad(what: &str, error: &SessionError) -> Check {
    Check { what: what.to_owned(), outcome: Outcome::Bad { what: error.to_string(), hint: error.hint() } }
}
