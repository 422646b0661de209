//! The sound of an open episode's video, played where there is something to play it on.

use super::FrameSource;
use crate::domain::{RunMeta, Span};
use crate::media::audio::SoundChoice;
use crate::media::play::{Asked, PlayError};

impl FrameSource {
    /// Returns what a speaker is to be asked for: a span of the sound that was listened to.
    #[must_use]
    pub fn sound(&self, span: Span) -> Asked {
        let source = self.clone();
        let video = move || {
            let missing = |e: super::SessionError| PlayError::NoVideo { what: e.to_string(), hint: e.hint() };
            source.find().map(std::path::Path::to_path_buf).map_err(missing)
        };
        Asked { video: Box::new(video), choice: choice(self.run()), span }
    }
}

/// Returns which sound a run listened to; where it did not, which one it would have.
fn choice(run: &RunMeta) -> SoundChoice {
    if let Some(facts) = run.sound.as_ref().and_then(|s| s.facts.as_ref()) {
        return SoundChoice::Stream(facts.stream);
    }
    let asked = run.params.pointer("/listen/stream").and_then(serde_json::Value::as_str);
    asked.map(|s| SoundChoice::from(s.to_owned())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Listening, SoundFacts};

    #[test]
    fn what_was_listened_to_is_played() {
        let model = serde_json::json!({"id": "m", "family": "f", "licence": "MIT", "sha256": "", "file": "m.onnx"});
        let counts = serde_json::to_value(crate::domain::Counts::default()).unwrap();
        let mut run: RunMeta = serde_json::from_value(serde_json::json!({
            "id": 1, "started_at": "2026-01-01T00:00:00Z", "finished_at": null, "tool": "", "detector": model, "embedder": model,
            "tracker": "bytetrack", "device": {"asked": "cpu", "used": "cpu", "reason": null}, "params": {}, "scan_key": "",
            "counts": counts, "marks": {},
            "video": {"path": "/v.mkv", "bytes": 1, "sha256": "", "size": {"width": 1, "height": 1}, "fps": 25.0, "first_pts": 0,
                "duration": 0, "codec": "", "pixel_format": ""},
        }))
        .unwrap();
        assert_eq!(choice(&run), SoundChoice::Usual);
        run.params = serde_json::json!({"listen": {"stream": "fr"}});
        assert_eq!(choice(&run), SoundChoice::Language("fr".into()));
        let facts = SoundFacts {
            stream: 3,
            language: Some("fra".into()),
            codec: "aac".into(),
            rate: 48_000,
            channels: 2,
            mix: "mean of 2".into(),
            span: Span::default(),
            damaged_packets: 0,
            notes: Vec::new(),
        };
        run.sound = Some(Listening { key: String::new(), models: Vec::new(), device: "cpu".into(), facts: Some(facts) });
        assert_eq!(choice(&run), SoundChoice::Stream(3));
    }
}
