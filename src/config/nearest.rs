//! The known names nearest to a wrong one.

/// Returns the name that is the fewest edits away from `wanted`, or ends in its last part; two where both are as near.
///
/// Names may have parts, as `cluster.cluster_thresh` has.
#[must_use]
pub fn nearest<S: AsRef<str>>(wanted: &str, known: &[S]) -> Vec<String> {
    let last = wanted.rsplit('.').next().unwrap_or(wanted);
    let letters = wanted.chars().count();
    // Of a name of three letters, three edits leave nothing.
    let limit = 3.max(letters / 4).min(letters.saturating_sub(1));
    let mut scored: Vec<(usize, &str)> = known
        .iter()
        .map(AsRef::as_ref)
        .map(|k| {
            let (table, end) = k.rsplit_once('.').unwrap_or(("", k));
            let same_table = wanted.rsplit_once('.').is_some_and(|(t, _)| t == table);
            // The right table with a like ending comes before the right ending in another table.
            let alike = end.split('_').any(|a| last.split('_').any(|b| a == b || shared_start(a, b) >= 4));
            let distance = match (same_table, end == last) {
                (true, _) if alike => 0,
                (_, true) => 1,
                _ => edits(wanted, k),
            };
            (distance, k)
        })
        .filter(|(d, _)| *d <= limit)
        .collect();
    scored.sort_unstable();
    let least = scored.first().map_or(0, |(d, _)| *d);
    scored.into_iter().take_while(|(d, _)| *d == least).take(2).map(|(_, k)| k.to_owned()).collect()
}

fn shared_start(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count()
}

/// Levenshtein distance in characters.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_name_and_nonsense_finds_none() {
        let known = ["merge", "name", "next_tab", "quit", "split", "up"];
        assert_eq!(nearest("mrege", &known), ["merge"]);
        assert_eq!(nearest("spilt", &known), ["split"]);
        assert_eq!(nearest("nex_tab", &known), ["next_tab"]);
        assert_eq!(nearest("xyz", &known), [""; 0]);
        assert_eq!(nearest("", &known), [""; 0]);
    }
}
