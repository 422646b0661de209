//! The people and shows of a library as JSON, and as CSV, one file a table; and both read back.
//!
//! What is written is read back to the same directory. Files that people write may leave out what they do not know: numbers of people
//! (the name finds them), times, columns.

mod csv;
mod json;
mod row;

pub use csv::{read_catalog_csv, write_catalog_csv};
pub use json::{read_catalog_json, write_catalog_json};
pub use row::{CatalogRow, CatalogRowError, PersonRow, Placed, Who};
