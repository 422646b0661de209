//! `people.json`: the people of a show, over all its episodes.

use super::layout::{Layout, identity_thumb_name};
use super::write::Episode;
use crate::domain::IdentityId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// `people.json`: the people of a show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeopleFile {
    pub show_id: String,
    pub people: Vec<PersonRow>,
}

/// One person of a show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonRow {
    pub person_id: String,
    pub name: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    #[serde(default)]
    pub cast_id: Option<String>,
    /// `{ep_id}:{identity_id}`.
    #[serde(default)]
    pub cluster_ids: Vec<String>,
    #[serde(default)]
    pub rep_crop: Option<String>,
    #[serde(default)]
    pub rep_crop_s3_key: Option<String>,
    #[serde(default)]
    pub prototype: Option<Vec<f32>>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
}

/// Makes `people.json`: those whom the episode's identities refer to, and what stood there of other episodes.
///
/// `None` for an episode of no show. A person who stood there keeps aliases and dates; of their clusters only this episode's are
/// replaced.
pub(super) fn people_file(episode: &Episode<'_>, shown: &BTreeSet<IdentityId>) -> Option<PeopleFile> {
    let layout = Layout::new(episode.id);
    let own_prefix = format!("{}:", episode.id);
    let mut rows: BTreeMap<String, PersonRow> = BTreeMap::new();
    for row in episode.known_people.iter().flat_map(|file| &file.people) {
        let mut row = row.clone();
        row.cluster_ids.retain(|id| !id.starts_with(&own_prefix));
        rows.insert(row.person_id.clone(), row);
    }
    for person in episode.people {
        let mut own: Vec<IdentityId> = episode.identities.iter().filter(|i| i.person == Some(person.id)).map(|i| i.id).collect();
        own.sort();
        if own.is_empty() {
            continue;
        }
        let row = rows.entry(person.id.to_string()).or_insert_with(|| PersonRow {
            person_id: person.id.to_string(),
            name: String::new(),
            aliases: Vec::new(),
            cast_id: None,
            cluster_ids: Vec::new(),
            rep_crop: None,
            rep_crop_s3_key: None,
            prototype: None,
            created_at: Some(person.added_at.to_string()),
            updated_at: None,
        });
        row.name.clone_from(&person.name);
        row.cluster_ids.extend(own.iter().map(|id| format!("{own_prefix}{id}")));
        row.cluster_ids.sort();
        let picture = own.iter().find(|id| shown.contains(id));
        row.rep_crop = picture.map(|id| layout.below_thumbs(&identity_thumb_name(*id))).or_else(|| row.rep_crop.take());
        row.updated_at = Some(episode.at.to_string());
    }
    Some(PeopleFile { show_id: layout.show()?, people: rows.into_values().collect() })
}
