//! The live line of a run: one line in a terminal, JSON lines for programs, a line now and then elsewhere.

use super::args::ProgressMode;
use super::output::use_colour;
use crate::session::{self, ProgressReport, RunFacts, write_whole};
use crate::session::{Phase, Progress, ProgressView};
use crossterm::{cursor, queue, style::Print, style::Stylize, terminal};
use jiff::Timestamp;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Redraws of the line a second at most; a terminal over SSH gets about 200 bytes for each.
const REDRAW: Duration = Duration::from_millis(125);
/// Between two lines where there is no terminal.
const LINE: Duration = Duration::from_secs(10);
/// Cells of the bar; narrower than this it is left out.
const LEAST_BAR: usize = 8;
const MOST_BAR: usize = 40;

/// Shows the progress of one run. Clearing the line is left to [`Bar::finish`].
#[derive(Debug)]
pub(super) struct Bar<'a> {
    progress: &'a Progress,
    mode: Mode,
    state: Mutex<State>,
}

/// How progress is shown, once it is known where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Live,
    Lines,
    Json,
    Silent,
}

#[derive(Debug)]
struct State {
    facts: RunFacts,
    /// Where `progress.json` is kept; absent until the run has begun.
    file: Option<PathBuf>,
    drawn: Option<Instant>,
    phase: Option<Phase>,
}

impl From<ProgressMode> for Mode {
    fn from(mode: ProgressMode) -> Self {
        match mode {
            ProgressMode::Json => Self::Json,
            ProgressMode::None => Self::Silent,
            ProgressMode::Bar => Self::Live,
            ProgressMode::Auto if io::stderr().is_terminal() => Self::Live,
            ProgressMode::Auto => Self::Lines,
        }
    }
}

impl<'a> Bar<'a> {
    /// Shows what `asked` says until the run begins.
    pub(super) fn new(mode: ProgressMode, progress: &'a Progress, asked: RunFacts) -> Self {
        Self { progress, mode: mode.into(), state: Mutex::new(State { facts: asked, file: None, drawn: None, phase: None }) }
    }

    /// Learns what runs, and where `progress.json` goes.
    pub(super) fn begins(&self, facts: &RunFacts, file: PathBuf, notes: &[String]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(self.mode, Mode::Live | Mode::Lines) {
            self.clear();
            for note in notes {
                super::output::note(note);
            }
        }
        state.facts = facts.clone();
        state.file = Some(file);
        drop(state);
        self.report();
    }

    /// Writes `progress.json` and, for programs, a line.
    pub(super) fn report(&self) {
        self.end(|running| running);
    }

    /// Writes `progress.json` and, for programs, a line with what `last` makes of the state.
    pub(super) fn end(&self, last: impl FnOnce(ProgressReport) -> ProgressReport) {
        // The lock keeps lines whole and in order.
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let report = last(session::progress_report(&state.facts, &self.progress.view(), Timestamp::now()));
        let text = session::line(&report);
        if let Some(file) = &state.file {
            // A full disk stops the run where it matters; a progress file alone does not.
            if let Err(error) = write_whole(file, text.as_bytes()) {
                tracing::warn!(%error, "progress.json is not written");
            }
        }
        if self.mode == Mode::Json {
            let mut out = io::stdout().lock();
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
    }

    /// Draws the line if it is time to.
    pub(super) fn draw(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let view = self.progress.view();
        let pause = match self.mode {
            Mode::Live => REDRAW,
            Mode::Lines => LINE,
            Mode::Json | Mode::Silent => return,
        };
        if state.drawn.is_some_and(|at| at.elapsed() < pause) && state.phase == Some(view.phase) {
            return;
        }
        let mut out = io::stderr().lock();
        let _ = match (self.mode, state.file.is_some().then_some(&state.facts)) {
            (Mode::Live, facts) => draw_live(&mut out, facts, &view),
            (_, Some(facts)) => writeln!(out, "{}", session::progress_line(facts, &view, None)),
            (_, None) => Ok(()),
        };
        state.drawn = Some(Instant::now());
        state.phase = Some(view.phase);
    }

    /// Takes the line away for good.
    pub(super) fn finish(&self) {
        self.clear();
        if self.mode == Mode::Live {
            let _ = crossterm::execute!(io::stderr(), cursor::Show);
        }
    }

    /// Takes the line away for what is printed next.
    fn clear(&self) {
        if self.mode == Mode::Live {
            let _ = crossterm::execute!(io::stderr(), Print("\r"), terminal::Clear(terminal::ClearType::CurrentLine));
        }
    }
}

fn draw_live(out: &mut impl Write, facts: Option<&RunFacts>, view: &ProgressView) -> io::Result<()> {
    // The last column stays free: a terminal may wrap a line that fills it.
    let width = terminal::size().map_or(80, |(w, _)| usize::from(w)).saturating_sub(1);
    let Some(facts) = facts else {
        let text: String = "opening the video and the models".chars().take(width).collect();
        queue!(out, cursor::Hide, Print(format!("\r{text}")), terminal::Clear(terminal::ClearType::UntilNewLine))?;
        return out.flush();
    };
    let text = session::progress_line(facts, view, Some(width));
    let room = width.saturating_sub(text.chars().count() + 3);
    queue!(out, cursor::Hide, Print("\r"))?;
    if room >= LEAST_BAR {
        let share = if view.total > 0 { (view.done as f64 / view.total as f64).clamp(0.0, 1.0) } else { 0.0 };
        let bar = bar(share, room.min(MOST_BAR));
        let bar = if use_colour(true) { bar.dark_cyan().to_string() } else { bar };
        queue!(out, Print(format!("▕{bar}▏ ")))?;
    }
    queue!(out, Print(text), terminal::Clear(terminal::ClearType::UntilNewLine))?;
    out.flush()
}

/// Returns a bar of `width` cells in eighths of a cell.
fn bar(share: f64, width: usize) -> String {
    const PARTS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "share is 0..=1 and width small")]
    let eighths = (share * (width * 8) as f64) as usize;
    let mut text: String = std::iter::repeat_n('█', eighths / 8).collect();
    if eighths / 8 < width {
        text.push(PARTS[eighths % 8]);
        text.extend(std::iter::repeat_n(' ', width - eighths / 8 - 1));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_keeps_its_width() {
        for n in 0..=100 {
            assert_eq!(bar(f64::from(n) / 100.0, 16).chars().count(), 16, "{n} %");
        }
        assert_eq!(bar(1.0, 4), "████");
        assert_eq!(bar(0.5, 4), "██  ");
    }
}
