//! The catalog through its file: names, the log, older files.

use super::super::Library;
use super::super::codec::to_json;
use super::super::sample::episode;
use super::super::tables::{ASSETS, EPISODE_FACTS, FEATURED, LAST_ASSET, MEMBERSHIPS, SCHEMA, SCHEMA_VERSION, SEASONS, SHOWS};
use super::*;
use crate::domain::{
    Asset, AssetId, AssetKind, ChangeError, EpisodeFacts, Featured, Membership, OperationKind, Season, Show, Slug,
};

fn user() -> Author {
    Author::User { name: "ana".into(), host: None, client: None }
}

#[test]
fn one_name_is_one_person_however_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Library::open(dir.path()).unwrap().catalog();
    let ava = catalog.ensure_person(" Ava  Stone", user(), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(catalog.ensure_person("ava stone ", user(), Timestamp::UNIX_EPOCH).unwrap(), ava);
    let ben = catalog.ensure_person("Ben Reed", user(), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!((ava, ben), (PersonId(1), PersonId(2)));
    assert_eq!(catalog.person_by_name("AVA STONE").unwrap().unwrap().name, "Ava Stone");
    assert_eq!(catalog.people().unwrap().len(), 2);
    let log = catalog.operations().unwrap();
    assert_eq!(log.iter().map(|o| o.seq).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(log[1].previous_hash.len(), 64);
    assert_eq!(catalog.verify().unwrap(), []);
    catalog.write(|txn| Ok(txn.open_table(PEOPLE)?.remove(ben.0).map(drop)?)).unwrap();
    assert_eq!(catalog.verify().unwrap()[0].what, "they are not what the log says");
    assert!(matches!(catalog.ensure_person(" ", user(), Timestamp::UNIX_EPOCH), Err(StoreError::EmptyName)));
}

#[test]
fn episodes_are_entered_changed_and_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Library::open(dir.path()).unwrap().catalog();
    let mut entry = EpisodeEntry {
        id: episode(),
        title: None,
        air_date: None,
        video: "/v.mp4".into(),
        added_at: Timestamp::UNIX_EPOCH,
        show: Some("demo".into()),
        season: Some(1),
        episode: Some(2),
    };
    catalog.put_episode(&entry).unwrap();
    entry.title = Some("Pilot".into());
    catalog.put_episode(&entry).unwrap();
    assert_eq!(catalog.episode(&episode()).unwrap(), Some(entry.clone()));
    assert_eq!(catalog.episodes().unwrap(), [entry]);
    let remove = || catalog.remove_episode(&episode(), user(), Timestamp::UNIX_EPOCH).unwrap();
    assert!(remove());
    assert!(!remove());
    assert_eq!(catalog.operations().unwrap(), [], "nobody said anything of it");
}

#[test]
fn an_episode_that_is_entered_again_keeps_what_was_entered_apart_from_what_people_said() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Library::open(dir.path()).unwrap().catalog();
    let enter = |video: &str, title: Option<&str>| {
        let described = Described { title: title.map(str::to_owned), air_date: None };
        catalog.enter_episode(&episode(), video, &described, user(), Timestamp::UNIX_EPOCH).unwrap();
    };
    enter("/v.mp4", None);
    let entered = catalog.episodes_as_entered().unwrap();
    let said = EpisodeFacts { title: Some("Pilot".into()), season: Some(7), ..entered[0].facts() };
    let edit = Edit { from: None, to: Some(said.clone()) };
    let draft = |changes| {
        let (kind, summary) = (OperationKind::Edit, "edited".to_owned());
        CatalogDraft { author: user(), kind, summary, changes, at: Timestamp::UNIX_EPOCH }
    };
    catalog.append(draft(vec![CatalogChange::Episode { id: episode(), edit: edit.clone() }])).unwrap();
    enter("/w.mp4", None);
    assert_eq!(catalog.episodes_as_entered().unwrap(), [EpisodeEntry { video: "/w.mp4".into(), ..entered[0].clone() }]);
    assert_eq!(catalog.episode(&episode()).unwrap().unwrap().facts(), said);
    assert_eq!(catalog.operations().unwrap().len(), 1);
    enter("/w.mp4", Some("The Pilot"));
    let now = catalog.episode(&episode()).unwrap().unwrap();
    assert_eq!((now.title.as_deref(), now.season), (Some("The Pilot"), Some(7)));
    let now = catalog.episodes_as_entered().unwrap().remove(0);
    assert_eq!((now.title.as_deref(), now.season), (Some("The Pilot"), entered[0].season));
    assert_eq!(catalog.operations().unwrap().len(), 2);
    assert_eq!(catalog.verify().unwrap(), []);
}

#[test]
fn many_writers_at_once_wait_for_each_other_and_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::open(dir.path()).unwrap();
    let ids: Vec<Vec<PersonId>> = std::thread::scope(|scope| {
        let work = |n: usize| {
            let catalog = library.catalog();
            (0..4).map(move |i| catalog.ensure_person(&format!("P{}", (n + i) % 6), user(), Timestamp::UNIX_EPOCH).unwrap())
        };
        let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || work(n).collect())).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let people = library.catalog().people().unwrap();
    assert_eq!(people.len(), 6);
    for (n, found) in ids.iter().enumerate() {
        for (i, id) in found.iter().enumerate() {
            assert_eq!(people.iter().find(|p| p.id == *id).unwrap().name, format!("P{}", (n + i) % 6));
        }
    }
}

fn slug() -> Slug {
    "demo".parse().unwrap()
}

fn put<T>(to: T) -> Edit<T> {
    Edit { from: None, to: Some(to) }
}

/// One change of every kind, about the person with the number `id`.
fn every_kind(id: u32) -> Vec<CatalogChange> {
    let (at, person, show) = (Timestamp::UNIX_EPOCH, PersonId(id), slug());
    let (asset, role) = (AssetId(id), Some("host".to_owned()));
    let picture = Asset {
        id: asset,
        person,
        kind: AssetKind::Portrait,
        sha256: "ab".into(),
        width: 160,
        height: 200,
        source: "ava.jpg".into(),
        added_at: at,
    };
    vec![
        CatalogChange::Person { id: person, edit: put(Person::new(person, "Ava Stone", at)) },
        CatalogChange::Show { slug: slug(), edit: put(Show { slug: slug(), title: None, notes: None, added_at: at }) },
        CatalogChange::Season {
            show: slug(),
            number: 2,
            edit: put(Season { show: slug(), number: 2, title: None, year: Some(2024) }),
        },
        CatalogChange::Episode {
            id: episode(),
            edit: put(EpisodeFacts { title: Some("Pilot".into()), ..EpisodeFacts::default() }),
        },
        CatalogChange::Membership { person, show: slug(), edit: put(Membership { person, show, role, seasons: vec![2] }) },
        CatalogChange::Asset { id: asset, edit: put(picture) },
        CatalogChange::Featured { person, show: None, edit: put(Featured { asset }) },
        CatalogChange::Featured { person, show: Some(slug()), edit: put(Featured { asset }) },
    ]
}

fn draft(kind: OperationKind, changes: Vec<CatalogChange>) -> CatalogDraft {
    CatalogDraft { author: user(), kind, summary: "made".into(), changes, at: Timestamp::UNIX_EPOCH }
}

#[test]
fn every_kind_of_change_is_kept_verified_and_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Library::open(dir.path()).unwrap().catalog();
    let made = catalog.append(draft(OperationKind::Create, every_kind(1))).unwrap();
    let mut told = Directory::default();
    told.apply(&made.kind, &made.changes).unwrap();
    assert_eq!(catalog.directory().unwrap(), told);
    assert_eq!(catalog.verify().unwrap(), []);
    let moved_on = catalog.append(draft(OperationKind::Create, every_kind(1)[1..2].to_vec())).unwrap_err();
    assert!(moved_on.to_string().contains("show demo has moved on: expected nothing"), "{moved_on}");
    catalog.append(draft(OperationKind::Undo { of: 1 }, made.inverted())).unwrap();
    let empty = Directory { last_person: 1, last_asset: 1, ..Directory::default() };
    assert_eq!(catalog.directory().unwrap(), empty);
    let again = catalog.append(draft(OperationKind::Create, every_kind(1))).unwrap_err();
    assert!(matches!(again, StoreError::Change(ChangeError::IdReused { .. })), "{again}");
    catalog.append(draft(OperationKind::Redo { of: 1 }, made.changes)).unwrap();
    assert_eq!(catalog.directory().unwrap(), told);
    assert_eq!(catalog.verify().unwrap(), []);
}

#[test]
fn a_table_that_the_log_does_not_give_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Library::open(dir.path()).unwrap().catalog();
    catalog.append(draft(OperationKind::Create, every_kind(1))).unwrap();
    catalog
        .write(|txn| {
            txn.open_table(SHOWS)?.remove("demo")?;
            txn.open_table(SEASONS)?.remove(("demo", 2))?;
            txn.open_table(EPISODE_FACTS)?.remove(episode().as_str())?;
            txn.open_table(MEMBERSHIPS)?.remove((1, "demo"))?;
            txn.open_table(FEATURED)?.remove((1, ""))?;
            txn.open_table(STATE)?.insert(LAST_ASSET, 9)?;
            Ok(())
        })
        .unwrap();
    let found: Vec<String> = catalog.verify().unwrap().into_iter().map(|f| f.place).collect();
    assert_eq!(found, ["shows", "seasons", "episodes", "casts", "pictures of people", "featured pictures"]);
}

#[test]
fn a_catalog_of_an_older_program_opens_with_its_people_and_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::open(dir.path()).unwrap();
    let catalog = library.catalog();
    let ava = catalog.ensure_person("Ava Stone", user(), Timestamp::UNIX_EPOCH).unwrap();
    // As that program wrote: fewer tables, rows without the newer fields, a log without kinds.
    catalog
        .write(|txn| {
            txn.open_table(SCHEMA_VERSION)?.insert("catalog", 4)?;
            txn.delete_table(SHOWS)?;
            txn.delete_table(SEASONS)?;
            txn.delete_table(EPISODE_FACTS)?;
            txn.delete_table(MEMBERSHIPS)?;
            txn.delete_table(ASSETS)?;
            txn.delete_table(FEATURED)?;
            let person = serde_json::json!({"id": 1, "name": "Ava Stone", "added_at": "1970-01-01T00:00:00Z"});
            txn.open_table(PEOPLE)?.insert(1, to_json(&person)?.as_slice())?;
            let changes = serde_json::json!([{"type": "person", "id": 1, "edit": {"from": null, "to": person}}]);
            let author = serde_json::json!({"type": "user", "name": "ana"});
            let row = serde_json::json!({"seq": 1, "at": "1970-01-01T00:00:00Z", "author": author, "summary": "added Ava Stone",
                "changes": changes, "previous_hash": ""});
            txn.open_table(LOG)?.insert(1, to_json(&row)?.as_slice())?;
            Ok(())
        })
        .unwrap();
    let catalog = Library::open(dir.path()).unwrap().catalog();
    assert_eq!(catalog.people().unwrap(), [Person::new(ava, "Ava Stone", Timestamp::UNIX_EPOCH)]);
    assert_eq!(catalog.operations().unwrap()[0].kind, OperationKind::Add);
    assert_eq!(catalog.verify().unwrap(), []);
    let schema = catalog.read(|txn| Ok(txn.open_table(SCHEMA_VERSION)?.get("catalog")?.map(|s| s.value()))).unwrap();
    assert_eq!(schema, Some(SCHEMA));
    catalog.append(draft(OperationKind::Create, every_kind(2)[1..].to_vec())).unwrap();
    assert_eq!(catalog.verify().unwrap(), []);
}

#[test]
fn an_alias_of_several_is_nobody_until_somebody_says_who() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Library::open(dir.path()).unwrap().catalog();
    let also =
        |id: u32, name: &str| Person { aliases: vec!["Queen".into()], ..Person::new(PersonId(id), name, Timestamp::UNIX_EPOCH) };
    let change = |p: Person| CatalogChange::Person { id: p.id, edit: put(p) };
    catalog.append(draft(OperationKind::Create, vec![change(also(1, "Ava"))])).unwrap();
    assert_eq!(catalog.ensure_person("queen", user(), Timestamp::UNIX_EPOCH).unwrap(), PersonId(1));
    catalog.append(draft(OperationKind::Create, vec![change(also(2, "Bo"))])).unwrap();
    let told = catalog.ensure_person("Queen", user(), Timestamp::UNIX_EPOCH).unwrap_err();
    assert_eq!(told.to_string(), "\"Queen\" could be Ava (p_0001) or Bo (p_0002)");
    assert!(catalog.person_by_name("queen").is_err());
    assert_eq!(catalog.person_by_name("bo").unwrap().unwrap().id, PersonId(2));
    assert_eq!(catalog.verify().unwrap(), []);
}
