//! Agglomerative clustering by average linkage that never joins what must stay apart.

/// Which group each item fell into, from 0 in order of the groups' first items; and the merges that led there.
#[derive(Debug, Clone, PartialEq)]
pub struct Linkage {
    pub group: Vec<usize>,
    /// The pairs of `must_link` whose groups were joined for it, in order.
    pub beforehand: Vec<(usize, usize)>,
    /// Merges made for likeness, in order: the first items of the two groups, the lower one first, and how similar the groups were,
    /// which falls where nothing is joined beforehand.
    pub merges: Vec<(usize, usize, f32)>,
}

/// Marks a pair that must stay apart.
const FORBIDDEN: f32 = f32::NEG_INFINITY;

/// Similarities of all pairs of `n` items as the upper triangle, row by row: `n (n - 1) / 2` numbers.
struct Condensed {
    n: usize,
    values: Vec<f32>,
}

impl Condensed {
    fn at(&self, a: usize, b: usize) -> usize {
        let (a, b) = if a < b { (a, b) } else { (b, a) };
        a * (2 * self.n - a - 1) / 2 + b - a - 1
    }

    fn get(&self, a: usize, b: usize) -> f32 {
        self.values[self.at(a, b)]
    }

    fn set(&mut self, a: usize, b: usize, value: f32) {
        let at = self.at(a, b);
        self.values[at] = value;
    }
}

/// Joins `n` items, most similar groups first, down to a mean similarity of `threshold`.
///
/// `similarity(a, b)` is asked once for each `a < b`; `None` says that the two must stay apart, and then so do all groups that hold
/// them. Pairs of `must_link` are joined first, where they may be. Similarity of groups is the mean over pairs
/// of items (Lance-Williams update of UPGMA; Murtagh 1983). Ties go to the lower numbers. Takes `O(n^2)` memory, 4 bytes
/// a pair, and usually `O(n^2)` time: each group remembers its nearest, which stays right until one of the two is joined, because a
/// mean is never above its parts.
#[must_use]
pub fn average_linkage(
    n: usize,
    threshold: f32,
    must_link: &[(usize, usize)],
    similarity: impl Fn(usize, usize) -> Option<f32>,
) -> Linkage {
    let mut values = Vec::with_capacity(n * n.saturating_sub(1) / 2);
    for a in 0..n {
        for b in a + 1..n {
            values.push(similarity(a, b).filter(|s| s.is_finite()).unwrap_or(FORBIDDEN));
        }
    }
    let mut run = Run {
        near: Condensed { n, values },
        size: vec![1; n],
        into: (0..n).collect(),
        alive: (0..n).collect(),
        nearest: vec![None; n],
    };
    let mut beforehand = Vec::new();
    for &pair in must_link {
        let (a, b) = (run.root(pair.0), run.root(pair.1));
        if a != b && run.near.get(a, b) > FORBIDDEN {
            run.join(a, b);
            beforehand.push(pair);
        }
    }
    for at in 0..run.alive.len() {
        let a = run.alive[at];
        run.nearest[a] = run.search(a);
    }
    let mut merges = Vec::new();
    while let Some((a, b, s)) = run.best().filter(|best| best.2 >= threshold) {
        merges.push((a, b, s));
        run.join(a, b);
        run.refresh(a, b);
    }
    let mut names = Vec::new();
    let group = (0..n)
        .map(|i| {
            let root = run.root(i);
            names.iter().position(|r| *r == root).unwrap_or_else(|| {
                names.push(root);
                names.len() - 1
            })
        })
        .collect();
    Linkage { group, beforehand, merges }
}

struct Run {
    near: Condensed,
    size: Vec<u32>,
    /// The group that an item, or a group that is no more, went into.
    into: Vec<usize>,
    /// Groups by their lowest item, ascending.
    alive: Vec<usize>,
    /// For each group the most similar one that it may join, and how similar.
    nearest: Vec<Option<(usize, f32)>>,
}

impl Run {
    fn root(&self, mut i: usize) -> usize {
        while self.into[i] != i {
            i = self.into[i];
        }
        i
    }

    fn best(&self) -> Option<(usize, usize, f32)> {
        let mut best: Option<(usize, usize, f32)> = None;
        for &a in &self.alive {
            if let Some((b, s)) = self.nearest[a]
                && best.is_none_or(|x| s > x.2)
            {
                best = Some((a.min(b), a.max(b), s));
            }
        }
        best
    }

    fn search(&self, a: usize) -> Option<(usize, f32)> {
        let mut best: Option<(usize, f32)> = None;
        for &b in &self.alive {
            if b != a {
                let s = self.near.get(a, b);
                if s > FORBIDDEN && best.is_none_or(|x| s > x.1) {
                    best = Some((b, s));
                }
            }
        }
        best
    }

    /// Joins group `gone` into group `kept`; the lower number is kept.
    fn join(&mut self, one: usize, other: usize) {
        let (kept, gone) = (one.min(other), one.max(other));
        let (k, g) = (self.size[kept] as f32, self.size[gone] as f32);
        self.into[gone] = kept;
        self.alive.retain(|i| *i != gone);
        for i in 0..self.alive.len() {
            let other = self.alive[i];
            if other != kept {
                let (a, b) = (self.near.get(kept, other), self.near.get(gone, other));
                // Forbidden is minus infinity: a mean with it is forbidden too.
                self.near.set(kept, other, (k * a + g * b) / (k + g));
            }
        }
        self.size[kept] += self.size[gone];
    }

    fn refresh(&mut self, one: usize, other: usize) {
        for i in 0..self.alive.len() {
            let a = self.alive[i];
            if a == one.min(other) || self.nearest[a].is_some_and(|(b, _)| b == one || b == other) {
                self.nearest[a] = self.search(a);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn triangle(n: usize) -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-0.2f32..1.0, n * (n - 1) / 2)
    }

    fn of(values: &[f32], n: usize, a: usize, b: usize) -> f32 {
        values[a * (2 * n - a - 1) / 2 + b - a - 1]
    }

    /// Whether two items are in one group, for all pairs.
    fn together(group: &[usize]) -> Vec<bool> {
        (0..group.len()).flat_map(|a| (0..a).map(move |b| group[a] == group[b])).collect()
    }

    proptest! {
        #[test]
        fn without_constraints_it_does_what_kodama_does(values in triangle(14), threshold in 0.0f32..0.9) {
            let got = average_linkage(14, threshold, &[], |a, b| Some(of(&values, 14, a, b)));
            let mut distances: Vec<f64> = values.iter().map(|s| 1.0 - f64::from(*s)).collect();
            let tree = kodama::linkage(&mut distances, 14, kodama::Method::Average);
            // Near-ties between the two precisions may fall either way.
            let close = |s: f64| (s - f64::from(1.0 - threshold)).abs() < 1e-4;
            prop_assume!(!tree.steps().iter().any(|s| close(s.dissimilarity)));
            let mut clusters: Vec<Vec<usize>> = (0..14).map(|i| vec![i]).collect();
            let mut group: Vec<usize> = (0..14).collect();
            for step in tree.steps() {
                let mut joined = clusters[step.cluster1].clone();
                joined.extend(&clusters[step.cluster2]);
                if step.dissimilarity <= f64::from(1.0 - threshold) {
                    for &i in &joined {
                        group[i] = 100 + clusters.len();
                    }
                }
                clusters.push(joined);
            }
            prop_assert_eq!(together(&got.group), together(&group));
            for w in got.merges.windows(2) {
                prop_assert!(w[1].2 <= w[0].2 + 1e-5);
            }
        }

        #[test]
        fn what_must_stay_apart_does_and_each_merge_is_the_best_allowed(
            values in triangle(12),
            apart in prop::collection::btree_set((0usize..12, 0usize..12), 0..20),
            joined in prop::collection::vec((0usize..12, 0usize..12), 0..4),
            threshold in 0.0f32..0.9,
        ) {
            let forbidden = |a: usize, b: usize| apart.contains(&(a, b)) || apart.contains(&(b, a));
            let got = average_linkage(12, threshold, &joined, |a, b| (!forbidden(a, b)).then(|| of(&values, 12, a, b)));
            // The plain way: groups as lists, means over all pairs, tried anew each time.
            let mut groups: Vec<Vec<usize>> = (0..12).map(|i| vec![i]).collect();
            let mean = |x: &[usize], y: &[usize]| -> Option<f64> {
                let pairs: Vec<_> = x.iter().flat_map(|&a| y.iter().map(move |&b| (a.min(b), a.max(b)))).collect();
                if pairs.iter().any(|&(a, b)| forbidden(a, b)) {
                    return None;
                }
                Some(pairs.iter().map(|&(a, b)| f64::from(of(&values, 12, a, b))).sum::<f64>() / pairs.len() as f64)
            };
            let join = |groups: &mut Vec<Vec<usize>>, i: usize, j: usize| {
                let (i, j) = (i.min(j), i.max(j));
                let gone = groups.remove(j);
                groups[i].extend(gone);
            };
            for &(a, b) in &joined {
                let find = |x: usize| groups.iter().position(|g| g.contains(&x)).unwrap();
                let (i, j) = (find(a), find(b));
                if i != j && mean(&groups[i], &groups[j]).is_some() {
                    join(&mut groups, i, j);
                }
            }
            loop {
                let mut best: Option<(f64, usize, usize)> = None;
                for i in 0..groups.len() {
                    for j in i + 1..groups.len() {
                        if let Some(s) = mean(&groups[i], &groups[j]).filter(|s| best.is_none_or(|b| *s > b.0)) {
                            best = Some((s, i, j));
                        }
                    }
                }
                let Some((s, i, j)) = best else { break };
                prop_assume!((s - f64::from(threshold)).abs() > 1e-5);
                if s < f64::from(threshold) {
                    break;
                }
                join(&mut groups, i, j);
            }
            let mut want = vec![0; 12];
            for (g, items) in groups.iter().enumerate() {
                for &i in items {
                    want[i] = g;
                }
            }
            prop_assert_eq!(together(&got.group), together(&want));
            for a in 0..12 {
                for b in a + 1..12 {
                    prop_assert!(!(forbidden(a, b) && got.group[a] == got.group[b]));
                }
            }
        }
    }

    #[test]
    fn nothing_and_one_item_have_no_merges() {
        assert!(average_linkage(0, 0.5, &[], |_, _| Some(1.0)).group.is_empty());
        assert_eq!(average_linkage(1, 0.5, &[], |_, _| Some(1.0)).group, [0]);
    }
}
