//! `demo`: draws a short episode and measures it.

use super::args::{DemoArgs, ProgressMode};
use super::output::{self, counted};
use super::{Ended, run, signals, status};
use crate::domain::Described;
use crate::session::{self, Cancel, DeviceChoice, RunRequest, SessionError, Workspace};
use std::io::{IsTerminal, Write};

pub(super) fn run(workspace: &Workspace, args: &DemoArgs) -> Result<Ended, SessionError> {
    let cancel = Cancel::default();
    signals::listen(cancel.clone()).map_err(|source| SessionError::Signals { source })?;
    if let Some(video) = &args.out {
        let done = session::draw_demo(video, args.truth.as_deref(), args.portraits.as_deref(), &cancel, &mut drawing())?;
        return Ok(if done { Ended::Done } else { Ended::Cancelled });
    }
    output::note("this is a drawn demo: five invented people, drawn and voiced by this program; nobody was filmed");
    let Some(files) = session::demo_files(workspace, &cancel, &mut drawing())? else { return Ok(Ended::Cancelled) };
    let episode = &files.episode;
    let request = RunRequest {
        video: files.video.clone(),
        episode: episode.clone(),
        device: DeviceChoice::Auto,
        // Another build may have drawn another video.
        replace_video: true,
        new_run: false,
        thresholds_asked: false,
        described: Described::default(),
    };
    if run::measure(workspace, &request, ProgressMode::Auto, &cancel)?.is_none() {
        return Ok(Ended::Cancelled);
    }
    if session::summary(workspace, episode)?.identities.values().any(|i| i.name.is_none()) {
        let suggestions = session::suggest(workspace, episode, &files.portraits)?;
        let named = session::apply(workspace, episode, &suggestions)?;
        output::note(&format!("{} named by drawn portraits, as `suggest --apply` does", counted(named, "cluster")));
    }
    let summary = session::summary(workspace, episode)?;
    let found = session::evaluate(workspace, episode, &files.truth)?;
    let text = format!(
        "{}\nHeld against what was drawn, as `eval` does:\n\n{found}\n{}",
        status::episode_text(&summary),
        next(&files.video.display().to_string())
    );
    output::print(&text)?;
    Ok(Ended::Done)
}

/// What to do after the demo.
fn next(video: &str) -> String {
    format!(
        "\
This was the drawn demo, {video}.
Real faces are harder: measure your own before you rely on a figure.

next: screenalytics run EPISODE.mp4       your own video
      screenalytics status                what the library holds
      screenalytics delete drawn-demo     takes the demo out of it
"
    )
}

/// Says how far drawing has come: a line that renews itself in a terminal, else one line at the start.
fn drawing() -> impl FnMut(u32, u32) {
    let is_terminal = std::io::stderr().is_terminal();
    let mut told = None;
    move |done, all| {
        let percent = 100 * done / all.max(1);
        if told == Some(percent) {
            return;
        }
        if told.is_none() && !is_terminal {
            output::note("drawing the demo, once");
        }
        told = Some(percent);
        if is_terminal {
            let mut err = std::io::stderr().lock();
            // The line goes when it is done.
            let line = if done < all { format!("\rdrawing the demo, once: {percent} %") } else { "\r\x1b[2K".into() };
            let _ = err.write_all(line.as_bytes()).and_then(|()| err.flush());
        }
    }
}
