//! The real program on real clips and real models: what comes out, and what happens when things go wrong.
//!
//! One crate, so that it is linked once. Clips, models and reference detections are found by `SCREENALYTICS_TEST_MEDIA`,
//! `SCREENALYTICS_MODELS` and `SCREENALYTICS_TEST_REFERENCE`; a test that misses one prints `skipped: why` and ends.

#![expect(clippy::unwrap_used, reason = "a test stops at what it cannot read")]

mod accuracy;
mod catalog;
mod decisions;
mod demo;
mod determinism;
mod devices;
mod formats;
mod incremental;
mod jobs;
mod known_voices;
mod listening;
mod models;
mod outputs;
mod recognising;
mod reference;
mod refusals;
mod resume;
mod runs;
mod screens;
#[allow(dead_code, reason = "the tests of src/pull use the rest")]
#[path = "../../src/pull/tests/server.rs"]
mod server;
mod support;
mod validate;
mod voices;
mod workstation;
