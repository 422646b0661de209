//! Pictures of people, and which of them stands for somebody.

use super::super::command::{CatalogCommand, Dependents};
use super::super::refusal::CatalogRefusal;
use super::{Planned, View, changed, gone, made, some};
use crate::domain::{Asset, AssetId, CatalogChange, Edit, Featured, OperationKind};

pub(super) fn plan(view: &View, command: &CatalogCommand) -> Result<Option<Planned>, CatalogRefusal> {
    match command {
        CatalogCommand::AddAsset(new) => {
            let name = &view.person(new.person)?.name;
            let is_same = |a: &&Asset| a.person == new.person && a.sha256 == new.sha256;
            if view.directory.assets.values().filter(is_same).any(|a| a.kind == new.kind) {
                return Ok(None);
            }
            let id = AssetId(view.directory.last_asset.saturating_add(1));
            let asset = Asset {
                id,
                person: new.person,
                kind: new.kind,
                sha256: new.sha256.clone(),
                width: new.width,
                height: new.height,
                source: new.source.clone(),
                added_at: view.now,
            };
            let change = CatalogChange::Asset { id, edit: made(asset) };
            Ok(Some((OperationKind::Create, format!("{id}, a picture of {name}, added"), vec![change])))
        }
        CatalogCommand::EditAsset { asset, kind } => {
            let now = asset_of(view, *asset)?;
            if now.kind == *kind {
                return Ok(None);
            }
            let change = CatalogChange::Asset { id: *asset, edit: changed(now, Asset { kind: *kind, ..now.clone() }) };
            Ok(Some((OperationKind::Edit, format!("{asset} is a {} now", kind.name()), vec![change])))
        }
        CatalogCommand::DeleteAsset { asset, dependents } => delete(view, *asset, dependents).map(Some),
        CatalogCommand::SetFeatured { asset, show } => {
            let of = asset_of(view, *asset)?;
            let name = &view.person(of.person)?.name;
            let entered = show.as_ref().map(|show| view.show(show)).transpose()?.and_then(|(_, entered)| entered);
            let from = view.directory.featured.get(&(of.person, show.clone())).copied();
            let to = Featured { asset: *asset };
            if from == Some(to) {
                return Ok(None);
            }
            let place = show.as_ref().map(|s| format!(" in {s}")).unwrap_or_default();
            let change = CatalogChange::Featured { person: of.person, show: show.clone(), edit: Edit { from, to: Some(to) } };
            let changes = entered.into_iter().chain([change]).collect();
            Ok(Some((OperationKind::Edit, format!("{asset} stands for {name}{place}"), changes)))
        }
        CatalogCommand::ClearFeatured { person, show } => {
            let name = &view.person(*person)?.name;
            let Some(now) = view.directory.featured.get(&(*person, show.clone())) else {
                return Err(CatalogRefusal::NotFeatured { name: name.clone(), show: show.clone() });
            };
            let place = show.as_ref().map(|s| format!(" in {s}")).unwrap_or_default();
            let change = CatalogChange::Featured { person: *person, show: show.clone(), edit: gone(now) };
            Ok(Some((OperationKind::Delete, format!("no picture stands for {name}{place} any more"), vec![change])))
        }
        _ => Ok(None),
    }
}

fn asset_of(view: &View, id: AssetId) -> Result<&Asset, CatalogRefusal> {
    view.directory.assets.get(&id).ok_or(CatalogRefusal::NoAsset { asset: id })
}

fn delete(view: &View, id: AssetId, dependents: &Dependents<AssetId>) -> Result<Planned, CatalogRefusal> {
    let asset = asset_of(view, id)?;
    let places: Vec<_> = view.directory.featured.iter().filter(|(_, f)| f.asset == id).collect();
    if *dependents == Dependents::Refuse
        && let Some(listed) = some(places.len(), "featured picture")
    {
        let how = "--with-dependents takes it from there too; --to PICTURE lets another picture of them stand there";
        return Err(CatalogRefusal::Depends { what: format!("picture {id}"), dependents: vec![listed], how });
    }
    let other = match dependents {
        Dependents::To(to) if *to == id => return Err(CatalogRefusal::Itself { what: format!("picture {id}") }),
        Dependents::To(to) => {
            let other = Some(asset_of(view, *to)?).filter(|other| other.person == asset.person);
            Some(Featured { asset: other.ok_or(CatalogRefusal::NoAsset { asset: *to })?.id })
        }
        Dependents::Refuse | Dependents::Delete => None,
    };
    let mut changes: Vec<CatalogChange> = places
        .into_iter()
        .map(|((person, show), now)| CatalogChange::Featured {
            person: *person,
            show: show.clone(),
            edit: Edit { from: Some(*now), to: other },
        })
        .collect();
    changes.push(CatalogChange::Asset { id, edit: gone(asset) });
    Ok((OperationKind::Delete, format!("picture {id} deleted"), changes))
}
