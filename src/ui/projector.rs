//! The thread that decodes the picture at the cursor: the newest one that is asked for, and no other.

use super::update::Msg;
use super::worker::{Answer, Told};
use crate::domain::Size;
use crate::session::{FrameSource, Frames};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// The thread and the way to it.
#[derive(Debug)]
pub(crate) struct Projector {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    /// Counts what was asked for: whoever decodes something older stops.
    newest: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    asked: Option<Order>,
    is_closing: bool,
}

#[derive(Debug)]
enum Order {
    Frame {
        number: u64,
        source: FrameSource,
        frame: u64,
        within: Size,
    },
    /// The episode was closed: its video too.
    Rest,
}

impl Shared {
    /// The state stays usable after a panic elsewhere: every change to it is made in one go.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn order(&self) -> Option<Order> {
        let mut state = self.lock();
        loop {
            if state.is_closing {
                return None;
            }
            if let Some(order) = state.asked.take() {
                return Some(order);
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Projector {
    /// Starts it; `answer` is called from its thread.
    pub(crate) fn start(answer: impl Fn(Msg) + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("frames".into()).spawn(move || serve(&served, &answer))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Asks for a picture; what was asked for before is not decoded any more.
    pub(crate) fn show(&self, source: FrameSource, frame: u64, within: Size) {
        let number = self.shared.newest.fetch_add(1, Ordering::SeqCst) + 1;
        self.put(Order::Frame { number, source, frame, within });
    }

    /// Lets go of the video.
    pub(crate) fn rest(&self) {
        self.shared.newest.fetch_add(1, Ordering::SeqCst);
        self.put(Order::Rest);
    }

    fn put(&self, order: Order) {
        self.shared.lock().asked = Some(order);
        self.shared.wake.notify_all();
    }
}

impl Drop for Projector {
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

fn serve(shared: &Shared, answer: &dyn Fn(Msg)) {
    let mut open: Option<Frames> = None;
    while let Some(order) = shared.order() {
        let Order::Frame { number, source, frame, within } = order else {
            open = None;
            continue;
        };
        let frames = match open.take().filter(|open| open.source().is_of_same(&source)) {
            Some(frames) => open.insert(frames),
            None => open.insert(Frames::new(source)),
        };
        let is_newest = || shared.newest.load(Ordering::SeqCst) == number;
        match frames.get(frame, within, &is_newest) {
            Ok(Some(view)) => answer(Msg::Answer(Answer::Frame(Ok(view)))),
            Err(error) if is_newest() => answer(Msg::Answer(Answer::Frame(Err(Told::from(error))))),
            Ok(None) | Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn an_order_that_a_newer_one_overtakes_is_never_begun() {
        let shared = Arc::<Shared>::default();
        let (send, _answers) = channel();
        let projector = Projector { shared: Arc::clone(&shared), thread: None };
        projector.rest();
        let before = shared.newest.load(Ordering::SeqCst);
        projector.rest();
        assert_eq!(shared.newest.load(Ordering::SeqCst), before + 1, "whoever decodes sees that it is old");
        assert!(shared.order().is_some());
        assert!(shared.lock().asked.is_none(), "one order stands for both");
        drop(projector);
        assert!(shared.order().is_none());
        serve(&shared, &move |msg| send.send(msg).unwrap());
    }
}
