//! The people and shows of a library as JSON, and as CSV, one file a table; and both read back.
//!
//! What is written is read back to the same directory. Files that people write may leave out what they do not know: numbers of people
//! (the name finds them), times, columns. What is left out is not said, which is something else than that there is none.

mod csv;
mod json;
mod row;

pub use csv::{read_catalog_csv, write_catalog_csv};
pub use json::{read_catalog_json, write_catalog_json};
pub use row::{
    AssetRow, CatalogRow, CatalogRowError, EpisodeRow, FeaturedRow, Field, MemberRow, PersonRow, Placed, SeasonRow, ShowRow, Who,
    catalog_rows,
};
