//! Sets of moments as disjoint, ascending spans.

use crate::domain::{MediaTime, Span};

/// Returns the moments in at least one span: disjoint, ascending, none empty, touching ones joined.
#[must_use]
pub fn union(spans: impl IntoIterator<Item = Span>) -> Vec<Span> {
    covered(spans, 1)
}

/// Returns the moments in at least two spans, likewise.
#[must_use]
pub fn covered_twice(spans: impl IntoIterator<Item = Span>) -> Vec<Span> {
    covered(spans, 2)
}

/// Returns the moments in both sets, each disjoint and ascending; as [`union`]. Costs a search in the longer one for each of the shorter.
#[must_use]
pub fn intersect(a: &[Span], b: &[Span]) -> Vec<Span> {
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let mut out: Vec<Span> = Vec::new();
    for span in few {
        let first = many.partition_point(|m| m.end() <= span.start());
        for other in many[first..].iter().take_while(|m| m.start() < span.end()) {
            let both = Span::new(span.start().max(other.start()), span.end().min(other.end()));
            match out.last_mut().filter(|last| last.end() == both.start()) {
                Some(last) => *last = Span::new(last.start(), both.end()),
                None if !both.is_empty() => out.push(both),
                None => {}
            }
        }
    }
    out
}

/// Returns the total length of disjoint spans.
#[must_use]
pub fn measure(spans: &[Span]) -> MediaTime {
    spans.iter().fold(MediaTime::ZERO, |sum, s| sum + s.len())
}

fn covered(spans: impl IntoIterator<Item = Span>, times: i32) -> Vec<Span> {
    let mut edges: Vec<(MediaTime, i32)> =
        spans.into_iter().filter(|s| !s.is_empty()).flat_map(|s| [(s.start(), 1), (s.end(), -1)]).collect();
    edges.sort_unstable();
    let (mut depth, mut since, mut out) = (0, None, Vec::<Span>::new());
    let mut edges = edges.into_iter().peekable();
    while let Some((at, step)) = edges.next() {
        depth += step;
        if edges.peek().is_some_and(|e| e.0 == at) {
            continue;
        }
        match since {
            None if depth >= times => since = Some(at),
            Some(start) if depth < times => {
                out.push(Span::new(start, at));
                since = None;
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        prop::collection::vec((0i64..60, 0i64..12), 0..12)
            .prop_map(|v| v.into_iter().map(|(s, l)| Span::new(MediaTime(s), MediaTime(s + l))).collect())
    }

    fn depth(spans: &[Span], at: i64) -> usize {
        spans.iter().filter(|s| s.start().0 <= at && at < s.end().0).count()
    }

    proptest! {
        #[test]
        fn every_moment_is_covered_as_often_as_said(a in spans()) {
            let (once, twice) = (union(a.iter().copied()), covered_twice(a.iter().copied()));
            for t in 0..80 {
                prop_assert_eq!(depth(&once, t), usize::from(depth(&a, t) >= 1));
                prop_assert_eq!(depth(&twice, t), usize::from(depth(&a, t) >= 2));
            }
            for w in once.windows(2) {
                prop_assert!(w[0].end() < w[1].start());
            }
            prop_assert_eq!(measure(&once).0, (0..80).map(|t| i64::from(depth(&a, t) > 0)).sum::<i64>());
        }

        #[test]
        fn the_order_does_not_matter(a in spans()) {
            prop_assert_eq!(union(a.iter().copied()), union(a.iter().rev().copied()));
        }
    }
}
