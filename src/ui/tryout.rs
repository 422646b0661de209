//! The thread that tries thresholds of grouping out: it compares all tracks once, then answers for the newest threshold that is asked for.

use super::update::Msg;
use super::worker::{Answer, Told};
use crate::session::{Prospect, Regrouping, Thresholds, WhatIf, WhatIfSource};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

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
pub(crate) struct Tryout {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    /// Counts the episodes that were asked for: whoever compares an older one stops.
    newest: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    compare: Option<Trial>,
    /// A newer threshold takes the place of one that nobody began with.
    asked: Option<Trial>,
    is_closing: bool,
}

impl Shared {
    /// The state stays usable after a panic elsewhere: every change to it is made in one go.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Trial> {
        let mut state = self.lock();
        loop {
            if state.is_closing {
                return None;
            }
            let next = state.compare.take().or_else(|| state.asked.take());
            if next.is_some() {
                return next;
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Tryout {
    /// Starts it; `answer` is called from its thread.
    pub(crate) fn start(answer: impl Fn(Msg) + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let served = Arc::clone(&shared);
        let serve = move || {
            let mut known = None;
            while let Some(trial) = served.next() {
                let number = served.newest.load(Ordering::SeqCst);
                let is_newest = || served.newest.load(Ordering::SeqCst) == number;
                serve_one(&mut known, trial, &is_newest, &|tried| answer(Msg::Answer(Answer::Tried(tried))));
            }
        };
        let thread = std::thread::Builder::new().name("tryout".into()).spawn(serve)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Asks for something.
    pub(crate) fn ask(&self, trial: Trial) {
        let mut state = self.shared.lock();
        match trial {
            Trial::Compare(_) | Trial::Forget => {
                self.shared.newest.fetch_add(1, Ordering::SeqCst);
                (state.compare, state.asked) = (Some(trial), None);
            }
            Trial::At(_) | Trial::Take(_) => state.asked = Some(trial),
        }
        drop(state);
        self.shared.wake.notify_all();
    }
}

impl Drop for Tryout {
    fn drop(&mut self) {
        self.shared.newest.fetch_add(1, Ordering::SeqCst);
        self.shared.lock().is_closing = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic there was its own; there is nothing left to tell here.
            let _ = thread.join();
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
                Err(error) => tell(Tried::Failed(error.into())),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_threshold_takes_the_place_of_one_that_was_not_begun() {
        let tryout = Tryout { shared: Arc::default(), thread: None };
        let at = |cluster_thresh| Trial::At(Thresholds { cluster_thresh, min_cluster_size: 1 });
        tryout.ask(at(0.3));
        tryout.ask(at(0.4));
        assert_eq!(tryout.shared.next(), Some(at(0.4)));
        tryout.ask(at(0.5));
        tryout.ask(Trial::Forget);
        assert_eq!(tryout.shared.next(), Some(Trial::Forget));
        assert!(tryout.shared.lock().asked.is_none(), "it was meant for the episode before");
    }
}
