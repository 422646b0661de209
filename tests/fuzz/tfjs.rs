//! The manifest and the data of TensorFlow.js: up to a zero byte the manifest, after it the data; without one, data of the size
//! that the landmarks really have.
#![no_main]

#[path = "../../src/convert/mod.rs"]
#[allow(dead_code)]
mod convert;

use convert::{Recipe, convert};

const NAME: &str = "face_landmark_68_model.bin";
static REAL: [u8; 356_840] = [7; 356_840];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let (manifest, values) = (parts.next().unwrap_or_default(), parts.next().unwrap_or(&REAL));
    let members = [("manifest.json", manifest), (NAME, values)];
    if let Ok(file) = convert(Recipe::FaceapiLandmark68, &members) {
        assert!(file.len() < 2_000_000);
    }
});
