//! `transcribe`: what is said in a file.

use super::args::{TranscribeArgs, TranscriptFormat};
use super::{Ended, output, signals};
use crate::session::{self, Cancel, SessionError, TranscriptFile, Workspace};
use std::io::IsTerminal;

pub(super) fn run(workspace: &Workspace, args: &TranscribeArgs) -> Result<Ended, SessionError> {
    let cancel = Cancel::default();
    signals::listen(cancel.clone()).map_err(|source| SessionError::Signals { source })?;
    let shows = std::io::stderr().is_terminal();
    let watch = |done: usize, of: usize| {
        if shows {
            eprint!("\r\x1b[K{done} of {} written down", output::counted(of as u64, "window"));
            if done == of {
                eprintln!();
            }
        }
    };
    let sound = args.sound.clone().unwrap_or_default();
    let Some(transcript) = session::transcribe_file(workspace, &args.file, &sound, &cancel, &watch)? else {
        return Ok(Ended::Cancelled);
    };
    let file = match args.format {
        TranscriptFormat::Json => TranscriptFile::Json,
        TranscriptFormat::Vtt => TranscriptFile::Vtt,
        TranscriptFormat::Srt => TranscriptFile::Srt,
        TranscriptFormat::Txt => TranscriptFile::Txt,
    };
    output::print(&transcript.text(file))?;
    Ok(Ended::Done)
}
