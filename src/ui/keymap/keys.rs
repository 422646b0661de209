//! Keys looked up.

use super::key::{Chord, Key};
use super::read::{Item, read};
use super::{Action, KeymapError, Place};
use crossterm::event::{KeyEvent, KeyEventKind};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

const BUILT_IN: &str = include_str!("../../../config/keymap.toml");

/// The keys of every place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    places: BTreeMap<Place, Keys>,
}

/// The keys of one place, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Keys {
    entries: Vec<Entry>,
    /// Keys that do nothing here, whatever they do everywhere.
    nothing: Vec<Chord>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    action: Action,
    desc: String,
    hint: Option<String>,
    keys: Vec<Chord>,
}

/// What a key means after those that are pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved {
    Action(Action),
    /// More keys must follow: [`Keymap::continuations`] says which.
    Pending,
    Unbound,
}

/// A key of the bottom line with its word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    pub action: Action,
    pub key: String,
    pub word: String,
}

/// What an action is called and which keys do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Where it stands: the place asked for, or [`Place::Global`].
    pub place: Place,
    pub action: Action,
    /// Every key that does it; none where only the palette does.
    pub keys: Vec<String>,
    pub desc: String,
}

enum Found {
    Action(Action),
    Nothing,
    Begins,
    Absent,
}

impl Keymap {
    /// Reads the built-in keys and puts the file `user` on top; a file that does not exist changes nothing.
    ///
    /// A key of the file takes the place of the same key, of keys that begin with it, and of keys that it begins with. The other keys
    /// of its action stay.
    ///
    /// # Errors
    /// Fails where the file cannot be read or names an unknown place, action, key or field.
    pub fn load(user: Option<&Path>) -> Result<Self, KeymapError> {
        let mut keymap = Self::built_in()?;
        let Some(path) = user else { return Ok(keymap) };
        match std::fs::read_to_string(path) {
            Ok(text) => keymap.put(&path.display().to_string(), &text)?,
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(source) => return Err(KeymapError::Read { path: path.to_owned(), source }),
        }
        Ok(keymap)
    }

    /// Returns what `key` means at `place` after the keys `pending`: there first, then everywhere.
    ///
    /// Where text is typed only the place's own keys count; an unbound key is text.
    #[must_use]
    pub fn resolve(&self, place: Place, pending: &[KeyEvent], key: KeyEvent) -> Resolved {
        if key.kind == KeyEventKind::Release {
            return Resolved::Unbound;
        }
        let pressed: Vec<Key> = pending.iter().chain([&key]).map(|event| Key::from(*event)).collect();
        self.meaning(place, &pressed)
    }

    /// Returns the keys of the bottom line: those of `place` first, each list in the order of the file.
    #[must_use]
    pub fn hints(&self, place: Place) -> Vec<Hint> {
        let with_words = self.reachable(place).into_iter().filter_map(|(_, entry, keys)| {
            Some(Hint { action: entry.action, key: keys.into_iter().next()?, word: entry.hint.clone()? })
        });
        with_words.collect()
    }

    /// Returns everything that can be done at `place`, its own first; keys that do something else there are left out.
    #[must_use]
    pub fn all(&self, place: Place) -> Vec<Binding> {
        let own = |(place, entry, keys): (Place, &Entry, Vec<String>)| Binding {
            place,
            action: entry.action,
            keys,
            desc: entry.desc.clone(),
        };
        self.reachable(place).into_iter().map(own).collect()
    }

    /// Returns the first key that does `action` at `place`, such as `r`, `g e` or `C-r`.
    #[must_use]
    pub fn key_of(&self, place: Place, action: Action) -> Option<String> {
        self.reachable(place).into_iter().find(|(_, e, keys)| e.action == action && !keys.is_empty())?.2.into_iter().next()
    }

    /// Returns what may follow the keys `pending` at `place`; `keys` holds what is still to be pressed.
    #[must_use]
    pub fn continuations(&self, place: Place, pending: &[KeyEvent]) -> Vec<Binding> {
        let pressed = Chord(pending.iter().map(|event| Key::from(*event)).collect()).to_string() + " ";
        let mut found = self.all(place);
        for binding in &mut found {
            binding.keys = binding.keys.iter().filter_map(|key| key.strip_prefix(&pressed)).map(str::to_owned).collect();
        }
        found.retain(|binding| !binding.keys.is_empty());
        found
    }

    pub(super) fn built_in() -> Result<Self, KeymapError> {
        Self::from_text("config/keymap.toml", BUILT_IN)
    }

    /// Reads a whole keymap, in which no key and no action of a place stands twice.
    pub(super) fn from_text(origin: &str, text: &str) -> Result<Self, KeymapError> {
        let mut keymap = Self { places: BTreeMap::new() };
        for (place, items) in read(origin, text)? {
            let keys = keymap.places.entry(place).or_default();
            for item in items {
                let Some(action) = item.run else {
                    keys.nothing.extend(item.on);
                    continue;
                };
                if keys.entries.iter().any(|e| e.action == action) {
                    return Err(KeymapError::Twice { origin: item.origin, action, place });
                }
                for key in &item.on {
                    if let Some(taken) = keys.entries.iter().flat_map(|e| &e.keys).find(|other| collide(key, other)) {
                        let (key, taken) = (key.to_string(), taken.to_string());
                        return Err(KeymapError::Taken { origin: item.origin, key, taken });
                    }
                }
                let desc = item.desc.ok_or(KeymapError::Missing { origin: item.origin, field: "desc" })?;
                keys.entries.push(Entry { action, desc, hint: item.hint, keys: item.on });
            }
        }
        Ok(keymap)
    }

    /// Puts the keys of `text` on top.
    pub(super) fn put(&mut self, origin: &str, text: &str) -> Result<(), KeymapError> {
        for (place, items) in read(origin, text)? {
            // Two keys of one file that collide are a slip; a key that collides with a built-in one is the point.
            let mut own: Vec<Chord> = Vec::new();
            for item in items {
                if let Some((key, taken)) = item.on.iter().find_map(|k| Some((k, own.iter().find(|o| collide(k, o))?))) {
                    let (key, taken) = (key.to_string(), taken.to_string());
                    return Err(KeymapError::Taken { origin: item.origin, key, taken });
                }
                own.extend(item.on.iter().cloned());
                self.put_item(place, item)?;
            }
        }
        Ok(())
    }

    fn put_item(&mut self, place: Place, item: Item) -> Result<(), KeymapError> {
        let known = match item.run {
            Some(action) => Some(self.known(place, action, &item.origin)?),
            None => None,
        };
        let keys = self.places.entry(place).or_default();
        for entry in &mut keys.entries {
            entry.keys.retain(|key| !item.on.iter().any(|new| collide(new, key)));
        }
        keys.nothing.retain(|key| !item.on.iter().any(|new| collide(new, key)));
        let Some(known) = known else {
            keys.nothing.extend(item.on);
            return Ok(());
        };
        let position = keys.entries.iter().position(|e| e.action == known.action);
        let entry = match position {
            Some(at) => &mut keys.entries[at],
            None => {
                keys.entries.push(Entry { keys: Vec::new(), ..known });
                keys.entries.last_mut().expect("one was put there on the line above")
            }
        };
        entry.keys.splice(0..0, item.on);
        if let Some(desc) = item.desc {
            entry.desc = desc;
        }
        entry.hint = item.hint.or(entry.hint.take());
        Ok(())
    }

    /// Returns what `action` is at `place`, or refuses where it does nothing there.
    fn known(&self, place: Place, action: Action, origin: &str) -> Result<Entry, KeymapError> {
        let at = |place: Place| self.places.get(&place)?.entries.iter().find(|e| e.action == action).cloned();
        place.searched().find_map(at).ok_or_else(|| KeymapError::Elsewhere {
            origin: origin.to_owned(),
            action,
            place,
            known: Place::ALL.iter().copied().filter(|p| at(*p).is_some()).collect(),
        })
    }

    pub(super) fn meaning(&self, place: Place, pressed: &[Key]) -> Resolved {
        let found = place.searched().map(|place| self.places.get(&place).map_or(Found::Absent, |keys| keys.find(pressed)));
        for found in found {
            match found {
                Found::Action(action) => return Resolved::Action(action),
                Found::Begins => return Resolved::Pending,
                Found::Nothing => return Resolved::Unbound,
                Found::Absent => {}
            }
        }
        Resolved::Unbound
    }

    /// Returns the entries that hold at `place`, with the keys that really lead to them.
    fn reachable(&self, place: Place) -> Vec<(Place, &Entry, Vec<String>)> {
        let mut found: Vec<(Place, &Entry, Vec<String>)> = Vec::new();
        for from in place.searched() {
            for entry in self.places.get(&from).into_iter().flat_map(|keys| &keys.entries) {
                let leads = |key: &&Chord| {
                    let steps = (1..key.0.len()).all(|n| self.meaning(place, &key.0[..n]) == Resolved::Pending);
                    steps && self.meaning(place, &key.0) == Resolved::Action(entry.action)
                };
                let keys: Vec<String> = entry.keys.iter().filter(leads).map(ToString::to_string).collect();
                match found.iter_mut().find(|(_, own, _)| own.action == entry.action) {
                    // The place has its own words for it; keys that hold everywhere hold there too.
                    Some((_, _, own)) => {
                        let more: Vec<String> = keys.into_iter().filter(|key| !own.contains(key)).collect();
                        own.extend(more);
                    }
                    None => found.push((from, entry, keys)),
                }
            }
        }
        found
    }

    /// Returns the entries of `place` alone: what each does, its keys.
    pub(super) fn own(&self, place: Place) -> impl Iterator<Item = (&str, Action, Vec<String>)> {
        let entries = self.places.get(&place).into_iter().flat_map(|keys| &keys.entries);
        entries.map(|e| (e.desc.as_str(), e.action, e.keys.iter().map(ToString::to_string).collect()))
    }
}

impl Keys {
    fn find(&self, pressed: &[Key]) -> Found {
        if let Some(entry) = self.entries.iter().find(|e| e.keys.iter().any(|key| key.0 == pressed)) {
            return Found::Action(entry.action);
        }
        if self.nothing.iter().any(|key| key.0 == pressed) {
            return Found::Nothing;
        }
        let all = self.entries.iter().flat_map(|e| &e.keys);
        if all.clone().any(|key| key.0.starts_with(pressed)) { Found::Begins } else { Found::Absent }
    }
}

/// Tells whether one of the two begins with the other.
fn collide(a: &Chord, b: &Chord) -> bool {
    a.0.starts_with(&b.0) || b.0.starts_with(&a.0)
}
