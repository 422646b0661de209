//! The pictures of a person: faces of theirs in the facebank, pictures that the catalog keeps, the best face of each episode or of each of
//! its tracks.

use super::super::super::draw::{Canvas, counted};
use super::super::super::keymap::{Action, Place};
use super::super::super::model::{Detail, Item, Model, Page, Part, Pick, Status, TrackFaces};
use super::super::super::pictures::Kind;
use super::super::super::text::{clock, fit, fit_end, score};
use super::super::super::theme::Role;
use super::super::super::update::Effect;
use super::super::super::worker::Ask;
use super::faces;
use super::page::part_title;
use crate::domain::{Asset, AssetId, AssetKind, EpisodeId, Origin, PersonId, PictureId, ReferenceId, Slug};
use crate::session::{CatalogCommand, Dependents, Likeness, PersonLine, Portrait, TrackFace};
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::collections::BTreeSet;
use std::path::Path;

/// Lines under each picture.
const TEXT: u16 = 2;

/// One picture of somebody.
pub(super) struct Picture {
    likeness: Likeness,
    /// In the facebank.
    reference: Option<ReferenceId>,
    /// The picture of the catalog that it is.
    asset: Option<AssetId>,
    /// Where it comes from.
    origin: String,
    /// What it is, in a word or two.
    note: String,
    /// The same for the line at the bottom.
    pub told: String,
    /// The episode that it is from.
    pub episode: Option<EpisodeId>,
    stands: Stands,
}

/// Where a picture stands for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stands {
    No,
    /// It was chosen for the place at hand.
    Here,
    /// It was chosen everywhere, and for the show at hand none.
    Everywhere,
    /// In another show.
    In(String),
}

impl Stands {
    fn of(model: &Model, person: PersonId, asset: AssetId) -> Self {
        let (featured, here) = (&model.holdings.directory.featured, here(model));
        let is_it = |show: &Option<Slug>| featured.get(&(person, show.clone())).is_some_and(|f| f.asset == asset);
        if is_it(&here) {
            return Self::Here;
        }
        if is_it(&None) && !featured.contains_key(&(person, here)) {
            return Self::Everywhere;
        }
        let mut others = featured.iter().filter(|((who, _), f)| *who == person && f.asset == asset);
        others.find_map(|((_, show), _)| show.as_ref()).map_or(Self::No, |show| Self::In(show.to_string()))
    }

    fn text(&self) -> String {
        match self {
            Self::No => String::new(),
            Self::Here => " · stands for them".into(),
            Self::Everywhere => " · stands for them wherever no other was chosen".into(),
            Self::In(show) => format!(" · stands for them in {show}"),
        }
    }
}

/// The show whose cast is at hand.
fn here(model: &Model) -> Option<Slug> {
    model.holdings.people.show.as_deref().and_then(|s| s.parse().ok())
}

pub(super) fn of(model: &Model, person: &PersonLine) -> Vec<Picture> {
    let holdings = &model.holdings;
    let assets: Vec<&Asset> = holdings.directory.assets.values().filter(|a| Some(a.person) == person.id).collect();
    let stands = |asset: Option<AssetId>| match person.id.zip(asset) {
        Some((person, asset)) => Stands::of(model, person, asset),
        None => Stands::No,
    };
    // Whoever was found to be them; there are fewer people than references.
    let is_them = |id: &PersonId| holdings.roster.stands_for(*id).is_some_and(|p| Some(p.id) == person.id);
    let them: BTreeSet<PersonId> = holdings.directory.people.keys().copied().filter(is_them).collect();
    let in_bank: Vec<_> = holdings.directory.references.values().filter(|r| them.contains(&r.person)).collect();
    let mut pictures: Vec<Picture> = Vec::new();
    for r in &in_bank {
        let (origin, episode) = match &r.origin {
            Origin::File { path, .. } => (file_name(path), None),
            Origin::Crop { episode, .. } => (episode.to_string(), Some(episode.clone())),
        };
        let quality = score(f64::from(r.quality.total));
        let asset = assets.iter().find(|a| a.sha256 == r.thumb.0).map(|a| a.id);
        pictures.push(Picture {
            likeness: Likeness::Kept { picture: r.thumb.clone(), source: r.origin.to_string() },
            reference: Some(r.id),
            asset,
            origin,
            note: format!("bank {quality}"),
            told: format!("{} of the facebank, quality {quality}, from {}", r.id, r.origin),
            episode,
            stands: stands(asset),
        });
    }
    let faces = faces_of(model, person);
    let is_shown = |a: &Asset| {
        in_bank.iter().any(|r| r.thumb.0 == a.sha256)
            || faces.iter().any(|(face, ..)| Likeness::Crop(face.clone()).source() == a.source)
    };
    pictures.extend(assets.iter().filter(|a| !is_shown(a)).map(|a| Picture {
        likeness: Likeness::Asset(a.id),
        reference: None,
        asset: Some(a.id),
        origin: file_name(&a.source),
        note: a.kind.name().into(),
        told: format!("{}, a {} of {}x{} pixels, from {}", a.id, a.kind.name(), a.width, a.height, a.source),
        episode: None,
        stands: stands(Some(a.id)),
    }));
    pictures.extend(faces.into_iter().map(|(face, note, told)| {
        let (origin, episode) = (face.episode.to_string(), Some(face.episode.clone()));
        let likeness = Likeness::Crop(face);
        let source = likeness.source();
        let asset = assets.iter().find(|a| a.source == source).map(|a| a.id);
        Picture { likeness, reference: None, asset, origin, note, told, episode, stands: stands(asset) }
    }));
    pictures
}

/// Returns the best face of each episode, or of each track of the one that is spread out, with what it is in short and at length.
fn faces_of(model: &Model, person: &PersonLine) -> Vec<(Portrait, String, String)> {
    let spread = model.holdings.people.spread.as_ref().filter(|s| Some(s.person) == person.id);
    let mut faces = Vec::new();
    for e in &person.episodes {
        if let Some(spread) = spread.filter(|s| s.episode == e.episode && !s.faces.is_empty()) {
            faces.extend(spread.faces.iter().map(|f| {
                let (at, quality) = (clock(f.at - e.origin), score(f64::from(f.quality)));
                let told = format!("{} of {} at {at}, quality {quality}", f.track, e.episode);
                (f.portrait.clone(), format!("{at} {quality}"), told)
            }));
        } else if let Some(face) = &e.face {
            let quality = e.quality.map(|q| score(f64::from(q))).unwrap_or_default();
            let told = format!("their best face of {}, quality {quality}", e.episode);
            faces.push((face.clone(), format!("best {quality}"), told));
        }
    }
    faces
}

fn file_name(path: &str) -> String {
    Path::new(path).file_name().map_or_else(|| path.to_owned(), |n| n.to_string_lossy().into_owned())
}

/// Cells of a picture.
fn cell(detail: Detail) -> (u16, u16) {
    match detail {
        Detail::Fine => (14, 8),
        Detail::Coarse => (20, 10),
        Detail::Off => (24, 0),
    }
}

/// Lines that a row of pictures takes with its title.
pub(super) fn least(model: &Model) -> u16 {
    2 + cell(model.detail).1 + TEXT
}

/// Columns and rows of pictures.
pub(super) fn grid(model: &Model, area: Rect) -> (usize, usize) {
    let (wide, tall) = cell(model.detail);
    let columns = usize::from(area.width / (wide + 2)).max(1);
    (columns, usize::from(area.height.saturating_sub(2) / (tall + TEXT)).max(1))
}

/// Returns the picture at a place of the screen, by its place among those shown first to last.
pub(super) fn at(model: &Model, page: &Page, area: Rect, x: u16, y: u16) -> Option<usize> {
    let ((columns, _), (wide, tall)) = (grid(model, area), cell(model.detail));
    let (column, row) = (usize::from((x - area.x) / (wide + 2)), usize::from((y - area.y - 2) / (tall + TEXT)));
    (column < columns).then_some((page.pictures.top + row) * columns + column)
}

/// Returns the person of the page and the picture under the cursor; where the cursor is elsewhere, says which key goes there.
fn chosen(model: &mut Model) -> Option<(PersonId, Picture)> {
    let people = &model.holdings.people;
    let (person, page) = people.person().zip(people.page)?;
    if page.part != Part::Pictures {
        let key = model.keymap.key_of(Place::Person, Action::NextField).unwrap_or_else(|| ":".into());
        model.status = Status::Done(format!("{key} goes to the pictures, of which one can stand for them"));
        return None;
    }
    let found = person.id.zip(of(model, person).into_iter().nth(page.pictures.at));
    if found.is_none() {
        model.status = Status::Done(format!("there is no picture of them yet: {}", how(model)));
    }
    found
}

/// Says how pictures of somebody come about.
fn how(model: &Model) -> String {
    let key = |place, action| model.keymap.key_of(place, action).unwrap_or_else(|| ":".into());
    let (add, promote) = (key(Place::Person, Action::Add), key(Place::Identities, Action::Promote));
    format!("{add} keeps one out of a file, {promote} in an episode their best faces")
}

/// Lets the picture under the cursor stand for the person: in the show at hand, else everywhere. Where it was chosen for that already, their
/// best face stands for them again.
pub(super) fn feature(model: &mut Model) -> Vec<Effect> {
    let Some((person, picture)) = chosen(model) else { return Vec::new() };
    let show = here(model);
    vec![Effect::Ask(match picture.stands {
        Stands::Here => Ask::Catalog(CatalogCommand::ClearFeatured { person, show }),
        _ => Ask::Feature { person, likeness: picture.likeness, show },
    })]
}

/// Takes the picture under the cursor out of the facebank or the catalog.
pub(super) fn remove(model: &mut Model) -> Vec<Effect> {
    let Some((_, picture)) = chosen(model) else { return Vec::new() };
    match (picture.reference, picture.asset) {
        (Some(reference), _) => vec![Effect::Ask(Ask::TakeOut(reference))],
        // Where it stands for somebody, it does not any more.
        (None, Some(asset)) => {
            vec![Effect::Ask(Ask::Catalog(CatalogCommand::DeleteAsset { asset, dependents: Dependents::Delete }))]
        }
        (None, None) => {
            let key = model.keymap.key_of(Place::Person, Action::Open).unwrap_or_else(|| ":".into());
            model.status =
                Status::Done(format!("it is a face of the episode: {key} opens that, and there it can be taken from them"));
            Vec::new()
        }
    }
}

/// Offers what the picture under the cursor can be for, where the catalog keeps it.
pub(super) fn kinds(model: &Model) -> Vec<Item> {
    let people = &model.holdings.people;
    let page = people.page.filter(|page| page.part == Part::Pictures);
    let Some((person, page)) = people.person().zip(page) else { return Vec::new() };
    let kept = of(model, person).into_iter().nth(page.pictures.at).and_then(|p| p.asset);
    let Some(asset) = kept.and_then(|id| model.holdings.directory.assets.get(&id)) else { return Vec::new() };
    let item = |kind: AssetKind| Item {
        text: format!("the picture is a {}", kind.name()),
        note: format!("{} is a {}", asset.id, asset.kind.name()),
        pick: Pick::Decide(CatalogCommand::EditAsset { asset: asset.id, kind }),
    };
    AssetKind::ALL.into_iter().filter(|kind| *kind != asset.kind).map(item).collect()
}

/// Asks for the faces of every track of the episode under the cursor, or leaves these again.
pub(super) fn spread(model: &mut Model, action: Action) -> Vec<Effect> {
    let people = &mut model.holdings.people;
    if action == Action::FewerCrops {
        let left = people.spread.take();
        super::page::fit_to_screen(model);
        if let Some(left) = left {
            go_to(model, &left.episode);
        }
        return Vec::new();
    }
    let Some((person, page)) = model.holdings.people.person().zip(model.holdings.people.page) else { return Vec::new() };
    let listed = person.episodes.get(page.episodes.at).map(|e| e.episode.clone());
    let episode = match page.part {
        Part::Episodes => listed,
        Part::Pictures => of(model, person).into_iter().nth(page.pictures.at).and_then(|p| p.episode).or(listed),
    };
    let asked = person.id.zip(episode).map(|(person, episode)| Effect::Ask(Ask::FacesOf { person, episode }));
    asked.into_iter().collect()
}

/// Takes the faces of somebody's tracks in an episode, and goes to the first.
pub(super) fn spread_out(model: &mut Model, person: PersonId, episode: &EpisodeId, faces: Vec<TrackFace>) {
    let people = &mut model.holdings.people;
    let (true, Some(page)) = (people.person().is_some_and(|p| p.id == Some(person)), &mut people.page) else { return };
    page.part = Part::Pictures;
    people.spread = Some(TrackFaces { person, episode: episode.clone(), faces });
    super::page::fit_to_screen(model);
    go_to(model, episode);
}

/// Puts the cursor on the first face of an episode that is none of the facebank.
fn go_to(model: &mut Model, episode: &EpisodeId) {
    let Some(person) = model.holdings.people.person() else { return };
    let is_it = |p: &Picture| p.episode.as_ref() == Some(episode) && p.reference.is_none();
    let at = of(model, person).iter().position(is_it);
    if let Some((page, at)) = model.holdings.people.page.as_mut().zip(at) {
        page.pictures.at = at;
    }
    super::page::fit_to_screen(model);
}

pub(super) fn draw(model: &Model, person: &PersonLine, page: &Page, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let all = of(model, person);
    let is_focus = page.part == Part::Pictures;
    let in_bank = all.iter().filter(|p| p.reference.is_some()).count();
    let ((columns, rows), (wide, tall)) = (grid(model, area), cell(model.detail));
    let first = page.pictures.top * columns;
    let left = all.len().saturating_sub(first + columns * rows);
    let note = match (in_bank, left) {
        (0, 0) if all.is_empty() => String::new(),
        (0, 0) => "none in the facebank".to_owned(),
        (0, _) => format!("none in the facebank · {left} more below"),
        (n, 0) => format!("{n} in the facebank"),
        (n, _) => format!("{n} in the facebank · {left} more below"),
    };
    part_title(canvas, area, is_focus, &counted(all.len(), "picture"), &note);
    if all.is_empty() {
        let line = Line::from(canvas.dim(format!(" {}", fit(&how(model), usize::from(area.width).saturating_sub(2)))));
        canvas.line(area, 2, line);
    }
    let mut shown: Vec<(usize, &Picture)> = all.iter().enumerate().skip(first).take(columns * rows).collect();
    shown.sort_by_key(|(at, _)| at.abs_diff(page.pictures.at));
    for (at, picture) in shown {
        let (column, row) = ((at - first) % columns, (at - first) / columns);
        let (column, row) = (u16::try_from(column).unwrap_or(0), u16::try_from(row).unwrap_or(0));
        let place = Rect::new(area.x + 1 + column * (wide + 2), area.y + 2 + row * (tall + TEXT), wide + 1, tall + TEXT);
        let place = place.intersection(area);
        let face = Rect::new(place.x, place.y, wide, tall).intersection(place);
        if face.height > 0 {
            paint(model, picture, canvas, face);
        }
        let is_here = is_focus && at == page.pictures.at;
        if is_here {
            let edge = Rect::new(place.x - 1, place.y, 1, place.height);
            for row in 0..edge.height {
                canvas.line(edge, row, Line::from(canvas.span(Role::Cursor, "▌")));
            }
        }
        let role = if is_here { Role::Title } else { Role::Text };
        let mark = match picture.stands {
            Stands::No => "",
            Stands::Here | Stands::Everywhere => "★ ",
            Stands::In(_) => "☆ ",
        };
        let origin = fit_end(&picture.origin, usize::from(wide).saturating_sub(mark.chars().count()));
        canvas.line(place, tall, Line::from(vec![canvas.span(Role::Accent, mark), canvas.span(role, origin)]));
        canvas.line(place, tall + 1, Line::from(canvas.dim(fit(&picture.note, usize::from(wide)))));
    }
}

/// What the line at the bottom says of the picture under the cursor.
pub(super) fn told(model: &Model, person: &PersonLine, page: &Page) -> Option<(Role, String)> {
    let picture = of(model, person).into_iter().nth(page.pictures.at)?;
    Some((Role::Text, format!("{}  {}{}", person.name, picture.told, picture.stands.text())))
}

fn paint(model: &Model, picture: &Picture, canvas: &mut Canvas<'_, '_>, place: Rect) {
    let portraits = model.holdings.portraits.as_ref();
    match &picture.likeness {
        Likeness::Crop(portrait) => canvas.portrait(portraits, Some(portrait), place, Kind::Face),
        Likeness::Kept { picture, .. } => canvas.kept(portraits, picture, place, Kind::Face),
        Likeness::Asset(id) => {
            if let Some(asset) = model.holdings.directory.assets.get(id) {
                canvas.kept(portraits, &PictureId(asset.sha256.clone()), place, faces::kind_of(asset));
            }
        }
    }
}
