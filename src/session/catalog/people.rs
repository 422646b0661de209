//! What the people of a library are called, and who is one person.

use crate::config::nearest;
use crate::domain::{
    CatalogChange, CatalogDraft, CatalogOperation, Edit, OperationKind, Person, PersonId, Roster, name_key, tidy_name,
};
use crate::session::{SessionError, Workspace, author};
use crate::store::StoreError;
use jiff::Timestamp;

/// One decision about people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeopleCommand {
    /// The person is called otherwise; the name before still finds them.
    Rename { person: PersonId, name: String },
    /// The people are the same as `into`, whose name stays.
    Merge { people: Vec<PersonId>, into: PersonId },
}

/// Finds a person by number, such as `p_0003`, or by name.
///
/// # Errors
/// Fails where there is none, with those whose names are near.
pub fn find_person(workspace: &Workspace, who: &str) -> Result<PersonId, SessionError> {
    let catalog = workspace.open_library()?.catalog();
    let roster = catalog.roster()?;
    let by_number = who.parse::<PersonId>().ok().filter(|_| who.starts_with("p_")).and_then(|id| roster.stands_for(id));
    let found = match by_number {
        Some(person) => Some(person.id),
        None => catalog.person_by_name(who)?.map(|p| p.id),
    };
    found.ok_or_else(|| {
        let names: Vec<&str> = roster.people().map(|p| p.name.as_str()).collect();
        SessionError::NoPerson { who: who.to_owned(), nearest: nearest(who, &names) }
    })
}

/// Decides about people; `None` where it is so already.
///
/// # Errors
/// Fails, and changes nothing, where somebody is not there, or a name is empty or somebody else's.
pub fn decide_people(workspace: &Workspace, command: &PeopleCommand) -> Result<Option<CatalogOperation>, SessionError> {
    let catalog = workspace.open_library()?.catalog();
    let Some((kind, summary, changes)) = plan(&catalog.roster()?, command)? else { return Ok(None) };
    Ok(Some(catalog.append(CatalogDraft { author: author(), kind, summary, changes, at: Timestamp::now() })?))
}

type Plan = (OperationKind, String, Vec<CatalogChange>);

fn plan(roster: &Roster, command: &PeopleCommand) -> Result<Option<Plan>, SessionError> {
    let known = |id: PersonId| {
        roster.people().find(|p| p.id == id).ok_or_else(|| SessionError::NoPerson { who: id.to_string(), nearest: Vec::new() })
    };
    let change =
        |from: &Person, to: Person| CatalogChange::Person { id: from.id, edit: Edit { from: Some(from.clone()), to: Some(to) } };
    match command {
        PeopleCommand::Rename { person, name } => {
            let (person, name) = (known(*person)?, tidy_name(name));
            if name.is_empty() {
                return Err(StoreError::EmptyName.into());
            }
            if name == person.name {
                return Ok(None);
            }
            let mut former = person.former.clone();
            former.retain(|n| name_key(n) != name_key(&name) && name_key(n) != name_key(&person.name));
            if name_key(&person.name) != name_key(&name) {
                former.push(person.name.clone());
            }
            let summary = format!("{} is called {name} now", person.name);
            let to = Person { name, former, ..person.clone() };
            Ok(Some((OperationKind::Rename, summary, vec![change(person, to)])))
        }
        PeopleCommand::Merge { people, into } => {
            let target = known(*into)?;
            let mut ids: Vec<PersonId> = people.iter().copied().filter(|id| id != into).collect();
            ids.sort_unstable();
            ids.dedup();
            let merged = ids.iter().map(|id| known(*id)).collect::<Result<Vec<&Person>, _>>()?;
            if merged.is_empty() {
                return Ok(None);
            }
            let names: Vec<&str> = merged.iter().map(|p| p.name.as_str()).collect();
            let verb = if names.len() == 1 { "is" } else { "are" };
            let summary = format!("{} {verb} {}", names.join(" and "), target.name);
            let changes = merged.into_iter().map(|p| change(p, Person { merged_into: Some(*into), ..p.clone() })).collect();
            Ok(Some((OperationKind::Merge, summary, changes)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{redo_catalog, undo_catalog};
    use super::*;
    use crate::config::{Layers, Paths};
    use crate::domain::EpisodeId;
    use crate::session::{Access, Command, Review, SyntheticSize, Target, decide, summary, tracks, write_synthetic};
    use std::path::Path;

    fn workspace(library: &Path) -> Workspace {
        let layers = Layers::defaults();
        let settings = layers.settings().unwrap();
        let paths = Paths::find();
        Workspace { paths, library: library.to_owned(), models: library.join("m"), onnxruntime: None, layers, settings }
    }

    /// Two episodes in which Ada, Bo and Cleo are named.
    fn library() -> (tempfile::TempDir, Workspace) {
        let dir = tempfile::tempdir().unwrap();
        let workspace = workspace(dir.path());
        write_synthetic(&workspace, SyntheticSize { episodes: 2, tracks: 40, faces: 700 }, &mut |_, _| {}).unwrap();
        (dir, workspace)
    }

    fn episode() -> EpisodeId {
        "synthetic-s01e01".parse().unwrap()
    }

    fn of(workspace: &Workspace, name: &str) -> PersonId {
        find_person(workspace, name).unwrap()
    }

    /// Names with their whole seconds, as the report of an episode has them.
    fn seconds(workspace: &Workspace) -> Vec<(String, i64)> {
        let time = summary(workspace, &episode()).unwrap().time;
        time.people.into_iter().filter_map(|p| Some((p.name?, p.visual_time.0))).collect()
    }

    fn names(workspace: &Workspace) -> Vec<String> {
        let mut names: Vec<String> = seconds(workspace).into_iter().map(|s| s.0).collect();
        names.sort();
        names
    }

    fn merge(workspace: &Workspace, who: &[&str], into: &str) -> Result<Option<CatalogOperation>, SessionError> {
        let people = who.iter().map(|w| of(workspace, w)).collect();
        decide_people(workspace, &PeopleCommand::Merge { people, into: of(workspace, into) })
    }

    fn rename(workspace: &Workspace, who: &str, name: &str) -> Result<Option<CatalogOperation>, SessionError> {
        decide_people(workspace, &PeopleCommand::Rename { person: of(workspace, who), name: name.into() })
    }

    fn is_sound(workspace: &Workspace) {
        assert_eq!(workspace.open_library().unwrap().catalog().verify().unwrap(), []);
    }

    #[test]
    fn a_new_name_holds_in_every_episode_and_the_old_one_still_finds_the_person() {
        let (_dir, workspace) = library();
        let before = seconds(&workspace);
        assert_eq!(
            rename(&workspace, "bo example", " Bob  Example ").unwrap().unwrap().summary,
            "Bo Example is called Bob Example now"
        );
        assert_eq!(names(&workspace), ["Ada Example", "Bob Example", "Cleo Example"]);
        assert_eq!(of(&workspace, "BO EXAMPLE"), of(&workspace, "Bob Example"));
        assert!(tracks(&workspace, &episode()).unwrap().iter().any(|t| t.name.as_deref() == Some("Bob Example")));
        assert!(rename(&workspace, "Bob Example", "Bob Example").unwrap().is_none());
        let taken = rename(&workspace, "Cleo Example", "ada example").unwrap_err();
        assert!(matches!(taken, SessionError::Store(StoreError::NameTaken { .. })), "{taken}");
        // Somebody may be called what another was called once.
        rename(&workspace, "Cleo Example", "Bo Example").unwrap().unwrap();
        assert_ne!(of(&workspace, "Bo Example"), of(&workspace, "Bob Example"));
        is_sound(&workspace);
        let told = undo_catalog(&workspace, Some(4)).unwrap_err();
        assert!(matches!(told, SessionError::Store(StoreError::NameTaken { .. })), "{told}");
        undo_catalog(&workspace, None).unwrap().unwrap();
        undo_catalog(&workspace, None).unwrap().unwrap();
        assert_eq!(seconds(&workspace), before);
        assert!(undo_catalog(&workspace, None).unwrap().is_none());
        is_sound(&workspace);
    }

    #[test]
    fn merged_people_count_once_everywhere_and_come_apart_again() {
        let (_dir, workspace) = library();
        let before = seconds(&workspace);
        let review = Review::open(&workspace, &episode()).unwrap();
        assert_eq!(*review.access(), Access::Write, "an episode that is open elsewhere is no hindrance");
        assert_eq!(
            merge(&workspace, &["Bo Example", "Cleo Example"], "Ada Example").unwrap().unwrap().summary,
            "Bo Example and Cleo Example are Ada Example"
        );
        let (ada, most) = (seconds(&workspace), before.iter().map(|b| b.1).max().unwrap());
        assert_eq!((ada.len(), ada[0].0.as_str()), (1, "Ada Example"));
        assert!(ada[0].1 >= most && ada[0].1 <= before.iter().map(|b| b.1).sum());
        let mut casts = Vec::new();
        crate::session::casts(&workspace, &mut |line, _| {
            casts.push(line);
            true
        })
        .unwrap();
        let lines = crate::session::people(&crate::session::roster(&workspace).unwrap(), &casts);
        assert_eq!(lines.len(), 1);
        assert_eq!(
            (lines[0].aliases.as_slice(), lines[0].episodes[0].visual_time.0),
            (&["Bo Example".to_owned(), "Cleo Example".into()][..], ada[0].1)
        );
        drop(review);
        // A track for the merged person goes to who is there already.
        let open = Review::open(&workspace, &episode()).unwrap();
        let count = open.snapshot().identities.len();
        let track = open.snapshot().tracks.values().find(|t| t.assignment.is_some()).unwrap().track.id;
        drop(open);
        decide(&workspace, &episode(), &Command::Assign { tracks: vec![track], to: Target::Person("Cleo Example".into()) })
            .unwrap();
        assert!(Review::open(&workspace, &episode()).unwrap().snapshot().identities.len() <= count);
        crate::session::undo(&workspace, &episode(), None).unwrap().unwrap();
        undo_catalog(&workspace, None).unwrap().unwrap();
        assert_eq!(seconds(&workspace), before);
        redo_catalog(&workspace).unwrap().unwrap();
        assert_eq!(seconds(&workspace), ada);
        is_sound(&workspace);
    }

    #[test]
    fn an_open_review_takes_up_what_was_decided_of_people() {
        let (_dir, workspace) = library();
        let mut review = Review::open(&workspace, &episode()).unwrap();
        rename(&workspace, "Ada Example", "Ada Lane").unwrap().unwrap();
        assert!(review.refresh().unwrap());
        let snapshot = review.snapshot();
        assert!(snapshot.identities.iter().any(|c| c.identity.name.as_deref() == Some("Ada Lane")));
        assert!(snapshot.time.people.iter().any(|p| p.name.as_deref() == Some("Ada Lane")));
        assert!(!review.refresh().unwrap());
    }

    #[test]
    fn an_older_decision_is_taken_back_alone_or_refused_with_what_depends_on_it() {
        let (_dir, workspace) = library();
        let first = rename(&workspace, "Ada Example", "Ada Lane").unwrap().unwrap().seq;
        let merged = merge(&workspace, &["Bo Example"], "Cleo Example").unwrap().unwrap().seq;
        let again = rename(&workspace, "Ada Lane", "Ada Lake").unwrap().unwrap().seq;
        let told = undo_catalog(&workspace, Some(first)).unwrap_err();
        assert!(matches!(told, SessionError::Depends { of, by: Some((by, _)) } if of == first && by == again), "{told}");
        undo_catalog(&workspace, Some(merged)).unwrap().unwrap();
        assert_eq!(names(&workspace), ["Ada Lake", "Bo Example", "Cleo Example"]);
        assert!(matches!(undo_catalog(&workspace, Some(merged)), Err(SessionError::CatalogNotUndoable { .. })));
        assert!(matches!(undo_catalog(&workspace, Some(1)), Err(SessionError::CatalogNotUndoable { .. })));
        is_sound(&workspace);
    }

    #[test]
    fn nobody_becomes_themselves_and_strangers_are_refused_with_who_is_near() {
        let (_dir, workspace) = library();
        assert!(merge(&workspace, &["Ada Example"], "Ada Example").unwrap().is_none());
        let Err(SessionError::NoPerson { nearest, .. }) = find_person(&workspace, "Ada Exampel") else { panic!() };
        assert_eq!(nearest.first().map(String::as_str), Some("Ada Example"));
        merge(&workspace, &["Bo Example"], "Ada Example").unwrap().unwrap();
        // By their old name Bo is Ada now: that is one person.
        assert!(merge(&workspace, &["Ada Example"], "Bo Example").unwrap().is_none());
        assert!(rename(&workspace, "Cleo Example", "Bo Example").unwrap().is_some(), "nobody stands for themselves by that name");
        let told = undo_catalog(&workspace, Some(4)).unwrap_err();
        assert!(matches!(told, SessionError::Store(StoreError::NameTaken { .. })), "{told}");
        is_sound(&workspace);
    }
}
