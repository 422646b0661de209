//! Which picture stands for somebody, and what becomes of pictures, key by key.

use super::*;
use crate::domain::{Directory, EpisodeId};
use crate::session::facebank::PromoteFrom;
use crate::ui::rehearsal::Rehearsal;

fn directory(stage: &Rehearsal) -> Directory {
    stage.model.holdings.directory.clone()
}

fn person(stage: &Rehearsal) -> PersonId {
    stage.model.holdings.people.person().and_then(|p| p.id).unwrap()
}

#[test]
fn a_picture_is_chosen_for_a_person_in_a_show_and_one_undo_takes_it_back() {
    let mut stage = Rehearsal::begin();
    stage.press("g p ] Enter *");
    assert!(stage.said().contains("Tab goes to the pictures"), "{}", stage.said());
    stage.press("Tab *");
    let all = directory(&stage);
    let asset = all.featured[&(person(&stage), Some("synthetic".parse().unwrap()))].asset;
    assert!(all.assets[&asset].source.starts_with("synthetic-s01e01 r1 t"), "{:?}", all.assets);
    assert!(stage.screen().contains("★ ") && stage.screen().contains("none in the facebank"), "{}", stage.screen());
    assert!(stage.screen().contains("1 picture"), "what stands for them is no second picture: {}", stage.screen());
    stage.press("u");
    assert!(directory(&stage).featured.is_empty() && directory(&stage).assets.is_empty(), "{}", stage.said());
    // It comes back; elsewhere it is no more than said to be.
    stage.press("C-r q [ Enter Tab");
    assert!(stage.screen().contains("☆ ") && !stage.screen().contains("★ "), "{}", stage.screen());
    assert!(stage.screen().contains("stands for them in synthetic"), "{}", stage.screen());
    stage.press("*");
    assert!(stage.screen().contains("★ ") && directory(&stage).featured.len() == 2, "{}", stage.screen());
    // The same key takes it from there; the show keeps its own.
    stage.press("*");
    assert_eq!(directory(&stage).featured.len(), 1, "{}", stage.said());
    // Without the picture nothing stands for them anywhere, and one undo brings both back.
    stage.press("x");
    assert!(directory(&stage).featured.is_empty() && directory(&stage).assets.is_empty(), "{}", stage.said());
    stage.press("u");
    assert_eq!((directory(&stage).featured.len(), directory(&stage).assets.len()), (1, 1), "{}", stage.said());
}

#[test]
fn every_track_of_an_episode_offers_its_best_face() {
    let mut stage = Rehearsal::begin();
    stage.press("g p Enter +");
    let faces = stage.model.holdings.people.spread.as_ref().map(|s| s.faces.clone()).unwrap();
    assert!(faces.len() > 1 && faces.is_sorted_by(|a, b| a.quality >= b.quality), "{faces:?}");
    assert!(stage.screen().contains(&format!("{} pictures", faces.len())), "{}", stage.screen());
    stage.press("l *");
    let all = directory(&stage);
    let chosen = all.featured[&(person(&stage), None)].asset;
    let key = faces[1].portrait.crop;
    assert_eq!(all.assets[&chosen].source, format!("synthetic-s01e01 r1 {}:{}", key.track, key.frame));
    // Where the tracks are not shown, the picture is one of its own.
    stage.press("-");
    assert!(stage.screen().contains("2 pictures") && stage.screen().contains("★ "), "{}", stage.screen());
    stage.press("+ ]");
    assert!(stage.model.holdings.people.spread.is_none(), "the next person has other tracks");
}

#[test]
fn a_face_of_the_bank_is_shown_with_its_quality_and_goes_and_comes_back_by_key() {
    let mut stage = Rehearsal::begin();
    let named = stage.snapshot().identities.iter().find(|c| c.identity.person.is_some()).unwrap().identity.clone();
    stage.ask(Ask::Promote(PromoteFrom::Identity(named.id)));
    let episode: EpisodeId = "synthetic-s01e01".parse().unwrap();
    stage.press("g p");
    let at = stage.model.holdings.people.order.iter().position(|i| stage.model.holdings.people.lines[*i].id == named.person);
    stage.press(&"j ".repeat(at.unwrap()));
    stage.press("Enter Tab");
    let count = directory(&stage).references.len();
    let screen = stage.screen();
    assert!(count > 0 && screen.contains(&format!("{count} in the facebank")), "{screen}");
    assert!(screen.contains("bank .") && screen.contains("of the facebank, quality .") && screen.contains("r1 t"), "{screen}");
    stage.press("* x");
    assert_eq!(directory(&stage).references.len(), count - 1, "{}", stage.said());
    assert_eq!(directory(&stage).featured.len(), 1, "what stood for them stays: {}", stage.said());
    stage.press("u");
    assert_eq!(directory(&stage).references.len(), count, "{}", stage.said());
    stage.press("Home Enter");
    assert_eq!(stage.desk().snapshot.episode, episode);
}

#[test]
fn a_picture_out_of_a_file_is_kept_named_for_what_it_is_and_removed_by_key() {
    let mut stage = Rehearsal::begin();
    let file = stage.folder().join("portrait.png");
    image::RgbImage::from_pixel(60, 40, image::Rgb([90, 120, 150])).save(&file).unwrap();
    stage.press("g p Enter Tab a").write(file.to_str().unwrap()).press("Enter");
    let all = directory(&stage);
    let asset = all.assets.values().next().unwrap_or_else(|| panic!("{}", stage.said())).clone();
    assert_eq!((asset.person, asset.width, asset.height), (person(&stage), 60, 40));
    // The picture of the catalog comes before the faces of episodes.
    stage.press("Home *");
    assert!(stage.screen().contains("★ portrait.png"), "{}", stage.screen());
    stage.press("e").write("a still").press("Enter");
    assert_eq!(directory(&stage).assets[&asset.id].kind.name(), "still", "{}", stage.said());
    stage.press("x");
    assert!(directory(&stage).assets.is_empty() && directory(&stage).featured.is_empty(), "{}", stage.said());
    stage.press("a").write("/no/such/picture.jpg").press("Enter");
    assert!(stage.said().starts_with('✕') && stage.said().contains("/no/such/picture.jpg"), "{}", stage.said());
}

#[test]
fn a_page_of_somebody_without_pictures_says_how_they_come_about() {
    let mut stage = Rehearsal::begin();
    stage.press("g p a").write("Zora Neu").press("Enter Enter");
    assert!(stage.screen().contains("in no episode yet") && stage.screen().contains("0 pictures"), "{}", stage.screen());
    assert!(stage.screen().contains("a keeps one out of a file, b in an episode"), "{}", stage.screen());
    stage.press("Tab *");
    assert!(stage.said().contains("there is no picture of them yet: a keeps one"), "{}", stage.said());
    stage.press("x + -");
    assert!(stage.said().contains("there is no picture of them yet") || stage.said().is_empty(), "{}", stage.said());
}
