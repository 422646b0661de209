//! The threads that make pictures, what they made, and what of it the terminal has.

use super::PictureId;
use super::cache::Cache;
use super::escape::Wrap;
use super::kitty::{self, Name};
use super::make::{Loaded, Made, make};
use super::paint::{Drawn, Form};
use super::probe::{Probe, Protocol};
use super::screen::{Placing, Screen};
use crate::config::PictureParams;
use crate::ui::theme::Colours;
use ratatui::buffer::Buffer;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Fetches what a picture is made from; called on a worker thread.
pub type Load = Arc<dyn Fn() -> Option<Loaded> + Send + Sync>;

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
    /// It is drawn once the terminal has it; see [`Pictures::outgoing`].
    ToSend,
    /// There is none, or it cannot be read.
    Missing,
}

/// Bytes on their way to the terminal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outgoing {
    pub bytes: Vec<u8>,
    /// Whether pictures can be drawn now that could not before.
    pub redraw: bool,
    /// Whether more waits; ask again after keys were looked at.
    pub more: bool,
}

/// Makes pictures on threads of its own and keeps those made.
pub struct Pictures {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Pictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pictures").field("probe", &self.probe()).field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

struct Shared {
    params: PictureParams,
    state: Mutex<State>,
    work: Condvar,
}

struct State {
    probe: Probe,
    /// All that is wanted, the most urgent first, and what of it is not made, the most urgent last.
    wanted: Vec<Want>,
    waiting: Vec<Want>,
    making: HashSet<PictureId>,
    cache: Cache,
    /// Graphics of the cache by number.
    graphics: HashMap<u32, Graphic>,
    next_number: u32,
    /// Counts how often all was forgotten: what was begun before is not kept.
    age: u64,
    screen: Screen,
    /// The whole picture that was drawn last: it stays until the next one is there.
    last: Option<PictureId>,
    /// Deletions that the terminal has not been told.
    farewells: String,
    closing: bool,
}

#[derive(Debug)]
struct Graphic {
    id: PictureId,
    /// What the terminal needs; with kitty, empty once it has it.
    data: String,
    cells: usize,
    /// Whether it may be drawn: with kitty, the terminal has it; else, nobody is moving past it.
    released: bool,
}

impl Pictures {
    /// Starts the threads; `deliver` is called on one of them, one call at a time, when a picture is there.
    pub fn new(probe: Probe, params: PictureParams, deliver: impl Fn(PictureId, Ready) + Send + 'static) -> Self {
        let limit = if probe.protocol == Protocol::Kitty { params.terminal_mib } else { params.cache_mib };
        let state = State {
            probe,
            wanted: Vec::new(),
            waiting: Vec::new(),
            making: HashSet::new(),
            cache: Cache::new(u64::from(limit) << 20),
            graphics: HashMap::new(),
            next_number: first_number(probe.tmux),
            age: 0,
            screen: Screen::default(),
            last: None,
            farewells: String::new(),
            closing: false,
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let count = if params.threads == 0 { (cores / 2).clamp(1, 4) } else { usize::from(params.threads) };
        let shared = Arc::new(Shared { params, state: Mutex::new(state), work: Condvar::new() });
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

    /// Returns what is known of the terminal.
    #[must_use]
    pub fn probe(&self) -> Probe {
        self.shared.lock().probe
    }

    /// Says what is to be shown, nearest to the cursor first; what was wanted before and is not here is not made any more.
    pub fn want(&self, wants: Vec<Want>) {
        let state = &mut *self.shared.lock();
        for want in wants.iter().rev() {
            state.cache.touch(&want.id);
        }
        let last = state.last.filter(|last| wants.iter().any(|w| w.id.takes_place_of(last)));
        if let Some(last) = &last {
            state.cache.touch(last);
        }
        if state.probe.protocol != Protocol::Kitty {
            let still: HashSet<PictureId> = wants.iter().map(|w| w.id).chain(last).collect();
            state.graphics.values_mut().for_each(|g| g.released &= still.contains(&g.id));
        }
        state.wanted = wants;
        state.queue();
        self.shared.work.notify_all();
    }

    /// Returns a picture if it can be drawn now.
    #[must_use]
    pub fn get(&self, id: &PictureId) -> Option<Drawn> {
        let state = self.shared.lock();
        let drawn = state.cache.get(id)?;
        match &*drawn.0 {
            Form::Graphic { number, .. } => state.graphics.get(number).is_some_and(|g| g.released).then(|| drawn.clone()),
            Form::Blocks { .. } | Form::Missing => Some(drawn.clone()),
        }
    }

    /// Returns a whole picture, or while it cannot be drawn the one drawn last in its place; and tells which it is.
    #[must_use]
    pub fn get_or_last(&self, id: &PictureId) -> Option<(PictureId, Drawn)> {
        let last = self.shared.lock().last.filter(|last| id.takes_place_of(last));
        let found = [Some(*id), last].into_iter().flatten().find_map(|id| Some((id, self.get(&id)?)));
        self.shared.lock().last = found.as_ref().map(|(id, _)| *id);
        found
    }

    /// Returns what is to be written to the terminal before the next draw; call it when the reviewer has stopped moving.
    ///
    /// Pictures that are wanted go first to last until there are `limit` bytes; at least one goes.
    #[must_use]
    pub fn outgoing(&self, limit: usize) -> Outgoing {
        let state = &mut *self.shared.lock();
        let mut out = Outgoing { bytes: std::mem::take(&mut state.farewells).into_bytes(), ..Outgoing::default() };
        let mut cost = out.bytes.len();
        for want in &state.wanted {
            let Some(Form::Graphic { number, .. }) = state.cache.get(&want.id).map(|d| &*d.0) else { continue };
            let Some(graphic) = state.graphics.get_mut(number).filter(|g| !g.released) else { continue };
            if out.redraw && cost + graphic.data.len() > limit {
                out.more = true;
                break;
            }
            cost += graphic.data.len();
            if state.probe.protocol == Protocol::Kitty {
                out.bytes.append(&mut std::mem::take(&mut graphic.data).into_bytes());
            }
            graphic.released = true;
            out.redraw = true;
        }
        out
    }

    /// Returns what is to be written right after a draw: graphics whose cells in the drawn buffer are not on the terminal yet.
    #[must_use]
    pub fn after_draw(&self, drawn: &Buffer) -> Vec<u8> {
        let state = &mut *self.shared.lock();
        let graphics = &state.graphics;
        let data = |number: u32| graphics.get(&number).map(|g| (g.data.as_str(), g.cells));
        let placing = match state.probe.protocol {
            Protocol::HalfBlocks | Protocol::Off => return Vec::new(),
            Protocol::Kitty => Placing::Placeholders(state.probe.colours),
            Protocol::Sixel | Protocol::Iterm2 => Placing::Data(&data),
        };
        state.screen.follow(drawn, &placing).into_bytes()
    }

    /// Says that what stood on the screen is gone, after a clear or a resize: graphics are placed again with the next draw.
    pub fn invalidate_screen(&self) {
        self.shared.lock().screen.forget();
    }

    /// Says how large a cell is now, after a resize; where it changed, pictures are made again.
    pub fn set_cell(&self, cell: (u16, u16)) {
        let cell = (cell.0.max(1), cell.1.max(1));
        let mut state = self.shared.lock();
        if state.probe.cell != cell {
            state.probe.cell = cell;
            state.forget();
            self.shared.work.notify_all();
        }
    }

    /// Says that the terminal has lost what was sent to it, as after another program had it: all is made and sent again.
    pub fn forget(&self) {
        self.shared.lock().forget();
        self.shared.work.notify_all();
    }

    /// Returns what makes the terminal forget all pictures, to be written at the end.
    #[must_use]
    pub fn farewell(&self) -> Vec<u8> {
        let state = &mut *self.shared.lock();
        let gone = state.cache.clear();
        state.part_with(&gone);
        std::mem::take(&mut state.farewells).into_bytes()
    }

    /// Returns how much memory the pictures take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let state = self.shared.lock();
        let data: usize = state.graphics.values().map(|g| g.data.len() + size_of::<Graphic>()).sum();
        state.cache.bytes() + u64::try_from(data).unwrap_or(u64::MAX)
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

impl State {
    /// Lists what is wanted and neither made nor being made.
    fn queue(&mut self) {
        let missing = |w: &&Want| self.cache.get(&w.id).is_none() && !self.making.contains(&w.id);
        self.waiting = self.wanted.iter().rev().filter(missing).cloned().collect();
    }

    fn forget(&mut self) {
        let gone = self.cache.clear();
        self.part_with(&gone);
        self.screen.forget();
        self.age += 1;
        self.making.clear();
        self.queue();
    }

    /// Takes leave of pictures that are not kept any more.
    fn part_with(&mut self, gone: &[Drawn]) {
        let wrap = if self.probe.tmux { Wrap::Tmux } else { Wrap::No };
        for drawn in gone {
            let Form::Graphic { number, .. } = &*drawn.0 else { continue };
            let Some(graphic) = self.graphics.remove(number) else { continue };
            if self.probe.protocol == Protocol::Kitty && graphic.released {
                self.farewells.push_str(&kitty::delete(Name::new(*number, self.probe.colours), wrap));
            }
        }
    }

    /// Keeps a picture that was made, and says what became of it.
    fn keep(&mut self, id: PictureId, number: u32, made: Option<Made>) -> Ready {
        /// What an entry weighs beside its content.
        const ENTRY: u64 = 256;
        let (form, weight, ready) = match made {
            None => (Form::Missing, ENTRY, Ready::Missing),
            Some(Made::Blocks { inner, cells }) => {
                let weight = u64::try_from(size_of_val(cells.as_slice())).unwrap_or(u64::MAX);
                (Form::Blocks { inner, cells }, ENTRY + weight, Ready::Drawn)
            }
            Some(Made::Graphic { inner, data, pixels }) => {
                let cells = usize::from(inner.columns) * usize::from(inner.rows);
                // With kitty it is the terminal that keeps it, four bytes a pixel.
                let kept = u64::try_from(data.len()).unwrap_or(u64::MAX);
                let weight = if self.probe.protocol == Protocol::Kitty { 4 * pixels } else { kept };
                self.graphics.insert(number, Graphic { id, data, cells, released: false });
                (Form::Graphic { number, inner }, ENTRY + weight, Ready::ToSend)
            }
        };
        let gone = self.cache.put(id, Drawn(Arc::new(form)), weight);
        self.part_with(&gone);
        ready
    }
}

impl Shared {
    /// The state stays usable after a panic elsewhere: every change to it is made in one go.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for work and does one piece; `None` when there is to be no more.
    fn make_next(&self) -> Option<(PictureId, Ready)> {
        loop {
            let (want, number, probe, age) = self.next_want()?;
            let makes =
                probe.protocol != Protocol::Off && (probe.protocol != Protocol::HalfBlocks || probe.colours != Colours::None);
            let loaded = if makes { (want.load)() } else { None };
            let made = loaded.and_then(|loaded| make(loaded, (want.id.cells, want.id.kind), number, probe, &self.params));
            let mut state = self.lock();
            // What was forgotten meanwhile is queued again already.
            if state.age == age {
                state.making.remove(&want.id);
                return Some((want.id, state.keep(want.id, number, made)));
            }
        }
    }

    fn next_want(&self) -> Option<(Want, u32, Probe, u64)> {
        let mut state = self.lock();
        loop {
            if state.closing {
                return None;
            }
            if let Some(want) = state.waiting.pop() {
                state.making.insert(want.id);
                let number = state.next_number;
                // Numbers have 24 bits and are not 0.
                state.next_number = number % 0xff_fffe + 1;
                return Some((want, number, state.probe, state.age));
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Small numbers make short sequences; in tmux, where several programs share one terminal, each starts somewhere else.
fn first_number(tmux: bool) -> u32 {
    if tmux { (std::process::id().wrapping_mul(0x9e37_79b1) >> 8).max(1) } else { 1 }
}
