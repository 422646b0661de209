//! Files of keys.
//!
//! A file has a list for each place; each item has `on` (a key, or a list of keys that do the same), `run` (an action, or `none`),
//! and may have `desc` (for help) and `hint` (a word for the bottom line).

use super::key::Chord;
use super::{Action, KeymapError, Place};
use crate::config::line_of;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

const FIELDS: [&str; 4] = ["on", "run", "desc", "hint"];

/// One item of a file.
#[derive(Debug)]
pub(super) struct Item {
    /// File and line.
    pub(super) origin: String,
    pub(super) on: Vec<Chord>,
    /// None where the keys are to do nothing.
    pub(super) run: Option<Action>,
    pub(super) desc: Option<String>,
    pub(super) hint: Option<String>,
}

/// Reads the items of `text`, place by place in the order of [`Place::ALL`]; `origin` names the file in errors.
pub(super) fn read(origin: &str, text: &str) -> Result<Vec<(Place, Vec<Item>)>, KeymapError> {
    let at = |byte: usize| format!("{origin}:{}", line_of(text, byte));
    let table = DeTable::parse(text)
        .map_err(|e| KeymapError::Syntax { origin: at(e.span().map_or(0, |s| s.start)), message: e.message().to_owned() })?;
    let mut places = Vec::new();
    for (name, list) in table.get_ref() {
        let known = Place::named(name.get_ref());
        let place = known.map_err(|nearest| unknown(at(name.span().start), "place", name.get_ref(), nearest))?;
        let kind = |byte| KeymapError::Kind { origin: at(byte), expected: "a list of keys" };
        let list = list.get_ref().as_array().ok_or_else(|| kind(list.span().start))?;
        let mut items = Vec::new();
        for value in list {
            let byte = value.span().start;
            let fields = value.get_ref().as_table().ok_or_else(|| kind(byte))?;
            items.push(item(&at, byte, fields)?);
        }
        places.push((place, items));
    }
    places.sort_by_key(|(place, _)| *place);
    Ok(places)
}

fn item(at: &impl Fn(usize) -> String, byte: usize, fields: &DeTable<'_>) -> Result<Item, KeymapError> {
    if let Some(field) = fields.keys().find(|f| !FIELDS.contains(&f.get_ref().as_ref())) {
        let nearest = crate::config::nearest(field.get_ref(), &FIELDS);
        return Err(unknown(at(field.span().start), "field", field.get_ref(), nearest));
    }
    let missing = |field| KeymapError::Missing { origin: at(byte), field };
    let on = fields.get("on").ok_or_else(|| missing("on"))?;
    let run = fields.get("run").ok_or_else(|| missing("run"))?;
    let name = text(at, run)?;
    let run = match name {
        "none" => None,
        name => Some(Action::named(name).map_err(|nearest| unknown(at(run.span().start), "action", name, nearest))?),
    };
    let words = |field| fields.get(field).map(|v| text(at, v).map(str::to_owned)).transpose();
    Ok(Item { origin: at(byte), on: chords(at, on)?, run, desc: words("desc")?, hint: words("hint")? })
}

fn chords(at: &impl Fn(usize) -> String, on: &Spanned<DeValue<'_>>) -> Result<Vec<Chord>, KeymapError> {
    let one = |value| text(at, value)?.parse().map_err(|source| KeymapError::Key { origin: at(value.span().start), source });
    match on.get_ref().as_array() {
        Some(list) => list.iter().map(one).collect(),
        None => Ok(vec![one(on)?]),
    }
}

fn text<'a>(at: &impl Fn(usize) -> String, value: &'a Spanned<DeValue<'_>>) -> Result<&'a str, KeymapError> {
    value.get_ref().as_str().ok_or_else(|| KeymapError::Kind { origin: at(value.span().start), expected: "a text in quotes" })
}

fn unknown(origin: String, what: &'static str, name: &str, nearest: Vec<String>) -> KeymapError {
    KeymapError::Unknown { origin, what, name: name.to_owned(), nearest }
}
