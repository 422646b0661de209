//! How things look: a style for each role, from a file of `themes/` or the user's own.
//!
//! Roles stand for meanings and not for places, and what a colour says a glyph says too ([`Role::glyph`]).

mod colour;
mod error;
mod read;
mod role;
#[cfg(test)]
mod tests;

pub use colour::Colours;
pub(super) use colour::indexed;
pub use error::ThemeError;
pub use role::Role;

use crate::config::nearest;
use ratatui::style::Style;
use read::{Look, Written, read};
use std::collections::BTreeMap;
use std::path::Path;

/// The built-in themes; the first is the one where none is asked for.
const BUILT_IN: [(&str, &str); 5] = [
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../../themes/colour-blind.toml")),
    (PLAIN, include_str!("../../../themes/plain.toml")),
];

/// The theme without colours, which stands for every other where the terminal has none.
const PLAIN: &str = "plain";

/// The look of every role on this terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    name: String,
    styles: BTreeMap<Role, Style>,
    series: Vec<Style>,
}

impl Theme {
    /// Reads the theme `name`: `NAME.toml` of `user_dir`, else the built-in one.
    ///
    /// Without colours every theme is checked, then looks like `plain`.
    ///
    /// # Errors
    /// Fails where there is no such theme, or its file cannot be read or names an unknown role, colour or field, or lacks a role.
    pub fn load(name: &str, user_dir: Option<&Path>, colours: Colours) -> Result<Self, ThemeError> {
        let known = Self::names(user_dir);
        if !known.iter().any(|k| k == name) {
            return Err(ThemeError::NoTheme { name: name.to_owned(), nearest: nearest(name, &known), known });
        }
        let mut written = match user_dir.map(|dir| dir.join(format!("{name}.toml"))).filter(|path| path.is_file()) {
            Some(path) => {
                let text = std::fs::read_to_string(&path).map_err(|source| ThemeError::Read { path: path.clone(), source })?;
                read(&path.display().to_string(), &text, built_in)?
            }
            None => built_in(name)?,
        };
        if colours == Colours::None {
            written = built_in(PLAIN)?;
        }
        let style = |look: &Look| Style {
            fg: look.fg.and_then(|c| c.shown(colours)),
            bg: look.bg.and_then(|c| c.shown(colours)),
            ..Style::new().add_modifier(look.with)
        };
        Ok(Self {
            name: name.to_owned(),
            styles: written.roles.iter().map(|(role, look)| (*role, style(look))).collect(),
            series: written.series.iter().map(style).collect(),
        })
    }

    /// Lists the themes: the built-in ones, then the user's by name.
    #[must_use]
    pub fn names(user_dir: Option<&Path>) -> Vec<String> {
        let mut names: Vec<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        let entries = user_dir.and_then(|dir| std::fs::read_dir(dir).ok()).into_iter().flatten().flatten();
        let files = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "toml"));
        let mut own: Vec<String> = files.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
        own.retain(|name| !names.contains(name));
        own.sort_unstable();
        names.extend(own);
        names
    }

    /// Returns the name that it was asked for by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the look of `role`. [`Role::Ground`] or [`Role::Popup`] is painted first; most others have no ground of their own, so
    /// that they can stand on the cursor's.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(&role).copied().unwrap_or_default()
    }

    /// Returns the look of the `n`th of several lines side by side, such as tracks in a picture; after the last the first comes again.
    #[must_use]
    pub fn series(&self, n: usize) -> Style {
        self.series.get(n % self.series.len().max(1)).copied().unwrap_or_default()
    }
}

fn built_in(name: &str) -> Result<Written, ThemeError> {
    let names = BUILT_IN.map(|(name, _)| name);
    let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) else {
        let known = names.map(str::to_owned).to_vec();
        return Err(ThemeError::NoTheme { name: name.to_owned(), nearest: nearest(name, &names), known });
    };
    read(&format!("themes/{name}.toml"), text, |base| {
        Err(ThemeError::NoTheme { name: base.to_owned(), nearest: Vec::new(), known: Vec::new() })
    })
}
