//! Asks the terminal once what it can draw.
//!
//! The question and the reading of answers are ratatui-image's; the waiting is not: its own leaves a thread behind that eats the first
//! key where a terminal does not answer.

use crate::config::ImageProtocol;
use crate::ui::theme::Colours;
use ratatui_image::picker::cap_parser::{Parser, QueryStdioOptions, Response};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How pictures reach the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Kitty's graphics: sent once by number, placed by Unicode placeholders.
    Kitty,
    /// DEC sixel: sent with every appearance.
    Sixel,
    /// iTerm2's inline files: sent with every appearance.
    Iterm2,
    /// Block characters with two colours each, which every terminal has.
    HalfBlocks,
    /// Quiet placeholders only.
    Off,
}

/// What was found out about the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    pub protocol: Protocol,
    /// Pixels of a cell, width and height; 10x20 where the terminal does not say.
    pub cell: (u16, u16),
    /// Whether escape sequences must be wrapped for tmux to pass them on.
    pub tmux: bool,
    /// How many colours blocks may have; with none they become placeholders.
    pub colours: Colours,
}

impl Probe {
    /// Returns what is taken for granted without asking: blocks in true colour, as in tests.
    #[must_use]
    pub fn blocks() -> Self {
        Self { protocol: Protocol::HalfBlocks, cell: (10, 20), tmux: false, colours: Colours::True }
    }
}

/// Asks the terminal what it can draw, within `timeout`; call it in raw mode and before events are read.
///
/// A terminal that does not answer gets blocks. Where no graphics are asked for, nothing is sent. In tmux, passing on is switched on
/// for this pane.
#[must_use]
pub fn probe(wanted: ImageProtocol, colours: Colours, timeout: Duration) -> Probe {
    let variable = |name: &str| std::env::var(name).ok();
    let tmux = is_tmux(variable);
    let asks = !matches!(wanted, ImageProtocol::HalfBlocks | ImageProtocol::Off);
    let mut colours = colours;
    if tmux && variable("TMUX").is_some_and(|socket| !socket.is_empty()) {
        if asks {
            // Where that fails, the terminal does not answer.
            let _ = ask_tmux(&["set", "-p", "allow-passthrough", "on"]);
        }
        let features = ask_tmux(&["display-message", "-p", "#{client_termfeatures}"]);
        colours = through_tmux(colours, features.as_deref());
    }
    let answer = if asks { ask(tmux, timeout) } else { String::new() };
    let pixels = crossterm::terminal::window_size().ok().and_then(|size| {
        let cell = (size.width.checked_div(size.columns)?, size.height.checked_div(size.rows)?);
        (cell.0 > 0 && cell.1 > 0).then_some(cell)
    });
    decide(wanted, &answer, pixels, variable, tmux, colours)
}

/// Chooses by what the terminal said, what the system knows of its pixels, and the environment.
fn decide(
    wanted: ImageProtocol,
    answer: &str,
    pixels: Option<(u16, u16)>,
    variable: impl Fn(&str) -> Option<String>,
    tmux: bool,
    colours: Colours,
) -> Probe {
    let mut parser = Parser::new();
    let responses: Vec<Response> = answer.chars().flat_map(|c| parser.push(c)).collect();
    let said = responses.iter().find_map(|r| if let Response::CellSize(size) = r { *size } else { None });
    let cell = said.or(pixels);
    let has = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let program = variable("TERM_PROGRAM").unwrap_or_default();
    let version = version(answer);
    let is = |name: &str| version.contains(name) || program.contains(name);
    // They answer kitty's question, but know no placeholders.
    let no_placeholders = is("WezTerm") || is("Konsole") || has("WEZTERM_EXECUTABLE") || has("KONSOLE_VERSION");
    let iterm2 = ["iTerm", "WezTerm", "mintty", "vscode", "Tabby", "WarpTerminal"].iter().any(|name| is(name))
        || has("WEZTERM_EXECUTABLE")
        || has("ITERM_SESSION_ID")
        || variable("LC_TERMINAL").is_some_and(|name| name.contains("iTerm"));
    let found = match cell {
        Some(_) if responses.contains(&Response::Kitty) && !no_placeholders => Protocol::Kitty,
        Some(_) if iterm2 => Protocol::Iterm2,
        // Konsole's sixels are drawn at wrong places.
        Some(_) if responses.contains(&Response::Sixel) && !is("Konsole") && !has("KONSOLE_VERSION") => Protocol::Sixel,
        // Without pixels of a cell nothing can be scaled to it.
        _ => Protocol::HalfBlocks,
    };
    let protocol = match wanted {
        ImageProtocol::Auto => found,
        ImageProtocol::Kitty => Protocol::Kitty,
        ImageProtocol::Sixel => Protocol::Sixel,
        ImageProtocol::Iterm2 => Protocol::Iterm2,
        ImageProtocol::HalfBlocks => Protocol::HalfBlocks,
        ImageProtocol::Off => Protocol::Off,
    };
    Probe { protocol, cell: cell.unwrap_or(Probe::blocks().cell), tmux, colours }
}

fn is_tmux(variable: impl Fn(&str) -> Option<String>) -> bool {
    let value = |name: &str| variable(name).unwrap_or_default();
    value("TERM").starts_with("tmux") || value("TERM_PROGRAM") == "tmux" || !value("TMUX").is_empty()
}

/// Returns how many colours come through tmux, by the features that it knows of the terminal: without RGB it takes the nearest of 256,
/// and a placeholder whose colour was changed names another picture.
fn through_tmux(colours: Colours, features: Option<&str>) -> Colours {
    match (colours, features) {
        (Colours::True, Some(features)) if !features.split(',').any(|f| f.trim() == "RGB") => Colours::Indexed256,
        _ => colours,
    }
}

fn ask_tmux(arguments: &[&str]) -> Option<String> {
    let output = Command::new("tmux").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns name and version as the terminal gives them (XTVERSION); unlike the environment, it comes over SSH too.
fn version(answer: &str) -> &str {
    answer.split_once("\x1bP>|").and_then(|(_, rest)| rest.split_once('\x1b')).map_or("", |(version, _)| version)
}

/// Sends the questions and returns what came until the last of them was answered, or the time was over.
fn ask(tmux: bool, timeout: Duration) -> String {
    /// An answer to all of it has some 100 characters.
    const MOST: usize = 4096;
    /// How long an answer that overtook another one is waited for.
    const GRACE: Duration = Duration::from_millis(50);
    let (input, mut output) = (std::io::stdin(), std::io::stdout());
    if !input.is_terminal() || !output.is_terminal() {
        return String::new();
    }
    let (start, escape, end) = Parser::tmux_start_escape_end(tmux);
    let name = format!("{start}{escape}[>0q{end}");
    let questions = name + &Parser::query(tmux, QueryStdioOptions::default());
    if output.write_all(questions.as_bytes()).and_then(|()| output.flush()).is_err() {
        return String::new();
    }
    let mut until = Instant::now() + timeout;
    let mut answer = Vec::new();
    let mut last = false;
    while answer.len() < MOST {
        // Every terminal answers the last question; the size of a cell may come behind it, or not at all.
        if !last && answer.ends_with(b"\x1b[0n") {
            (last, until) = (true, until.min(Instant::now() + GRACE));
        }
        if last && has_cell_size(&answer) {
            break;
        }
        let Ok(left) = Timespec::try_from(until.saturating_duration_since(Instant::now())) else { break };
        let mut waits = [PollFd::new(&input, PollFlags::IN)];
        let mut byte = [0_u8];
        match poll(&mut waits, Some(&left)) {
            // One by one and not through a buffer: what follows the answer is the reviewer's.
            Ok(1..) if rustix::io::read(&input, &mut byte) == Ok(1) => answer.extend(byte),
            Err(rustix::io::Errno::INTR) => {}
            _ => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Says whether `ESC [ 6 ; height ; width t` is in an answer, whole.
fn has_cell_size(answer: &[u8]) -> bool {
    let start = answer.windows(4).position(|w| w == b"\x1b[6;");
    start.and_then(|at| answer.get(at..)).is_some_and(|rest| rest.contains(&b't'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KITTY: &str = "\x1bP>|kitty(0.40.0)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[?62;c\x1b[6;20;10t\x1b[0n";

    fn decided(wanted: ImageProtocol, answer: &str, set: &[(&str, &str)]) -> Probe {
        let variable = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        decide(wanted, answer, None, variable, is_tmux(variable), Colours::True)
    }

    fn auto(answer: &str, set: &[(&str, &str)]) -> Protocol {
        decided(ImageProtocol::Auto, answer, set).protocol
    }

    #[test]
    fn kitty_is_believed_with_the_size_of_its_cells() {
        let found = decided(ImageProtocol::Auto, KITTY, &[]);
        assert_eq!((found.protocol, found.cell, found.tmux), (Protocol::Kitty, (10, 20), false));
    }

    #[test]
    fn a_terminal_that_knows_no_placeholders_gets_what_it_draws_well() {
        let wezterm = KITTY.replace("kitty(0.40.0)", "WezTerm 20240203");
        assert_eq!(auto(&wezterm, &[]), Protocol::Iterm2, "told by the terminal, as over SSH");
        assert_eq!(auto(KITTY, &[("WEZTERM_EXECUTABLE", "/usr/bin/wezterm")]), Protocol::Iterm2);
        let konsole = KITTY.replace("kitty(0.40.0)", "Konsole 23.08").replace("?62;c", "?62;4c");
        assert_eq!(auto(&konsole, &[]), Protocol::HalfBlocks);
    }

    #[test]
    fn sixel_and_silence_are_told_apart() {
        assert_eq!(auto("\x1b[?62;4;22c\x1b[6;18;9t\x1b[0n", &[]), Protocol::Sixel);
        assert_eq!(auto("\x1b[?62;22c\x1b[6;18;9t\x1b[0n", &[]), Protocol::HalfBlocks);
        assert_eq!(auto("", &[]), Protocol::HalfBlocks);
        assert_eq!(auto("garbage \x1b[ \x1bP>|", &[]), Protocol::HalfBlocks);
    }

    #[test]
    fn graphics_need_the_size_of_a_cell() {
        assert_eq!(auto("\x1b_Gi=31;OK\x1b\\\x1b[?62;4c\x1b[0n", &[]), Protocol::HalfBlocks);
    }

    #[test]
    fn the_size_of_a_cell_is_known_once_it_is_whole() {
        assert!(has_cell_size(b"\x1b[?62;c\x1b[6;20;10t\x1b[0n"));
        assert!(!has_cell_size(b"\x1b[0n\x1b[6;20;1"));
        assert!(!has_cell_size(b"t\x1b[0n"));
    }

    #[test]
    fn what_is_asked_for_comes_first() {
        assert_eq!(decided(ImageProtocol::Sixel, KITTY, &[]).protocol, Protocol::Sixel);
        assert_eq!(decided(ImageProtocol::Kitty, "", &[]).protocol, Protocol::Kitty);
        assert_eq!(decided(ImageProtocol::Off, KITTY, &[]).protocol, Protocol::Off);
    }

    #[test]
    fn tmux_is_known_by_any_of_its_marks() {
        for set in [[("TERM", "tmux-256color")], [("TERM_PROGRAM", "tmux")], [("TMUX", "/tmp/tmux-0/default,1,0")]] {
            assert!(decided(ImageProtocol::Auto, KITTY, &set).tmux, "{set:?}");
        }
        assert!(!decided(ImageProtocol::Auto, KITTY, &[("TERM", "xterm-256color")]).tmux);
    }

    #[test]
    fn tmux_lets_true_colours_through_where_its_terminal_has_them() {
        assert_eq!(through_tmux(Colours::True, Some("256,bpaste,ccolour,RGB,title\n")), Colours::True);
        assert_eq!(through_tmux(Colours::True, Some("256,bpaste\n")), Colours::Indexed256);
        assert_eq!(through_tmux(Colours::True, None), Colours::True);
        assert_eq!(through_tmux(Colours::None, Some("256")), Colours::None);
    }
}
