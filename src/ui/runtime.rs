//! The terminal, the threads and the clock: the only place of the workstation that does IO.

use super::draw::draw;
use super::keymap::{Keymap, KeymapError};
use super::model::{Arrive, Detail, Model, Status};
use super::pictures::{Pictures, Probe, Protocol, Want, probe};
use super::projector::Projector;
use super::theme::{Colours, Theme, ThemeError};
use super::tryout::{Trial, Tryout};
use super::update::{Effect, Msg, open, update};
use super::worker::{Answer, Ask, RunAsk, Told, Worker};
use crate::config::ImageProtocol;
use crate::domain::{MediaTime, Span};
use crate::session::{PlayEvent, Speaker, StopCause, Workspace};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event, KeyEventKind,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

/// How the workstation is to begin.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub image: Option<ImageProtocol>,
    /// What to show; where the last session left off when absent.
    pub arrive: Option<Arrive>,
}

/// Says why there is no workstation.
#[derive(Debug, thiserror::Error)]
pub enum UiError {
    #[error("the workstation needs a terminal, and this is none")]
    NoTerminal,
    #[error("cannot use the terminal: {source}")]
    Terminal {
        #[from]
        source: io::Error,
    },
    #[error(transparent)]
    Keymap(#[from] KeymapError),
    #[error(transparent)]
    Theme(#[from] ThemeError),
}

impl UiError {
    /// Says what to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoTerminal => Some("`screenalytics --help` lists the commands that work without one".into()),
            Self::Terminal { .. } => None,
            Self::Keymap(e) => Some(e.hint()),
            Self::Theme(e) => Some(e.hint()),
        }
    }
}

const DEFAULT_THEME: &str = "dark";
/// Pause in the keys after which pictures are fetched and what is shown is filled up.
const SETTLE: Duration = Duration::from_millis(60);
/// Pause after which what is under the cursor is shown large. As blocks that is 30 KB: whoever goes on does not pay for it.
const REST: Duration = Duration::from_millis(200);
/// Bytes of pictures that are written before keys are looked at again.
const OUTGOING: usize = 64 << 10;
/// Pictures that come one by one are painted together.
const GATHER: Duration = Duration::from_millis(25);
/// How often an episode that another process writes to is looked at.
const FOLLOW: Duration = Duration::from_secs(2);
/// How often the picture follows what is played.
const STEP: Duration = Duration::from_millis(80);

/// Opens the workstation and returns when the user leaves.
///
/// # Errors
/// Fails where there is no terminal, or keymap or theme are wrong; nothing is on the screen then.
pub fn run(workspace: &Workspace, options: Options) -> Result<(), UiError> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(UiError::NoTerminal);
    }
    let keymap = Keymap::load(Some(&workspace.paths.keymap_file))?;
    let themes = workspace.paths.themes.clone();
    let kept = Kept::read(workspace);
    let colours = Colours::detect(|name| std::env::var(name).ok());
    // A theme of one's own that is gone or broken meanwhile keeps nobody out.
    let last = kept.arrive.theme.as_deref().map(|name| Theme::load(name, Some(&themes), colours));
    let (theme, fault) = match last {
        Some(Ok(theme)) => (theme, None),
        Some(Err(error)) => (Theme::load(DEFAULT_THEME, Some(&themes), colours)?, Some(error)),
        None => (Theme::load(DEFAULT_THEME, Some(&themes), colours)?, None),
    };
    let (send, messages) = unbounded_channel();
    let answers = send.clone();
    let worker = Worker::start(workspace.clone(), move |msg| {
        let _ = answers.send(msg);
    })?;
    let answers = send.clone();
    let projector = Projector::start(move |msg| {
        let _ = answers.send(msg);
    })?;
    let answers = send.clone();
    let tryout = Tryout::start(move |msg| {
        let _ = answers.send(msg);
    })?;
    let answers = send.clone();
    let speaker = Speaker::start(move |event| {
        let _ = answers.send(Msg::Answer(Answer::Played(event)));
    })?;
    let screen = Screened::begin(&workspace.paths.log_file)?;
    let settings = &workspace.settings.pictures;
    let wanted = match (options.image, colours) {
        (Some(image), _) => image,
        (None, Colours::None) => ImageProtocol::Off,
        (None, _) => settings.image,
    };
    let found = probe(wanted, colours, Duration::from_millis(u64::from(settings.probe_ms)));
    listen(send.clone())?;
    let pictures = Pictures::new(found, settings.clone(), move |_, _| {
        let _ = send.send(Msg::Picture);
    });
    let arrive = options.arrive.or(Some(kept.arrive.clone()));
    let mut model = Model::new(keymap, theme, Theme::names(Some(&themes)), detail(found));
    if let Some(error) = fault {
        let hint = Some(error.hint());
        model.status = Status::Failed(Told { what: error.to_string(), hint });
    }
    let mut runtime = Runtime {
        model,
        worker,
        projector,
        tryout,
        speaker,
        playing: None,
        pictures,
        terminal: Terminal::new(CrosstermBackend::new(screen.writer()))?,
        sent: screen.sent.clone(),
        wants: Vec::new(),
        themes,
        colours,
        leaving: false,
        is_gone: false,
    };
    let executor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.model.here = std::env::current_dir().unwrap_or_default();
    let ended = executor.block_on(runtime.run(messages, arrive));
    let farewell = runtime.pictures.farewell();
    let _ = runtime.terminal.backend_mut().write_all(&farewell);
    kept.write(&runtime.model.bookmark());
    let cause = *ended.as_ref().unwrap_or(&StopCause::HangUp);
    runtime.worker.finish(cause);
    drop(runtime);
    drop(screen);
    ended?;
    Ok(())
}

fn detail(probe: Probe) -> Detail {
    match (probe.protocol, probe.colours) {
        (Protocol::Kitty | Protocol::Sixel | Protocol::Iterm2, _) => Detail::Fine,
        (Protocol::Off, _) | (_, Colours::None) => Detail::Off,
        (Protocol::HalfBlocks, _) => Detail::Coarse,
    }
}

struct Runtime {
    model: Model,
    worker: Worker,
    projector: Projector,
    tryout: Tryout,
    speaker: Speaker,
    /// What is played, and since when its time runs without sound.
    playing: Option<(Span, Option<Instant>)>,
    pictures: Pictures,
    terminal: Terminal<CrosstermBackend<Metered>>,
    sent: Arc<AtomicU64>,
    /// The pictures of the last frame.
    wants: Vec<Want>,
    themes: PathBuf,
    colours: Colours,
    leaving: bool,
    /// The terminal went away by itself.
    is_gone: bool,
}

impl Runtime {
    async fn run(&mut self, mut messages: UnboundedReceiver<Msg>, arrive: Option<Arrive>) -> io::Result<StopCause> {
        let (width, height) = crossterm::terminal::size()?;
        self.model.size = (width, height);
        self.worker.ask(Ask::Episodes);
        self.worker.ask(Ask::Run(RunAsk::LeftOver));
        if let Some(arrive) = arrive.filter(|a| a.episode.is_some()) {
            let effects = open(&mut self.model, arrive);
            self.follow(effects);
        }
        self.paint()?;
        self.pictures.want(self.wants.clone());
        let (mut hang_up, mut terminate) = (signal(SignalKind::hangup())?, signal(SignalKind::terminate())?);
        let mut settle: Option<Instant> = None;
        let mut rest: Option<Instant> = None;
        let mut gather: Option<Instant> = None;
        let mut second = tokio::time::interval(Duration::from_secs(1));
        let mut half_second = tokio::time::interval(Duration::from_millis(500));
        let mut step = tokio::time::interval(STEP);
        step.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut counted = self.sent.load(Ordering::Relaxed);
        let mut looked = Instant::now();
        while !self.leaving {
            let never = Instant::now() + Duration::from_hours(1);
            tokio::select! {
                msg = messages.recv() => {
                    let Some(msg) = msg else { break };
                    let mut batch = Batch::default();
                    batch.add(&msg);
                    self.take(msg);
                    // What is typed faster than it is painted is painted once.
                    while let Ok(msg) = messages.try_recv() {
                        batch.add(&msg);
                        self.take(msg);
                    }
                    if batch.only_pictures() {
                        gather = gather.or(Some(Instant::now() + GATHER));
                    } else {
                        self.paint()?;
                    }
                    if batch.keys > 0 {
                        settle = Some(Instant::now() + SETTLE);
                        rest = Some(Instant::now() + self.rest());
                    } else if batch.answers > 0 {
                        settle = settle.or(Some(Instant::now()));
                        rest = rest.or(Some(Instant::now()));
                    }
                }
                () = tokio::time::sleep_until(settle.unwrap_or(never)), if settle.is_some() => {
                    settle = None;
                    // Nothing to paint: what it asks for comes as an answer.
                    self.take(Msg::Settled);
                    self.pictures.want(self.wants.clone());
                    if self.send_pictures()? {
                        gather = gather.or(Some(Instant::now()));
                    }
                }
                () = tokio::time::sleep_until(rest.unwrap_or(never)), if rest.is_some() => {
                    rest = None;
                    self.take(Msg::Rested);
                    self.paint()?;
                    self.pictures.want(self.wants.clone());
                }
                () = tokio::time::sleep_until(gather.unwrap_or(never)), if gather.is_some() => {
                    gather = None;
                    self.paint()?;
                    if settle.is_none() && self.send_pictures()? {
                        gather = Some(Instant::now());
                    }
                }
                _ = second.tick(), if self.model.meter.is_some() => {
                    let now = self.sent.load(Ordering::Relaxed);
                    self.model.meter = Some(now - counted);
                    counted = now;
                    self.paint()?;
                }
                () = tokio::time::sleep_until(looked + FOLLOW), if self.model.desk.as_ref().is_some_and(|d| matches!(d.access, crate::session::Access::Read { .. })) => {
                    looked = Instant::now();
                    self.worker.ask(Ask::Refresh);
                }
                _ = step.tick(), if self.playing.is_some() => {
                    self.follow_sound();
                    self.paint()?;
                }
                _ = half_second.tick(), if self.model.jobs.open() > 0 => {
                    self.take(Msg::Answer(Answer::Jobs(self.worker.jobs().lines())));
                    self.paint()?;
                }
                _ = hang_up.recv() => return Ok(StopCause::HangUp),
                _ = terminate.recv() => return Ok(StopCause::Terminate),
            }
        }
        if self.model.jobs.open() > 0 && !self.is_gone {
            // The last whole shot can take some seconds.
            self.paint()?;
        }
        Ok(if self.is_gone { StopCause::HangUp } else { StopCause::Interrupt })
    }

    fn take(&mut self, msg: Msg) {
        if let Msg::Resize(width, height) = msg {
            // Terminals differ in what they keep of the screen, also where the size comes back to what it was.
            self.wipe(width, height);
        }
        self.is_gone |= matches!(msg, Msg::Gone);
        let opened = |model: &Model| model.desk.as_ref().map(|d| d.snapshot.episode.clone());
        let before = opened(&self.model);
        let effects = update(&mut self.model, msg);
        if before.is_some() && before != opened(&self.model) {
            self.projector.rest();
            self.tryout.ask(Trial::Forget);
            self.stop_playing();
        }
        self.follow(effects);
    }

    /// Lets the picture go to where the sound is, or would be.
    fn follow_sound(&mut self) {
        let Some((span, since)) = self.playing else { return };
        let silent = since.map(|since| span.start() + MediaTime::from_secs(since.elapsed().as_secs_f64()));
        match silent.or_else(|| self.speaker.position()) {
            Some(at) if at < span.end() => self.take(Msg::Heard(at)),
            Some(_) if silent.is_some() => self.take(Msg::Answer(Answer::Played(PlayEvent::Ended(span)))),
            _ => {}
        }
    }

    fn stop_playing(&mut self) {
        self.speaker.stop();
        self.playing = None;
    }

    fn follow(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask(ask) => self.worker.ask(ask),
                Effect::Frame(frame, within) => {
                    if let Some(desk) = &self.model.desk {
                        self.projector.show(desk.film.source.clone(), frame, within);
                    }
                }
                Effect::Try(trial) => self.tryout.ask(trial),
                Effect::Play(span) => {
                    if let Some(desk) = &self.model.desk {
                        self.speaker.play(desk.film.source.sound(span));
                        self.playing = Some((span, None));
                    }
                }
                Effect::PlayMute(span) => self.playing = Some((span, Some(Instant::now()))),
                Effect::StopPlaying => self.stop_playing(),
                Effect::Quit => self.leaving = true,
                Effect::Redraw => {
                    let (width, height) = self.model.size;
                    self.wipe(width, height);
                }
                Effect::ToggleMeter => self.model.meter = if self.model.meter.is_some() { None } else { Some(0) },
                Effect::Copy(text) => {
                    let _ = execute!(self.terminal.backend_mut(), crossterm::clipboard::CopyToClipboard::to_clipboard_from(text));
                }
                Effect::Theme(name) => match Theme::load(&name, Some(&self.themes), self.colours) {
                    Ok(theme) => {
                        self.model.theme = theme;
                        self.model.status = Status::Done(format!("theme {name}"));
                    }
                    Err(error) => {
                        let hint = Some(error.hint());
                        self.model.status = Status::Failed(Told { what: error.to_string(), hint });
                    }
                },
            }
        }
    }

    /// Forgets what is on the screen, so that the next frame paints all of it.
    ///
    /// `Terminal::clear` would ask the terminal for its cursor first, and wait: a round trip, and seconds where nobody answers.
    fn wipe(&mut self, width: u16, height: u16) {
        if let Err(error) = self.terminal.resize(ratatui::layout::Rect::new(0, 0, width, height)) {
            tracing::warn!("the screen cannot be cleared: {error}");
        }
        self.pictures.invalidate_screen();
    }

    /// Returns how long keys must rest before a large picture is drawn.
    fn rest(&self) -> Duration {
        if self.model.detail == Detail::Fine { SETTLE } else { REST }
    }

    fn paint(&mut self) -> io::Result<()> {
        let (model, pictures) = (&self.model, &self.pictures);
        let mut wants = Vec::new();
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(|frame| wants = draw(model, pictures, frame))?;
        let graphics = pictures.after_draw(drawn.buffer);
        let out = self.terminal.backend_mut();
        out.write_all(&graphics)?;
        execute!(out, EndSynchronizedUpdate)?;
        self.wants = wants;
        Ok(())
    }

    /// Sends pictures that wait for a pause, as many as keep the keys quick; returns whether more wait.
    fn send_pictures(&mut self) -> io::Result<bool> {
        let waiting = self.pictures.outgoing(OUTGOING);
        let out = self.terminal.backend_mut();
        out.write_all(&waiting.bytes)?;
        out.flush()?;
        if waiting.redraw {
            self.paint()?;
        }
        Ok(waiting.more)
    }
}

/// What came in together.
#[derive(Default)]
struct Batch {
    keys: usize,
    answers: usize,
}

impl Batch {
    fn add(&mut self, msg: &Msg) {
        match msg {
            Msg::Heard(_) | Msg::Picture => {}
            Msg::Answer(_) | Msg::Settled | Msg::Rested => self.answers += 1,
            Msg::Key(_) | Msg::Paste(_) | Msg::Mouse(_) | Msg::Resize(..) | Msg::Gone => self.keys += 1,
        }
    }

    fn only_pictures(&self) -> bool {
        self.keys + self.answers == 0
    }
}

/// Reads keys on a thread of its own, which waits for the next one until the program ends.
fn listen(send: UnboundedSender<Msg>) -> io::Result<()> {
    let read = move || {
        while let Ok(event) = crossterm::event::read() {
            let msg = match event {
                Event::Key(key) if key.kind != KeyEventKind::Release => Msg::Key(key),
                Event::Paste(text) => Msg::Paste(text),
                Event::Mouse(mouse) => Msg::Mouse(mouse),
                Event::Resize(width, height) => Msg::Resize(width, height),
                Event::Key(_) | Event::FocusGained | Event::FocusLost => continue,
            };
            if send.send(msg).is_err() {
                return;
            }
        }
        let _ = send.send(Msg::Gone);
    };
    std::thread::Builder::new().name("keys".into()).spawn(read).map(drop)
}

/// Counts what goes to the terminal.
struct Metered {
    out: BufWriter<Stdout>,
    sent: Arc<AtomicU64>,
}

impl Write for Metered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sent.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The terminal in our hands; given back when dropped, and before a panic is told.
struct Screened {
    sent: Arc<AtomicU64>,
    stderr: Option<std::os::fd::OwnedFd>,
}

static IS_OURS: AtomicBool = AtomicBool::new(false);

impl Screened {
    /// Takes the terminal. What C libraries write to standard error goes to the log, not over the screen.
    fn begin(log: &Path) -> io::Result<Self> {
        enable_raw_mode()?;
        IS_OURS.store(true, Ordering::Relaxed);
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
        let stderr = rustix::io::dup(rustix::stdio::stderr()).ok();
        let own = Self { sent: Arc::new(AtomicU64::new(0)), stderr };
        if let Ok(file) = File::options().create(true).append(true).open(log) {
            let _ = rustix::stdio::dup2_stderr(file);
        }
        execute!(io::stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste, cursor::Hide)?;
        Ok(own)
    }

    fn writer(&self) -> Metered {
        Metered { out: BufWriter::with_capacity(1 << 16, io::stdout()), sent: self.sent.clone() }
    }
}

impl Drop for Screened {
    fn drop(&mut self) {
        give_back();
        if let Some(stderr) = self.stderr.take() {
            let _ = rustix::stdio::dup2_stderr(stderr);
        }
    }
}

fn give_back() {
    if IS_OURS.swap(false, Ordering::Relaxed) {
        let _ = execute!(io::stdout(), DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
    }
}

/// What is kept between two sessions.
struct Kept {
    file: PathBuf,
    arrive: Arrive,
}

impl Kept {
    /// Reads it; what cannot be read is nothing, as it is only where one was.
    fn read(workspace: &Workspace) -> Self {
        let file = workspace.paths.log_file.with_file_name("workstation.json");
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        Self { arrive: serde_json::from_str(&text).unwrap_or_default(), file }
    }

    fn write(&self, bookmark: &Arrive) {
        let text = serde_json::to_string_pretty(bookmark).unwrap_or_default();
        if let Err(error) = crate::session::write_whole(&self.file, text.as_bytes()) {
            tracing::warn!("where you were is not kept: {error}");
        }
    }
}
