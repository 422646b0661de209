//! Holds `src/` against the layer table in the doc comment of `src/lib.rs`, and against the rules that go with it.
//!
//! It looks at tokens, so comments, strings and line breaks do not mislead it. It does not expand macros and does not follow
//! renames: `use crate::a as b` is seen, a later `b::c` need not be.

#![expect(clippy::unwrap_used, reason = "a test stops at what it cannot read")]

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Crates whose types stay inside one module.
const KEPT_CRATES: [(&str, &str); 12] = [
    ("ffmpeg_next", "media"),
    ("ffmpeg_sys_next", "media"),
    ("ort", "infer"),
    ("whisper_rs", "infer"),
    ("redb", "store"),
    ("prost", "convert"),
    ("usearch", "facebank"),
    ("object_store", "blobs"),
    ("ureq", "pull"),
    ("tar", "pull"),
    ("ratatui", "ui"),
    ("ratatui_image", "ui"),
];

/// Modules that do no IO, read no clock, start no thread, hold no lock.
const PURE: [&str; 4] = ["domain", "algo", "demo", "convert"];

/// What a pure module may not name. A path is refused where it begins with one of these, or imports what holds it.
const IMPURE: [&[&str]; 13] = [
    &["std", "fs"],
    &["std", "env"],
    &["std", "net"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "time", "Instant"],
    &["std", "time", "SystemTime"],
    &["std", "sync", "Mutex"],
    &["std", "sync", "RwLock"],
    &["std", "sync", "mpsc"],
    &["Timestamp", "now"],
    &["Zoned", "now"],
    &["tokio"],
];

/// Words that a global path (`::redb::Database`) may follow.
const KEYWORDS: [&str; 7] = ["use", "as", "dyn", "impl", "in", "mut", "return"];

type Table = BTreeMap<String, BTreeSet<String>>;

/// One path of the source, resolved so that `crate` stands first where it leads through the root.
#[derive(Debug, PartialEq)]
struct Named {
    line: usize,
    path: Vec<String>,
}

/// Reads the rows `| a, b | c, d |`; notes in brackets are left out.
fn table(lib: &str) -> Table {
    let mut rows = Table::new();
    for line in lib.lines() {
        let Some(row) = line.strip_prefix("//! |") else { continue };
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [modules, allowed, ..] = cells[..] else { continue };
        if modules == "module" || modules.starts_with("--") {
            continue;
        }
        let names = |cell: &str| -> BTreeSet<String> {
            cell.split(',').filter_map(|n| n.split_whitespace().next()).filter(|n| *n != "nothing").map(Into::into).collect()
        };
        for module in names(modules) {
            rows.entry(module.trim_end_matches(".rs").to_owned()).or_default().extend(names(allowed));
        }
    }
    rows
}

#[derive(Debug)]
enum Token {
    Word(String),
    Mark(char),
}

fn flatten(stream: TokenStream, out: &mut Vec<(usize, Token)>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Ident(word) => out.push((line, Token::Word(word.to_string()))),
            TokenTree::Punct(mark) => out.push((line, Token::Mark(mark.as_char()))),
            TokenTree::Literal(_) => out.push((line, Token::Mark('"'))),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ('{', '}'),
                    Delimiter::Parenthesis => ('(', ')'),
                    Delimiter::Bracket => ('[', ']'),
                    Delimiter::None => (' ', ' '),
                };
                out.push((line, Token::Mark(open)));
                flatten(group.stream(), out);
                out.push((group.span_close().start().line, Token::Mark(close)));
            }
        }
    }
}

/// Walks over the tokens of one file.
struct Walk<'a> {
    tokens: &'a [(usize, Token)],
    found: Vec<Named>,
}

impl Walk<'_> {
    fn word(&self, i: usize) -> Option<&str> {
        match self.tokens.get(i) {
            Some((_, Token::Word(w))) => Some(w),
            _ => None,
        }
    }

    fn is(&self, i: usize, mark: char) -> bool {
        matches!(self.tokens.get(i), Some((_, Token::Mark(m))) if *m == mark)
    }

    /// Tells whether a `::` after token `i` goes on with a path, rather than beginning a global one.
    fn follows_a_name(&self, i: usize) -> bool {
        self.word(i).map_or(self.is(i, '>'), |w| !KEYWORDS.contains(&w))
    }

    fn joins(&self, i: usize) -> bool {
        self.is(i, ':') && self.is(i + 1, ':')
    }

    /// Reads the path, or tree of paths, at `i`, and returns where it ends.
    fn tree(&mut self, mut i: usize, mut path: Vec<String>) -> usize {
        loop {
            if self.is(i, '{') {
                i += 1;
                while i < self.tokens.len() && !self.is(i, '}') {
                    let next = self.tree(i, path.clone());
                    i = next.max(i + 1);
                }
                return i + 1;
            }
            let line = self.tokens.get(i).map_or(0, |t| t.0);
            if let Some(word) = self.word(i) {
                match word {
                    "super" => {
                        if path.pop().is_none() {
                            return i + 1;
                        }
                    }
                    "self" => {}
                    name => path.push(name.to_owned()),
                }
            } else if self.is(i, '*') {
                path.push("*".into());
            } else {
                return i;
            }
            i += 1;
            let goes_on = self.joins(i) && (self.word(i + 2).is_some() || self.is(i + 2, '{') || self.is(i + 2, '*'));
            if !goes_on {
                self.found.push(Named { line, path });
                return i;
            }
            i += 2;
        }
    }
}

/// Lists the paths of `source`, the file of module `module` (`["algo", "track"]` for `src/algo/track/mod.rs`).
fn paths(source: &str, module: &[String]) -> Result<Vec<Named>, String> {
    let mut tokens = Vec::new();
    flatten(source.parse().map_err(|e| format!("cannot be read as Rust: {e}"))?, &mut tokens);
    let mut walk = Walk { tokens: &tokens, found: Vec::new() };
    let mut here: Vec<String> = ["crate".to_owned()].into_iter().chain(module.iter().cloned()).collect();
    let mut braces = Vec::new(); // true: this brace opened an inline module
    let mut i = 0;
    while i < tokens.len() {
        match walk.word(i) {
            Some("mod") if walk.word(i + 1).is_some() && walk.is(i + 2, '{') => {
                here.push(walk.word(i + 1).unwrap_or_default().to_owned());
                braces.push(true);
                i += 3;
            }
            Some("crate" | "screenalytics") if walk.joins(i + 1) => i = walk.tree(i + 3, vec!["crate".into()]),
            Some("crate") if walk.word(i + 1) == Some("as") => {
                walk.found.push(Named { line: tokens[i].0, path: vec!["crate".into(), "*".into()] });
                i += 1;
            }
            Some("super" | "self") if walk.joins(i + 1) => i = walk.tree(i, here.clone()),
            Some(word) if KEYWORDS.contains(&word) => i += 1,
            Some(word) if walk.joins(i + 1) || (i > 0 && walk.word(i - 1) == Some("use")) => {
                // A global path, a path, or the first segment of `use`; what follows another path was taken with it.
                let global = i < 3 || !walk.joins(i - 2) || !walk.follows_a_name(i - 3);
                if !global || word == "self" {
                    i += 1;
                } else {
                    i = walk.tree(i, Vec::new());
                }
            }
            Some(_) => i += 1,
            None => {
                if walk.is(i, '{') {
                    // `use {a, b}`: its items are paths of their own.
                    if i > 0 && walk.word(i - 1) == Some("use") {
                        i = walk.tree(i, Vec::new());
                        continue;
                    }
                    braces.push(false);
                } else if walk.is(i, '}') && braces.pop() == Some(true) {
                    here.pop();
                }
                i += 1;
            }
        }
    }
    Ok(walk.found)
}

/// Lists what `source`, a file of `module`, does against the rules, each as `line: what`.
fn findings(rows: &Table, module: &[String], source: &str) -> Vec<String> {
    let top = module.first().map_or("main", String::as_str);
    let named = match paths(source, module) {
        Ok(named) => named,
        Err(e) => return vec![e],
    };
    let mut said = Vec::new();
    for Named { line, path } in named {
        let part = |i: usize| path.get(i).map_or("", String::as_str);
        let text = path.join("::");
        if part(0) == "crate" {
            let allowed = rows.get(top).is_some_and(|row| row.contains(part(1)));
            if part(1) != top && !allowed {
                let row = if rows.contains_key(top) { "is not in its row" } else { "has no row in the table" };
                said.push(format!("{line}: `{text}`: {top} {row}"));
            }
        }
        for (name, home) in KEPT_CRATES {
            if part(0) == name && top != home {
                said.push(format!("{line}: `{text}`: only {home} knows {name}"));
            }
        }
        let plain: Vec<&str> = path.iter().map(String::as_str).take_while(|p| *p != "*").collect();
        let meets = |bad: &[&str]| {
            (0..plain.len()).any(|at| {
                let common = bad.iter().zip(&plain[at..]).take_while(|(a, b)| a == b).count();
                common == bad.len() || (common > 1 && at + common == plain.len())
            })
        };
        // Tests in files of their own read clips and settings; the algorithm they test does not.
        let is_test = module.iter().any(|m| m == "tests");
        if PURE.contains(&top) && !is_test && IMPURE.iter().any(|bad| meets(bad)) {
            said.push(format!("{line}: `{text}`: {top} does no IO, reads no clock, starts no thread, holds no lock"));
        }
    }
    said
}

fn walk_files(folder: &Path, module: &[String], visit: &mut impl FnMut(&Path, &[String])) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let inner = || module.iter().cloned().chain([stem.clone()]).collect::<Vec<_>>();
        if path.is_dir() {
            walk_files(&path, &inner(), visit);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let root = matches!(stem.as_str(), "mod" | "main" | "lib");
            visit(&path, &if root { module.to_vec() } else { inner() });
        }
    }
}

#[test]
fn every_module_uses_only_what_its_row_names() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rows = table(&std::fs::read_to_string(root.join("lib.rs")).unwrap());
    assert!(rows.len() >= 10, "the table in src/lib.rs was not found: {rows:?}");
    let mut said = Vec::new();
    let mut files = 0;
    walk_files(&root, &[], &mut |path, module| {
        files += 1;
        let source = std::fs::read_to_string(path).unwrap();
        let shown = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display();
        said.extend(findings(&rows, module, &source).iter().map(|f| format!("{shown}:{f}")));
    });
    assert!(files > 20, "only {files} files were read");
    assert!(said.is_empty(), "\n{}\n", said.join("\n"));
}

/// The rules themselves, on sources that break them and sources that do not.
mod rules {
    use super::*;

    fn check(module: &str, source: &str) -> Vec<String> {
        let rows = table(
            "//! | module | may use |\n//! |---|---|\n//! | domain | nothing |\n//! | algo, store | domain |\n//! | session | domain, media (replay), algo |\n//! | main.rs | session |",
        );
        let module: Vec<String> = module.split("::").filter(|m| !m.is_empty()).map(Into::into).collect();
        findings(&rows, &module, source)
    }

    #[test]
    fn a_path_outside_the_row_is_named_with_its_line() {
        let said = check("algo::nms", "use crate::domain::BBox;\n\nfn f() { crate::store::open(); }");
        assert_eq!(said, ["3: `crate::store::open`: algo is not in its row"]);
    }

    #[test]
    fn groups_are_looked_into() {
        let said = check("algo::nms", "use crate::{domain::{BBox, Size},\n  store::{self, Table}, algo::iou};");
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said.iter().all(|s| s.starts_with("2: `crate::store")), "{said:?}");
    }

    #[test]
    fn climbing_over_super_is_seen_and_staying_inside_is_not() {
        assert_eq!(check("algo::track::kalman", "use super::super::super::store::open;").len(), 1);
        assert_eq!(check("algo::track::kalman", "use super::{super::{super::store}};").len(), 1);
        assert_eq!(check("algo", "fn f() { self::super::store::open() }").len(), 1);
        assert!(check("algo::track::kalman", "use super::super::nms::iou; use super::super::super::domain::BBox;").is_empty());
        assert!(check("algo::nms", "mod tests { use super::super::letterbox; }").is_empty());
        assert_eq!(check("algo::nms", "mod tests { use super::super::super::store; }").len(), 1);
        assert_eq!(check("algo::nms", "mod tests {} use super::super::store;").len(), 1);
    }

    #[test]
    fn the_root_may_not_be_taken_whole() {
        assert_eq!(check("algo", "use crate::*;").len(), 1);
        assert_eq!(check("algo", "use crate as root;").len(), 1);
    }

    #[test]
    fn comments_strings_and_visibility_are_no_paths() {
        let source = "//! See `crate::store`.\n/* crate::store::x */ pub(crate) fn f() -> &'static str { \"crate::store\" }";
        assert!(check("algo", source).is_empty());
    }

    #[test]
    fn a_module_without_a_row_may_use_nothing() {
        assert_eq!(check("extra", "use crate::domain::BBox;").len(), 1);
    }

    #[test]
    fn the_program_is_held_to_its_row_too() {
        assert!(check("", "fn main() { screenalytics::session::open() }").is_empty());
        assert_eq!(check("", "use screenalytics::store::open; fn main() {}").len(), 1);
    }

    #[test]
    fn kept_crates_stay_at_home() {
        for source in [
            "use ort::Session;",
            "use {redb, std::fmt};",
            "use ::redb::Database;",
            "fn f(s: &ort::Session) {}",
            "use usearch as index;",
        ] {
            assert_eq!(check("session", source).len(), 1, "{source}");
        }
        assert!(check("store", "use redb::Database; fn f(d: &::redb::Database) {}").is_empty());
        assert!(check("session", "let ort = 1; x.redb(); self::redb::y(); domain::ort::z();").is_empty());
    }

    #[test]
    fn pure_modules_reach_for_no_clock_file_or_thread() {
        for source in [
            "use std::fs;",
            "use std::{fmt, thread::spawn};",
            "use std::time::{Duration, Instant};",
            "use std::time;",
            "use std::time::*;",
            "fn f() { std::env::var(\"A\"); }",
            "fn f() { let t = Timestamp::now(); }",
            "fn f() { jiff::Timestamp::now(); }",
            "use std::sync::Mutex;",
        ] {
            assert_eq!(check("algo", source).len(), 1, "{source}");
        }
        for source in [
            "use std::time::Duration;",
            "use std::fmt;",
            "use std::sync::Arc;",
            "use std::collections::*;",
            "use jiff::Timestamp;",
        ] {
            assert!(check("algo", source).is_empty(), "{source}");
        }
        assert!(check("store", "use std::fs;").is_empty());
    }
}
