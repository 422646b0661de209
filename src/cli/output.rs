//! Words to the terminal: results to standard output, everything else to standard error.

use crate::domain::{MediaTime, ModelUse, Thresholds, commercial_use};
use crate::session::SessionError;
pub(super) use crate::session::counted;
use crossterm::style::Stylize;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Prints a result.
///
/// # Errors
/// Fails where standard output cannot be written.
pub(super) fn print(text: &str) -> Result<(), SessionError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|source| SessionError::Write { path: stdout_path(), source })
}

/// Prints a result to a file, or to standard output without one. The file appears whole or not at all.
///
/// # Errors
/// Fails where it cannot be written.
pub(super) fn print_to(file: Option<&Path>, bytes: &[u8]) -> Result<(), SessionError> {
    match file {
        Some(file) => crate::session::write_whole(file, bytes),
        None => {
            let mut out = io::stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush()).map_err(|source| SessionError::Write { path: stdout_path(), source })
        }
    }
}

fn stdout_path() -> PathBuf {
    PathBuf::from("standard output")
}

/// Tells whether the reader of standard output has gone, as `head` does; that is no failure.
pub(super) fn is_closed_pipe(error: &SessionError) -> bool {
    matches!(error, SessionError::Write { path, source } if *path == stdout_path() && source.kind() == io::ErrorKind::BrokenPipe)
}

/// Prints something worth knowing.
pub(super) fn note(text: &str) {
    eprintln!("{} {text}", paint("note:", Tone::Note));
}

/// Says by what decision tracks are grouped.
pub(super) fn grouped_at(decided: Thresholds) -> String {
    format!(
        "grouped at {decided}, as was decided, whatever the settings say; `group` decides otherwise, `group --as-settings` leaves it to them"
    )
}

/// Prints what went wrong and what to do.
pub(super) fn error(error: &SessionError) {
    told(&error.to_string(), error.hint().as_deref());
}

/// Prints the same of an error that is already words.
pub(super) fn told(what: &str, hint: Option<&str>) {
    eprintln!("{} {what}", paint("error:", Tone::Error));
    if let Some(hint) = hint {
        eprintln!("{} {hint}", paint("hint:", Tone::Note));
    }
}

/// What a word on standard error means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Error,
    Note,
}

fn paint(word: &str, tone: Tone) -> String {
    if !use_colour(io::stderr().is_terminal()) {
        return word.to_owned();
    }
    match tone {
        Tone::Error => word.red().bold().to_string(),
        Tone::Note => word.cyan().to_string(),
    }
}

/// Tells whether colours may be used on a stream: a terminal, and `NO_COLOR` unset.
pub(super) fn use_colour(is_terminal: bool) -> bool {
    is_terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// Prints seconds as people read them: `9:08.4`, `1:02:03.0`.
pub(super) fn clock(time: MediaTime) -> String {
    let tenths = (time.0.max(0) + 50_000) / 100_000;
    let (h, m, s, t) = (tenths / 36_000, tenths / 600 % 60, tenths / 10 % 60, tenths % 10);
    if h > 0 { format!("{h}:{m:02}:{s:02}.{t}") } else { format!("{m}:{s:02}.{t}") }
}

/// Says what finds, compares and checks the faces, and whether that may be used commercially.
pub(super) fn models_text(detector: &ModelUse, embedder: &ModelUse, validator: Option<&ModelUse>) -> String {
    let models = [detector, embedder].into_iter().chain(validator);
    let mut licences: Vec<&str> = models.clone().map(|m| m.licence.as_str()).collect();
    licences.dedup();
    let licences = licences.join("; ");
    let checked = validator.map(|m| format!(", checked by {}", m.id)).unwrap_or_default();
    let commercial = match commercial_use(models) {
        Some(true) => "commercial use is allowed by their publishers",
        Some(false) => "not for commercial use",
        None => "nobody says whether commercial use is allowed",
    };
    format!("models: {} and {}{checked} • {commercial} ({licences})", detector.id, embedder.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_reads_minutes_seconds_and_tenths() {
        assert_eq!(clock(MediaTime::from_secs(548.44)), "9:08.4");
        assert_eq!(clock(MediaTime::from_secs(59.97)), "1:00.0");
        assert_eq!(clock(MediaTime::from_secs(3723.0)), "1:02:03.0");
    }
}
