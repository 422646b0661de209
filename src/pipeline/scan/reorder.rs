//! Puts numbered items back in order.

use std::collections::BTreeMap;

/// Holds items back until all before them have come.
#[derive(Debug)]
pub struct Reorder<T> {
    next: u64,
    waiting: BTreeMap<u64, T>,
}

impl<T> Reorder<T> {
    /// Expects `first` first.
    pub fn new(first: u64) -> Self {
        Self { next: first, waiting: BTreeMap::new() }
    }

    /// Takes item `number`; every number comes once.
    pub fn push(&mut self, number: u64, item: T) {
        self.waiting.insert(number, item);
    }

    /// Returns the next item in order, if it is there.
    pub fn pop(&mut self) -> Option<T> {
        let item = self.waiting.remove(&self.next)?;
        self.next += 1;
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_order_comes_out_sorted(order in Just((5u64..40).collect::<Vec<_>>()).prop_shuffle()) {
            let mut reorder = Reorder::new(5);
            let mut out = Vec::new();
            for n in order {
                reorder.push(n, n);
                while let Some(item) = reorder.pop() {
                    out.push(item);
                }
            }
            prop_assert_eq!(out, (5u64..40).collect::<Vec<_>>());
        }
    }
}
