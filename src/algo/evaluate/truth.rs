//! What is true of a video.

use crate::domain::{BBox, BadgeKind, Size};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Says why a text is no truth.
#[derive(Debug, thiserror::Error)]
pub enum TruthError {
    #[error("cannot read truth: {0}")]
    Json(#[from] serde_json::Error),
    #[error("no known form of truth: found the keys {found}")]
    Form { found: String },
    #[error("a track of the truth names {frames} pictures but {boxes} boxes")]
    Lengths { frames: usize, boxes: usize },
}

impl TruthError {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Json(_) => "give a file of JSON with shots and people".into(),
            Self::Form { .. } => {
                "give shots with tracks and totals, shots with boxes and totals, or shots with main people and main_shot_seconds"
                    .into()
            }
            Self::Lengths { .. } => "make frames, boxes, visible and alpha of each track equally long".into(),
        }
    }
}

/// Says how to read a person's seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    Exact,
    /// The person is seen no longer than this.
    AtMost,
}

/// One shot; its middle of transition is `start_frame`.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthShot {
    pub start_frame: u64,
    pub end_frame: u64,
    /// Length of a dissolve into it, in pictures; 0 for a cut.
    pub transition_frames: u64,
    /// Who is seen in it, as positions in [`Truth::people`].
    pub people: Vec<usize>,
    /// Who may or may not be found at its edge, likewise.
    pub edge: Vec<usize>,
}

/// One face in one picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TruthFace {
    pub bbox: BBox,
    /// Position in [`Truth::people`].
    pub person: usize,
    /// Which unbroken stretch of the face it is part of.
    pub track: usize,
    /// Share inside the picture, `0..=1`.
    pub inside: f32,
    /// Weight in a dissolve, `0..=1`.
    pub weight: f32,
    pub cover: Cover,
}

/// What a truth file says is before a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    /// The file does not say.
    Unknown,
    Nothing,
    /// Sunglasses, or anything else.
    By(BadgeKind),
}

impl Cover {
    fn of(word: Option<&str>) -> Self {
        match word {
            None => Self::Unknown,
            Some("none") => Self::Nothing,
            Some("sunglasses") => Self::By(BadgeKind::Sunglasses),
            Some(_) => Self::By(BadgeKind::Covered),
        }
    }

    pub(super) fn is_covered(self) -> bool {
        matches!(self, Self::By(_))
    }
}

/// Somebody of the video.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthPerson {
    pub name: String,
    pub visual_s: f64,
    pub bound: Bound,
}

/// What is true of a video, whatever the form it was written in.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    pub frames: u64,
    pub shots: Vec<TruthShot>,
    /// By name.
    pub people: Vec<TruthPerson>,
    /// Faces of the pictures whose faces are known; a picture that is not a key is unknown, one with an empty list has none.
    pub faces: BTreeMap<u64, Vec<TruthFace>>,
    /// Stretches of faces in `faces`.
    pub tracks: usize,
    /// What is said, in any order; empty where nothing is known of it.
    pub speech: Vec<TruthSpeech>,
    /// Pictures a second; 0 where it is not told.
    pub fps: f64,
}

/// One utterance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TruthSpeech {
    /// Who says it, as position in [`Truth::people`]; absent where it is none of them.
    pub person: Option<usize>,
    /// Seconds.
    pub start: f64,
    pub end: f64,
    /// Whether they are seen saying it; absent where their faces tell.
    pub visible: Option<bool>,
}

#[derive(Deserialize)]
struct RawShot {
    start_frame: u64,
    end_frame: u64,
    #[serde(default)]
    transition_frames: u64,
    #[serde(default, alias = "visible", alias = "main")]
    identities: Vec<String>,
    /// Who is in the picture in part, as text that begins with a name.
    #[serde(default)]
    edge: Vec<String>,
    #[serde(default)]
    start: f64,
    #[serde(default)]
    end: f64,
}

impl RawShot {
    fn has_at_its_edge(&self, name: &str) -> bool {
        self.edge.iter().any(|text| text.split_whitespace().next() == Some(name))
    }
}

#[derive(Deserialize)]
struct RawTrack {
    identity: String,
    frames: Vec<u64>,
    boxes: Vec<[f32; 4]>,
    visible: Vec<f32>,
    alpha: Vec<f32>,
    /// What covers the face in each picture, `none` for nothing.
    #[serde(default)]
    occlusion: Vec<String>,
}

#[derive(Deserialize)]
struct RawBox {
    frame: u64,
    identity: String,
    r#box: [f32; 4],
}

#[derive(Deserialize)]
struct RawSpeech {
    identity: String,
    start: f64,
    end: f64,
    #[serde(default)]
    visible: Option<bool>,
}

#[derive(Deserialize)]
struct RawTotal {
    visual_s: f64,
}

#[derive(Deserialize)]
struct Raw {
    n_frames: u64,
    width: u32,
    height: u32,
    shots: Vec<RawShot>,
    tracks: Option<Vec<RawTrack>>,
    boxes: Option<Vec<RawBox>>,
    totals: Option<BTreeMap<String, RawTotal>>,
    main_shot_seconds: Option<BTreeMap<String, f64>>,
    #[serde(default)]
    speech: Vec<RawSpeech>,
    /// A number; a text such as `24000/1001` is passed over, as no truth of speech has one.
    #[serde(default)]
    fps: serde_json::Value,
}

impl Truth {
    /// Reads a truth file; which form it has shows in its keys.
    ///
    /// - `tracks` and `totals`: the faces of all pictures are known;
    /// - `boxes` and `totals`: those of every n-th picture, n the largest that fits all boxes;
    /// - `main_shot_seconds`: who is in each shot, and upper bounds of their seconds. People at the edge of a shot (`edge`, texts
    ///   that begin with a name) may or may not be found; the shot adds to their bound.
    ///
    /// # Errors
    /// Fails for a text that is not JSON of one of these forms.
    pub fn parse(text: &str) -> Result<Self, TruthError> {
        let value: serde_json::Value = serde_json::from_str(text)?;
        let has = |key: &str| value.get(key).is_some_and(|v| !v.is_null());
        if !(has("shots") && (has("main_shot_seconds") || has("totals") && (has("tracks") || has("boxes")))) {
            let keys = value.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>().join(", "));
            return Err(TruthError::Form { found: keys.unwrap_or_else(|| "none".into()) });
        }
        let raw: Raw = serde_json::from_value(value)?;
        let seconds: BTreeMap<String, (f64, Bound)> = match (raw.totals, raw.main_shot_seconds) {
            (Some(totals), _) => totals.into_iter().map(|(n, t)| (n, (t.visual_s, Bound::Exact))).collect(),
            (None, main) => {
                let edge =
                    |name: &str| -> f64 { raw.shots.iter().filter(|s| s.has_at_its_edge(name)).map(|s| s.end - s.start).sum() };
                main.unwrap_or_default().into_iter().map(|(n, s)| (n.clone(), (s + edge(&n), Bound::AtMost))).collect()
            }
        };
        let people: Vec<TruthPerson> =
            seconds.into_iter().map(|(name, (visual_s, bound))| TruthPerson { name, visual_s, bound }).collect();
        let person = |name: &str| people.iter().position(|p| p.name == name);
        let shots: Vec<TruthShot> = raw
            .shots
            .iter()
            .map(|s| TruthShot {
                start_frame: s.start_frame,
                end_frame: s.end_frame,
                transition_frames: s.transition_frames,
                people: s.identities.iter().filter_map(|n| person(n)).collect(),
                edge: (0..people.len()).filter(|p| s.has_at_its_edge(&people[*p].name)).collect(),
            })
            .collect();
        let (faces, tracks) = if let Some(tracks) = raw.tracks {
            faces_of_tracks(&tracks, raw.n_frames, person)?
        } else {
            let size = Size { width: raw.width, height: raw.height };
            faces_of_boxes(&raw.boxes.unwrap_or_default(), &shots, raw.n_frames, size, person)
        };
        let speech = raw.speech.iter();
        let speech =
            speech.map(|s| TruthSpeech { person: person(&s.identity), start: s.start, end: s.end, visible: s.visible }).collect();
        Ok(Self { frames: raw.n_frames, shots, people, faces, tracks, speech, fps: raw.fps.as_f64().unwrap_or(0.0) })
    }

    /// Returns the shot that picture `frame` lies in.
    #[must_use]
    pub fn shot_at(&self, frame: u64) -> Option<&TruthShot> {
        self.shots.iter().find(|s| (s.start_frame..s.end_frame).contains(&frame))
    }
}

type Faces = BTreeMap<u64, Vec<TruthFace>>;

fn faces_of_tracks(
    tracks: &[RawTrack],
    frames: u64,
    person: impl Fn(&str) -> Option<usize>,
) -> Result<(Faces, usize), TruthError> {
    let mut faces: Faces = (0..frames).map(|f| (f, Vec::new())).collect();
    for (number, t) in tracks.iter().enumerate() {
        if t.boxes.len() != t.frames.len() || t.visible.len() != t.frames.len() || t.alpha.len() != t.frames.len() {
            return Err(TruthError::Lengths { frames: t.frames.len(), boxes: t.boxes.len() });
        }
        let Some(person) = person(&t.identity) else { continue };
        let rows = t.frames.iter().zip(&t.boxes).zip(t.visible.iter().zip(&t.alpha));
        for (n, ((frame, b), (inside, weight))) in rows.enumerate() {
            let cover = Cover::of(t.occlusion.get(n).map(String::as_str));
            let bbox = BBox::new(b[0], b[1], b[2], b[3]);
            faces.entry(*frame).or_default().push(TruthFace {
                bbox,
                person,
                track: number,
                inside: *inside,
                weight: *weight,
                cover,
            });
        }
    }
    Ok((faces, tracks.len()))
}

fn faces_of_boxes(
    boxes: &[RawBox],
    shots: &[TruthShot],
    frames: u64,
    size: Size,
    person: impl Fn(&str) -> Option<usize>,
) -> (Faces, usize) {
    let step = boxes.iter().fold(0, |step, b| gcd(step, b.frame));
    if boxes.is_empty() || step == 0 {
        return (Faces::new(), 0);
    }
    let mut faces: Faces = (0..frames).filter(|f| f % step == 0).map(|f| (f, Vec::new())).collect();
    let shot_at = |frame| shots.iter().position(|s| (s.start_frame..s.end_frame).contains(&frame));
    let rows: Vec<(usize, &RawBox, Option<usize>)> =
        boxes.iter().filter_map(|b| Some((person(&b.identity)?, b, shot_at(b.frame)))).collect();
    let tracks: Vec<(Option<usize>, usize)> = rows.iter().map(|r| (r.2, r.0)).collect::<BTreeSet<_>>().into_iter().collect();
    for (person, b, shot) in rows {
        let bbox = BBox::new(b.r#box[0], b.r#box[1], b.r#box[2], b.r#box[3]);
        let track = tracks.binary_search(&(shot, person)).unwrap_or(0);
        let inside = bbox.share_inside(size);
        faces.entry(b.frame).or_default().push(TruthFace { bbox, person, track, inside, weight: 1.0, cover: Cover::Unknown });
    }
    (faces, tracks.len())
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_truth_is_told_by_its_keys() {
        let shots = r#""n_frames":20,"width":100,"height":100,"shots":[{"start_frame":0,"end_frame":20,"identities":["A"]}]"#;
        let tracks = format!(
            r#"{{{shots},"tracks":[{{"identity":"A","frames":[3],"boxes":[[0,0,9,9]],"visible":[0.7],"alpha":[1.0]}}],"totals":{{"A":{{"visual_s":0.04}}}}}}"#
        );
        let t = Truth::parse(&tracks).unwrap();
        assert_eq!((t.faces.len(), t.faces[&3][0].person, t.tracks), (20, 0, 1));
        let boxes = format!(
            r#"{{{shots},"boxes":[{{"frame":0,"identity":"A","box":[0,0,9,9]}},{{"frame":10,"identity":"A","box":[-9,0,9,9]}},{{"frame":15,"identity":"A","box":[0,0,9,9]}}],"totals":{{"A":{{"visual_s":0.8}}}}}}"#
        );
        let t = Truth::parse(&boxes).unwrap();
        assert_eq!(t.faces.keys().copied().collect::<Vec<_>>(), [0, 5, 10, 15]);
        assert!((t.faces[&10][0].inside - 0.5).abs() < 1e-6);
        let main = format!(r#"{{{shots},"main_shot_seconds":{{"A":0.8}}}}"#);
        let t = Truth::parse(&main).unwrap();
        assert_eq!((t.people[0].bound, t.faces.len(), t.shot_at(7).unwrap().people.as_slice()), (Bound::AtMost, 0, &[0][..]));
    }

    #[test]
    fn people_at_the_edge_of_a_shot_may_be_found_there() {
        let text = r#"{"n_frames":20,"width":9,"height":9,"main_shot_seconds":{"Joey":1.0},
            "shots":[{"start_frame":0,"end_frame":20,"start":1.0,"end":3.0,"main":[],"edge":["Joey (rear)","someone"]}]}"#;
        let t = Truth::parse(text).unwrap();
        assert_eq!(t.shot_at(0).unwrap().edge, [0]);
        assert!((t.people[0].visual_s - 3.0).abs() < 1e-9);
    }

    #[test]
    fn other_texts_are_refused_with_what_was_found() {
        assert!(matches!(Truth::parse("nonsense"), Err(TruthError::Json(_))));
        let Err(e) = Truth::parse(r#"{"shots":[],"fps":25}"#) else { panic!("taken as truth") };
        assert!(e.to_string().contains("shots, fps"), "{e}");
    }
}
