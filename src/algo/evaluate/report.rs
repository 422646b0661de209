//! Prints an evaluation.

use super::truth::Bound;
use super::{BadgeScores, FaceScore, IdentityScore, PeopleScore, Purity, ShotScore, SpeakingScore};
use serde::Serialize;
use std::fmt;

/// How a run compares with the truth; prints as a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    pub shots: ShotScore,
    pub faces: FaceScore,
    pub people: PeopleScore,
    pub identities: IdentityScore,
    /// Absent where the truth does not say what is before faces, or no face was looked at.
    pub badges: Option<BadgeScores>,
    /// Absent where no sound was analysed, or the truth knows of no speech.
    pub speaking: Option<SpeakingScore>,
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (s, c, p) = (&self.shots, &self.faces, &self.people);
        writeln!(f, "shots    cuts {}/{}   dissolves {}/{}", s.cuts_found, s.cuts, s.dissolves_found, s.dissolves)?;
        list(f, "missed at", &s.missed)?;
        list(f, "false at", &s.false_ones)?;
        if c.pictures > 0 {
            writeln!(
                f,
                "faces    {} on {} pictures   detected {}   tracked {}   false boxes {} of {}",
                c.faces,
                c.pictures,
                percent(c.recall_detected),
                percent(c.recall_tracked),
                c.false_boxes,
                c.boxes
            )?;
            writeln!(f, "tracks   {} for each true one   switches {}", figure(c.fragmentation), c.id_switches)?;
        }
        let by = match p.judged_by {
            Purity::Faces => "by faces",
            Purity::Shots => "by who is in the shot",
        };
        writeln!(
            f,
            "people   {} clusters   {} for each person   purity {} ({by})",
            p.clusters,
            figure(p.clusters_per_person),
            percent(p.purity)
        )?;
        list(f, "clusters of nobody", &p.clusters_of_nobody)?;
        let i = &self.identities;
        if i.idf1.is_some() {
            writeln!(f, "identity IDF1 {}   NMI {}", percent(i.idf1), percent(i.nmi))?;
        }
        if let Some(names) = &i.names {
            writeln!(
                f,
                "names    {} of {} faces of known people right, {} under another name; {} of {} faces of others named",
                percent(names.accuracy()),
                names.known,
                names.wrong,
                names.strangers_named,
                names.strangers
            )?;
        }
        if let Some(names) = i.names.as_ref().filter(|n| n.hidden > 0) {
            writeln!(
                f,
                "hidden   {} of {} known faces that are covered or in profile right",
                percent(names.hidden_accuracy()),
                names.hidden
            )?;
        }
        if let Some(badges) = &self.badges {
            writeln!(f, "badges   {badges}")?;
        }
        let width = p.people.iter().map(|x| x.name.chars().count()).max().unwrap_or(0).max(6);
        writeln!(f, "\n  {:width$}  {:>9}  {:>9}  {:>8}  clusters", "person", "truth s", "found s", "off s")?;
        for x in &p.people {
            let truth = match x.bound {
                Bound::Exact => format!("{:.3}", x.truth_s),
                Bound::AtMost => format!("<={:.3}", x.truth_s),
            };
            let ids: Vec<String> = x.clusters.iter().map(ToString::to_string).collect();
            let off = x.found_s - x.truth_s;
            writeln!(f, "  {:width$}  {truth:>9}  {:>9.3}  {off:>+8.3}  {}", x.name, x.found_s, ids.join(" "))?;
        }
        write!(f, "\nseconds  off by {:.3} s in all, {}", p.error_s, error(p.error_percent))?;
        if p.below_bounds_s > 0.0 {
            write!(f, "; {:.3} s below the upper bounds", p.below_bounds_s)?;
        }
        writeln!(f)?;
        if let Some(s) = &self.speaking {
            writeln!(
                f,
                "speaking claimed {:.2} s seen, {} right; {} of {:.2} s on screen found; {} of {:.2} s off screen claimed falsely",
                s.claimed_s,
                percent(s.precision()),
                percent(s.coverage()),
                s.on_screen_s,
                percent(s.falsely_claimed()),
                s.off_screen_s
            )?;
            let speech = s.on_screen_s + s.off_screen_s;
            writeln!(
                f,
                "voices   {:.2} of {speech:.2} s given to who speaks, {:.2} s to somebody else",
                s.named_s, s.misnamed_s
            )?;
        }
        Ok(())
    }
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, what: &str, items: &[T]) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    writeln!(f, "         {what} {}", items.join(", "))
}

fn percent(x: Option<f64>) -> String {
    x.map_or_else(|| "-".into(), |x| format!("{:.2} %", 100.0 * x))
}

fn figure(x: Option<f64>) -> String {
    x.map_or_else(|| "-".into(), |x| format!("{x:.2}"))
}

fn error(x: Option<f64>) -> String {
    x.map_or_else(|| "no true seconds".into(), |x| format!("{x:.2} % of the true seconds"))
}
