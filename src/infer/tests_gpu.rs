//! What a GPU computes, held against the CPU. Run by `make gpu` alone, since a process keeps the first onnxruntime that it loads.

use super::detector::default_params;
use super::tests_support::{folder, models, on};
use super::*;
use crate::algo::align::canonical_map;
use crate::domain::{Affine, RgbImage, Size};
use std::path::Path;

/// Returns the runtime and CUDA; says what is missing, which is no skipped test where there is no GPU.
fn cuda(model: &Path, cache: &Path) -> Option<(Runtime, Device)> {
    let data = crate::infer::tests_support::data_dir()?;
    let runtime = load(&Search::from_env(None, data, Prefer::Gpu)).ok()?;
    match runtime.device(DeviceChoice::Cuda, &[model], cache) {
        Ok(device) => Some((runtime, device)),
        Err(error) => {
            println!("not tried: {error}");
            None
        }
    }
}

fn photographs(media: &Path) -> Vec<RgbImage> {
    let mut paths: Vec<_> = std::fs::read_dir(media.join("groups")).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let open = |path: &std::path::PathBuf| image::open(path).ok().map(image::DynamicImage::into_rgb8);
    let images = paths.iter().filter_map(open);
    images.map(|i| RgbImage { width: i.width(), height: i.height(), data: i.into_raw() }).collect()
}

fn sampled(image: &RgbImage, out: Size, map: &Affine) -> RgbImage {
    crate::algo::align::warp_edge(image, map, out)
}

#[test]
fn on_a_gpu_faces_and_vectors_are_those_of_the_cpu() {
    let (Some(dir), Some(media)) = (models(), folder("SCREENALYTICS_TEST_MEDIA")) else { return };
    let cache = tempfile::tempdir().unwrap();
    let Some((runtime, device)) = cuda(&dir.join("scrfd_500m_kps_dyn.onnx"), cache.path()) else { return };
    println!("{:?}", device.usage());
    let registry = Registry::built_in().unwrap();
    let found = registry.scan(&dir).unwrap();
    let images = photographs(&media);
    let mut faces = Vec::new();
    for id in ["scrfd_2.5g_kps_dyn", "scrfd_500m_kps_dyn", "yunet_n_dynamic", "retinaface_mnet025"] {
        let file = registry.resolve(&found, Task::Detect, id, &runtime).unwrap();
        let params = default_params();
        let mut here = build_detector(&file, &params, &on(runtime.cpu())).unwrap();
        let mut there = build_detector(&file, &params, &on(device.clone())).unwrap();
        for image in &images {
            let mut sample = |size: Size, map: &Affine| sampled(image, size, map);
            let due = detect_picture(here.as_mut(), &params.large_faces, image.size(), &mut sample).unwrap();
            let got = detect_picture(there.as_mut(), &params.large_faces, image.size(), &mut sample).unwrap();
            assert_eq!(due.len(), got.len(), "{id}");
            for (a, b) in due.iter().zip(&got) {
                // Sums of a thousand products taken in another order differ in the fifth digit.
                assert!((a.score - b.score).abs() < 1e-3 && a.bbox.iou(&b.bbox) > 0.99, "{id}: {a:?} {b:?}");
            }
            if id == "scrfd_2.5g_kps_dyn" {
                let maps = due.iter().filter_map(|d| d.landmarks.as_ref().and_then(canonical_map));
                faces.extend(maps.map(|map| sampled(image, Size { width: 160, height: 160 }, &map)));
            }
        }
    }
    for id in ["mobilefacenet_arcface_128", "face_reid_retail_0095", "dlib_face_128_u8"] {
        let Ok(file) = registry.resolve(&found, Task::Embed, id, &runtime) else { continue };
        let params = embedder::default_params();
        let due = build_embedder(&file, &params, &on(runtime.cpu())).unwrap().embed(&faces).unwrap();
        let mut there = build_embedder(&file, &params, &on(device.clone())).unwrap();
        let got = there.embed(&faces).unwrap();
        let least = due.iter().zip(&got).map(|(a, b)| a.cosine(b).unwrap_or(-1.0)).fold(1.0, f32::min);
        println!("{id}: {} faces, least cosine to the CPU's {least}", faces.len());
        assert!(least > 0.9999, "{id}: {least}");
        // However many are computed beside it, and however often.
        let alone: Vec<_> = faces.iter().map(|f| there.embed(std::slice::from_ref(f)).unwrap().remove(0)).collect();
        assert_eq!(alone, got, "{id}: a vector depends on its neighbours");
    }
}
