//! An open episode in memory: what was measured is read once, what is decided follows the log.

use super::crops::{Crops, Looks, best};
use super::doubt::{Doubt, of_assignment, of_picture, of_track};
use super::near::Vectors;
use super::snapshot::{Card, Snapshot, TrackInfo};
use super::touched::Touched;
use crate::algo::quality::{BadgeParams, badges};
use crate::algo::screen_time::{Part, Presence, ShotTime, TrackTime, WhoIsWho, fold};
use crate::config::Settings;
use crate::domain::{
    Author, Badges, CropInfo, Face, Fate, History, Identity, IdentityId, LogEntry, MediaTime, MouthScores, Operation, Roster,
    RunMeta, Shot, ShotId, SoundLevels, Source, TrackId, TrackMap, TrackParts, Tracklet, track_badges,
};
use crate::session::plan::View;
use crate::session::speech::{self, Faces, Speech};
use crate::session::{SessionError, decisions, report};
use crate::store::{EpisodeStore, Library};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How often a reader begins anew because a writer went on meanwhile.
const MOST_READINGS: usize = 20;

/// Pictures by track, ascending.
type Pictures = BTreeMap<TrackId, Vec<u64>>;

#[derive(Debug)]
pub(super) struct State {
    pub(super) run: Arc<RunMeta>,
    pub(super) view: View,
    pub(super) history: History,
    /// The last entry of the log that it knows.
    pub(super) seq: u64,
    /// Of the decisions of people, for undo and redo.
    summaries: BTreeMap<u64, String>,
    shots: Arc<Vec<Shot>>,
    crops: Crops,
    looks: Looks,
    pub(super) measured: BTreeMap<ShotId, ShotTime>,
    /// Pictures with a face of each track, ascending.
    pictures: Pictures,
    pub(super) tracks: Arc<BTreeMap<TrackId, TrackInfo>>,
    pub(super) cards: BTreeMap<IdentityId, Card>,
    pub(super) roster: Arc<Roster>,
    mouths: BTreeMap<ShotId, Vec<MouthScores>>,
    levels: Arc<Vec<SoundLevels>>,
    pub(super) vectors: Vectors,
}

impl State {
    /// Reads everything of the active run.
    pub(super) fn read(library: &Library, store: &EpisodeStore, settings: &Settings) -> Result<Self, SessionError> {
        for _ in 1..MOST_READINGS {
            let state = Self::read_once(library, store, settings, report::active(store)?)?;
            // Another process may have decided between two of the readings.
            if store.last_operation()? == state.seq && store.active_run()? == Some(state.run.id) {
                return Ok(state);
            }
        }
        Self::read_once(library, store, settings, report::active(store)?)
    }

    /// Reads everything of one run.
    pub(super) fn read_once(
        library: &Library,
        store: &EpisodeStore,
        settings: &Settings,
        run: RunMeta,
    ) -> Result<Self, SessionError> {
        let log = store.log_entries()?;
        let roster = Arc::new(library.catalog().roster()?);
        let mut state = Self {
            view: decisions::view(store, run.id, roster.clone())?,
            history: History::default(),
            seq: 0,
            summaries: BTreeMap::new(),
            shots: Arc::new(store.shots(run.id)?),
            crops: Crops::new(store.crops(run.id)?),
            looks: Looks::new(store.looks(run.id)?),
            measured: BTreeMap::new(),
            pictures: Pictures::new(),
            tracks: Arc::default(),
            cards: BTreeMap::new(),
            roster,
            mouths: speech::mouths(store, &run)?,
            levels: Arc::new(store.levels(run.id)?),
            vectors: Vectors::default(),
            run: Arc::new(run),
        };
        state.remember(log);
        let mut touched = Touched::default();
        touched.shots.extend(state.shots.iter().map(|s| s.id));
        touched.identities.extend(state.view.identities.keys());
        state.renew(store, settings, touched)?;
        Ok(state)
    }

    /// Brings it up to operations that were appended to the log after all that it knows.
    pub(super) fn follow(&mut self, store: &EpisodeStore, settings: &Settings, log: &[Operation]) -> Result<(), SessionError> {
        let mut touched = Touched::default();
        for operation in log {
            touched.take(&operation.changes, &self.view);
            self.view.follow(&operation.changes);
        }
        self.remember(log.iter().map(LogEntry::from));
        self.renew(store, settings, touched)
    }

    /// Reads the people of the catalog again; tells whether they are others.
    pub(super) fn read_people(&mut self, library: &Library) -> Result<bool, SessionError> {
        let roster = Arc::new(library.catalog().roster()?);
        let is_news = roster != self.roster;
        self.view.roster = roster.clone();
        self.roster = roster;
        Ok(is_news)
    }

    /// Returns the crops of a track, in order of time; none where there is no such track.
    pub(super) fn crops_of(&self, track: TrackId) -> Vec<&crate::domain::CropInfo> {
        self.crops.of(&self.view.parts_of(track).unwrap_or_default())
    }

    /// Returns the pictures with a face of a track, ascending.
    pub(super) fn pictures_of(&self, track: TrackId) -> &[u64] {
        self.pictures.get(&track).map_or(&[], Vec::as_slice)
    }

    /// Returns the badges of a crop; of one that was not looked at yet only what its points tell.
    pub(super) fn badges(&self, params: &BadgeParams, crop: &CropInfo) -> Badges {
        badges(params, &crop.quality, self.looks.get(crop.key()))
    }

    /// Folds what is known into what screens show.
    pub(super) fn snapshot(&self, store: &EpisodeStore, settings: &Settings) -> Snapshot {
        let mut identities = Cow::Borrowed(&self.view.identities);
        if !self.roster.is_plain() {
            self.roster.bring_up(identities.to_mut().values_mut());
        }
        let who = WhoIsWho { assignments: &self.view.assignments, identities: &identities, marks: &self.view.marks };
        let speech = speech::is_heard(&self.run).then(|| {
            let map = TrackMap::new(self.view.parts.clone());
            let faces =
                Faces { map: &map, assignments: &self.view.assignments, identities: &identities, marks: &self.view.marks };
            let times = self.measured.values();
            speech::speech(&settings.fuse, &self.run, &self.view.spoken, &self.shots, &self.mouths, times, faces)
        });
        let heard = speech.as_ref().map(Speech::heard);
        let time = fold(&settings.screen_time, self.measured.values(), who, heard, report::length(&self.run, &self.shots));
        let mut identities: Vec<Card> = self.cards.values().cloned().collect();
        self.roster.bring_up(identities.iter_mut().map(|card| &mut card.identity));
        identities.sort_by_key(|card| (Reverse(card.seconds), card.identity.id));
        let named = |seq: Option<u64>| seq.and_then(|seq| Some((seq, self.summaries.get(&seq)?.clone())));
        Snapshot {
            episode: store.episode().clone(),
            seq: self.seq,
            run: self.run.clone(),
            shots: self.shots.clone(),
            tracks: self.tracks.clone(),
            identities,
            discarded: self.view.marks.keys().copied().filter(|t| self.tracks.contains_key(t)).collect(),
            people: self.roster.people().cloned().collect(),
            time,
            speech: speech.map(Arc::new),
            spoken: self.view.spoken.clone(),
            levels: self.levels.clone(),
            next_undo: named(self.history.next_undo()),
            next_redo: named(self.history.next_redo()),
        }
    }

    fn remember(&mut self, log: impl IntoIterator<Item = LogEntry>) {
        for entry in log {
            self.history.push(entry.seq, &entry.author, &entry.kind);
            self.seq = entry.seq;
            if matches!(entry.author, Author::User { .. }) {
                self.summaries.insert(entry.seq, entry.summary);
            }
        }
    }

    /// Works out again what depends on the things that were touched.
    fn renew(&mut self, store: &EpisodeStore, settings: &Settings, mut touched: Touched) -> Result<(), SessionError> {
        let mut tracks = std::mem::take(&mut self.tracks);
        let infos = Arc::make_mut(&mut tracks);
        let map = TrackMap::new(self.view.parts.clone());
        let gone: Vec<TrackId> =
            infos.values().map(|i| &i.track).filter(|t| touched.shots.contains(&t.shot)).map(|t| t.id).collect();
        for track in gone {
            self.vectors.forget(track);
            self.pictures.remove(&track);
            touched.tracks.insert(track);
            touched.identities.extend(infos.remove(&track).and_then(|info| info.assignment).map(|a| a.identity));
        }
        for id in &touched.shots {
            let Some(shot) = self.shots.binary_search_by_key(id, |s| s.id).ok().and_then(|at| self.shots.get(at)) else {
                continue;
            };
            let (time, found, pictures) = read_shot(store, &self.run, shot, &map, settings)?;
            self.pictures.extend(pictures);
            for track in found {
                infos.insert(track.id, self.measured_info(track, &time, &settings.badges));
                touched.tracks.insert(track.id);
            }
            self.measured.insert(shot.id, time);
        }
        let now = touched.tracks.iter().filter_map(|t| self.view.assignments.get(t)).map(|a| a.identity);
        touched.identities.extend(now);
        let members = self.members(&touched.identities, infos);
        // What a track shows depends on its identity too: its lock, and whether it is alone in it.
        let before = touched.identities.iter().filter_map(|id| self.cards.get(id)).flat_map(|card| &card.tracks);
        touched.tracks.extend(before.chain(members.values().flatten()));
        for track in &touched.tracks {
            if let Some(info) = infos.get_mut(track) {
                self.decide_info(info, &members, settings);
            }
        }
        for id in &touched.identities {
            match self.view.identities.get(id) {
                Some(identity) => {
                    let card = self.card(identity, members.get(id).map_or(&[], Vec::as_slice), infos, settings);
                    self.cards.insert(*id, card);
                }
                None => {
                    self.cards.remove(id);
                }
            }
        }
        self.tracks = tracks;
        Ok(())
    }

    /// Returns the tracks of some identities, by id.
    fn members(&self, of: &BTreeSet<IdentityId>, infos: &BTreeMap<TrackId, TrackInfo>) -> BTreeMap<IdentityId, Vec<TrackId>> {
        let mut members: BTreeMap<IdentityId, Vec<TrackId>> = BTreeMap::new();
        for (track, assignment) in &self.view.assignments {
            if of.contains(&assignment.identity) && infos.contains_key(track) {
                members.entry(assignment.identity).or_default().push(*track);
            }
        }
        members
    }

    /// Fills in what was measured of a track.
    fn measured_info(&self, track: Tracklet, time: &ShotTime, params: &BadgeParams) -> TrackInfo {
        let parts: TrackParts = self.view.parts_of(track.id).unwrap_or_default();
        let crops = self.crops.of(&parts);
        let badges: Vec<Badges> = crops.iter().map(|c| self.badges(params, c)).collect();
        let best = best(&crops, &badges);
        TrackInfo {
            track,
            seen: time.tracks.get(&track.id).map(|t| t.seen.clone()).unwrap_or_default(),
            best: best.map(crate::domain::CropInfo::key),
            crops: u32::try_from(crops.len()).unwrap_or(u32::MAX),
            quality: best.map(|c| c.quality),
            badges: track_badges(&badges.iter().collect::<Vec<_>>()),
            assignment: None,
            locked: false,
            discarded: None,
            doubts: Vec::new(),
        }
    }

    /// Fills in what is decided of a track.
    fn decide_info(&self, info: &mut TrackInfo, members: &BTreeMap<IdentityId, Vec<TrackId>>, settings: &Settings) {
        let assignment = self.view.assignments.get(&info.track.id).copied();
        let identity = assignment.and_then(|a| self.view.identities.get(&a.identity));
        let with = assignment.and_then(|a| members.get(&a.identity)).map_or(0, Vec::len);
        info.assignment = assignment;
        info.locked = assignment.is_some_and(|a| a.locked) || identity.is_some_and(|i| i.locked);
        info.discarded = self.view.marks.get(&info.track.id).map(|m| m.discarded);
        info.doubts = identity.and_then(|i| alone(i, with)).into_iter().collect();
        info.doubts.extend(of_track(&settings.doubts, info.quality.as_ref(), &info.badges));
        info.doubts.extend(assignment.and_then(|a| of_assignment(&settings.doubts, &a)));
    }

    fn card(&self, identity: &Identity, members: &[TrackId], infos: &BTreeMap<TrackId, TrackInfo>, settings: &Settings) -> Card {
        let mut tracks: Vec<&TrackInfo> = members.iter().filter_map(|t| infos.get(t)).collect();
        tracks.sort_by_key(|info| (Reverse(info.seconds()), info.track.id));
        let time = |info: &TrackInfo| self.measured.get(&info.track.shot).and_then(|shot| shot.tracks.get(&info.track.id));
        let part = |info: &&TrackInfo| -> Option<Part<'_>> {
            let (time, assignment): (&TrackTime, _) = (time(info)?, info.assignment?);
            Some(Part { time, score: assignment.score, source: assignment.source })
        };
        let parts: Vec<Part<'_>> = tracks.iter().filter_map(part).filter(|p| p.time.boxes > 0).collect();
        let presence = Presence::of(&parts);
        let pictured = tracks.iter().filter_map(|i| Some((i.quality?, i.best?)));
        let weighed = pictured.map(|(quality, key)| {
            let badges = badges(&settings.badges, &quality, self.looks.get(key));
            (badges.weigh(&quality).total, quality, key, badges)
        });
        let best = weighed.min_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
        let mut doubts: Vec<Doubt> = alone(identity, members.len()).into_iter().collect();
        doubts.extend(best.iter().flat_map(|(_, quality, _, badges)| of_picture(&settings.doubts, quality, badges)));
        let is_unsure = presence.confidence < f64::from(settings.doubts.low_belief) && presence.review_share < 1.0;
        doubts.extend((is_unsure && !parts.is_empty()).then_some(Doubt::LowBelief));
        let begin = tracks.iter().map(|i| i.track.first.pts).min().unwrap_or(MediaTime::ZERO);
        let end = tracks.iter().map(|i| i.track.last.pts).max().unwrap_or(MediaTime::ZERO);
        Card {
            identity: identity.clone(),
            first: presence.visual.first().map_or(begin, |s| s.start()),
            last: presence.visual.last().map_or(end, |s| s.end()),
            tracks: tracks.iter().map(|i| i.track.id).collect(),
            seconds: presence.visual_time,
            belief: presence.confidence,
            confirmed_share: presence.review_share,
            best: best.as_ref().map(|b| b.2),
            badges: best.map(|b| b.3).unwrap_or_default(),
            doubts,
        }
    }
}

/// Returns why a run left an identity alone, as long as nobody decided on it.
fn alone(identity: &Identity, tracks: usize) -> Option<Doubt> {
    let why = identity.alone.as_ref().filter(|_| identity.source == Source::Proposed && tracks <= 1)?;
    Some(Doubt::Alone(why.clone()))
}

/// Reads one shot: when its tracks are seen, its tracks as reviewers see them, and in which pictures each is.
fn read_shot(
    store: &EpisodeStore,
    run: &RunMeta,
    shot: &Shot,
    map: &TrackMap,
    settings: &Settings,
) -> Result<(ShotTime, Vec<Tracklet>, Pictures), SessionError> {
    let faces = store.faces(run.id, shot.id)?;
    let tracks = map.tracks(&store.shot_tracklets(run.id, shot.id)?, &faces);
    let faces: Vec<Face> = faces.into_iter().map(|f| map.face(f)).collect();
    let mut pictures = Pictures::new();
    for face in &faces {
        if let Fate::Tracked(track) = face.fate {
            pictures.entry(track).or_default().push(face.at.frame);
        }
    }
    for frames in pictures.values_mut() {
        frames.sort_unstable();
    }
    let analysed = store.analysed(run.id, shot.id)?;
    let time = ShotTime::measure(&settings.screen_time, run.video.size, shot, &analysed, &faces);
    Ok((time, tracks, pictures))
}
