//! The thread that tries thresholds of grouping out: it compares all tracks once, then answers for the newest threshold that is asked for.

use super::errand::Errand;
use super::update::Msg;
use super::worker::{Answer, Told};
use crate::domain::Thresholds;
use crate::session::{Prospect, Regrouping, WhatIf, WhatIfSource};

/// What is to be tried out.
#[derive(Debug, Clone)]
pub(crate) enum Trial {
    /// Compares the tracks of an episode.
    Compare(Box<WhatIfSource>),
    At(Thresholds),
    /// What it takes to decide so.
    Take(Thresholds),
    /// The episode was closed: what was compared goes.
    Forget,
}

impl PartialEq for Trial {
    /// Sources are told apart by the state of the episode that they are of.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Compare(a), Self::Compare(b)) => a.seq() == b.seq(),
            (Self::At(a), Self::At(b)) | (Self::Take(a), Self::Take(b)) => a == b,
            (Self::Forget, Self::Forget) => true,
            _ => false,
        }
    }
}

/// What it found.
#[derive(Debug)]
pub(crate) enum Tried {
    /// Pairs of tracks that are compared, and of how many.
    Compared(usize, usize),
    Prospect(Box<Prospect>),
    Groups(Box<Regrouping>),
    Failed(Told),
}

/// The thread and the way to it.
#[derive(Debug)]
pub(crate) struct Tryout(Errand<Trial>);

impl Tryout {
    /// Starts it; `answer` is called from its thread.
    pub(crate) fn start(answer: impl Fn(Msg) + Send + 'static) -> std::io::Result<Self> {
        let mut known = None;
        let serve = move |trial, is_newest: &dyn Fn() -> bool| {
            serve_one(&mut known, trial, is_newest, &|tried| answer(Msg::Answer(Answer::Tried(tried))));
        };
        Errand::start("tryout", serve).map(Self)
    }

    /// Asks for something: a newer threshold takes the place of one that nobody began with.
    pub(crate) fn ask(&self, trial: Trial) {
        match trial {
            Trial::Compare(_) | Trial::Forget => self.0.anew(trial),
            Trial::At(_) | Trial::Take(_) => self.0.after(trial),
        }
    }
}

/// Between two that are told: a hundredth of the pairs, and at least so many.
const TOLD: usize = 200_000;

pub(super) fn serve_one(known: &mut Option<WhatIf>, trial: Trial, is_newest: &dyn Fn() -> bool, tell: &dyn Fn(Tried)) {
    match trial {
        Trial::Forget => *known = None,
        Trial::Compare(source) => {
            let mut told = None;
            let mut go_on = |now: crate::session::Compared| {
                if told.is_none_or(|last| now.pairs >= last + TOLD.max(now.of / 100)) {
                    told = Some(now.pairs);
                    tell(Tried::Compared(now.pairs, now.of));
                }
                is_newest()
            };
            match source.prepare(known.as_ref(), &mut go_on) {
                Ok(Some(compared)) => *known = Some(compared),
                Ok(None) => {}
                Err(error) => {
                    // What was compared before is of another state, or of another episode.
                    *known = None;
                    tell(Tried::Failed(error.into()));
                }
            }
        }
        Trial::At(thresholds) => {
            if let Some(known) = known {
                tell(Tried::Prospect(Box::new(known.at(thresholds))));
            }
        }
        Trial::Take(thresholds) => {
            if let Some(known) = known {
                tell(Tried::Groups(Box::new(known.regrouping(thresholds))));
            }
        }
    }
}
