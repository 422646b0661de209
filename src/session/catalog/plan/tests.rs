//! Whatever is planned fits, leaves nothing that refers to what is not there, and is taken back whole.

use super::super::command::{CatalogCommand as C, Dependents, EpisodeEdit, NewAsset, Wish};
use super::*;
use crate::domain::{AssetId, AssetKind, Origin, PictureId, Quality, Reference, ReferenceId};
use proptest::prelude::*;

fn slug(n: u8) -> Slug {
    ["alpha", "beta", "gamma"][usize::from(n % 3)].parse().unwrap()
}

fn name(n: u8) -> String {
    ["Ava", "Bo", "Cleo", "Dora", "Avi"][usize::from(n % 5)].to_owned()
}

fn episode(n: u8) -> EpisodeId {
    format!("alpha-s01e{:02}", n % 4 + 1).parse().unwrap()
}

fn written(n: u8) -> Wish<String> {
    match n % 3 {
        0 => Wish::Keep,
        1 => Wish::Clear,
        _ => Wish::Set(name(n)),
    }
}

fn dependents<T>(n: u8, to: T) -> Dependents<T> {
    match n % 3 {
        0 => Dependents::Refuse,
        1 => Dependents::Delete,
        _ => Dependents::To(to),
    }
}

/// A command out of four numbers.
fn command([what, a, b, c]: [u8; 4]) -> C {
    let (person, other) = (PersonId(u32::from(a % 5) + 1), PersonId(u32::from(b % 5) + 1));
    let (season, asset) = (u32::from(c % 3), AssetId(u32::from(b % 4) + 1));
    match what % 20 {
        0 => C::AddShow { slug: slug(a), title: Some(name(b)), notes: None },
        1 => C::EditShow { slug: slug(a), title: written(b), notes: written(c) },
        2 => C::DeleteShow { slug: slug(a), dependents: dependents(b, slug(c)) },
        3 => C::AddSeason { show: slug(a), number: season, title: None, year: Some(2020) },
        4 => C::EditSeason { show: slug(a), number: season, title: written(b), year: Wish::Keep },
        5 => C::DeleteSeason { show: slug(a), number: season, dependents: dependents(b, u32::from(a % 4)) },
        6 => {
            let show = if c % 2 == 0 { Wish::Set(slug(b)) } else { Wish::Clear };
            let season = if c % 2 == 0 { Wish::Set(season) } else { Wish::Clear };
            let number = if c % 2 == 0 { Wish::Set(u32::from(b % 3) + 1) } else { Wish::Clear };
            C::EditEpisode {
                episode: episode(a),
                edit: EpisodeEdit { title: written(b), air_date: Wish::Keep, show, season, episode: number },
            }
        }
        7 | 8 => C::AddPerson { name: name(a), aliases: vec![name(b)], notes: None },
        9 => C::EditPerson { person, aliases: vec![name(b)], not: vec![], notes: written(c) },
        10 => C::Rename { person, name: name(b) },
        11 => C::Merge { people: vec![person], into: other },
        12 => C::DeletePerson { person, dependents: dependents(c, other) },
        13 | 14 => C::AddMember { show: slug(b), people: vec![person], role: Some(name(c)), seasons: vec![u32::from(c % 3) + 1] },
        15 => C::EditMember { show: slug(b), person, role: written(c), seasons: Wish::Set(vec![2, 1]) },
        16 if a % 3 == 0 => C::AddNewMember { show: slug(b), name: name(c) },
        16 => C::RemoveMember { show: slug(b), people: vec![person] },
        17 => C::AddAsset(NewAsset {
            person,
            kind: AssetKind::Portrait,
            sha256: format!("{b:02x}"),
            width: 1,
            height: 1,
            source: String::new(),
        }),
        18 => C::SetFeatured { asset, show: (c % 2 == 0).then(|| slug(a)) },
        _ if c % 2 == 0 => C::ClearFeatured { person, show: (a % 2 == 0).then(|| slug(b)) },
        _ => C::DeleteAsset { asset, dependents: dependents(a, AssetId(1)) },
    }
}

/// What `directory` looks like to a plan, with four episodes of the show alpha.
fn view(directory: &Directory) -> View {
    let entered =
        |n: u8| EpisodeFacts { show: Some(slug(0)), season: Some(1), episode: Some(u32::from(n) + 1), ..EpisodeFacts::default() };
    let entered = (0..4).map(|n| (episode(n), entered(n))).collect();
    View {
        directory: directory.clone(),
        roster: Roster::new(directory.people.values().cloned()),
        episodes: sound::standing(&entered, directory),
        entered,
        seen: BTreeMap::new(),
        now: Timestamp::UNIX_EPOCH,
    }
}

fn nothing_dangles(directory: &Directory) {
    let view = view(directory);
    let is_there = |person: &PersonId| view.person(*person).is_ok();
    for (person, show) in directory.memberships.keys() {
        assert!(is_there(person) && view.show(show).is_ok(), "{person} in {show}");
    }
    for ((show, number), season) in &directory.seasons {
        assert!(view.show(show).is_ok() && season.number == *number, "{show} {number}");
    }
    for asset in directory.assets.values() {
        assert!(is_there(&asset.person), "{asset:?}");
    }
    for ((person, show), featured) in &directory.featured {
        let asset = &directory.assets[&featured.asset];
        assert!(asset.person == *person && show.as_ref().is_none_or(|s| view.show(s).is_ok()), "{person} {show:?}");
    }
    for person in directory.people.values() {
        assert!(!view.roster.is_lost(person.id), "{person:?}");
    }
    let mut numbers = std::collections::BTreeSet::new();
    for (id, facts) in &view.episodes {
        let number = facts.episode.map(|n| (facts.show.clone(), facts.season, n));
        assert!(number.is_none_or(|n| numbers.insert(n)), "{id} has a number of another");
    }
}

fn names_are_free(directory: &Directory) -> bool {
    Roster::new(directory.people.values().cloned()).names().is_ok()
}

proptest! {
    #[test]
    fn undo_of_any_sequence_restores_the_directory_and_no_number_is_used_twice(
        wishes in prop::collection::vec(any::<[u8; 4]>(), 1..60),
    ) {
        let mut directory = Directory::default();
        let mut done: Vec<(Directory, Vec<CatalogChange>)> = Vec::new();
        let mut given = std::collections::BTreeSet::new();
        for wish in wishes {
            let Ok(Some((kind, summary, changes))) = plan(&view(&directory), &command(wish)) else { continue };
            let before = directory.clone();
            directory.apply(&kind, &changes).unwrap_or_else(|error| panic!("{summary}: {error}"));
            if !names_are_free(&directory) {
                // The store refuses two people of one name.
                directory = before;
                continue;
            }
            nothing_dangles(&directory);
            for change in &changes {
                match change {
                    CatalogChange::Person { id, edit: Edit { from: None, .. } } => prop_assert!(given.insert(id.to_string())),
                    CatalogChange::Asset { id, edit: Edit { from: None, .. } } => prop_assert!(given.insert(id.to_string())),
                    _ => {}
                }
            }
            done.push((before, changes));
        }
        let (last_person, last_asset) = (directory.last_person, directory.last_asset);
        for (before, changes) in done.into_iter().rev() {
            let back: Vec<CatalogChange> = changes.into_iter().rev().map(CatalogChange::invert).collect();
            directory.apply(&OperationKind::Undo { of: 1 }, &back).unwrap();
            prop_assert_eq!(&directory, &Directory { last_person, last_asset, ..before });
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_taken_back_and_done_again_in_any_order_nothing_refers_to_what_is_not_there(
        wishes in prop::collection::vec(any::<[u8; 4]>(), 1..40), picks in prop::collection::vec(any::<u8>(), 1..60),
    ) {
        let mut directory = Directory::default();
        let mut done: Vec<(Vec<CatalogChange>, bool)> = Vec::new();
        let keep = |directory: &mut Directory, kind: &OperationKind, changes: &[CatalogChange]| {
            let mut after = directory.clone();
            let fits = after.apply(kind, changes).is_ok() && names_are_free(&after);
            if fits {
                *directory = after;
            }
            fits
        };
        for wish in wishes {
            let Ok(Some((kind, _, changes))) = plan(&view(&directory), &command(wish)) else { continue };
            if keep(&mut directory, &kind, &changes) {
                done.push((changes, true));
            }
        }
        let count = done.len();
        for pick in picks.iter().filter(|_| count > 0) {
            let at = usize::from(*pick) % count;
            let (changes, stands) = done[at].clone();
            let (kind, changes) = if stands {
                (OperationKind::Undo { of: 1 }, changes.into_iter().rev().map(CatalogChange::invert).collect::<Vec<_>>())
            } else {
                (OperationKind::Redo { of: 1 }, changes)
            };
            if sound::check(&view(&directory), &kind, &changes).is_ok() && keep(&mut directory, &kind, &changes) {
                done[at].1 = !stands;
            }
            nothing_dangles(&directory);
        }
    }
}

fn refused(view: &View, command: &C) -> CatalogRefusal {
    match plan(view, command).unwrap_err() {
        SessionError::Catalog(refusal) => refusal,
        error => panic!("{error}"),
    }
}

fn after(commands: &[C]) -> View {
    let mut directory = Directory::default();
    for command in commands {
        let (kind, _, changes) = plan(&view(&directory), command).unwrap().unwrap();
        directory.apply(&kind, &changes).unwrap();
    }
    view(&directory)
}

fn add(name: &str) -> C {
    C::AddPerson { name: name.into(), aliases: vec![], notes: None }
}

#[test]
fn a_second_person_of_one_name_is_refused_with_a_name_that_is_free() {
    let view = after(&[add("Ava Stone"), add("Ava Stone (II)")]);
    let told = refused(&view, &add(" ava  stone"));
    assert_eq!(told.to_string(), "\"Ava Stone\" is the name of p_0001 already");
    assert!(told.hint().contains("\"ava stone (III)\""), "{}", told.hint());
    let alias = C::EditPerson { person: PersonId(2), aliases: vec!["Ava Stone".into()], not: vec![], notes: Wish::Keep };
    assert!(matches!(refused(&view, &alias), CatalogRefusal::AliasTaken { person: PersonId(1), .. }));
}

#[test]
fn a_show_with_episodes_is_deleted_only_when_told_where_they_go() {
    let member = C::AddMember { show: slug(0), people: vec![PersonId(1)], role: None, seasons: vec![] };
    let view = after(&[add("Ava"), member, C::AddShow { slug: slug(1), title: None, notes: None }]);
    let delete = |dependents| C::DeleteShow { slug: slug(0), dependents };
    let told = refused(&view, &delete(Dependents::Refuse));
    assert_eq!(told.to_string(), "show alpha is not deleted: 4 episodes, 1 cast member depend on it");
    assert!(told.hint().contains("--with-dependents") && told.hint().contains("--to SHOW"));
    let (_, summary, changes) = plan(&view, &delete(Dependents::To(slug(1)))).unwrap().unwrap();
    assert_eq!(summary, "show alpha deleted; what was its is beta's");
    let mut directory = view.directory.clone();
    directory.apply(&OperationKind::Delete, &changes).unwrap();
    assert!(directory.episodes.values().all(|e| e.show == Some(slug(1)) && e.season == Some(1)));
    assert!(directory.memberships.contains_key(&(PersonId(1), slug(1))));
    let near = refused(&view, &C::EditShow { slug: "alpah".parse().unwrap(), title: Wish::Keep, notes: Wish::Keep });
    assert!(near.hint().starts_with("near: alpha"), "{}", near.hint());
}

#[test]
fn who_is_seen_in_episodes_is_deleted_only_when_told_who_they_are_then() {
    let seen = BTreeMap::from([(PersonId(1), Seen { episodes: vec![episode(0), episode(1)], unread: 1 })]);
    let view = View { seen, ..after(&[add("Ava"), add("Bo")]) };
    let delete = |dependents| C::DeletePerson { person: PersonId(1), dependents };
    let told = refused(&view, &delete(Dependents::Refuse));
    assert_eq!(
        told.to_string(),
        "Ava is not deleted: faces in 2 episodes are theirs (alpha-s01e01, alpha-s01e02); 1 episode cannot be read and may show them"
    );
    assert!(told.hint().contains("--to PERSON") && told.hint().contains("--to-nobody"));
    let (_, summary, _) = plan(&view, &delete(Dependents::Delete)).unwrap().unwrap();
    assert_eq!(summary, "Ava deleted; their faces have no name");
    assert!(matches!(refused(&view, &delete(Dependents::To(PersonId(1)))), CatalogRefusal::Itself { .. }));
}

#[test]
fn an_episode_takes_no_number_of_another_and_no_season_without_a_show() {
    let view = after(&[]);
    let edit = |edit: EpisodeEdit| C::EditEpisode { episode: episode(0), edit };
    let told = refused(&view, &edit(EpisodeEdit { episode: Wish::Set(2), ..EpisodeEdit::default() }));
    assert_eq!(told.to_string(), "alpha-s01e02 is season 1 episode 2 of alpha already");
    let told = refused(&view, &edit(EpisodeEdit { show: Wish::Clear, ..EpisodeEdit::default() }));
    assert!(matches!(told, CatalogRefusal::NoPlace { .. }), "{told}");
    assert!(plan(&view, &edit(EpisodeEdit::default())).unwrap().is_none());
}

#[test]
fn a_show_that_goes_to_another_takes_no_number_of_its_episodes_and_casts_become_one() {
    let (alpha, beta) = (slug(0), slug(1));
    let part = |show: &Slug, seasons| C::AddMember { show: show.clone(), people: vec![PersonId(1)], role: None, seasons };
    let moved = EpisodeEdit { show: Wish::Set(beta.clone()), ..EpisodeEdit::default() };
    let make = [
        add("Ava"),
        C::AddShow { slug: beta.clone(), title: None, notes: None },
        part(&alpha, vec![1, 2]),
        part(&beta, vec![5]),
        C::EditEpisode { episode: episode(3), edit: moved },
    ];
    let view = after(&make);
    let (_, _, changes) =
        plan(&view, &C::DeleteShow { slug: alpha.clone(), dependents: Dependents::To(beta.clone()) }).unwrap().unwrap();
    let mut directory = view.directory.clone();
    directory.apply(&OperationKind::Delete, &changes).unwrap();
    assert_eq!(directory.memberships[&(PersonId(1), beta.clone())].seasons, [1, 2, 5]);
    // Now the first episode of one is the first of the other too.
    let number = EpisodeEdit { episode: Wish::Set(1), ..EpisodeEdit::default() };
    let view = after(&[&make[..], &[C::EditEpisode { episode: episode(3), edit: number }]].concat());
    let told = refused(&view, &C::DeleteShow { slug: alpha, dependents: Dependents::To(beta) });
    assert!(matches!(&told, CatalogRefusal::NumberTaken { number: 1, .. }), "{told}");
}

#[test]
fn people_of_one_cast_who_are_one_person_have_the_seasons_of_all() {
    let part = |person, seasons| C::AddMember { show: slug(0), people: vec![PersonId(person)], role: None, seasons };
    let view = after(&[add("Ava"), add("Bo"), add("Cleo"), part(1, vec![1]), part(2, vec![4]), part(3, vec![2, 1])]);
    let (_, _, changes) = plan(&view, &C::Merge { people: vec![PersonId(2), PersonId(3)], into: PersonId(1) }).unwrap().unwrap();
    let mut directory = view.directory.clone();
    directory.apply(&OperationKind::Merge, &changes).unwrap();
    assert_eq!(directory.memberships[&(PersonId(1), slug(0))].seasons, [1, 2, 4]);
}

fn face_of(person: PersonId) -> Reference {
    let origin = Origin::File { path: "/p.png".into(), sha256: "00".into() };
    let [picture, thumb] = ["01", "02"].map(|id| PictureId(id.into()));
    Reference {
        id: ReferenceId(1),
        person,
        quality: Quality::faultless(1.0),
        origin,
        picture,
        thumb,
        added_at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn faces_of_the_facebank_count_for_whom_they_show_now() {
    let mut directory = after(&[add("Ava"), add("Bo"), C::Merge { people: vec![PersonId(1)], into: PersonId(2) }]).directory;
    directory.references.insert(ReferenceId(1), face_of(PersonId(1)));
    let told = refused(&view(&directory), &C::DeletePerson { person: PersonId(2), dependents: Dependents::Refuse });
    assert_eq!(told.to_string(), "Bo is not deleted: 1 facebank face is theirs");
}
