//! Voice prints in the catalog: a row an episode, made anew from what is decided there.

use super::Catalog;
use super::codec::{RowError, from_bulk, to_bulk};
use super::engine::Fault;
use super::error::StoreError;
use super::tables::VOICE_PRINTS;
use crate::domain::{EmbedderId, Embedding, EpisodeId, EpisodeVoices, MediaTime, PersonId, RunId, VoicePrint};
use redb::{ReadTransaction, ReadableTable};
use serde::{Deserialize, Serialize};

/// Run, hash of the log's last entry, embedder, prints: person, vector, microseconds. The file format; it never changes.
#[derive(Serialize, Deserialize)]
struct VoicesRow(u32, String, String, Vec<(u32, Vec<f32>, i64)>);

impl VoicesRow {
    fn new(voices: &EpisodeVoices) -> Self {
        let print = |p: &VoicePrint| (p.person.0, p.voice.as_slice().to_vec(), p.speech.0);
        Self(voices.run.0, voices.head.clone(), voices.embedder.0.clone(), voices.prints.iter().map(print).collect())
    }

    fn voices(self, episode: EpisodeId) -> Result<EpisodeVoices, RowError> {
        let Self(run, head, embedder, prints) = self;
        let print = |(person, voice, speech)| {
            let voice = Embedding::from_unit(voice).map_err(|e| RowError::Shape(e.to_string()))?;
            Ok(VoicePrint { person: PersonId(person), voice, speech: MediaTime(speech) })
        };
        let prints = prints.into_iter().map(print).collect::<Result<_, RowError>>()?;
        Ok(EpisodeVoices { episode, run: RunId(run), head, embedder: EmbedderId(embedder), prints })
    }
}

impl Catalog {
    /// Returns the voice prints of every episode that has some or was looked at, by episode; those of deleted episodes too. A damaged row is
    /// left out: it is made anew as long as its episode is there.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn voices(&self) -> Result<Vec<EpisodeVoices>, StoreError> {
        let mut all = Vec::new();
        for row in self.read(rows)? {
            match row {
                Ok(voices) => all.push(voices),
                Err(error) => tracing::warn!("voice prints are left out: {error}"),
            }
        }
        Ok(all)
    }

    /// Stores the voice prints of episodes in place of those that they had.
    ///
    /// # Errors
    /// Fails where other processes keep writing for ten seconds, or where writing fails.
    pub fn put_voices(&self, voices: &[EpisodeVoices]) -> Result<(), StoreError> {
        if voices.is_empty() {
            return Ok(());
        }
        self.write(|txn| {
            let mut table = txn.open_table(VOICE_PRINTS)?;
            for of in voices {
                let key = of.episode.as_str();
                table.insert(key, to_bulk(&key, &VoicesRow::new(of))?.as_slice())?;
            }
            Ok(())
        })
    }
}

/// Reads every row, or what is wrong with it.
pub(super) fn rows(txn: &ReadTransaction) -> Result<Vec<Result<EpisodeVoices, RowError>>, Fault> {
    let mut rows = Vec::new();
    for entry in txn.open_table(VOICE_PRINTS)?.iter()? {
        let (key, row) = entry?;
        let episode = key.value().parse().map_err(|_| RowError::Shape(format!("{:?} is no episode", key.value())));
        rows.push(episode.and_then(|episode| from_bulk::<VoicesRow>(&key.value(), row.value())?.voices(episode)));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::super::Library;
    use super::super::sample::episode;
    use super::*;

    #[test]
    fn prints_come_back_as_they_were_put_and_the_last_ones_stand() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Library::open(dir.path()).unwrap().catalog();
        let print = |person, x: f32| VoicePrint {
            person: PersonId(person),
            voice: Embedding::from_raw(vec![x, 1.0, 0.0]).unwrap(),
            speech: MediaTime(7_500_000),
        };
        let of = |head: &str, prints| EpisodeVoices {
            episode: episode(),
            run: RunId(2),
            head: head.to_owned(),
            embedder: EmbedderId("ge2e".into()),
            prints,
        };
        catalog.put_voices(&[of("4", vec![print(1, 0.5), print(2, -1.0)])]).unwrap();
        let last = of("9", vec![print(2, 0.25)]);
        catalog.put_voices(std::slice::from_ref(&last)).unwrap();
        assert_eq!(catalog.voices().unwrap(), [last]);
        assert_eq!(catalog.verify().unwrap(), []);
        let key = episode();
        catalog.write(|txn| Ok(txn.open_table(VOICE_PRINTS)?.insert(key.as_str(), [0_u8; 9].as_slice()).map(drop)?)).unwrap();
        assert_eq!(catalog.voices().unwrap(), []);
        assert_eq!(catalog.verify().unwrap()[0].place, "voice prints");
    }
}
