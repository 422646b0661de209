//! Compares who is said to speak, seen or unseen.

use super::truth::TruthSpeech;
use super::{Params, Truth, share};
use crate::domain::{AvLink, IdentityId, MediaTime};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How well speech was given to people, in seconds of the truth's pictures; those nearer to an edge of speech than the collar are not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct SpeakingScore {
    /// Speech of people who are seen meanwhile.
    pub on_screen_s: f64,
    /// Speech of people who are not.
    pub off_screen_s: f64,
    /// Somebody is said to be seen speaking.
    pub claimed_s: f64,
    /// Of `claimed_s`, they are, and it is them.
    pub right_s: f64,
    /// Of `off_screen_s`, while nobody else is seen speaking: somebody is said to be.
    pub off_screen_claimed_s: f64,
    /// Of all speech: it was given to who speaks, seen or not.
    pub named_s: f64,
    /// Of all speech: it was given to somebody else.
    pub misnamed_s: f64,
}

impl SpeakingScore {
    /// Returns the share of what was claimed that is right, `0..=1`.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        share(self.right_s, self.claimed_s)
    }

    /// Returns the share of on-screen speech that was claimed rightly, `0..=1`.
    #[must_use]
    pub fn coverage(&self) -> Option<f64> {
        share(self.right_s, self.on_screen_s)
    }

    /// Returns the share of off-screen speech that was claimed to be seen, `0..=1`.
    #[must_use]
    pub fn falsely_claimed(&self) -> Option<f64> {
        share(self.off_screen_claimed_s, self.off_screen_s)
    }
}

/// Compares links with the truth; `None` where the truth knows of no speech.
pub(super) fn score(
    params: &Params,
    truth: &Truth,
    links: &[AvLink],
    owners: &BTreeMap<IdentityId, usize>,
) -> Option<SpeakingScore> {
    if truth.speech.is_empty() || truth.fps <= 0.0 {
        return None;
    }
    let collar = f64::from(params.speech_collar_s);
    let edges: Vec<f64> = truth.speech.iter().flat_map(|s| [s.start, s.end]).collect();
    let mut sums = SpeakingScore::default();
    let step = 1.0 / truth.fps;
    for frame in 0..truth.frames {
        let at = (frame as f64 + 0.5) * step;
        if edges.iter().any(|e| (e - at).abs() < collar) {
            continue;
        }
        let (mut seen, mut unseen) = (BTreeSet::new(), BTreeSet::new());
        for speech in truth.speech.iter().filter(|s| s.start <= at && at < s.end) {
            if is_seen(params, truth, speech, frame) {
                seen.insert(speech.person)
            } else {
                unseen.insert(speech.person)
            };
        }
        let time = MediaTime::from_secs(at);
        let now = links.iter().filter(|l| l.span.start() <= time && time < l.span.end());
        let (mut claimed, mut named) = (BTreeSet::new(), BTreeSet::new());
        for link in now {
            // An identity of nobody stands for a person whom the truth does not have.
            let Some(identity) = link.identity else { continue };
            let person = owners.get(&identity).copied();
            named.insert(person);
            if link.on_screen {
                claimed.insert(person);
            }
        }
        let add = |sum: &mut f64, n: usize| *sum += n as f64 * step;
        add(&mut sums.on_screen_s, seen.len());
        add(&mut sums.off_screen_s, unseen.len());
        add(&mut sums.claimed_s, claimed.len());
        add(&mut sums.right_s, claimed.intersection(&seen).count());
        if seen.is_empty() && !claimed.is_empty() {
            add(&mut sums.off_screen_claimed_s, unseen.len());
        }
        let speaking: BTreeSet<_> = seen.union(&unseen).copied().collect();
        let right = named.intersection(&speaking).count();
        add(&mut sums.named_s, right);
        add(&mut sums.misnamed_s, (named.len() - right).min(speaking.len() - right));
    }
    Some(sums)
}

/// Tells whether who speaks is seen in a picture: as the truth says, or as its faces do.
fn is_seen(params: &Params, truth: &Truth, speech: &TruthSpeech, frame: u64) -> bool {
    if let Some(visible) = speech.visible {
        return visible;
    }
    let seen = |f: &super::TruthFace| {
        Some(f.person) == speech.person && f.inside >= params.min_share_inside && f.weight >= params.min_weight
    };
    match truth.faces.range(..=frame).next_back() {
        Some((_, faces)) => faces.iter().any(seen),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{LinkEvidence, LinkMethod, Span, SpeakerId, TurnId};

    fn link(identity: u32, start: f64, end: f64, on_screen: bool) -> AvLink {
        AvLink {
            turn: TurnId(1),
            speaker: SpeakerId(1),
            span: Span::new(MediaTime::from_secs(start), MediaTime::from_secs(end)),
            identity: Some(IdentityId(identity)),
            on_screen,
            confidence: 1.0,
            evidence: LinkEvidence::default(),
            method: LinkMethod::ActiveSpeaker,
        }
    }

    #[test]
    fn seconds_are_judged_by_who_speaks_and_whether_they_are_seen() {
        let text = r#"{"n_frames":250,"width":9,"height":9,"fps":25,"main_shot_seconds":{"A":5.0,"B":5.0},
            "shots":[{"start_frame":0,"end_frame":250,"main":["A"]}],
            "speech":[{"identity":"A","start":0,"end":4,"visible":true},{"identity":"B","start":5,"end":9,"visible":false}]}"#;
        let truth = Truth::parse(text).unwrap();
        let params = crate::algo::evaluate::tests::params();
        let collar = f64::from(params.speech_collar_s);
        let owners = BTreeMap::from([(IdentityId(1), 0), (IdentityId(2), 1)]);
        // A is claimed for the first half of their turn, and falsely for the first half of B's.
        let links = [link(1, 0.0, 2.0, true), link(1, 5.0, 7.0, true), link(2, 7.0, 9.0, false)];
        let got = score(&params, &truth, &links, &owners).unwrap();
        let near = |found: Option<f64>, due: f64| assert!((found.unwrap() - due).abs() < 0.03, "{found:?} {due}");
        near(got.precision(), 0.5);
        near(got.coverage(), (2.0 - collar) / (4.0 - 2.0 * collar));
        near(got.falsely_claimed(), (2.0 - collar) / (4.0 - 2.0 * collar));
        near(Some(got.named_s), 2.0 - collar + 2.0 - collar);
        assert_eq!(score(&params, &Truth { speech: Vec::new(), ..truth }, &links, &owners), None);
    }
}
