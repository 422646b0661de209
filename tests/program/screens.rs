//! Every screen at three sizes and in two themes, and what stands there when something is broken.

use super::support::{User, talking_dev};
use super::workstation::{ENTER, ESCAPE, Terminal};
use std::fs;

/// The small, the usual and the large terminal.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// Tells whether a line of the screen is wider than the terminal or cut through a control sequence.
fn assert_whole(text: &str, size: (u16, u16), screen: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= usize::from(size.0), "{screen} at {size:?}: {line}");
        assert!(!line.chars().any(char::is_control), "{screen} at {size:?}: {line:?}");
    }
}

#[test]
fn every_screen_says_where_one_is_and_which_keys_matter_at_three_sizes_in_two_themes() {
    let Some(shared) = talking_dev() else { return };
    for size in SIZES {
        for theme in ["dark", "light"] {
            let user = shared.user.copy();
            let state = user.path("state").join("screenalytics");
            fs::create_dir_all(&state).unwrap();
            fs::write(state.join("workstation.json"), format!("{{\"theme\": \"{theme}\"}}")).unwrap();
            let mut term = Terminal::open(&user, size, &["open", shared.id, "--image", "halfblocks"], &[]);
            term.until("sorted by seconds");
            // Jumps to a screen, and the words that stand on it.
            for (keys, words) in [
                ("ge", "▸ episodes"),
                ("a", "▸ a new episode"),
                (ESCAPE, "▸ episodes"),
                ("gp", "▸ people"),
                ("gs", "▸ shows"),
                ("gj", "▸ jobs"),
                ("gh", "▸ health"),
                ("ge", "▸ episodes"),
                (ENTER, "sorted by"),
                ("gl", "▸ log"),
            ] {
                // A lone Esc is only one after a pause: it could begin a longer key.
                std::thread::sleep(std::time::Duration::from_millis(if keys == ESCAPE { 200 } else { 0 }));
                term.does(keys, words);
                let text = term.text();
                assert_whole(&text, size, words);
                let last = text.lines().rfind(|l| !l.trim().is_empty()).unwrap_or_default();
                assert!(["back", "leave", "keys"].iter().any(|k| last.contains(k)), "{words} at {size:?} names no key: {last:?}");
            }
            term.does("q", "named");
            for _ in 0..6 {
                term.press("]");
                std::thread::sleep(std::time::Duration::from_millis(150));
                assert_whole(&term.text(), size, "a tab");
            }
            term.does("?", "key closes");
            assert_whole(&term.text(), size, "help");
            term.press("q");
            term.does("Q", "");
            assert_eq!(term.ends(), 0);
        }
    }
}

#[test]
fn a_damaged_episode_is_told_left_as_it_is_and_the_others_open() {
    let Some(shared) = talking_dev() else { return };
    let user = shared.user.copy();
    let broken = user.library().join("episodes").join("broken-s01e01");
    fs::create_dir_all(&broken).unwrap();
    let mut bytes = fs::read(user.episode(shared.id).join("episode.redb")).unwrap();
    for byte in bytes.iter_mut().take(4096) {
        *byte ^= 0x5a;
    }
    let file = broken.join("episode.redb");
    fs::write(&file, &bytes).unwrap();
    let mut term = Terminal::open(&user, (120, 40), &["--image", "off"], &[]);
    term.until("broken-s01e01");
    term.until("✕");
    term.does(ENTER, "episode.redb");
    term.does("j", shared.id);
    term.does(ENTER, "sorted by seconds");
    term.press("Q");
    assert_eq!(term.ends(), 0);
    assert!(fs::read(&file).unwrap() == bytes, "a damaged file was written to");
}

#[test]
fn a_library_that_is_none_is_told_with_what_to_do() {
    let user = User::new();
    fs::write(user.library(), b"no folder").unwrap();
    let mut term = Terminal::open(&user, (100, 30), &["--image", "off"], &[]);
    term.until("is not a directory");
    for keys in ["j", ENTER, "r", "D", "gp", "gs", "ge"] {
        term.press(keys);
    }
    term.until("is not a directory");
    term.press("Q");
    assert_eq!(term.ends(), 0);
    assert_eq!(fs::read(user.library()).unwrap(), b"no folder");
}

#[test]
fn without_its_video_an_episode_is_reviewed_from_its_crops_and_says_what_is_missing() {
    let Some(shared) = talking_dev() else { return };
    let user = User::new();
    let video = user.path("talking_dev.mp4");
    fs::copy(super::support::media("talking_dev.mp4").unwrap(), &video).unwrap();
    user.measure(&video, &super::support::CHEAP);
    fs::remove_file(&video).unwrap();
    let mut term = Terminal::open(&user, (120, 40), &["--image", "off"], &[]);
    term.until(shared.id);
    term.does("r", "not possible");
    term.does(ENTER, "the video is not at");
    term.does(ENTER, "sorted by seconds");
    term.does("r", "who is");
    term.does("Ava", "new person");
    term.does(ENTER, "is Ava");
    term.press("Q");
    assert_eq!(term.ends(), 0);
}
