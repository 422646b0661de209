//! A cursor over a list or a grid that keeps itself on the screen.

use serde::{Deserialize, Serialize};

/// Where the cursor is and what is shown; it moves without reflow and scrolls only as far as it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// Position of the item under the cursor.
    pub at: usize,
    /// First row shown.
    pub top: usize,
}

/// A move of the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    First,
    Last,
}

impl Cursor {
    /// Moves among `count` items, `columns` in a row, `rows` of them on the screen.
    pub(crate) fn step(&mut self, step: Step, count: usize, columns: usize, rows: usize) {
        let (columns, last) = (columns.max(1), count.saturating_sub(1));
        let page = columns * rows.max(1);
        let at = self.at.min(last);
        self.at = match step {
            Step::Left => at.saturating_sub(1),
            Step::Right => (at + 1).min(last),
            Step::Up if at >= columns => at - columns,
            // From the last full row down to a shorter one: to its end.
            Step::Down if at + columns <= last => at + columns,
            Step::Down if at / columns < last / columns => last,
            Step::Up | Step::Down => at,
            Step::PageUp => {
                if at >= page {
                    at - page
                } else {
                    at % columns
                }
            }
            Step::PageDown => (at + page).min(last),
            Step::First => 0,
            Step::Last => last,
        };
        self.show(count, columns, rows);
    }

    /// Scrolls so that the cursor is on the screen, and no further than the list goes.
    pub(crate) fn show(&mut self, count: usize, columns: usize, rows: usize) {
        let (columns, rows) = (columns.max(1), rows.max(1));
        self.at = self.at.min(count.saturating_sub(1));
        let row = self.at / columns;
        let all = count.div_ceil(columns);
        self.top = self.top.min(row).max((row + 1).saturating_sub(rows)).min(all.saturating_sub(rows));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_grid_moves_by_rows_and_stops_at_its_ends() {
        let mut cursor = Cursor::default();
        for (step, due) in [
            (Step::Up, 0),
            (Step::Right, 1),
            (Step::Down, 4),
            (Step::Down, 6),
            (Step::Down, 6),
            (Step::Up, 3),
            (Step::Last, 6),
            (Step::Left, 5),
            (Step::First, 0),
            (Step::PageDown, 6),
            (Step::PageUp, 0),
        ] {
            cursor.step(step, 7, 3, 2);
            assert_eq!(cursor.at, due, "{step:?}");
        }
    }

    proptest! {
        #[test]
        fn the_cursor_is_always_on_the_screen(
            steps in proptest::collection::vec(0usize..8, 0..60), count in 0usize..50, columns in 1usize..6, rows in 1usize..5,
        ) {
            let all = [Step::Up, Step::Down, Step::Left, Step::Right, Step::PageUp, Step::PageDown, Step::First, Step::Last];
            let mut cursor = Cursor::default();
            for step in steps {
                cursor.step(all[step], count, columns, rows);
                prop_assert!(cursor.at < count.max(1));
                let row = cursor.at / columns;
                prop_assert!((cursor.top..cursor.top + rows).contains(&row));
            }
        }
    }
}
