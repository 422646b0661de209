//! What is written down window by window, until all of it has its turns.

use super::codec::{RowError, to_bulk};
use super::episode::EpisodeStore;
use super::error::StoreError;
use super::measured::of_run;
use super::tables::{WORDS, WRITTEN};
use super::voice_rows::{TranscriptRow, WrittenRow};
use crate::domain::{RunId, Transcript, TurnId, Written};
use std::collections::BTreeMap;

impl EpisodeStore {
    /// Stores what was written down of window `n` of a run; `key` stands for everything that decided it.
    ///
    /// # Errors
    /// Fails where there is no such run, or writing fails.
    pub fn write_written(&self, run: RunId, n: u32, key: &str, written: &Written) -> Result<(), StoreError> {
        self.engine.write(|txn| {
            self.require_run(txn, run)?;
            let at = (run.0, n);
            txn.open_table(WRITTEN)?.insert(at, to_bulk(&at, &WrittenRow::new(key, written))?.as_slice())?;
            Ok(())
        })
    }

    /// Returns what was written down of the first windows of a run under `key`, as far as there is no gap.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn written(&self, run: RunId, key: &str) -> Result<Vec<Written>, StoreError> {
        let rows = self.rows_of::<WrittenRow>(WRITTEN, run)?;
        let first = (0u32..).zip(rows).take_while(|(due, (n, row))| due == n && row.key() == key);
        let made = first.map(|(_, (_, row))| row.written());
        made.collect::<Result<_, _>>().map_err(|e: RowError| StoreError::damaged(self.engine.path(), e.to_string()))
    }

    /// Stores the transcripts of all turns of a run in place of those it had, and forgets its windows: they are written down.
    ///
    /// # Errors
    /// Fails where there is no such run, or writing fails.
    pub fn finish_written(&self, run: RunId, transcripts: &BTreeMap<TurnId, Transcript>) -> Result<(), StoreError> {
        self.engine.write(|txn| {
            self.require_run(txn, run)?;
            txn.open_table(WRITTEN)?.retain_in(of_run(run), |_, _| false)?;
            let mut words = txn.open_table(WORDS)?;
            words.retain_in(of_run(run), |_, _| false)?;
            for (turn, transcript) in transcripts {
                let key = (run.0, turn.0);
                words.insert(key, to_bulk(&key, &TranscriptRow::new(transcript))?.as_slice())?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{episode, meta};
    use super::*;
    use crate::domain::{MediaTime, Sentence, Span, Word, WordTiming};

    const RUN: RunId = RunId(1);

    fn store() -> EpisodeStore {
        let store = EpisodeStore::in_memory(&episode()).unwrap();
        store.begin_run(&meta(1)).unwrap();
        store
    }

    fn written(text: &str) -> Written {
        let word = Word { span: Span::new(MediaTime(1), MediaTime(2)), text: text.into(), confidence: 0.5 };
        Written { language: "en".into(), sentences: vec![Sentence { words: vec![word], timing: WordTiming::Aligned }] }
    }

    #[test]
    fn windows_come_back_up_to_the_first_gap_or_other_key() {
        let store = store();
        for (n, key) in [(0, "a"), (1, "a"), (2, "b"), (3, "a")] {
            store.write_written(RUN, n, key, &written(&n.to_string())).unwrap();
        }
        assert_eq!(store.written(RUN, "a").unwrap(), [written("0"), written("1")]);
        assert_eq!(store.written(RUN, "b").unwrap(), []);
        assert!(store.write_written(RunId(9), 0, "a", &written("x")).is_err());
    }

    #[test]
    fn transcripts_take_the_place_of_windows_and_of_older_transcripts() {
        let store = store();
        let transcript = |text: &str| Transcript {
            language: "en".into(),
            timing: WordTiming::Aligned,
            words: written(text).sentences[0].words.clone(),
        };
        store.write_written(RUN, 0, "a", &written("x")).unwrap();
        store.finish_written(RUN, &BTreeMap::from([(TurnId(1), transcript("old")), (TurnId(2), transcript("gone"))])).unwrap();
        let new = BTreeMap::from([(TurnId(1), transcript("new"))]);
        store.finish_written(RUN, &new).unwrap();
        assert_eq!((store.written(RUN, "a").unwrap(), store.transcripts(RUN).unwrap()), (Vec::new(), new));
    }
}
