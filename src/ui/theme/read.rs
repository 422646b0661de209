//! Files of themes.
//!
//! A file may have `base` (a built-in theme that it changes), `series` (colours that are told apart, for lines side by side), a table
//! `[colours]` of its own names, and a table `[roles]`: a colour, or `fg`, `bg` and `with`, for each role.

use super::colour::{Colour, TERMINAL};
use super::{Role, ThemeError};
use crate::config::{line_of, nearest};
use ratatui::style::Modifier;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

const FIELDS: [&str; 4] = ["base", "series", "colours", "roles"];
const LOOK_FIELDS: [&str; 3] = ["fg", "bg", "with"];
const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

/// How a role looks before the terminal's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) fg: Option<Colour>,
    pub(super) bg: Option<Colour>,
    pub(super) with: Modifier,
}

/// A theme as written.
#[derive(Debug, Clone, Default)]
pub(super) struct Written {
    pub(super) roles: BTreeMap<Role, Look>,
    pub(super) series: Vec<Look>,
}

struct Source<'a> {
    origin: &'a str,
    text: &'a str,
    colours: BTreeMap<String, Colour>,
}

/// Reads the theme `text`; `origin` names the file in errors, `base` gives a built-in theme.
pub(super) fn read(origin: &str, text: &str, base: impl Fn(&str) -> Result<Written, ThemeError>) -> Result<Written, ThemeError> {
    let mut source = Source { origin, text, colours: BTreeMap::new() };
    let table = DeTable::parse(text).map_err(|e| ThemeError::Syntax {
        origin: source.at(e.span().map_or(0, |s| s.start)),
        message: e.message().to_owned(),
    })?;
    let table = table.get_ref();
    source.only(table, "field", &FIELDS)?;
    let mut written = match table.get("base") {
        Some(name) => base(source.string(name)?).map_err(|e| match e {
            ThemeError::NoTheme { name: wrong, nearest, .. } => {
                source.unknown(name.span().start, "built-in theme", &wrong, nearest)
            }
            e => e,
        })?,
        None => Written::default(),
    };
    if let Some(colours) = table.get("colours") {
        for (name, value) in source.table(colours)? {
            let colour = source.colour(value)?;
            source.colours.insert(name.get_ref().to_string(), colour);
        }
    }
    if let Some(roles) = table.get("roles") {
        for (name, value) in source.table(roles)? {
            let role = Role::named(name.get_ref());
            let role = role.map_err(|near| source.unknown(name.span().start, "role", name.get_ref(), near))?;
            written.roles.insert(role, source.look(value)?);
        }
    }
    if let Some(series) = table.get("series") {
        let kind = ThemeError::Kind { origin: source.at(series.span().start), expected: "a list of colours" };
        let list = series.get_ref().as_array().filter(|list| list.iter().next().is_some()).ok_or(kind)?;
        written.series = list.iter().map(|value| source.look(value)).collect::<Result<_, _>>()?;
    }
    let roles: Vec<&str> = Role::ALL.iter().filter(|r| !written.roles.contains_key(r)).map(|r| r.name()).collect();
    if !roles.is_empty() {
        return Err(ThemeError::Missing { origin: origin.to_owned(), roles });
    }
    if written.series.is_empty() {
        return Err(ThemeError::Missing { origin: origin.to_owned(), roles: vec!["series"] });
    }
    Ok(written)
}

impl Source<'_> {
    fn at(&self, byte: usize) -> String {
        format!("{}:{}", self.origin, line_of(self.text, byte))
    }

    fn unknown(&self, byte: usize, what: &'static str, name: &str, nearest: Vec<String>) -> ThemeError {
        ThemeError::Unknown { origin: self.at(byte), what, name: name.to_owned(), nearest }
    }

    /// Refuses a key of `table` that is not of `known`.
    fn only(&self, table: &DeTable<'_>, what: &'static str, known: &[&str]) -> Result<(), ThemeError> {
        match table.keys().find(|key| !known.contains(&key.get_ref().as_ref())) {
            Some(key) => Err(self.unknown(key.span().start, what, key.get_ref(), nearest(key.get_ref(), known))),
            None => Ok(()),
        }
    }

    fn table<'v, 'i>(&self, value: &'v Spanned<DeValue<'i>>) -> Result<&'v DeTable<'i>, ThemeError> {
        let kind = || ThemeError::Kind { origin: self.at(value.span().start), expected: "a table" };
        value.get_ref().as_table().ok_or_else(kind)
    }

    fn string<'v>(&self, value: &'v Spanned<DeValue<'_>>) -> Result<&'v str, ThemeError> {
        let kind = || ThemeError::Kind { origin: self.at(value.span().start), expected: "a text in quotes" };
        value.get_ref().as_str().ok_or_else(kind)
    }

    fn look(&self, value: &Spanned<DeValue<'_>>) -> Result<Look, ThemeError> {
        let Some(fields) = value.get_ref().as_table() else {
            return Ok(Look { fg: Some(self.colour(value)?), bg: None, with: Modifier::empty() });
        };
        self.only(fields, "field", &LOOK_FIELDS)?;
        let colour = |field| fields.get(field).map(|v| self.colour(v)).transpose();
        let mut with = Modifier::empty();
        if let Some(list) = fields.get("with") {
            let kind = || ThemeError::Kind { origin: self.at(list.span().start), expected: "a list such as [\"bold\"]" };
            for value in list.get_ref().as_array().ok_or_else(kind)? {
                with |= self.modifier(value)?;
            }
        }
        Ok(Look { fg: colour("fg")?, bg: colour("bg")?, with })
    }

    fn modifier(&self, value: &Spanned<DeValue<'_>>) -> Result<Modifier, ThemeError> {
        let name = self.string(value)?;
        let known = MODIFIERS.map(|(name, _)| name);
        MODIFIERS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, modifier)| *modifier)
            .ok_or_else(|| self.unknown(value.span().start, "way to write", name, nearest(name, &known)))
    }

    fn colour(&self, value: &Spanned<DeValue<'_>>) -> Result<Colour, ThemeError> {
        // A number of the terminal's palette may stand without quotes; it is taken as it is written.
        let name = match value.get_ref().as_integer() {
            Some(_) => self.text.get(value.span()).unwrap_or_default(),
            None => self.string(value)?,
        };
        self.colours.get(name).copied().or_else(|| Colour::parse(name)).ok_or_else(|| {
            let own = self.colours.keys().map(String::as_str);
            let known: Vec<&str> = own.chain(TERMINAL).chain(["default"]).collect();
            self.unknown(value.span().start, "colour", name, nearest(name, &known))
        })
    }
}
