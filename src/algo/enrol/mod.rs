//! Decides which faces may stand for somebody in the facebank.
//!
//! A wrong reference poisons every episode after it, so a face is taken only where it is clear which one is meant and good enough to be
//! compared (`gate`), and asked about where it is nearer to somebody else than to its own person (`doubt`). Of many faces of one
//! person the best and most different ones are taken (`pick`).

mod doubt;
mod gate;
mod params;
mod pick;

pub use doubt::{Compared, Doubt, Known, doubt, doubt_of_several, near_copy, sweep};
pub use gate::{Choice, Poor, TakeLargest, behind, blurred, choose, poor};
pub use params::Params;
pub use pick::pick;

#[cfg(test)]
fn default_params() -> Params {
    #[derive(serde::Deserialize)]
    struct File {
        facebank: Params,
    }
    let mut table: toml::Table = toml::from_str(include_str!("../../../config/recognition.toml")).unwrap();
    table.retain(|k, _| k == "facebank");
    table.try_into::<File>().unwrap().facebank
}
