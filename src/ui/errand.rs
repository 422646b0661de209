//! A thread that is sent on errands, one at a time: what was asked for anew takes the place of all that was asked before.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// The thread and the way to it; dropping it gives up what is under way and waits for its end.
#[derive(Debug)]
pub(super) struct Errand<T> {
    shared: Arc<Shared<T>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    wake: Condvar,
    /// Counts what was asked for anew: whoever is busy with something older stops.
    newest: AtomicU64,
}

#[derive(Debug)]
struct State<T> {
    anew: Option<T>,
    /// What belongs to the errand before it.
    after: Option<T>,
    is_closing: bool,
}

impl<T> Shared<T> {
    fn new() -> Self {
        let state = State { anew: None, after: None, is_closing: false };
        Self { state: Mutex::new(state), wake: Condvar::new(), newest: AtomicU64::new(0) }
    }

    /// The state stays usable after a panic elsewhere: every change to it is made in one go.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next errand; gives it with its number, none at the end.
    fn next(&self) -> Option<(T, u64)> {
        let mut state = self.lock();
        while !state.is_closing {
            if let Some(order) = state.anew.take().or_else(|| state.after.take()) {
                return Some((order, self.newest.load(Ordering::SeqCst)));
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    fn is_newest(&self, number: u64) -> bool {
        self.newest.load(Ordering::SeqCst) == number
    }

    fn change(&self, change: impl FnOnce(&mut State<T>), is_anew: bool) {
        let mut state = self.lock();
        if is_anew {
            self.newest.fetch_add(1, Ordering::SeqCst);
        }
        change(&mut state);
        drop(state);
        self.wake.notify_all();
    }
}

impl<T: Send + 'static> Errand<T> {
    /// Starts the thread.
    ///
    /// `serve` does one errand; what it is handed tells whether the errand is still wanted, and it should ask often.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(name: &str, mut serve: impl FnMut(T, &dyn Fn() -> bool) + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::new());
        let served = Arc::clone(&shared);
        let work = move || {
            while let Some((order, number)) = served.next() {
                serve(order, &|| served.is_newest(number));
            }
        };
        let thread = std::thread::Builder::new().name(name.into()).spawn(work)?;
        Ok(Self { shared, thread: Some(thread) })
    }
}

impl<T> Errand<T> {
    /// Asks for this and nothing else: what is under way is given up, what waits is never begun.
    pub(super) fn anew(&self, order: T) {
        self.shared.change(|state| (state.anew, state.after) = (Some(order), None), true);
    }

    /// Asks for this once the errand before it is done, instead of anything else that waits for that.
    pub(super) fn after(&self, order: T) {
        self.shared.change(|state| state.after = Some(order), false);
    }
}

impl<T> Drop for Errand<T> {
    fn drop(&mut self) {
        self.shared.change(|state| state.is_closing = true, true);
        if let Some(thread) = self.thread.take() {
            // A panic there was its own; there is nothing left to tell here.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn without_a_thread() -> Errand<u32> {
        Errand { shared: Arc::new(Shared::new()), thread: None }
    }

    #[test]
    fn an_errand_that_a_newer_one_overtakes_is_never_begun() {
        let errand = without_a_thread();
        errand.anew(1);
        errand.after(2);
        errand.anew(3);
        assert_eq!(errand.shared.next().map(|(order, _)| order), Some(3));
        let state = errand.shared.lock();
        assert!(state.anew.is_none() && state.after.is_none(), "what waited was meant for the first");
    }

    #[test]
    fn of_what_follows_an_errand_the_newest_is_done_after_it() {
        let errand = without_a_thread();
        errand.anew(1);
        errand.after(2);
        errand.after(3);
        let done = [errand.shared.next(), errand.shared.next()].map(|next| next.map(|(order, _)| order));
        assert_eq!(done, [Some(1), Some(3)]);
    }

    #[test]
    fn an_errand_under_way_sees_that_it_is_not_wanted_any_more() {
        let (begun, was_begun) = channel();
        let (gone_on, may_go_on) = channel::<()>();
        let (seen, was_seen) = channel();
        let errand = Errand::start("test", move |order: u32, is_wanted| {
            begun.send(order).unwrap();
            may_go_on.recv().unwrap();
            seen.send(is_wanted()).unwrap();
        })
        .unwrap();
        errand.anew(1);
        assert_eq!(was_begun.recv(), Ok(1));
        errand.anew(2);
        gone_on.send(()).unwrap();
        assert_eq!(was_seen.recv(), Ok(false));
        assert_eq!(was_begun.recv(), Ok(2));
        gone_on.send(()).unwrap();
        assert_eq!(was_seen.recv(), Ok(true));
    }
}
