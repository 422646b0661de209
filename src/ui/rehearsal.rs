//! The workstation without a terminal, for tests: keys go in, what is asked for is answered at once, the screen is text.

use super::draw::draw;
use super::keymap::Keymap;
use super::model::{Arrive, Desk, Detail, Model, Status};
use super::pictures::{Pictures, Probe};
use super::theme::{Colours, Theme};
use super::tryout::{self, Trial};
use super::update::{Effect, Msg, open, update};
use super::worker::{Answer, Ask, serve_one};
use crate::config::{Layers, Paths};
use crate::domain::EpisodeId;
use crate::session::{Command, Review, Snapshot, SyntheticSize, WhatIf, Workspace, write_synthetic};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

const SIZE: SyntheticSize = SyntheticSize { episodes: 1, tracks: 40, faces: 2_400 };

/// An episode that is open on a screen of 120x40.
pub(crate) struct Rehearsal {
    dir: tempfile::TempDir,
    workspace: Workspace,
    review: Option<Review>,
    compared: Option<WhatIf>,
    pub model: Model,
}

impl Rehearsal {
    /// Opens a copy of a small made-up library.
    pub(crate) fn begin() -> Self {
        static WRITTEN: OnceLock<tempfile::TempDir> = OnceLock::new();
        let written = WRITTEN.get_or_init(|| {
            let dir = tempfile::tempdir().unwrap();
            write_synthetic(&workspace(dir.path()), SIZE, &mut |_, _| {}).unwrap();
            dir
        });
        let dir = tempfile::tempdir().unwrap();
        let bundle = Path::new("episodes/synthetic-s01e01");
        std::fs::create_dir_all(dir.path().join(bundle)).unwrap();
        for file in [Path::new("catalog.redb"), &bundle.join("episode.redb")] {
            std::fs::copy(written.path().join(file), dir.path().join(file)).unwrap();
        }
        Self::open(dir)
    }

    /// Opens an episode whose tracks are kept picture by picture.
    pub(crate) fn with_long_tracks() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let size = SyntheticSize { episodes: 1, tracks: 2, faces: 3_000 };
        write_synthetic(&workspace(dir.path()), size, &mut |_, _| {}).unwrap();
        Self::open(dir)
    }

    fn open(dir: tempfile::TempDir) -> Self {
        let theme = Theme::load("dark", None, Colours::True).unwrap();
        let mut model = Model::new(Keymap::load(None).unwrap(), theme, vec!["dark".into()], Detail::Off);
        model.size = (120, 40);
        let mut own = Self { workspace: workspace(dir.path()), dir, review: None, compared: None, model };
        let episode: EpisodeId = "synthetic-s01e01".parse().unwrap();
        let effects = open(&mut own.model, Arrive { episode: Some(episode), ..Arrive::default() });
        own.follow(effects);
        own.rest();
        own
    }

    /// Ends the program and starts it again on the same library.
    pub(crate) fn again(self) -> Self {
        drop(self.review);
        Self::open(self.dir)
    }

    /// Presses keys, apart by blanks: `v l l r`, `Enter`, `C-r`, `Space`, `Tab`, `Home`.
    pub(crate) fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.send(Msg::Key(event(key)));
            self.send(Msg::Settled);
        }
        self
    }

    /// Types a text where one is asked for.
    pub(crate) fn write(&mut self, text: &str) -> &mut Self {
        self.send(Msg::Paste(text.to_owned()));
        self
    }

    /// Asks for something as a screen does.
    pub(crate) fn ask(&mut self, ask: Ask) -> &mut Self {
        self.follow(vec![Effect::Ask(ask)]);
        self
    }

    /// Decides something, whatever the screen shows.
    pub(crate) fn decide(&mut self, command: &Command) -> &mut Self {
        self.ask(Ask::Decide(command.clone()))
    }

    /// Lets the cursor rest.
    pub(crate) fn rest(&mut self) -> &mut Self {
        self.send(Msg::Settled);
        self.send(Msg::Rested);
        self
    }

    pub(crate) fn desk(&self) -> &Desk {
        self.model.desk.as_ref().unwrap()
    }

    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.desk().snapshot
    }

    /// Returns what the line above the keys says.
    pub(crate) fn said(&self) -> String {
        match &self.model.status {
            Status::Quiet => String::new(),
            Status::Busy(text) | Status::Done(text) | Status::Sure(_, text) => text.clone(),
            Status::Failed(told) => format!("✕ {} · {}", told.what, told.hint.clone().unwrap_or_default()),
        }
    }

    /// Returns the screen as text.
    pub(crate) fn screen(&self) -> String {
        text_of(&self.model)
    }

    /// Returns where the library lies.
    pub(crate) fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// Takes a message as the loop does.
    pub(crate) fn send(&mut self, msg: Msg) {
        let effects = update(&mut self.model, msg);
        self.follow(effects);
    }

    fn try_out(&mut self, trial: Trial) {
        let found = std::cell::RefCell::new(Vec::new());
        tryout::serve_one(&mut self.compared, trial, &|| true, &|tried| found.borrow_mut().push(tried));
        for tried in found.into_inner() {
            self.send(Msg::Answer(Answer::Tried(tried)));
        }
    }

    fn follow(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let ask = match effect {
                Effect::Ask(ask) => ask,
                Effect::Try(trial) => {
                    self.try_out(trial);
                    continue;
                }
                _ => continue,
            };
            if ask == Ask::Casts {
                let told = std::cell::RefCell::new(Vec::new());
                super::library::read(&self.workspace, &AtomicBool::new(false), &|msg| told.borrow_mut().push(msg)).unwrap();
                told.into_inner().into_iter().for_each(|msg| self.send(msg));
                continue;
            }
            if let Some(answer) = serve_one(&self.workspace, &mut self.review, ask) {
                self.send(Msg::Answer(answer));
            }
        }
    }
}

/// Returns what a model looks like, as text.
pub(crate) fn text_of(model: &Model) -> String {
    let (width, height) = model.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let settings = Layers::defaults().settings().unwrap();
    let pictures = Pictures::new(Probe::blocks(), settings.pictures, |_, _| {});
    terminal.draw(|frame| drop(draw(model, &pictures, frame))).unwrap();
    let buffer = terminal.backend().buffer();
    let rows = buffer.content.chunks(usize::from(width));
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + "\n").collect()
}

fn workspace(library: &Path) -> Workspace {
    let layers = Layers::defaults();
    let settings = layers.settings().unwrap();
    let (library, models) = (library.to_owned(), library.join("models"));
    Workspace { paths: Paths::find(), library, models, onnxruntime: None, layers, settings }
}

fn event(key: &str) -> KeyEvent {
    let (modifiers, key) = match key.strip_prefix("C-") {
        Some(key) => (KeyModifiers::CONTROL, key),
        None => (KeyModifiers::NONE, key),
    };
    let code = match key {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Space" => KeyCode::Char(' '),
        "Tab" => KeyCode::Tab,
        "Home" => KeyCode::Home,
        "Backspace" => KeyCode::Backspace,
        one => KeyCode::Char(one.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}
