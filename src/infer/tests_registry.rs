//! Which file is meant, and what is refused before any work starts.

use super::detector::default_params;
use super::session::Model;
use super::tests_support::{models, on, runtime};
use super::*;
use std::path::Path;

/// A folder with copies of some models under other names: `(model's file, name here)`.
fn folder_of(copies: &[(&str, &str)]) -> Option<(tempfile::TempDir, Runtime, Registry)> {
    let (models, runtime) = (models()?, runtime()?);
    let dir = tempfile::tempdir().unwrap();
    for (from, to) in copies {
        std::fs::copy(models.join(from), dir.path().join(to)).unwrap();
    }
    Some((dir, runtime, Registry::built_in().unwrap()))
}

fn resolve(setup: &(tempfile::TempDir, Runtime, Registry), task: Task, wanted: &str) -> Result<ModelFile, InferError> {
    let (dir, runtime, registry) = setup;
    registry.resolve(&registry.scan(dir.path()).unwrap(), task, wanted, runtime)
}

/// Appends a byte that no parser minds: an unknown field of protobuf would do, a changed digest is all that counts.
fn alter(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    // Field 14 does not exist in an ONNX ModelProto; an empty one is skipped.
    bytes.extend([0xfa, 0x7f, 0x00]);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn every_face_model_of_the_folder_is_known_and_has_the_shapes_of_the_manifest() {
    let (Some(dir), Some(runtime)) = (models(), runtime()) else { return };
    let found = Registry::built_in().unwrap().scan(&dir).unwrap();
    assert_eq!(found.unknown, Vec::<std::path::PathBuf>::new());
    for file in found.models.iter().filter(|m| can_run(&m.entry) && m.entry.task != Task::Listen) {
        let model = Model::open(&file.path, &on(runtime.cpu())).unwrap();
        assert_eq!(Some(&model.inputs()[0].shape), file.entry.input.as_ref(), "{}", file.entry.id);
        let outputs: Vec<_> = model.outputs().into_iter().map(|p| p.shape).collect();
        assert_eq!(outputs, file.entry.outputs, "{}", file.entry.id);
    }
}

#[test]
fn a_model_is_recognised_by_content_whatever_its_name() {
    let Some(setup) = folder_of(&[("scrfd_500m_kps.onnx", "a.onnx"), ("yunet_n_dynamic.onnx", "b.onnx")]) else { return };
    let file = resolve(&setup, Task::Detect, "scrfd_500m_kps").unwrap();
    assert_eq!((file.path.file_name().unwrap().to_str(), file.recognised), (Some("a.onnx"), Recognised::ByContent));
    assert_eq!(resolve(&setup, Task::Detect, "yunet").unwrap().entry.id, "yunet_n_dynamic");
    assert_eq!(file.model_use().file, "a.onnx");
}

#[test]
fn the_first_of_a_family_that_is_there_is_taken() {
    let Some(setup) = folder_of(&[("scrfd_500m_kps.onnx", "a.onnx"), ("scrfd_2.5g_kps_dyn.onnx", "z.onnx")]) else { return };
    assert_eq!(resolve(&setup, Task::Detect, "scrfd").unwrap().entry.id, "scrfd_2.5g_kps_dyn");
}

#[test]
fn an_unknown_file_is_recognised_by_its_shape_when_named() {
    let Some(setup) = folder_of(&[("scrfd_500m_kps_dyn.onnx", "mine.onnx"), ("mobilefacenet_arcface_128.onnx", "e.onnx")]) else {
        return;
    };
    alter(&setup.0.path().join("mine.onnx"));
    alter(&setup.0.path().join("e.onnx"));
    for wanted in ["mine".to_owned(), setup.0.path().join("mine.onnx").display().to_string()] {
        let file = resolve(&setup, Task::Detect, &wanted).unwrap();
        assert_eq!((file.entry.family.as_str(), file.recognised), ("scrfd", Recognised::ByShape));
        assert!(file.entry.id.starts_with("mine@"), "{}", file.entry.id);
        assert!(build_detector(&file, &default_params(), &on(setup.1.cpu())).is_ok());
    }
    assert_eq!(resolve(&setup, Task::Embed, "e").unwrap().entry.family, "arcface");
    let wrong = resolve(&setup, Task::Detect, "e").unwrap_err();
    assert!(matches!(wrong, InferError::WrongTask { found: Task::Embed, .. }), "{wrong}");
}

#[test]
fn a_known_name_over_other_contents_is_refused() {
    let name = "scrfd_2.5g_kps_dyn.onnx";
    let Some(setup) = folder_of(&[("scrfd_2.5g_kps_dyn.onnx", name)]) else { return };
    alter(&setup.0.path().join(name));
    let wrong = resolve(&setup, Task::Detect, "scrfd_2.5g_kps_dyn").unwrap_err();
    assert!(matches!(wrong, InferError::WrongContent { .. }) && wrong.to_string().contains("sha256"), "{wrong}");
    assert!(resolve(&setup, Task::Detect, &setup.0.path().join(name).display().to_string()).is_ok());
}

#[test]
fn a_model_in_place_of_another_is_refused() {
    let Some(setup) = folder_of(&[("mobilefacenet_arcface_128.onnx", "scrfd_2.5g_kps_dyn.onnx")]) else { return };
    let wrong = resolve(&setup, Task::Detect, "scrfd_2.5g_kps_dyn").unwrap_err();
    assert!(wrong.to_string().contains("mobilefacenet_arcface_128"), "{wrong}");
    let path = setup.0.path().join("scrfd_2.5g_kps_dyn.onnx").display().to_string();
    for wanted in ["mobilefacenet_arcface_128", "arcface", path.as_str()] {
        let wrong = resolve(&setup, Task::Detect, wanted).unwrap_err();
        assert!(matches!(wrong, InferError::WrongTask { task: Task::Detect, found: Task::Embed, .. }), "{wrong}");
    }
}

#[test]
fn a_missing_model_is_named_with_the_folder_and_what_is_there() {
    let Some(setup) = folder_of(&[("yunet_n_dynamic.onnx", "y.onnx"), ("silero_vad_v6.onnx", "s.onnx")]) else { return };
    let missing = resolve(&setup, Task::Detect, "scrfd_2.5g_kps_dyn").unwrap_err();
    assert!(matches!(missing, InferError::ModelMissing { .. }));
    let text = missing.to_string();
    assert!(text.contains("yunet_n_dynamic") && text.contains(setup.0.path().to_str().unwrap()), "{text}");
    assert!(missing.hint().is_some());
    assert!(matches!(resolve(&setup, Task::Detect, "nonsense"), Err(InferError::ModelMissing { .. })));
    assert!(matches!(resolve(&setup, Task::Listen, "silero_vad_v6"), Err(InferError::Unsupported { .. })));
    assert!(matches!(resolve(&setup, Task::Detect, "/nowhere/x.onnx"), Err(InferError::Read { .. })));
    assert_eq!(setup.2.scan(Path::new("/nowhere")).unwrap().models, Vec::new());
}

#[test]
fn broken_files_are_errors_and_not_panics() {
    let Some(setup) = folder_of(&[("scrfd_500m_kps_dyn.onnx", "whole.onnx")]) else { return };
    let bytes = std::fs::read(setup.0.path().join("whole.onnx")).unwrap();
    for (name, contents) in [("empty", &[][..]), ("cut", &bytes[..bytes.len() / 2]), ("text", &b"not a model at all"[..])] {
        let path = setup.0.path().join(format!("{name}.onnx"));
        std::fs::write(&path, contents).unwrap();
        let error = resolve(&setup, Task::Detect, name).unwrap_err();
        assert!(matches!(error, InferError::Open { .. } | InferError::Unrecognised { .. }), "{name}: {error}");
        println!("{error}");
    }
}

#[test]
fn a_fixed_input_refuses_other_sizes_and_odd_sizes_are_refused_everywhere() {
    let Some(setup) = folder_of(&[("scrfd_500m_kps.onnx", "f.onnx"), ("scrfd_500m_kps_dyn.onnx", "d.onnx")]) else { return };
    let build = |id: &str, input: &str| {
        let params = DetectParams { input: input.parse().unwrap(), ..default_params() };
        build_detector(&resolve(&setup, Task::Detect, id).unwrap(), &params, &on(setup.1.cpu())).map(|_| ())
    };
    let refused = build("scrfd_500m_kps", "640x384").unwrap_err();
    assert_eq!(refused.to_string(), "model \"scrfd_500m_kps\" takes pictures of 640x640, not 640x384");
    assert!(build("scrfd_500m_kps", "640").is_ok());
    assert!(build("scrfd_500m_kps_dyn", "640x384").is_ok());
    assert!(matches!(build("scrfd_500m_kps_dyn", "600"), Err(InferError::InputStep { .. })));
}

#[test]
fn a_manifest_beside_the_models_adds_to_what_is_known() {
    let Some(setup) = folder_of(&[("retinaface_mnet025.onnx", "r.onnx")]) else { return };
    let path = setup.0.path().join("r.onnx");
    alter(&path);
    let entry = ModelEntry {
        id: "mine".into(),
        sha256: registry::sha256(&path).unwrap(),
        bytes: std::fs::metadata(&path).unwrap().len(),
        ..setup.2.entries().iter().find(|e| e.id == "retinaface_mnet025").unwrap().clone()
    };
    let text = format!(
        "[[model]]\n{}",
        toml::to_string(&entry).unwrap().replace("[pixels]", "[model.pixels]").replace("[thresholds]", "[model.thresholds]")
    );
    std::fs::write(setup.0.path().join("manifest.toml"), text).unwrap();
    assert_eq!(resolve(&setup, Task::Detect, "mine").unwrap().recognised, Recognised::ByContent);
    std::fs::write(setup.0.path().join("manifest.toml"), "[[model]]\nid = 3").unwrap();
    assert!(matches!(setup.2.scan(setup.0.path()), Err(InferError::Manifest { .. })));
}

#[test]
fn a_model_of_several_files_is_whole_or_says_what_is_missing() {
    let parts = [("mtcnn_pnet.onnx", "a.onnx"), ("mtcnn_onet.onnx", "b.onnx"), ("mtcnn_rnet.onnx", "c.onnx")];
    let Some((dir, runtime, registry)) = folder_of(&parts) else { return };
    let name = |p: &Path| p.file_name().unwrap().to_str().unwrap().to_owned();
    let found = registry.scan(dir.path()).unwrap();
    let mtcnn = found.models.iter().find(|m| m.entry.id == "mtcnn").unwrap();
    assert_eq!(mtcnn.paths().map(name).collect::<Vec<_>>(), ["a.onnx", "c.onnx", "b.onnx"]);
    assert_eq!(found.unknown, Vec::<std::path::PathBuf>::new());
    let whole = mtcnn.digest.clone();

    // Its digest follows each of its files.
    let other = dir.path().join("c.onnx");
    std::fs::remove_file(&other).unwrap();
    let found = registry.scan(dir.path()).unwrap();
    assert_eq!(found.incomplete, [Incomplete { id: "mtcnn".into(), missing: vec!["mtcnn_rnet.onnx".into()] }]);
    let missing = registry.resolve(&found, Task::Detect, "mtcnn", &runtime).unwrap_err();
    assert!(missing.to_string().contains("mtcnn_rnet.onnx"), "{missing}");
    assert_eq!(missing.hint().unwrap(), "run: screenalytics models pull mtcnn");
    let path = dir.path().join("a.onnx").display().to_string();
    let named = registry.resolve(&found, Task::Detect, &path, &runtime).unwrap_err();
    assert!(matches!(named, InferError::PartMissing { .. }), "{named}");
    assert_ne!(whole, registry::sha256(&dir.path().join("a.onnx")).unwrap());
}

#[test]
fn auto_takes_the_best_that_is_there_and_says_so_where_nothing_is() {
    let detectors =
        [("yunet_n_dynamic.onnx", "a.onnx"), ("retinaface_mnet025.onnx", "b.onnx"), ("scrfd_500m_kps.onnx", "z.onnx")];
    let Some(setup) = folder_of(&detectors) else { return };
    for (gone, best) in [("z.onnx", "scrfd_500m_kps"), ("b.onnx", "retinaface_mnet025"), ("a.onnx", "yunet_n_dynamic")] {
        assert_eq!(resolve(&setup, Task::Detect, AUTO).unwrap().entry.id, best);
        std::fs::remove_file(setup.0.path().join(gone)).unwrap();
    }
    let nothing = resolve(&setup, Task::Detect, AUTO).unwrap_err();
    assert!(matches!(nothing, InferError::NothingInstalled { task: Task::Detect, .. }), "{nothing}");
    assert!(nothing.hint().unwrap().starts_with("run: screenalytics models pull"));
}

#[test]
fn the_order_of_auto_names_every_face_model_that_can_be_run() {
    let registry = Registry::built_in().unwrap();
    for entry in registry.entries().iter().filter(|e| can_run(e) && e.task != Task::Listen) {
        assert!(registry.manifest().auto[&entry.task].contains(&entry.id), "{}", entry.id);
    }
    for (task, ids) in &registry.manifest().auto {
        for id in ids {
            assert!(registry.entries().iter().any(|e| e.id == *id && e.task == *task), "{id}");
        }
    }
}

#[test]
fn the_device_is_the_best_that_ran_a_model_or_the_cpu_with_a_reason() {
    let (Some(dir), Some(runtime)) = (models(), runtime()) else { return };
    let model = dir.join("scrfd_500m_kps_dyn.onnx");
    let cache = tempfile::tempdir().unwrap();
    let choose = |choice: &str, model: &Path| runtime.device(choice.parse().unwrap(), &[model], cache.path());
    for choice in ["auto", "cpu"] {
        let device = choose(choice, &model).unwrap();
        let usage = device.usage();
        assert_eq!(usage.asked, choice);
        assert_eq!(usage.reason.is_some(), usage.used == "cpu" && choice != "cpu", "{usage:?}");
        assert_eq!(device.is_cpu(), usage.used == "cpu");
        assert!(usage.with.as_deref().unwrap().starts_with("onnxruntime 1."), "{usage:?}");
    }
    for choice in ["cuda", "tensorrt", "coreml"] {
        match choose(choice, &model) {
            Ok(device) => assert_eq!(device.usage().used, choice),
            Err(error) => {
                assert!(error.to_string().starts_with(&format!("cannot compute on {choice}: ")), "{error}");
                assert!(error.hint().is_some());
            }
        }
    }
    assert!(choose("cpu", Path::new("/nowhere.onnx")).is_err());
}

#[test]
fn a_part_that_models_share_makes_none_of_them_half_there() {
    let dir = tempfile::tempdir().unwrap();
    let digest = |text: &str| {
        std::fs::write(dir.path().join("probe"), text).unwrap();
        super::registry::sha256(&dir.path().join("probe")).unwrap()
    };
    let entry = |id: &str| {
        format!(
            r#"
            [[model]]
            id = "{id}"
            task = "listen"
            family = "whisper-onnx"
            file = "{id}.onnx"
            bytes = 3
            sha256 = "{}"
            licence = "MIT"
            origin = "here"
            [[model.parts]]
            file = "shared.json"
            bytes = 4
            sha256 = "{}"
            "#,
            digest(id),
            digest("both")
        )
    };
    let text = entry("one") + &entry("two");
    std::fs::remove_file(dir.path().join("probe")).unwrap();
    std::fs::write(dir.path().join("manifest.toml"), &text).unwrap();
    std::fs::write(dir.path().join("shared.json"), "both").unwrap();
    let registry = Registry::built_in().unwrap();
    let found = registry.scan(dir.path()).unwrap();
    assert!(found.models.is_empty() && found.incomplete.is_empty(), "{found:?}");
    std::fs::write(dir.path().join("one.onnx"), "one").unwrap();
    let found = registry.scan(dir.path()).unwrap();
    assert_eq!(found.models.iter().map(|m| m.entry.id.as_str()).collect::<Vec<_>>(), ["one"]);
    assert!(found.incomplete.is_empty(), "{found:?}");
    // Two contents under one name stay refused.
    std::fs::write(dir.path().join("manifest.toml"), text.replacen(&digest("both"), &digest("else"), 1)).unwrap();
    assert!(registry.scan(dir.path()).unwrap_err().to_string().contains("one file for two models"));
}

#[test]
fn every_whisper_of_the_manifest_has_the_parts_that_its_loader_takes() {
    let registry = Registry::built_in().unwrap();
    let ends = ["config.json", "generation_config.json", "preprocessor_config.json", "tokenizer.json"];
    let all: Vec<_> = registry.entries().iter().filter(|e| e.family == "whisper-onnx").collect();
    assert_eq!(all.len(), 7);
    for entry in all {
        let names: Vec<&str> = entry.files().map(|f| f.name).collect();
        assert!(names[0].contains("encoder_model") && names[1].contains("decoder_model_merged"), "{names:?}");
        assert!(names[2..].iter().zip(ends).all(|(name, end)| name.ends_with(end)), "{names:?}");
        assert!(entry.files().all(|f| !f.sources.is_empty()), "{}", entry.id);
    }
}
