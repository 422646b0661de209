//! Decisions and their log.

use crate::domain::DiscardReason;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What a reviewer decides.
#[derive(Debug, Subcommand)]
pub enum Decision {
    /// Say who a cluster is
    Name(NameArgs),
    /// Give tracks, or some pictures of one, to somebody
    Assign(AssignArgs),
    /// Give all tracks that look like somebody's to them
    Propagate(PropagateArgs),
    /// Say that clusters are one person
    Merge(MergeArgs),
    /// Take tracks out of their cluster
    Remove(JoinArgs),
    /// Say who tracks or clusters are not: no run proposes it again
    Not(NotArgs),
    /// Say that tracks or clusters count for nobody
    Discard(DiscardArgs),
    /// Let discarded tracks count again
    Restore(JoinArgs),
    /// Cut a track in two
    Split(SplitArgs),
    /// Make tracks of one shot one track
    Join(JoinArgs),
    /// Keep tracks or clusters from being changed
    Lock(ItemsArgs),
    /// Let them be changed again
    Unlock(ItemsArgs),
    /// Say whose voices or turns of speech are
    Voice(VoiceArgs),
}

#[derive(Debug, Args)]
pub struct VoiceArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Voices such as S2, or turns such as u12; not both
    #[arg(required_unless_present = "agree")]
    pub items: Vec<String>,
    /// A person, a cluster such as id_0003, new, nobody, or evidence: whoever the evidence says
    #[arg(long, value_name = "WHO", required_unless_present = "agree")]
    pub is: Option<String>,
    /// Agree with the evidence of all voices that are surely those of named people: they are known by voice from then on
    #[arg(long, conflicts_with_all = ["items", "is"])]
    pub agree: bool,
}

#[derive(Debug, Args)]
pub struct TurnsArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// As JSON lines, with the evidence
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct AssignArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Tracks, such as t812
    #[arg(required = true)]
    pub tracks: Vec<String>,
    /// A cluster such as id_0003, the name of a person, or new
    #[arg(long, value_name = "WHO")]
    pub to: String,
    /// Only these pictures of one track, first to last, such as 1200..1250; they become a track of their own
    #[arg(long, value_name = "A..B", value_parser = pictures)]
    pub pictures: Option<(u64, u64)>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  screenalytics propagate rhobh-s05e17 t812 --dry-run    who looks like the person of t812, and who gains and loses
  screenalytics propagate rhobh-s05e17 id_0003           give them the sure ones: one decision, one undo
  screenalytics propagate rhobh-s05e17 t812 --min 0.7    the less sure ones too

Left alone: what is locked, what a person decided, what is seen in a picture with them, and the less sure
of two that are seen in one picture.")]
pub struct PropagateArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Tracks such as t812, clusters such as id_0003, of one person who has a name
    #[arg(required = true)]
    pub items: Vec<String>,
    /// Belief from which a track is given to them, 0 to 1; the settings say how much where absent
    #[arg(long, value_name = "BELIEF", value_parser = belief)]
    pub min: Option<f32>,
    /// Lock the tracks that it starts from, too
    #[arg(long)]
    pub lock: bool,
    /// Only show what would be given
    #[arg(long)]
    pub dry_run: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Clusters that go, such as id_0007
    #[arg(required = true)]
    pub identities: Vec<String>,
    /// The cluster that stays
    #[arg(long, value_name = "CLUSTER")]
    pub into: String,
}

#[derive(Debug, Args)]
pub struct ItemsArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Tracks such as t812, clusters such as id_0003
    #[arg(required = true)]
    pub items: Vec<String>,
}

#[derive(Debug, Args)]
pub struct JoinArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Tracks, such as t812
    #[arg(required = true)]
    pub tracks: Vec<String>,
}

#[derive(Debug, Args)]
pub struct NotArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Tracks such as t812, clusters such as id_0003
    #[arg(required = true)]
    pub items: Vec<String>,
    /// Name of the person
    pub person: String,
}

#[derive(Debug, Args)]
pub struct DiscardArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Tracks such as t812, clusters such as id_0003
    #[arg(required = true)]
    pub items: Vec<String>,
    /// not-a-face, poster or crowd
    #[arg(long, value_name = "WHY")]
    pub reason: DiscardReason,
}

#[derive(Debug, Args)]
pub struct SplitArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// The track, such as t812
    pub track: String,
    /// Number of the picture that begins the second half
    #[arg(long, value_name = "PICTURE")]
    pub at: u64,
}

#[derive(Debug, Args)]
pub struct NameArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Id of the cluster, such as id_0002, or its number
    pub cluster: String,
    /// Name of the person; two clusters with one name are one person
    pub person: String,
}

#[derive(Debug, Args)]
pub struct TracksArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// Only those of a cluster such as id_0003, or of a person
    #[arg(long, value_name = "WHO")]
    pub of: Option<String>,
    /// As JSON lines
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct UndoArgs {
    /// The episode
    pub episode: String,
    /// Number of an entry of the log; the last decision when absent
    pub operation: Option<u64>,
}

#[derive(Debug, Args)]
pub struct LogArgs {
    /// The episode
    pub episode: String,
    /// Only what changed these tracks (t812) or clusters (id_0003)
    #[arg(long, value_name = "ID")]
    pub of: Vec<String>,
    /// Only what this user, or a run such as "run r1", decided
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// As JSON lines, with every change
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// JSON lines: entries of a log, or {"episode": ..., "command": ...}
    pub file: PathBuf,
    /// The episode of commands that name none
    #[arg(long, value_name = "ID")]
    pub ep_id: Option<String>,
}

/// Reads a belief, 0 to 1.
fn belief(text: &str) -> Result<f32, String> {
    text.parse().ok().filter(|b| (0.0..=1.0).contains(b)).ok_or_else(|| "write a number from 0 to 1, such as 0.9".into())
}

/// Reads `1200..1250` or one number.
fn pictures(text: &str) -> Result<(u64, u64), String> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) if from <= to && to < u64::MAX => Ok((from, to)),
        _ => Err("write two numbers of pictures, such as 1200..1250".into()),
    }
}
