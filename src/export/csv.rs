//! Screen time as a table: `screentime.csv`.

use super::rounding::{decimals, seconds};
use super::slug::person_slugs;
use crate::domain::{MediaTime, RunMeta, ScreenTime, SpeakingTime};
use std::io::{self, Write};

/// The header; the order is part of the format.
const COLUMNS: [&str; 22] = [
    "name",
    "cast_id",
    "person_id",
    "face_visible_seconds",
    "body_visible_seconds",
    "body_only_seconds",
    "gap_bridged_seconds",
    "visual_s",
    "speaking_s",
    "both_s",
    "confidence",
    "tracks_count",
    "faces_count",
    "person_slug",
    "speaking_confidence",
    "both_confidence",
    "review_share",
    "detector",
    "embedder",
    "commercial_use",
    "speaking_off_s",
    "speaking_appearances",
];

/// Writes one line for each person or unnamed identity, in the order of the report, after RFC 4180.
///
/// Seconds have two decimals. What was not measured (speech, bodies) is empty, never 0. Each line names the models of `run` and whether
/// their licences allow commercial use (`yes`, `no`, empty where nobody says): a table travels further than its reader.
///
/// # Errors
/// Fails where `out` does.
pub fn write_screen_time_csv(out: impl Write, run: &RunMeta, report: &ScreenTime) -> io::Result<()> {
    let commercial_use = match run.commercial_use() {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    let slugs = person_slugs(report.people.iter().filter_map(|p| Some((p.person?, p.name.as_deref()?))));
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    csv.write_record(COLUMNS)?;
    for person in &report.people {
        let visual = format!("{:.2}", seconds(person.visual_time, 2));
        let share = |value: f64| decimals(value, 3).map(|v| format!("{v:.3}")).unwrap_or_default();
        let unknown = String::new;
        let speech = person.speech.as_ref();
        let heard = |of: fn(&SpeakingTime) -> MediaTime| speech.map(|s| format!("{:.2}", seconds(of(s), 2))).unwrap_or_default();
        let belief = |of: fn(&SpeakingTime) -> f64| speech.map(|s| share(of(s))).unwrap_or_default();
        csv.write_record([
            person.name.clone().unwrap_or_default(),
            unknown(), // cast_id
            person.person.map(|id| id.to_string()).unwrap_or_default(),
            visual.clone(),
            unknown(), // body_visible_seconds
            unknown(), // body_only_seconds
            unknown(), // gap_bridged_seconds
            visual,
            heard(|s| s.time),
            heard(|s| s.both_time),
            share(person.confidence),
            person.tracks.to_string(),
            person.faces.to_string(),
            person.person.and_then(|id| slugs.get(&id).cloned()).unwrap_or_default(),
            belief(|s| s.confidence),
            belief(|s| s.both_confidence),
            share(person.review_share),
            run.detector.id.clone(),
            run.embedder.id.clone(),
            commercial_use.to_owned(),
            heard(|s| s.time - s.both_time),
            speech.map(|s| s.appearances.to_string()).unwrap_or_default(),
        ])?;
    }
    csv.flush()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::{
        Counts, DeviceUse, IdentityId, ModelUse, PersonId, PersonTime, RunId, Size, Span, SpeakerId, SpeechTotals, Together,
        VideoFacts,
    };
    use std::collections::BTreeMap;

    pub(in crate::export) fn run() -> RunMeta {
        let model = |id: &str, commercial| ModelUse {
            id: id.into(),
            family: "f".into(),
            licence: "MIT".into(),
            commercial,
            sha256: "00".into(),
            file: "m.onnx".into(),
        };
        RunMeta {
            id: RunId(7),
            video: VideoFacts {
                path: "/v.mp4".into(),
                bytes: 1,
                sha256: "00".into(),
                size: Size { width: 640, height: 360 },
                fps: 24.0,
                first_pts: MediaTime::ZERO,
                duration: MediaTime::from_secs(60.0),
                codec: "h264".into(),
                pixel_format: "yuv420p".into(),
            },
            started_at: jiff::Timestamp::UNIX_EPOCH,
            finished_at: None,
            tool: "0.1.0".into(),
            detector: model("find", Some(true)),
            embedder: model("compare", Some(false)),
            validator: None,
            tracker: "bytetrack".into(),
            device: DeviceUse { asked: "auto".into(), used: "cpu".into(), reason: None, with: None },
            changeovers: Vec::new(),
            params: serde_json::Value::Null,
            scan_key: "00".into(),
            counts: Counts::default(),
            mouths: None,
            sound: None,
            transcriber: None,
            marks: BTreeMap::new(),
        }
    }

    pub(in crate::export) fn report() -> ScreenTime {
        let span = |a: f64, b: f64| Span::new(MediaTime::from_secs(a), MediaTime::from_secs(b));
        let person = |name: Option<&str>, id: u32, visual: Vec<Span>| PersonTime {
            name: name.map(Into::into),
            person: name.map(|_| PersonId(id)),
            identities: vec![IdentityId(id)],
            visual_time: visual.iter().fold(MediaTime::ZERO, |sum, s| sum + s.len()),
            visual,
            bridged: MediaTime::ZERO,
            confidence: 0.97,
            review_share: 1.0,
            tracks: 3,
            faces: 25,
            speech: None,
        };
        ScreenTime {
            people: vec![
                person(Some("Stone, \"Ava\""), 12, vec![span(0.0, 4.48), span(15.2, 17.645)]),
                person(None, 2, vec![span(1.0, 2.0)]),
            ],
            union: MediaTime::from_secs(6.925),
            sum: MediaTime::from_secs(6.925),
            overlap: MediaTime::ZERO,
            speech: None,
            duration: MediaTime::from_secs(60.0),
            diagnostics: BTreeMap::from([("faces_used".into(), 50)]),
            params: serde_json::json!({"gap_tolerance_s": 0.5}),
        }
    }

    #[test]
    fn quotes_and_commas_in_names_survive_and_the_unknown_is_empty() {
        let mut out = Vec::new();
        write_screen_time_csv(&mut out, &run(), &report()).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        assert_eq!(lines[0], COLUMNS.join(","));
        assert_eq!(lines[1], r#""Stone, ""Ava""",,p_0012,6.93,,,,6.93,,,0.970,3,25,stone-ava,,,1.000,find,compare,no,,"#);
        assert_eq!(lines[2], ",,,1.00,,,,1.00,,,0.970,3,25,,,,1.000,find,compare,no,,");
        assert_eq!(lines.len(), 3);
    }

    /// The same report, with sound.
    pub(in crate::export) fn heard() -> ScreenTime {
        let mut report = report();
        let span = |a: f64, b: f64| Span::new(MediaTime::from_secs(a), MediaTime::from_secs(b));
        let silent = SpeakingTime {
            speaking: Vec::new(),
            time: MediaTime::ZERO,
            both: Vec::new(),
            both_time: MediaTime::ZERO,
            confidence: 0.0,
            both_confidence: 0.0,
            review_share: 0.0,
            appearances: 0,
        };
        report.people[0].speech = Some(SpeakingTime {
            speaking: vec![span(3.0, 8.2)],
            time: MediaTime::from_secs(5.2),
            both: vec![span(3.0, 4.48)],
            both_time: MediaTime::from_secs(1.48),
            confidence: 0.88,
            both_confidence: 0.85,
            review_share: 0.5,
            appearances: 2,
        });
        report.people[1].speech = Some(silent);
        report.speech = Some(SpeechTotals {
            speech: MediaTime::from_secs(6.0),
            named: MediaTime::from_secs(5.2),
            overlap: MediaTime::ZERO,
            together: vec![Together { people: [0, 1], time: MediaTime::from_secs(0.5), confidence: 0.5 }],
            unknown: vec![(SpeakerId(3), MediaTime::from_secs(0.8))],
        });
        report
    }

    #[test]
    fn who_is_silent_speaks_for_no_seconds_where_sound_was_analysed() {
        let mut out = Vec::new();
        write_screen_time_csv(&mut out, &run(), &heard()).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        let ava =
            r#""Stone, ""Ava""",,p_0012,6.93,,,,6.93,5.20,1.48,0.970,3,25,stone-ava,0.880,0.850,1.000,find,compare,no,3.72,2"#;
        assert_eq!(lines[1], ava);
        assert_eq!(lines[2], ",,,1.00,,,,1.00,0.00,0.00,0.970,3,25,,0.000,0.000,1.000,find,compare,no,0.00,0");
    }

    #[test]
    fn one_model_that_forbids_commercial_use_is_enough_and_silence_allows_nothing() {
        for (detector, embedder, both) in [
            (Some(true), Some(true), Some(true)),
            (Some(true), Some(false), Some(false)),
            (None, Some(false), Some(false)),
            (Some(true), None, None),
        ] {
            let mut run = run();
            (run.detector.commercial, run.embedder.commercial) = (detector, embedder);
            assert_eq!(run.commercial_use(), both);
        }
    }
}
