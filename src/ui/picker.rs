//! Picking by typing: actions, people, identities, reasons.

use super::keymap::Action;
use super::likely;
use super::list::{Cursor, Step};
use super::model::{Desk, Given, Item, Model, Overlay, Pick, Picker, Picking, title};
use super::palette::{commands, rank};
use super::screens::tracks::stretch;
use super::screens::{self, episodes, jobs, voices};
use super::text::clock;
use super::update::{self, Effect, if_writable, step_of};
use super::worker::Ask;
use crate::domain::{DiscardReason, IdentityId, Slug, TrackId};
use crate::session::{CatalogCommand, Choice, Command, Near, Standing, Target, Whose, WorkVerdict};
use std::collections::BTreeSet;
use tui_input::Input;

/// Opens the palette: every action that means something here, with its key.
pub(crate) fn palette(model: &mut Model) -> Vec<Effect> {
    begin(model, Picking::Palette);
    Vec::new()
}

/// Opens a picker of these lines, each of which says itself what it does.
pub(crate) fn offer(model: &mut Model, title: String, items: Vec<Item>) {
    lay(model, Picking::Catalog, title, items);
}

/// The same for people who join the cast of a show; whoever is typed may be new.
pub(crate) fn offer_people(model: &mut Model, show: &Slug, title: String, items: Vec<Item>) {
    lay(model, Picking::Member(show.clone()), title, items);
}

fn lay(model: &mut Model, what: Picking, title: String, items: Vec<Item>) {
    let (input, cursor) = (Input::default(), Cursor::default());
    let mut picker = Picker { what, title, input, items, shown: Vec::new(), cursor };
    search(&mut picker);
    model.overlay = Some(Overlay::Picker(picker));
}

/// Opens a picker.
pub(crate) fn begin(model: &mut Model, what: Picking) {
    let (title, items) = match &what {
        Picking::Palette => ("what to do".to_owned(), actions(model)),
        Picking::MergePeople(people) => screens::people::whom(model, people),
        Picking::Run(standing) => (format!("what to work out of {}", standing.episode), works(standing)),
        _ => match &model.desk {
            Some(desk) => asked(desk, &what),
            None => return,
        },
    };
    let mut picker = Picker { what, title, input: Input::default(), items, shown: Vec::new(), cursor: Cursor::default() };
    search(&mut picker);
    model.overlay = Some(Overlay::Picker(picker));
}

fn actions(model: &Model) -> Vec<Item> {
    let item = |c: super::palette::Command| Item { text: c.desc, note: c.key.unwrap_or_default(), pick: Pick::Action(c.action) };
    commands(&model.keymap, model.place_below()).into_iter().filter(|c| c.action != Action::Palette).map(item).collect()
}

fn asked(desk: &Desk, what: &Picking) -> (String, Vec<Item>) {
    match what {
        Picking::Name(ids) => {
            let mut items = people(desk);
            likely::sort(desk, likely::one(ids).map(Near::Identity), &mut items);
            (format!("who is {}?", names(desk, ids)), items)
        }
        Picking::Assign(given) => {
            let mut items = people(desk);
            items.extend(identities(desk, &BTreeSet::new(), |c| c.identity.name.is_none()));
            likely::sort(desk, likely::of_given(given), &mut items);
            items.push(Item { text: "somebody new, without a name".into(), note: String::new(), pick: Pick::NewIdentity });
            let what = match given {
                Given::Tracks(tracks) if tracks.len() == 1 => "whose is this track?".into(),
                Given::Tracks(tracks) => format!("whose are these {} tracks?", tracks.len()),
                Given::Pictures(stretch) => format!("whose are {}?", stretch::told(stretch)),
            };
            (what, items)
        }
        Picking::Merge(ids) => {
            let out: BTreeSet<IdentityId> = ids.iter().copied().collect();
            let mut items = identities(desk, &out, |_| true);
            likely::sort(desk, likely::one(ids).map(Near::Identity), &mut items);
            likely::warn(desk, ids, &mut items);
            (format!("merge {} into", names(desk, ids)), items)
        }
        Picking::DiscardIdentities(ids) => (format!("why does {} count for nobody?", names(desk, ids)), reasons()),
        Picking::DiscardTracks(Given::Tracks(tracks)) if tracks.len() == 1 => {
            ("why does this track count for nobody?".into(), reasons())
        }
        Picking::DiscardTracks(Given::Tracks(tracks)) => {
            (format!("why do these {} tracks count for nobody?", tracks.len()), reasons())
        }
        Picking::DiscardTracks(Given::Pictures(stretch)) => {
            (format!("why do {} count for nobody?", stretch::told(stretch)), reasons())
        }
        Picking::Speaker(what) => {
            let mut items = people(desk);
            items.extend(identities(desk, &BTreeSet::new(), |c| c.identity.name.is_none()));
            voices::sort(desk, what, &mut items);
            (voices::asks(what), items)
        }
        Picking::MergeVoice(of) => (format!("which voice is the same as {of}?"), voices::others(desk, *of)),
        Picking::GiveVoice(turns) => (voices::asks_voice(turns), voices::voices_for(desk, turns)),
        Picking::Run(_) | Picking::Palette | Picking::MergePeople(_) | Picking::Catalog | Picking::Member(_) => {
            (String::new(), Vec::new())
        }
    }
}

fn names(desk: &Desk, ids: &[IdentityId]) -> String {
    let shown: Vec<String> = ids.iter().take(3).filter_map(|id| desk.card_of(*id)).map(title).collect();
    let more = ids.len() - shown.len().min(ids.len());
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// Those of this episode first, by falling seconds, then everybody else of the library.
fn people(desk: &Desk) -> Vec<Item> {
    let here = desk.snapshot.time.people.iter().filter_map(|p| Some((p.name.clone()?, clock(p.visual_time))));
    let mut items: Vec<Item> = here.map(|(name, note)| Item { text: name.clone(), note, pick: Pick::Person(name) }).collect();
    let known: BTreeSet<String> = items.iter().map(|i| i.text.clone()).collect();
    let others = desk.snapshot.people.iter().filter(|p| !known.contains(&p.name));
    items.extend(others.map(|p| Item {
        text: p.name.clone(),
        note: "not in this episode".into(),
        pick: Pick::Person(p.name.clone()),
    }));
    items
}

fn identities(desk: &Desk, but: &BTreeSet<IdentityId>, fits: impl Fn(&crate::session::Card) -> bool) -> Vec<Item> {
    let cards = desk.snapshot.identities.iter().filter(|c| !but.contains(&c.identity.id) && fits(c));
    cards.map(|c| Item { text: title(c), note: clock(c.seconds), pick: Pick::Identity(c.identity.id) }).collect()
}

fn works(standing: &Standing) -> Vec<Item> {
    let item = |choice: &Choice| {
        let note = match &choice.verdict {
            WorkVerdict::Useful(_) => "",
            WorkVerdict::UpToDate(_) => "● up to date",
            WorkVerdict::Blocked { .. } => "✕ not possible",
        };
        Item { text: jobs::work_text(choice.work), note: note.into(), pick: Pick::Work(choice.clone()) }
    };
    standing.choices.iter().map(item).collect()
}

/// What there is to say of the line under the cursor.
pub(crate) fn told(picker: &Picker) -> Option<&str> {
    let (at, _) = picker.shown.get(picker.cursor.at)?;
    match &picker.items.get(*at)?.pick {
        Pick::Work(Choice { verdict: WorkVerdict::Useful(text) | WorkVerdict::UpToDate(text), .. }) => Some(text),
        Pick::Work(Choice { verdict: WorkVerdict::Blocked { why, .. }, .. }) => Some(why),
        _ => None,
    }
}

fn reasons() -> Vec<Item> {
    [DiscardReason::NotAFace, DiscardReason::Poster, DiscardReason::Crowd]
        .into_iter()
        .map(|r| Item { text: r.to_string(), note: String::new(), pick: Pick::Reason(r) })
        .collect()
}

/// Ranks the items by what is typed; where people are picked, what is typed can be somebody new.
pub(crate) fn search(picker: &mut Picker) {
    picker.items.retain(|i| i.pick != Pick::NewPerson);
    let query = picker.input.value().trim().to_owned();
    let is_new = !picker.items.iter().any(|i| i.text.eq_ignore_ascii_case(&query));
    if !query.is_empty()
        && is_new
        && matches!(picker.what, Picking::Name(_) | Picking::Assign(_) | Picking::Speaker(_) | Picking::Member(_))
    {
        picker.items.push(Item { text: query.clone(), note: "new person".into(), pick: Pick::NewPerson });
    }
    let texts: Vec<&str> = picker.items.iter().map(|i| i.text.as_str()).collect();
    picker.shown = rank(&query, &texts);
    // Whoever is new comes last: Enter means the best that is known.
    picker.shown.sort_by_key(|(at, _)| picker.items[*at].pick == Pick::NewPerson);
    picker.cursor = Cursor::default();
}

/// Moves, picks, or closes.
pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let rows = super::picker_panel::rows(model);
    let Some(Overlay::Picker(picker)) = &mut model.overlay else { return Vec::new() };
    match action {
        Action::Back => {
            model.overlay = None;
            Vec::new()
        }
        Action::Complete => {
            let at = picker.shown.get(picker.cursor.at).map(|s| s.0);
            if let Some(item) = at.and_then(|at| picker.items.get(at)).filter(|i| matches!(i.pick, Pick::Person(_))) {
                picker.input = Input::new(item.text.clone());
                search(picker);
            }
            Vec::new()
        }
        Action::Open => {
            let at = picker.shown.get(picker.cursor.at).map(|s| s.0);
            let picked = at.and_then(|at| picker.items.get(at)).cloned();
            let (what, typed) = (picker.what.clone(), picker.input.value().trim().to_owned());
            model.overlay = None;
            picked.map_or_else(Vec::new, |item| done(model, what, item.pick, typed))
        }
        _ => {
            if let Some(step) = step_of(action).filter(|s| !matches!(s, Step::Left | Step::Right)) {
                picker.cursor.step(step, picker.shown.len(), 1, rows);
            }
            Vec::new()
        }
    }
}

fn done(model: &mut Model, what: Picking, pick: Pick, typed: String) -> Vec<Effect> {
    if let Pick::Action(action) = pick {
        return update::act(model, action);
    }
    match pick {
        Pick::Decide(command) => return vec![Effect::Ask(Ask::Catalog(command))],
        Pick::Field(subject, field) => {
            screens::catalog::ask(model, subject, field);
            return Vec::new();
        }
        Pick::Add(asking) => {
            screens::catalog::ask_new(model, asking);
            return Vec::new();
        }
        _ => {}
    }
    if let (Picking::Member(show), Pick::NewPerson) = (&what, &pick) {
        let command = CatalogCommand::AddNewMember { show: show.clone(), name: typed };
        return vec![Effect::Ask(Ask::Catalog(command))];
    }
    if let (Picking::Run(standing), Pick::Work(choice)) = (&what, &pick) {
        return episodes::work(model, standing, choice);
    }
    if let (Picking::MergePeople(people), Pick::Somebody(into)) = (&what, &pick) {
        model.holdings.people.selected.clear();
        return vec![Effect::Ask(Ask::Catalog(CatalogCommand::Merge { people: people.clone(), into: *into }))];
    }
    let Some(command) = command(model, what, pick, typed) else { return Vec::new() };
    if let Some(desk) = &mut model.desk {
        desk.grid.selected.clear();
        desk.grid.anchor = None;
        desk.strips.select_nothing();
    }
    if_writable(model, Ask::Decide(command))
}

fn command(model: &Model, what: Picking, pick: Pick, typed: String) -> Option<Command> {
    let desk = model.desk.as_ref()?;
    let name = match &pick {
        Pick::Person(name) => Some(name.clone()),
        Pick::NewPerson => Some(typed),
        _ => None,
    };
    Some(match (what, pick) {
        (Picking::Name(ids), _) => match ids.as_slice() {
            [one] => Command::Name { identity: *one, name: name? },
            // Several at once are one decision, to be taken back at once.
            many => Command::Assign { tracks: tracks_of(desk, many), to: Target::Person(name?) },
        },
        (Picking::Assign(given), Pick::Identity(id)) => given.to(Target::Identity(id)),
        (Picking::Assign(given), Pick::NewIdentity) => given.to(Target::New),
        (Picking::Assign(given), _) => given.to(Target::Person(name?)),
        (Picking::Merge(identities), Pick::Identity(into)) => Command::Merge { identities, into },
        (Picking::DiscardIdentities(identities), Pick::Reason(reason)) => {
            Command::Discard { tracks: Vec::new(), identities, reason }
        }
        (Picking::DiscardTracks(given), Pick::Reason(reason)) => given.discarded(reason),
        (Picking::Speaker(what), Pick::Nobody) => what.to(Whose::Nobody),
        (Picking::Speaker(what), Pick::Evidence) => what.to(Whose::Evidence),
        (Picking::Speaker(what), Pick::Identity(id)) => what.to(Whose::To(Target::Identity(id))),
        (Picking::Speaker(what), _) => what.to(Whose::To(Target::Person(name?))),
        (Picking::MergeVoice(of), Pick::Voice(into)) => Command::MergeVoices { speakers: vec![of], into },
        (Picking::GiveVoice(turns), Pick::Voice(to)) => Command::GiveTurns { turns, to: Some(to) },
        (Picking::GiveVoice(turns), Pick::NewVoice) => Command::GiveTurns { turns, to: None },
        _ => return None,
    })
}

fn tracks_of(desk: &Desk, ids: &[IdentityId]) -> Vec<TrackId> {
    ids.iter().filter_map(|id| desk.card_of(*id)).flat_map(|c| c.tracks.iter().copied()).collect()
}
