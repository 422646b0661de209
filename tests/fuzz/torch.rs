//! Weights in torch's old format: every pickle in it, the storages, the views, and the model made of them.
#![no_main]

#[path = "../../src/convert/mod.rs"]
#[allow(dead_code)]
mod convert;

use convert::{Recipe, convert};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for recipe in [Recipe::MtcnnPnet, Recipe::Ge2e] {
        if let Ok(file) = convert(recipe, &[("weights.pt", data)]) {
            // The network bounds what is written, whatever the file claims.
            assert!(file.len() < 6_000_000);
        }
    }
});
