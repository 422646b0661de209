//! `audio_diarization.jsonl`, `av_links.jsonl` and `audio_voice_mapping.json`: who speaks when, whose voices those are, and why.

use super::write::Episode;
use crate::domain::{AvLink, Identity, LinkMethod, MediaTime, Span, SpeakerId, TrackId, Turn, VoiceLink};
use crate::export::rounding::{decimals, seconds};
use crate::export::slug::person_slugs;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Who says what in an episode.
#[derive(Debug, Clone, Copy)]
pub struct SpeechRows<'a> {
    /// By start.
    pub turns: &'a [Turn],
    /// By start of the turn; together they cover every turn.
    pub links: &'a [AvLink],
    /// Who voices are decided to be.
    pub voices: &'a BTreeMap<SpeakerId, VoiceLink>,
    /// When each track is seen: disjoint, ascending.
    pub seen: &'a BTreeMap<TrackId, Vec<Span>>,
}

impl SpeechRows<'_> {
    /// Returns the turns, overlapping ones as lines of their own.
    pub(super) fn diarisation(&self) -> Vec<Value> {
        let row = |turn: &Turn| {
            let meets = |t: &&Turn| t.span.start() < turn.span.end() && turn.span.start() < t.span.end();
            let active: BTreeSet<SpeakerId> = self.turns.iter().filter(meets).map(|t| t.speaker).collect();
            json!({
                "schema_version": "audio_diar_v1", "segment_id": turn.id.to_string(),
                "start": seconds(turn.span.start(), 3), "end": seconds(turn.span.end(), 3), "speaker": turn.speaker.to_string(),
                "confidence": decimals(turn.confidence.into(), 4), "overlap": active.len() > 1,
                "active_speakers": active.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        };
        self.turns.iter().map(row).collect()
    }

    /// Returns each piece of speech with whose it is and what speaks for it.
    pub(super) fn links(&self, episode: &Episode<'_>) -> Vec<Value> {
        let known: BTreeMap<_, &Identity> = episode.identities.iter().map(|i| (i.id, i)).collect();
        let named = episode.identities.iter().filter_map(|i| Some((i.person?, i.name.as_deref()?)));
        let slugs = person_slugs(named);
        let row = |link: &AvLink| {
            let identity = link.identity.and_then(|id| known.get(&id));
            let person = identity.and_then(|i| i.person);
            let (tracks, overlap) = self.sight(episode, link);
            json!({
                "schema_version": "av_link_v1", "segment_id": link.turn.to_string(), "speaker": link.speaker.to_string(),
                "start": seconds(link.span.start(), 3), "end": seconds(link.span.end(), 3),
                "identity_id": link.identity.map(|id| id.to_string()), "person_id": person.map(|p| p.to_string()),
                "person_slug": person.and_then(|p| slugs.get(&p)), "name": identity.and_then(|i| i.name.as_deref()),
                "track_ids": tracks, "overlap_s": seconds(overlap, 3),
                "label": if link.on_screen { "both" } else { "speaking" },
                "confidence": decimals(link.confidence.into(), 4), "method": method(link.method), "evidence": link.evidence,
            })
        };
        self.links.iter().map(row).collect()
    }

    /// Returns whose every voice is.
    pub(super) fn mapping(&self, episode: &Episode<'_>) -> Vec<Value> {
        let mut best: BTreeMap<SpeakerId, BTreeMap<_, i64>> = BTreeMap::new();
        for link in self.links {
            *best.entry(link.speaker).or_default().entry(link.identity).or_default() += link.span.len().0;
        }
        let row = |(speaker, shares): (SpeakerId, BTreeMap<_, i64>)| {
            let all: i64 = shares.values().sum();
            let (identity, most) = shares.into_iter().max_by_key(|(_, time)| *time).unwrap_or((None, 0));
            let identity = identity.and_then(|id| episode.identities.iter().find(|i| i.id == id));
            json!({
                "voice_cluster_id": format!("VC_{:02}", speaker.0), "voice_bank_id": null,
                "speaker_id": identity.map(|i| format!("SPK_{}", i.id)),
                "speaker_display_name": identity.and_then(|i| i.name.as_deref()), "similarity": null, "is_new_entry": false,
                "identity_id": identity.map(|i| i.id.to_string()),
                "person_id": identity.and_then(|i| i.person).map(|p| p.to_string()),
                "share": decimals(most as f64 / all.max(1) as f64, 4), "decided": self.voices.contains_key(&speaker),
            })
        };
        best.into_iter().map(row).collect()
    }

    /// Returns the tracks of who speaks that are seen meanwhile, and for how long one of them is.
    fn sight(&self, episode: &Episode<'_>, link: &AvLink) -> (Vec<u32>, MediaTime) {
        let Some(identity) = link.identity else { return (Vec::new(), MediaTime::ZERO) };
        let person = episode.identities.iter().find(|i| i.id == identity).and_then(|i| i.person);
        let is_theirs =
            |id| id == identity || person.is_some() && episode.identities.iter().any(|i| i.id == id && i.person == person);
        let (mut tracks, mut spans) = (Vec::new(), Vec::new());
        for track in episode.assignments.iter().filter(|(_, a)| is_theirs(a.identity)).map(|(track, _)| track) {
            let seen = self.seen.get(track).map(Vec::as_slice).unwrap_or_default();
            let met = seen.iter().filter(|s| s.start() < link.span.end() && link.span.start() < s.end());
            let cut: Vec<Span> = met.map(|s| Span::new(s.start().max(link.span.start()), s.end().min(link.span.end()))).collect();
            if !cut.is_empty() {
                tracks.push(track.0);
                spans.extend(cut);
            }
        }
        (tracks, total(spans))
    }
}

/// Returns for how long at least one span lasts.
fn total(mut spans: Vec<Span>) -> MediaTime {
    spans.sort_unstable();
    let (mut sum, mut reached) = (MediaTime::ZERO, None::<MediaTime>);
    for span in spans {
        let start = reached.map_or(span.start(), |r| r.max(span.start()));
        let end = span.end().max(start);
        sum = sum + (end - start);
        reached = Some(reached.map_or(end, |r| r.max(end)));
    }
    sum
}

fn method(method: LinkMethod) -> Value {
    match method {
        LinkMethod::ActiveSpeaker => "active_speaker".into(),
        LinkMethod::VoiceMatch => "voice_match".into(),
        LinkMethod::CoOccurrence => "co_occurrence".into(),
        LinkMethod::User => "user".into(),
        LinkMethod::Unknown => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TurnId;

    fn span(from: i64, to: i64) -> Span {
        Span::new(MediaTime(from * 1_000_000), MediaTime(to * 1_000_000))
    }

    #[test]
    fn overlapping_turns_are_lines_of_their_own_that_name_each_other() {
        let turn = |id: u32, from, to, speaker| Turn {
            id: TurnId(id),
            span: span(from, to),
            speaker: SpeakerId(speaker),
            confidence: 0.91,
        };
        let turns = [turn(12, 1, 5, 2), turn(13, 4, 6, 1), turn(14, 8, 9, 1)];
        let (voices, seen) = (BTreeMap::new(), BTreeMap::new());
        let rows = SpeechRows { turns: &turns, links: &[], voices: &voices, seen: &seen }.diarisation();
        assert_eq!(rows[0]["active_speakers"], json!(["S1", "S2"]));
        assert_eq!((&rows[0]["segment_id"], &rows[0]["overlap"]), (&json!("u12"), &json!(true)));
        assert_eq!((&rows[2]["start"], &rows[2]["overlap"], &rows[2]["confidence"]), (&json!(8.0), &json!(false), &json!(0.91)));
    }

    #[test]
    fn time_of_two_tracks_at_once_counts_once() {
        assert_eq!(total(vec![span(3, 5), span(0, 4), span(4, 5)]), MediaTime(5_000_000));
        assert_eq!(total(Vec::new()), MediaTime::ZERO);
    }
}
