//! Screen time as `screentime.json`, `screentime_v1`.

use super::rounding::{decimals, seconds};
use super::slug::person_slugs;
use crate::domain::{EpisodeId, ModelUse, PersonTime, RunMeta, ScreenTime, Span, SpeechTotals};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The file as it stands; `null` is unknown, never 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScreenTimeFile {
    pub schema_version: Option<String>,
    pub episode_id: String,
    pub run_id: Option<String>,
    pub generated_at: Option<String>,
    /// The rules and thresholds that made it.
    #[serde(default)]
    pub params: serde_json::Value,
    /// What found and compared the faces; absent in files of other tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Models>,
    #[serde(default)]
    pub metadata: Metadata,
    pub math: Option<Totals>,
    #[serde(default)]
    pub diagnostics: BTreeMap<String, serde_json::Value>,
    pub metrics: Vec<Metric>,
    #[serde(default)]
    pub timeline: Vec<Timeline>,
    /// Absent: no sound was analysed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speech: Option<SpeechSums>,
}

/// The models behind the figures, with their licences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Models {
    pub detector: ModelUse,
    pub embedder: ModelUse,
    /// What looked at kept crops a second time; absent where nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validator: Option<ModelUse>,
    /// Whether all licences allow it; null where one leaves it open.
    pub commercial_use: Option<bool>,
}

impl Models {
    fn of(run: &RunMeta) -> Self {
        Self {
            detector: run.detector.clone(),
            embedder: run.embedder.clone(),
            validator: run.validator.clone(),
            commercial_use: run.commercial_use(),
        }
    }
}

/// What earlier readers ask about bodies, which this program does not track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Metadata {
    pub body_tracking_enabled: bool,
    pub body_metrics_available: bool,
}

/// Seconds of all named people together.
#[expect(clippy::struct_field_names, reason = "the format's own names")]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    pub cast_union_coverage_s: f64,
    pub cast_sum_time_s: f64,
    pub multi_cast_overlap_s: f64,
}

/// The figures of one person or unnamed identity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    pub name: Option<String>,
    pub cast_id: Option<String>,
    pub person_id: Option<String>,
    pub person_slug: Option<String>,
    #[serde(default)]
    pub identity_ids: Vec<String>,
    pub face_visible_seconds: f64,
    pub visual_s: f64,
    pub speaking_s: Option<f64>,
    pub both_s: Option<f64>,
    pub confidence: Option<f64>,
    pub speaking_confidence: Option<f64>,
    pub both_confidence: Option<f64>,
    pub review_share: Option<f64>,
    pub body_visible_seconds: Option<f64>,
    pub body_only_seconds: Option<f64>,
    pub gap_bridged_seconds: Option<f64>,
    pub tracks_count: u64,
    pub faces_count: u64,
    /// Part of `speaking_s` in which they are not seen speaking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaking_off_s: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaking_appearances: Option<u64>,
    /// Share of `speaking_s` whose speaker a person confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaking_review_share: Option<f64>,
}

/// Speech of the episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeechSums {
    /// Somebody speaks.
    pub speech_s: f64,
    /// Somebody named speaks.
    pub named_s: f64,
    /// At least two people speak.
    pub overlap_s: f64,
    pub together: Vec<TogetherRow>,
    /// Voices that are nobody's.
    pub unknown: Vec<UnknownVoice>,
}

/// Two people who speak at once; each is an entry of `metrics`, from 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TogetherRow {
    pub metrics: [usize; 2],
    pub names: [Option<String>; 2],
    pub overlap_s: f64,
    pub confidence: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnknownVoice {
    pub speaker: String,
    pub speaking_s: f64,
}

/// When one person or unnamed identity is seen and heard: seconds, disjoint, ascending, `[start, end)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    pub name: Option<String>,
    pub cast_id: Option<String>,
    pub person_id: Option<String>,
    #[serde(default)]
    pub identity_ids: Vec<String>,
    pub intervals: Vec<[f64; 2]>,
    /// Absent: no sound was analysed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaking: Option<Vec<[f64; 2]>>,
}

/// Makes the file of a report: seconds with three decimals, the edges of intervals with six, so that their sums agree.
#[must_use]
pub fn screen_time_file(episode: &EpisodeId, run: &RunMeta, at: Timestamp, report: &ScreenTime) -> ScreenTimeFile {
    let slugs = person_slugs(report.people.iter().filter_map(|p| Some((p.person?, p.name.as_deref()?))));
    ScreenTimeFile {
        schema_version: Some("screentime_v1".into()),
        episode_id: episode.to_string(),
        run_id: Some(run.id.to_string()),
        generated_at: Some(at.to_string()),
        params: report.params.clone(),
        models: Some(Models::of(run)),
        metadata: Metadata::default(),
        math: Some(Totals {
            cast_union_coverage_s: seconds(report.union, 3),
            cast_sum_time_s: seconds(report.sum, 3),
            multi_cast_overlap_s: seconds(report.overlap, 3),
        }),
        diagnostics: report.diagnostics.iter().map(|(reason, n)| (reason.clone(), (*n).into())).collect(),
        metrics: report
            .people
            .iter()
            .map(|person| Metric {
                name: person.name.clone(),
                cast_id: None,
                person_id: person.person.map(|id| id.to_string()),
                person_slug: person.person.and_then(|id| slugs.get(&id).cloned()),
                identity_ids: identity_ids(person),
                face_visible_seconds: seconds(person.visual_time, 3),
                visual_s: seconds(person.visual_time, 3),
                speaking_s: person.speech.as_ref().map(|s| seconds(s.time, 3)),
                both_s: person.speech.as_ref().map(|s| seconds(s.both_time, 3)),
                confidence: decimals(person.confidence, 4),
                speaking_confidence: person.speech.as_ref().and_then(|s| decimals(s.confidence, 4)),
                both_confidence: person.speech.as_ref().and_then(|s| decimals(s.both_confidence, 4)),
                review_share: decimals(person.review_share, 4),
                body_visible_seconds: None,
                body_only_seconds: None,
                gap_bridged_seconds: None,
                tracks_count: person.tracks,
                faces_count: person.faces,
                speaking_off_s: person.speech.as_ref().map(|s| seconds(s.time - s.both_time, 3)),
                speaking_appearances: person.speech.as_ref().map(|s| s.appearances),
                speaking_review_share: person.speech.as_ref().and_then(|s| decimals(s.review_share, 4)),
            })
            .collect(),
        timeline: report
            .people
            .iter()
            .map(|person| Timeline {
                name: person.name.clone(),
                cast_id: None,
                person_id: person.person.map(|id| id.to_string()),
                identity_ids: identity_ids(person),
                intervals: person.visual.iter().copied().map(edges).collect(),
                speaking: person.speech.as_ref().map(|s| s.speaking.iter().copied().map(edges).collect()),
            })
            .collect(),
        speech: report.speech.as_ref().map(|totals| speech_sums(totals, &report.people)),
    }
}

/// Writes the file of a report on one line.
///
/// # Errors
/// Fails where `out` does.
pub fn write_screen_time_json(
    mut out: impl Write,
    episode: &EpisodeId,
    run: &RunMeta,
    at: Timestamp,
    report: &ScreenTime,
) -> io::Result<()> {
    serde_json::to_writer(&mut out, &screen_time_file(episode, run, at, report))?;
    out.write_all(b"\n")
}

fn speech_sums(totals: &SpeechTotals, people: &[PersonTime]) -> SpeechSums {
    let name = |at: usize| people.get(at).and_then(|p| p.name.clone());
    let together = totals.together.iter().map(|t| TogetherRow {
        metrics: t.people,
        names: t.people.map(name),
        overlap_s: seconds(t.time, 3),
        confidence: decimals(t.confidence, 4),
    });
    let unknown =
        totals.unknown.iter().map(|(speaker, time)| UnknownVoice { speaker: speaker.to_string(), speaking_s: seconds(*time, 3) });
    SpeechSums {
        speech_s: seconds(totals.speech, 3),
        named_s: seconds(totals.named, 3),
        overlap_s: seconds(totals.overlap, 3),
        together: together.collect(),
        unknown: unknown.collect(),
    }
}

fn identity_ids(person: &PersonTime) -> Vec<String> {
    person.identities.iter().map(ToString::to_string).collect()
}

fn edges(span: Span) -> [f64; 2] {
    [seconds(span.start(), 6), seconds(span.end(), 6)]
}

#[cfg(test)]
mod tests {
    use super::super::csv::tests::{heard, report, run};
    use super::*;

    #[test]
    fn seconds_of_speech_agree_with_the_timeline() {
        let file = screen_time_file(&"demo".parse().unwrap(), &run(), Timestamp::UNIX_EPOCH, &heard());
        let (metric, timeline) = (&file.metrics[0], &file.timeline[0]);
        assert_eq!((metric.speaking_s, metric.both_s, metric.speaking_off_s), (Some(5.2), Some(1.48), Some(3.72)));
        assert_eq!(timeline.speaking, Some(vec![[3.0, 8.2]]));
        assert_eq!((file.metrics[1].speaking_s, file.metrics[1].speaking_appearances), (Some(0.0), Some(0)));
        let speech = file.speech.unwrap();
        assert_eq!(speech.unknown, [UnknownVoice { speaker: "S3".into(), speaking_s: 0.8 }]);
        assert_eq!(speech.together[0].names, [Some("Stone, \"Ava\"".into()), None]);
    }

    #[test]
    fn the_file_reads_back_as_it_was_written_and_sound_is_unknown_not_zero() {
        let episode: EpisodeId = "demo-s01e02".parse().unwrap();
        let at: Timestamp = "2026-11-22T10:00:31Z".parse().unwrap();
        let mut out = Vec::new();
        write_screen_time_json(&mut out, &episode, &run(), at, &report()).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with(r#"{"schema_version":"screentime_v1","episode_id":"demo-s01e02","run_id":"r7""#), "{text}");
        assert!(text.contains(r#""speaking_s":null"#) && !text.contains(r#""speaking""#), "{text}");
        assert!(text.contains(r#""intervals":[[0.0,4.48],[15.2,17.645]]"#), "{text}");
        let back: ScreenTimeFile = serde_json::from_str(&text).unwrap();
        assert_eq!(back, screen_time_file(&episode, &run(), at, &report()));
        assert_eq!(back.models.unwrap().commercial_use, Some(false));
    }
}
