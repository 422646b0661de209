//! Shows, seasons, the place of episodes in them, and casts.

use super::super::command::{CatalogCommand, Dependents, EpisodeEdit, Wish};
use super::super::refusal::CatalogRefusal;
use super::{Planned, View, changed, gone, made, some, tidy, united};
use crate::domain::{CatalogChange, EpisodeFacts, EpisodeId, Membership, OperationKind, PersonId, Season, Show, Slug};
use std::collections::BTreeSet;

pub(super) fn plan(view: &View, command: &CatalogCommand) -> Result<Option<Planned>, CatalogRefusal> {
    match command {
        CatalogCommand::AddShow { slug, title, notes } => {
            if view.directory.shows.contains_key(slug) {
                return Err(CatalogRefusal::ShowThere { show: slug.clone() });
            }
            let show = Show { slug: slug.clone(), title: tidy(title.as_ref()), notes: tidy(notes.as_ref()), added_at: view.now };
            let change = CatalogChange::Show { slug: slug.clone(), edit: made(show) };
            Ok(Some((OperationKind::Create, format!("show {slug} added"), vec![change])))
        }
        CatalogCommand::EditShow { slug, title, notes } => {
            let (show, entered) = view.show(slug)?;
            let to = Show { title: title.of(show.title.as_ref()), notes: notes.of(show.notes.as_ref()), ..show.clone() };
            if to == show {
                return Ok(None);
            }
            let edit = if entered.is_some() { made(to) } else { changed(&show, to) };
            let change = CatalogChange::Show { slug: slug.clone(), edit };
            Ok(Some((OperationKind::Edit, format!("show {slug} edited"), vec![change])))
        }
        CatalogCommand::DeleteShow { slug, dependents } => delete_show(view, slug, dependents).map(Some),
        CatalogCommand::AddSeason { show, number, title, year } => {
            let (_, entered) = view.show(show)?;
            let number = positive(*number)?;
            if view.directory.seasons.contains_key(&(show.clone(), number)) {
                return Err(CatalogRefusal::SeasonThere { show: show.clone(), number });
            }
            let season = Season { show: show.clone(), number, title: tidy(title.as_ref()), year: *year };
            let change = CatalogChange::Season { show: show.clone(), number, edit: made(season) };
            let changes = entered.into_iter().chain([change]).collect();
            Ok(Some((OperationKind::Create, format!("season {number} of {show} added"), changes)))
        }
        CatalogCommand::EditSeason { show, number, title, year } => {
            let (_, entered) = view.show(show)?;
            let now = season(view, show, *number)?;
            let before = now.clone().unwrap_or(Season { show: show.clone(), number: *number, title: None, year: None });
            let to = Season { title: title.of(before.title.as_ref()), year: year.of(before.year.as_ref()), ..before.clone() };
            if to == before {
                return Ok(None);
            }
            let edit = now.map_or_else(|| made(to.clone()), |now| changed(&now, to.clone()));
            let change = CatalogChange::Season { show: show.clone(), number: *number, edit };
            let changes = entered.into_iter().chain([change]).collect();
            Ok(Some((OperationKind::Edit, format!("season {number} of {show} edited"), changes)))
        }
        CatalogCommand::DeleteSeason { show, number, dependents } => delete_season(view, show, *number, dependents).map(Some),
        CatalogCommand::EditEpisode { episode, edit } => edit_episode(view, episode, edit),
        CatalogCommand::AddMember { show, people, role, seasons } => {
            let (_, entered) = view.show(show)?;
            let (role, seasons) = (tidy(role.as_ref()), ascending(seasons)?);
            let (mut changes, mut names) = (Vec::from_iter(entered), Vec::new());
            for person in people.iter().copied().collect::<BTreeSet<_>>() {
                let name = &view.person(person)?.name;
                if view.directory.memberships.contains_key(&(person, show.clone())) {
                    return Err(CatalogRefusal::MemberThere { name: name.clone(), show: show.clone() });
                }
                let part = Membership { person, show: show.clone(), role: role.clone(), seasons: seasons.clone() };
                changes.push(CatalogChange::Membership { person, show: show.clone(), edit: made(part) });
                names.push(name.as_str());
            }
            let summary = format!("{} {} in the cast of {show}", names.join(" and "), are(&names));
            Ok((!names.is_empty()).then_some((OperationKind::Create, summary, changes)))
        }
        CatalogCommand::EditMember { show, person, role, seasons } => {
            let (name, now) = member(view, show, *person)?;
            let seasons = match seasons {
                Wish::Keep => now.seasons.clone(),
                Wish::Clear => Vec::new(),
                Wish::Set(seasons) => ascending(seasons)?,
            };
            let to = Membership { role: role.of(now.role.as_ref()), seasons, ..now.clone() };
            if to == *now {
                return Ok(None);
            }
            let change = CatalogChange::Membership { person: *person, show: show.clone(), edit: changed(now, to) };
            Ok(Some((OperationKind::Edit, format!("the part of {name} in {show} edited"), vec![change])))
        }
        CatalogCommand::RemoveMember { show, people } => {
            let (mut changes, mut names) = (Vec::new(), Vec::new());
            for person in people.iter().copied().collect::<BTreeSet<_>>() {
                let (name, now) = member(view, show, person)?;
                changes.push(CatalogChange::Membership { person, show: show.clone(), edit: gone(now) });
                names.push(name);
            }
            let summary = format!("{} {} not in the cast of {show} any more", names.join(" and "), are(&names));
            Ok((!names.is_empty()).then_some((OperationKind::Delete, summary, changes)))
        }
        _ => Ok(None),
    }
}

fn are(names: &[&str]) -> &'static str {
    if names.len() == 1 { "is" } else { "are" }
}

fn positive(number: u32) -> Result<u32, CatalogRefusal> {
    if number == 0 { Err(CatalogRefusal::Zero) } else { Ok(number) }
}

fn ascending(seasons: &[u32]) -> Result<Vec<u32>, CatalogRefusal> {
    let mut seasons = seasons.iter().map(|n| positive(*n)).collect::<Result<Vec<u32>, _>>()?;
    seasons.sort_unstable();
    seasons.dedup();
    Ok(seasons)
}

fn member<'a>(view: &'a View, show: &Slug, person: PersonId) -> Result<(&'a str, &'a Membership), CatalogRefusal> {
    let name = view.person(person)?.name.as_str();
    let part = view.directory.memberships.get(&(person, show.clone()));
    part.map(|part| (name, part)).ok_or_else(|| CatalogRefusal::NoMember { name: name.to_owned(), show: show.clone() })
}

/// Returns a season of the catalog; `None` where only episodes know it.
fn season(view: &View, show: &Slug, number: u32) -> Result<Option<Season>, CatalogRefusal> {
    let found = view.directory.seasons.get(&(show.clone(), number)).cloned();
    let of_episodes = view.episodes.values().filter(|e| e.show.as_ref() == Some(show)).filter_map(|e| e.season);
    let own = view.directory.seasons.keys().filter(|(s, _)| s == show).map(|(_, n)| *n);
    let known: BTreeSet<u32> = of_episodes.chain(own).collect();
    if known.contains(&number) {
        return Ok(found);
    }
    Err(CatalogRefusal::NoSeason { show: show.clone(), number, known: known.into_iter().collect() })
}

fn delete_show(view: &View, slug: &Slug, dependents: &Dependents<Slug>) -> Result<Planned, CatalogRefusal> {
    view.show(slug)?;
    let to = match dependents {
        Dependents::To(to) if to == slug => return Err(CatalogRefusal::Itself { what: format!("show {slug}") }),
        Dependents::To(to) => Some((to, view.show(to)?.1)),
        Dependents::Refuse | Dependents::Delete => None,
    };
    let directory = &view.directory;
    let seasons: Vec<&Season> = directory.seasons.values().filter(|s| s.show == *slug).collect();
    let parts: Vec<&Membership> = directory.memberships.values().filter(|m| m.show == *slug).collect();
    let featured: Vec<_> = directory.featured.iter().filter(|((_, show), _)| show.as_ref() == Some(slug)).collect();
    let episodes: Vec<_> = view.episodes.iter().filter(|(_, e)| e.show.as_ref() == Some(slug)).collect();
    if *dependents == Dependents::Refuse {
        let listed = [
            some(seasons.len(), "season"),
            some(episodes.len(), "episode"),
            some(parts.len(), "cast member"),
            some(featured.len(), "featured picture"),
        ];
        let listed: Vec<String> = listed.into_iter().flatten().collect();
        if !listed.is_empty() {
            let how = "--with-dependents deletes what the catalog says of it and leaves the episodes in no show; --to SHOW moves all of it there";
            return Err(CatalogRefusal::Depends { what: format!("show {slug}"), dependents: listed, how });
        }
    }
    let mut changes = Vec::new();
    if let Some((_, entered)) = &to {
        changes.extend(entered.clone());
    }
    let to = to.map(|(to, _)| to);
    for (id, facts) in &episodes {
        let facts = match to {
            Some(to) => EpisodeFacts { show: Some(to.clone()), ..(*facts).clone() },
            None => EpisodeFacts { show: None, season: None, episode: None, ..(*facts).clone() },
        };
        changes.extend(view.episode(id, facts));
    }
    for season in seasons {
        changes.push(CatalogChange::Season { show: slug.clone(), number: season.number, edit: gone(season) });
        if let Some(to) = to
            && !directory.seasons.contains_key(&(to.clone(), season.number))
        {
            let there = Season { show: to.clone(), ..season.clone() };
            changes.push(CatalogChange::Season { show: to.clone(), number: season.number, edit: made(there) });
        }
    }
    for part in parts {
        changes.push(CatalogChange::Membership { person: part.person, show: slug.clone(), edit: gone(part) });
        if let Some(to) = to {
            let moved = Membership { show: to.clone(), ..part.clone() };
            let there = directory.memberships.get(&(part.person, to.clone()));
            let edit = there.map_or_else(|| made(moved.clone()), |there| changed(there, united(there, &moved)));
            changes.extend((edit.from != edit.to).then(|| CatalogChange::Membership {
                person: part.person,
                show: to.clone(),
                edit,
            }));
        }
    }
    for ((person, _), picture) in featured {
        changes.push(CatalogChange::Featured { person: *person, show: Some(slug.clone()), edit: gone(picture) });
        if let Some(to) = to
            && !directory.featured.contains_key(&(*person, Some(to.clone())))
        {
            changes.push(CatalogChange::Featured { person: *person, show: Some(to.clone()), edit: made(*picture) });
        }
    }
    if let Some(show) = directory.shows.get(slug) {
        changes.push(CatalogChange::Show { slug: slug.clone(), edit: gone(show) });
    }
    let went = match (to, episodes.len()) {
        (Some(to), _) => format!("; what was its is {to}'s"),
        (None, 0) => String::new(),
        (None, n) => format!("; {} in no show", crate::session::counted(n as u64, "episode")),
    };
    Ok((OperationKind::Delete, format!("show {slug} deleted{went}"), changes))
}

fn delete_season(view: &View, show: &Slug, number: u32, dependents: &Dependents<u32>) -> Result<Planned, CatalogRefusal> {
    view.show(show)?;
    let now = season(view, show, number)?;
    let to = match dependents {
        Dependents::To(to) if *to == number => return Err(CatalogRefusal::Itself { what: format!("season {number} of {show}") }),
        Dependents::To(to) => Some(positive(*to)?),
        Dependents::Refuse | Dependents::Delete => None,
    };
    let episodes: Vec<_> =
        view.episodes.iter().filter(|(_, e)| e.show.as_ref() == Some(show) && e.season == Some(number)).collect();
    let parts: Vec<&Membership> =
        view.directory.memberships.values().filter(|m| m.show == *show && m.seasons.contains(&number)).collect();
    if *dependents == Dependents::Refuse {
        let listed = [some(episodes.len(), "episode"), some(parts.len(), "cast member")];
        let listed: Vec<String> = listed.into_iter().flatten().collect();
        if !listed.is_empty() {
            let how = "--with-dependents leaves the episodes in no season and takes it from the cast; --to N moves them there";
            return Err(CatalogRefusal::Depends { what: format!("season {number} of {show}"), dependents: listed, how });
        }
    }
    let mut changes = Vec::new();
    for (id, facts) in episodes {
        let facts = match to {
            Some(_) => EpisodeFacts { season: to, ..facts.clone() },
            None => EpisodeFacts { season: None, episode: None, ..facts.clone() },
        };
        changes.extend(view.episode(id, facts));
    }
    for part in parts {
        let left: Vec<u32> = part.seasons.iter().copied().filter(|n| *n != number).chain(to).collect();
        // A part in no season at all is no part; an empty list would mean all of them.
        let edit =
            if left.is_empty() { gone(part) } else { changed(part, Membership { seasons: ascending(&left)?, ..part.clone() }) };
        changes.push(CatalogChange::Membership { person: part.person, show: show.clone(), edit });
    }
    if let Some(now) = now {
        changes.push(CatalogChange::Season { show: show.clone(), number, edit: gone(&now) });
    }
    Ok((OperationKind::Delete, format!("season {number} of {show} deleted"), changes))
}

fn edit_episode(view: &View, episode: &EpisodeId, edit: &EpisodeEdit) -> Result<Option<Planned>, CatalogRefusal> {
    let Some(now) = view.episodes.get(episode) else { return Err(CatalogRefusal::NoEpisode { episode: episode.clone() }) };
    let to = EpisodeFacts {
        title: edit.title.of(now.title.as_ref()),
        air_date: edit.air_date.of(now.air_date.as_ref()),
        show: edit.show.of(now.show.as_ref()),
        season: edit.season.of(now.season.as_ref()),
        episode: edit.episode.of(now.episode.as_ref()),
    };
    let mut changes = Vec::new();
    if let Some(show) = to.show.as_ref().filter(|show| now.show.as_ref() != Some(*show)) {
        changes.extend(view.show(show)?.1);
    }
    if (to.show.is_none() && to.season.is_some()) || (to.season.is_none() && to.episode.is_some()) {
        return Err(CatalogRefusal::NoPlace { episode: episode.clone() });
    }
    for number in [to.season, to.episode].into_iter().flatten() {
        positive(number)?;
    }
    let Some(change) = view.episode(episode, to) else { return Ok(None) };
    changes.push(change);
    Ok(Some((OperationKind::Edit, format!("episode {episode} edited"), changes)))
}
