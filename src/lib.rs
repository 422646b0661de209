//! Screenalytics: who is on screen and for how long, headless or from the keyboard.
//!
//! A module may use only the modules named in its row; `tests/layers.rs` checks it.
//!
//! | module | may use |
//! |---|---|
//! | domain, convert | nothing |
//! | algo, demo, media, store, blobs, facebank, export | domain |
//! | infer | domain, algo, convert (tests) |
//! | pull | domain, infer, convert |
//! | pipeline | domain, algo, media, infer, store, blobs, facebank |
//! | config | domain, algo, media, infer, pull, blobs, pipeline |
//! | session | domain, algo, demo, media, infer, pull, store, blobs, facebank, export, pipeline, config |
//! | ui | domain, session, config, logging |
//! | cli | domain, session, config, logging, ui |
//! | logging | nothing |
//! | main | cli |

pub mod algo;
pub mod blobs;
pub mod cli;
pub mod config;
pub mod convert;
pub mod demo;
pub mod domain;
pub mod export;
pub mod facebank;
pub mod infer;
pub mod logging;
pub mod media;
pub mod pipeline;
pub mod pull;
pub mod session;
pub mod store;
pub mod ui;
