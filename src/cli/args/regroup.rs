//! Groups tried out.

use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  screenalytics group rhobh-s05e17 --cluster-thresh 0.42 --dry-run    everybody's seconds, now and then
  screenalytics group rhobh-s05e17 --cluster-thresh 0.42              decide so; undo takes it back
  screenalytics group rhobh-s05e17 --as-settings                      let the settings say it again

What people named, locked or decided stays. `w` in the workstation shows the same with faces.")]
pub struct GroupArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Least mean likeness of two groups that are joined; as now when absent
    #[arg(long, value_name = "COSINE")]
    pub cluster_thresh: Option<f32>,
    /// Tracks that a group has at least; smaller ones fall apart; as now when absent
    #[arg(long, value_name = "TRACKS")]
    pub min_cluster_size: Option<usize>,
    /// By what the settings say, now and in later runs: no thresholds are decided any more
    #[arg(long, conflicts_with_all = ["cluster_thresh", "min_cluster_size"])]
    pub as_settings: bool,
    /// Only say what would change
    #[arg(long)]
    pub dry_run: bool,
}
