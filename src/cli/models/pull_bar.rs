//! The live line of fetching: one line in a terminal, JSON lines for programs, a line for each download elsewhere.

use crate::cli::args::ProgressMode;
use crate::cli::bar::Mode;
use crate::cli::{output, size_text};
use crate::session::{self, Moment, Step};
use crossterm::{style::Print, terminal};
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Between two redraws of the line.
const REDRAW: Duration = Duration::from_millis(125);
/// Between two JSON lines about one download.
const REPORT: Duration = Duration::from_millis(500);

/// Shows how fetching goes.
#[derive(Debug)]
pub(super) struct PullBar {
    mode: Mode,
    shown: Option<(Instant, Moment)>,
}

impl PullBar {
    pub(super) fn new(mode: ProgressMode) -> Self {
        Self { mode: mode.into(), shown: None }
    }

    /// Shows a moment if it is time to.
    pub(super) fn shows(&mut self, moment: &Moment) {
        let same = |old: &Moment| (old.step, &old.file, &old.from) == (moment.step, &moment.file, &moment.from);
        let waited = |pause: Duration| match &self.shown {
            Some((at, old)) => !same(old) || at.elapsed() >= pause,
            None => true,
        };
        match self.mode {
            Mode::Live if waited(REDRAW) => draw(moment),
            Mode::Lines if waited(Duration::MAX) && moment.step != Step::Make => output::note(&line(moment)),
            Mode::Json if waited(REPORT) => {
                let mut out = io::stdout().lock();
                let text = session::line(&session::pull_moment(moment));
                let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            }
            _ => return,
        }
        self.shown = Some((Instant::now(), moment.clone()));
    }

    /// Takes the line away for what is printed next.
    pub(super) fn finish(&self) {
        if self.mode == Mode::Live {
            let clear = terminal::Clear(terminal::ClearType::CurrentLine);
            let _ = crossterm::execute!(io::stderr(), Print("\r"), clear);
        }
    }
}

fn draw(moment: &Moment) {
    // The last column stays free: a terminal may wrap a line that fills it.
    let width = terminal::size().map_or(80, |(w, _)| usize::from(w)).saturating_sub(1);
    let text: String = line(moment).chars().take(width).collect();
    let clear = terminal::Clear(terminal::ClearType::UntilNewLine);
    let _ = crossterm::execute!(io::stderr(), Print(format!("\r{text}")), clear);
}

/// `3 of 7 models • 12.3 of 288.6 MB • buffalo_l.zip from …`
fn line(moment: &Moment) -> String {
    let models = format!("{} of {} models", moment.models_done, moment.models_due);
    let step = match moment.step {
        Step::Wait => "another process fetches".to_owned(),
        Step::Make => "checking".to_owned(),
        Step::Fetch if moment.done == 0 => format!("fetching {}", size_text(moment.due)),
        Step::Fetch => format!("{} of {}", size_text(moment.done), size_text(moment.due)),
    };
    format!("{models} • {step} • {}", moment.from)
}
