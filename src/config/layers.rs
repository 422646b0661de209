//! Puts layers of TOML on top of each other and says exactly what is wrong with them.

use super::nearest::nearest;
use super::settings::Settings;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

/// Says what is wrong with a layer of settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read settings {path:?}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{origin}: this is not TOML: {message}")]
    Syntax { origin: String, message: String },
    #[error("{origin}: there is no setting {key:?}")]
    Unknown { origin: String, key: String, nearest: Vec<String> },
    #[error("{origin}: {key} = {found}: {allowed}")]
    Value { origin: String, key: String, found: String, allowed: String },
}

impl ConfigError {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Read { .. } => "check the permissions of the file, or move it away to use the defaults".into(),
            Self::Syntax { .. } => "correct the line; `screenalytics config` prints every setting as it stands".into(),
            Self::Unknown { nearest, .. } if nearest.is_empty() => "`screenalytics config` prints every setting".into(),
            Self::Unknown { nearest, .. } => format!("did you mean {}?", nearest.join(" or ")),
            Self::Value { .. } => "`screenalytics config` prints every setting with its value now".into(),
        }
    }
}

/// Settings under construction: the defaults, and what was put on top so far.
#[derive(Debug, Clone)]
pub struct Layers {
    merged: Table,
}

impl Layers {
    /// Starts with the defaults that are compiled in.
    #[must_use]
    pub fn defaults() -> Self {
        Self { merged: super::settings::builtin() }
    }

    /// Puts the file at `path` on top; a file that does not exist changes nothing.
    ///
    /// # Errors
    /// Fails where the file cannot be read or sets something wrong.
    pub fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        match std::fs::read_to_string(path) {
            Ok(text) => self.text(&format!("{}", path.display()), &text),
            // A file in place of the library is the library's to tell.
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(()),
            Err(source) => Err(ConfigError::Read { path: path.to_owned(), source }),
        }
    }

    /// Puts the TOML of `text` on top; `origin` names it in errors.
    ///
    /// # Errors
    /// Fails where it is not TOML, names an unknown key or gives a value that is not allowed.
    pub fn text(&mut self, origin: &str, text: &str) -> Result<(), ConfigError> {
        let table = DeTable::parse(text).map_err(|e| {
            let line = e.span().map_or(1, |s| line_of(text, s.start));
            ConfigError::Syntax { origin: format!("{origin}:{line}"), message: e.message().to_owned() }
        })?;
        self.table(origin, text, &mut Vec::new(), table.get_ref())
    }

    /// Sets one key such as `detect.score` from a flag.
    ///
    /// # Errors
    /// Fails where the key is unknown or the value is not allowed.
    pub fn set(&mut self, flag: &str, key: &str, value: Value) -> Result<(), ConfigError> {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        self.put(flag, &path, value)
    }

    /// Returns the finished settings.
    ///
    /// # Errors
    /// Fails only where the compiled-in defaults are broken, which a test excludes.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        Settings::from_table(self.merged.clone())
            .map_err(|e| ConfigError::Syntax { origin: "config/".into(), message: e.message().to_owned() })
    }

    /// Returns every setting as TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(&self.merged).unwrap_or_default()
    }

    fn table(&mut self, origin: &str, text: &str, path: &mut Vec<String>, table: &DeTable<'_>) -> Result<(), ConfigError> {
        for (key, value) in table {
            path.push(key.get_ref().to_string());
            let place = format!("{origin}:{}", line_of(text, key.span().start));
            match value.get_ref() {
                DeValue::Table(inner) => {
                    self.known(&place, path)?;
                    self.table(origin, text, path, inner)?;
                }
                _ => self.put(&place, path, plain(value, text))?,
            }
            path.pop();
        }
        Ok(())
    }

    fn put(&mut self, origin: &str, path: &[String], value: Value) -> Result<(), ConfigError> {
        let key = path.join(".");
        let now = self.known(origin, path)?.clone();
        let value = match (&now, value) {
            // A whole number may stand where a fraction may.
            (Value::Float(_), Value::Integer(n)) => Value::Float(n as f64),
            (_, value) => value,
        };
        let wrong = |allowed: String| ConfigError::Value {
            origin: origin.to_owned(),
            key: key.clone(),
            found: value.to_string(),
            allowed,
        };
        if now.type_str() != value.type_str() {
            return Err(wrong(format!("expected {} such as {now}", kind_of(&now))));
        }
        let mut next = self.merged.clone();
        set_at(&mut next, path, value.clone());
        Settings::from_table(next.clone()).map_err(|e| wrong(e.message().to_owned()))?;
        self.merged = next;
        Ok(())
    }

    fn known(&self, origin: &str, path: &[String]) -> Result<&Value, ConfigError> {
        let mut at = None;
        let mut table = Some(&self.merged);
        for part in path {
            at = table.and_then(|t| t.get(part));
            table = at.and_then(Value::as_table);
        }
        at.ok_or_else(|| ConfigError::Unknown {
            origin: origin.to_owned(),
            key: path.join("."),
            nearest: nearest(&path.join("."), &all_keys(&self.merged)),
        })
    }
}

fn set_at(table: &mut Table, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => {
            table.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            if let Some(inner) = table.get_mut(first).and_then(Value::as_table_mut) {
                set_at(inner, rest, value);
            }
        }
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

/// Turns a parsed value into a plain one by reading its own text again.
fn plain(value: &Spanned<DeValue<'_>>, text: &str) -> Value {
    let source = text.get(value.span()).unwrap_or_default();
    toml::from_str::<Table>(&format!("v = {source}"))
        .ok()
        .and_then(|mut t| t.remove("v"))
        .unwrap_or(Value::String(source.to_owned()))
}

/// Returns the line, counted from 1, in which byte `byte` of `text` stands.
#[must_use]
pub fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|b| *b == b'\n').count() + 1
}

fn all_keys(table: &Table) -> Vec<String> {
    let mut keys = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => keys.extend(all_keys(inner).into_iter().map(|k| format!("{key}.{k}"))),
            _ => keys.push(key.clone()),
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_complete() {
        Layers::defaults().settings().unwrap();
    }

    #[test]
    fn a_file_wins_over_the_defaults() {
        let mut layers = Layers::defaults();
        layers.text("user.toml", "[sample]\nstride = 5\n").unwrap();
        assert_eq!(layers.settings().unwrap().sample.stride, 5);
    }

    #[test]
    fn an_unknown_key_names_its_line_and_the_nearest_known_one() {
        let e = Layers::defaults().text("user.toml", "# mine\n[sample]\nstrid = 5\n").unwrap_err();
        assert_eq!(e.to_string(), "user.toml:3: there is no setting \"sample.strid\"");
        assert_eq!(e.hint(), "did you mean sample.stride?");
    }

    #[test]
    fn a_key_of_the_right_table_is_nearer_than_the_same_word_elsewhere() {
        let e = Layers::defaults().text("user.toml", "[cluster]\nthresh = 0.4\n").unwrap_err();
        assert!(e.hint().starts_with("did you mean cluster."), "{}", e.hint());
        let e = Layers::defaults().text("user.toml", "cluster.threshold = 0.4\n").unwrap_err();
        assert!(e.hint().contains("cluster.cluster_thresh"), "{}", e.hint());
    }

    #[test]
    fn a_value_of_the_wrong_kind_says_what_is_allowed() {
        let e = Layers::defaults().text("user.toml", "[sample]\nstride = \"three\"\n").unwrap_err();
        assert_eq!(e.to_string(), "user.toml:2: sample.stride = \"three\": expected a whole number such as 0");
    }

    #[test]
    fn a_value_out_of_range_is_refused_where_it_stands() {
        let e = Layers::defaults().text("user.toml", "[sample]\nstride = -1\n").unwrap_err();
        assert!(e.to_string().starts_with("user.toml:2: sample.stride = -1: "), "{e}");
    }

    #[test]
    fn broken_toml_names_its_line() {
        let e = Layers::defaults().text("user.toml", "[sample]\nstride = = 5\n").unwrap_err();
        assert!(e.to_string().starts_with("user.toml:2: this is not TOML"), "{e}");
    }

    #[test]
    fn a_missing_file_changes_nothing() {
        Layers::defaults().file(Path::new("/nonexistent/config.toml")).unwrap();
    }
}
