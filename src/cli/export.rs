//! `export`: screen time for spreadsheets and programs.

use super::args::{ExportArgs, ExportFormat};
use super::{Ended, output};
use crate::session::{self, SessionError, Workspace};

pub(super) fn run(workspace: &Workspace, args: &ExportArgs) -> Result<Ended, SessionError> {
    let summary = session::summary(workspace, &args.episode.parse()?)?;
    let bytes = match args.format {
        ExportFormat::Csv => session::export_csv(&summary)?,
        ExportFormat::Json => session::export_json(&summary)?,
    };
    output::print_to(args.out.as_deref(), &bytes)?;
    Ok(Ended::Done)
}
