//! What differs between two runs of an episode: seconds of people, tracks that changed hands, shots, settings.

mod json;

pub use json::diff_json;

use super::carry::{CarryReport, Carrying};
use super::report;
use super::review::{Snapshot, snapshot_of};
use super::{SessionError, Workspace};
use crate::algo::run_diff::{self, Amounts, Pair, Params, ShotDiff};
use crate::algo::screen_time::box_spans;
use crate::domain::{
    CropKey, EpisodeId, IdentityId, MediaTime, PersonId, PersonTime, Roster, RunId, RunMeta, Span, TrackId, TrackMap,
};
use crate::store::EpisodeStore;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Whose something is, alike in both runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Person(PersonId),
    Name(String),
    /// Identities without a name that share most of their faces; one of them absent where the other run has none like it.
    Unnamed {
        old: Option<IdentityId>,
        new: Option<IdentityId>,
    },
    /// A track that counts for nobody.
    Nobody,
}

/// One person in both runs.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonChange {
    pub who: Who,
    /// What they are called.
    pub name: String,
    pub before: Amounts,
    pub after: Amounts,
    /// Seconds of face that came to them from others, and went from them to others, where both runs saw the face.
    pub came: MediaTime,
    pub went: MediaTime,
    /// Their best crop in the old run, and in the new one.
    pub faces: [Option<CropKey>; 2],
}

impl PersonChange {
    /// Returns what was gained; below zero what was lost.
    #[must_use]
    pub fn gained(&self) -> Amounts {
        self.after - self.before
    }
}

/// A stretch of face that the runs give to two people.
#[derive(Debug, Clone, PartialEq)]
pub struct HandChange {
    pub old: TrackId,
    pub new: TrackId,
    /// On the video's clock.
    pub span: Span,
    pub time: MediaTime,
    pub from: String,
    pub to: String,
    /// The best crop of the track in the old run, and in the new one.
    pub faces: [Option<CropKey>; 2],
}

/// A track that only one of the runs has.
#[derive(Debug, Clone, PartialEq)]
pub struct LoneTrack {
    pub track: TrackId,
    pub span: Span,
    /// For how long it is seen.
    pub time: MediaTime,
    pub who: String,
    pub face: Option<CropKey>,
}

/// A setting or model that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SettingChange {
    /// Such as `detect.score`, or `detector` for the model itself.
    pub key: String,
    pub before: String,
    pub after: String,
}

/// Everything that differs between two runs.
#[derive(Debug, Clone, PartialEq)]
pub struct RunDiff {
    pub episode: EpisodeId,
    pub old: Arc<RunMeta>,
    pub new: Arc<RunMeta>,
    /// Where the video begins on its clock.
    pub origin: MediaTime,
    /// By falling seconds gained or lost.
    pub people: Vec<PersonChange>,
    pub hands: Vec<HandChange>,
    /// By falling seconds.
    pub vanished: Vec<LoneTrack>,
    pub appeared: Vec<LoneTrack>,
    pub shots: Vec<ShotDiff>,
    pub settings: Vec<SettingChange>,
}

impl RunDiff {
    /// Returns the totals of both runs over everybody.
    #[must_use]
    pub fn totals(&self) -> (Amounts, Amounts) {
        self.people.iter().fold((Amounts::default(), Amounts::default()), |(a, b), p| (a + p.before, b + p.after))
    }

    /// Returns for how long faces are somebody else's.
    #[must_use]
    pub fn changed_time(&self) -> MediaTime {
        self.hands.iter().fold(MediaTime::ZERO, |sum, h| sum + h.time)
    }

    /// Says everything in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let gained = |sign: i64| {
            let parts = self.people.iter().map(|p| p.gained().visual.0).filter(|v| v.signum() == sign);
            MediaTime(parts.sum::<i64>()).secs()
        };
        let count = |n: usize, one: &str, more: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {more}") };
        format!(
            "{:+.1} s and {:.1} s of people, {} changed hands ({:.1} s), {} new, {} gone, {}, {}",
            gained(1),
            gained(-1),
            count(self.hands.len(), "stretch", "stretches"),
            self.changed_time().secs(),
            count(self.appeared.len(), "track", "tracks"),
            self.vanished.len(),
            count(self.shots.len(), "boundary of shots differs", "boundaries of shots differ"),
            count(self.settings.len(), "setting differs", "settings differ"),
        )
    }
}

/// What comparing keeps of an open episode: faces never change, and the other run is rarely decided on.
#[derive(Debug, Default)]
pub(super) struct Comparing {
    pub(super) carrying: Carrying,
    spans: BTreeMap<RunId, Arc<BTreeMap<u64, Span>>>,
    others: BTreeMap<RunId, Other>,
}

/// Another run as it was read: after which entry of the log, and with which people.
#[derive(Debug)]
struct Other {
    changed: u64,
    roster: Roster,
    snapshot: Arc<Snapshot>,
}

impl Comparing {
    /// Returns another run as screens would show it, read again where the log went on about it or people are called otherwise.
    pub(super) fn other(
        &mut self,
        library: &crate::store::Library,
        store: &EpisodeStore,
        settings: &crate::config::Settings,
        run: RunId,
    ) -> Result<Arc<Snapshot>, SessionError> {
        let (changed, roster) = (self.carrying.changed(store, run)?, library.catalog().roster()?);
        if let Some(known) = self.others.get(&run).filter(|known| known.changed == changed && known.roster == roster) {
            return Ok(known.snapshot.clone());
        }
        let snapshot = Arc::new(snapshot_of(library, store, settings, store.run(run)?)?);
        self.others.insert(run, Other { changed, roster, snapshot: snapshot.clone() });
        Ok(snapshot)
    }

    /// Compares two runs, as they stand.
    pub(super) fn compare(
        &mut self,
        store: &EpisodeStore,
        params: &Params,
        old: &Snapshot,
        new: &Snapshot,
    ) -> Result<RunDiff, SessionError> {
        let (a, b) = (old.run.id, new.run.id);
        let is_same_video = old.run.video.sha256 == new.run.video.sha256;
        let pairs = if is_same_video { self.carrying.pairs(store, params, a, b)? } else { Arc::default() };
        let spans = self.spans(store, b)?;
        let maps = (store.track_map(a)?, store.track_map(b)?);
        Ok(diff_of(old, new, &pairs, &spans, &maps))
    }

    /// Returns for how long a face counts in each analysed picture of a run.
    fn spans(&mut self, store: &EpisodeStore, run: RunId) -> Result<Arc<BTreeMap<u64, Span>>, SessionError> {
        if let Some(known) = self.spans.get(&run) {
            return Ok(known.clone());
        }
        let mut spans = BTreeMap::new();
        for shot in store.shots(run)? {
            spans.extend(box_spans(&shot, &store.analysed(run, shot.id)?));
        }
        let spans = Arc::new(spans);
        self.spans.insert(run, spans.clone());
        Ok(spans)
    }
}

/// Compares two runs of an episode and says what became of decisions; without `new` the active run, without `old` the one before it that
/// was decided on last, or the newest.
///
/// # Errors
/// Fails where there is no such episode or run, or it has only one.
pub fn diff(
    workspace: &Workspace,
    episode: &EpisodeId,
    old: Option<RunId>,
    new: Option<RunId>,
) -> Result<(RunDiff, CarryReport), SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.read(&library, episode)?;
    let new = match new {
        Some(run) => run,
        None => report::active(&store)?.id,
    };
    let mut comparing = Comparing::default();
    let old = match old {
        Some(run) => run,
        None => comparing
            .carrying
            .others(&store, new)?
            .first()
            .copied()
            .ok_or_else(|| SessionError::OneRun { episode: episode.clone(), run: new })?,
    };
    let settings = &workspace.settings;
    let [a, b] = [old, new].map(|run| comparing.other(&library, &store, settings, run));
    let found = comparing.compare(&store, &settings.compare, &*a?, &*b?)?;
    let roster = Arc::new(library.catalog().roster()?);
    let report = comparing.carrying.report(&store, &roster, &settings.compare, new)?;
    Ok((found, report))
}

/// Whose things are, in both runs alike.
struct Names<'a> {
    sides: [&'a Snapshot; 2],
    /// Who each identity is.
    whos: [BTreeMap<IdentityId, Who>; 2],
    /// What people are called now.
    people: BTreeMap<PersonId, &'a str>,
    /// Everybody's best crop.
    faces: [BTreeMap<Who, CropKey>; 2],
}

impl<'a> Names<'a> {
    /// `pairs` are the unnamed identities of the old run with those of the new one.
    fn new(sides: [&'a Snapshot; 2], pairs: &[(IdentityId, IdentityId)]) -> Self {
        let (olds, news): (BTreeMap<_, _>, BTreeMap<_, _>) =
            (pairs.iter().copied().collect(), pairs.iter().map(|(a, b)| (*b, *a)).collect());
        let mut names = Self { sides, whos: Default::default(), people: BTreeMap::new(), faces: Default::default() };
        for (side, snapshot) in sides.into_iter().enumerate() {
            let mut longest: BTreeMap<Who, MediaTime> = BTreeMap::new();
            for card in &snapshot.identities {
                let id = card.identity.id;
                let who = match (&card.identity.name, card.identity.person) {
                    (Some(name), Some(person)) => {
                        names.people.insert(person, name);
                        Who::Person(person)
                    }
                    (Some(name), None) => Who::Name(name.clone()),
                    (None, _) if side == 0 => Who::Unnamed { old: Some(id), new: olds.get(&id).copied() },
                    (None, _) => Who::Unnamed { old: news.get(&id).copied(), new: Some(id) },
                };
                if let Some(best) = card.best
                    && longest.get(&who).is_none_or(|known| card.seconds >= *known)
                {
                    longest.insert(who.clone(), card.seconds);
                    names.faces[side].insert(who.clone(), best);
                }
                names.whos[side].insert(id, who);
            }
        }
        names
    }

    fn of_identity(&self, side: usize, id: IdentityId) -> Who {
        let lone = || if side == 0 { (Some(id), None) } else { (None, Some(id)) };
        self.whos[side].get(&id).cloned().unwrap_or_else(|| {
            let (old, new) = lone();
            Who::Unnamed { old, new }
        })
    }

    fn of_track(&self, side: usize, track: TrackId) -> Who {
        let assignment = self.sides[side].tracks.get(&track).and_then(|t| t.assignment);
        assignment.map_or(Who::Nobody, |a| self.of_identity(side, a.identity))
    }

    fn of_person(&self, side: usize, person: &PersonTime) -> Who {
        match (&person.name, person.person, person.identities.first()) {
            (Some(_), Some(id), _) => Who::Person(id),
            (Some(name), None, _) => Who::Name(name.clone()),
            (None, _, Some(id)) => self.of_identity(side, *id),
            (None, _, None) => Who::Nobody,
        }
    }

    fn called(&self, who: &Who) -> String {
        let runs = [self.sides[0].run.id, self.sides[1].run.id];
        match who {
            Who::Person(id) => self.people.get(id).map_or_else(|| id.to_string(), |name| (*name).to_owned()),
            Who::Name(name) => name.clone(),
            Who::Unnamed { old: Some(old), new: Some(new) } if old == new => format!("unnamed {}", new.0),
            Who::Unnamed { old: Some(old), new: Some(new) } => format!("unnamed {}, was {}", new.0, old.0),
            Who::Unnamed { old: Some(old), new: None } => format!("unnamed {} of {}", old.0, runs[0]),
            Who::Unnamed { old: None, new: Some(new) } => format!("unnamed {} of {}", new.0, runs[1]),
            Who::Unnamed { old: None, new: None } | Who::Nobody => "nobody".into(),
        }
    }

    /// Returns the best crop of somebody in a run.
    fn face(&self, side: usize, who: &Who) -> Option<CropKey> {
        self.faces[side].get(who).copied()
    }
}

/// Pairs the unnamed identities of two runs that share most time, one to one.
fn unnamed(old: &Snapshot, new: &Snapshot, pairs: &[(Pair, Span)], maps: &(TrackMap, TrackMap)) -> Vec<(IdentityId, IdentityId)> {
    let plain = |s: &Snapshot| -> BTreeSet<IdentityId> {
        s.identities.iter().filter(|c| c.identity.name.is_none()).map(|c| c.identity.id).collect()
    };
    let (olds, news) = (plain(old), plain(new));
    let whose = |s: &Snapshot, t: TrackId| s.tracks.get(&t).and_then(|t| t.assignment).map(|a| a.identity);
    let mut common: BTreeMap<(IdentityId, IdentityId), MediaTime> = BTreeMap::new();
    for (pair, span) in pairs {
        let (a, b) = (maps.0.track(pair.old, pair.at.frame), maps.1.track(pair.new, pair.at.frame));
        let (Some(a), Some(b)) = (whose(old, a), whose(new, b)) else { continue };
        if olds.contains(&a) && news.contains(&b) {
            let time = common.entry((a, b)).or_default();
            *time = *time + span.len();
        }
    }
    let mut likely: Vec<((IdentityId, IdentityId), MediaTime)> = common.into_iter().collect();
    likely.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let (mut olds, mut news, mut found) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for ((a, b), _) in likely {
        if !olds.contains(&a) && !news.contains(&b) {
            olds.insert(a);
            news.insert(b);
            found.push((a, b));
        }
    }
    found
}

/// Compares two runs, by the faces that both saw and for how long a picture of the new one counts.
fn diff_of(old: &Snapshot, new: &Snapshot, pairs: &[Pair], spans: &BTreeMap<u64, Span>, maps: &(TrackMap, TrackMap)) -> RunDiff {
    let timed: Vec<(Pair, Span)> = pairs.iter().filter_map(|p| Some((*p, *spans.get(&p.at.frame)?))).collect();
    let names = Names::new([old, new], &unnamed(old, new, &timed, maps));
    let amounts = |p: &PersonTime| Amounts {
        visual: p.visual_time,
        speaking: p.speech.as_ref().map_or(MediaTime::ZERO, |s| s.time),
        both: p.speech.as_ref().map_or(MediaTime::ZERO, |s| s.both_time),
    };
    let side =
        |side: usize| names.sides[side].time.people.iter().map(|p| (names.of_person(side, p), amounts(p))).collect::<Vec<_>>();
    let all = |s: &Snapshot| s.tracks.keys().copied().collect::<BTreeSet<TrackId>>();
    let (olds, news) = (all(old), all(new));
    let found = run_diff::hands(&timed, (&maps.0, &olds, &|t| names.of_track(0, t)), (&maps.1, &news, &|t| names.of_track(1, t)));
    let face = |s: &Snapshot, t: TrackId| s.tracks.get(&t).and_then(|t| t.best);
    let (mut came, mut went): (BTreeMap<&Who, MediaTime>, BTreeMap<&Who, MediaTime>) = (BTreeMap::new(), BTreeMap::new());
    for hand in &found.changed {
        for (sums, who) in [(&mut came, &hand.to), (&mut went, &hand.from)] {
            let sum = sums.entry(who).or_default();
            *sum = *sum + hand.time;
        }
    }
    let moved = |sums: &BTreeMap<&Who, MediaTime>, who: &Who| sums.get(who).copied().unwrap_or_default();
    let people = run_diff::people(side(0), side(1)).into_iter().map(|p| PersonChange {
        name: names.called(&p.who),
        before: p.before,
        after: p.after,
        came: moved(&came, &p.who),
        went: moved(&went, &p.who),
        faces: [names.face(0, &p.who), names.face(1, &p.who)],
        who: p.who,
    });
    let hands = found.changed.iter().map(|h| HandChange {
        old: h.old,
        new: h.new,
        span: h.span,
        time: h.time,
        from: names.called(&h.from),
        to: names.called(&h.to),
        faces: [face(old, h.old), face(new, h.new)],
    });
    let lone = |at: usize, tracks: &[TrackId]| {
        let told = |t: &TrackId| {
            let info = names.sides[at].tracks.get(t)?;
            let span = Span::new(info.track.first.pts, info.track.last.pts);
            let who = names.called(&names.of_track(at, *t));
            Some(LoneTrack { track: *t, span, time: info.seconds(), who, face: info.best })
        };
        let mut lone: Vec<LoneTrack> = tracks.iter().filter_map(told).collect();
        lone.sort_by(|a, b| b.time.cmp(&a.time).then(a.track.cmp(&b.track)));
        lone
    };
    RunDiff {
        episode: new.episode.clone(),
        old: old.run.clone(),
        new: new.run.clone(),
        origin: new.shots.first().map_or(MediaTime::ZERO, |s| s.start),
        people: people.collect(),
        hands: hands.collect(),
        vanished: lone(0, &found.vanished),
        appeared: lone(1, &found.appeared),
        shots: run_diff::shots(&old.shots, &new.shots),
        settings: settings(&old.run, &new.run),
    }
}

/// Returns the models and settings that differ; those that decide no result are left out.
fn settings(old: &RunMeta, new: &RunMeta) -> Vec<SettingChange> {
    let model = |m: Option<&crate::domain::ModelUse>| m.map_or_else(|| "none".to_owned(), |m| m.id.clone());
    let models = [
        ("video", old.video.path.clone(), new.video.path.clone()),
        ("detector", model(Some(&old.detector)), model(Some(&new.detector))),
        ("embedder", model(Some(&old.embedder)), model(Some(&new.embedder))),
        ("validator", model(old.validator.as_ref()), model(new.validator.as_ref())),
        ("transcriber", model(old.transcriber.as_ref()), model(new.transcriber.as_ref())),
        ("device", old.device.used.clone(), new.device.used.clone()),
    ];
    let change = |key: &str, before: String, after: String| SettingChange { key: key.to_owned(), before, after };
    let mut found: Vec<SettingChange> =
        models.into_iter().filter(|(_, a, b)| a != b).map(|(key, a, b)| change(key, a, b)).collect();
    let (mut a, mut b) = (BTreeMap::new(), BTreeMap::new());
    flat("", &old.params, &mut a);
    flat("", &new.params, &mut b);
    // A setting that only one of them knows came or went with a version of the program.
    for (key, before) in a {
        let Some(after) = b.remove(&key).filter(|after| *after != before) else { continue };
        if !super::standing::decides_nothing(key.split('.').next().unwrap_or_default()) {
            found.push(change(&key, before, after));
        }
    }
    found
}

fn flat(key: &str, value: &Json, into: &mut BTreeMap<String, String>) {
    match value {
        Json::Object(table) => {
            for (name, inner) in table {
                flat(&if key.is_empty() { name.clone() } else { format!("{key}.{name}") }, inner, into);
            }
        }
        Json::String(text) => {
            into.insert(key.to_owned(), text.clone());
        }
        Json::Number(number) if number.is_f64() => {
            #[expect(clippy::cast_possible_truncation, reason = "settings are f32: as an f64 they have digits that nobody wrote")]
            let short = number.as_f64().unwrap_or_default() as f32;
            into.insert(key.to_owned(), short.to_string());
        }
        other => {
            into.insert(key.to_owned(), other.to_string());
        }
    }
}

#[cfg(test)]
mod tests;
