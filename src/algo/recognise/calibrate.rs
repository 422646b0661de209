//! Fits the belief of recognition to pictures of people, and says how far it can be trusted.

use super::belief::{Belief, Evidence, Params};
use super::fit::{self, Trial};
use crate::algo::mean_of_nearest;
use crate::domain::{CosineMap, Embedding};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Holds the numbers of calibration; `config/recognition.toml` gives their units and reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationParams {
    pub cast: usize,
    pub references: Vec<usize>,
    pub ridge: f64,
    pub eye_px: Vec<f32>,
}

/// A face of a picture, as large as it is or made smaller.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    pub person: usize,
    pub picture: usize,
    pub vector: Embedding,
    /// `0..=1`.
    pub quality: f32,
    /// Whether it is one that others are compared with: the picture as it is.
    pub is_reference: bool,
}

/// How often beliefs of a stretch are right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reliability {
    /// The stretch is from here to a tenth above.
    pub from: f64,
    pub trials: usize,
    /// Mean belief.
    pub said: f64,
    /// Share that was right.
    pub right: f64,
}

/// A fitted belief, and what it is worth: every figure is of people who took no part in the fit that it judges.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    pub belief: Belief,
    pub people: usize,
    pub faces: usize,
    pub trials: usize,
    /// Mean square of what belief is off, `0..=1`: 0 is best, 0.25 is what always saying one half gets (Brier 1950).
    pub brier: f64,
    /// Mean difference between belief and share that was right, over tenths of belief (expected calibration error, Guo et al. 2017).
    pub calibration_error: f64,
    pub reliability: Vec<Reliability>,
    /// Of faces of people who have references, the share that gets the right name at `similarity_th`, and a wrong one.
    pub known_right: f64,
    pub known_wrong: f64,
    /// Of faces of people who have none, the share that gets somebody's name.
    pub strangers_named: f64,
}

/// Says whom each face is taken for in casts that its person is in, and in casts that they are not in, and fits the belief to what was right.
///
/// Each face is compared with `cast` people, each of `references` many pictures, never with its own; once with its person among them and once
/// without. Both kinds weigh the same. Who is in a cast and by which pictures goes round, so nothing is left to chance. Each person's faces are
/// judged by a fit without any picture of them; the belief that is returned is fitted to all. `map` leads from the cosines of the embedder to
/// those of the settings, `strangers` is the mean cosine of strangers there. `None` for fewer than three people.
#[must_use]
pub fn calibrate(
    params: &Params,
    by: &CalibrationParams,
    map: &CosineMap,
    strangers: f32,
    probes: &[Probe],
) -> Option<Calibration> {
    let people: BTreeSet<usize> = probes.iter().filter(|p| p.is_reference).map(|p| p.person).collect();
    if people.len() < 3 {
        return None;
    }
    let table = Table::new(params, map, strangers, probes, &people);
    let all = table.trials(by, None);
    let belief = Belief::from_weights(fit::fit(&balanced(&all), by.ridge));
    let mut held: Vec<(Outcome, f64)> = Vec::new();
    for person in &people {
        let weights = fit::fit(&balanced(&table.trials(by, Some(*person))), by.ridge);
        let own = all.iter().filter(|o| o.person == *person);
        held.extend(own.map(|o| (*o, fit::belief(&weights, &o.trial.features))));
    }
    let trials = balanced(&held.iter().map(|h| h.0).collect::<Vec<_>>());
    let judged: Vec<(Trial, f64)> = trials.into_iter().zip(held.iter().map(|h| h.1)).collect();
    let (brier, calibration_error, reliability) = worth(&judged);
    let share = |of: &dyn Fn(&Outcome) -> bool, is: &dyn Fn(&Outcome, bool) -> bool| {
        let some: Vec<_> = held.iter().filter(|(o, _)| of(o)).collect();
        let named = some.iter().filter(|(o, p)| is(o, *p >= f64::from(params.similarity_th))).count();
        named as f64 / some.len().max(1) as f64
    };
    Some(Calibration {
        belief,
        people: people.len(),
        faces: probes.len(),
        trials: held.len(),
        brier,
        calibration_error,
        reliability,
        known_right: share(&|o| o.is_known, &|o, named| named && o.trial.is_right),
        known_wrong: share(&|o| o.is_known, &|o, named| named && !o.trial.is_right),
        strangers_named: share(&|o| !o.is_known, &|_, named| named),
    })
}

/// What came of one face in one cast.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    person: usize,
    is_known: bool,
    trial: Trial,
}

/// Cosines of all faces to all references, on the scale of the settings.
struct Table<'a> {
    nearest: usize,
    strangers: f32,
    probes: &'a [Probe],
    people: Vec<usize>,
    /// Of each person the places of their references in `probes`.
    references: Vec<Vec<usize>>,
    cosines: Vec<Vec<f32>>,
}

impl<'a> Table<'a> {
    fn new(params: &Params, map: &CosineMap, strangers: f32, probes: &'a [Probe], people: &BTreeSet<usize>) -> Self {
        let of = |person: usize| (0..probes.len()).filter(|i| probes[*i].is_reference && probes[*i].person == person).collect();
        let cosine = |a: &Probe, b: &Probe| match (b.is_reference, a.vector.cosine(&b.vector)) {
            (true, Some(cosine)) => map.cosine(cosine),
            _ => -1.0,
        };
        Self {
            nearest: params.nearest.max(1),
            strangers,
            probes,
            people: people.iter().copied().collect(),
            references: people.iter().map(|p| of(*p)).collect(),
            cosines: probes.iter().map(|a| probes.iter().map(|b| cosine(a, b)).collect()).collect(),
        }
    }

    /// Returns what comes of every face, those of `without` and their pictures left out.
    fn trials(&self, by: &CalibrationParams, without: Option<usize>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for (at, probe) in self.probes.iter().enumerate().filter(|(_, p)| Some(p.person) != without) {
            let others: Vec<usize> = (0..self.people.len())
                .map(|n| (n + at) % self.people.len())
                .filter(|q| self.people[*q] != probe.person && Some(self.people[*q]) != without)
                .take(by.cast.saturating_sub(1).max(2))
                .collect();
            let own = self.people.iter().position(|p| *p == probe.person);
            for count in &by.references {
                let known: Vec<usize> = own.into_iter().chain(others.iter().copied()).collect();
                for (cast, is_known) in [(&known, true), (&others, false)] {
                    let Some((whom, evidence)) = self.nearest(at, cast, (*count).max(1)) else { continue };
                    let is_right = self.people[whom] == probe.person;
                    // Whose only picture is the face itself is no member of the cast.
                    if is_known && own.is_some_and(|o| self.pictures(at, o, 1).is_empty()) {
                        continue;
                    }
                    let trial = Trial { features: evidence.features(), is_right, weight: 1.0 };
                    outcomes.push(Outcome { person: probe.person, is_known, trial });
                }
            }
        }
        outcomes
    }

    /// Returns so many references of a person, beginning elsewhere for each face; never the face's own picture.
    fn pictures(&self, at: usize, person: usize, count: usize) -> Vec<usize> {
        let all = &self.references[person];
        let round = (0..all.len()).map(|n| all[(n + at) % all.len()]);
        round.filter(|r| self.probes[*r].picture != self.probes[at].picture).take(count).collect()
    }

    fn nearest(&self, at: usize, cast: &[usize], count: usize) -> Option<(usize, Evidence)> {
        let mut near: Vec<(f32, usize, usize)> = cast
            .iter()
            .filter_map(|person| {
                let references = self.pictures(at, *person, count);
                let similarity = mean_of_nearest(references.iter().map(|r| self.cosines[at][*r]), self.nearest)?;
                Some((similarity, *person, references.len()))
            })
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (similarity, person, references) = *near.first()?;
        let next = near.get(1).map_or(self.strangers, |n| n.0.max(self.strangers));
        let quality = self.probes[at].quality;
        Some((person, Evidence { similarity, margin: similarity - next, quality, references }))
    }
}

/// Lets faces of known people and of strangers weigh the same in sum; all together weigh as many as they are.
fn balanced(outcomes: &[Outcome]) -> Vec<Trial> {
    let known = outcomes.iter().filter(|o| o.is_known).count();
    let half = outcomes.len() as f64 / 2.0;
    let weight = |is_known: bool| half / if is_known { known } else { outcomes.len() - known }.max(1) as f64;
    outcomes.iter().map(|o| Trial { weight: weight(o.is_known), ..o.trial }).collect()
}

fn worth(judged: &[(Trial, f64)]) -> (f64, f64, Vec<Reliability>) {
    let truth = |t: &Trial| f64::from(u8::from(t.is_right));
    let all: f64 = judged.iter().map(|(t, _)| t.weight).sum();
    let brier = judged.iter().map(|(t, p)| t.weight * (p - truth(t)).powi(2)).sum::<f64>() / all.max(1e-12);
    let mut stretches = Vec::new();
    let mut error = 0.0;
    for tenth in 0..10 {
        let from = f64::from(tenth) / 10.0;
        let is_in = |p: f64| p >= from && (p < from + 0.1 || tenth == 9);
        let own: Vec<&(Trial, f64)> = judged.iter().filter(|(_, p)| is_in(*p)).collect();
        let weight: f64 = own.iter().map(|(t, _)| t.weight).sum();
        if weight > 0.0 {
            let said = own.iter().map(|(t, p)| t.weight * p).sum::<f64>() / weight;
            let right = own.iter().map(|(t, _)| t.weight * truth(t)).sum::<f64>() / weight;
            error += weight / all * (said - right).abs();
            stretches.push(Reliability { from, trials: own.len(), said, right });
        }
    }
    (brier, error, stretches)
}

impl Calibration {
    /// Returns it as the settings have it.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let Belief { bias, similarity, margin, quality, references } = self.belief;
        format!(
            "[recognise.belief]\nbias = {bias:.3}\nsimilarity = {similarity:.3}\nmargin = {margin:.3}\nquality = {quality:.3}\nreferences = {references:.3}\n"
        )
    }
}

impl fmt::Display for Calibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        writeln!(
            f,
            "faces    {} of {} people, {} trials; each judged by a fit without its person",
            self.faces, self.people, self.trials
        )?;
        writeln!(f, "error    calibration {:.4} (ECE)   Brier {:.4}", self.calibration_error, self.brier)?;
        writeln!(
            f,
            "names    of known people {} right, {} wrong; of strangers {} named",
            percent(self.known_right),
            percent(self.known_wrong),
            percent(self.strangers_named)
        )?;
        writeln!(f, "\n  belief       trials     said    right")?;
        for r in &self.reliability {
            writeln!(f, "  {:.1} to {:.1}  {:>8}  {:>7.3}  {:>7.3}", r.from, r.from + 0.1, r.trials, r.said, r.right)?;
        }
        Ok(())
    }
}
