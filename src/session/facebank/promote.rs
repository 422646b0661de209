//! Takes references from what was seen in an episode: crops, tracks, identities.

use super::bank::{at_hand, params_of};
use super::enrol::{Desk, FaceOutcome, Fresh, Verdict};
use crate::algo::enrol::{Params, Poor, behind, pick, poor};
use crate::algo::quality::{badges, eye_span};
use crate::domain::{
    Assignment, Badges, CropInfo, CropKey, EmbedderId, Embedding, EpisodeId, Identity, IdentityId, Origin, RunId, TrackId,
    TrackMap,
};
use crate::session::{Review, SessionError, Workspace, report};
use crate::store::{EpisodeStore, Library};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is to stand for its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromoteFrom {
    /// The best, most different faces of these tracks.
    Tracks(Vec<TrackId>),
    /// The best, most different faces of all tracks of an identity.
    Identity(IdentityId),
    /// These faces: a track and a picture each.
    Crops(Vec<CropKey>),
}

/// What was taken of one person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Promotion {
    pub name: String,
    /// What was looked at closely, the most valuable first.
    pub faces: Vec<FaceOutcome>,
    /// Faces that were passed over, by the reason.
    pub passed_over: BTreeMap<String, usize>,
    /// Of the catalog; absent where nothing was taken.
    pub operation: Option<u64>,
}

impl Promotion {
    /// Returns how many faces were taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.faces.iter().filter(|f| matches!(f.verdict, Verdict::Taken { .. })).count()
    }

    /// Says in one line what was taken, and what was not and why.
    #[must_use]
    pub fn text(&self) -> String {
        let faces = |n: usize| if n == 1 { "1 face".to_owned() } else { format!("{n} faces") };
        let mut text = match self.taken() {
            0 => format!("no face of {} taken", self.name),
            n => format!("{} of {} taken into the facebank", faces(n), self.name),
        };
        let mut not: BTreeMap<&str, usize> = self.passed_over.iter().map(|(reason, n)| (reason.as_str(), *n)).collect();
        for face in &self.faces {
            match &face.verdict {
                Verdict::Taken { .. } => {}
                Verdict::Known { .. } => *not.entry(THERE).or_default() += 1,
                Verdict::Refused { reason, .. } | Verdict::Doubted { reason } => *not.entry(reason).or_default() += 1,
            }
        }
        for (at, (reason, n)) in not.into_iter().enumerate() {
            text += if at == 0 { "; not: " } else { ", " };
            text += &n.to_string();
            text += " ";
            text += reason;
        }
        text
    }
}

const THERE: &str = "there already";
const POOR: &str = "not good enough";
const COPY: &str = "nearly the same as others";
const FULL: &str = "more than are kept of a person";
const ENOUGH: &str = "more than are taken at once";
const BARE: &str = "without a vector";

/// Takes faces of an episode into the facebank, each for the person that its track is of now; one operation a person.
///
/// Needs no model: crop, thumbnail and vector are those of the episode, and they are compared with the references that have a vector of the
/// same embedder.
///
/// `name` says who it is where the episode does not. A face that is doubted is taken only where `allow`, told the reason, says so.
///
/// # Errors
/// Fails where there is no such episode, track, identity or crop, or somebody has no name yet; nothing is taken then.
pub fn promote(
    workspace: &Workspace,
    episode: &EpisodeId,
    from: &PromoteFrom,
    name: Option<&str>,
    allow: &mut dyn FnMut(&str) -> bool,
) -> Result<Vec<Promotion>, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.read(&library, episode)?;
    promote_in(workspace, &library, &store, from, name, allow)
}

/// The same for an episode that is open in review.
///
/// # Errors
/// As [`promote`].
pub fn promote_open(workspace: &Workspace, review: &Review, from: &PromoteFrom) -> Result<Vec<Promotion>, SessionError> {
    let library = workspace.open_library()?;
    promote_in(workspace, &library, review.store(), from, None, &mut |_| false)
}

fn promote_in(
    workspace: &Workspace,
    library: &Library,
    store: &EpisodeStore,
    from: &PromoteFrom,
    name: Option<&str>,
    allow: &mut dyn FnMut(&str) -> bool,
) -> Result<Vec<Promotion>, SessionError> {
    let run = report::active(store)?;
    let embedder = EmbedderId(run.embedder.id.clone());
    let params = params_of(workspace, &embedder)?;
    let seen = Seen {
        map: store.track_map(run.id)?,
        crops: store.crops(run.id)?,
        assignments: store.assignments(run.id)?,
        identities: report::identities_now(library, store, run.id)?,
    };
    let catalog = library.catalog();
    let mut known = at_hand(&catalog, &embedder)?;
    let looks = store.looks(run.id)?;
    let of = |crop: &CropInfo| badges(&workspace.settings.badges, &crop.quality, looks.get(&crop.key()));
    let mut promotions = Vec::new();
    for (name, crops) in seen.by_person(store.episode(), from, name)? {
        let desk = Desk::open(&catalog, &name, known)?;
        let mut gathering =
            Gathering { store, run: run.id, params: &params, badges: &of, desk, passed_over: BTreeMap::new(), faces: Vec::new() };
        match from {
            PromoteFrom::Crops(_) => gathering.take_all(&embedder, &crops, allow)?,
            PromoteFrom::Tracks(_) | PromoteFrom::Identity(_) => gathering.take_best(&embedder, &crops, allow)?,
        }
        let Gathering { desk, passed_over, mut faces, .. } = gathering;
        let operation;
        (operation, known) = desk.commit(&catalog, &mut faces)?;
        promotions.push(Promotion { name, faces, passed_over, operation });
    }
    Ok(promotions)
}

/// What is known of the faces of a run.
struct Seen {
    map: TrackMap,
    crops: Vec<CropInfo>,
    assignments: BTreeMap<TrackId, Assignment>,
    identities: BTreeMap<IdentityId, Identity>,
}

impl Seen {
    /// Returns the crops that are asked for, by the name of who they are of now.
    fn by_person(
        &self,
        episode: &EpisodeId,
        from: &PromoteFrom,
        name: Option<&str>,
    ) -> Result<BTreeMap<String, Vec<CropInfo>>, SessionError> {
        let track_of = |crop: &CropInfo| self.map.track(crop.track, crop.at.frame);
        let nothing = |what: String| SessionError::NoCrops { episode: episode.clone(), what };
        let mut wanted: Vec<(TrackId, CropInfo)> = Vec::new();
        let mut take = |what: String, is_meant: &dyn Fn(&CropInfo, TrackId) -> bool| {
            let before = wanted.len();
            wanted.extend(self.crops.iter().map(|c| (track_of(c), *c)).filter(|(track, crop)| is_meant(crop, *track)));
            if wanted.len() > before { Ok(()) } else { Err(nothing(what)) }
        };
        match from {
            PromoteFrom::Tracks(tracks) => {
                for track in tracks {
                    take(track.to_string(), &|_, of| of == *track)?;
                }
            }
            PromoteFrom::Identity(identity) => {
                take(identity.to_string(), &|_, of| self.assignments.get(&of).is_some_and(|a| a.identity == *identity))?;
            }
            PromoteFrom::Crops(keys) => {
                for key in keys {
                    let what = format!("{} in picture {}", key.track, key.frame);
                    take(what, &|crop, of| crop.at.frame == key.frame && (of == key.track || crop.track == key.track))?;
                }
            }
        }
        let mut people: BTreeMap<String, Vec<CropInfo>> = BTreeMap::new();
        for (track, crop) in wanted {
            let identity = self.assignments.get(&track).and_then(|a| self.identities.get(&a.identity));
            let own = identity.and_then(|i| i.name.as_deref());
            let who = match (name, own) {
                (Some(name), _) => name.to_owned(),
                (None, Some(own)) => own.to_owned(),
                (None, None) => {
                    let identity = identity.map(|i| i.id);
                    return Err(SessionError::Nameless { episode: episode.clone(), track, identity });
                }
            };
            people.entry(who).or_default().push(crop);
        }
        Ok(people)
    }
}

/// One person's faces on the way into the bank.
struct Gathering<'a> {
    store: &'a EpisodeStore,
    run: RunId,
    params: &'a Params,
    badges: &'a dyn Fn(&CropInfo) -> Badges,
    desk: Desk,
    passed_over: BTreeMap<String, usize>,
    faces: Vec<FaceOutcome>,
}

impl Gathering<'_> {
    fn pass_over(&mut self, reason: &str, n: usize) {
        if n > 0 {
            *self.passed_over.entry(reason.to_owned()).or_default() += n;
        }
    }

    /// Returns the first thing that a crop is not good enough for.
    fn poor(&self, crop: &CropInfo) -> Option<Poor> {
        poor(self.params, &crop.quality, eye_span(&crop.detection)).or_else(|| behind(&(self.badges)(crop)))
    }

    fn origin(&self, crop: &CropInfo) -> Origin {
        Origin::Crop { episode: self.store.episode().clone(), run: self.run, track: crop.track, frame: crop.at.frame }
    }

    fn say(&mut self, crop: &CropInfo, verdict: Verdict) {
        self.faces.push(FaceOutcome { from: self.origin(crop).to_string(), verdict });
    }

    /// Returns the vectors of some crops.
    fn vectors(&self, embedder: &EmbedderId, crops: &[CropInfo]) -> Result<BTreeMap<CropKey, Embedding>, SessionError> {
        let mut tracklets: Vec<TrackId> = crops.iter().map(|c| c.track).collect();
        tracklets.sort_unstable();
        tracklets.dedup();
        let mut vectors = BTreeMap::new();
        for tracklet in tracklets {
            vectors.extend(self.store.track_embeddings(self.run, embedder, tracklet)?);
        }
        Ok(vectors)
    }

    /// Reads the pictures of a crop; `None` where one is not there.
    fn fresh(&self, crop: &CropInfo, vector: &Embedding) -> Result<Option<Fresh>, SessionError> {
        let pictures = self.store.aligned(self.run, crop.key())?.zip(self.store.thumb(self.run, crop.key())?);
        let (origin, quality, vector) = (self.origin(crop), crop.quality, vector.clone());
        Ok(pictures.map(|(aligned, thumb)| Fresh { origin, quality, vector, aligned, thumb }))
    }

    /// Takes every crop that can serve, and says of each that cannot why.
    fn take_all(
        &mut self,
        embedder: &EmbedderId,
        crops: &[CropInfo],
        allow: &mut dyn FnMut(&str) -> bool,
    ) -> Result<(), SessionError> {
        let vectors = self.vectors(embedder, crops)?;
        let mut good = Vec::new();
        for crop in crops {
            if let Some(reference) = self.desk.known(&self.origin(crop)) {
                self.say(crop, Verdict::Known { reference });
            } else if let Some(poor) = self.poor(crop) {
                self.say(crop, Verdict::Refused { reason: poor.to_string(), hint: None });
            } else if let Some(fresh) = vectors.get(&crop.key()).map(|v| self.fresh(crop, v)).transpose()?.flatten() {
                good.push((*crop, fresh));
            } else {
                self.say(crop, Verdict::Refused { reason: BARE.into(), hint: None });
            }
        }
        self.judge(&good, allow);
        Ok(())
    }

    /// Takes the best crops that are unlike one another and unlike those that the person has.
    fn take_best(
        &mut self,
        embedder: &EmbedderId,
        crops: &[CropInfo],
        allow: &mut dyn FnMut(&str) -> bool,
    ) -> Result<(), SessionError> {
        let vectors = self.vectors(embedder, crops)?;
        let is_new = |c: &&CropInfo| self.desk.known(&self.origin(c)).is_none();
        let is_good = |c: &&CropInfo| self.poor(c).is_none();
        let new: Vec<&CropInfo> = crops.iter().filter(is_new).collect();
        let good: Vec<&CropInfo> = new.iter().copied().filter(is_good).collect();
        let usable: Vec<(&CropInfo, &Embedding)> = good.iter().filter_map(|c| Some((*c, vectors.get(&c.key())?))).collect();
        let promoted = self.desk.own().filter(|r| matches!(r.origin, Origin::Crop { .. })).count();
        let room = self.params.most_a_person.saturating_sub(promoted);
        let weighed: Vec<_> = usable.iter().map(|(crop, _)| (self.badges)(crop).weigh(&crop.quality)).collect();
        let faces: Vec<_> = weighed.iter().zip(&usable).map(|(quality, (_, vector))| (quality, *vector)).collect();
        let worth = pick(self.params, &faces, &self.desk.own_vectors(), usable.len());
        let taken = worth.len().min(room).min(self.params.most_at_once);
        let mut chosen = Vec::new();
        for (crop, vector) in worth.iter().take(taken).map(|i| usable[*i]) {
            if let Some(fresh) = self.fresh(crop, vector)? {
                chosen.push((*crop, fresh));
            }
        }
        let counts = [
            (THERE, crops.len() - new.len()),
            (POOR, new.len() - good.len()),
            (BARE, good.len() - usable.len()),
            (COPY, usable.len() - worth.len()),
            (if room < self.params.most_at_once { FULL } else { ENOUGH }, worth.len() - taken),
        ];
        for (reason, n) in counts {
            self.pass_over(reason, n);
        }
        self.judge(&chosen, allow);
        Ok(())
    }

    fn judge(&mut self, chosen: &[(CropInfo, Fresh)], allow: &mut dyn FnMut(&str) -> bool) {
        let fresh: Vec<Fresh> = chosen.iter().map(|(_, fresh)| fresh.clone()).collect();
        for (at, (crop, face)) in chosen.iter().enumerate() {
            let verdict = self.desk.judge(self.params, face, &fresh, at, allow);
            self.say(crop, verdict);
        }
    }
}
