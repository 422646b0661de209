//! Pairs rows with columns at the least total cost.

use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;

/// Weights are integers: this many make a cost of one.
const UNITS: f32 = 1_000_000.0;

/// Says who goes with whom; all lists ascending by row, or by column where there is no row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matching {
    pub pairs: Vec<(usize, usize)>,
    pub rows_left: Vec<usize>,
    pub columns_left: Vec<usize>,
}

/// Matches `rows` with `columns`; no pair costs more than `limit`.
///
/// The total of `cost` over pairs plus `limit` for each possible pair not made is least, which is what lapjv with a cost limit
/// gives in ByteTrack. A cost that is not a number makes no pair. Costs differ from one millionth on. Time is
/// `O(min^2 max)` of the two numbers (Kuhn-Munkres).
#[must_use]
pub fn matching(rows: usize, columns: usize, limit: f32, cost: impl Fn(usize, usize) -> f32) -> Matching {
    if rows == 0 || columns == 0 {
        return Matching { pairs: Vec::new(), rows_left: (0..rows).collect(), columns_left: (0..columns).collect() };
    }
    let flipped = rows > columns;
    let (small, large) = if flipped { (columns, rows) } else { (rows, columns) };
    let of = |s: usize, l: usize| weight(limit - if flipped { cost(l, s) } else { cost(s, l) });
    let mut weights = Matrix::new(small, large, 0);
    for s in 0..small {
        for l in 0..large {
            weights[(s, l)] = of(s, l);
        }
    }
    let (_, chosen) = kuhn_munkres(&weights);
    let mut pairs: Vec<(usize, usize)> = chosen
        .into_iter()
        .enumerate()
        .filter(|&(s, l)| weights[(s, l)] > 0)
        .map(|(s, l)| if flipped { (l, s) } else { (s, l) })
        .collect();
    pairs.sort_unstable();
    let rows_left = (0..rows).filter(|r| pairs.iter().all(|p| p.0 != *r)).collect();
    let columns_left = (0..columns).filter(|c| pairs.iter().all(|p| p.1 != *c)).collect();
    Matching { pairs, rows_left, columns_left }
}

/// Returns how much a pair saves, in units; 0 makes no pair.
#[expect(clippy::cast_possible_truncation, reason = "clamped to one thousand costs")]
fn weight(saved: f32) -> i64 {
    if saved >= 0.0 { (saved.min(1000.0) * UNITS) as i64 + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The least total by trying everything, where each pair not made costs `limit`.
    fn least(cost: &[Vec<f32>], limit: f32, row: usize, used: &mut Vec<bool>) -> f32 {
        if row == cost.len() {
            return 0.0;
        }
        let mut best = limit + least(cost, limit, row + 1, used);
        for c in 0..used.len() {
            if !used[c] && cost[row][c] <= limit {
                used[c] = true;
                best = best.min(cost[row][c] + least(cost, limit, row + 1, used));
                used[c] = false;
            }
        }
        best
    }

    proptest! {
        #[test]
        fn no_other_choice_of_pairs_is_cheaper(cost in (1usize..5, 1usize..5).prop_flat_map(|(r, c)| prop::collection::vec(prop::collection::vec(0f32..1.0, c), r)), limit in 0.1f32..1.0) {
            let m = matching(cost.len(), cost[0].len(), limit, |r, c| cost[r][c]);
            let total = m.pairs.iter().map(|&(r, c)| cost[r][c]).sum::<f32>() + limit * m.rows_left.len() as f32;
            let want = least(&cost, limit, 0, &mut vec![false; cost[0].len()]);
            prop_assert!((total - want).abs() < 1e-4, "{total} {want}");
            prop_assert!(m.pairs.iter().all(|&(r, c)| cost[r][c] <= limit));
            prop_assert_eq!(m.pairs.len() + m.rows_left.len(), cost.len());
            prop_assert_eq!(m.pairs.len() + m.columns_left.len(), cost[0].len());
        }
    }

    #[test]
    fn a_cost_that_is_not_a_number_makes_no_pair() {
        let m = matching(1, 2, 0.5, |_, c| if c == 0 { f32::NAN } else { 0.7 });
        assert_eq!(m, Matching { pairs: vec![], rows_left: vec![0], columns_left: vec![0, 1] });
    }
}
