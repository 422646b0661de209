//! Reads people and shows from files into the catalog: all of them as one operation, or nothing.

mod rows;
#[cfg(test)]
mod tests;
mod whom;

use super::decide::view;
use super::plan::View;
use super::seen::seen;
use crate::domain::{CatalogDraft, CatalogOperation, PictureId, Slug};
use crate::export::catalog::{
    AssetRow, CatalogRow, CatalogRowError, Field, Placed, ShowRow, catalog_rows, read_catalog_csv, read_catalog_json,
    write_catalog_csv, write_catalog_json,
};
use crate::session::{SessionError, Workspace, author, read_text, write_whole};
use crate::store::picture_id;
use rows::Import;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How a catalog is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogFormat {
    /// One file, `catalog.json`.
    Json,
    /// One file a table.
    Csv,
}

/// Writes what the catalog says of people, shows and episodes, and the pictures of people, into `folder`, which is made where it is missing;
/// returns the files. Faces of the facebank stay in the library: they go along in its `catalog.redb`.
///
/// # Errors
/// Fails where the catalog cannot be read or the folder not be written to.
pub fn export_catalog(workspace: &Workspace, folder: &Path, format: CatalogFormat) -> Result<Vec<PathBuf>, SessionError> {
    let catalog = workspace.open_library()?.catalog();
    let view = view(&catalog)?;
    let (directory, rows) = (&view.directory, written(&view));
    let mut files = match format {
        CatalogFormat::Json => vec![("catalog.json".to_owned(), write_catalog_json(&rows))],
        CatalogFormat::Csv => write_catalog_csv(&rows),
    };
    for asset in directory.assets.values() {
        if let Some(jpeg) = catalog.picture(&PictureId(asset.sha256.clone()))? {
            files.push((file_of(&asset.sha256), jpeg));
        }
    }
    let mut written = Vec::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|source| SessionError::Write { path: parent.to_owned(), source })?;
        write_whole(&path, &bytes)?;
        written.push(path);
    }
    Ok(written)
}

/// Returns everything that the catalog knows, as rows: also episodes of which nobody said anything, and shows that only they name.
fn written(view: &View) -> Vec<CatalogRow> {
    let mut all = view.directory.clone();
    all.episodes.extend(view.episodes.clone());
    let named: BTreeSet<Slug> = all.episodes.values().filter_map(|e| e.show.clone()).collect();
    let mut rows = catalog_rows(&all);
    let at = rows.iter().position(|row| !matches!(row, CatalogRow::Person(_) | CatalogRow::Show(_))).unwrap_or(rows.len());
    let unsaid = named.into_iter().filter(|slug| !all.shows.contains_key(slug));
    let plain = |slug| CatalogRow::Show(ShowRow { slug, title: Field::Said(None), notes: Field::Said(None), added_at: None });
    rows.splice(at..at, unsaid.map(plain));
    rows
}

/// What an import changes, or would change.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogImport {
    /// One line a change: what it is about, and whether it is new.
    pub lines: Vec<String>,
    /// Rows that say what is there already.
    pub same: usize,
    /// The entry of the log; absent where nothing changes, and of a dry run.
    pub done: Option<CatalogOperation>,
}

/// Reads `path`, a JSON file, a CSV file or a folder of them, and brings the catalog up to it: what is new is added, what differs is
/// changed, what the files do not name stays. People are found by number and name together, else by name; who is new keeps their number where
/// it is free.
///
/// # Errors
/// Fails, and changes nothing, with every line that cannot be read or does not fit, and why.
pub fn import_catalog(workspace: &Workspace, path: &Path, is_dry: bool) -> Result<CatalogImport, SessionError> {
    let refuse = |errors: Vec<CatalogRowError>| SessionError::CatalogFile { path: path.to_owned(), errors };
    let rows = read(path, &refuse)?;
    let catalog = workspace.open_library()?.catalog();
    let mut view = view(&catalog)?;
    view.seen = seen(workspace, &rows::deletes(&view, &rows))?;
    let (beside, mut pictures) = (pictures_beside(path), BTreeSet::new());
    for row in &rows {
        if let CatalogRow::Asset(AssetRow { sha256, .. }) = &row.value
            && (beside.contains_key(sha256) || catalog.picture(&PictureId(sha256.clone()))?.is_some())
        {
            pictures.insert(sha256.clone());
        }
    }
    let Import { planned, lines, same } = rows::plan(&view, rows, &pictures).map_err(refuse)?;
    if is_dry || planned.2.is_empty() {
        return Ok(CatalogImport { lines, same, done: None });
    }
    catalog.put_pictures(beside.iter().filter(|(sha256, _)| pictures.contains(*sha256)).map(|(_, jpeg)| jpeg.as_slice()))?;
    let (kind, summary, changes) = planned;
    let done = catalog.append(CatalogDraft { author: author(), kind, summary, changes, at: view.now })?;
    Ok(CatalogImport { lines, same, done: Some(done) })
}

/// Where pictures lie in an exported folder.
const PICTURES: &str = "pictures";

/// Names the file of a picture in an exported folder.
fn file_of(sha256: &str) -> String {
    format!("{PICTURES}/{sha256}.jpg")
}

/// Reads the pictures that lie beside the files, by their digests; what is something else is passed over.
fn pictures_beside(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let folder = if path.is_dir() { Some(path) } else { path.parent() };
    let entries = folder.and_then(|folder| std::fs::read_dir(folder.join(PICTURES)).ok());
    let files = entries.into_iter().flatten().flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "jpg"));
    files.filter_map(|file| std::fs::read(file).ok()).map(|bytes| (picture_id(&bytes).0, bytes)).collect()
}

fn read(path: &Path, refuse: &dyn Fn(Vec<CatalogRowError>) -> SessionError) -> Result<Vec<Placed<CatalogRow>>, SessionError> {
    let file_name = |p: &Path| p.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let is = |p: &Path, ending: &str| p.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending));
    let (mut csv, mut json) = (Vec::new(), None);
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|source| SessionError::Read { path: path.to_owned(), source })?;
        for entry in entries.flatten().map(|e| e.path()) {
            if is(&entry, "csv") {
                csv.push((file_name(&entry), read_text(&entry)?));
            } else if file_name(&entry) == "catalog.json" {
                json = Some(read_text(&entry)?);
            }
        }
        csv.sort();
    } else if is(path, "csv") {
        csv.push((file_name(path), read_text(path)?));
    } else if is(path, "json") {
        json = Some(read_text(path)?);
    } else {
        return Err(SessionError::NoFormat { path: path.to_owned() });
    }
    match json {
        Some(_) if !csv.is_empty() => {
            let what = "it holds catalog.json and CSV files; name the one that is meant".to_owned();
            Err(refuse(vec![CatalogRowError { place: file_name(path), what }]))
        }
        Some(text) => read_catalog_json(&text).map_err(|error| refuse(vec![error])),
        None if csv.is_empty() => Err(SessionError::NoFormat { path: path.to_owned() }),
        None => read_catalog_csv(&csv).map_err(refuse),
    }
}
