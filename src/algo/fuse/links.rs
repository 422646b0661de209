//! Turns to faces.

use super::evidence::{Evidence, FaceSum, Faces};
use super::timeline::{Timeline, common};
use super::voices::{Owner, Voice, merges, narrow, sureness};
use super::{Fused, Params, Scene};
use super::{cut, mouths};
use crate::domain::{AvLink, IdentityId, LinkEvidence, LinkMethod, MediaTime, Span, SpeakerId, Turn, TurnId};
use std::collections::BTreeMap;

/// Joins turns with faces; the module says how.
#[must_use]
pub fn fuse(params: &Params, scene: &Scene<'_>) -> Fused {
    let mouths = mouths::smooth(params, scene);
    let timeline = Timeline::new(&cut::cut(params, scene, &mouths, &Timeline::new(scene.turns)));
    let evidence = Evidence::gather(scene, &mouths, &timeline);
    let voices: BTreeMap<SpeakerId, Voice> =
        evidence.voices.iter().map(|(speaker, sum)| (*speaker, Voice::new(params, scene, *speaker, sum))).collect();
    let chosen = choose(params, scene, &timeline, &evidence, &voices);
    let mut links = Vec::with_capacity(chosen.len());
    for (turn, choice) in timeline.turns().iter().zip(&chosen) {
        pieces(scene, turn, choice, &mut links);
    }
    let starts: BTreeMap<TurnId, MediaTime> = scene.turns.iter().map(|t| (t.id, t.span.start())).collect();
    links.sort_by_key(|link| (starts.get(&link.turn).copied(), link.turn, link.span.start()));
    Fused {
        links,
        merges: merges(params, &timeline, &voices),
        narrators: voices.iter().filter(|(_, v)| v.narrator).map(|(s, _)| *s).collect(),
        owners: voices.iter().filter_map(|(s, v)| Some((*s, v.owner?))).collect(),
        candidates: voices.into_iter().filter(|(_, v)| !v.candidates.is_empty()).map(|(s, v)| (s, v.candidates)).collect(),
    }
}

/// Where somebody is seen saying a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Nowhere,
    /// Where their face is found in the picture.
    WithFace,
    /// All along: somebody said so.
    Throughout,
}

/// Whose a turn is.
#[derive(Debug, Clone, Copy)]
struct Choice {
    identity: Option<IdentityId>,
    sight: Sight,
    confidence: f32,
    evidence: LinkEvidence,
    method: LinkMethod,
}

impl Choice {
    const NOBODY: Self = Self {
        identity: None,
        sight: Sight::Nowhere,
        confidence: 0.0,
        evidence: LinkEvidence { score: 0.0, share: 0.0, ratio: 0.0, seconds: 0.0, from_turn: 0.0, from_voice: 0.0 },
        method: LinkMethod::Unknown,
    };
}

/// Chooses for every turn, the surest first, so that a turn that overlaps it finds its face taken.
fn choose(
    params: &Params,
    scene: &Scene<'_>,
    timeline: &Timeline,
    evidence: &Evidence,
    voices: &BTreeMap<SpeakerId, Voice>,
) -> Vec<Choice> {
    let turns = timeline.turns();
    let decided: Vec<Option<Verdict>> = turns.iter().map(|turn| decided(scene, turn)).collect();
    let rank = |i: usize| {
        let best = evidence.turns[i].values().map(|f| f.strength).fold(0.0, f64::max);
        (decided[i].is_some(), best)
    };
    let mut order: Vec<(usize, (bool, f64))> = (0..turns.len()).map(|i| (i, rank(i))).collect();
    order.sort_by(|(i, a), (j, b)| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(i.cmp(j)));
    let mut chosen: Vec<Option<Choice>> = vec![None; turns.len()];
    for (i, _) in order {
        let turn = &turns[i];
        let taken: Vec<IdentityId> = timeline
            .others(i)
            .filter(|&j| {
                let both = common(turn.span, turns[j].span).len().secs();
                both >= f64::from(params.overlap_share) * turn.span.len().min(turns[j].span.len()).secs()
            })
            .filter_map(|j| chosen[j].and_then(|c| c.identity))
            .collect();
        let voice = voices.get(&turn.speaker);
        let faces = &evidence.turns[i];
        chosen[i] = Some(match decided[i] {
            Some(Verdict::Known(identity)) => Choice {
                identity: Some(identity),
                sight: told_sight(scene, turn).unwrap_or(Sight::WithFace),
                confidence: 1.0,
                evidence: told(faces, &taken, voice, identity),
                method: LinkMethod::User,
            },
            Some(Verdict::Nobody) => Choice { method: LinkMethod::User, ..Choice::NOBODY },
            None => undecided(params, scene, turn, faces, &taken, voice),
        });
    }
    chosen.into_iter().map(|c| c.unwrap_or(Choice::NOBODY)).collect()
}

/// What somebody decided of a turn.
#[derive(Debug, Clone, Copy)]
enum Verdict {
    Known(IdentityId),
    Nobody,
}

fn decided(scene: &Scene<'_>, turn: &Turn) -> Option<Verdict> {
    let told = scene.decided.turns.get(&turn.id).or_else(|| scene.decided.speakers.get(&turn.speaker))?;
    Some(told.map_or(Verdict::Nobody, Verdict::Known))
}

fn told_sight(scene: &Scene<'_>, turn: &Turn) -> Option<Sight> {
    scene.decided.seen.get(&turn.id).map(|seen| if *seen { Sight::Throughout } else { Sight::Nowhere })
}

fn undecided(
    params: &Params,
    scene: &Scene<'_>,
    turn: &Turn,
    faces: &Faces,
    taken: &[IdentityId],
    voice: Option<&Voice>,
) -> Choice {
    let sight = told_sight(scene, turn);
    let narrator = voice.is_some_and(|v| v.narrator);
    if sight == Some(Sight::Throughout) || (sight.is_none() && !narrator) {
        let due = if sight.is_some() { Due::Nothing } else { Due::Evidence };
        if let Some(choice) = by_mouth(params, faces, taken, voice, due) {
            return Choice { sight: sight.unwrap_or(choice.sight), ..choice };
        }
    }
    let Some(Owner { identity, confidence, .. }) = voice.and_then(|v| v.owner).filter(|o| !taken.contains(&o.identity)) else {
        return Choice::NOBODY;
    };
    let evidence = told(faces, taken, voice, identity);
    let still = faces.get(&identity).is_some_and(|f| f.mean() < f64::from(params.still_score));
    let sight = sight.unwrap_or(if narrator || still { Sight::Nowhere } else { Sight::WithFace });
    Choice { identity: Some(identity), sight, confidence, evidence, method: LinkMethod::CoOccurrence }
}

/// What a mouth must show to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Evidence,
    /// Somebody said that the mouth is in the picture; which one remains to be found.
    Nothing,
}

/// Finds the face that turn and voice speak for most, where its mouth is seen saying it.
fn by_mouth(params: &Params, faces: &Faces, taken: &[IdentityId], voice: Option<&Voice>, due: Due) -> Option<Choice> {
    let strength = strength(faces, taken);
    let sum = |identity: IdentityId, face: &FaceSum| {
        let from_turn = if strength > 0.0 { face.strength / strength } else { 0.0 };
        from_turn + f64::from(voice.map_or(0.0, |v| v.share(identity)))
    };
    let (identity, face) = faces
        .iter()
        .filter(|(identity, _)| !taken.contains(identity))
        .max_by(|a, b| sum(*a.0, a.1).total_cmp(&sum(*b.0, b.1)).then(b.0.cmp(a.0)))?;
    let evidence = told(faces, taken, voice, *identity);
    let holds = evidence.score >= params.min_score
        && evidence.share >= params.min_share
        && evidence.ratio >= params.min_ratio
        && evidence.seconds >= params.min_s;
    if !holds && (due == Due::Evidence || face.strength <= 0.0) {
        return None;
    }
    // A voice that nothing is known of leaves the turn's own evidence alone to count.
    let known = voice.is_some_and(|v| !v.candidates.is_empty());
    let agreed = if known { f32::midpoint(evidence.from_turn, evidence.from_voice) } else { evidence.from_turn };
    let sure = narrow(sureness(params, face.seconds()));
    Some(Choice {
        identity: Some(*identity),
        sight: Sight::WithFace,
        confidence: (agreed.max(evidence.from_turn * 0.5) * sure).clamp(0.0, 1.0),
        evidence,
        method: LinkMethod::ActiveSpeaker,
    })
}

fn strength(faces: &Faces, taken: &[IdentityId]) -> f64 {
    faces.iter().filter(|(id, _)| !taken.contains(id)).map(|(_, f)| f.strength).sum()
}

/// Gathers what speaks for one face; faces that are taken do not count against it.
fn told(faces: &Faces, taken: &[IdentityId], voice: Option<&Voice>, identity: IdentityId) -> LinkEvidence {
    let face = faces.get(&identity).copied().unwrap_or_default();
    let all: f64 = faces.iter().filter(|(id, _)| **id == identity || !taken.contains(id)).map(|(_, f)| f.strength).sum();
    let next =
        faces.iter().filter(|(id, _)| **id != identity && !taken.contains(id)).map(|(_, f)| f.strength).fold(0.0, f64::max);
    let most = f64::from(LinkEvidence::MAX_RATIO);
    let ratio = match (face.strength > 0.0, next > 0.0) {
        (false, _) => 0.0,
        (true, false) => most,
        (true, true) => (face.strength / next).min(most),
    };
    LinkEvidence {
        score: narrow(face.mean()),
        share: narrow(face.share()),
        ratio: narrow(ratio),
        seconds: narrow(face.seconds()),
        from_turn: if all > 0.0 { narrow(face.strength / all) } else { 0.0 },
        from_voice: voice.map_or(0.0, |v| v.share(identity)),
    }
}

/// Cuts a turn where the face of who speaks comes into or goes out of the picture.
fn pieces(scene: &Scene<'_>, turn: &Turn, choice: &Choice, out: &mut Vec<AvLink>) {
    let link = |span: Span, in_picture: bool| {
        let on_screen = match choice.sight {
            Sight::Nowhere => false,
            Sight::WithFace => in_picture,
            Sight::Throughout => true,
        };
        let method = match choice.method {
            LinkMethod::CoOccurrence if !on_screen => LinkMethod::VoiceMatch,
            method => method,
        };
        let Choice { identity, confidence, evidence, .. } = *choice;
        AvLink { turn: turn.id, speaker: turn.speaker, span, identity, on_screen, confidence, evidence, method }
    };
    let seen = choice.identity.and_then(|id| scene.seen.get(&id)).map(Vec::as_slice).unwrap_or_default();
    let first = seen.partition_point(|s| s.end() <= turn.span.start());
    let mut from = turn.span.start();
    for inside in seen[first..].iter().take_while(|s| s.start() < turn.span.end()) {
        let inside = common(*inside, turn.span);
        if from < inside.start() {
            out.push(link(Span::new(from, inside.start()), false));
        }
        out.push(link(inside, true));
        from = inside.end();
    }
    if from < turn.span.end() {
        out.push(link(Span::new(from, turn.span.end()), false));
    }
}
