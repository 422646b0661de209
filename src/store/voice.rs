//! What a run heard: levels, turns, voices, words, and how surely each mouth spoke.

use super::codec::{RowError, from_bulk, to_bulk};
use super::decisions::append;
use super::episode::EpisodeStore;
use super::error::StoreError;
use super::measured::of_run;
use super::tables::{Bytes, HIGHEST_SPEAKER, HIGHEST_TURN, LEVELS, MOUTHS, SPEAKERS, ShotKey, TURNS, WINDOWS, WORDS, WRITTEN};
use super::voice_rows::{LevelsRow, MouthsRow, SpeakerRow, TranscriptRow, TurnsRow, WindowsRow};
use crate::domain::{
    Draft, HeardChunk, HeardWindow, MouthScores, RunId, RunMeta, ShotId, SoundLevels, Speaker, SpeakerId, Transcript, Turn,
    TurnId,
};
use redb::{ReadableTable, TableDefinition};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// The one row that holds all turns of a run.
const ALL: u32 = 0;

impl EpisodeStore {
    /// Stores what was heard of the next stretch of a run, in one transaction: a crash leaves all of it or nothing.
    ///
    /// # Errors
    /// Fails where there is no such run, it is not the next stretch, or writing fails.
    pub fn write_heard(&self, run: RunId, chunk: &HeardChunk) -> Result<(), StoreError> {
        self.engine.write(|txn| {
            self.require_run(txn, run)?;
            let key = (run.0, chunk.index);
            let mut levels = txn.open_table(LEVELS)?;
            let next = levels.range(of_run(run))?.next_back().transpose()?.map_or(0, |(key, _)| key.value().1.saturating_add(1));
            if chunk.index != next {
                let what = format!("stretch {} came where {next} was due", chunk.index);
                return Err(StoreError::Voices { run, what }.into());
            }
            levels.insert(key, to_bulk(&key, &LevelsRow::new(&chunk.levels))?.as_slice())?;
            txn.open_table(WINDOWS)?.insert(key, to_bulk(&key, &WindowsRow::new(&chunk.windows))?.as_slice())?;
            Ok(())
        })
    }

    /// Returns how many stretches of a run are stored: where listening goes on.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn heard_stretches(&self, run: RunId) -> Result<u32, StoreError> {
        self.read_run(run, |txn| {
            let last = txn.open_table(LEVELS)?.range(of_run(run))?.next_back().transpose()?;
            Ok(last.map_or(0, |(key, _)| key.value().1.saturating_add(1)))
        })
    }

    /// Returns the windows of a run, by start.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn heard_windows(&self, run: RunId) -> Result<Vec<HeardWindow>, StoreError> {
        let mut all = Vec::new();
        for row in self.rows_of::<WindowsRow>(WINDOWS, run)?.into_values() {
            all.extend(row.windows().map_err(|e| StoreError::damaged(self.engine.path(), e.to_string()))?);
        }
        Ok(all)
    }

    /// Forgets the stretches of a run: it is listened to anew. Its turns stay until others are written.
    ///
    /// What has become of the run is stored in the same transaction: nothing may say that it is heard.
    ///
    /// # Errors
    /// Fails where there is no such run, or writing fails.
    pub fn forget_heard(&self, meta: &RunMeta) -> Result<(), StoreError> {
        self.engine.write(|txn| {
            self.put_run(txn, meta)?;
            for table in [LEVELS, WINDOWS] {
                txn.open_table(table)?.retain_in(of_run(meta.id), |_, _| false)?;
            }
            Ok(())
        })
    }

    /// Returns loudness and speech of a run, stretch by stretch.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn levels(&self, run: RunId) -> Result<Vec<SoundLevels>, StoreError> {
        Ok(self.rows_of::<LevelsRow>(LEVELS, run)?.into_values().map(LevelsRow::levels).collect())
    }

    /// Stores the turns and voices of a run in place of those it had; its transcripts go with the turns. Decisions name turns by number:
    /// `carry` ends those on the old ones and brings them to the new, in the same transaction. So is what has become of the run stored:
    /// that voices are told apart, and that nothing is written down of these turns.
    ///
    /// Numbers above [`EpisodeStore::next_turn_id`] and [`EpisodeStore::next_speaker_id`] are new; the caller sees to it that no number
    /// means something else than before.
    ///
    /// # Errors
    /// Fails where there is no such run, two turns or two voices have one number, a turn's voice is not among them, or writing fails.
    pub fn write_voices(
        &self,
        meta: &RunMeta,
        turns: &[Turn],
        speakers: &[Speaker],
        carry: Option<Draft>,
    ) -> Result<(), StoreError> {
        let run = meta.id;
        check(turns, speakers).map_err(|what| StoreError::Voices { run, what })?;
        self.engine.write(|txn| {
            self.put_run(txn, meta)?;
            for table in [TURNS, SPEAKERS, WORDS, WRITTEN] {
                txn.open_table(table)?.retain_in(of_run(run), |_, _| false)?;
            }
            let key = (run.0, ALL);
            txn.open_table(TURNS)?.insert(key, to_bulk(&key, &TurnsRow::new(turns))?.as_slice())?;
            let mut table = txn.open_table(SPEAKERS)?;
            for speaker in speakers {
                let key = (run.0, speaker.id.0);
                table.insert(key, to_bulk(&key, &SpeakerRow::new(speaker))?.as_slice())?;
            }
            for (table, highest) in
                [(HIGHEST_TURN, turns.iter().map(|t| t.id.0).max()), (HIGHEST_SPEAKER, speakers.iter().map(|s| s.id.0).max())]
            {
                let mut table = txn.open_table(table)?;
                let known = table.get(run.0)?.map_or(0, |known| known.value());
                if let Some(highest) = highest.filter(|highest| *highest > known) {
                    table.insert(run.0, highest)?;
                }
            }
            if let Some(draft) = carry {
                append(txn, draft)?;
            }
            Ok(())
        })
    }

    /// Returns the turns of a run as they were heard, by start.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn turns(&self, run: RunId) -> Result<Vec<Turn>, StoreError> {
        Ok(self.rows_of::<TurnsRow>(TURNS, run)?.into_values().flat_map(TurnsRow::turns).collect())
    }

    /// Returns the voices of a run, by number.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn speakers(&self, run: RunId) -> Result<Vec<Speaker>, StoreError> {
        let rows = self.rows_of::<SpeakerRow>(SPEAKERS, run)?;
        let made = rows.into_iter().map(|(id, row)| row.speaker(SpeakerId(id)));
        made.collect::<Result<_, _>>().map_err(|e: RowError| StoreError::damaged(self.engine.path(), e.to_string()))
    }

    /// Returns the number that the next turn of a run takes; no number is used twice.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn next_turn_id(&self, run: RunId) -> Result<TurnId, StoreError> {
        self.engine.read(|txn| {
            Ok(TurnId(txn.open_table(HIGHEST_TURN)?.get(run.0)?.map_or(0, |highest| highest.value()).saturating_add(1)))
        })
    }

    /// Returns the number that the next voice of a run takes; no number is used twice.
    ///
    /// # Errors
    /// Fails where the file cannot be read.
    pub fn next_speaker_id(&self, run: RunId) -> Result<SpeakerId, StoreError> {
        self.engine.read(|txn| {
            Ok(SpeakerId(txn.open_table(HIGHEST_SPEAKER)?.get(run.0)?.map_or(0, |highest| highest.value()).saturating_add(1)))
        })
    }

    /// Stores what was written down of some turns of a run, in one transaction.
    ///
    /// # Errors
    /// Fails where there is no such run, or writing fails.
    pub fn write_transcripts<'a>(
        &self,
        run: RunId,
        transcripts: impl IntoIterator<Item = (TurnId, &'a Transcript)>,
    ) -> Result<(), StoreError> {
        self.engine.write(|txn| {
            self.require_run(txn, run)?;
            let mut table = txn.open_table(WORDS)?;
            for (turn, transcript) in transcripts {
                let key = (run.0, turn.0);
                table.insert(key, to_bulk(&key, &TranscriptRow::new(transcript))?.as_slice())?;
            }
            Ok(())
        })
    }

    /// Returns what was written down of the turns of a run, as the model heard it.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn transcripts(&self, run: RunId) -> Result<BTreeMap<TurnId, Transcript>, StoreError> {
        let rows = self.rows_of::<TranscriptRow>(WORDS, run)?;
        let made = rows.into_iter().map(|(id, row)| Ok((TurnId(id), row.transcript()?)));
        made.collect::<Result<_, _>>().map_err(|e: RowError| StoreError::damaged(self.engine.path(), e.to_string()))
    }

    /// Stores how surely the mouths of one shot spoke, in one transaction; an empty list says that the shot was looked at.
    ///
    /// # Errors
    /// Fails where there is no such run, or writing fails.
    pub fn write_mouths(&self, run: RunId, shot: ShotId, mouths: &[MouthScores]) -> Result<(), StoreError> {
        self.engine.write(|txn| {
            self.require_run(txn, run)?;
            let key = (run.0, shot.0);
            txn.open_table(MOUTHS)?.insert(key, to_bulk(&key, &MouthsRow::new(mouths))?.as_slice())?;
            Ok(())
        })
    }

    /// Returns how surely the mouths of a run spoke, shot by shot; a shot that was not looked at is absent.
    ///
    /// # Errors
    /// Fails where there is no such run, or the file cannot be read.
    pub fn mouths(&self, run: RunId) -> Result<BTreeMap<ShotId, Vec<MouthScores>>, StoreError> {
        let rows = self.rows_of::<MouthsRow>(MOUTHS, run)?;
        Ok(rows.into_iter().map(|(shot, row)| (ShotId(shot), row.mouths())).collect())
    }

    /// Forgets how surely the mouths of a run spoke: it is scored anew.
    ///
    /// What has become of the run is stored in the same transaction: nothing may say that it is scored.
    ///
    /// # Errors
    /// Fails where there is no such run, or writing fails.
    pub fn forget_mouths(&self, meta: &RunMeta) -> Result<(), StoreError> {
        self.engine.write(|txn| {
            self.put_run(txn, meta)?;
            txn.open_table(MOUTHS)?.retain_in(of_run(meta.id), |_, _| false)?;
            Ok(())
        })
    }

    /// Reads the rows of a run from a table whose keys are the run and a number.
    pub(super) fn rows_of<T: DeserializeOwned>(
        &self,
        table: TableDefinition<ShotKey, Bytes>,
        run: RunId,
    ) -> Result<BTreeMap<u32, T>, StoreError> {
        self.read_run(run, |txn| {
            let mut all = BTreeMap::new();
            for entry in txn.open_table(table)?.range(of_run(run))? {
                let (key, row) = entry?;
                all.insert(key.value().1, from_bulk(&key.value(), row.value())?);
            }
            Ok(all)
        })
    }
}

/// Checks that turns and voices fit together.
pub(super) fn check(turns: &[Turn], speakers: &[Speaker]) -> Result<(), String> {
    let mut voices = std::collections::BTreeSet::new();
    if let Some(twice) = speakers.iter().find(|s| !voices.insert(s.id)) {
        return Err(format!("voice {} is there twice", twice.id));
    }
    let mut ids = std::collections::BTreeSet::new();
    for turn in turns {
        if !ids.insert(turn.id) {
            return Err(format!("turn {} is there twice", turn.id));
        }
        if !voices.contains(&turn.speaker) {
            return Err(format!("turn {} is of {}, which is not there", turn.id, turn.speaker));
        }
        if turn.span.is_empty() || !turn.confidence.is_finite() {
            return Err(format!("turn {} has no length, or a confidence that is not a number", turn.id));
        }
    }
    if turns.is_sorted_by_key(|t| t.span.start()) { Ok(()) } else { Err("its turns are not in order".into()) }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{episode, meta};
    use super::*;
    use crate::domain::{Embedding, LocalVoice, MediaTime, Span, TrackId, Word, WordTiming};

    const RUN: RunId = RunId(1);

    fn store() -> EpisodeStore {
        let store = EpisodeStore::in_memory(&episode()).unwrap();
        store.begin_run(&meta(1)).unwrap();
        store
    }

    fn span(from: i64, to: i64) -> Span {
        Span::new(MediaTime(from), MediaTime(to))
    }

    fn turn(id: u32, from: i64, to: i64, speaker: u32) -> Turn {
        Turn { id: TurnId(id), span: span(from, to), speaker: SpeakerId(speaker), confidence: 0.75 }
    }

    fn speaker(id: u32) -> Speaker {
        Speaker { id: SpeakerId(id), voice: Embedding::from_raw(vec![3.0, 4.0]).ok(), speech: MediaTime(9) }
    }

    #[test]
    fn what_was_heard_comes_back_as_it_was_written() {
        let store = store();
        let (turns, speakers) = ([turn(1, -5, 90, 1), turn(2, 40, 95, 2)], [speaker(1), Speaker { voice: None, ..speaker(2) }]);
        store.write_voices(&meta(1), &turns, &speakers, None).unwrap();
        assert_eq!((store.turns(RUN).unwrap(), store.speakers(RUN).unwrap()), (turns.to_vec(), speakers.to_vec()));
        let word = Word { span: span(1, 9), text: "né".into(), confidence: 0.5 };
        let transcript = Transcript { language: "fr".into(), timing: WordTiming::Aligned, words: vec![word] };
        store.write_transcripts(RUN, [(TurnId(2), &transcript)]).unwrap();
        assert_eq!(store.transcripts(RUN).unwrap(), BTreeMap::from([(TurnId(2), transcript)]));
        let levels = SoundLevels { start: MediaTime(-7), peaks: vec![0, 255], speech: vec![9] };
        let voice = LocalVoice { voice: speaker(1).voice.unwrap(), speech: MediaTime(8), alone: true };
        let window = HeardWindow { start: MediaTime(-7), activity: vec![[0, 255, 9]; 3], voices: [None, Some(voice), None] };
        let chunk = HeardChunk { index: 0, levels: levels.clone(), windows: vec![window.clone()] };
        assert!(store.write_heard(RUN, &HeardChunk { index: 1, ..chunk.clone() }).is_err());
        store.write_heard(RUN, &chunk).unwrap();
        store.write_heard(RUN, &HeardChunk { index: 1, windows: vec![], ..chunk }).unwrap();
        assert_eq!((store.levels(RUN).unwrap(), store.heard_stretches(RUN).unwrap()), (vec![levels.clone(), levels], 2));
        assert_eq!(store.heard_windows(RUN).unwrap(), [window]);
        store.forget_heard(&meta(1)).unwrap();
        assert_eq!((store.heard_stretches(RUN).unwrap(), store.heard_windows(RUN).unwrap()), (0, vec![]));
        let mouths = vec![MouthScores { track: TrackId(4), start: MediaTime(80), scores: vec![-2.5, 0.0, 7.25] }];
        store.write_mouths(RUN, ShotId(2), &mouths).unwrap();
        store.write_mouths(RUN, ShotId(3), &[]).unwrap();
        assert_eq!(store.mouths(RUN).unwrap(), BTreeMap::from([(ShotId(2), mouths), (ShotId(3), vec![])]));
        store.forget_mouths(&meta(1)).unwrap();
        assert!(store.mouths(RUN).unwrap().is_empty());
    }

    #[test]
    fn numbers_of_turns_and_voices_are_not_used_again() {
        let store = store();
        store.write_voices(&meta(1), &[turn(1, 0, 9, 1), turn(2, 3, 9, 2)], &[speaker(1), speaker(2)], None).unwrap();
        store.write_voices(&meta(1), &[], &[], None).unwrap();
        assert_eq!((store.next_turn_id(RUN).unwrap(), store.next_speaker_id(RUN).unwrap()), (TurnId(3), SpeakerId(3)));
        assert!(store.turns(RUN).unwrap().is_empty());
    }

    #[test]
    fn turns_that_do_not_fit_together_are_refused() {
        let store = store();
        for (turns, what) in [
            (vec![turn(1, 0, 9, 2)], "u1 is of S2"),
            (vec![turn(1, 0, 9, 1), turn(1, 5, 9, 1)], "u1 is there twice"),
            (vec![turn(1, 9, 9, 1)], "u1 has no length"),
            (vec![turn(1, 5, 9, 1), turn(2, 0, 9, 1)], "not in order"),
        ] {
            let told = store.write_voices(&meta(1), &turns, &[speaker(1)], None).unwrap_err().to_string();
            assert!(told.contains(what), "{told}");
        }
    }

    #[test]
    fn a_deleted_run_leaves_nothing_heard() {
        let mut store = store();
        store.write_voices(&meta(1), &[turn(1, 0, 9, 1)], &[speaker(1)], None).unwrap();
        store.delete_run(RUN).unwrap();
        let mut again = meta(1);
        again.id = RunId(2);
        store.begin_run(&again).unwrap();
        assert_eq!(store.verify().unwrap(), []);
        assert!(store.turns(RUN).is_err());
    }
}
