//! Sums up the spans of tracks by person.

use super::shot_time::{Params, ShotTime, TrackTime};
use super::spans::{covered_twice, measure, union};
use super::speech::{self, Heard, Said};
use crate::domain::{
    Assignment, DiscardReason, Face, FrameTime, Identity, IdentityId, Mark, MediaTime, PersonId, PersonTime, ScreenTime, Shot,
    Size, Source, Span, TrackId,
};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Whose time it is: a person of the catalog, a name, or an identity without either.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Person(PersonId),
    Name(String),
    Nobody(IdentityId),
}

/// Who is who: the decided data that screen time depends on.
///
/// A track without assignment counts for nobody, and is counted by the reason of its mark where a person discarded it; an assignment to
/// an identity that is not in `identities` counts for that identity, unnamed.
#[derive(Debug, Clone, Copy)]
pub struct WhoIsWho<'a> {
    pub assignments: &'a BTreeMap<TrackId, Assignment>,
    pub identities: &'a BTreeMap<IdentityId, Identity>,
    pub marks: &'a BTreeMap<TrackId, Mark>,
}

/// Sums up shots that were measured, of a video of length `duration`; they may come in any order, each once.
///
/// `heard` is who says what; absent where no sound was analysed. People come by falling time, then name; those who were neither seen nor
/// heard are left out. Costs a sort of all spans.
#[must_use]
pub fn fold<'t>(
    params: &Params,
    shots: impl IntoIterator<Item = &'t ShotTime>,
    who: WhoIsWho<'_>,
    heard: Option<Heard<'_>>,
    duration: MediaTime,
) -> ScreenTime {
    let mut fold = Fold { who, shares: BTreeMap::new(), diagnostics: BTreeMap::new() };
    for shot in shots {
        for (what, n) in &shot.left_out {
            fold.count(what, *n);
        }
        for (track, time) in &shot.tracks {
            fold.add(*track, time);
        }
    }
    if let Some(heard) = heard {
        for (identity, said) in speech::said(heard) {
            fold.share(identity).said.push(said);
        }
    }
    let Fold { shares, diagnostics, .. } = fold;
    let pause = heard.map(|_| MediaTime::from_secs(params.speech_pause_s));
    let mut people: Vec<PersonTime> = shares.into_iter().map(|(who, share)| person_time(&who, share, pause)).collect();
    let spoken = |p: &PersonTime| p.speech.as_ref().map_or(MediaTime::ZERO, |s| s.time);
    people.retain(|p| p.visual_time > MediaTime::ZERO || spoken(p) > MediaTime::ZERO);
    people.sort_by(|a, b| {
        let place = |p: &PersonTime| (Reverse(p.visual_time), p.name.is_none(), Reverse(spoken(p)));
        place(a).cmp(&place(b)).then_with(|| (&a.name, &a.identities).cmp(&(&b.name, &b.identities)))
    });
    let named: Vec<Span> = people.iter().filter(|p| p.name.is_some()).flat_map(|p| p.visual.iter().copied()).collect();
    ScreenTime {
        union: measure(&union(named.iter().copied())),
        sum: measure(&named),
        overlap: measure(&covered_twice(named)),
        speech: heard.map(|heard| speech::totals(heard, &people)),
        people,
        duration,
        diagnostics,
        params: serde_json::to_value(params).unwrap_or_default(),
    }
}

/// What one track brings to somebody.
#[derive(Debug, Clone, Copy)]
pub struct Part<'t> {
    pub time: &'t TrackTime,
    /// Belief that it is theirs, `0..=1`.
    pub score: f32,
    pub source: Source,
}

/// The time of one person or identity, over all their tracks.
#[derive(Debug, Clone, PartialEq)]
pub struct Presence {
    /// Disjoint, ascending.
    pub visual: Vec<Span>,
    /// The measure of `visual`.
    pub visual_time: MediaTime,
    /// Part of `visual_time` that bridges gaps inside tracks, where no face was found.
    pub bridged: MediaTime,
    /// Mean belief, weighted by time, `0..=1`.
    pub confidence: f64,
    /// Share of the time whose assignment a person confirmed, `0..=1`.
    pub review_share: f64,
}

impl Presence {
    /// Sums up tracks, in any order.
    #[must_use]
    pub fn of(parts: &[Part<'_>]) -> Self {
        let visual = union(parts.iter().flat_map(|p| p.time.seen.iter().copied()));
        let visual_time = measure(&visual);
        let found = parts.iter().flat_map(|p| without(&p.time.seen, &p.time.bridged));
        let confirmed = parts.iter().filter(|p| p.source == Source::Confirmed).flat_map(|p| p.time.seen.iter().copied());
        let mut weighed: Vec<(i64, f32)> = parts.iter().map(|p| (measure(&p.time.seen).0, p.score)).collect();
        // A sum of floats depends on its order, which must not come from the order of shots.
        weighed.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let weight: f64 = weighed.iter().map(|w| w.0 as f64).sum();
        let belief: f64 = weighed.iter().map(|w| w.0 as f64 * f64::from(w.1)).sum();
        let share = |part: MediaTime| if visual_time > MediaTime::ZERO { part.0 as f64 / visual_time.0 as f64 } else { 0.0 };
        Self {
            bridged: visual_time - measure(&union(found)),
            confidence: if weight > 0.0 { belief / weight } else { 0.0 },
            review_share: share(measure(&union(confirmed))),
            visual,
            visual_time,
        }
    }
}

/// Gathers screen time shot by shot; it keeps spans, not boxes, so an hour takes little memory.
///
/// Shots may come in any order, each once.
#[derive(Debug, Clone)]
pub struct Tally<'a> {
    params: &'a Params,
    picture: Size,
    who: WhoIsWho<'a>,
    shots: Vec<ShotTime>,
}

impl<'a> Tally<'a> {
    /// Starts for a video whose pictures have the size `picture`.
    #[must_use]
    pub fn new(params: &'a Params, picture: Size, who: WhoIsWho<'a>) -> Self {
        Self { params, picture, who, shots: Vec::new() }
    }

    /// Takes one shot, as [`ShotTime::measure`] does.
    pub fn push(&mut self, shot: &Shot, analysed: &[FrameTime], faces: &[Face]) {
        self.shots.push(ShotTime::measure(self.params, self.picture, shot, analysed, faces));
    }

    /// Returns what the shots so far measure.
    #[must_use]
    pub fn shots(&self) -> &[ShotTime] {
        &self.shots
    }

    /// Ends the tally of a video of length `duration`, as [`fold`] does.
    #[must_use]
    pub fn finish(self, heard: Option<Heard<'_>>, duration: MediaTime) -> ScreenTime {
        fold(self.params, &self.shots, self.who, heard, duration)
    }
}

#[derive(Default)]
struct Share<'t> {
    name: Option<String>,
    identities: BTreeSet<IdentityId>,
    parts: Vec<Part<'t>>,
    said: Vec<Said>,
}

struct Fold<'w, 't> {
    who: WhoIsWho<'w>,
    shares: BTreeMap<Who, Share<'t>>,
    diagnostics: BTreeMap<String, u64>,
}

impl<'t> Fold<'_, 't> {
    /// Adds the time of one track.
    fn add(&mut self, track: TrackId, time: &'t TrackTime) {
        self.count("boxes_mostly_outside_the_picture", time.outside);
        if let Some(mark) = self.who.marks.get(&track) {
            self.count(discarded(mark.discarded), 1);
            self.count("boxes_discarded", time.boxes);
            return;
        }
        let Some(assignment) = self.who.assignments.get(&track) else {
            self.count("tracks_unassigned", 1);
            self.count("boxes_unassigned", time.boxes);
            return;
        };
        if time.boxes == 0 {
            self.count("tracks_never_inside_the_picture", 1);
            return;
        }
        self.count("tracks_used", 1);
        self.count("boxes_used", time.boxes);
        self.share(assignment.identity).parts.push(Part { time, score: assignment.score, source: assignment.source });
    }

    /// Returns the share of whom an identity is.
    fn share(&mut self, id: IdentityId) -> &mut Share<'t> {
        let identity = self.who.identities.get(&id);
        let name = identity.and_then(|i| i.name.clone());
        let who = match (identity.and_then(|i| i.person), &name) {
            (Some(person), _) => Who::Person(person),
            (None, Some(name)) => Who::Name(name.clone()),
            (None, None) => Who::Nobody(id),
        };
        let share = self.shares.entry(who).or_default();
        share.name = name.or(share.name.take());
        share.identities.insert(id);
        share
    }

    fn count(&mut self, what: &str, more: u64) {
        if more == 0 {
            return;
        }
        match self.diagnostics.get_mut(what) {
            Some(n) => *n += more,
            None => {
                self.diagnostics.insert(what.to_owned(), more);
            }
        }
    }
}

/// Computes screen time from whole shots: [`Tally`] in one call.
#[must_use]
pub fn screen_time<'a>(
    params: &Params,
    picture: Size,
    assignments: &BTreeMap<TrackId, Assignment>,
    identities: &BTreeMap<IdentityId, Identity>,
    shots: impl IntoIterator<Item = (&'a Shot, &'a [FrameTime], &'a [Face])>,
    duration: MediaTime,
) -> ScreenTime {
    let marks = BTreeMap::new();
    let mut tally = Tally::new(params, picture, WhoIsWho { assignments, identities, marks: &marks });
    for (shot, analysed, faces) in shots {
        tally.push(shot, analysed, faces);
    }
    tally.finish(None, duration)
}

/// Sums up one person; without a `pause` no sound was analysed.
fn person_time(who: &Who, share: Share<'_>, pause: Option<MediaTime>) -> PersonTime {
    let Presence { visual, visual_time, bridged, confidence, review_share } = Presence::of(&share.parts);
    PersonTime {
        speech: pause.map(|pause| speech::speaking(&share.said, &visual, confidence, pause)),
        name: share.name,
        person: if let Who::Person(person) = who { Some(*person) } else { None },
        bridged,
        confidence,
        review_share,
        tracks: share.parts.len() as u64,
        faces: share.parts.iter().map(|p| p.time.boxes).sum(),
        identities: share.identities.into_iter().collect(),
        visual,
        visual_time,
    }
}

/// Returns `all` less `holes`; each hole lies inside one span of `all`, all ascending.
fn without(all: &[Span], holes: &[Span]) -> Vec<Span> {
    let mut out = Vec::new();
    for span in all {
        let mut from = span.start();
        for hole in holes.iter().filter(|h| h.start() >= span.start() && h.end() <= span.end()) {
            out.push(Span::new(from, hole.start()));
            from = hole.end();
        }
        out.push(Span::new(from, span.end()));
    }
    out
}

fn discarded(reason: DiscardReason) -> &'static str {
    match reason {
        DiscardReason::NotAFace => "tracks_discarded_not_a_face",
        DiscardReason::Poster => "tracks_discarded_poster",
        DiscardReason::Crowd => "tracks_discarded_crowd",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BBox, Detection, DropReason, Fate, Method, ShotId, Transition};
    use proptest::prelude::*;

    const PICTURE: Size = Size { width: 640, height: 360 };

    fn params() -> Params {
        toml::from_str::<toml::Table>(include_str!("../../../config/screen_time.toml")).unwrap()["screen_time"]
            .clone()
            .try_into()
            .unwrap()
    }

    /// 25 pictures a second, the first one at 1.704 s.
    fn at(frame: u64) -> FrameTime {
        FrameTime { frame, pts: MediaTime(1_704_000 + 40_000 * i64::try_from(frame).unwrap()) }
    }

    fn shot(start: u64, end: u64) -> Shot {
        Shot {
            id: ShotId(u32::try_from(start).unwrap() + 1),
            start_frame: start,
            end_frame: end,
            start: at(start).pts,
            end: at(end).pts,
            transition_in: Transition::Cut,
            transition_frames: 0,
            score: 1.0,
        }
    }

    fn face(frame: u64, track: u32, x: f32) -> Face {
        let detection = Detection { bbox: BBox::new(x, 100.0, x + 50.0, 160.0), landmarks: None, score: 0.8 };
        Face { at: at(frame), detection, fate: Fate::Tracked(TrackId(track)), denied: false }
    }

    fn assign(identity: u32, score: f32, source: Source) -> Assignment {
        Assignment { identity: IdentityId(identity), source, method: Method::Cluster, score, threshold: 0.4, locked: false }
    }

    fn named(id: u32, name: Option<&str>) -> (IdentityId, Identity) {
        let id = IdentityId(id);
        let identity = Identity {
            id,
            label: None,
            name: name.map(str::to_owned),
            person: None,
            source: Source::Proposed,
            alone: None,
            locked: false,
        };
        (id, identity)
    }

    fn every(step: usize, shot: &Shot) -> Vec<FrameTime> {
        (shot.start_frame..shot.end_frame).step_by(step).map(at).collect()
    }

    fn one_track(frames: impl IntoIterator<Item = u64>, shot: &Shot, step: usize) -> PersonTime {
        let faces: Vec<Face> = frames.into_iter().map(|f| face(f, 1, 100.0)).collect();
        let assignments = BTreeMap::from([(TrackId(1), assign(1, 0.9, Source::Proposed))]);
        let identities = BTreeMap::from([named(1, Some("Ava"))]);
        let analysed = every(step, shot);
        let shots = [(shot, analysed.as_slice(), faces.as_slice())];
        screen_time(&params(), PICTURE, &assignments, &identities, shots, MediaTime::from_secs(60.0)).people.remove(0)
    }

    #[test]
    fn a_face_seen_throughout_a_shot_counts_for_all_of_it_at_any_stride() {
        let s = shot(100, 200);
        for step in [1, 3, 7, 40] {
            assert_eq!(one_track((100..200).step_by(step), &s, step).visual, [s.span()], "stride {step}");
        }
    }

    #[test]
    fn a_box_on_the_first_analysed_picture_counts_from_the_cut() {
        let s = shot(100, 200);
        let analysed: Vec<_> = (102..200).step_by(5).map(at).collect();
        let faces = [face(102, 1, 100.0)];
        let assignments = BTreeMap::from([(TrackId(1), assign(1, 0.9, Source::Proposed))]);
        let shots = [(&s, analysed.as_slice(), faces.as_slice())];
        let got = screen_time(&params(), PICTURE, &assignments, &BTreeMap::new(), shots, MediaTime::ZERO);
        assert_eq!(got.people[0].visual, [Span::new(at(100).pts, at(107).pts)]);
    }

    #[test]
    fn a_gap_of_up_to_half_a_second_is_bridged_and_reported() {
        let s = shot(0, 100);
        let p = one_track((0..10).chain(22..30), &s, 1);
        assert_eq!(p.visual, [Span::new(at(0).pts, at(30).pts)]);
        assert_eq!(p.bridged, MediaTime(480_000));
        let p = one_track((0..10).chain(23..30), &s, 1);
        assert_eq!(p.visual.len(), 2);
        assert_eq!((p.bridged, p.visual_time), (MediaTime::ZERO, MediaTime(17 * 40_000)));
    }

    #[test]
    fn a_face_that_is_out_of_the_picture_for_a_moment_is_not_bridged() {
        let s = shot(0, 30);
        let faces: Vec<_> = (0..30).map(|f| face(f, 1, if (10..15).contains(&f) { -26.0 } else { 0.0 })).collect();
        let analysed = every(1, &s);
        let assignments = BTreeMap::from([(TrackId(1), assign(1, 0.9, Source::Proposed))]);
        let got = screen_time(&params(), PICTURE, &assignments, &BTreeMap::new(), [(&s, &*analysed, &*faces)], MediaTime::ZERO);
        assert_eq!(got.people[0].visual_time, MediaTime(25 * 40_000));
        assert_eq!(got.diagnostics["boxes_mostly_outside_the_picture"], 5);
    }

    #[test]
    fn two_boxes_at_once_count_once_and_belief_is_weighed_by_time() {
        let s = shot(0, 100);
        let analysed = every(1, &s);
        let mut faces: Vec<_> = (0..75).map(|f| face(f, 1, 100.0)).collect();
        faces.extend((50..75).map(|f| face(f, 2, 300.0)));
        let assignments =
            BTreeMap::from([(TrackId(1), assign(1, 0.9, Source::Proposed)), (TrackId(2), assign(1, 0.5, Source::Confirmed))]);
        let got = screen_time(
            &params(),
            PICTURE,
            &assignments,
            &BTreeMap::from([named(1, Some("Ava"))]),
            [(&s, &*analysed, &*faces)],
            MediaTime::ZERO,
        );
        let p = &got.people[0];
        assert_eq!(p.visual_time, MediaTime(3_000_000));
        assert!((p.confidence - 0.8).abs() < 1e-6 && (p.review_share - 1.0 / 3.0).abs() < 1e-9);
        assert_eq!((p.tracks, p.faces), (2, 100));
    }

    #[test]
    fn dropped_and_unassigned_boxes_are_counted_by_reason() {
        let s = shot(0, 10);
        let mut faces = vec![face(0, 7, 100.0), face(1, 7, 100.0)];
        faces.push(Face { fate: Fate::Dropped(DropReason::DissolveGhost), ..face(2, 1, 0.0) });
        let analysed = every(1, &s);
        let got =
            screen_time(&params(), PICTURE, &BTreeMap::new(), &BTreeMap::new(), [(&s, &*analysed, &*faces)], MediaTime::ZERO);
        assert!(got.people.is_empty());
        assert_eq!(got.diagnostics["dropped_dissolve_ghost"], 1);
        assert_eq!(got.diagnostics["boxes_unassigned"], 2);
        assert_eq!(got.diagnostics["tracks_unassigned"], 1);
    }

    proptest! {
        #[test]
        fn totals_hold_and_the_order_of_input_does_not_matter(
            raw in prop::collection::vec((0u64..90, 1u32..9, -60f32..680.0), 0..120),
            step in 1usize..6,
            swap in any::<prop::sample::Index>(),
        ) {
            let shots = [shot(0, 40), shot(40, 47), shot(47, 90)];
            // Each track lives in one shot: the number says which.
            let faces = |s: usize| -> Vec<Face> {
                raw.iter().filter(|(f, t, _)| *t as usize % 3 == s && shots[s].start_frame <= *f && *f < shots[s].end_frame)
                    .map(|&(f, t, x)| face(f, t, x)).collect()
            };
            let assignments: BTreeMap<_, _> = (1..8).map(|t| (TrackId(t), assign(t % 4 + 1, t as f32 / 8.0, if t % 2 == 0 { Source::Confirmed } else { Source::Proposed }))).collect();
            let identities = BTreeMap::from([named(1, Some("Ava")), named(2, Some("Bo")), named(3, None)]);
            let duration = MediaTime(90 * 40_000);
            let p = params();
            let marks = BTreeMap::new();
            let run = |order: &[usize], turned: bool| {
                let who = WhoIsWho { assignments: &assignments, identities: &identities, marks: &marks };
                let mut tally = Tally::new(&p, PICTURE, who);
                for &s in order {
                    let (mut f, mut a) = (faces(s), every(step, &shots[s]));
                    if turned {
                        f.reverse();
                        a.reverse();
                    }
                    tally.push(&shots[s], &a, &f);
                }
                tally.finish(None, duration)
            };
            let got = run(&[0, 1, 2], false);
            let order = [[0, 2, 1], [2, 1, 0], [1, 0, 2]][swap.index(3)];
            prop_assert_eq!(&got, &run(&order, true));
            for person in &got.people {
                for w in person.visual.windows(2) {
                    prop_assert!(w[0].end() < w[1].start());
                }
                prop_assert_eq!(person.visual.iter().map(|s| s.len().0).sum::<i64>(), person.visual_time.0);
                prop_assert!(person.bridged >= MediaTime::ZERO && person.bridged <= person.visual_time);
                prop_assert!((0.0..=1.0).contains(&person.review_share) && (0.0..=1.0).contains(&person.confidence));
            }
            prop_assert!(got.union <= duration && got.union <= got.sum && got.overlap <= got.union);
            prop_assert!(got.sum <= got.union + got.overlap, "two named people at most");
        }
    }
}
