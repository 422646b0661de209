//! Pictures of people, and which of them stands for somebody.

use super::Ended;
use super::args::{AssetCommand, FeaturedCommand, Kind};
use super::catalog::{decided, dependents, name_of, said};
use super::output;
use crate::domain::{AssetKind, Slug};
use crate::session::{self, CatalogCommand, Featuring, SessionError, Workspace};
use std::fmt::Write as _;

pub(super) fn featured(workspace: &Workspace, command: &FeaturedCommand) -> Result<Ended, SessionError> {
    let command = match command {
        FeaturedCommand::Set { picture, show } => CatalogCommand::SetFeatured { asset: *picture, show: show.clone() },
        FeaturedCommand::Clear { person, show } => {
            CatalogCommand::ClearFeatured { person: session::find_person(workspace, person)?, show: show.clone() }
        }
    };
    decided(workspace, &command)
}

impl From<Kind> for AssetKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Portrait => Self::Portrait,
            Kind::Still => Self::Still,
            Kind::Promo => Self::Promo,
        }
    }
}

pub(super) fn asset(workspace: &Workspace, command: &AssetCommand) -> Result<Ended, SessionError> {
    match command {
        AssetCommand::List { of, json } => assets(workspace, of.as_deref(), *json),
        AssetCommand::Add { person, files, kind, featured } => {
            let person = session::find_person(workspace, person)?;
            let featuring = if *featured { Featuring::First } else { Featuring::None };
            let done = session::add_assets(workspace, person, files, AssetKind::from(*kind), featuring)?;
            if done.is_empty() {
                return said(None, "nothing changes: they are kept already");
            }
            for operation in done {
                said(Some(operation), "")?;
            }
            Ok(Ended::Done)
        }
        AssetCommand::Edit { picture, kind } => {
            decided(workspace, &CatalogCommand::EditAsset { asset: *picture, kind: AssetKind::from(*kind) })
        }
        AssetCommand::Save { picture, out } => {
            session::write_whole(out, &session::asset_picture(workspace, *picture)?)?;
            Ok(Ended::Done)
        }
        AssetCommand::Delete { picture, with_dependents, to } => {
            let dependents = dependents(*with_dependents, to.as_ref());
            decided(workspace, &CatalogCommand::DeleteAsset { asset: *picture, dependents })
        }
    }
}

fn assets(workspace: &Workspace, of: Option<&str>, json: bool) -> Result<Ended, SessionError> {
    let of = of.map(|who| session::find_person(workspace, who)).transpose()?;
    let directory = session::directory(workspace)?;
    let mut out = String::new();
    let shown: Vec<_> = directory.assets.values().filter(|a| of.is_none_or(|of| a.person == of)).collect();
    if json {
        output::print(&session::pretty(&shown))?;
        return Ok(Ended::Done);
    }
    for asset in shown {
        let places = directory.featured.iter().filter(|(_, f)| f.asset == asset.id);
        let places: Vec<&str> = places.map(|((_, show), _)| show.as_ref().map_or("everywhere", Slug::as_str)).collect();
        let places = if places.is_empty() { String::new() } else { format!("  featured: {}", places.join(", ")) };
        let _ = writeln!(
            out,
            "{}  {:8}  {:>9}  {}  {}{places}",
            asset.id,
            asset.kind.name(),
            format!("{}x{}", asset.width, asset.height),
            name_of(&directory, asset.person),
            asset.source
        );
    }
    if out.is_empty() {
        out.push_str("no picture is kept yet; `screenalytics asset add PERSON FILE` keeps one\n");
    }
    output::print(&out)?;
    Ok(Ended::Done)
}
