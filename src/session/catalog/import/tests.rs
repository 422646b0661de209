//! What is written is read back whole; what does not fit is refused with its line.

use super::super::plan::Seen;
use super::rows::plan;
use super::*;
use crate::domain::{
    Asset, AssetId, AssetKind, CatalogChange, Directory, EpisodeFacts, EpisodeId, Featured, Membership, Person, PersonId, Roster,
    Season, Show, tidy_name,
};
use jiff::Timestamp;
use proptest::prelude::*;

fn empty() -> View {
    View {
        directory: Directory::default(),
        roster: Roster::default(),
        entered: BTreeMap::new(),
        episodes: BTreeMap::new(),
        seen: BTreeMap::new(),
        now: Timestamp::from_second(7).unwrap(),
    }
}

/// Plans with every picture of the test kept.
fn planned(view: &View, rows: Vec<Placed<CatalogRow>>) -> Result<Import, Vec<CatalogRowError>> {
    plan(view, rows, &(0..9).map(|n| format!("{n:064x}")).collect())
}

fn applied(rows: Vec<Placed<CatalogRow>>) -> Directory {
    let (kind, _, changes) = planned(&empty(), rows).unwrap_or_else(|errors| panic!("{errors:?}")).planned;
    let mut directory = Directory::default();
    directory.apply(&kind, &changes).unwrap();
    directory
}

fn csv(directory: &Directory) -> Vec<(String, String)> {
    write_catalog_csv(&catalog_rows(directory))
        .into_iter()
        .map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap()))
        .collect()
}

/// Any text that a person may have written, tidied.
fn words() -> impl Strategy<Value = String> {
    "[\\PC;,\"\\\\ \n|]{0,12}".prop_map(|t| format!("x{}", t.trim())).prop_map(|t| tidy_name(&t))
}

fn maybe<S: Strategy<Value = String>>(text: S) -> impl Strategy<Value = Option<String>> {
    prop::option::of(text)
}

prop_compose! {
    fn directories()(
        names in prop::collection::vec((words(), prop::collection::vec(words(), 0..3), maybe("[\\PC\n]{1,20}"), any::<u32>()), 1..6),
        shows in prop::collection::btree_map("[a-z]{1,6}(-[0-9]{1,2})?", (maybe(words()), maybe("[\\PC\n\r\"]{1,20}")), 1..4),
        years in prop::collection::vec(prop::option::of(1900..2100_i16), 3),
        roles in prop::collection::vec((maybe(words()), prop::collection::btree_set(1..20_u32, 0..4)), 3),
        source in words(),
    ) -> Directory {
        let mut directory = Directory::default();
        let time = |n: u32| Timestamp::from_nanosecond(i128::from(n) * 1_000_003).unwrap();
        for (n, (name, others, notes, at)) in (1..).zip(names) {
            let id = PersonId(n * 2);
            let person = Person { aliases: others.clone(), former: others, notes, ..Person::new(id, &format!("{name} {n}"), time(at)) };
            directory.people.insert(id, person);
        }
        let highest = directory.people.keys().map(|id| id.0).max().unwrap_or(0);
        let gone = PersonId(highest + 1);
        let merged_into = Some(PersonId(2));
        directory.people.insert(gone, Person { removed: true, merged_into, ..Person::new(gone, "Once There", time(3)) });
        directory.last_person = gone.0;
        for (n, (slug, (title, notes))) in (0_u32..).zip(shows) {
            let slug: Slug = slug.parse().unwrap();
            let at = usize::try_from(n % 3).unwrap();
            directory.shows.insert(slug.clone(), Show { slug: slug.clone(), title: title.clone(), notes, added_at: time(n) });
            directory.seasons.insert((slug.clone(), n + 1), Season { show: slug.clone(), number: n + 1, title: title.clone(), year: years[at] });
            let id: EpisodeId = format!("{slug}-s01e0{n}").parse().unwrap();
            let facts = EpisodeFacts { title, air_date: None, show: Some(slug.clone()), season: Some(1), episode: Some(n + 1) };
            directory.episodes.insert(id, facts);
            let (role, seasons) = roles[at].clone();
            let part = Membership { person: PersonId(2), show: slug.clone(), role, seasons: seasons.into_iter().collect() };
            directory.memberships.insert((PersonId(2), slug.clone()), part);
            let asset = AssetId(n + 1);
            directory.assets.insert(asset, Asset {
                id: asset, person: PersonId(2), kind: AssetKind::ALL[at], sha256: format!("{n:064x}"), width: 3, height: 4,
                source: source.clone(), added_at: time(n + 9),
            });
            directory.featured.insert((PersonId(2), Some(slug)), Featured { asset });
            directory.last_asset = asset.0;
        }
        directory.featured.insert((PersonId(2), None), Featured { asset: AssetId(1) });
        // The same bytes as another kind, and once more as the same: of two who were merged.
        let first = directory.assets[&AssetId(1)].clone();
        for kind in [AssetKind::ALL[2], first.kind] {
            let id = AssetId(directory.last_asset + 1);
            directory.assets.insert(id, Asset { id, kind, ..first.clone() });
            directory.last_asset = id.0;
        }
        // A show that only an episode names.
        let facts = EpisodeFacts { show: Some("only-named".parse().unwrap()), ..EpisodeFacts::default() };
        directory.episodes.insert("only-named-s01e01".parse().unwrap(), facts);
        directory
    }
}

proptest! {
    #[test]
    fn a_directory_comes_back_whole_from_json_and_from_csv(directory in directories()) {
        let json = String::from_utf8(write_catalog_json(&catalog_rows(&directory))).unwrap();
        prop_assert_eq!(applied(read_catalog_json(&json).unwrap()), directory.clone());
        prop_assert_eq!(applied(read_catalog_csv(&csv(&directory)).unwrap()), directory);
    }

    #[test]
    fn a_second_import_changes_nothing(directory in directories()) {
        let view = View { directory: directory.clone(), ..empty() };
        let rows = read_catalog_csv(&csv(&directory)).unwrap();
        let count = rows.len();
        let Import { planned: (_, _, changes), same, .. } = planned(&view, rows).unwrap();
        prop_assert_eq!((changes, same), (vec![], count));
    }

    #[test]
    fn any_text_is_rows_or_an_error(text in "[\\PC,\n\"]{0,200}") {
        let _ = read_catalog_json(&text);
        let _ = read_catalog_csv(&[("people.csv".into(), text)]);
    }
}

fn told(files: &[(&str, &str)], view: &View) -> Vec<String> {
    let files: Vec<(String, String)> = files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
    let errors = read_catalog_csv(&files).and_then(|rows| planned(view, rows).map(drop)).unwrap_err();
    errors.into_iter().map(|e| e.to_string()).collect()
}

#[test]
fn every_line_that_does_not_fit_is_refused_with_its_reason() {
    let told_empty = |files: &[(&str, &str)]| told(files, &empty());
    assert_eq!(
        told_empty(&[("shows.csv", "slug,title\nTop Chef,x\nok,y\nok,z\n"), ("cast.csv", "person,show\nAva,ok\n")]),
        [
            "shows.csv line 2: slug is not a short name of a show: \"Top Chef\" is no short name of a show: 'T' is a capital letter"
        ]
    );
    assert_eq!(
        told_empty(&[("shows.csv", "slug\nok\nok\n"), ("cast.csv", "person,show,seasons\nAva,ok,1\n,ok,1\n")]),
        ["cast.csv line 3: person is empty"]
    );
    assert_eq!(
        told_empty(&[("shows.csv", "slug\nok\nok\n"), ("cast.csv", "person,show,seasons\nAva,ok,1\n")]),
        ["shows.csv line 3: show ok stands in shows.csv line 2 already", "cast.csv line 2: there is nobody called \"Ava\""]
    );
    assert_eq!(
        told_empty(&[("people.csv", "name,removed\r\nAva,\r\n\r\n\"Bo\nReed\",\r\nCleo,maybe\r\n")]),
        ["people.csv line 6: removed is \"maybe\", not yes or no"]
    );
    assert_eq!(told_empty(&[("people.csv", "name,eyes\nAva,blue\n")])[0].split(": ").next(), Some("people.csv line 1"));
    assert_eq!(told_empty(&[("people.csv", "name,notes\nAva\n")]), ["people.csv line 2: it has 1 cells, the first line 2"]);
    assert_eq!(told_empty(&[("cooks.csv", "name\nAva\n")])[0].split(": ").next(), Some("cooks.csv"));
    assert_eq!(
        told_empty(&[("people.csv", "id,name\np_0001,Ava\np_0002,ava\n")]),
        ["people.csv line 3: \"ava\" is the name of p_0001 and would be that of p_0002"]
    );
    assert_eq!(
        told_empty(&[
            ("people.csv", "name\nAva\n"),
            ("pictures.csv", "id,person,kind,sha256,width,height\nm_0001,Ava,portrait,ff,1,1\n")
        ]),
        ["pictures.csv line 2: its picture is neither kept nor in the folder: pictures/ff.jpg"]
    );
    assert_eq!(read_catalog_json("{\"catalog_version\": 9}").unwrap_err().place, "catalog_version");
    assert_eq!(read_catalog_json("{\n \"shows\": 3}").unwrap_err().place, "line 2, column 11");
}

#[test]
fn a_number_that_is_somebody_else_here_is_a_conflict_and_a_name_without_one_finds_its_person() {
    let mut directory = Directory::default();
    for (n, name) in [(1, "Ava Stone"), (3, "Ben Reed")] {
        directory.people.insert(PersonId(n), Person::new(PersonId(n), name, Timestamp::UNIX_EPOCH));
    }
    directory.last_person = 3;
    let view = View { directory, ..empty() };
    assert_eq!(
        told(&[("people.csv", "id,name\np_0001,Ben Reed\np_0002,Zoe\n")], &view),
        ["people.csv line 2: p_0001 is Ava Stone here and Ben Reed in the file; without a number the name finds them"]
    );
    let text = "name,notes\nava  stone,a cook\nZoe Lane,\n".to_owned();
    let (_, _, changes) = planned(&view, read_catalog_csv(&[("people.csv".into(), text)]).unwrap()).unwrap().planned;
    let ids: Vec<String> = changes.iter().map(CatalogChange::key).collect();
    assert_eq!(ids, ["person p_0001", "person p_0004"]);
}

fn person(id: u32, name: &str) -> Person {
    Person::new(PersonId(id), name, Timestamp::UNIX_EPOCH)
}

fn with_people(people: impl IntoIterator<Item = Person>) -> View {
    let mut directory = Directory::default();
    for person in people {
        directory.last_person = directory.last_person.max(person.id.0);
        directory.people.insert(person.id, person);
    }
    View { roster: Roster::new(directory.people.values().cloned()), directory, ..empty() }
}

/// What the catalog is after an import of CSV files.
fn imported(view: &View, files: &[(&str, &str)]) -> Directory {
    let files: Vec<(String, String)> = files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
    let rows = read_catalog_csv(&files).unwrap();
    let (kind, _, changes) = planned(view, rows).unwrap_or_else(|errors| panic!("{errors:?}")).planned;
    let mut directory = view.directory.clone();
    directory.apply(&kind, &changes).unwrap();
    directory
}

#[test]
fn what_a_file_does_not_say_stays_and_no_name_that_was_known_is_forgotten() {
    let bob =
        Person { former: vec!["Bo".into()], aliases: vec!["Bobby".into()], notes: Some("a cook".into()), ..person(1, "Bob") };
    let gone = Person { removed: true, ..person(2, "Zoe") };
    let merged = Person { merged_into: Some(PersonId(1)), ..person(3, "Robert") };
    let view = with_people([bob.clone(), gone.clone(), merged.clone()]);
    let after = imported(&view, &[("people.csv", "id,name,notes\np_0001,Bob,a judge\np_0002,Zoe,\np_0003,Robert,\n")]);
    let expected = [Person { notes: Some("a judge".into()), ..bob.clone() }, gone, merged];
    assert_eq!(after.people.into_values().collect::<Vec<_>>(), expected);
    let after = imported(&view, &[("people.csv", "id,name,former\np_0001,Robby,Bob;Rob\n")]);
    assert_eq!(after.people[&PersonId(1)].former, ["Bo", "Bob", "Rob"]);
    // By a name that they had a row finds somebody, and does not call them so again.
    let after = imported(&view, &[("people.csv", "name,notes\nbo,a host\n")]);
    assert_eq!((after.people[&PersonId(1)].name.as_str(), after.people.len()), ("Bob", 3));
    let json = r#"{"catalog_version": 1, "people": [{"id": 1, "name": "Bob", "notes": null}]}"#;
    let (_, _, changes) = planned(&view, read_catalog_json(json).unwrap()).unwrap().planned;
    let CatalogChange::Person { edit, .. } = &changes[0] else { panic!() };
    assert_eq!(edit.to, Some(Person { notes: None, ..bob }));
}

#[test]
fn nobody_is_deleted_unasked_whose_faces_are_theirs_and_nobody_comes_back() {
    let gone = Person { removed: true, ..person(2, "Zoe") };
    let merged = Person { merged_into: Some(PersonId(1)), ..person(3, "Robert") };
    let mut view = with_people([person(1, "Bob"), gone, merged, person(4, "Ida")]);
    view.seen.insert(PersonId(1), Seen { episodes: vec!["alpha-s01e01".parse().unwrap()], unread: 0 });
    let file = "id,name,removed,merged_into\np_0001,Bob,yes,\np_0002,Zoe,no,\np_0003,Robert,,\np_0004,Ida,yes,\n";
    assert_eq!(
        told(&[("people.csv", file)], &view),
        [
            "people.csv line 2: Bob is not deleted: faces in 1 episode are theirs (alpha-s01e01); `screenalytics person delete` asks where that goes",
            "people.csv line 3: Zoe (p_0002) was deleted here; `screenalytics catalog undo` brings them back",
            "people.csv line 4: Robert (p_0003) was found to be p_0001 here; `screenalytics catalog undo` takes that back",
        ]
    );
    let rows = read_catalog_csv(&[("people.csv".into(), file.into())]).unwrap();
    assert_eq!(rows::deletes(&view, &rows), [PersonId(1), PersonId(4)].into());
    assert!(imported(&view, &[("people.csv", "id,name,removed\np_0004,Ida,yes\n")]).people[&PersonId(4)].removed);
}

#[test]
fn an_import_that_was_taken_back_can_be_done_again_and_no_row_uses_numbers_up() {
    let files = [
        ("people.csv", "id,name,merged_into\np_0002,Bo,p_0003\np_0003,Bob,\np_4294967295,Max,\n"),
        ("shows.csv", "slug\nalpha\n"),
        ("cast.csv", "person,name,show\np_0003,Bob,alpha\np_4294967295,Max,alpha\n"),
        ("pictures.csv", &format!("id,person,kind,sha256,width,height\nm_4294967295,Max,portrait,{:064x},1,1\n", 1)),
        ("featured.csv", "person,picture\np_4294967295,m_4294967295\n"),
    ];
    let mut directory = Directory::default();
    let ids = |directory: &Directory| directory.people.keys().map(|id| id.0).collect::<Vec<_>>();
    for expected in [[2, 3, 4], [5, 6, 7], [8, 9, 10]] {
        let view = View { directory: directory.clone(), ..empty() };
        let after = imported(&view, &files);
        assert_eq!(ids(&after), expected);
        let [bo, bob, max] = expected.map(PersonId);
        assert_eq!(after.people[&bo].merged_into, Some(bob));
        let cast: Vec<PersonId> = after.memberships.keys().map(|key| key.0).collect();
        assert_eq!(cast, [bob, max]);
        assert_eq!(after.assets[&after.featured[&(max, None)].asset].person, max);
        // Again it says nothing new, whatever numbers it gives.
        let again = planned(
            &View { directory: after.clone(), ..empty() },
            read_catalog_csv(&files.map(|(n, t)| (n.into(), t.into()))).unwrap(),
        );
        assert_eq!(again.unwrap().planned.2, []);
        let (last_person, last_asset) = (after.last_person, after.last_asset);
        directory = Directory { last_person, last_asset, ..Directory::default() };
    }
}

#[test]
fn a_number_of_a_picture_that_is_another_here_gets_a_new_one_and_a_name_beside_a_number_is_looked_at() {
    let mut view = with_people([person(1, "Ava"), person(2, "Ben")]);
    let asset = Asset {
        id: AssetId(1),
        person: PersonId(1),
        kind: AssetKind::Portrait,
        sha256: format!("{:064x}", 1),
        width: 1,
        height: 1,
        source: String::new(),
        added_at: Timestamp::UNIX_EPOCH,
    };
    view.directory.assets.insert(AssetId(1), asset.clone());
    view.directory.last_asset = 1;
    let row =
        |person: &str, picture: u8| format!("id,person,kind,sha256,width,height\nm_0001,{person},portrait,{picture:064x},1,1\n");
    let after = imported(&view, &[("pictures.csv", &row("Ben", 1)), ("featured.csv", "person,picture\nBen,m_0001\n")]);
    assert_eq!(after.assets[&AssetId(1)], asset, "a picture of Ava is none of Ben");
    assert_eq!((after.assets[&AssetId(2)].person, after.featured[&(PersonId(2), None)].asset), (PersonId(2), AssetId(2)));
    let after = imported(&view, &[("pictures.csv", &row("Ava", 2))]);
    assert_eq!((after.assets[&AssetId(1)].sha256.clone(), after.assets.len()), (asset.sha256, 2));
    assert_eq!(
        told(&[("shows.csv", "slug\nalpha\n"), ("cast.csv", "person,name,show\np_0001,Ben,alpha\n")], &view),
        ["cast.csv line 2: p_0001 is Ava here and Ben in the file; without a number the name finds them"]
    );
}

#[test]
fn what_was_entered_is_written_too_and_says_nothing_new_when_it_is_read() {
    let show: Slug = "alpha".parse().unwrap();
    let facts = |n| EpisodeFacts { show: Some(show.clone()), season: Some(1), episode: Some(n), ..EpisodeFacts::default() };
    let entered: BTreeMap<EpisodeId, EpisodeFacts> =
        (1..3).map(|n| (format!("alpha-s01e0{n}").parse().unwrap(), facts(n))).collect();
    let view = View { episodes: entered.clone(), entered: entered.clone(), ..empty() };
    let rows = written(&view);
    assert_eq!(rows.len(), 3, "two episodes and the show that they name");
    let json = String::from_utf8(write_catalog_json(&rows)).unwrap();
    let Import { planned: (_, _, changes), same, .. } = planned(&view, read_catalog_json(&json).unwrap()).unwrap();
    assert_eq!((changes, same), (vec![], 3));
    assert_eq!(applied(read_catalog_json(&json).unwrap()).episodes, entered);
    assert_eq!(
        told(&[("episodes.csv", "id,episode\nalpha-s01e01,2\n")], &view),
        ["episodes.csv line 2: episode alpha-s01e01: alpha-s01e02 is season 1 episode 2 of alpha already"]
    );
}

#[test]
fn a_show_that_only_episodes_name_is_entered_where_a_row_refers_to_it() {
    let show: Slug = "alpha".parse().unwrap();
    let facts = EpisodeFacts { show: Some(show.clone()), ..EpisodeFacts::default() };
    let entered: BTreeMap<EpisodeId, EpisodeFacts> = [("alpha-s01e01".parse().unwrap(), facts)].into();
    let view = View { episodes: entered.clone(), entered, ..with_people([person(1, "Ava")]) };
    for file in [("cast.csv", "person,show\nAva,alpha\n"), ("seasons.csv", "show,number\nalpha,1\n")] {
        let after = imported(&view, &[file]);
        assert_eq!(after.shows[&show], Show { slug: show.clone(), title: None, notes: None, added_at: view.now }, "{file:?}");
        // What is so already enters nothing.
        let directory = Directory { shows: BTreeMap::new(), ..after };
        let again = View { directory, episodes: view.episodes.clone(), entered: view.entered.clone(), ..empty() };
        assert_eq!(imported(&again, &[file]).shows, BTreeMap::new());
    }
}
