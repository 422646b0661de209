//! What a decision about people and shows made of what, field by field.

use super::super::model::Model;
use super::super::text::score;
use super::super::theme::Role;
use super::people::ranges;
use crate::domain::{Asset, CatalogChange, Edit, EpisodeFacts, Membership, Person, PersonId, Reference, Season, Show};

/// What is said of something: each with its word; what is not said is empty.
type Said = Vec<(&'static str, String)>;

/// Says what a change makes of what.
pub(super) fn told(model: &Model, change: &CatalogChange) -> (Role, String) {
    let name = |id: PersonId| called(model, id);
    match change {
        CatalogChange::Person { id, edit } => changed(&format!("{} ({id})", name(*id)), edit, |p| person(model, p)),
        CatalogChange::Show { slug, edit } => changed(&format!("show {slug}"), edit, show),
        CatalogChange::Season { show, number, edit } => changed(&format!("season {number} of {show}"), edit, season),
        CatalogChange::Episode { id, edit } => changed(&format!("episode {id}"), edit, episode),
        CatalogChange::Membership { person, show, edit } => {
            changed(&format!("{} in the cast of {show}", name(*person)), edit, membership)
        }
        CatalogChange::Asset { id, edit } => changed(&format!("picture {id}"), edit, |a| asset(model, a)),
        CatalogChange::Featured { person, show, edit } => {
            let place = show.as_ref().map(|s| format!(" in {s}")).unwrap_or_default();
            changed(&format!("what stands for {}{place}", name(*person)), edit, |f| vec![("picture", f.asset.to_string())])
        }
        CatalogChange::Reference { id, edit } => changed(&format!("{id} of the facebank"), edit, |r| reference(model, r)),
    }
}

/// Returns what somebody is called now.
fn called(model: &Model, id: PersonId) -> String {
    model.holdings.directory.people.get(&id).map_or_else(|| id.to_string(), |p| p.name.clone())
}

fn changed<T>(what: &str, edit: &Edit<T>, said: impl Fn(&T) -> Said) -> (Role, String) {
    let list = |parts: Vec<String>| if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    match (&edit.from, &edit.to) {
        (None, None) => (Role::Dim, what.to_owned()),
        (None, Some(to)) => {
            let parts = said(to).into_iter().filter(|(_, v)| !v.is_empty()).map(|(word, v)| format!("{word} {v}"));
            (Role::Confirmed, format!("+ {what}{}", list(parts.collect())))
        }
        (Some(_), None) => (Role::Rejected, format!("− {what}")),
        (Some(from), Some(to)) => {
            let quoted = |v: &str| if v.is_empty() { "nothing".to_owned() } else { format!("“{v}”") };
            let parts = said(from).into_iter().zip(said(to)).filter(|(before, after)| before != after);
            let parts = parts.map(|((word, before), (_, after))| format!("{word} {} → {}", quoted(&before), quoted(&after)));
            (Role::Text, format!("{what}{}", list(parts.collect())))
        }
    }
}

fn text(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

fn person(model: &Model, p: &Person) -> Said {
    vec![
        ("name", p.name.clone()),
        ("other names", p.aliases.join(", ")),
        ("names before", p.former.join(", ")),
        ("notes", text(p.notes.as_ref())),
        ("found to be", p.merged_into.map(|id| called(model, id)).unwrap_or_default()),
        ("deleted", if p.removed { "yes".into() } else { String::new() }),
    ]
}

fn show(s: &Show) -> Said {
    vec![("title", text(s.title.as_ref())), ("notes", text(s.notes.as_ref()))]
}

fn season(s: &Season) -> Said {
    vec![("title", text(s.title.as_ref())), ("year", s.year.map(|y| y.to_string()).unwrap_or_default())]
}

fn episode(e: &EpisodeFacts) -> Said {
    let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    vec![
        ("show", e.show.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("season", number(e.season)),
        ("number", number(e.episode)),
        ("title", text(e.title.as_ref())),
        ("aired", e.air_date.map(|d| d.to_string()).unwrap_or_default()),
    ]
}

fn membership(m: &Membership) -> Said {
    vec![("role", text(m.role.as_ref())), ("seasons", ranges(&m.seasons))]
}

fn asset(model: &Model, a: &Asset) -> Said {
    vec![("of", called(model, a.person)), ("a", a.kind.name().into()), ("from", a.source.clone())]
}

fn reference(model: &Model, r: &Reference) -> Said {
    vec![("of", called(model, r.person)), ("quality", score(f64::from(r.quality.total))), ("from", r.origin.to_string())]
}

#[cfg(test)]
mod tests {
    use super::super::super::rehearsal::Rehearsal;

    #[test]
    fn an_entry_about_people_shows_what_it_made_of_what() {
        let mut stage = Rehearsal::begin();
        stage.press("g p ] a").write("Zora Neu").press("Enter e").write("role").press("Enter").write("keeper").press("Enter");
        // Without an open episode the log is that of people.
        stage.press("q q q g p g l Enter");
        let screen = stage.screen();
        assert!(screen.contains("1 change") && screen.contains("Zora Neu in the cast of synthetic"), "{screen}");
        assert!(screen.contains("role nothing → “keeper”"), "{screen}");
        stage.press("q j Enter");
        let screen = stage.screen();
        assert!(screen.contains("3 changes") && screen.contains("+ Zora Neu (p_0004): name Zora Neu"), "{screen}");
    }
}
