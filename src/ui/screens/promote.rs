//! Faces of the open episode into the facebank, by one key.

use super::super::model::Desk;
use crate::domain::{CropKey, IdentityId, TrackId};
use crate::session::facebank::{PromoteFrom, Promotion};

/// Returns what is meant in Tracks: the crops of the range where there is one, else the chosen tracks.
pub(super) fn of_tracks(desk: &Desk, tracks: Vec<TrackId>) -> Option<PromoteFrom> {
    let Some((track, frame)) = desk.strips.mark else {
        return Some(PromoteFrom::Tracks(tracks)).filter(|from| !matches!(from, PromoteFrom::Tracks(t) if t.is_empty()));
    };
    let rows = &desk.strips.strip()?.rows;
    let began = rows.iter().position(|row| row.track == track && row.at.frame == frame)?;
    let here = desk.strips.crop.min(rows.len().checked_sub(1)?);
    let range = rows.get(began.min(here)..=began.max(here))?;
    Some(PromoteFrom::Crops(range.iter().map(|row| CropKey { track, frame: row.at.frame }).collect()))
}

/// Returns what is meant in Identities: one identity, or all tracks of several.
pub(super) fn of_identities(desk: &Desk, identities: &[IdentityId]) -> Option<PromoteFrom> {
    match identities {
        [] => None,
        [one] => Some(PromoteFrom::Identity(*one)),
        many => {
            let tracks = many.iter().filter_map(|id| desk.card_of(*id)).flat_map(|card| card.tracks.clone());
            Some(PromoteFrom::Tracks(tracks.collect()))
        }
    }
}

/// Says what was taken and what not, and how to take it back.
pub(crate) fn said(done: &[Promotion]) -> String {
    let told: Vec<String> = done.iter().map(Promotion::text).collect();
    let is_taken = done.iter().any(|p| p.operation.is_some());
    let back = if is_taken { "; u in People takes it back" } else { "" };
    format!("{}{back}", told.join("; "))
}

#[cfg(test)]
mod tests {
    use super::super::super::model::Tab;
    use super::super::super::rehearsal::Rehearsal;

    #[test]
    fn one_key_keeps_the_best_faces_of_an_identity_and_of_a_track() {
        let mut stage = Rehearsal::begin();
        while stage.desk().tab != Tab::Identities {
            stage.press("]");
        }
        stage.press("Home b");
        assert!(stage.said().contains("nobody said yet who"), "{}", stage.said());
        let desk = stage.model.desk.as_mut().unwrap();
        let at =
            (0..desk.grid.order.len()).find(|at| desk.card_at(*at).is_some_and(|card| card.identity.name.is_some())).unwrap();
        desk.grid.cursor.at = at;
        desk.grid.under = desk.card_at(at).map(|card| card.identity.id);
        let name = desk.card_at(at).unwrap().identity.name.clone().unwrap();
        stage.press("b");
        assert!(stage.said().contains(&format!("of {name} taken into the facebank")), "{}", stage.said());
        assert!(stage.said().ends_with("u in People takes it back"), "{}", stage.said());
        // A track of theirs, and a range of its crops.
        stage.press("Enter b");
        assert!(stage.said().contains(&format!("of {name} taken")), "{}", stage.said());
        stage.press("v l b");
        assert!(stage.said().contains(&format!("of {name} taken")), "{}", stage.said());
    }
}
