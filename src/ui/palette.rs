//! The command palette, and the fuzzy search that every picker uses.

use super::keymap::{Action, Keymap, Place};
use nucleo_matcher::chars::graphemes;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// One line of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub action: Action,
    pub desc: String,
    /// The key that does the same, where there is one.
    pub key: Option<String>,
}

/// Lists what can be done at `place`, its own actions first.
#[must_use]
pub fn commands(keymap: &Keymap, place: Place) -> Vec<Command> {
    let mut seen = BTreeSet::new();
    let bindings = keymap.all(place).into_iter().filter(|b| seen.insert(b.action));
    bindings.map(|b| Command { action: b.action, key: b.keys.into_iter().next(), desc: b.desc }).collect()
}

/// Ranks `items` by how well they match the words of `query`: each item's place in `items`, best first, equals in their order,
/// with the places of its matched graphemes, rising.
///
/// Every word must match, in any order, its letters in theirs. A capital asks for a capital; accents need not be typed.
/// An empty query matches everything.
#[must_use]
pub fn rank(query: &str, items: &[&str]) -> Vec<(usize, Vec<usize>)> {
    let pattern = Pattern::new(query, CaseMatching::Smart, Normalization::Smart, AtomKind::Fuzzy);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut letters: Vec<char> = Vec::new();
    let mut positions = Vec::new();
    let mut ranked = Vec::new();
    for (i, item) in items.iter().enumerate() {
        positions.clear();
        letters.clear();
        letters.extend(graphemes(item));
        // Utf32Str::new (0.3.1) takes an "e" with an accent after it for plain ASCII, and then counts bytes.
        let Some(score) = pattern.indices(Utf32Str::Unicode(&letters), &mut matcher, &mut positions) else { continue };
        positions.sort_unstable();
        positions.dedup();
        ranked.push((score, i, positions.iter().filter_map(|p| usize::try_from(*p).ok()).collect()));
    }
    ranked.sort_by_key(|(score, i, _)| (Reverse(*score), *i));
    ranked.into_iter().map(|(_, i, at)| (i, at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(query: &str, items: &[&str]) -> Vec<usize> {
        rank(query, items).into_iter().map(|(i, _)| i).collect()
    }

    #[test]
    fn the_closest_comes_first_and_strangers_not_at_all() {
        assert_eq!(order("mer", &["Summer", "Merge identities", "nobody"]), [1, 0]);
    }

    #[test]
    fn nothing_typed_keeps_everything_in_order() {
        assert_eq!(rank("", &["b", "a"]), [(0, vec![]), (1, vec![])]);
        assert_eq!(order(" ", &["b", "a"]), [0, 1]);
    }

    #[test]
    fn words_may_come_in_any_order() {
        assert_eq!(order("tab next", &["next tab", "next theme"]), [0]);
    }

    #[test]
    fn accents_need_not_be_typed_and_positions_count_graphemes() {
        assert_eq!(rank("zoe", &["Ms Zoë"]), [(0, vec![3, 4, 5])]);
        assert_eq!(rank("b", &["e\u{301}b"]), [(0, vec![1])]);
    }

    #[test]
    fn marks_are_plain_letters() {
        assert_eq!(order("!a", &["a", "b!a"]), [1]);
    }

    #[test]
    fn the_palette_has_every_action_of_the_place_once() {
        let keymap = Keymap::load(None).unwrap();
        for place in Place::ALL {
            let commands = commands(&keymap, *place);
            let actions: BTreeSet<Action> = commands.iter().map(|c| c.action).collect();
            assert_eq!(actions.len(), commands.len(), "{}", place.name());
        }
        let merge = commands(&keymap, Place::Identities).into_iter().find(|c| c.action == Action::Merge).unwrap();
        assert_eq!(merge.key.as_deref(), Some("m"));
    }
}
