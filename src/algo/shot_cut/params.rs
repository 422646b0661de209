//! Parameters of shot boundaries: table `[scenes]` of `config/scenes.toml`.

use serde::{Deserialize, Serialize};

/// Says whether boundaries are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detect {
    /// By what is seen.
    Content,
    /// Not at all: only `max_shot` ends a shot.
    Off,
}

/// Parameters of [`super::ShotCutter`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub detect: Detect,
    /// Share of two pictures' structure, `0..=1`, that must be left unexplained by motion and light at a hard cut.
    pub threshold: f64,
    /// Least factor between that share and the median of the neighbouring pictures.
    pub min_ratio: f64,
    /// Least unexplained structure of a hard cut, RMS in grey levels.
    pub min_change: f64,
    /// Seconds; a boundary nearer to the last one is dropped.
    pub min_len: f64,
    /// Seconds after which a shot is closed although nothing is seen to change.
    pub max_shot: f64,
    /// Pictures after a hard cut on which the scan forces detection.
    pub warmup_dets: u32,
    pub dissolve: DissolveParams,
    pub fade: FadeParams,
}

/// What makes a stretch of pictures a dissolve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DissolveParams {
    /// Seconds; longer ones are not looked for.
    pub max_len: f64,
    /// Share of the change between the ends, `0..=1`, that mixing them leaves unexplained.
    pub max_residual: f64,
    /// Mean distance of the mixing weight from a straight ramp, `0..=1`.
    pub max_ramp_error: f64,
    /// Least loss of fine structure in the middle, over that of an ideal mix.
    pub min_dip: f64,
    /// Change just before and just after, over the change inside.
    pub max_outside: f64,
    /// Least change between the ends, RMS in grey levels.
    pub min_change: f64,
}

/// What makes pictures black or white.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FadeParams {
    /// Mean grey level up to which a plain picture is black.
    pub black: f64,
    /// Mean grey level from which a plain picture is white.
    pub white: f64,
    /// Standard deviation of the cells of a plain picture, at most, in grey levels.
    pub max_spread: f64,
    /// Seconds of black after which the boundary is set without waiting for its end.
    pub max_len: f64,
}
