//! Threads, failure and cancel of a chain of stages.
//!
//! Stages are named threads joined by bounded channels: a full channel is the back-pressure and bounds memory. A stage whose
//! neighbour is gone ends quietly; the first real failure is kept with its stage's name, cancels the rest, and is the only
//! one reported. (The shape of quickwit's kill switch.)

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, Scope};

/// Says why work stopped early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopCause {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal went away.
    HangUp,
}

/// A shared wish to stop; cheap to clone and to ask.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    stop: Arc<AtomicBool>,
    cause: Arc<AtomicU8>,
}

impl Cancel {
    /// Asks everything that holds this flag to stop at the next whole item.
    pub fn stop(&self, cause: StopCause) {
        let code = match cause {
            StopCause::Interrupt => 1,
            StopCause::Terminate => 2,
            StopCause::HangUp => 3,
        };
        let _ = self.cause.compare_exchange(0, code, Ordering::SeqCst, Ordering::SeqCst);
        self.stop.store(true, Ordering::SeqCst);
    }

    /// Tells whether to stop.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Returns who asked first, if somebody did.
    #[must_use]
    pub fn cause(&self) -> Option<StopCause> {
        match self.cause.load(Ordering::SeqCst) {
            1 => Some(StopCause::Interrupt),
            2 => Some(StopCause::Terminate),
            3 => Some(StopCause::HangUp),
            _ => None,
        }
    }
}

/// What the stages of one chain share: the wish to stop, and the first failure.
#[derive(Debug)]
pub struct Flow<E> {
    cancel: Cancel,
    failed: AtomicBool,
    failure: Mutex<Option<(String, E)>>,
}

impl<E: Send> Flow<E> {
    /// Makes a flow that also stops when `cancel` is set.
    #[must_use]
    pub fn new(cancel: Cancel) -> Self {
        Self { cancel, failed: AtomicBool::new(false), failure: Mutex::new(None) }
    }

    /// Tells whether stages should stop.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.cancel.is_set() || self.failed.load(Ordering::Relaxed)
    }

    /// Starts a stage as a named thread of `scope`. A panic in it is reported by the scope.
    ///
    /// # Errors
    /// Fails where the system gives no thread.
    pub fn spawn<'scope, 'env: 'scope>(
        &'env self,
        scope: &'scope Scope<'scope, 'env>,
        name: impl Into<String>,
        stage: impl FnOnce() -> Result<(), E> + Send + 'scope,
    ) -> std::io::Result<()> {
        let name = name.into();
        let label = name.clone();
        Builder::new().name(name).spawn_scoped(scope, move || {
            if let Err(error) = stage() {
                self.fail(label, error);
            }
        })?;
        Ok(())
    }

    /// Keeps `error` if it is the first, and stops the rest.
    pub fn fail(&self, stage: String, error: E) {
        let mut first = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_none() {
            *first = Some((stage, error));
        }
        self.failed.store(true, Ordering::SeqCst);
    }

    /// Returns the first failure with its stage's name.
    #[must_use]
    pub fn into_failure(self) -> Option<(String, E)> {
        self.failure.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::bounded;

    #[test]
    fn the_first_failure_is_kept_and_stops_the_others() {
        let flow: Flow<String> = Flow::new(Cancel::default());
        let (send, receive) = bounded::<u32>(1);
        std::thread::scope(|s| {
            flow.spawn(s, "source", || {
                for n in 0.. {
                    if flow.stopped() || send.send(n).is_err() {
                        break;
                    }
                }
                drop(send);
                Ok(())
            })
            .unwrap();
            flow.spawn(s, "sink", || {
                let _ = receive.recv();
                drop(receive);
                Err("disk full".to_owned())
            })
            .unwrap();
        });
        assert_eq!(flow.into_failure(), Some(("sink".to_owned(), "disk full".to_owned())));
    }

    #[test]
    fn a_full_channel_holds_its_source_back() {
        let flow: Flow<String> = Flow::new(Cancel::default());
        let (send, receive) = bounded::<u32>(2);
        let (made, seen) = (std::sync::atomic::AtomicU32::new(0), std::sync::atomic::AtomicU32::new(0));
        std::thread::scope(|s| {
            flow.spawn(s, "source", || {
                for n in 0..100 {
                    if send.send(n).is_err() {
                        break;
                    }
                    made.fetch_add(1, Ordering::SeqCst);
                }
                drop(send);
                Ok(())
            })
            .unwrap();
            flow.spawn(s, "sink", || {
                while receive.recv().is_ok() {
                    let ahead = made.load(Ordering::SeqCst).saturating_sub(seen.fetch_add(1, Ordering::SeqCst));
                    // Two wait in the channel, one is in the sink's hand, one may have just been counted.
                    if ahead > 4 {
                        return Err(format!("{ahead} items ahead"));
                    }
                }
                Ok(())
            })
            .unwrap();
        });
        assert_eq!(flow.into_failure(), None);
        assert_eq!(seen.into_inner(), 100);
    }

    #[test]
    fn the_first_cause_of_a_cancel_is_kept() {
        let cancel = Cancel::default();
        cancel.stop(StopCause::HangUp);
        cancel.stop(StopCause::Interrupt);
        assert!(cancel.is_set());
        assert_eq!(cancel.cause(), Some(StopCause::HangUp));
    }
}
