//! What is read of a made-up library, held against the summaries of its episodes.

use super::*;
use crate::config::{Layers, Paths};
use crate::domain::{Directory, IdentityId};
use crate::session::{Command, SyntheticSize, decide, summary, write_synthetic};
use std::path::Path;

fn workspace(library: &Path) -> Workspace {
    let layers = Layers::defaults();
    let settings = layers.settings().unwrap();
    let paths = Paths::find();
    Workspace { paths, library: library.to_owned(), models: library.join("m"), onnxruntime: None, layers, settings }
}

fn library(episodes: u32) -> (tempfile::TempDir, Workspace) {
    let dir = tempfile::tempdir().unwrap();
    let workspace = workspace(dir.path());
    write_synthetic(&workspace, SyntheticSize { episodes, tracks: 30, faces: 500 }, &mut |_, _| {}).unwrap();
    (dir, workspace)
}

fn read(workspace: &Workspace) -> Vec<CastLine> {
    let mut lines = Vec::new();
    casts(workspace, &mut |line, _| {
        lines.push(line);
        true
    })
    .unwrap();
    lines
}

fn known(line: &CastLine) -> &EpisodeCast {
    let CastState::Known(cast) = &line.state else { panic!("{line:?}") };
    cast
}

#[test]
fn a_cast_is_what_the_summary_of_its_episode_says_also_from_the_cache() {
    let (_dir, workspace) = library(3);
    let (first, again) = (read(&workspace), read(&workspace));
    assert_eq!(first, again);
    for line in &first {
        let (cast, summary) = (known(line), summary(&workspace, &line.entry.id).unwrap());
        assert!(workspace.library.join("episodes").join(line.entry.id.as_str()).join("cache/cast.json").is_file());
        let named: Vec<_> = summary.time.people.iter().filter(|p| p.name.is_some()).collect();
        assert_eq!(cast.people.len(), named.len());
        for (a, p) in cast.people.iter().zip(named) {
            assert_eq!(
                (Some(&a.name), a.person, a.visual_time, &a.visual),
                (p.name.as_ref(), p.person, p.visual_time, &p.visual)
            );
            assert!(a.best.is_some());
        }
        assert_eq!((cast.covered, cast.duration), (summary.time.union, summary.time.duration));
    }
}

#[test]
fn a_decision_and_a_rule_are_seen_at_the_next_reading() {
    let (_dir, mut workspace) = library(2);
    let before = read(&workspace);
    let unnamed = summary(&workspace, &before[0].entry.id).unwrap();
    let id: IdentityId = unnamed.identities.values().find(|i| i.name.is_none()).unwrap().id;
    decide(&workspace, &before[0].entry.id, &Command::Name { identity: id, name: "Dora Example".into() }).unwrap().unwrap();
    let after = read(&workspace);
    assert!(known(&after[0]).people.iter().any(|a| a.name == "Dora Example" && a.identities == [id]));
    assert_eq!(after[1], before[1]);
    workspace.settings.screen_time.gap_tolerance_s += 5.0;
    assert_ne!(read(&workspace), after);
}

#[test]
fn a_cast_is_worked_out_again_after_another_listening_and_by_other_rules_of_who_speaks() {
    let (dir, mut workspace) = library(1);
    let kept = |workspace: &Workspace| {
        read(workspace);
        std::fs::read_to_string(dir.path().join("episodes/synthetic-s01e01/cache/cast.json")).unwrap()
    };
    let first = kept(&workspace);
    assert_eq!(kept(&workspace), first);
    let opened = workspace.open_library().unwrap();
    let mut before = first;
    for pass in ["diarise", "link"] {
        let store = workspace.write(&opened, &"synthetic-s01e01".parse().unwrap()).unwrap();
        let mut run = store.runs().unwrap().remove(0);
        crate::session::passes::mark(&mut run, pass, "other".into());
        store.update_run(&run).unwrap();
        drop(store);
        assert_ne!(kept(&workspace), before, "{pass}");
        before = kept(&workspace);
    }
    workspace.settings.fuse.min_ratio += 0.5;
    assert_ne!(kept(&workspace), before);
}

#[test]
fn a_broken_bundle_and_one_without_a_run_are_lines_and_the_rest_is_read() {
    let (dir, workspace) = library(2);
    std::fs::write(dir.path().join("episodes/synthetic-s01e01/episode.redb"), "garbage").unwrap();
    drop(EpisodeStore::open_writer(&workspace.open_library().unwrap(), &"begun".parse().unwrap()).unwrap());
    let lines = read(&workspace);
    assert_eq!(lines.len(), 3);
    let state = |id: &str| &lines.iter().find(|l| l.entry.id.as_str() == id).unwrap().state;
    assert!(matches!(state("synthetic-s01e01"), CastState::Broken { .. }));
    assert!(matches!(state("synthetic-s01e02"), CastState::Known(_)));
    assert_eq!(*state("begun"), CastState::NotRun);
}

#[test]
fn reading_stops_where_nobody_listens_any_more() {
    let (_dir, workspace) = library(3);
    let mut heard = 0;
    casts(&workspace, &mut |_, all| {
        assert_eq!(all, 3);
        heard += 1;
        heard < 2
    })
    .unwrap();
    assert_eq!(heard, 2);
}

#[test]
fn a_damaged_cache_is_worked_out_again() {
    let (dir, workspace) = library(1);
    let before = read(&workspace);
    std::fs::write(dir.path().join("episodes/synthetic-s01e01/cache/cast.json"), "{\"made_of\": 3").unwrap();
    assert_eq!(read(&workspace), before);
}

#[test]
fn people_are_gathered_over_episodes_and_those_without_any_are_listed_too() {
    let (_dir, workspace) = library(3);
    let library = workspace.open_library().unwrap();
    library.catalog().ensure_person("Nobody Yet", crate::session::author(), jiff::Timestamp::UNIX_EPOCH).unwrap();
    let casts = read(&workspace);
    let lines = people(&roster(&workspace).unwrap(), &casts);
    assert_eq!(lines.len(), 4);
    assert!(lines.is_sorted_by_key(|l| std::cmp::Reverse(l.visual_time)));
    let last = lines.last().unwrap();
    assert_eq!((last.name.as_str(), last.episodes.len(), &last.portrait), ("Nobody Yet", 0, &None));
    let portraits = Portraits::of(&workspace).unwrap();
    for line in &lines[..3] {
        let there = |c: &&CastLine| known(c).people.iter().any(|a| a.person == line.id);
        assert_eq!(line.episodes.len(), casts.iter().filter(there).count());
        assert_eq!(line.visual_time.0, line.episodes.iter().map(|e| e.visual_time.0).sum::<i64>());
        assert!((0.0..=1.0).contains(&line.confidence) && line.confidence > 0.0);
        assert_eq!(line.last().unwrap().episode, casts.iter().rfind(|c| there(c)).unwrap().entry.id);
        let jpeg = portraits.get(line.portrait.as_ref().unwrap()).unwrap().unwrap();
        assert_eq!(jpeg[..3], [0xFF, 0xD8, 0xFF]);
    }
}

#[test]
fn shows_hold_their_seasons_and_sums() {
    let (_dir, workspace) = library(27);
    drop(EpisodeStore::open_writer(&workspace.open_library().unwrap(), &"a-clip".parse().unwrap()).unwrap());
    let casts = read(&workspace);
    let shows = shows(&Directory::default(), &casts);
    let told: Vec<_> = shows
        .iter()
        .map(|s| (s.show.as_deref(), s.seasons.iter().map(|n| (n.season, n.episodes.len())).collect::<Vec<_>>()))
        .collect();
    assert_eq!(told, [(Some("synthetic"), vec![(Some(1), 25), (Some(2), 2)]), (None, vec![(None, 1)])]);
    let (show, clip) = (&shows[0].sums, &shows[1].sums);
    assert_eq!((show.episodes, show.measured, clip.episodes, clip.measured), (27, 27, 1, 0));
    let all = people(&crate::domain::Roster::default(), &casts);
    assert_eq!(show.people, all.iter().map(|p| (p.name.clone(), p.visual_time)).collect::<Vec<_>>());
    assert_eq!(show.duration.0, shows[0].seasons.iter().map(|s| s.sums.duration.0).sum::<i64>());
}
