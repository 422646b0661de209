//! Turns in order, and which of them go on at once.

use crate::domain::{MediaTime, Span, Turn};

/// Turns by their start.
#[derive(Debug)]
pub(super) struct Timeline {
    turns: Vec<Turn>,
    /// The latest end of the turns up to each one.
    reach: Vec<MediaTime>,
}

impl Timeline {
    pub(super) fn new(turns: &[Turn]) -> Self {
        let mut turns = turns.to_vec();
        turns.sort_by_key(|t| (t.span.start(), t.id));
        let reach = turns
            .iter()
            .scan(MediaTime(i64::MIN), |reach, t| {
                *reach = t.span.end().max(*reach);
                Some(*reach)
            })
            .collect();
        Self { turns, reach }
    }

    pub(super) fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// Returns the places of the turns of other voices that overlap the `i`-th.
    pub(super) fn others(&self, i: usize) -> impl Iterator<Item = usize> {
        let turn = self.turns[i];
        let before = (0..i).rev().take_while(move |&j| self.reach[j] > turn.span.start());
        let after = (i + 1..self.turns.len()).take_while(move |&j| self.turns[j].span.start() < turn.span.end());
        before.chain(after).filter(move |&j| {
            let other = &self.turns[j];
            other.speaker != turn.speaker && !common(turn.span, other.span).is_empty()
        })
    }

    /// Returns when no other voice is heard in the `i`-th turn, ascending.
    pub(super) fn alone(&self, i: usize) -> Vec<Span> {
        let mut rest = vec![self.turns[i].span];
        for j in self.others(i) {
            rest = rest.into_iter().flat_map(|s| without(s, self.turns[j].span)).collect();
        }
        rest
    }
}

/// Returns the moments in both.
pub(super) fn common(a: Span, b: Span) -> Span {
    Span::new(a.start().max(b.start()), a.end().min(b.end()))
}

fn without(span: Span, hole: Span) -> impl Iterator<Item = Span> {
    let before = Span::new(span.start(), hole.start().min(span.end()));
    let after = Span::new(hole.end().max(span.start()), span.end());
    [before, after].into_iter().filter(|s| !s.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SpeakerId, TurnId};

    fn span(start: i64, end: i64) -> Span {
        Span::new(MediaTime(start), MediaTime(end))
    }

    fn turn(id: u32, speaker: u32, start: i64, end: i64) -> Turn {
        Turn { id: TurnId(id), span: span(start, end), speaker: SpeakerId(speaker), confidence: 1.0 }
    }

    #[test]
    fn a_long_turn_far_back_is_still_an_other() {
        let turns = [turn(1, 1, 0, 100), turn(2, 2, 10, 20), turn(3, 3, 30, 40), turn(4, 2, 90, 120)];
        let timeline = Timeline::new(&turns);
        assert_eq!(timeline.others(3).collect::<Vec<_>>(), [0]);
        assert_eq!(timeline.others(0).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(timeline.alone(0), [span(0, 10), span(20, 30), span(40, 90)]);
        assert_eq!(timeline.alone(3), [span(100, 120)]);
    }
}
