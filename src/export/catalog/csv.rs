//! One CSV file a table, after RFC 4180. Lists stand in one cell, divided by semicolons; a semicolon or backslash in them has a backslash
//! before it.

use super::row::{
    AssetRow, CatalogRow, CatalogRowError, EpisodeRow, FeaturedRow, Field, MemberRow, PersonRow, Placed, SeasonRow, ShowRow, Who,
};
use crate::domain::{AssetKind, PersonId};
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

/// Writes rows as files: their names and bytes.
#[must_use]
pub fn write_catalog_csv(rows: &[CatalogRow]) -> Vec<(String, Vec<u8>)> {
    let people = rows.iter().filter_map(|row| match row {
        CatalogRow::Person(row) => Some((row.id?, row.name.as_str())),
        _ => None,
    });
    let names: BTreeMap<PersonId, &str> = people.collect();
    let mut written: Vec<Vec<Vec<String>>> = vec![Vec::new(); TABLES.len()];
    for row in rows {
        let (table, cells) = cells(row, &names);
        written[table].push(cells);
    }
    let files = TABLES.iter().zip(written).map(|((table, columns), rows)| {
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        // Writing to memory fails for nothing but memory.
        let _ = csv.write_record(*columns);
        for row in rows {
            let _ = csv.write_record(row);
        }
        (format!("{table}.csv"), csv.into_inner().unwrap_or_default())
    });
    files.collect()
}

/// Returns the place of a row's table among all, and its cells in the order of the columns.
fn cells(row: &CatalogRow, names: &BTreeMap<PersonId, &str>) -> (usize, Vec<String>) {
    let who = |who: &Who| match who {
        Who::Number(id) => [id.to_string(), names.get(id).map(|n| (*n).to_owned()).unwrap_or_default()],
        Who::Name(name) => [String::new(), name.clone()],
        Who::Called(id, name) => [id.to_string(), name.clone()],
    };
    match row {
        CatalogRow::Person(p) => {
            let cells = vec![
                text(p.id.as_ref()),
                p.name.clone(),
                listed(&p.aliases),
                listed(&p.former),
                said(&p.notes),
                said(&p.merged_into),
                if p.removed == Field::Said(true) { "yes".into() } else { String::new() },
                text(p.added_at.as_ref()),
            ];
            (0, cells)
        }
        CatalogRow::Show(s) => (1, vec![s.slug.to_string(), said(&s.title), said(&s.notes), text(s.added_at.as_ref())]),
        CatalogRow::Season(s) => (2, vec![s.show.to_string(), s.number.to_string(), said(&s.title), said(&s.year)]),
        CatalogRow::Episode(e) => {
            (3, vec![e.id.to_string(), said(&e.title), said(&e.air_date), said(&e.show), said(&e.season), said(&e.episode)])
        }
        CatalogRow::Member(m) => {
            let [person, name] = who(&m.person);
            (4, vec![person, name, m.show.to_string(), said(&m.role), listed(&m.seasons)])
        }
        CatalogRow::Asset(a) => {
            let [person, name] = who(&a.person);
            let cells = vec![
                a.id.to_string(),
                person,
                name,
                a.kind.name().to_owned(),
                a.sha256.clone(),
                a.width.to_string(),
                a.height.to_string(),
                a.source.clone().or(String::new()),
                text(a.added_at.as_ref()),
            ];
            (5, cells)
        }
        CatalogRow::Featured(f) => {
            let [person, name] = who(&f.person);
            (6, vec![person, name, text(f.show.as_ref()), f.picture.to_string()])
        }
    }
}

fn said<T: ToString>(field: &Field<Option<T>>) -> String {
    match field {
        Field::Said(value) => text(value.as_ref()),
        Field::Unsaid => String::new(),
    }
}

fn listed<T: ToString>(field: &Field<Vec<T>>) -> String {
    match field {
        Field::Said(values) => list(values),
        Field::Unsaid => String::new(),
    }
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

/// The cells of one line by their columns; of a column that is not there nothing is said.
struct Cells<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Cells<'a> {
    fn new(head: &'a StringRecord, record: &'a StringRecord) -> Self {
        Self(head.iter().zip(record.iter()).collect())
    }

    fn get(&self, column: &str) -> &'a str {
        self.0.get(column).copied().unwrap_or_default()
    }

    /// Returns what the line says of a column, where there is one.
    fn field<T>(&self, column: &str, value: T) -> Field<T> {
        if self.0.contains_key(column) { Field::Said(value) } else { Field::Unsaid }
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
        match number.parse::<PersonId>() {
            Ok(id) if number.starts_with("p_") && name.is_empty() => Ok(Who::Number(id)),
            Ok(id) if number.starts_with("p_") => Ok(Who::Called(id, name.to_owned())),
            _ if !number.is_empty() => Ok(Who::Name(number.to_owned())),
            _ if name.is_empty() => Err("person is empty".into()),
            _ => Ok(Who::Name(name.to_owned())),
        }
    }

    fn row(&self, table: &str) -> Result<CatalogRow, String> {
        const SLUG: &str = "a short name of a show";
        let numbers = |column: &str| {
            let number = |t: String| t.trim().parse::<u32>().map_err(|_| format!("{column}: {t:?} is no number"));
            parts(self.get(column)).into_iter().map(number).collect::<Result<Vec<u32>, String>>()
        };
        let time = |column: &str| self.value::<Timestamp>(column, "a time such as 2015-03-24T20:00:00Z");
        let text = |column: &str| self.field(column, self.text(column));
        Ok(match table {
            "people" => CatalogRow::Person(PersonRow {
                id: self.value("id", "a number of a person")?,
                name: self.text("name").ok_or("name is empty")?,
                aliases: self.field("aliases", parts(self.get("aliases"))),
                former: self.field("former", parts(self.get("former"))),
                notes: text("notes"),
                merged_into: self.field("merged_into", self.value("merged_into", "a number of a person")?),
                removed: match self.get("removed").trim() {
                    "" | "no" => self.field("removed", false),
                    "yes" => Field::Said(true),
                    other => return Err(format!("removed is {other:?}, not yes or no")),
                },
                added_at: time("added_at")?,
            }),
            "shows" => CatalogRow::Show(ShowRow {
                slug: self.due("slug", SLUG)?,
                title: text("title"),
                notes: text("notes"),
                added_at: time("added_at")?,
            }),
            "seasons" => CatalogRow::Season(SeasonRow {
                show: self.due("show", SLUG)?,
                number: self.due("number", "a number")?,
                title: text("title"),
                year: self.field("year", self.value("year", "a year")?),
            }),
            "episodes" => CatalogRow::Episode(EpisodeRow {
                id: self.due("id", "an id of an episode")?,
                title: text("title"),
                air_date: self.field("air_date", self.value("air_date", "a date such as 2015-03-24")?),
                show: self.field("show", self.value("show", SLUG)?),
                season: self.field("season", self.value("season", "a number")?),
                episode: self.field("episode", self.value("episode", "a number")?),
            }),
            "cast" => CatalogRow::Member(MemberRow {
                person: self.who()?,
                show: self.due("show", SLUG)?,
                role: text("role"),
                seasons: self.field("seasons", numbers("seasons")?),
            }),
            "pictures" => CatalogRow::Asset(AssetRow {
                person: self.who()?,
                id: self.due("id", "a number of a picture")?,
                kind: AssetKind::ALL
                    .into_iter()
                    .find(|k| k.name() == self.get("kind").trim())
                    .ok_or("kind is not portrait, still or promo")?,
                sha256: self.text("sha256").ok_or("sha256 is empty")?,
                width: self.due("width", "a number")?,
                height: self.due("height", "a number")?,
                source: self.field("source", self.get("source").to_owned()),
                added_at: time("added_at")?,
            }),
            _ => CatalogRow::Featured(FeaturedRow {
                person: self.who()?,
                show: self.value("show", SLUG)?,
                picture: self.due("picture", "a number of a picture")?,
            }),
        })
    }
}
