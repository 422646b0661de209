//! One CSV file a table, after RFC 4180. Lists stand in one cell, divided by semicolons; a semicolon or backslash in them has a backslash
//! before it.

use super::row::{CatalogRow, CatalogRowError, PersonRow, Placed, Who};
use crate::domain::{Asset, AssetKind, Directory, EpisodeFacts, PersonId, Season, Show};
use csv::StringRecord;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::str::FromStr;

/// The tables, with their columns in the order that they are written in. Columns called `name` beside a `person` are for readers.
const TABLES: [(&str, &[&str]); 7] = [
    ("people", &["id", "name", "aliases", "former", "notes", "merged_into", "removed", "added_at"]),
    ("shows", &["slug", "title", "notes", "added_at"]),
    ("seasons", &["show", "number", "title", "year"]),
    ("episodes", &["id", "title", "air_date", "show", "season", "episode"]),
    ("cast", &["person", "name", "show", "role", "seasons"]),
    ("pictures", &["id", "person", "name", "kind", "sha256", "width", "height", "source", "added_at"]),
    ("featured", &["person", "name", "show", "picture"]),
];

/// Writes a directory as files: their names and bytes.
#[must_use]
pub fn write_catalog_csv(directory: &Directory) -> Vec<(String, Vec<u8>)> {
    let name = |id: &PersonId| directory.people.get(id).map(|p| p.name.clone()).unwrap_or_default();
    TABLES
        .iter()
        .map(|(table, columns)| {
            let rows: Vec<Vec<String>> = match *table {
                "people" => directory
                    .people
                    .values()
                    .map(|p| {
                        vec![
                            p.id.to_string(),
                            p.name.clone(),
                            list(&p.aliases),
                            list(&p.former),
                            text(p.notes.as_ref()),
                            text(p.merged_into.as_ref()),
                            if p.removed { "yes".into() } else { String::new() },
                            p.added_at.to_string(),
                        ]
                    })
                    .collect(),
                "shows" => directory
                    .shows
                    .values()
                    .map(|s| vec![s.slug.to_string(), text(s.title.as_ref()), text(s.notes.as_ref()), s.added_at.to_string()])
                    .collect(),
                "seasons" => directory
                    .seasons
                    .values()
                    .map(|s| vec![s.show.to_string(), s.number.to_string(), text(s.title.as_ref()), text(s.year.as_ref())])
                    .collect(),
                "episodes" => directory
                    .episodes
                    .iter()
                    .map(|(id, e)| {
                        vec![
                            id.to_string(),
                            text(e.title.as_ref()),
                            text(e.air_date.as_ref()),
                            text(e.show.as_ref()),
                            text(e.season.as_ref()),
                            text(e.episode.as_ref()),
                        ]
                    })
                    .collect(),
                "cast" => directory
                    .memberships
                    .values()
                    .map(|m| {
                        vec![m.person.to_string(), name(&m.person), m.show.to_string(), text(m.role.as_ref()), list(&m.seasons)]
                    })
                    .collect(),
                "pictures" => directory
                    .assets
                    .values()
                    .map(|a| {
                        vec![
                            a.id.to_string(),
                            a.person.to_string(),
                            name(&a.person),
                            a.kind.name().to_owned(),
                            a.sha256.clone(),
                            a.width.to_string(),
                            a.height.to_string(),
                            a.source.clone(),
                            a.added_at.to_string(),
                        ]
                    })
                    .collect(),
                _ => directory
                    .featured
                    .iter()
                    .map(|((person, show), f)| vec![person.to_string(), name(person), text(show.as_ref()), f.asset.to_string()])
                    .collect(),
            };
            let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
            // Writing to memory fails for nothing but memory.
            let _ = csv.write_record(*columns);
            for row in rows {
                let _ = csv.write_record(row);
            }
            (format!("{table}.csv"), csv.into_inner().unwrap_or_default())
        })
        .collect()
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn list<T: ToString>(values: &[T]) -> String {
    let escaped = |v: &T| v.to_string().replace('\\', "\\\\").replace(';', "\\;");
    values.iter().map(escaped).collect::<Vec<_>>().join(";")
}

fn parts(cell: &str) -> Vec<String> {
    let (mut parts, mut part, mut is_escaped) = (Vec::new(), String::new(), false);
    for c in cell.chars() {
        match c {
            '\\' if !is_escaped => is_escaped = true,
            ';' if !is_escaped => parts.push(std::mem::take(&mut part)),
            c => {
                part.push(c);
                is_escaped = false;
            }
        }
    }
    parts.push(part);
    parts.retain(|p| !p.trim().is_empty());
    parts
}

/// Reads the files of a catalog: `files` are their names and texts. What is no table of a catalog is refused.
///
/// # Errors
/// Gives everything that is wrong, each with file and line.
pub fn read_catalog_csv(files: &[(String, String)]) -> Result<Vec<Placed<CatalogRow>>, Vec<CatalogRowError>> {
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    for (file, _) in files {
        if !TABLES.iter().any(|(table, _)| format!("{table}.csv") == *file) {
            let known: Vec<String> = TABLES.iter().map(|(table, _)| format!("{table}.csv")).collect();
            errors.push(CatalogRowError { place: file.clone(), what: format!("no table is called so: {}", known.join(", ")) });
        }
    }
    // In the order of the tables: rows refer to those before.
    for (table, columns) in TABLES {
        let Some((file, text)) = files.iter().find(|(name, _)| *name == format!("{table}.csv")) else { continue };
        let text = text.trim_start_matches('\u{feff}').as_bytes();
        let mut csv = csv::ReaderBuilder::new().flexible(false).from_reader(text);
        let mut lines = Lines { text, at: 0, line: 1 };
        let head = match csv.headers() {
            Ok(head) => head.clone(),
            Err(error) => {
                errors.push(CatalogRowError { place: file.clone(), what: error.to_string() });
                continue;
            }
        };
        if let Some(other) = head.iter().find(|c| !columns.contains(c)) {
            let what = format!("there is no column {other:?}: {}", columns.join(", "));
            errors.push(CatalogRowError { place: format!("{file} line 1"), what });
            continue;
        }
        for record in csv.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    let line = error.position().map_or_else(|| file.clone(), |p| format!("{file} line {}", lines.of(p)));
                    errors.push(CatalogRowError { place: line, what: csv_fault(&error) });
                    continue;
                }
            };
            let place = format!("{file} line {}", record.position().map_or(0, |p| lines.of(p)));
            match Cells::new(&head, &record).row(table) {
                Ok(value) => rows.push(Placed { place, value }),
                Err(what) => errors.push(CatalogRowError { place, what }),
            }
        }
    }
    if errors.is_empty() { Ok(rows) } else { Err(errors) }
}

/// Counts the lines of a text as far as it is read; the reader itself counts one too few where lines end in two characters.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// Returns the line of a record, from 1; records are asked for in their order.
    fn of(&mut self, position: &csv::Position) -> usize {
        let start = usize::try_from(position.byte()).unwrap_or(usize::MAX).clamp(self.at, self.text.len());
        let rest = &self.text[start..];
        let blank = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let to = start + blank;
        self.line += self.text[self.at..to].split(|b| *b == b'\n').count() - 1;
        self.at = to;
        self.line
    }
}

fn csv_fault(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!("it has {len} cells, the first line {expected_len}"),
        _ => error.to_string(),
    }
}

/// The cells of one line by their columns; a column that is not there is empty.
struct Cells<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Cells<'a> {
    fn new(head: &'a StringRecord, record: &'a StringRecord) -> Self {
        Self(head.iter().zip(record.iter()).collect())
    }

    fn get(&self, column: &str) -> &'a str {
        self.0.get(column).copied().unwrap_or_default()
    }

    fn text(&self, column: &str) -> Option<String> {
        Some(self.get(column)).filter(|t| !t.is_empty()).map(str::to_owned)
    }

    fn value<T: FromStr>(&self, column: &str, expected: &str) -> Result<Option<T>, String>
    where
        T::Err: std::fmt::Display,
    {
        let cell = self.get(column).trim();
        if cell.is_empty() {
            return Ok(None);
        }
        cell.parse().map(Some).map_err(|error: T::Err| format!("{column} is not {expected}: {error}"))
    }

    fn due<T: FromStr>(&self, column: &str, expected: &str) -> Result<T, String>
    where
        T::Err: std::fmt::Display,
    {
        self.value(column, expected)?.ok_or_else(|| format!("{column} is empty"))
    }

    fn who(&self) -> Result<Who, String> {
        let (number, name) = (self.get("person").trim(), self.get("name").trim());
        match (number.parse::<PersonId>(), name) {
            (Ok(id), _) if number.starts_with("p_") => Ok(Who::Number(id)),
            _ if !number.is_empty() => Ok(Who::Name(number.to_owned())),
            (_, "") => Err("person is empty".into()),
            (_, name) => Ok(Who::Name(name.to_owned())),
        }
    }

    fn row(&self, table: &str) -> Result<CatalogRow, String> {
        const SLUG: &str = "a short name of a show";
        let numbers = |column: &str| {
            let number = |t: String| t.trim().parse::<u32>().map_err(|_| format!("{column}: {t:?} is no number"));
            parts(self.get(column)).into_iter().map(number).collect::<Result<Vec<u32>, String>>()
        };
        let time = |column: &str| self.value::<Timestamp>(column, "a time such as 2015-03-24T20:00:00Z");
        Ok(match table {
            "people" => CatalogRow::Person(PersonRow {
                id: self.value("id", "a number of a person")?,
                name: self.text("name").ok_or("name is empty")?,
                aliases: parts(self.get("aliases")),
                former: parts(self.get("former")),
                notes: self.text("notes"),
                merged_into: self.value("merged_into", "a number of a person")?,
                removed: match self.get("removed").trim() {
                    "" | "no" => false,
                    "yes" => true,
                    other => return Err(format!("removed is {other:?}, not yes or no")),
                },
                added_at: time("added_at")?,
            }),
            "shows" => CatalogRow::Show {
                show: Show {
                    slug: self.due("slug", SLUG)?,
                    title: self.text("title"),
                    notes: self.text("notes"),
                    added_at: Timestamp::UNIX_EPOCH,
                },
                added_at: time("added_at")?,
            },
            "seasons" => CatalogRow::Season(Season {
                show: self.due("show", SLUG)?,
                number: self.due("number", "a number")?,
                title: self.text("title"),
                year: self.value("year", "a year")?,
            }),
            "episodes" => CatalogRow::Episode {
                id: self.due("id", "an id of an episode")?,
                facts: EpisodeFacts {
                    title: self.text("title"),
                    air_date: self.value("air_date", "a date such as 2015-03-24")?,
                    show: self.value("show", SLUG)?,
                    season: self.value("season", "a number")?,
                    episode: self.value("episode", "a number")?,
                },
            },
            "cast" => CatalogRow::Member {
                person: self.who()?,
                show: self.due("show", SLUG)?,
                role: self.text("role"),
                seasons: numbers("seasons")?,
            },
            "pictures" => CatalogRow::Asset {
                person: self.who()?,
                asset: Asset {
                    id: self.due("id", "a number of a picture")?,
                    person: PersonId(0),
                    kind: AssetKind::ALL
                        .into_iter()
                        .find(|k| k.name() == self.get("kind").trim())
                        .ok_or("kind is not portrait, still or promo")?,
                    sha256: self.text("sha256").ok_or("sha256 is empty")?,
                    width: self.due("width", "a number")?,
                    height: self.due("height", "a number")?,
                    source: self.get("source").to_owned(),
                    added_at: Timestamp::UNIX_EPOCH,
                },
                added_at: time("added_at")?,
            },
            _ => CatalogRow::Featured {
                person: self.who()?,
                show: self.value("show", SLUG)?,
                asset: self.due("picture", "a number of a picture")?,
            },
        })
    }
}
