//! Places and settings from the command line.

use super::args::{Cli, Command, DiariseArgs, RunArgs};
use crate::session::Places;
use toml::Value;

/// A flag, the setting it stands for, and its value.
type Flag = (String, String, Value);

/// Returns the places that were named and the settings that flags stand for, in the order in which they count.
pub(super) fn read(cli: &Cli) -> (Places, Vec<Flag>) {
    let places = Places {
        library: cli.global.library.clone(),
        models: cli.global.models_dir.clone(),
        onnxruntime: cli.global.onnxruntime.clone(),
        config: cli.global.config.clone(),
    };
    let mut flags = Vec::new();
    for text in &cli.global.set {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        flags.push((format!("--set {text}"), key.trim().to_owned(), value_of(value.trim())));
    }
    match &cli.command {
        Some(Command::Run(args)) => flags.extend(run_flags(args)),
        Some(Command::Diarise(args)) => flags.extend(diarise_flags(args)),
        Some(Command::EvalFaces(args)) => {
            flags.extend(model_flag("--detector", "detect.model", args.detector.as_ref()));
            flags.extend(model_flag("--embedder", "embed.model", args.embedder.as_ref()));
        }
        Some(Command::Transcribe(args)) => {
            flags.extend(model_flag("--language", "transcribe.language", args.language.as_ref()));
            flags.extend(model_flag("--speech-model", "transcribe.model", args.speech_model.as_ref()));
        }
        _ => {}
    }
    (places, flags)
}

/// Reads a value as TOML, and as a text where it is none.
fn value_of(text: &str) -> Value {
    toml::from_str::<toml::Table>(&format!("v = {text}"))
        .ok()
        .and_then(|mut t| t.remove("v"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

fn model_flag(flag: &str, key: &str, model: Option<&String>) -> Option<Flag> {
    model.map(|m| (flag.to_owned(), key.to_owned(), Value::String(m.clone())))
}

fn diarise_flags(args: &DiariseArgs) -> impl Iterator<Item = Flag> {
    let count = |n: Option<u16>| n.map(|n| Value::Integer(n.into()));
    let stream = args.stream.map(|n| n.to_string());
    let given = [
        ("--speakers", "diarise.speakers", count(args.speakers)),
        ("--min-speakers", "diarise.min_speakers", count(args.min_speakers)),
        ("--max-speakers", "diarise.max_speakers", count(args.max_speakers)),
        ("--stream", "listen.stream", stream.map(Value::String)),
        ("--language", "listen.stream", args.language.clone().map(Value::String)),
    ];
    given.into_iter().filter_map(|(flag, key, value)| Some((flag.to_owned(), key.to_owned(), value?)))
}

fn run_flags(args: &RunArgs) -> Vec<Flag> {
    let mut flags = Vec::new();
    let mut put = |flag: &str, key: &str, value: Option<Value>| {
        if let Some(value) = value {
            flags.push((flag.to_owned(), key.to_owned(), value));
        }
    };
    let whole = |n: Option<u32>| n.map(|n| Value::Integer(n.into()));
    let number = |n: Option<f64>| n.map(Value::Float);
    let text = |t: &Option<String>| t.clone().map(Value::String);
    if args.stride.is_some() {
        put("--stride", "sample.fps", Some(Value::Float(0.0)));
    }
    put("--stride", "sample.stride", whole(args.stride));
    put("--fps", "sample.fps", number(args.fps));
    put("--scene-detect", "scenes.detect", text(&args.scene_detect));
    put("--scene-threshold", "scenes.threshold", number(args.scene_threshold));
    put("--scene-min-len", "scenes.min_len", number(args.scene_min_len));
    put("--scene-warmup-dets", "scenes.warmup_dets", whole(args.scene_warmup_dets));
    put("--detector", "detect.model", text(&args.detector));
    put("--embedder", "embed.model", text(&args.embedder));
    put("--det-size", "detect.input", text(&args.det_size));
    put("--det-score", "detect.score", number(args.det_score));
    put("--face-validate", "validate.model", text(&args.face_validate));
    put("--min-face", "detect.min_face_px", number(args.min_face));
    put("--tracker", "track.tracker", text(&args.tracker));
    put("--max-gap", "track.max_gap_s", number(args.max_gap));
    put("--cluster-thresh", "cluster.cluster_thresh", number(args.cluster_thresh));
    put("--min-cluster-size", "cluster.min_cluster_size", whole(args.min_cluster_size));
    put("--no-listen", "listen.enabled", args.no_listen.then_some(Value::Boolean(false)));
    put("--sound", "listen.stream", text(&args.sound));
    flags
}
