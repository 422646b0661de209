//! `doctor`: checks the machine and the library.

use super::args::DoctorArgs;
use super::{Ended, output};
use crate::session::{self, Outcome, SessionError, Workspace};
use crossterm::terminal;
use std::fmt::Write as _;
use std::io::IsTerminal;

/// Columns where standard output is no terminal.
const WIDTH: usize = 80;
/// Columns past which lines are hard to read.
const WIDEST: usize = 110;
/// Columns before the text of a check.
const INDENT: usize = 18;

pub(super) fn run(workspace: &Workspace, args: &DoctorArgs) -> Result<Ended, SessionError> {
    let episode = args.episode.as_deref().map(str::parse).transpose()?;
    let width = match terminal::size() {
        Ok((columns, _)) if std::io::stdout().is_terminal() => usize::from(columns).clamp(40, WIDEST),
        _ => WIDTH,
    };
    let mut failed = 0;
    let mut out = String::new();
    session::doctor(workspace, episode.as_ref(), &mut |check| {
        let (glyph, text, hint) = match check.outcome {
            Outcome::Good(what) => ('●', what, None),
            Outcome::Doubtful { what, hint } => ('▲', what, Some(hint)),
            Outcome::Bad { what, hint } => {
                failed += 1;
                ('✕', what, hint)
            }
        };
        out.push_str(&entry(glyph, &check.what, &text, hint.as_deref(), width));
    })?;
    output::print(&out)?;
    Ok(if failed == 0 { Ended::Done } else { Ended::Findings })
}

/// Lays out one check: its name in a column, the text broken at blanks, what to do behind an arrow.
fn entry(glyph: char, what: &str, text: &str, hint: Option<&str>, width: usize) -> String {
    let mut out = String::new();
    let mut name = format!("{glyph}  {what}:");
    if name.chars().count() + 2 >= INDENT {
        let _ = writeln!(out, "  {name}");
        name.clear();
    }
    for (n, line) in broken(text, width - INDENT).iter().enumerate() {
        let _ = writeln!(out, "  {:1$}{line}", if n == 0 { name.as_str() } else { "" }, INDENT - 2);
    }
    for (n, line) in hint.map(|h| broken(h, width - INDENT - 2)).unwrap_or_default().iter().enumerate() {
        let _ = writeln!(out, "{:INDENT$}{} {line}", "", if n == 0 { '→' } else { ' ' });
    }
    out
}

/// Breaks a text at blanks into lines of at most `width` columns; a longer word has a line of its own.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_check_stays_inside_its_column() {
        let text = "the GPU build of onnxruntime is not installed and the machine computes on the CPU until it is";
        let shown = entry('▲', "gpu", text, Some("run: screenalytics setup --gpu"), 60);
        assert!(shown.lines().all(|l| l.chars().count() <= 60), "{shown}");
        assert!(shown.starts_with("  ▲  gpu:         the GPU build"), "{shown}");
        assert!(shown.ends_with("                  → run: screenalytics setup --gpu\n"), "{shown}");
    }

    #[test]
    fn a_long_name_has_a_line_of_its_own() {
        assert_eq!(entry('●', "episode rhobh-s05e17", "fine", None, 80), "  ●  episode rhobh-s05e17:\n                  fine\n");
    }
}
