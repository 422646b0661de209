//! The live line of a run, in words.

use super::progress_json::RunFacts;
use crate::pipeline::{Phase, ProgressView};

const SEPARATOR: &str = " • ";

/// Returns the live line of a run, as much of it as fits into `width` columns: `mm:ss / mm:ss • phase • detector • tracker • device • fps • ETA • counts`.
#[must_use]
pub fn progress_line(facts: &RunFacts, view: &ProgressView, width: Option<usize>) -> String {
    let parts = parts(facts, view);
    width.map_or_else(|| parts.join(SEPARATOR), |width| fitting(&parts, width))
}

fn parts(facts: &RunFacts, view: &ProgressView) -> Vec<String> {
    let eta = view.eta().map_or_else(|| "--:--".to_owned(), |e| crate::domain::MediaTime::from_secs(e.as_secs_f64()).to_string());
    let mut parts = vec![
        format!("{} / {}", view.media, view.duration),
        format!("phase={}", view.phase.name()),
        format!("detector={}", facts.detector_family),
        format!("tracker={}", facts.tracker),
        format!("device={}", facts.device.as_deref().unwrap_or(&facts.asked_device)),
        rate(view.phase, view.rate()),
        format!("ETA {eta}"),
    ];
    if view.shots > 0 {
        let (shots, tracks, faces) = (counted(view.shots, "shot"), counted(view.tracks, "track"), counted(view.faces, "face"));
        parts.push(format!("{shots}, {tracks}, {faces}"));
    }
    parts
}

/// Says how many units of a phase are done a second, in three columns, so that what fits does not change from one moment to the next.
fn rate(phase: Phase, rate: f64) -> String {
    match phase {
        // Of sound it is seconds a second.
        Phase::Listen => format!("speed={rate:<3.0}"),
        Phase::Embed => format!("crops/s={rate:<3.0}"),
        Phase::Link => format!("shots/s={rate:<3.1}"),
        Phase::Transcribe => format!("windows/s={rate:<3.1}"),
        Phase::Prepare | Phase::Detect | Phase::Diarise | Phase::Cluster | Phase::Done => format!("fps={rate:<3.0}"),
    }
}

/// Joins the parts that fit into `width` columns: the counts go first, then the labels, then what matters least while
/// waiting; the time reached stays.
fn fitting(parts: &[String], width: usize) -> String {
    /// Positions in [`parts`]: tracker, detector, device, fps, phase, ETA.
    const GOES: [usize; 6] = [3, 2, 4, RATE, 1, 6];
    const RATE: usize = 5;
    let fits = |text: &String| text.chars().count() <= width;
    let core = &parts[..parts.len().min(7)];
    // A bare number would say nothing.
    let bare: Vec<&str> = core
        .iter()
        .enumerate()
        .map(|(at, p)| p.split_once('=').filter(|_| at != RATE).map_or(p.as_str(), |(_, value)| value))
        .collect();
    let narrower = (0..=GOES.len()).map(|n| {
        let left: Vec<&str> = (0..bare.len()).filter(|i| !GOES[..n].contains(i)).map(|i| bare[i]).collect();
        left.join(SEPARATOR)
    });
    let mut texts = [parts.join(SEPARATOR), core.join(SEPARATOR)].into_iter().chain(narrower);
    texts.find(fits).unwrap_or_else(|| bare[0].chars().take(width).collect())
}

/// Says how many there are of something.
#[must_use]
pub fn counted(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phase_counts_in_units_of_its_own() {
        let told = |phase| rate(phase, 0.74);
        assert_eq!(told(Phase::Detect), "fps=1  ");
        assert_eq!([Phase::Link, Phase::Transcribe].map(told), ["shots/s=0.7", "windows/s=0.7"]);
        let parts: Vec<String> = [
            "00:12 / 44:59",
            "phase=audio:link",
            "detector=scrfd",
            "tracker=bytetrack",
            "device=cpu",
            "shots/s=0.7",
            "ETA 12:34",
        ]
        .map(str::to_owned)
        .to_vec();
        assert_eq!(fitting(&parts, 60), "00:12 / 44:59 • audio:link • cpu • shots/s=0.7 • ETA 12:34");
    }

    #[test]
    fn the_line_never_exceeds_the_terminal_and_drops_what_matters_least() {
        let parts: Vec<String> = [
            "00:12 / 44:59",
            "phase=detect",
            "detector=scrfd",
            "tracker=bytetrack",
            "device=cpu",
            "fps=125",
            "ETA 12:34",
            "12 shots, 34 tracks, 5678 faces",
        ]
        .map(str::to_owned)
        .to_vec();
        for width in 0..200 {
            assert!(fitting(&parts, width).chars().count() <= width, "{width}");
        }
        assert_eq!(fitting(&parts, 200), parts.join(SEPARATOR));
        assert_eq!(fitting(&parts, 100), parts[..7].join(SEPARATOR));
        assert_eq!(fitting(&parts, 79), "00:12 / 44:59 • detect • scrfd • bytetrack • cpu • fps=125 • ETA 12:34");
        assert_eq!(fitting(&parts, 60), "00:12 / 44:59 • detect • scrfd • cpu • fps=125 • ETA 12:34");
        assert_eq!(fitting(&parts, 30), "00:12 / 44:59 • ETA 12:34");
    }
}
