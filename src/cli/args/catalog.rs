//! The people and shows of the library.

use crate::domain::{AssetId, Slug};
use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  screenalytics person                                  everybody, seconds, episodes
  screenalytics person add \"Ava Stone\" --alias Avi
  screenalytics person rename \"Ava Stoen\" \"Ava Stone\"
  screenalytics person merge \"Ava S.\" --into \"Ava Stone\"
  screenalytics person delete \"Ben Reed\" --to \"Ava Stone\"

Episodes are not written: what they store follows the catalog when it is read.
A name that was given up still finds its person. `catalog undo` takes any of these back.")]
pub struct PersonArgs {
    #[command(subcommand)]
    pub command: Option<PersonCommand>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum PersonCommand {
    /// List everybody: how long they are seen, in which episodes
    List(ListArgs),
    /// Add somebody, whom no episode knows yet
    Add {
        /// Their name; no two people have the same one
        name: String,
        /// What else they are called; may be given again, and several people may share one
        #[arg(long, value_name = "NAME")]
        alias: Vec<String>,
        /// What there is to say of them
        #[arg(long, value_name = "TEXT")]
        notes: Option<String>,
    },
    /// Change other names and notes of somebody
    Edit {
        /// Name, or number such as p_0003
        person: String,
        /// What else they are called; may be given again
        #[arg(long, value_name = "NAME")]
        alias: Vec<String>,
        /// Another name that is not theirs; may be given again
        #[arg(long, value_name = "NAME")]
        no_alias: Vec<String>,
        /// What there is to say of them; \"\" takes it away
        #[arg(long, value_name = "TEXT")]
        notes: Option<String>,
    },
    /// Call a person otherwise, in every episode
    Rename {
        /// Name, or number such as p_0003
        person: String,
        /// The name from now on
        name: String,
    },
    /// Say that people are one person, in every episode
    Merge {
        /// Those who are somebody else: names, or numbers such as p_0003
        #[arg(required = true)]
        people: Vec<String>,
        /// Who they are
        #[arg(long, value_name = "PERSON")]
        into: String,
    },
    /// Delete somebody; what is theirs goes to another, or to nobody
    Delete {
        /// Name, or number such as p_0003
        person: String,
        /// Who gets what is theirs, in every episode and cast
        #[arg(long, value_name = "PERSON", conflicts_with = "to_nobody")]
        to: Option<String>,
        /// Their faces have no name any more; casts and pictures of theirs are deleted
        #[arg(long)]
        to_nobody: bool,
    },
    /// List whose voices are known, and from which episodes
    Voices(ListArgs),
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  screenalytics show add rhobh --title \"The Real Housewives of Beverly Hills\"
  screenalytics show delete rhobh --to rhobh-us         episodes, seasons and cast are its
  screenalytics show                                    every show, its seasons, episodes and cast

A show that only episodes know, by their ids, is listed too and may be edited.")]
pub struct ShowArgs {
    #[command(subcommand)]
    pub command: Option<ShowCommand>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum ShowCommand {
    /// List every show: its seasons, episodes, and cast
    List(ListArgs),
    /// Add a show
    Add {
        /// Short name: lower case letters, digits and hyphens, such as rhobh
        show: Slug,
        /// Its name in full
        #[arg(long, value_name = "TEXT")]
        title: Option<String>,
        /// What there is to say of it
        #[arg(long, value_name = "TEXT")]
        notes: Option<String>,
    },
    /// Change title and notes of a show
    Edit {
        /// Short name, such as rhobh
        show: Slug,
        /// Its name in full; \"\" takes it away
        #[arg(long, value_name = "TEXT")]
        title: Option<String>,
        /// What there is to say of it; \"\" takes it away
        #[arg(long, value_name = "TEXT")]
        notes: Option<String>,
    },
    /// Delete a show; its episodes stay in the library
    Delete {
        /// Short name, such as rhobh
        show: Slug,
        /// Also what the catalog says of it: seasons, cast, and that episodes are of it
        #[arg(long, conflicts_with = "to")]
        with_dependents: bool,
        /// The show that gets all of it
        #[arg(long, value_name = "SHOW")]
        to: Option<Slug>,
    },
}

#[derive(Debug, Args)]
pub struct SeasonArgs {
    #[command(subcommand)]
    pub command: SeasonCommand,
}

#[derive(Debug, Subcommand)]
pub enum SeasonCommand {
    /// List the seasons of a show
    List {
        /// Short name of the show
        show: Slug,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Add a season
    Add {
        /// Short name of the show
        show: Slug,
        /// Number of the season
        number: u32,
        /// What it is called
        #[arg(long, value_name = "TEXT")]
        title: Option<String>,
        /// In which it was first aired
        #[arg(long, value_name = "YEAR")]
        year: Option<i16>,
    },
    /// Change title and year of a season
    Edit {
        /// Short name of the show
        show: Slug,
        /// Number of the season
        number: u32,
        /// What it is called; \"\" takes it away
        #[arg(long, value_name = "TEXT")]
        title: Option<String>,
        /// In which it was first aired
        #[arg(long, value_name = "YEAR", conflicts_with = "no_year")]
        year: Option<i16>,
        /// Nobody knows in which
        #[arg(long)]
        no_year: bool,
    },
    /// Delete a season; its episodes stay in the library
    Delete {
        /// Short name of the show
        show: Slug,
        /// Number of the season
        number: u32,
        /// Its episodes are in no season then, and nobody is in its cast
        #[arg(long, conflicts_with = "to")]
        with_dependents: bool,
        /// The season that gets episodes and cast
        #[arg(long, value_name = "N")]
        to: Option<u32>,
    },
}

#[derive(Debug, Args)]
pub struct EpisodeArgs {
    #[command(subcommand)]
    pub command: EpisodeCommand,
}

#[derive(Debug, Subcommand)]
pub enum EpisodeCommand {
    /// Change what is said of an episode: title, date, its place in a show
    Edit(EditEpisodeArgs),
}

#[derive(Debug, Args)]
pub struct EditEpisodeArgs {
    /// Id of the episode, such as rhobh-s05e17; it stays
    pub episode: String,
    /// What it is called; \"\" takes it away
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// When it was first aired, such as 2015-03-24
    #[arg(long, value_name = "DATE", conflicts_with = "no_air_date")]
    pub air_date: Option<Date>,
    /// Nobody knows when
    #[arg(long)]
    pub no_air_date: bool,
    /// Short name of its show
    #[arg(long, value_name = "SLUG", conflicts_with = "no_show")]
    pub show: Option<Slug>,
    /// It is of no show, season and number
    #[arg(long, conflicts_with_all = ["season", "number"])]
    pub no_show: bool,
    /// Its season
    #[arg(long, value_name = "N", conflicts_with = "no_season")]
    pub season: Option<u32>,
    /// It is of no season and number
    #[arg(long, conflicts_with = "number")]
    pub no_season: bool,
    /// Its number within the season
    #[arg(long, value_name = "N", conflicts_with = "no_number")]
    pub number: Option<u32>,
    /// It has no number
    #[arg(long)]
    pub no_number: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  screenalytics cast add rhobh \"Ava Stone\" --role housewife --seasons 3,4,5
  screenalytics cast list rhobh")]
pub struct CastArgs {
    #[command(subcommand)]
    pub command: CastCommand,
}

#[derive(Debug, Subcommand)]
pub enum CastCommand {
    /// List the cast of a show
    List {
        /// Short name of the show
        show: Slug,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Say that somebody belongs to the cast of a show
    Add {
        /// Short name of the show
        show: Slug,
        /// Name, or number such as p_0003
        person: String,
        /// What they are in it, such as housewife
        #[arg(long, value_name = "TEXT")]
        role: Option<String>,
        /// In which seasons, such as 3,4,5; all of them when absent
        #[arg(long, value_name = "N,N", value_delimiter = ',')]
        seasons: Vec<u32>,
    },
    /// Change role and seasons of a member of the cast
    Edit {
        /// Short name of the show
        show: Slug,
        /// Name, or number such as p_0003
        person: String,
        /// What they are in it; \"\" takes it away
        #[arg(long, value_name = "TEXT")]
        role: Option<String>,
        /// In which seasons, such as 3,4,5
        #[arg(long, value_name = "N,N", value_delimiter = ',', conflicts_with = "all_seasons")]
        seasons: Vec<u32>,
        /// In all of them
        #[arg(long)]
        all_seasons: bool,
    },
    /// Say that somebody does not belong to the cast of a show
    Remove {
        /// Short name of the show
        show: Slug,
        /// Name, or number such as p_0003
        person: String,
    },
}

#[derive(Debug, Args)]
pub struct FeaturedArgs {
    #[command(subcommand)]
    pub command: FeaturedCommand,
}

#[derive(Debug, Subcommand)]
pub enum FeaturedCommand {
    /// Let a picture stand for whom it shows
    Set {
        /// The picture, such as m_0007
        picture: AssetId,
        /// Only in this show; everywhere where no show says otherwise, when absent
        #[arg(long, value_name = "SHOW")]
        show: Option<Slug>,
    },
    /// Let no picture stand for somebody: their best face does
    Clear {
        /// Name, or number such as p_0003
        person: String,
        /// Only in this show
        #[arg(long, value_name = "SHOW")]
        show: Option<Slug>,
    },
}

#[derive(Debug, Args)]
pub struct AssetArgs {
    #[command(subcommand)]
    pub command: AssetCommand,
}

#[derive(Debug, Subcommand)]
pub enum AssetCommand {
    /// List the pictures of people
    List {
        /// Only those of this person
        #[arg(long, value_name = "PERSON")]
        of: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Keep pictures of somebody, from JPEG or PNG files
    Add {
        /// Name, or number such as p_0003
        person: String,
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// What they are
        #[arg(long, value_enum, default_value_t = Kind::Portrait)]
        kind: Kind,
        /// The first of them stands for the person
        #[arg(long)]
        featured: bool,
    },
    /// Say what a picture is
    Edit {
        /// The picture, such as m_0007
        picture: AssetId,
        /// What it is
        #[arg(long, value_enum)]
        kind: Kind,
    },
    /// Write a picture to a file
    Save {
        /// The picture, such as m_0007
        picture: AssetId,
        /// The JPEG to write
        out: PathBuf,
    },
    /// Delete a picture
    Delete {
        /// The picture, such as m_0007
        picture: AssetId,
        /// Also where it stands for somebody
        #[arg(long, conflicts_with = "to")]
        with_dependents: bool,
        /// Another picture of them, which stands for them there
        #[arg(long, value_name = "PICTURE")]
        to: Option<AssetId>,
    },
}

/// What a picture is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A face or a person alone
    Portrait,
    /// A scene out of a show
    Still,
    /// A picture that advertises a show
    Promo,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  screenalytics catalog undo                            the last decision back
  screenalytics catalog export --out backup             backup/catalog.json
  screenalytics catalog export --out tables --format csv
  screenalytics catalog import tables --dry-run         what would change

An import adds what is new and changes what differs; what the files do not name stays, also
what a column or field that is not there would say. People are found by number and name
together, else by name; who is new keeps the number of the file where nobody ever had it.
Nobody is deleted by it whom episodes show, unless the file says whose faces they are then,
and nobody brought back.

Faces of the facebank are not written: they and everything else of this are in the file
catalog.redb of the library, which can be copied to another that has none.")]
pub struct CatalogArgs {
    #[command(subcommand)]
    pub command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
pub enum CatalogCommand {
    /// Show who decided what about people and shows, and when
    Log(ListArgs),
    /// Take back the last of these decisions, or one of the log
    Undo {
        /// Number of an entry of `catalog log`
        operation: Option<u64>,
    },
    /// Decide again what was taken back
    Redo,
    /// Write people, their pictures, shows and episodes as files; the facebank is not in them
    Export {
        /// Folder to write into
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// One file, or one file a table
        #[arg(long, value_enum, default_value_t = CatalogFileFormat::Json)]
        format: CatalogFileFormat,
    },
    /// Read people and shows from files, all as one operation
    Import {
        /// A JSON file, a CSV file such as people.csv, or a folder of them
        path: PathBuf,
        /// Only say what would change
        #[arg(long)]
        dry_run: bool,
    },
}

/// Formats of people and shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CatalogFileFormat {
    Json,
    Csv,
}
