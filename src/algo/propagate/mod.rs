//! Which tracks are likely somebody's, by what is known of them and of everybody else.
//!
//! Somebody is known by their tracks: by the mean of these, and by those few of them that a track is most like, because a person has more
//! than one look. How like that is, on the scale of single faces ([`likeness`](crate::algo::cluster::likeness)), and how much more than the
//! next person, makes a belief. Two faces of one picture are two people: a track that is seen together with them is not theirs, and of two
//! that are seen together at most one is.

mod choice;
mod question;
mod score;
#[cfg(test)]
mod tests;

pub use choice::choose;
pub use question::{Asked, Held, Left, Offer, Offers, Question, Rival, Sample, propose};
pub use score::Params;
