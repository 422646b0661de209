//! The threads that make pictures, and what they made.

use super::cache::Cache;
use super::mosaic::half_blocks;
use super::paint::{Drawn, Form};
use super::prepare::{Cut, cut, decode, for_the_eye, scale};
use super::probe::{Depth, Probe, Protocol};
use super::{Kind, PictureId};
use crate::config::PictureParams;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Fetches the JPEG of a picture; called on a worker thread.
pub type Load = Arc<dyn Fn() -> Option<Vec<u8>> + Send + Sync>;

/// A picture that is to be shown.
#[derive(Clone)]
pub struct Want {
    pub id: PictureId,
    pub load: Load,
}

impl fmt::Debug for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Want").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What became of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    /// It can be drawn now.
    Drawn,
    /// It waits to be sent to the terminal; see [`Pictures::outgoing`].
    ToSend,
    /// There is none, or it cannot be read.
    Missing,
}

/// Makes pictures on threads of its own and keeps those made.
pub struct Pictures {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Pictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pictures").field("probe", &self.shared.probe).field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

struct Shared {
    probe: Probe,
    params: PictureParams,
    state: Mutex<State>,
    work: Condvar,
}

struct State {
    /// What is wanted and not made, the most urgent last.
    waiting: Vec<Want>,
    making: HashSet<PictureId>,
    cache: Cache,
    closing: bool,
}

impl Pictures {
    /// Starts the threads; `deliver` is called on one of them, one call at a time, when a picture is there.
    pub fn new(probe: Probe, params: PictureParams, deliver: impl Fn(PictureId, Ready) + Send + 'static) -> Self {
        let state = State {
            waiting: Vec::new(),
            making: HashSet::new(),
            cache: Cache::new(u64::from(params.cache_mib) << 20),
            closing: false,
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let count = if params.threads == 0 { (cores / 2).clamp(1, 4) } else { usize::from(params.threads) };
        let shared = Arc::new(Shared { probe, params, state: Mutex::new(state), work: Condvar::new() });
        let deliver = Arc::new(Mutex::new(deliver));
        let threads = (0..count)
            .filter_map(|n| {
                let (shared, deliver) = (Arc::clone(&shared), Arc::clone(&deliver));
                let work = move || {
                    while let Some((id, ready)) = shared.make_next() {
                        (deliver.lock().unwrap_or_else(PoisonError::into_inner))(id, ready);
                    }
                };
                std::thread::Builder::new().name(format!("pictures-{n}")).spawn(work).ok()
            })
            .collect();
        Self { shared, threads }
    }

    /// Says what is to be shown, nearest to the cursor first; what was wanted before and is not here is not made any more.
    pub fn want(&self, wants: Vec<Want>) {
        let mut state = self.shared.lock();
        for want in wants.iter().rev() {
            state.cache.touch(&want.id);
        }
        let state = &mut *state;
        state.waiting = wants;
        state.waiting.retain(|w| state.cache.get(&w.id).is_none() && !state.making.contains(&w.id));
        state.waiting.reverse();
        self.shared.work.notify_all();
    }

    /// Returns a picture if it can be drawn now.
    #[must_use]
    pub fn get(&self, id: &PictureId) -> Option<Drawn> {
        self.shared.lock().cache.get(id).cloned()
    }

    /// Says that what stood on the screen is gone, after a resize or a clear.
    pub fn invalidate_screen(&self) {}

    /// Returns what must be written to the terminal before the next draw, at most about `limit` bytes of it now.
    #[must_use]
    pub fn outgoing(&self, limit: usize) -> Vec<u8> {
        let _ = limit;
        Vec::new()
    }

    /// Returns how much memory the pictures take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.shared.lock().cache.bytes()
    }
}

impl Drop for Pictures {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.work.notify_all();
        for thread in self.threads.drain(..) {
            // A panic in a worker was its own; there is nothing left to tell here.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// The state stays usable after a panic elsewhere: every change to it is made in one go.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for work and does one piece; `None` when there is to be no more.
    fn make_next(&self) -> Option<(PictureId, Ready)> {
        let want = {
            let mut state = self.lock();
            loop {
                if state.closing {
                    return None;
                }
                if let Some(want) = state.waiting.pop() {
                    state.making.insert(want.id);
                    break want;
                }
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        };
        let form = self.make(&want).unwrap_or(Form::Missing);
        let ready = if matches!(form, Form::Missing) { Ready::Missing } else { Ready::Drawn };
        let mut state = self.lock();
        state.making.remove(&want.id);
        state.cache.put(want.id, Drawn(Arc::new(form)));
        Some((want.id, ready))
    }

    fn make(&self, want: &Want) -> Option<Form> {
        let (columns, rows) = want.id.cells;
        if columns == 0 || rows == 0 || self.probe.protocol == Protocol::Off || self.probe.depth == Depth::None {
            return None;
        }
        let picture = decode(&(want.load)()?)?;
        let aspect = f64::from(columns) * f64::from(self.probe.cell.0) / (f64::from(rows) * f64::from(self.probe.cell.1));
        let tightness = if self.probe.protocol == Protocol::HalfBlocks { Cut::Tight } else { Cut::Loose };
        let part = cut(&picture, want.id.kind, tightness, aspect, &self.params);
        let mut small = scale(&part, u32::from(columns), 2 * u32::from(rows));
        if want.id.kind == Kind::Face {
            for_the_eye(&mut small);
        }
        Some(Form::Blocks { columns, cells: half_blocks(&small, self.probe.depth) })
    }
}
