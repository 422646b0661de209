//! Keys as they are written: `r`, `C-r`, `S-Tab`, `g e`.

use crate::config::nearest;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;
use std::str::FromStr;

const NAMES: [(&str, KeyCode); 18] = [
    ("Space", KeyCode::Char(' ')),
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("Menu", KeyCode::Menu),
    ("Pause", KeyCode::Pause),
    ("PrintScreen", KeyCode::PrintScreen),
];

const MARKS: [(&str, KeyModifiers); 3] = [("C-", KeyModifiers::CONTROL), ("A-", KeyModifiers::ALT), ("S-", KeyModifiers::SHIFT)];

/// One press, in the one way in which a terminal's several ways of telling it are kept.
///
/// A letter holds its own shift, so `R` has no modifier; a letter with control is small, as terminals do not tell which it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Presses in a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Chord(pub(super) Vec<Key>);

/// Says why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("there is no key {name:?}")]
    Unknown { name: String, nearest: Vec<String> },
    #[error("a terminal sends {name:?} as {told}")]
    Same { name: String, told: String },
    #[error("a key is missing")]
    Empty,
}

impl Key {
    fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let mut modifiers = modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char(c) => {
                let shifted = modifiers.contains(KeyModifiers::SHIFT);
                modifiers.remove(KeyModifiers::SHIFT);
                KeyCode::Char(match c {
                    c if modifiers.contains(KeyModifiers::CONTROL) => c.to_ascii_lowercase(),
                    c if shifted => c.to_ascii_uppercase(),
                    c => c,
                })
            }
            code => code,
        };
        Self { code, modifiers }
    }
}

/// Returns a press as keymaps write it.
pub(in crate::ui) fn written(key: KeyEvent) -> String {
    Chord(vec![Key::from(key)]).to_string()
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        Self::new(event.code, event.modifiers)
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut name = text;
        let mut modifiers = KeyModifiers::NONE;
        // "C--" is control and minus; "-" and "C-" alone hold no mark.
        while let Some((rest, modifier)) = MARKS.iter().find_map(|(mark, m)| Some((name.strip_prefix(mark)?, m))) {
            if rest.is_empty() {
                break;
            }
            modifiers |= *modifier;
            name = rest;
        }
        let code = code(name).ok_or_else(|| unknown(text, name))?;
        let same = |told: &str| KeyError::Same { name: text.to_owned(), told: told.to_owned() };
        if let KeyCode::Char(c) = code {
            if modifiers.contains(KeyModifiers::SHIFT) {
                return Err(same(&c.to_uppercase().to_string()));
            }
            match (modifiers.contains(KeyModifiers::CONTROL), c.to_ascii_lowercase()) {
                (true, 'i') => return Err(same("Tab")),
                (true, 'm') => return Err(same("Enter")),
                (true, '[') => return Err(same("Esc")),
                (true, 'h') => return Err(same("Backspace")),
                _ => {}
            }
        }
        Ok(Self::new(code, modifiers))
    }
}

fn code(name: &str) -> Option<KeyCode> {
    if let Some((_, code)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Some(*code);
    }
    let mut chars = name.chars();
    match (chars.next(), chars.as_str()) {
        (Some(c), "") if !c.is_control() && c != ' ' => Some(KeyCode::Char(c)),
        // Parsed and printed again, so that F01 and F+1 are none.
        (Some('F'), number) => (1..=24).find(|n: &u8| n.to_string() == number).map(KeyCode::F),
        _ => None,
    }
}

fn unknown(text: &str, name: &str) -> KeyError {
    let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
    let small = name.to_lowercase();
    let alike = known.iter().find(|k| k.to_lowercase() == small).map(|k| vec![(*k).to_owned()]);
    let mut near = alike.unwrap_or_else(|| nearest(name, &known));
    // "Ctrl-r" is how others write it.
    for (word, mark) in [("ctrl-", "C-"), ("control-", "C-"), ("alt-", "A-"), ("m-", "A-"), ("shift-", "S-"), ("c-", "C-")] {
        if let Some(key) = small.strip_prefix(word).filter(|key| code(key).is_some()) {
            near = vec![format!("{mark}{key}")];
        }
    }
    KeyError::Unknown { name: text.to_owned(), nearest: near }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (mark, modifier) in MARKS {
            if self.modifiers.contains(modifier) {
                f.write_str(mark)?;
            }
        }
        match (NAMES.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, KeyCode::F(n)) => write!(f, "F{n}"),
            (None, code) => write!(f, "{code}"),
        }
    }
}

impl FromStr for Chord {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let keys: Vec<Key> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(KeyError::Empty) } else { Ok(Self(keys)) }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, key) in self.0.iter().enumerate() {
            write!(f, "{}{key}", if i > 0 { " " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_what_is_printed() {
        for text in
            ["r", "R", "C-r", "S-Tab", "g e", "Space", "C-Space", "F12", "-", "+", "C--", "A-Enter", "?", "[", "C-A-x", "é"]
        {
            assert_eq!(text.parse::<Chord>().unwrap().to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_as_the_same_key(text in "([CAS]-){0,3}(\\PC|Space|Enter|Tab|Up|F[0-9]{1,2})") {
            if let Ok(key) = text.parse::<Key>() {
                prop_assert_eq!(key.to_string().parse::<Key>(), Ok(key));
            }
        }

        #[test]
        fn a_key_that_is_written_is_the_key_that_is_pressed(c in "[ -~]", control: bool, alt: bool) {
            let mut modifiers = KeyModifiers::NONE;
            modifiers.set(KeyModifiers::CONTROL, control);
            modifiers.set(KeyModifiers::ALT, alt);
            let pressed = Key::from(KeyEvent::new(KeyCode::Char(c.chars().next().unwrap()), modifiers));
            match pressed.to_string().parse::<Key>() {
                Ok(written) => prop_assert_eq!(written, pressed),
                Err(e) => prop_assert!(control && matches!(e, KeyError::Same { .. }), "{e}"),
            }
        }
    }

    #[test]
    fn a_terminal_may_tell_one_key_in_several_ways() {
        let key = |code, modifiers| Key::from(KeyEvent::new(code, modifiers)).to_string();
        assert_eq!(key(KeyCode::Char('R'), KeyModifiers::SHIFT), "R");
        assert_eq!(key(KeyCode::Char('r'), KeyModifiers::SHIFT), "R");
        assert_eq!(key(KeyCode::Char('?'), KeyModifiers::SHIFT), "?");
        assert_eq!(key(KeyCode::BackTab, KeyModifiers::NONE), "S-Tab");
        assert_eq!(key(KeyCode::Tab, KeyModifiers::SHIFT), "S-Tab");
        assert_eq!(key(KeyCode::Char('R'), KeyModifiers::CONTROL | KeyModifiers::SHIFT), "C-r");
        assert_eq!(key(KeyCode::Char('x'), KeyModifiers::SUPER), "x");
    }

    #[test]
    fn a_wrong_key_is_answered_with_the_right_one() {
        let near = |text: &str| match text.parse::<Key>().unwrap_err() {
            KeyError::Unknown { nearest, .. } => nearest.join(","),
            other => other.to_string(),
        };
        assert_eq!(near("PageUp"), "PgUp");
        assert_eq!(near("enter"), "Enter");
        assert_eq!(near("Ctrl-r"), "C-r");
        assert_eq!(near("c-r"), "C-r");
        assert_eq!(near("Escape"), "Esc");
        assert_eq!([near("F99"), near("F01")], ["", ""]);
        assert_eq!(near("C-i"), "a terminal sends \"C-i\" as Tab");
        assert_eq!(near("S-r"), "a terminal sends \"S-r\" as R");
        assert_eq!("  ".parse::<Chord>(), Err(KeyError::Empty));
    }
}
