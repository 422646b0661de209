//! The tables that the catalog's log leads to: how a change is put into them, and how they are read.

use super::super::codec::{RowError, from_json, to_json};
use super::super::decisions::append_row;
use super::super::engine::Fault;
use super::super::error::StoreError;
use super::super::tables::{
    ASSETS, Bytes, EPISODE_FACTS, FEATURED, LAST_ASSET, LAST_PERSON, LAST_REFERENCE, MEMBERSHIPS, NAMES, PEOPLE, REFERENCES,
    SEASONS, SHOWS, STATE,
};
use crate::domain::{
    AssetId, CatalogChange, CatalogDraft, CatalogOperation, Directory, Edit, OperationKind, PersonId, ReferenceId, Roster, Slug,
    check_edit, check_unused,
};
use redb::{Key, ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Appends an operation and brings the tables up to it.
pub(super) fn append(txn: &WriteTransaction, draft: CatalogDraft) -> Result<CatalogOperation, Fault> {
    for change in &draft.changes {
        apply(txn, &draft.kind, change)?;
    }
    let people = draft.changes.iter().filter_map(|change| match change {
        CatalogChange::Person { id, edit } => Some((*id, edit.to.is_some())),
        _ => None,
    });
    let people: Vec<(PersonId, bool)> = people.collect();
    if !people.is_empty() {
        let everybody = super::roster(&txn.open_table(PEOPLE)?)?;
        for (id, is_there) in people {
            if is_there && everybody.is_lost(id) {
                return Err(StoreError::NobodyLeft { person: id }.into());
            }
        }
        put_names(txn, &everybody)?;
    }
    append_row(txn, |seq, previous_hash| {
        let CatalogDraft { author, kind, summary, changes, at } = draft;
        CatalogOperation { seq, at, author, kind, summary, changes, previous_hash }
    })
}

/// Writes whom each name finds.
fn put_names(txn: &WriteTransaction, everybody: &Roster) -> Result<(), Fault> {
    let now = everybody.names().map_err(|(name, a, b)| StoreError::NameTaken { name, a, b })?;
    let mut names = txn.open_table(NAMES)?;
    names.retain(|name, id| now.get(name).is_some_and(|now| now.0 == id))?;
    for (name, id) in now {
        names.insert(name.as_str(), id.0)?;
    }
    Ok(())
}

/// Checks one change against the tables and puts it into them.
fn apply(txn: &WriteTransaction, kind: &OperationKind, change: &CatalogChange) -> Result<(), Fault> {
    match change {
        CatalogChange::Person { id, edit } => {
            check_unused(change, kind, edit, id.0, last(txn, LAST_PERSON)?)?;
            raise(txn, LAST_PERSON, id.0)?;
            edit_row(&mut txn.open_table(PEOPLE)?, id.0, change, edit)
        }
        CatalogChange::Show { slug, edit } => edit_row(&mut txn.open_table(SHOWS)?, slug.as_str(), change, edit),
        CatalogChange::Season { show, number, edit } => {
            edit_row(&mut txn.open_table(SEASONS)?, (show.as_str(), *number), change, edit)
        }
        CatalogChange::Episode { id, edit } => edit_row(&mut txn.open_table(EPISODE_FACTS)?, id.as_str(), change, edit),
        CatalogChange::Membership { person, show, edit } => {
            edit_row(&mut txn.open_table(MEMBERSHIPS)?, (person.0, show.as_str()), change, edit)
        }
        CatalogChange::Asset { id, edit } => {
            check_unused(change, kind, edit, id.0, last(txn, LAST_ASSET)?)?;
            raise(txn, LAST_ASSET, id.0)?;
            edit_row(&mut txn.open_table(ASSETS)?, id.0, change, edit)
        }
        CatalogChange::Featured { person, show, edit } => {
            let show = show.as_ref().map_or("", Slug::as_str);
            edit_row(&mut txn.open_table(FEATURED)?, (person.0, show), change, edit)
        }
        CatalogChange::Reference { id, edit } => {
            check_unused(change, kind, edit, id.number(), last(txn, LAST_REFERENCE)?)?;
            raise(txn, LAST_REFERENCE, id.number())?;
            edit_row(&mut txn.open_table(REFERENCES)?, id.0, change, edit)
        }
    }
}

/// Returns the highest number of a kind ever used.
fn last(txn: &WriteTransaction, name: &str) -> Result<u32, Fault> {
    Ok(txn.open_table(STATE)?.get(name)?.map_or(0, |last| last.value()))
}

/// Remembers that a number was used.
fn raise(txn: &WriteTransaction, name: &str, used: u32) -> Result<(), Fault> {
    if used > last(txn, name)? {
        txn.open_table(STATE)?.insert(name, used)?;
    }
    Ok(())
}

fn edit_row<'k, K: Key + 'static, T: PartialEq + Debug + Serialize + DeserializeOwned>(
    table: &mut Table<K, Bytes>,
    key: impl Borrow<K::SelfType<'k>> + Copy,
    change: &CatalogChange,
    edit: &Edit<T>,
) -> Result<(), Fault> {
    let found: Option<T> = table.get(key)?.map(|row| from_json(row.value())).transpose()?;
    check_edit(|| change.key(), edit, found.as_ref())?;
    match &edit.to {
        Some(to) => table.insert(key, to_json(to)?.as_slice())?,
        None => table.remove(key)?,
    };
    Ok(())
}

/// Reads everything that the log decides.
pub(super) fn directory(txn: &ReadTransaction) -> Result<Directory, Fault> {
    let state = txn.open_table(STATE)?;
    let last = |name: &str| Ok::<u32, Fault>(state.get(name)?.map_or(0, |last| last.value()));
    Ok(Directory {
        people: read(txn, PEOPLE, |id| Some(PersonId(id)))?,
        shows: read(txn, SHOWS, |slug: &str| slug.parse().ok())?,
        seasons: read(txn, SEASONS, |(show, number): (&str, u32)| Some((show.parse().ok()?, number)))?,
        episodes: read(txn, EPISODE_FACTS, |id: &str| id.parse().ok())?,
        memberships: read(txn, MEMBERSHIPS, |(person, show): (u32, &str)| Some((PersonId(person), show.parse().ok()?)))?,
        assets: read(txn, ASSETS, |id| Some(AssetId(id)))?,
        featured: read(txn, FEATURED, |(person, show): (u32, &str)| {
            let show = if show.is_empty() { None } else { Some(show.parse().ok()?) };
            Some((PersonId(person), show))
        })?,
        references: read(txn, REFERENCES, |id| Some(ReferenceId(id)))?,
        last_person: last(LAST_PERSON)?,
        last_asset: last(LAST_ASSET)?,
        last_reference: last(LAST_REFERENCE)?,
    })
}

fn read<K: Key + 'static, I: Ord, T: DeserializeOwned>(
    txn: &ReadTransaction,
    table: TableDefinition<K, Bytes>,
    key: impl for<'a> Fn(K::SelfType<'a>) -> Option<I>,
) -> Result<BTreeMap<I, T>, Fault> {
    let mut values = BTreeMap::new();
    for entry in txn.open_table(table)?.iter()? {
        let (at, row) = entry?;
        let key = key(at.value()).ok_or_else(|| RowError::Shape("it is kept under a name that is none".into()))?;
        values.insert(key, from_json(row.value())?);
    }
    Ok(values)
}

/// Names the parts in which two directories differ.
pub(super) fn differences(a: &Directory, b: &Directory) -> Vec<&'static str> {
    let parts = [
        ("people", a.people == b.people && a.last_person == b.last_person),
        ("shows", a.shows == b.shows),
        ("seasons", a.seasons == b.seasons),
        ("episodes", a.episodes == b.episodes),
        ("casts", a.memberships == b.memberships),
        ("pictures of people", a.assets == b.assets && a.last_asset == b.last_asset),
        ("featured pictures", a.featured == b.featured),
        ("facebank", a.references == b.references && a.last_reference == b.last_reference),
    ];
    parts.into_iter().filter(|(_, is_same)| !is_same).map(|(name, _)| name).collect()
}
