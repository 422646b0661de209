//! The crop under the cursor stands for its person, everywhere where no show says otherwise, by one key.

use super::super::model::{Desk, Model, Status};
use super::super::update::Effect;
use super::super::worker::{Ask, Told};
use crate::domain::CropKey;
use crate::session::{Likeness, Portrait};

/// Asks for it; where nobody said yet who it is, says so.
pub(super) fn crop(model: &mut Model) -> Vec<Effect> {
    let Some((desk, key)) = model.desk.as_ref().and_then(|d| Some((d, d.crop()?.key))) else { return Vec::new() };
    let owner = desk.track().and_then(|t| t.assignment).and_then(|a| desk.card_of(a.identity));
    if let Some(person) = owner.and_then(|card| card.identity.person) {
        return vec![Effect::Ask(Ask::Feature { person, likeness: likeness(desk, key), show: None })];
    }
    let what = "nobody said yet who this is: a picture stands for somebody with a name".to_owned();
    model.status = Status::Failed(Told { what, hint: Some("give the track to somebody first".into()) });
    Vec::new()
}

fn likeness(desk: &Desk, crop: CropKey) -> Likeness {
    Likeness::Crop(Portrait { episode: desk.snapshot.episode.clone(), run: desk.snapshot.run.id, crop })
}

#[cfg(test)]
mod tests {
    use super::super::super::rehearsal::Rehearsal;

    #[test]
    fn a_crop_in_tracks_stands_for_its_person_and_people_takes_it_back() {
        let mut stage = Rehearsal::begin();
        let named = |stage: &Rehearsal| stage.desk().card().is_some_and(|c| c.identity.person.is_some());
        stage.press("Home");
        while !named(&stage) {
            stage.press("l");
        }
        let person = stage.desk().card().unwrap().identity.person.unwrap();
        stage.press("Enter l *");
        assert!(stage.said().ends_with("u in People takes it back"), "{}", stage.said());
        let crop = stage.desk().crop().unwrap().key;
        let featured = |stage: &Rehearsal| {
            let directory = &stage.model.holdings.directory;
            directory.featured.get(&(person, None)).map(|f| directory.assets[&f.asset].source.clone())
        };
        assert_eq!(featured(&stage), Some(format!("synthetic-s01e01 r1 {}:{}", crop.track, crop.frame)));
        stage.press("g p u");
        assert_eq!(featured(&stage), None, "{}", stage.said());
    }
}
