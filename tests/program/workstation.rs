//! The workstation on a real pseudo-terminal: what a reviewer does, and what must never happen to their terminal.

use super::support::{User, talking_dev};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A terminal with the program in it.
pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Everything that was written, for what a screen does not show.
    written: Arc<Mutex<Vec<u8>>>,
}

const PATIENCE: Duration = Duration::from_secs(30);

impl Terminal {
    pub(crate) fn open(user: &User, size: (u16, u16), args: &[&str], more: &[(&str, &str)]) -> Self {
        let (cols, rows) = size;
        let pty = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_screenalytics"));
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        command.env("SCREENALYTICS_LIBRARY", user.library());
        command.env("XDG_CONFIG_HOME", user.path("config"));
        command.env("XDG_STATE_HOME", user.path("state"));
        for (key, value) in more {
            command.env(key, value);
        }
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, cols, 0)));
        let written = Arc::new(Mutex::new(Vec::new()));
        let mut from = pty.master.try_clone_reader().unwrap();
        let (to, all) = (Arc::clone(&screen), Arc::clone(&written));
        std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(n @ 1..) = from.read(&mut bytes) {
                to.lock().unwrap().process(&bytes[..n]);
                all.lock().unwrap().extend_from_slice(&bytes[..n]);
            }
        });
        let keys = pty.master.take_writer().unwrap();
        Self { master: pty.master, keys, child, screen, written }
    }

    pub(crate) fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until these words stand on the screen.
    #[track_caller]
    pub(crate) fn until(&mut self, words: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.text().contains(words) {
            assert!(Instant::now() < end, "{words:?} does not come:\n{}", self.text());
            assert!(self.child.try_wait().unwrap().is_none(), "it ended before {words:?}:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Presses keys and waits for what they must bring.
    #[track_caller]
    pub(crate) fn does(&mut self, keys: &str, words: &str) {
        self.press(keys);
        self.until(words);
    }

    /// Sends what a dropped connection sends.
    pub(crate) fn hang_up(&self) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    }

    fn resize(&mut self, cols: u16, rows: u16) {
        // A new screen: the old one would keep a cursor outside of the smaller size. The program paints all of it again.
        // The emulator itself stumbles over one row or column when text of the size before is still on its way.
        *self.screen.lock().unwrap() = vt100::Parser::new(rows.max(2), cols.max(2), 0);
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// Waits for the end and asserts that the terminal is as it was found.
    #[track_caller]
    pub(crate) fn ends(mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "it does not end:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        };
        std::thread::sleep(Duration::from_millis(100));
        let written = self.written.lock().unwrap();
        let last = |sequence: &[u8]| written.windows(sequence.len()).rposition(|w| w == sequence);
        for (on, off) in [
            ("\x1b[?1049h", "\x1b[?1049l"),
            ("\x1b[?25l", "\x1b[?25h"),
            ("\x1b[?1000h", "\x1b[?1000l"),
            ("\x1b[?2004h", "\x1b[?2004l"),
        ] {
            assert!(last(on.as_bytes()) < last(off.as_bytes()), "{off:?} is missing");
        }
        status.exit_code()
    }
}

pub(crate) const BLOCKS: [&str; 2] = ["--image", "halfblocks"];
pub(crate) const ENTER: &str = "\r";
pub(crate) const ESCAPE: &str = "\x1b";

#[test]
fn a_reviewer_names_merges_undoes_comes_back_and_the_totals_follow() {
    let Some(shared) = talking_dev() else { return };
    let user = shared.user.copy();
    let mut term = Terminal::open(&user, (120, 40), &BLOCKS, &[]);
    term.until("0 of 7 named");
    term.does(ENTER, "unnamed 1");
    term.does("r", "who is unnamed");
    term.does("Ava Stone", "new person");
    term.does(ENTER, "is Ava Stone · u undoes");
    term.until("1 of 7 named");
    // Another is the same person: picked by two letters of the name.
    term.does("l", "unnamed");
    term.does("m", "merge unnamed");
    term.does("av", "Ava Stone");
    term.does(ENTER, "merged into Ava Stone");
    term.until("1 of 6 named");
    term.does("u", "again");
    term.until("1 of 7 named");
    term.does("\x12", "redo: ");
    term.until("1 of 6 named");
    term.does("5", "belief");
    term.until("Ava Stone");
    term.does("gl", "root");
    term.does("q", "checked");
    term.press("Q");
    assert_eq!(term.ends(), 0);

    let people = user.json(["status", shared.id, "--json"])["people"].clone();
    let ava = people.as_array().unwrap().iter().find(|p| p["name"] == "Ava Stone").unwrap();
    assert_eq!(people.as_array().unwrap().len(), 6, "{people}");
    assert!(ava["tracks"].as_u64().unwrap() >= 2);

    // The next start is where one was, and undo still knows what was done before it.
    let mut term = Terminal::open(&user, (120, 40), &BLOCKS, &[]);
    term.until("checked");
    term.does("u", "u again takes back");
    term.does("u", "undo: ");
    term.until("1 of 7 named");
    term.press("Q");
    assert_eq!(term.ends(), 0);
    user.assert_healthy("after a review");
}

#[test]
fn a_link_leads_to_a_track_which_is_split_and_joined_again() {
    let Some(shared) = talking_dev() else { return };
    let user = shared.user.copy();
    let mut term =
        Terminal::open(&user, (120, 40), &["open", shared.id, "--tab", "tracks", "--at", "0:05", "--image", "off"], &[]);
    term.until("all tracks");
    term.does("F", "every single crop");
    term.does("l", "┃");
    term.does("l", "┃");
    term.does("s", "cut at picture");
    term.does("u", "undo: ");
    term.does("d", "count for nobody");
    term.does(ENTER, "discarded: ");
    term.does("u", "undo: ");
    term.does("?", "split the track");
    term.press("q");
    term.does(":", "what to do");
    term.does("theme", "the next theme");
    term.does(ENTER, "theme ");
    term.press("Q");
    assert_eq!(term.ends(), 0);
    assert_eq!(user.json(["status", shared.id, "--json"])["people"], shared.user.json(["status", shared.id, "--json"])["people"]);
}

#[test]
fn a_link_leads_to_a_picture_and_stricter_thresholds_tell_what_they_would_drop() {
    let Some(shared) = talking_dev() else { return };
    let user = shared.user.copy();
    let link = ["open", shared.id, "--tab", "detections", "--at", "0:00:05", "--image", "halfblocks"];
    let mut term = Terminal::open(&user, (120, 40), &link, &[]);
    term.until("picture 125");
    term.until("the episode: drops none of");
    term.does("l", "picture 126");
    term.does("h", "picture 125");
    term.does("t++++++++++++++++++++++++++++++++++++++++++++++++", "c copies it");
    term.until("tracks whole");
    term.does("c", "--set detect.min_face_px=");
    term.does("G", "0:29");
    term.does("2", "all tracks");
    term.does("f", "crop");
    term.press("Q");
    assert_eq!(term.ends(), 0);
    assert_eq!(user.json(["status", shared.id, "--json"])["people"], shared.user.json(["status", shared.id, "--json"])["people"]);
}

#[test]
fn storms_of_keys_pastes_and_sizes_leave_the_terminal_whole() {
    let Some(shared) = talking_dev() else { return };
    let user = shared.user.copy();
    let mut term = Terminal::open(&user, (120, 40), &["open", shared.id, "--image", "halfblocks"], &[]);
    term.until("sorted by seconds");
    for (cols, rows) in [(80, 24), (20, 5), (1, 1), (300, 100), (60, 16), (59, 15), (200, 60), (120, 40)] {
        term.resize(cols, rows);
        term.press("hjkl");
    }
    term.press("\x1b[200~Q q u \x1b]52;c;evil\x07 pasted\n\x1b[201~");
    term.press("\x1b[99;99~\x1b[<0;500;500M\x1b[<64;3;3M\u{fffd}\u{1f600}ZZ;%$\x1bOP\x1b[24~");
    for _ in 0..300 {
        term.press("jlkhv  1232f+-zo");
    }
    // Alone, or it would begin a longer key; three close whatever is open.
    for keys in [ESCAPE, ESCAPE, ESCAPE, "\x0c"] {
        std::thread::sleep(Duration::from_millis(300));
        term.press(keys);
    }
    term.until("▸");
    term.press("Q");
    assert_eq!(term.ends(), 0);
    user.assert_healthy("after a storm");
}

#[test]
fn without_colour_and_on_a_small_screen_it_says_what_it_needs() {
    let Some(shared) = talking_dev() else { return };
    let user = shared.user.copy();
    let mut term = Terminal::open(&user, (80, 24), &["open", shared.id], &[("NO_COLOR", "1")]);
    term.until("sorted by seconds");
    assert!(!String::from_utf8_lossy(&term.written.lock().unwrap()).contains("38;"), "colours in spite of NO_COLOR");
    term.resize(40, 10);
    term.until("is too small");
    term.resize(80, 24);
    term.until("sorted by seconds");
    term.press("Q");
    assert_eq!(term.ends(), 0);
}

#[test]
fn an_episode_that_another_process_holds_is_shown_and_not_changed() {
    let Some(shared) = talking_dev() else { return };
    let user = shared.user.copy();
    let mut first = Terminal::open(&user, (100, 30), &["open", shared.id, "--image", "off"], &[]);
    first.until("sorted by seconds");
    let mut second = Terminal::open(&user, (100, 30), &["open", shared.id, "--image", "off"], &[]);
    second.until("read only");
    second.does("L", "in use");
    first.does("r", "who is");
    first.does("Ben", "new person");
    first.does(ENTER, "is Ben");
    // What the first decides, the second sees by itself.
    second.until("1 of 7 named");
    for mut term in [first, second] {
        term.press("Q");
        assert_eq!(term.ends(), 0);
    }
}

#[test]
fn a_lost_connection_ends_it_with_everything_kept() {
    let Some(shared) = talking_dev() else { return };
    let user = shared.user.copy();
    let mut term = Terminal::open(&user, (100, 30), &["open", shared.id, "--image", "off"], &[]);
    term.until("sorted by seconds");
    term.does("r", "who is");
    term.does("Cleo", "new person");
    term.does(ENTER, "is Cleo");
    term.hang_up();
    assert_eq!(term.ends(), 0);
    let people = user.json(["status", shared.id, "--json"])["people"].clone();
    assert!(people.as_array().unwrap().iter().any(|p| p["name"] == "Cleo"), "{people}");
}

#[test]
fn without_a_terminal_it_says_so() {
    let user = User::new();
    for args in [&["open"][..], &[]] {
        let told = user.run(args);
        assert_eq!(told.code, Some(1), "{told}");
        assert!(told.stderr.contains("needs a terminal") && told.stderr.contains("--help"), "{told}");
    }
}
