//! The tables and their keys. Rows of a run begin with its number, so that a run is one range.

use redb::TableDefinition;

/// The layout that this program writes; a file with a higher one is refused, one with a lower one is brought up to it.
///
/// 2: tables for cut and joined tracks, and for marks. 3: tables for what is heard. 4: voice prints. 5: shows, seasons, casts, pictures of people.
/// 6: whom tracks are not of. 7: the facebank. 8: decisions that are settled. 9: what crops look like. 10: thresholds that were decided.
pub(super) const SCHEMA: u32 = 10;

pub(super) type Bytes = &'static [u8];
/// Run, shot.
pub(super) type ShotKey = (u32, u32);
/// Run, track, frame.
pub(super) type PictureKey = (u32, u32, u64);
/// Run, embedder, track, frame.
pub(super) type EmbeddingKey = (u32, &'static str, u32, u64);

/// What kind of file it is -> its layout.
pub(super) const SCHEMA_VERSION: TableDefinition<&str, u32> = TableDefinition::new("schema_version");
/// Counters and pointers, by name.
pub(super) const STATE: TableDefinition<&str, u32> = TableDefinition::new("state");
pub(super) const ACTIVE_RUN: &str = "active_run";
pub(super) const LAST_RUN: &str = "last_run";
pub(super) const LAST_PERSON: &str = "last_person";
pub(super) const LAST_ASSET: &str = "last_asset";
pub(super) const LAST_REFERENCE: &str = "last_reference";

// Measured, bulk rows but for the first.
pub(super) const RUNS: TableDefinition<u32, Bytes> = TableDefinition::new("runs");
pub(super) const SHOTS: TableDefinition<ShotKey, Bytes> = TableDefinition::new("shots");
pub(super) const ANALYSED: TableDefinition<ShotKey, Bytes> = TableDefinition::new("analysed");
pub(super) const FACES: TableDefinition<ShotKey, Bytes> = TableDefinition::new("faces");
pub(super) const TRACKLETS: TableDefinition<ShotKey, Bytes> = TableDefinition::new("tracklets");
pub(super) const CROPS: TableDefinition<ShotKey, Bytes> = TableDefinition::new("crops");
/// Run, shot: what was measured of its crops for badges; derived from their pictures.
pub(super) const LOOKS: TableDefinition<ShotKey, Bytes> = TableDefinition::new("looks");
/// JPEG.
pub(super) const ALIGNED: TableDefinition<PictureKey, Bytes> = TableDefinition::new("aligned");
/// JPEG.
pub(super) const THUMBS: TableDefinition<PictureKey, Bytes> = TableDefinition::new("thumbs");
/// Little-endian f32.
pub(super) const EMBEDDINGS: TableDefinition<EmbeddingKey, Bytes> = TableDefinition::new("embeddings");

// Heard, bulk rows.
/// Run, stretch of time.
pub(super) const LEVELS: TableDefinition<ShotKey, Bytes> = TableDefinition::new("levels");
/// Run, stretch of time.
pub(super) const WINDOWS: TableDefinition<ShotKey, Bytes> = TableDefinition::new("windows");
/// Run, 0.
pub(super) const TURNS: TableDefinition<ShotKey, Bytes> = TableDefinition::new("turns");
/// Run, speaker.
pub(super) const SPEAKERS: TableDefinition<ShotKey, Bytes> = TableDefinition::new("speakers");
/// Run, turn.
pub(super) const WORDS: TableDefinition<ShotKey, Bytes> = TableDefinition::new("words");
/// Run, window: what is written down so far, whoever said it; gone when all of it has its turns.
pub(super) const WRITTEN: TableDefinition<ShotKey, Bytes> = TableDefinition::new("written");
/// Run, shot.
pub(super) const MOUTHS: TableDefinition<ShotKey, Bytes> = TableDefinition::new("mouths");
/// Run -> highest turn ever used.
pub(super) const HIGHEST_TURN: TableDefinition<u32, u32> = TableDefinition::new("highest_turn");
/// Run -> highest voice ever used.
pub(super) const HIGHEST_SPEAKER: TableDefinition<u32, u32> = TableDefinition::new("highest_speaker");
/// All rows of what was heard whose key is the run and a number.
pub(super) const HEARD: [TableDefinition<ShotKey, Bytes>; 7] = [LEVELS, WINDOWS, TURNS, SPEAKERS, WORDS, WRITTEN, MOUTHS];

/// The rows of one shot, one row a shot each.
pub(super) const BY_SHOT: [TableDefinition<ShotKey, Bytes>; 5] = [SHOTS, ANALYSED, FACES, TRACKLETS, CROPS];
/// The rows of one crop.
pub(super) const PICTURES: [TableDefinition<PictureKey, Bytes>; 2] = [ALIGNED, THUMBS];

// Decided, JSON.
pub(super) const LOG: TableDefinition<u64, Bytes> = TableDefinition::new("log");
/// Run, track.
pub(super) const ASSIGNMENTS: TableDefinition<(u32, u32), Bytes> = TableDefinition::new("assignments");
/// Run, identity.
pub(super) const IDENTITIES: TableDefinition<(u32, u32), Bytes> = TableDefinition::new("identities");
/// Run -> highest identity ever used.
pub(super) const HIGHEST_IDENTITY: TableDefinition<u32, u32> = TableDefinition::new("highest_identity");
/// Run, track: what people made of tracks.
pub(super) const TRACKS: TableDefinition<(u32, u32), Bytes> = TableDefinition::new("tracks");
/// Run, track.
pub(super) const MARKS: TableDefinition<(u32, u32), Bytes> = TableDefinition::new("marks");
/// Run, track, person: whom tracks are not of.
pub(super) const NEVERS: TableDefinition<(u32, u32, u32), Bytes> = TableDefinition::new("nevers");
/// Run, decision: which of them a person has done with.
pub(super) const SETTLED: TableDefinition<(u32, &str), Bytes> = TableDefinition::new("settled");
/// Run: by what its tracks are grouped.
pub(super) const THRESHOLDS: TableDefinition<u32, Bytes> = TableDefinition::new("thresholds");
/// Run, speaker: who voices are.
pub(super) const VOICES: TableDefinition<(u32, u32), Bytes> = TableDefinition::new("voices");
/// Run, turn: who speaks.
pub(super) const SAID: TableDefinition<(u32, u32), Bytes> = TableDefinition::new("said");
/// Run, turn: what people made of turns.
pub(super) const TURN_STATES: TableDefinition<(u32, u32), Bytes> = TableDefinition::new("turn_states");
/// Run, turn: words that people wrote.
pub(super) const EDITED_WORDS: TableDefinition<(u32, u32), Bytes> = TableDefinition::new("edited_words");
/// What is decided of voices and turns.
pub(super) const SPOKEN: [TableDefinition<(u32, u32), Bytes>; 4] = [VOICES, SAID, TURN_STATES, EDITED_WORDS];
/// Run -> highest track that a person made.
pub(super) const HIGHEST_TRACK: TableDefinition<u32, u32> = TableDefinition::new("highest_track");

// The catalog, JSON; it has a LOG and a STATE too.
pub(super) const PEOPLE: TableDefinition<u32, Bytes> = TableDefinition::new("people");
/// Name without case and spacing -> person.
pub(super) const NAMES: TableDefinition<&str, u32> = TableDefinition::new("names");
/// Episode: as it was entered.
pub(super) const EPISODES: TableDefinition<&str, Bytes> = TableDefinition::new("episodes");
/// Episode: what people say of it in place of that.
pub(super) const EPISODE_FACTS: TableDefinition<&str, Bytes> = TableDefinition::new("episode_facts");
pub(super) const SHOWS: TableDefinition<&str, Bytes> = TableDefinition::new("shows");
/// Show, number.
pub(super) const SEASONS: TableDefinition<(&str, u32), Bytes> = TableDefinition::new("seasons");
/// Person, show.
pub(super) const MEMBERSHIPS: TableDefinition<(u32, &str), Bytes> = TableDefinition::new("cast_membership");
pub(super) const ASSETS: TableDefinition<u32, Bytes> = TableDefinition::new("media_asset");
/// Person, show; an empty one stands for all that have none.
pub(super) const FEATURED: TableDefinition<(u32, &str), Bytes> = TableDefinition::new("person_featured");
/// References of the facebank.
pub(super) const REFERENCES: TableDefinition<u64, Bytes> = TableDefinition::new("facebank");
/// SHA-256 in hex -> JPEG; no row is ever removed, because the log may name it.
pub(super) const PICTURES_KEPT: TableDefinition<&str, Bytes> = TableDefinition::new("pictures");
/// Embedder, reference: little-endian f32.
pub(super) const REFERENCE_VECTORS: TableDefinition<(&str, u64), Bytes> = TableDefinition::new("reference_vectors");
/// Episode, bulk rows.
pub(super) const VOICE_PRINTS: TableDefinition<&str, Bytes> = TableDefinition::new("voice_prints");

/// Says which file it is, and with it which tables are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Episode,
    Catalog,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Episode => "episode",
            Self::Catalog => "catalog",
        }
    }

    /// Makes all tables, so that reading needs no case for a missing one.
    pub(super) fn make_tables(self, txn: &redb::WriteTransaction) -> Result<(), redb::TableError> {
        txn.open_table(STATE)?;
        txn.open_table(LOG)?;
        match self {
            Self::Episode => {
                txn.open_table(RUNS)?;
                for table in BY_SHOT.into_iter().chain(HEARD).chain(SPOKEN) {
                    txn.open_table(table)?;
                }
                for table in PICTURES {
                    txn.open_table(table)?;
                }
                txn.open_table(EMBEDDINGS)?;
                txn.open_table(LOOKS)?;
                txn.open_table(ASSIGNMENTS)?;
                txn.open_table(IDENTITIES)?;
                txn.open_table(HIGHEST_IDENTITY)?;
                txn.open_table(TRACKS)?;
                txn.open_table(MARKS)?;
                txn.open_table(SETTLED)?;
                txn.open_table(THRESHOLDS)?;
                txn.open_table(NEVERS)?;
                txn.open_table(HIGHEST_TRACK)?;
                txn.open_table(HIGHEST_TURN)?;
                txn.open_table(HIGHEST_SPEAKER)?;
            }
            Self::Catalog => {
                txn.open_table(PEOPLE)?;
                txn.open_table(NAMES)?;
                txn.open_table(EPISODES)?;
                txn.open_table(EPISODE_FACTS)?;
                txn.open_table(SHOWS)?;
                txn.open_table(SEASONS)?;
                txn.open_table(MEMBERSHIPS)?;
                txn.open_table(ASSETS)?;
                txn.open_table(FEATURED)?;
                txn.open_table(REFERENCES)?;
                txn.open_table(PICTURES_KEPT)?;
                txn.open_table(REFERENCE_VECTORS)?;
                txn.open_table(VOICE_PRINTS)?;
            }
        }
        Ok(())
    }
}
