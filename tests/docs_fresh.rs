//! Holds the documents against what is there.

#![expect(clippy::unwrap_used, reason = "a test stops at what it cannot read")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap()
}

/// Returns the documents: the README and everything under `docs/`.
fn documents() -> Vec<PathBuf> {
    let mut found = vec![root().join("README.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns the targets of `[text](target)` that are files of ours.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    targets.map(|t| t.split('#').next().unwrap_or(t)).filter(|t| !t.is_empty() && !t.contains("://")).collect()
}

/// Returns the word after each `before` in `text`, where it begins a command.
fn words_after<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    let ends = |c: char| !(c.is_ascii_lowercase() || c == '-');
    let mut words: Vec<&str> = text.split(before).skip(1).map(|rest| rest.split(ends).next().unwrap_or_default()).collect();
    words.retain(|w| !w.is_empty() && !w.starts_with('-'));
    words.sort_unstable();
    words.dedup();
    words
}

#[test]
fn links_lead_to_files_that_are_there() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for link in links(&text) {
            if !document.parent().unwrap().join(link).exists() {
                broken.push(format!("{}: {link}", document.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn make_targets_that_documents_name_are_there() {
    let makefile = read("Makefile");
    let named = documents().iter().map(|d| std::fs::read_to_string(d).unwrap()).collect::<String>();
    let targets = words_after(&named, "`make ");
    assert!(targets.contains(&"check"), "{targets:?}");
    for target in targets {
        assert!(makefile.lines().any(|l| l.starts_with(&format!("{target}:"))), "make {target}");
    }
}

#[test]
fn commands_that_the_readme_names_are_there_and_all_are_named() {
    let help = Command::new(env!("CARGO_BIN_EXE_screenalytics")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|l| !l.starts_with("Commands:"))
        .skip(1)
        .take_while(|l| l.starts_with(' '))
        .filter(|l| !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next())
        .filter(|c| !matches!(*c, "help" | "completions" | "man"))
        .collect();
    let readme = read("README.md");
    let table: Vec<&str> =
        readme.lines().filter_map(|l| l.strip_prefix("| `")).filter_map(|l| l.split([' ', '`']).next()).collect();
    assert!(table.len() > 5, "{table:?}");
    for command in &commands {
        assert!(table.contains(command), "README.md does not list {command}");
    }
    for command in table.into_iter().chain(words_after(&readme, "screenalytics ").into_iter().filter(|w| *w != "help")) {
        assert!(commands.contains(&command), "README.md names {command}, which --help does not list: {commands:?}");
    }
}

#[test]
fn the_page_of_keys_is_printed_from_the_keymap() {
    let page = screenalytics::ui::keymap::Keymap::page().unwrap();
    if std::env::var_os("SCREENALYTICS_WRITE_DOCS").is_some() {
        std::fs::write(root().join("docs/KEYS.md"), &page).unwrap();
    }
    let stands = read("docs/KEYS.md");
    let differs = page.lines().zip(stands.lines()).find(|(a, b)| a != b);
    assert!(
        page == stands,
        "docs/KEYS.md is not what the keymap prints, first at {differs:?}; SCREENALYTICS_WRITE_DOCS=1 cargo test --test docs_fresh writes it"
    );
}
