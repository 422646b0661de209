//! Proves that a bundle is what it claims to be.

use super::codec::from_json;
use super::digest::sha256;
use super::embeddings::each_embedding;
use super::episode::EpisodeStore;
use super::error::StoreError;
use super::parts::{Parts, check_next};
use super::tables::{HIGHEST_IDENTITY, HIGHEST_TRACK, LOG};
use super::voice::check as check_voices;
use crate::domain::{
    CropInfo, CropKey, Decided, EmbedderId, Embedding, Face, Fate, IdentityId, Operation, PersonId, RunId, Shot, SpeakerId,
    TrackId, TurnId,
};
use redb::ReadableTable;
use std::collections::{BTreeMap, BTreeSet};

/// Something in a bundle that should not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it was found in, such as `log` or `shot s12 of run r1`.
    pub place: String,
    pub what: String,
}

impl EpisodeStore {
    /// Reads everything and returns what is wrong; nothing when all is well.
    ///
    /// - Pages: each against its checksum (only a writer can).
    /// - Log: numbers without holes, each entry's hash of the one before; replayed from the start it must give the
    ///   current state.
    /// - Measured: shots consecutive, their parts in them, tracks counted right and once, crops with both pictures,
    ///   vectors with crops, of unit length, and of one length for each embedder.
    ///
    /// Costs a walk over the whole file.
    ///
    /// # Errors
    /// Fails where so little can be read that there is nothing to check; what can be read in parts is a finding.
    pub fn verify(&mut self) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Findings::default();
        if let Some(checked) = self.engine.check_pages() {
            findings.keep("file", checked);
        }
        let runs: Vec<RunId> = self.runs()?.iter().map(|run| run.id).collect();
        if let Some(active) = self.active_run()?
            && !runs.contains(&active)
        {
            findings.add("runs", format!("the active run {active} is not there"));
        }
        let mut decided = Decided::default();
        let log = self.check_log(&mut decided, &mut findings);
        findings.keep("log", log);
        for run in runs {
            let checked = self.check_run(run, &decided, &mut findings);
            findings.keep(&format!("run {run}"), checked);
        }
        Ok(findings.0)
    }

    fn check_log(&self, decided: &mut Decided, findings: &mut Findings) -> Result<(), StoreError> {
        let (highest, highest_track) = self.engine.read(|txn| {
            let mut chain = Chain::default();
            for entry in txn.open_table(LOG)?.iter()? {
                let (seq, row) = entry?;
                let operation: Operation = from_json(row.value())?;
                let place = chain.check(seq.value(), operation.seq, &operation.previous_hash, row.value(), findings);
                if let Err(error) = decided.apply(&operation.kind, &operation.changes) {
                    findings.add(&place, error.to_string());
                }
            }
            let mut highest = BTreeMap::new();
            for entry in txn.open_table(HIGHEST_IDENTITY)?.iter()? {
                let (run, id) = entry?;
                highest.insert(RunId(run.value()), IdentityId(id.value()));
            }
            let mut highest_track = BTreeMap::new();
            for entry in txn.open_table(HIGHEST_TRACK)?.iter()? {
                let (run, id) = entry?;
                highest_track.insert(RunId(run.value()), TrackId(id.value()));
            }
            Ok((highest, highest_track))
        })?;
        if decided.highest_identity != highest || decided.highest_track != highest_track {
            findings.add("identities", "the highest ids used are not those of the log");
        }
        let runs: BTreeSet<RunId> = highest
            .keys()
            .copied()
            .chain(decided.assignments.keys().chain(decided.tracks.keys()).chain(decided.marks.keys()).map(|key| key.0))
            .chain(decided.nevers.keys().map(|key| key.0))
            .chain(decided.voices.keys().map(|key| key.0))
            .chain(decided.said.keys().chain(decided.turns.keys()).chain(decided.words.keys()).map(|key| key.0))
            .chain(self.runs()?.iter().map(|run| run.id))
            .collect();
        differing(decided.settled.clone(), self.settled()?, |(run, decision)| {
            findings.add(&format!("{decision} of run {run}"), "whether it is settled is not what the log says");
        });
        differing(decided.thresholds.clone(), self.thresholds()?, |run| {
            findings.add(&format!("run {run}"), "by what its tracks are grouped is not what the log says");
        });
        for run in runs {
            let from_log: BTreeMap<_, _> = decided.assignments.range((run, TrackId(0))..=(run, TrackId(u32::MAX))).collect();
            let assignments = self.assignments(run)?;
            differing(from_log.into_iter().map(|(k, v)| (k.1, *v)).collect(), assignments, |track| {
                findings.add(&format!("track {track} of run {run}"), "its assignment is not what the log says");
            });
            let from_log = decided.identities.range((run, IdentityId(0))..=(run, IdentityId(u32::MAX)));
            let from_log = from_log.map(|(k, v)| (k.1, v.clone())).collect();
            differing(from_log, self.identities(run)?, |id| {
                findings.add(&format!("identity {id} of run {run}"), "it is not what the log says");
            });
            let tracks = (run, TrackId(0))..=(run, TrackId(u32::MAX));
            let from_log = decided.tracks.range(tracks.clone()).map(|(k, v)| (k.1, v.clone())).collect();
            differing(from_log, self.track_parts(run)?, |track| {
                findings.add(&format!("track {track} of run {run}"), "its pictures are not what the log says");
            });
            let from_log = decided.marks.range(tracks).map(|(k, v)| (k.1, *v)).collect();
            differing(from_log, self.marks(run)?, |track| {
                findings.add(&format!("track {track} of run {run}"), "its mark is not what the log says");
            });
            let nevers = decided.nevers.range((run, TrackId(0), PersonId(0))..=(run, TrackId(u32::MAX), PersonId(u32::MAX)));
            differing(nevers.map(|(k, v)| ((k.1, k.2), *v)).collect(), self.nevers(run)?, |(track, person)| {
                let place = format!("track {track} of run {run}");
                findings.add(&place, format!("whether it is of {person} is not what the log says"));
            });
            self.check_spoken(decided, run, findings)?;
        }
        Ok(())
    }

    fn check_spoken(&self, decided: &Decided, run: RunId, findings: &mut Findings) -> Result<(), StoreError> {
        let from_log = decided.voices.range((run, SpeakerId(0))..=(run, SpeakerId(u32::MAX)));
        differing(from_log.map(|(k, v)| (k.1, *v)).collect(), self.voice_links(run)?, |speaker| {
            findings.add(&format!("voice {speaker} of run {run}"), "who it is is not what the log says");
        });
        let turns = (run, TurnId(0))..=(run, TurnId(u32::MAX));
        differing(decided.said.range(turns.clone()).map(|(k, v)| (k.1, *v)).collect(), self.said(run)?, |turn| {
            findings.add(&format!("turn {turn} of run {run}"), "who speaks is not what the log says");
        });
        differing(decided.turns.range(turns.clone()).map(|(k, v)| (k.1, *v)).collect(), self.turn_states(run)?, |turn| {
            findings.add(&format!("turn {turn} of run {run}"), "its time or voice is not what the log says");
        });
        differing(decided.words.range(turns).map(|(k, v)| (k.1, v.clone())).collect(), self.edited_words(run)?, |turn| {
            findings.add(&format!("turn {turn} of run {run}"), "its words are not what the log says");
        });
        Ok(())
    }

    /// Checks what was heard in a run.
    fn check_heard(&self, run: RunId, decided: &Decided, findings: &mut Findings) -> Result<(), StoreError> {
        let place = format!("what was heard in run {run}");
        let (turns, speakers) = (self.turns(run)?, self.speakers(run)?);
        if let Err(what) = check_voices(&turns, &speakers) {
            findings.add(&place, what);
        }
        let (next_turn, next_speaker) = (self.next_turn_id(run)?, self.next_speaker_id(run)?);
        if turns.iter().any(|t| t.id >= next_turn) || speakers.iter().any(|s| s.id >= next_speaker) {
            findings.add(&place, "a turn or a voice has a number that is still to be given");
        }
        let (turn, speaker) = (decided.highest_turn.get(&run), decided.highest_speaker.get(&run));
        if turn.is_some_and(|t| *t >= next_turn) || speaker.is_some_and(|s| *s >= next_speaker) {
            findings.add(&place, "a number that a person used is still to be given");
        }
        let stretches = self.levels(run)?.len();
        if usize::try_from(self.heard_stretches(run)?) != Ok(stretches) {
            findings.add(&place, "a stretch of sound is missing");
        }
        if !self.heard_windows(run)?.is_sorted_by_key(|w| w.start) {
            findings.add(&place, "its windows are not in order");
        }
        self.transcripts(run)?;
        self.mouths(run)?;
        Ok(())
    }

    fn check_run(&self, run: RunId, decided: &Decided, findings: &mut Findings) -> Result<(), StoreError> {
        let mut last: Option<Shot> = None;
        let mut tracks = BTreeSet::new();
        let mut crops = BTreeSet::new();
        for id in self.shot_ids(run)? {
            let place = format!("shot {id} of run {run}");
            let shot = match self.shot(run, id) {
                Ok(shot) => shot,
                Err(error) => {
                    findings.keep(&place, Err(error));
                    continue;
                }
            };
            if let Err(what) = check_next(last.as_ref(), &shot) {
                findings.add(&place, what);
            }
            let checked = self.check_shot(run, &shot, &place, &mut tracks, &mut crops, findings);
            findings.keep(&place, checked);
            last = Some(shot);
        }
        let embedders = self.embedders(run)?;
        let whole = embedders.iter().map(|e| self.has_embeddings(run, e)).collect::<Result<Vec<_>, _>>();
        if whole.is_ok_and(|whole| !crops.is_empty() && !whole.contains(&true)) {
            findings.add(&format!("run {run}"), "no embedder has vectors of all crops");
        }
        for embedder in embedders {
            let checked = self.check_embeddings(run, &embedder, &crops, findings);
            findings.keep(&format!("vectors of {embedder} of run {run}"), checked);
        }
        findings.keep(&format!("badges of run {run}"), self.check_looks(run));
        let heard = self.check_heard(run, decided, findings);
        findings.keep(&format!("what was heard in run {run}"), heard);
        let identities = self.identities(run)?;
        self.check_parts(run, &mut tracks, findings)?;
        for (track, assignment) in self.assignments(run)? {
            let place = format!("track {track} of run {run}");
            if !tracks.contains(&track) {
                findings.add(&place, "it is assigned, but was never measured");
            }
            if !identities.contains_key(&assignment.identity) {
                findings.add(&place, format!("it is assigned to {}, which is not there", assignment.identity));
            }
        }
        Ok(())
    }

    /// Checks that cut and joined tracks are made of pictures that were measured, each in one track; adds and takes away tracks
    /// accordingly.
    fn check_parts(&self, run: RunId, tracks: &mut BTreeSet<TrackId>, findings: &mut Findings) -> Result<(), StoreError> {
        let mut used: BTreeMap<TrackId, Vec<(u64, u64)>> = BTreeMap::new();
        let measured = tracks.clone();
        for (track, parts) in self.track_parts(run)? {
            let place = format!("track {track} of run {run}");
            for part in &parts.0 {
                if !measured.contains(&part.tracklet) {
                    findings.add(&place, format!("it has pictures of {}, which was never measured", part.tracklet));
                }
                let taken = used.entry(part.tracklet).or_default();
                if taken.iter().any(|(from, to)| part.from < *to && *from < part.to) {
                    findings.add(&place, format!("it shares pictures of {} with another", part.tracklet));
                }
                taken.push((part.from, part.to));
            }
            if parts.0.is_empty() {
                tracks.remove(&track)
            } else {
                tracks.insert(track)
            };
        }
        Ok(())
    }

    fn check_shot(
        &self,
        run: RunId,
        shot: &Shot,
        place: &str,
        tracks: &mut BTreeSet<TrackId>,
        crops: &mut BTreeSet<CropKey>,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        let (analysed, faces) = (self.analysed(run, shot.id)?, self.faces(run, shot.id)?);
        let (tracklets, kept) = (self.shot_tracklets(run, shot.id)?, self.shot_crops(run, shot.id)?);
        let parts = Parts { shot, analysed: &analysed, faces: &faces, tracklets: &tracklets, crops: &kept };
        if let Err(what) = parts.check() {
            findings.add(place, what);
        }
        for tracklet in &tracklets {
            let boxes = faces.iter().filter(|face: &&Face| face.fate == Fate::Tracked(tracklet.id)).count();
            if usize::try_from(tracklet.boxes) != Ok(boxes) {
                findings.add(place, format!("track {} says {} boxes and has {boxes}", tracklet.id, tracklet.boxes));
            }
            if !tracks.insert(tracklet.id) {
                findings.add(place, format!("track {} is in an earlier shot too", tracklet.id));
            }
        }
        for key in kept.iter().map(CropInfo::key) {
            crops.insert(key);
            let (aligned, thumb) = (self.aligned(run, key)?, self.thumb(run, key)?);
            if aligned.is_none() || thumb.is_none() {
                findings.add(place, format!("the crop of track {} in picture {} has lost a picture", key.track, key.frame));
            }
        }
        Ok(())
    }

    fn check_embeddings(
        &self,
        run: RunId,
        embedder: &EmbedderId,
        crops: &BTreeSet<CropKey>,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        let place = format!("vectors of {embedder} of run {run}");
        self.read_run(run, |txn| {
            let mut dim = None;
            each_embedding(txn, run, embedder, |crop, values| {
                let at = format!("track {} in picture {}", crop.track, crop.frame);
                if !crops.contains(&crop) {
                    findings.add(&place, format!("{at} has no crop"));
                }
                match values.map_err(|e| e.to_string()).and_then(|v| Embedding::from_unit(v).map_err(|e| e.to_string())) {
                    Ok(vector) if *dim.get_or_insert(vector.dim()) != vector.dim() => {
                        findings
                            .add(&place, format!("{at}: {} numbers, the first has {}", vector.dim(), dim.unwrap_or_default()));
                    }
                    Ok(_) => {}
                    Err(what) => findings.add(&place, format!("{at}: {what}")),
                }
                Ok(())
            })
        })
    }
}

#[derive(Default)]
pub(super) struct Findings(pub(super) Vec<Finding>);

impl Findings {
    pub(super) fn add(&mut self, place: &str, what: impl Into<String>) {
        self.0.push(Finding { place: place.to_owned(), what: what.into() });
    }

    /// Keeps why a part could not be checked.
    pub(super) fn keep(&mut self, place: &str, result: Result<(), StoreError>) {
        match result {
            Ok(()) => {}
            Err(StoreError::Damaged { what, .. }) => self.add(place, what),
            Err(error) => self.add(place, error.to_string()),
        }
    }
}

/// Follows the numbers and hashes of a log.
#[derive(Default)]
pub(super) struct Chain {
    last: u64,
    hash: String,
}

impl Chain {
    /// Checks the next entry, stored under `key` as `row`, and returns its name.
    pub(super) fn check(&mut self, key: u64, seq: u64, previous_hash: &str, row: &[u8], findings: &mut Findings) -> String {
        let (place, expected) = (format!("entry {key} of the log"), self.last.saturating_add(1));
        if key != expected || seq != expected {
            findings.add(&place, format!("its number should be {expected}"));
        }
        if previous_hash != self.hash {
            findings.add(&place, "the entry before it was changed after it was written");
        }
        (self.last, self.hash) = (key, sha256(row));
        place
    }
}

/// Calls `each` with the keys whose values differ, or that only one side has.
fn differing<K: Ord + Copy, V: PartialEq>(a: BTreeMap<K, V>, mut b: BTreeMap<K, V>, mut each: impl FnMut(K)) {
    let mut keys = Vec::new();
    for (key, value) in a {
        if b.remove(&key) != Some(value) {
            keys.push(key);
        }
    }
    keys.extend(b.into_keys());
    keys.sort_unstable();
    keys.into_iter().for_each(&mut each);
}

#[cfg(test)]
mod tests {
    use super::super::sample::{SMALL, embedder, episode, meta, shot};
    use super::super::tables::{ALIGNED, ASSIGNMENTS, FACES, SHOTS};
    use super::*;
    use crate::domain::{Assignment, Author, Change, Draft, Edit, Identity, Method, OperationKind, Source};
    use jiff::Timestamp;

    const RUN: RunId = RunId(1);

    /// Three shots, and two operations: an identity, a track in it.
    fn store() -> EpisodeStore {
        let store = EpisodeStore::in_memory(&episode()).unwrap();
        store.begin_run(&meta(1)).unwrap();
        store.set_active(RUN).unwrap();
        store.write_shot(RUN, &shot(1, SMALL), &embedder()).unwrap();
        store.write_shot(RUN, &shot(2, SMALL), &embedder()).unwrap();
        store.write_shot(RUN, &shot(3, SMALL), &embedder()).unwrap();
        let id = IdentityId(1);
        let identity =
            Identity { id, label: None, name: None, person: None, source: Source::Proposed, alone: None, locked: false };
        let assignment = Assignment {
            identity: id,
            source: Source::Proposed,
            method: Method::Cluster,
            score: 0.9,
            threshold: 0.4,
            locked: false,
        };
        let draft = |summary: &str, changes| Draft {
            author: Author::Pipeline { run: RUN },
            kind: OperationKind::Group,
            summary: summary.into(),
            changes,
            at: Timestamp::UNIX_EPOCH,
        };
        let made = Change::Identity { run: RUN, id, edit: Edit { from: None, to: Some(identity) } };
        store.append(draft("made", vec![made])).unwrap();
        let put = Change::Assign { run: RUN, track: TrackId(1), edit: Edit { from: None, to: Some(assignment) } };
        store.append(draft("put", vec![put])).unwrap();
        store
    }

    fn told(mut store: EpisodeStore) -> Vec<String> {
        store.verify().unwrap().into_iter().map(|f| format!("{}: {}", f.place, f.what)).collect()
    }

    #[test]
    fn a_whole_bundle_has_no_findings() {
        assert_eq!(told(store()), Vec::<String>::new());
    }

    #[test]
    fn a_changed_entry_of_the_log_breaks_the_chain() {
        let store = store();
        store
            .engine
            .write(|txn| {
                let mut log = txn.open_table(LOG)?;
                let row = String::from_utf8(log.get(1)?.unwrap().value().to_vec()).unwrap();
                log.insert(1, row.replace("made", "fake").as_bytes())?;
                Ok(())
            })
            .unwrap();
        assert_eq!(told(store), ["entry 2 of the log: the entry before it was changed after it was written"]);
    }

    #[test]
    fn a_current_state_that_the_log_does_not_give_is_found() {
        let store = store();
        store.engine.write(|txn| Ok(txn.open_table(ASSIGNMENTS)?.remove((1, 1)).map(drop)?)).unwrap();
        assert_eq!(told(store), ["track t1 of run r1: its assignment is not what the log says"]);
    }

    #[test]
    fn lost_shots_faces_and_pictures_are_found() {
        let store = store();
        store
            .engine
            .write(|txn| {
                txn.open_table(SHOTS)?.remove((1, 1))?;
                txn.open_table(ALIGNED)?.remove((1, 5, 120))?;
                txn.open_table(FACES)?.remove((1, 2))?;
                Ok(())
            })
            .unwrap();
        let told = told(store).join("\n");
        for part in [
            "shot s2 of run r1: the next one is s1 from picture 0, found s2 from picture 60",
            "shot s2 of run r1: rows are missing: faces of shot s2 of run r1",
            "shot s3 of run r1: the crop of track t5 in picture 120 has lost a picture",
            "track t1 in picture 0 has no crop",
            "track t1 of run r1: it is assigned, but was never measured",
        ] {
            assert!(told.contains(part), "{part}\n--\n{told}");
        }
    }

    #[test]
    fn a_damaged_row_is_a_finding_and_the_rest_is_still_checked() {
        let store = store();
        store
            .engine
            .write(|txn| {
                let mut faces = txn.open_table(FACES)?;
                let mut row = faces.get((1, 1))?.unwrap().value().to_vec();
                row[20] ^= 4;
                faces.insert((1, 1), row.as_slice())?;
                txn.open_table(SHOTS)?.remove((1, 3))?;
                Ok(())
            })
            .unwrap();
        let told = told(store);
        assert_eq!(told[0], "shot s1 of run r1: a row does not match its checksum");
        assert!(told.iter().any(|t| t.contains("vectors of mobilefacenet")), "{told:?}");
    }
}
