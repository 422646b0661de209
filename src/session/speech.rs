//! Who says what in an episode: derived of what was heard, of mouths, and of every decision, whenever one is made.

use super::passes::{DIARISE, LINK, is_done};
use super::{SessionError, Workspace};
use crate::algo::fuse::{self, DecidedVoices, Fused, Mouth, Scene};
use crate::algo::screen_time::{Heard, ShotTime, union};
use crate::domain::{
    Assignment, AvLink, EpisodeId, Identity, IdentityId, LinkEvidence, LinkMethod, Mark, MediaTime, MouthScores, RunMeta, Shot,
    ShotId, Span, SpeakerId, Spoken, TrackId, TrackMap, Turn, TurnId,
};
use crate::store::{EpisodeStore, StoreError};
use std::collections::BTreeMap;

/// Who says what.
#[derive(Debug, Clone, PartialEq)]
pub struct Speech {
    /// As they are decided to be, by start.
    pub turns: Vec<Turn>,
    pub fused: Fused,
    /// Voices that are surely whose mouth is seen saying them, of people who have a name, where nobody decided it.
    pub sure: Vec<(SpeakerId, IdentityId)>,
    /// What mouths say for themselves, by start.
    pub faces: Vec<FaceScores>,
    /// The score above which a mouth speaks.
    pub mark: f32,
    /// When each track is seen.
    pub seen: BTreeMap<TrackId, Vec<Span>>,
}

/// How surely one identity's mouth speaks, 25 times a second; of two identities of one person the first is named.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceScores {
    pub identity: IdentityId,
    /// Time of the first score.
    pub start: MediaTime,
    /// As [`MouthScores::scores`].
    pub scores: Vec<f32>,
}

impl Speech {
    /// Returns what screen time is made of.
    #[must_use]
    pub fn heard(&self) -> Heard<'_> {
        Heard { turns: &self.turns, links: &self.fused.links }
    }
}

/// One turn as a list of turns shows it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct TurnLine {
    pub turn: TurnId,
    pub speaker: SpeakerId,
    /// Microseconds on the container's clock.
    pub span: Span,
    /// Absent where nobody knows the voice.
    pub identity: Option<IdentityId>,
    pub name: Option<String>,
    /// Others whose mouths are seen saying parts of it.
    pub others: Vec<IdentityId>,
    /// Share of the turn that is seen being said, `0..=1`.
    pub on_screen: f64,
    /// That it is this voice, times that the voice is theirs, `0..=1`.
    pub confidence: f32,
    /// A person said whose it is.
    pub is_decided: bool,
    /// Absent for a turn without evidence.
    pub evidence: Option<LinkEvidence>,
    pub text: String,
}

/// Returns the turns of the active run of an episode, by start; `None` where no sound was analysed.
///
/// # Errors
/// Fails where there is no such episode, or it has no finished run.
pub fn turns(workspace: &Workspace, episode: &EpisodeId) -> Result<Option<Vec<TurnLine>>, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.read(&library, episode)?;
    let summary = super::report::summarise(&library, &store, &workspace.settings)?;
    let Some(speech) = &summary.speech else { return Ok(None) };
    let spoken = store.spoken(summary.run.id)?;
    let line = |turn: &Turn| {
        let pieces: Vec<&AvLink> = speech.fused.links.iter().filter(|l| l.turn == turn.id).collect();
        let on: i64 = pieces.iter().filter(|l| l.on_screen).map(|l| l.span.len().0).sum();
        let link = pieces.iter().max_by_key(|l| l.span.len()).copied();
        let identity = link.and_then(|l| l.identity);
        let others: std::collections::BTreeSet<IdentityId> =
            pieces.iter().filter_map(|l| l.identity).filter(|id| Some(*id) != identity).collect();
        let is_decided = link.is_some_and(|l| l.method == LinkMethod::User);
        let words = spoken.transcript(turn.id).map(|t| t.words.as_slice()).unwrap_or_default();
        TurnLine {
            turn: turn.id,
            speaker: turn.speaker,
            span: turn.span,
            identity,
            name: identity.and_then(|id| summary.identities.get(&id)).and_then(|i| i.name.clone()),
            others: others.into_iter().collect(),
            on_screen: on as f64 / turn.span.len().0.max(1) as f64,
            confidence: link.map_or(0.0, |l| l.confidence) * if is_decided { 1.0 } else { turn.confidence },
            is_decided,
            evidence: link.map(|l| l.evidence),
            text: words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" "),
        }
    };
    Ok(Some(speech.turns.iter().map(line).collect()))
}

/// What is decided of faces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Faces<'a> {
    pub(super) map: &'a TrackMap,
    pub(super) assignments: &'a BTreeMap<TrackId, Assignment>,
    /// As the catalog knows their people now.
    pub(super) identities: &'a BTreeMap<IdentityId, Identity>,
    pub(super) marks: &'a BTreeMap<TrackId, Mark>,
}

/// Tells whether a run listened to its end and told voices apart; it did not where the video has no sound.
pub(super) fn is_heard(run: &RunMeta) -> bool {
    is_done(run, DIARISE)
}

/// Returns how surely mouths spoke, where all of them were looked at: those of a part would tell apart who is seen by where the work
/// was stopped.
pub(super) fn mouths(store: &EpisodeStore, run: &RunMeta) -> Result<BTreeMap<ShotId, Vec<MouthScores>>, StoreError> {
    if is_done(run, LINK) { store.mouths(run.id) } else { Ok(BTreeMap::new()) }
}

/// Returns who says what in a run of an episode; `None` where it did not listen.
pub(super) fn of_run(
    params: &fuse::Params,
    store: &EpisodeStore,
    run: &RunMeta,
    shots: &[Shot],
    times: &[ShotTime],
    faces: Faces<'_>,
) -> Result<Option<Speech>, StoreError> {
    if !is_heard(run) {
        return Ok(None);
    }
    let spoken = store.spoken(run.id)?;
    let mouths = mouths(store, run)?;
    Ok(Some(speech(params, run, &spoken, shots, &mouths, times, faces)))
}

/// Works out who says what; costs some milliseconds for ten thousand tracks.
pub(super) fn speech<'t>(
    params: &fuse::Params,
    run: &RunMeta,
    spoken: &Spoken,
    shots: &[Shot],
    mouths: &BTreeMap<ShotId, Vec<MouthScores>>,
    times: impl IntoIterator<Item = &'t ShotTime>,
    faces: Faces<'_>,
) -> Speech {
    let turns = spoken.turns();
    let people = people(faces.identities);
    let whose = |track: TrackId| {
        let assignment = faces.assignments.get(&track).filter(|_| !faces.marks.contains_key(&track))?;
        Some(people.get(&assignment.identity).copied().unwrap_or(assignment.identity))
    };
    let mut seen: BTreeMap<IdentityId, Vec<Span>> = BTreeMap::new();
    let mut of_tracks = BTreeMap::new();
    for (track, time) in times.into_iter().flat_map(|shot| &shot.tracks) {
        of_tracks.insert(*track, time.seen.clone());
        if let Some(identity) = whose(*track) {
            seen.entry(identity).or_default().extend(&time.seen);
        }
    }
    let seen = seen.into_iter().map(|(id, spans)| (id, union(spans))).collect();
    let mut found = Vec::new();
    for (shot, mouths) in mouths {
        let Some(shot) = shots.binary_search_by_key(shot, |s| s.id).ok().map(|at| shots[at]) else { continue };
        for mouth in mouths {
            for (frames, track) in faces.map.parts(mouth.track) {
                let span = frames.map_or(Span::new(MediaTime(i64::MIN), MediaTime(i64::MAX)), |(from, to)| {
                    Span::new(time_of(&shot, from), time_of(&shot, to))
                });
                found.extend(whose(track).and_then(|identity| Mouth::of(mouth, identity, span)));
            }
        }
    }
    let one = |id: IdentityId| people.get(&id).copied().unwrap_or(id);
    let decided = DecidedVoices {
        speakers: spoken.links.iter().filter(|(_, l)| l.is_decided()).map(|(s, l)| (*s, l.identity.map(one))).collect(),
        turns: spoken.said.iter().map(|(t, l)| (*t, l.identity.map(one))).collect(),
        seen: spoken.states.iter().filter_map(|(t, s)| Some((*t, s.seen?))).collect(),
    };
    let recognised = spoken
        .links
        .iter()
        .filter(|(_, l)| !l.is_decided())
        .filter_map(|(s, l)| Some((*s, (one(l.identity?), l.score))))
        .collect();
    let mark = run.mouths.as_ref().map_or(0.0, |m| m.mark);
    let scene = Scene { turns: &turns, mouths: &found, mark, seen: &seen, decided: &decided, recognised: &recognised };
    let fused = fuse::fuse(params, &scene);
    let mut scores: Vec<FaceScores> =
        found.iter().map(|m| FaceScores { identity: m.identity, start: m.start, scores: m.scores.to_vec() }).collect();
    scores.sort_by_key(|f| (f.start, f.identity));
    let is_named = |id: IdentityId| faces.identities.get(&id).is_some_and(|i| i.person.is_some());
    let is_seen = |speaker: &SpeakerId, id: IdentityId| {
        fused.candidates.get(speaker).is_some_and(|list| list.iter().any(|c| c.identity == id))
    };
    let owners = fused.owners.iter().filter(|(_, o)| !o.decided && o.confidence >= params.sure_belief);
    let sure = owners.map(|(s, o)| (*s, o.identity)).filter(|(s, id)| is_named(*id) && is_seen(s, *id)).collect();
    Speech { turns, fused, sure, faces: scores, mark, seen: of_tracks }
}

/// Returns for every identity the first one of the same person.
fn people(identities: &BTreeMap<IdentityId, Identity>) -> BTreeMap<IdentityId, IdentityId> {
    let mut first = BTreeMap::new();
    let named = identities.values().filter(|i| i.person.is_some() || i.name.is_some());
    named.map(|i| (i.id, *first.entry((i.person, i.name.clone().filter(|_| i.person.is_none()))).or_insert(i.id))).collect()
}

/// Returns about when a picture of a shot is shown, as if its pictures were evenly spaced.
fn time_of(shot: &Shot, frame: u64) -> MediaTime {
    let frames = shot.end_frame.saturating_sub(shot.start_frame).max(1);
    let passed = frame.clamp(shot.start_frame, shot.end_frame) - shot.start_frame;
    let share = passed as f64 / frames as f64;
    MediaTime::from_secs(shot.start.secs() + share * (shot.end - shot.start).secs())
}
