//! How well an embedder tells people apart: every pair of pictures of a folder of people.

use crate::domain::Embedding;
use serde::Serialize;
use std::fmt;

/// A picture of somebody, and what the models made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Portrait {
    pub person: String,
    /// Absent where no face was found.
    pub vector: Option<Embedding>,
}

/// A cosine to judge an embedder at, and what it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    pub what: String,
    pub cosine: f32,
}

/// What happens where every pair from a cosine on is taken for one person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperatingPoint {
    pub what: String,
    pub cosine: f32,
    /// Share of the pairs of one person that are taken for one, `0..=1`; a pair with a picture without a face is not.
    pub same_accepted: f64,
    /// Share of the pairs of two people that are taken for one, `0..=1`.
    pub others_accepted: f64,
    /// Share of all pairs that are judged rightly, `0..=1`.
    pub right: f64,
}

/// Two people who look alike to the embedder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alike {
    pub people: [String; 2],
    /// The largest cosine between two pictures of them.
    pub cosine: f32,
}

/// How well faces are found and people told apart, over all pairs of pictures.
///
/// A picture without a face counts where it hurts: its pairs with others of its person are never accepted, and it has no
/// pairs with strangers, which it could only be right about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verification {
    pub people: usize,
    pub pictures: usize,
    pub with_face: usize,
    /// Pairs of one person, those with a picture without a face included.
    pub same_pairs: usize,
    /// Pairs of two people, faces found in both.
    pub other_pairs: usize,
    /// Share of wrong answers where strangers are accepted as often as pairs of one person are refused, `0..=1`.
    pub equal_error: f64,
    /// Where most pairs are right, where a share of strangers is accepted, and at the marks that were asked for.
    pub points: Vec<OperatingPoint>,
    /// The pairs of people with the largest cosines, falling.
    pub most_alike: Vec<Alike>,
}

/// Shares of strangers that are let through; the best cosine for each is looked for.
const FALSE_ACCEPTS: [(f64, &str); 2] = [(1e-2, "1 in 100 strangers"), (1e-3, "1 in 1,000 strangers")];
/// Heads the table of points.
const HEAD: &str = "taken for one person from";
/// Pairs of people that are told.
const ALIKE: usize = 3;

/// Compares every picture with every other.
///
/// `None` where there is no pair of one person, or none of two with faces found in both. Takes 4 bytes a pair, and `O(n^2)` time for `n`
/// pictures.
#[must_use]
pub fn verify(portraits: &[Portrait], marks: &[Mark]) -> Option<Verification> {
    let (mut same, mut others, mut same_pairs) = (Vec::new(), Vec::new(), 0);
    let mut alike: Vec<Alike> = Vec::new();
    for (i, a) in portraits.iter().enumerate() {
        for b in &portraits[i + 1..] {
            let is_same = a.person == b.person;
            same_pairs += usize::from(is_same);
            let (Some(va), Some(vb)) = (&a.vector, &b.vector) else { continue };
            let cosine = va.cosine(vb)?;
            if is_same {
                same.push(cosine);
            } else {
                others.push(cosine);
                note_alike(&mut alike, [&a.person, &b.person], cosine);
            }
        }
    }
    if same_pairs == 0 || others.is_empty() {
        return None;
    }
    let pairs = Pairs::new(same, others, same_pairs);
    let mut points = vec![pairs.at("best of these pictures", pairs.best_cosine())];
    points.extend(FALSE_ACCEPTS.map(|(share, what)| pairs.at(what, pairs.cosine_that_accepts(share))));
    points.extend(marks.iter().map(|m| pairs.at(&m.what, m.cosine)));
    let mut people: Vec<&str> = portraits.iter().map(|p| p.person.as_str()).collect();
    people.sort_unstable();
    people.dedup();
    Some(Verification {
        people: people.len(),
        pictures: portraits.len(),
        with_face: portraits.iter().filter(|p| p.vector.is_some()).count(),
        same_pairs,
        other_pairs: pairs.others.len(),
        equal_error: pairs.equal_error(),
        points,
        most_alike: alike,
    })
}

/// Keeps the few pairs of people with the largest cosines.
fn note_alike(alike: &mut Vec<Alike>, people: [&String; 2], cosine: f32) {
    if alike.len() >= ALIKE && alike.last().is_some_and(|a| a.cosine >= cosine) {
        return;
    }
    let known = alike.iter_mut().find(|a| people.iter().all(|p| a.people.contains(p)));
    match known {
        Some(known) => known.cosine = known.cosine.max(cosine),
        None => alike.push(Alike { people: people.map(String::clone), cosine }),
    }
    alike.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
    alike.truncate(ALIKE);
}

/// Cosines of all pairs, ascending.
struct Pairs {
    same: Vec<f32>,
    others: Vec<f32>,
    /// With those that have no cosine.
    of_one_person: usize,
}

impl Pairs {
    fn new(mut same: Vec<f32>, mut others: Vec<f32>, of_one_person: usize) -> Self {
        same.sort_by(f32::total_cmp);
        others.sort_by(f32::total_cmp);
        Self { same, others, of_one_person }
    }

    fn accepted(sorted: &[f32], cosine: f32) -> usize {
        sorted.len() - sorted.partition_point(|c| *c < cosine)
    }

    fn at(&self, what: &str, cosine: f32) -> OperatingPoint {
        let (same, others) = (Self::accepted(&self.same, cosine), Self::accepted(&self.others, cosine));
        let right = same + self.others.len() - others;
        OperatingPoint {
            what: what.to_owned(),
            cosine,
            same_accepted: share(same, self.of_one_person),
            others_accepted: share(others, self.others.len()),
            right: share(right, self.of_one_person + self.others.len()),
        }
    }

    /// Returns the cosine from which on most pairs are right; of several the highest. Only cosines of one person's pairs can be it.
    fn best_cosine(&self) -> f32 {
        let none = (self.others.len(), f32::INFINITY);
        let right = |c: f32| Self::accepted(&self.same, c) + self.others.len() - Self::accepted(&self.others, c);
        let best = self.same.iter().rev().fold(none, |best, c| if right(*c) > best.0 { (right(*c), *c) } else { best });
        // Where it is best to accept nobody, from just above the highest cosine on.
        if best.1.is_finite() { best.1 } else { self.highest().next_up() }
    }

    fn highest(&self) -> f32 {
        [self.same.last(), self.others.last()].into_iter().flatten().fold(-1.0, |a, b| a.max(*b))
    }

    /// Returns the lowest cosine from which on at most this share of the strangers is accepted.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length is within it")]
    fn cosine_that_accepts(&self, share: f64) -> f32 {
        let allowed = (share * self.others.len() as f64).floor() as usize;
        self.others.iter().rev().nth(allowed).map_or(-1.0, |c| c.next_up())
    }

    /// Walks up the cosines until fewer strangers are accepted than pairs of one person refused.
    fn equal_error(&self) -> f64 {
        let mut least = (f64::INFINITY, 1.0);
        for cosine in self.same.iter().chain(&self.others) {
            let point = self.at("", *cosine);
            let refused = 1.0 - point.same_accepted;
            let apart = (refused - point.others_accepted).abs();
            if apart < least.0 {
                least = (apart, f64::midpoint(refused, point.others_accepted));
            }
        }
        least.1
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = percent(share(self.with_face, self.pictures));
        writeln!(f, "pictures {} of {} people   a face in {} ({found})", self.pictures, self.people, self.with_face)?;
        writeln!(f, "pairs    {} of one person   {} of two", self.same_pairs, self.other_pairs)?;
        writeln!(
            f,
            "error    {} where as many strangers are accepted as faces of one person refused",
            percent(self.equal_error)
        )?;
        for (i, pair) in self.most_alike.iter().enumerate() {
            let what = if i == 0 { "alike" } else { "" };
            writeln!(f, "{what:8} {} and {} at {:.3}", pair.people[0], pair.people[1], pair.cosine)?;
        }
        let width = self.points.iter().map(|p| p.what.chars().count()).max().unwrap_or(0).max(HEAD.len());
        writeln!(f, "\n  {HEAD:width$}  cosine  one person  strangers  pairs right")?;
        for p in &self.points {
            let [same, others, right] = [p.same_accepted, p.others_accepted, p.right].map(percent);
            writeln!(f, "  {:width$}  {:>6.3}  {same:>10}  {others:>9}  {right:>11}", p.what, p.cosine)?;
        }
        Ok(())
    }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vector whose cosine to `[1, 0]` is known.
    fn portrait(person: &str, degrees: f32) -> Portrait {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Portrait { person: person.into(), vector: Some(Embedding::from_raw(vec![cos, sin]).unwrap()) }
    }

    fn near(found: f64, due: f64) {
        assert!((found - due).abs() < 1e-9, "{found} {due}");
    }

    /// Ava at 0, 10 and 40 degrees, Ben at 50 and 60: one pair of strangers (10 apart) is nearer than two of Ava's.
    fn mixed() -> Vec<Portrait> {
        [("ava", 0.0), ("ava", 10.0), ("ava", 40.0), ("ben", 50.0), ("ben", 60.0)].map(|(who, at)| portrait(who, at)).to_vec()
    }

    #[test]
    fn every_pair_counts_once_and_the_marks_are_judged() {
        let mark = Mark { what: "mark".into(), cosine: 25f32.to_radians().cos() };
        let found = verify(&mixed(), &[mark]).unwrap();
        assert_eq!((found.people, found.pictures, found.with_face), (2, 5, 5));
        assert_eq!((found.same_pairs, found.other_pairs), (4, 6));
        let mark = found.points.last().unwrap();
        // Within 25 degrees: Ava's first two and Ben's; strangers at 10 and 20 degrees.
        near(mark.same_accepted, 0.5);
        near(mark.others_accepted, 2.0 / 6.0);
        near(mark.right, 0.6);
    }

    #[test]
    fn a_share_of_strangers_that_is_less_than_one_pair_lets_none_through() {
        let found = verify(&mixed(), &[]).unwrap();
        let strict = &found.points[2];
        near(strict.others_accepted, 0.0);
        // Strangers at 10 degrees are nearer than any pair of one person but those at 10, which tie with them.
        assert!(strict.same_accepted <= 0.5 && strict.cosine >= 10f32.to_radians().cos() - 1e-6);
    }

    #[test]
    fn a_picture_without_a_face_is_refused_by_its_own_person_and_unknown_to_strangers() {
        let mut portraits = vec![portrait("ava", 0.0), portrait("ava", 5.0), portrait("ben", 90.0)];
        portraits.push(Portrait { person: "ava".into(), vector: None });
        let found = verify(&portraits, &[]).unwrap();
        assert_eq!((found.with_face, found.same_pairs, found.other_pairs), (3, 3, 2));
        let best = &found.points[0];
        near(best.same_accepted, 1.0 / 3.0);
        near(best.others_accepted, 0.0);
        near(best.right, 0.6);
    }

    #[test]
    fn people_who_are_told_apart_without_a_fault_have_no_error() {
        let portraits = [("ava", 0.0), ("ava", 5.0), ("ben", 90.0), ("ben", 95.0)].map(|(who, at)| portrait(who, at));
        let found = verify(&portraits, &[]).unwrap();
        near(found.equal_error, 0.0);
        for point in &found.points {
            near(point.same_accepted, 1.0);
            near(point.right, 1.0);
        }
        assert_eq!(found.most_alike.len(), 1);
        assert_eq!(found.most_alike[0].people, ["ava", "ben"]);
        near(f64::from((found.most_alike[0].cosine - 85f32.to_radians().cos()).abs()).round(), 0.0);
    }

    #[test]
    fn the_most_alike_are_told_once_a_pair_of_people() {
        let angles = [("a", 0.0), ("b", 1.0), ("b", 2.0), ("c", 30.0), ("d", 90.0), ("e", 180.0), ("a", 3.0)];
        let found = verify(&angles.map(|(who, at)| portrait(who, at)), &[]).unwrap();
        let pairs: Vec<_> = found.most_alike.iter().map(|a| a.people.concat()).collect();
        assert_eq!(pairs.len(), 3, "{pairs:?}");
        assert!(["ab", "ba"].contains(&pairs[0].as_str()), "{pairs:?}");
        assert!(found.most_alike.is_sorted_by(|a, b| a.cosine >= b.cosine));
    }

    #[test]
    fn one_person_or_one_picture_of_each_is_nothing_to_judge_by() {
        assert_eq!(verify(&[portrait("ava", 0.0), portrait("ava", 5.0)], &[]), None);
        assert_eq!(verify(&[portrait("ava", 0.0), portrait("ben", 5.0)], &[]), None);
        let unseen = Portrait { person: "ben".into(), vector: None };
        assert_eq!(verify(&[portrait("ava", 0.0), portrait("ava", 5.0), unseen], &[]), None);
    }
}
