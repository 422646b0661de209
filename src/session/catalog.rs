//! Decisions about the people and shows of a library. Episodes are not written: what they store of their people is brought up to the
//! catalog when it is read.

mod log;
mod people;

pub use log::{catalog_log, redo_catalog, undo_catalog};
pub use people::{PeopleCommand, decide_people, find_person};
