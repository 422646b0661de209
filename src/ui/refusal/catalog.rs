//! Why a decision about people and shows cannot be: the facts as they are said elsewhere, and the key that helps here.

use super::super::keymap::{Action, Place};
use super::super::model::Model;
use super::super::worker::Told;
use crate::session::{CatalogRefusal, SessionError};

/// Says it in the words of the screen: keys for commands.
pub(crate) fn told(model: &Model, why: SessionError) -> Told {
    let hint = match &why {
        SessionError::Catalog(why) => hint(model, why),
        SessionError::CatalogNotUndoable { .. } => {
            Some(format!("{} lists what was decided and can be taken back", key(model, Place::People, Action::GoLog)))
        }
        SessionError::Depends { by: None, .. } => Some(again(model)),
        _ => None,
    };
    let told = Told::from(why);
    Told { hint: hint.or(told.hint), ..told }
}

fn key(model: &Model, place: Place, action: Action) -> String {
    model.keymap.key_of(place, action).unwrap_or_else(|| ":".into())
}

fn again(model: &Model) -> String {
    format!("{} reads the library again: it was changed meanwhile", key(model, Place::People, Action::Refresh))
}

/// Names the key that helps; `None` where what is said elsewhere names no command.
fn hint(model: &Model, why: &CatalogRefusal) -> Option<String> {
    use CatalogRefusal as R;
    let shows = |action| key(model, Place::Shows, action);
    let people = |action| key(model, Place::People, action);
    Some(match why {
        R::NoShow { nearest, .. } => {
            let near = if nearest.is_empty() { String::new() } else { format!("near: {}; ", nearest.join(", ")) };
            format!("{near}{} in Shows adds one", shows(Action::Add))
        }
        R::ShowThere { show } => format!("{} on {show} in Shows changes what is said of it", shows(Action::Edit)),
        R::NoSeason { show, known, .. } if known.is_empty() => {
            format!("{show} has no season yet: {} on it in Shows adds one", shows(Action::Add))
        }
        R::SeasonThere { number, .. } => {
            format!("{} on season {number} changes what is said of it", shows(Action::Edit))
        }
        R::NoPlace { .. } => format!("{} gives it a show first, then a season, then its number", shows(Action::Edit)),
        R::NoEpisode { .. } | R::NoPerson { .. } | R::NoAsset { .. } => again(model),
        R::AliasTaken { .. } => {
            format!("if both are one person, {} says so; a name is one person's alone", people(Action::Merge))
        }
        R::PersonThere { free, .. } => {
            let merge = people(Action::Merge);
            format!("{merge} where both are one person; else another name, such as {free}")
        }
        R::MemberThere { .. } => format!("{} changes role and seasons", people(Action::Edit)),
        R::NoMember { .. } => format!("{} in the cast of the show adds somebody", people(Action::Add)),
        R::NotFeatured { .. } => {
            format!("{} on a picture of their page lets that stand for them", key(model, Place::Person, Action::Feature))
        }
        R::LeftBehind { .. } => {
            format!("delete these first; {} lists what made them", key(model, Place::People, Action::GoLog))
        }
        R::Depends { .. } | R::Theirs { .. } => format!("{} asks where that goes", people(Action::Delete)),
        R::NoSeason { .. } | R::Zero | R::NumberTaken { .. } | R::NoAlias { .. } | R::Itself { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::rehearsal::Rehearsal;

    /// What is refused on a screen names no command: nobody leaves the screen to type one.
    fn names_keys(stage: &Rehearsal, what: &str, key: &str) {
        let said = stage.said();
        assert!(said.starts_with('✕') && said.contains(what), "{said}");
        assert!(said.contains(key) && !said.contains("screenalytics "), "{said}");
    }

    #[test]
    fn what_is_refused_names_the_key_that_helps_and_no_command() {
        let mut stage = Rehearsal::begin();
        stage.press("g s j j e").write("number").press("Enter").write("2").press("Enter").press("j j j");
        stage.press("g g e").write("title").press("Enter").write("Made Up").press("Enter");
        stage.press("a").write("a show").press("Enter").write("synthetic").press("Enter");
        names_keys(&stage, "the show synthetic is in the catalog already", "e on synthetic in Shows changes");
        stage.press("j j e").write("aired").press("Enter").write("2020-01-01").press("Enter");
        stage.press("e").write("show").press("Enter C-u").write("nowhere").press("Enter");
        names_keys(&stage, "there is no show nowhere", "a in Shows adds one");
        // Two people of one name; an alias that is somebody's name.
        stage.press("g p");
        let names: Vec<String> = stage.model.holdings.people.lines.iter().map(|l| l.name.clone()).collect();
        stage.press("a").write(&names[0]).press("Enter");
        names_keys(&stage, "is the name of", "(II)");
        stage.press("r C-u").write(&names[1].to_uppercase()).press("Enter");
        names_keys(&stage, "is the name of", "(II)");
        stage.press("e").write("other").press("Enter").write(&names[1]).press("Enter");
        names_keys(&stage, "is the name of", "m says so");
    }
}
