//! Fits a logistic curve.

/// Something that was said of a face, and whether it was so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Trial {
    pub features: [f64; 5],
    pub is_right: bool,
    pub weight: f64,
}

/// Steps of Newton's method at most; it needs some ten.
const STEPS: usize = 60;

/// Returns the weights of the logistic curve that make the trials likeliest, less `ridge` times half their squares (the first, a constant,
/// apart). With a ridge there is one such curve, also where trials can be told apart without a fault.
///
/// No weight but the constant is below 0: nearer, better and more never speak against somebody. Those that would be are left out, the most
/// so first.
pub(super) fn fit(trials: &[Trial], ridge: f64) -> [f64; 5] {
    let mut is_out = [false; 5];
    loop {
        let weights = fit_some(trials, ridge, is_out);
        let worst = (1..5).filter(|i| weights[*i] < 0.0).min_by(|a, b| weights[*a].total_cmp(&weights[*b]));
        match worst {
            Some(worst) => is_out[worst] = true,
            None => return weights,
        }
    }
}

/// The same with some weights held at 0.
fn fit_some(trials: &[Trial], ridge: f64, is_out: [bool; 5]) -> [f64; 5] {
    let mut weights = [0.0; 5];
    for _ in 0..STEPS {
        let (mut slope, mut curve) = ([0.0; 5], [[0.0; 5]; 5]);
        for trial in trials {
            let p = belief(&weights, &trial.features);
            let off = trial.weight * (f64::from(u8::from(trial.is_right)) - p);
            let bend = trial.weight * p * (1.0 - p);
            for ((slope, row), x) in slope.iter_mut().zip(&mut curve).zip(trial.features) {
                *slope += off * x;
                for (cell, y) in row.iter_mut().zip(trial.features) {
                    *cell += bend * x * y;
                }
            }
        }
        for i in 1..5 {
            slope[i] -= ridge * weights[i];
            curve[i][i] += ridge;
        }
        curve[0][0] += 1e-9;
        for i in (1..5).filter(|i| is_out[*i]) {
            slope[i] = 0.0;
            curve[i] = [0.0; 5];
            for row in &mut curve {
                row[i] = 0.0;
            }
            curve[i][i] = 1.0;
        }
        let Some(step) = solve(curve, slope) else { break };
        // Far steps overshoot where trials are told apart nearly without a fault.
        let longest = step.iter().fold(0.0f64, |a, s| a.max(s.abs()));
        let share = (5.0 / longest.max(1e-12)).min(1.0);
        for (w, s) in weights.iter_mut().zip(step) {
            *w += share * s;
        }
        if longest < 1e-9 {
            break;
        }
    }
    weights
}

pub(super) fn belief(weights: &[f64; 5], features: &[f64; 5]) -> f64 {
    let sum: f64 = weights.iter().zip(features).map(|(w, x)| w * x).sum();
    1.0 / (1.0 + (-sum).exp())
}

/// Solves five equations by Gauss's elimination; `None` where they are not independent.
fn solve(mut rows: [[f64; 5]; 5], mut right: [f64; 5]) -> Option<[f64; 5]> {
    for at in 0..5 {
        let pivot = (at..5).max_by(|a, b| rows[*a][at].abs().total_cmp(&rows[*b][at].abs()))?;
        if rows[pivot][at].abs() < 1e-12 {
            return None;
        }
        rows.swap(at, pivot);
        right.swap(at, pivot);
        let (head, own) = (rows[at], right[at]);
        for below in at + 1..5 {
            let factor = rows[below][at] / head[at];
            for (x, h) in rows[below].iter_mut().zip(head) {
                *x -= factor * h;
            }
            right[below] -= factor * own;
        }
    }
    let mut solved = [0.0; 5];
    for at in (0..5).rev() {
        let known: f64 = (at + 1..5).map(|j| rows[at][j] * solved[j]).sum();
        solved[at] = (right[at] - known) / rows[at][at];
    }
    Some(solved)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Trials that are right as often as `weights` say, on a grid of features.
    fn grid(weights: [f64; 5]) -> Vec<Trial> {
        let steps = [-1.0, -0.5, 0.0, 0.5, 1.0];
        let mut trials = Vec::new();
        for a in steps {
            for b in steps {
                for c in steps {
                    let features = [1.0, a, b, c, a * b];
                    let p = belief(&weights, &features);
                    trials.push(Trial { features, is_right: true, weight: p });
                    trials.push(Trial { features, is_right: false, weight: 1.0 - p });
                }
            }
        }
        trials
    }

    #[test]
    fn the_weights_that_made_the_trials_come_back() {
        let weights = [-1.0, 3.0, 2.0, 0.5, 1.5];
        for (found, due) in fit(&grid(weights), 0.0).iter().zip(weights) {
            assert!((found - due).abs() < 1e-6, "{found} {due}");
        }
    }

    #[test]
    fn what_speaks_against_is_left_out_and_the_rest_fitted_without_it() {
        let found = fit(&grid([-1.0, 3.0, 2.0, -0.7, 1.5]), 0.0);
        assert!(found[3] == 0.0 && found[1] > 2.0 && found[2] > 1.0, "{found:?}");
    }

    #[test]
    fn a_ridge_keeps_weights_finite_where_trials_are_told_apart_without_a_fault() {
        let trials: Vec<Trial> = (0..20)
            .map(|i| Trial { features: [1.0, f64::from(i) / 20.0, 0.0, 0.0, 0.0], is_right: i >= 10, weight: 1.0 })
            .collect();
        let weights = fit(&trials, 0.1);
        assert!(weights.iter().all(|w| w.is_finite() && w.abs() < 100.0), "{weights:?}");
        assert!(belief(&weights, &[1.0, 0.9, 0.0, 0.0, 0.0]) > 0.9 && belief(&weights, &[1.0, 0.1, 0.0, 0.0, 0.0]) < 0.1);
    }
}
