//! Arguments of `facebank`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct FacebankArgs {
    #[command(subcommand)]
    pub command: FacebankCommand,
}

#[derive(Debug, Subcommand)]
pub enum FacebankCommand {
    /// Add faces of a person from pictures, or of many from folders
    #[command(after_help = "\
Examples:
  screenalytics facebank add \"Ava Stone\" photos/*.jpg    pictures of her
  screenalytics facebank add \"Ava Stone\" photos/         all pictures of a folder
  screenalytics facebank add --from portraits/            a picture or a folder a person, named for them

A picture is refused where no face, several faces, or one too small, blurred, dark or turned away is in it. A face that is nearer
to somebody else is asked about first; where nobody can be asked it is left out, unless --anyway says that it is right.")]
    Add(FacebankAddArgs),
    /// Take the best faces of tracks, identities or crops of an episode
    Promote(PromoteArgs),
    /// List the faces of everybody, or of one person
    List(FacebankListArgs),
    /// Show everything that is known of a person's faces
    Show {
        /// The person, by name or number
        person: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Take faces out of the bank
    Remove {
        /// Faces such as ref_0012
        #[arg(value_name = "REFERENCE", required_unless_present = "person")]
        references: Vec<String>,
        /// All faces of this person
        #[arg(long, value_name = "NAME", conflicts_with = "references")]
        person: Option<String>,
    },
    /// Look for faces that are nearer to somebody else, copies and damage
    Check {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Make vectors and index anew from the kept faces
    Rebuild,
}

#[derive(Debug, Args)]
pub struct FacebankAddArgs {
    /// Whose faces they are
    #[arg(value_name = "NAME", required_unless_present = "from")]
    pub name: Option<String>,
    /// JPEG or PNG pictures, and folders of them
    #[arg(value_name = "PICTURES", required_unless_present = "from")]
    pub pictures: Vec<PathBuf>,
    /// A folder of pictures named for their persons, or of folders so named
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["name", "pictures"])]
    pub from: Option<PathBuf>,
    /// Of several faces in a picture, take the largest
    #[arg(long)]
    pub largest: bool,
    /// Take faces that are nearer to somebody else too
    #[arg(long)]
    pub anyway: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["track", "identity", "crop"]))]
pub struct PromoteArgs {
    /// Id of the episode, such as rhobh-s05e17
    pub episode: String,
    /// The best faces of these tracks
    #[arg(long, value_name = "TRACK", num_args = 1..)]
    pub track: Vec<String>,
    /// The best faces of all tracks of an identity
    #[arg(long, value_name = "ID")]
    pub identity: Option<String>,
    /// These faces, each a track and a picture, such as t12:480
    #[arg(long, value_name = "TRACK:PICTURE", num_args = 1..)]
    pub crop: Vec<String>,
    /// Who it is, where the episode does not say
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
    /// Take faces that are nearer to somebody else too
    #[arg(long)]
    pub anyway: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct FacebankListArgs {
    /// Only this person, by name or number
    pub person: Option<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}
