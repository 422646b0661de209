//! The workstation, from the command line.

use super::args::OpenArgs;
use super::{Ended, output};
use crate::config::ImageProtocol;
use crate::domain::MediaTime;
use crate::session::{SessionError, Workspace};
use crate::ui::{self, Arrive, Options};

/// Opens it on the library, or on an episode where `args` name one.
pub(super) fn run(workspace: &Workspace, args: Option<&OpenArgs>, image: Option<ImageProtocol>) -> Result<Ended, SessionError> {
    let arrive = args.and_then(|a| a.episode.as_ref().map(|episode| (a, episode))).map(|(args, episode)| {
        Ok::<_, SessionError>(Arrive {
            episode: Some(episode.parse()?),
            tab: args.tab,
            at: args.at,
            identity: args.identity.as_ref().map(|id| id.parse()).transpose()?,
            track: args.track.as_ref().map(|id| id.parse()).transpose()?,
            ..Arrive::default()
        })
    });
    let options = Options { image: args.and_then(|a| a.image).or(image), arrive: arrive.transpose()? };
    match ui::run(workspace, options) {
        Ok(()) => Ok(Ended::Done),
        Err(error) => {
            tracing::error!("{error}");
            output::told(&error.to_string(), error.hint().as_deref());
            Ok(Ended::Findings)
        }
    }
}

/// Reads a place in an episode: `12:03.4`, `1:02:03` or seconds.
pub(super) fn place(text: &str) -> Result<MediaTime, String> {
    let wrong = || format!("{text:?} is no time such as 00:12:03 or 723.5");
    let mut seconds = 0.0;
    for (n, part) in text.split(':').enumerate() {
        let value: f64 = part.parse().ok().filter(|v: &f64| v.is_finite() && *v >= 0.0).ok_or_else(wrong)?;
        if n > 2 || (n > 0 && value >= 60.0) {
            return Err(wrong());
        }
        seconds = seconds * 60.0 + value;
    }
    Ok(MediaTime::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_people_write_it_and_nothing_else() {
        for (text, due) in [("00:12:03", 723.0), ("12:03.4", 723.4), ("723.5", 723.5), ("1:00:00", 3600.0), ("0", 0.0)] {
            assert_eq!(place(text).unwrap(), MediaTime::from_secs(due), "{text}");
        }
        for text in ["", "1:60", "1:2:3:4", "-1", "NaN", "1:", "a"] {
            assert!(place(text).unwrap_err().contains("00:12:03"), "{text}");
        }
    }
}
