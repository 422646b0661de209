//! Decisions of earlier runs that hold nowhere: what they are about, what stands against them, what can be done.

use super::super::command::{Command, Earlier, Target};
use super::side::{Verdict, Who};
use super::verdict::{Conflict, Versus};
use crate::algo::run_diff::Piece;
use crate::domain::{CropKey, Decision, DiscardReason, FrameTime, IdentityId, RunId, TrackId};
use std::collections::{BTreeMap, BTreeSet};

/// A decision of an earlier run that does not hold in the run of now.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenDecision {
    /// The run that it was decided on.
    pub run: RunId,
    pub decision: Decision,
    /// The entry of the log that it comes from; 0 where it was carried there itself.
    pub since: u64,
    pub why: Why,
    /// Who was decided, or what: `Ava Stone`, `discarded: crowd`.
    pub who: String,
    /// The track of the old run whose face shows it.
    pub track: Option<TrackId>,
    /// The best crop of that track, under the name that its pictures are stored by.
    pub face: Option<CropKey>,
    /// Its first and last picture; absent where it has none.
    pub span: Option<(FrameTime, FrameTime)>,
    /// What of it is where now, the most first.
    pub holds: Vec<Hold>,
    /// What can be decided now, in the order of digits.
    pub choices: Vec<Choice>,
    /// A person has done with it.
    pub is_settled: bool,
}

impl OpenDecision {
    /// Returns what settles it.
    #[must_use]
    pub fn earlier(&self) -> Earlier {
        Earlier { run: self.run, decision: self.decision, since: self.since }
    }
}

/// Why it does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No track of this run has its faces.
    NoFace,
    /// One track of this run is claimed by decisions for different people.
    Contested,
    /// Its faces are in several tracks, and some are somebody else's.
    Divided,
    /// Its faces are somebody else's.
    OtherHands,
    /// A lock or label has no place.
    NotHeld,
    /// A cut cannot be made.
    NotCut,
    /// Tracks cannot be joined.
    NotJoined,
}

impl Why {
    /// Says it in a few words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::NoFace => "no track of this run has its faces",
            Self::Contested => "one track is claimed by two",
            Self::Divided => "its faces are in several hands",
            Self::OtherHands => "its faces are somebody else's",
            Self::NotHeld => "its lock or label has no place",
            Self::NotCut => "a track reaches over the cut",
            Self::NotJoined => "its tracks are apart",
        }
    }
}

/// A track of the run of now that has faces of the decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    pub track: TrackId,
    /// How many faces they share.
    pub faces: u32,
    /// From the first of these to the last.
    pub from: FrameTime,
    pub to: FrameTime,
    /// Whose the track is now; `nobody` where it counts for nobody.
    pub who: String,
}

/// Something that settles it.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// `t12 is Ava Stone's`.
    pub text: String,
    pub command: Command,
}

/// Who claims the tracks of now, by the decisions that are looked at.
pub(super) struct Claims(BTreeMap<TrackId, BTreeSet<Verdict>>);

impl Claims {
    pub(super) fn of(versus: &Versus, wanted: &BTreeSet<Decision>) -> Self {
        let mut claims: BTreeMap<TrackId, BTreeSet<Verdict>> = BTreeMap::new();
        for decision in wanted {
            let Decision::Track(old) = decision else { continue };
            let Some(verdict) = versus.then.verdict(*old) else { continue };
            for new in versus.shared.by_old.get(old).into_iter().flat_map(BTreeMap::keys) {
                claims.entry(*new).or_default().insert(verdict);
            }
        }
        Self(claims)
    }

    fn on(&self, track: TrackId) -> impl Iterator<Item = Verdict> + '_ {
        self.0.get(&track).into_iter().flatten().copied()
    }
}

pub(super) fn leftover(versus: &Versus, decision: Decision) -> OpenDecision {
    told(versus, decision, Why::NoFace, Vec::new(), Vec::new())
}

pub(super) fn conflict(versus: &Versus, claims: &Claims, decision: Decision, conflict: &Conflict) -> OpenDecision {
    match conflict {
        Conflict::OtherHands(pieces) => other_hands(versus, claims, decision, pieces),
        Conflict::NotHeld(identities) => {
            let lock = Command::Lock { tracks: Vec::new(), identities: identities.clone() };
            let who: Vec<String> = identities.iter().map(|id| versus.now.called(*id)).collect();
            let choices = vec![Choice { text: format!("lock {}", who.join(", ")), command: lock }];
            told(versus, decision, Why::NotHeld, Vec::new(), choices)
        }
        Conflict::NotCut(tracks) => {
            let at = if let Decision::Cut { at, .. } = decision { at } else { 0 };
            let cut =
                |t: &TrackId| Choice { text: format!("cut {t} at picture {at}"), command: Command::Split { track: *t, at } };
            told(versus, decision, Why::NotCut, holds(versus, decision, tracks), tracks.iter().map(cut).collect())
        }
        Conflict::NotJoined(tracks) => {
            let names: Vec<String> = tracks.iter().map(ToString::to_string).collect();
            let join = Choice { text: format!("join {}", names.join(", ")), command: Command::Join { tracks: tracks.clone() } };
            told(versus, decision, Why::NotJoined, holds(versus, decision, tracks), vec![join])
        }
    }
}

fn other_hands(versus: &Versus, claims: &Claims, decision: Decision, pieces: &[(TrackId, Piece)]) -> OpenDecision {
    let own = match decision {
        Decision::Track(track) => versus.then.verdict(track),
        Decision::Identity(id) => Some(Verdict::Of(id)),
        Decision::Cut { .. } | Decision::Join(_) | Decision::Never { .. } => None,
    };
    let tracks: Vec<TrackId> = pieces.iter().map(|(t, _)| *t).collect();
    let is_contested = tracks.iter().any(|t| claims.on(*t).any(|v| Some(v) != own && !is_same(versus, Some(v), own)));
    let all = match decision {
        Decision::Track(track) => versus.shared.by_old.get(&track).map_or(0, BTreeMap::len),
        _ => tracks.len(),
    };
    let why = match (is_contested, all) {
        (true, _) => Why::Contested,
        (false, 0 | 1) => Why::OtherHands,
        (false, _) => Why::Divided,
    };
    let mut choices = Vec::new();
    if let Some(own) = own {
        choices.push(give(versus, &tracks, own));
    }
    if let Decision::Never { person, .. } = decision
        && let Some(known) = versus.then.roster.stands_for(person)
    {
        let names: Vec<String> = tracks.iter().map(ToString::to_string).collect();
        let command = Command::Never { tracks: tracks.clone(), identities: Vec::new(), name: known.name.clone() };
        choices.push(Choice { text: format!("{} not {}", names.join(", "), known.name), command });
    }
    for (track, piece) in pieces {
        for rival in claims.on(*track).filter(|v| Some(*v) != own) {
            choices.push(give(versus, &[*track], rival));
        }
        let is_part = versus.now.view.tracklets.contains_key(track) && {
            let pictures = versus.now.pictures(*track);
            pictures.first().is_some_and(|f| *f < piece.from.frame) || pictures.last().is_some_and(|f| *f > piece.to.frame)
        };
        if let Some(own) = own.filter(|_| is_part) {
            choices.push(give_part(versus, *track, piece, own));
        }
        if let Some(a) = versus.now.view.assignments.get(track) {
            let command = Command::Assign { tracks: vec![*track], to: Target::Identity(a.identity) };
            choices.push(Choice { text: format!("{track} stays with {}", versus.now.called(a.identity)), command });
        }
    }
    let mut unlike: Vec<Choice> = Vec::new();
    for choice in choices {
        if unlike.len() < 9 && unlike.iter().all(|c| c.command != choice.command) {
            unlike.push(choice);
        }
    }
    let held = pieces.iter().map(|(track, piece)| hold(versus, *track, piece)).collect();
    told(versus, decision, why, held, unlike)
}

fn is_same(versus: &Versus, a: Option<Verdict>, b: Option<Verdict>) -> bool {
    match (a, b) {
        (Some(Verdict::Of(a)), Some(Verdict::Of(b))) => versus.then.who(a) == versus.then.who(b),
        (a, b) => a == b,
    }
}

/// Says what a verdict of the old run is as a target in the run of now.
fn target(versus: &Versus, id: IdentityId) -> (Target, String) {
    let name = versus.then.called(id);
    match (versus.then.who(id), versus.counterpart(id)) {
        (Who::Unnamed(_), Some(to)) => (Target::Identity(to), versus.now.called(to)),
        (Who::Unnamed(_), None) => (Target::New, format!("somebody new, {name} of {}", versus.then.run())),
        (_, Some(to)) => (Target::Identity(to), name),
        (_, None) => (Target::Person(name.clone()), name),
    }
}

fn give(versus: &Versus, tracks: &[TrackId], to: Verdict) -> Choice {
    let names: Vec<String> = tracks.iter().take(3).map(ToString::to_string).collect();
    let more = if tracks.len() > 3 { format!(" and {} more", tracks.len() - 3) } else { String::new() };
    let named = format!("{}{more}", names.join(", "));
    match to {
        Verdict::Discarded(reason) => {
            let command = Command::Discard { tracks: tracks.to_vec(), identities: Vec::new(), reason };
            Choice { text: format!("{named} counts for nobody: {reason}"), command }
        }
        Verdict::Of(id) => {
            let (to, who) = target(versus, id);
            Choice { text: format!("{named} → {who}"), command: Command::Assign { tracks: tracks.to_vec(), to } }
        }
    }
}

fn give_part(versus: &Versus, track: TrackId, piece: &Piece, to: Verdict) -> Choice {
    let (from, end) = (piece.from.frame, piece.to.frame + 1);
    let part = format!("only pictures {from} to {} of {track}", piece.to.frame);
    match to {
        Verdict::Discarded(reason) => {
            Choice { text: format!("{part}: {reason}"), command: Command::DiscardPictures { track, from, to: end, reason } }
        }
        Verdict::Of(id) => {
            let (target, who) = target(versus, id);
            Choice { text: format!("{part} → {who}"), command: Command::AssignPictures { track, from, to: end, target } }
        }
    }
}

fn holds(versus: &Versus, decision: Decision, tracks: &[TrackId]) -> Vec<Hold> {
    let old = match decision {
        Decision::Track(track) | Decision::Join(track) | Decision::Never { track, .. } => Some(track),
        Decision::Cut { tracklet, at } => Some(versus.then.map().track(tracklet, at)),
        Decision::Identity(_) => None,
    };
    let piece = |t: &TrackId| old.and_then(|old| versus.shared.by_old.get(&old)?.get(t).copied());
    tracks.iter().filter_map(|t| Some(hold(versus, *t, &piece(t)?))).collect()
}

fn hold(versus: &Versus, track: TrackId, piece: &Piece) -> Hold {
    let a = versus.now.view.assignments.get(&track);
    let who = a.map_or_else(|| "nobody".to_owned(), |a| versus.now.called(a.identity));
    Hold { track, faces: piece.faces, from: piece.from, to: piece.to, who }
}

fn told(versus: &Versus, decision: Decision, why: Why, holds: Vec<Hold>, choices: Vec<Choice>) -> OpenDecision {
    let then = &versus.then;
    let verdict = |track: TrackId| match then.verdict(track) {
        Some(Verdict::Discarded(reason)) => discarded(reason),
        Some(Verdict::Of(id)) => then.called(id),
        None => then.view.assignments.get(&track).map_or_else(|| "nobody".into(), |a| then.called(a.identity)),
    };
    let (track, who) = match decision {
        Decision::Track(track) => (Some(track), verdict(track)),
        Decision::Never { track, person } => (
            Some(track),
            format!("not {}", then.roster.stands_for(person).map_or_else(|| person.to_string(), |p| p.name.clone())),
        ),
        Decision::Join(track) => (Some(track), format!("{track} joined, {}", verdict(track))),
        Decision::Cut { tracklet, at } => {
            let track = then.map().track(tracklet, at);
            (Some(track), format!("{tracklet} cut at picture {at}"))
        }
        Decision::Identity(id) => {
            // The one with most faces that found no other place shows it.
            let members = then.members(id);
            let longest = members.iter().copied().max_by_key(|t| then.pictures(*t).len());
            (longest, then.called(id))
        }
    };
    let span = match decision {
        Decision::Identity(id) => spanned(versus, &then.members(id)),
        _ => track.and_then(|t| spanned(versus, &[t])),
    };
    let (run, since, is_settled) = (then.run(), then.since(decision), then.is_settled(decision));
    OpenDecision { run, decision, since, why, who, track, face: None, span, holds, choices, is_settled }
}

fn discarded(reason: DiscardReason) -> String {
    format!("discarded: {reason}")
}

/// Returns the first and the last picture of some tracks of the old run.
fn spanned(versus: &Versus, tracks: &[TrackId]) -> Option<(FrameTime, FrameTime)> {
    let view = &versus.then.view;
    let parts = tracks.iter().filter_map(|t| view.parts_of(*t)).flat_map(|p| p.0);
    let tracklets: Vec<_> = parts.filter_map(|p| Some((view.tracklets.get(&p.tracklet)?, p))).collect();
    // A part of a tracklet begins and ends at a picture whose time is known by its own first and last alone.
    let first = tracklets.iter().map(|(t, p)| at(t, p.from)).min()?;
    let last = tracklets.iter().map(|(t, p)| at(t, p.to.saturating_sub(1))).max()?;
    Some((first, last))
}

/// Returns a picture of a tracklet with its time, between the first and the last of it.
fn at(tracklet: &crate::domain::Tracklet, frame: u64) -> FrameTime {
    let (first, last) = (tracklet.first, tracklet.last);
    let frame = frame.clamp(first.frame, last.frame);
    let share = (frame - first.frame) as f64 / (last.frame - first.frame).max(1) as f64;
    let length = (last.pts - first.pts).secs();
    FrameTime { frame, pts: first.pts + crate::domain::MediaTime::from_secs(share * length) }
}
