//! What comparing keeps of another run, on a made-up library.

use super::*;
use crate::session::{CatalogCommand, Command, Places, SyntheticSize, decide, decide_catalog, find_person, write_synthetic};

const SIZE: SyntheticSize = SyntheticSize { episodes: 1, tracks: 60, faces: 600 };

#[test]
fn another_run_is_read_again_when_anything_of_it_or_a_name_changes_and_only_then() {
    let dir = tempfile::tempdir().unwrap();
    let places =
        Places { library: Some(dir.path().join("library")), models: Some(dir.path().join("models")), ..Places::default() };
    let workspace = Workspace::new(places, Vec::new()).unwrap();
    write_synthetic(&workspace, SIZE, &mut |_, _| {}).unwrap();
    let episode: EpisodeId = "synthetic-s01e01".parse().unwrap();
    let mut comparing = Comparing::default();
    let mut other = || {
        let library = workspace.open_library().unwrap();
        let store = workspace.read(&library, &episode).unwrap();
        comparing.other(&library, &store, &workspace.settings, RunId(1)).unwrap()
    };
    let first = other();
    assert!(Arc::ptr_eq(&first, &other()));

    let identity = first.identities[0].identity.id;
    decide(&workspace, &episode, &Command::Name { identity, name: "Dora Example".into() }).unwrap().unwrap();
    let called = |snapshot: &Snapshot| {
        snapshot.identities.iter().find(|c| c.identity.id == identity).and_then(|c| c.identity.name.clone())
    };
    assert_eq!(called(&other()).as_deref(), Some("Dora Example"));

    let person = find_person(&workspace, "Dora Example").unwrap();
    decide_catalog(&workspace, &CatalogCommand::Rename { person, name: "Dora Sample".into() }).unwrap().unwrap();
    assert_eq!(called(&other()).as_deref(), Some("Dora Sample"), "the catalog has a log of its own");

    let turn = *first.spoken.heard.keys().next().unwrap();
    decide(&workspace, &episode, &Command::Words { turn, text: "what was never said".into() }).unwrap().unwrap();
    let last = other();
    assert_ne!(last.spoken, first.spoken);
    assert!(Arc::ptr_eq(&last, &other()));
}
