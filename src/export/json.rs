//! Screen time as `screentime.json`, `screentime_v1`.

use super::rounding::{decimals, seconds};
use super::slug::person_slugs;
use crate::domain::{EpisodeId, ModelUse, PersonTime, RunMeta, ScreenTime, Span};
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
                speaking_s: None,
                both_s: None,
                confidence: decimals(person.confidence, 4),
                speaking_confidence: None,
                both_confidence: None,
                review_share: decimals(person.review_share, 4),
                body_visible_seconds: None,
                body_only_seconds: None,
                gap_bridged_seconds: None,
                tracks_count: person.tracks,
                faces_count: person.faces,
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
                speaking: None,
            })
            .collect(),
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

fn identity_ids(person: &PersonTime) -> Vec<String> {
    person.identities.iter().map(ToString::to_string).collect()
}

fn edges(span: Span) -> [f64; 2] {
    [seconds(span.start(), 6), seconds(span.end(), 6)]
}

#[cfg(test)]
mod tests {
    use super::super::csv::tests::{report, run};
    use super::*;

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
