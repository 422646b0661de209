//! Settings in layers: the files of `config/`, the user's file, the library's file, flags; later wins.
//!
//! The files of `config/` are compiled in and hold every number, with its unit and reason. A layer may set any key that
//! stands there and no other; an error names file, line, key, what was found and what is allowed.

mod layers;
mod nearest;
mod paths;
mod settings;

pub use layers::{ConfigError, Layers, line_of};
pub use nearest::nearest;
pub use paths::Paths;
pub use settings::{
    BlockKind, DoubtParams, ImageProtocol, PhotoParams, PictureParams, ProgressParams, Settings, SuggestParams, WhatIfParams,
};
