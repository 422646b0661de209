//! Keys and the mouse on the tab, as values: on a made-up episode whose video is nowhere.

use super::super::super::keymap::Keymap;
use super::super::super::model::{Arrive, Seen, Stroke};
use super::super::super::theme::{Colours, Theme};
use super::super::super::update::{Msg, open, update};
use super::super::super::worker::Answer;
use super::*;
use crate::config::{Layers, Paths};
use crate::domain::{FrameTime, RgbImage};
use crate::session::{Review, SyntheticSize, Workspace, write_synthetic};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// The tab on an open episode, and what answers it.
struct Desktop {
    model: Model,
    review: Review,
    _dir: tempfile::TempDir,
}

impl Desktop {
    fn open(arrive: Arrive) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let layers = Layers::defaults();
        let settings = layers.settings().unwrap();
        let (paths, library) = (Paths::find(), dir.path().to_owned());
        let workspace = Workspace { models: library.join("models"), onnxruntime: None, paths, library, layers, settings };
        write_synthetic(&workspace, SyntheticSize { episodes: 1, tracks: 40, faces: 700 }, &mut |_, _| {}).unwrap();
        let episode = "synthetic-s01e01".parse().unwrap();
        let review = Review::open(&workspace, &episode).unwrap();
        let theme = Theme::load("dark", None, Colours::True).unwrap();
        let mut model = Model::new(Keymap::load(None).unwrap(), theme, Vec::new(), Detail::Fine);
        model.size = (120, 40);
        open(&mut model, Arrive { episode: Some(episode), tab: Some(Tab::Detections), ..arrive });
        let (snapshot, access) = (review.snapshot(), review.access().clone());
        let (thumbs, frames) = (review.thumbs(), review.frames());
        let mut desktop = Self { model, review, _dir: dir };
        desktop.tell(Msg::Answer(Answer::Opened { snapshot, access, thumbs, frames }));
        desktop.rest();
        desktop
    }

    fn tell(&mut self, msg: Msg) -> Vec<Effect> {
        update(&mut self.model, msg)
    }

    fn press(&mut self, keys: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for key in keys.chars() {
            let code = match key {
                '\r' => KeyCode::Enter,
                '\t' => KeyCode::Tab,
                key => KeyCode::Char(key),
            };
            effects = self.tell(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
        effects
    }

    /// What the session thread does when the keys rest.
    fn rest(&mut self) {
        for effect in self.tell(Msg::Settled) {
            match effect {
                Effect::Ask(Ask::ShotFaces(shot)) => {
                    let shot = self.review.shot_faces(shot).unwrap().unwrap();
                    self.tell(Msg::Answer(Answer::ShotFaces(Arc::new(shot))));
                }
                Effect::Ask(Ask::Spread) => {
                    let spread = self.review.spread().unwrap();
                    self.tell(Msg::Answer(Answer::Spread(Arc::new(spread))));
                }
                _ => {}
            }
        }
        self.tell(Msg::Rested);
    }

    fn desk(&self) -> &Desk {
        self.model.desk.as_ref().unwrap()
    }

    fn frame(&self) -> u64 {
        self.desk().film.frame
    }

    fn decoded(&mut self, frame: u64) {
        let at = FrameTime { frame, pts: self.desk().snapshot.time_of(frame) };
        let size = Size { width: 32, height: 18 };
        let view = FrameView { at, image: RgbImage::black(size), full: size };
        self.tell(Msg::Answer(Answer::Frame(Ok(Arc::new(view)))));
        self.tell(Msg::Rested);
    }

    fn shown(&self) -> Option<u64> {
        self.desk().film.shown.as_ref().map(|shown| shown.view.at.frame)
    }

    /// Goes on to a picture with a face, and returns that.
    fn find_face(&mut self) -> Vec<crate::domain::Face> {
        for _ in 0..500 {
            if let Seen::Measured(faces) = self.desk().film.seen()
                && faces.iter().any(|f| matches!(f.fate, Fate::Tracked(_)))
            {
                return faces;
            }
            self.press("l");
            self.rest();
        }
        panic!("no picture with a face in the first 500");
    }
}

#[test]
fn keys_move_by_picture_second_and_shot_and_stop_at_the_ends() {
    let mut at = Desktop::open(Arrive::default());
    let shots = at.desk().snapshot.shots.clone();
    let second = at.desk().snapshot.frame_at(at.desk().origin() + SECOND);
    at.press("h");
    assert_eq!(at.frame(), 0);
    for (keys, due) in [
        ("l.l", 3),
        ("h,", 1),
        (">", second + 1),
        ("<", 1),
        ("n", shots[1].start_frame),
        ("l", shots[1].start_frame + 1),
        ("p", shots[1].start_frame),
        ("p", 0),
        ("G", at.desk().snapshot.frames() - 1),
        ("l>n", at.desk().snapshot.frames() - 1),
        ("gg", 0),
    ] {
        at.press(keys);
        assert_eq!(at.frame(), due, "{keys}");
    }
}

#[test]
fn each_move_asks_for_its_picture_and_only_that_is_shown_when_the_keys_rest() {
    let mut at = Desktop::open(Arrive::default());
    let asked = at.press("l");
    assert!(matches!(asked[..], [Effect::Frame(1, _)]), "{asked:?}");
    at.press("l");
    // The first came too late.
    at.decoded(1);
    assert_eq!(at.shown(), None);
    at.decoded(2);
    assert_eq!(at.shown(), Some(2));
    // On the way to the next the last one stays, and what is there is not asked for again.
    at.press("l");
    at.tell(Msg::Rested);
    assert_eq!(at.shown(), Some(2));
    at.press("h");
    assert!(!at.tell(Msg::Settled).iter().any(|e| matches!(e, Effect::Frame(..))));
    at.model.detail = Detail::Off;
    assert!(at.press("l").is_empty(), "without pictures none is decoded");
}

#[test]
fn without_its_video_the_boxes_stay_and_the_reason_stands_until_one_looks_again() {
    let mut at = Desktop::open(Arrive::default());
    let told = Told { what: "the video is gone".into(), hint: Some("put it back".into()) };
    at.tell(Msg::Answer(Answer::Frame(Err(told))));
    assert!(at.press("l").is_empty(), "nobody asks again at each key");
    assert!(!at.find_face().is_empty());
    let again = at.tell(Msg::Key(KeyEvent::new(KeyCode::F(5), KeyModifiers::NONE)));
    assert!(again.iter().any(|e| matches!(e, Effect::Frame(..))), "{again:?}");
    assert!(at.desk().film.trouble.is_none());
}

#[test]
fn a_link_leads_back_to_the_very_picture() {
    let mut at = Desktop::open(Arrive::default());
    for keys in ["lll", ">>>", "nnl", "G"] {
        at.press(keys);
        at.rest();
        let link = at.model.link().unwrap();
        let place = link.split("--at ").nth(1).unwrap();
        let parts: Vec<f64> = place.split(':').map(|p| p.parse().unwrap()).collect();
        let time = MediaTime::from_secs(parts[0] * 3600.0 + parts[1] * 60.0 + parts[2]);
        let back = Desktop::open(Arrive { at: Some(time), ..Arrive::default() });
        assert_eq!(back.frame(), at.frame(), "{link}");
    }
}

#[test]
fn sliders_count_mark_and_copy_and_go_no_lower_than_the_run() {
    let mut at = Desktop::open(Arrive::default());
    let faces = at.find_face();
    let own = at.desk().film.own;
    at.press("-");
    assert_eq!(at.desk().film.limits, own);
    assert!(matches!(at.press("c")[..], []), "nothing to copy yet");
    at.press("t");
    at.press(&"+".repeat(200));
    let film = &at.desk().film;
    assert_eq!(film.limits.min_px, crate::session::Limits::MOST_PX);
    assert!(faces.iter().filter(|f| matches!(f.fate, Fate::Tracked(_))).all(|f| film.drops(f)));
    let spread = film.spread.as_ref().unwrap();
    assert_eq!(spread.lost(film.limits), spread.all());
    at.decoded(at.frame());
    let boxes = &at.desk().film.shown.as_ref().unwrap().boxes;
    assert!(boxes.iter().all(|b| b.stroke == Stroke::Dashed));
    assert_eq!(at.press("c"), [Effect::Copy("--set detect.min_face_px=400".into())]);
    at.press("0");
    assert_eq!(at.desk().film.limits, own);
}

#[test]
fn a_face_leads_to_its_track_and_a_crop_back_to_its_picture() {
    let mut at = Desktop::open(Arrive::default());
    let faces = at.find_face();
    let frame = at.frame();
    let tracked = faces.iter().position(|f| matches!(f.fate, Fate::Tracked(_))).unwrap();
    at.press(&"\t".repeat(tracked));
    at.press("\r");
    assert_eq!(at.desk().tab, Tab::Tracks);
    let Fate::Tracked(track) = faces[tracked].fate else { unreachable!() };
    assert_eq!(at.desk().track().unwrap().track.id, track);
    let page = at.review.crops(track, None, 1, 9).unwrap();
    let crop = page.rows[0].clone();
    at.tell(Msg::Answer(Answer::Crops { track, every: at.desk().strips.every, first: true, page }));
    at.press("P");
    at.rest();
    assert_eq!((at.desk().tab, at.frame()), (Tab::Detections, crop.at.frame));
    let seen = at.desk().film.seen();
    assert_eq!(seen.faces()[at.desk().film.selected(seen.faces())].fate, Fate::Tracked(track));
    assert!(frame >= crop.at.frame);
}

#[test]
fn the_selection_stays_on_its_track_from_picture_to_picture() {
    let mut at = Desktop::open(Arrive::default());
    let faces = at.find_face();
    let Some((n, Fate::Tracked(track))) = faces.iter().map(|f| f.fate).enumerate().find(|(_, f)| matches!(f, Fate::Tracked(_)))
    else {
        unreachable!()
    };
    at.press(&"\t".repeat(n + faces.len()));
    for _ in 0..6 {
        at.press("l");
        at.rest();
        let seen = at.desk().film.seen();
        let is_there = seen.faces().iter().any(|f| f.fate == Fate::Tracked(track));
        let selected = seen.faces().get(at.desk().film.selected(seen.faces())).map(|f| f.fate);
        assert!(!is_there || selected == Some(Fate::Tracked(track)));
    }
}

#[test]
fn the_mouse_selects_a_face_drags_the_time_and_sets_a_slider() {
    let mut at = Desktop::open(Arrive::default());
    let faces = at.find_face();
    let place = place_of(&at.model, at.desk());
    let mouse = |kind, column, row| Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    let last = u16::try_from(faces.len() - 1).unwrap();
    let lines = if 2 * faces.len() < usize::from(place.list.height) { 2 } else { 1 };
    at.tell(mouse(MouseEventKind::Down(MouseButton::Left), place.list.x + 4, place.list.y + 1 + lines * last));
    assert_eq!(at.desk().film.selected(&faces), faces.len() - 1);
    let down = MouseEventKind::Down(MouseButton::Left);
    at.tell(mouse(down, place.sliders.x + 18 + 13, place.sliders.y + 1));
    assert_eq!(at.desk().film.limits.min_px, crate::session::Limits::MOST_PX);
    at.tell(mouse(down, 11, place.timeline.y));
    let begin = at.frame();
    let drag = MouseEventKind::Drag(MouseButton::Left);
    at.tell(mouse(drag, place.timeline.right() - 12, place.timeline.y + 1));
    let frames = at.desk().snapshot.frames();
    assert!(begin < frames / 50 && at.frame() > frames * 49 / 50, "{begin} {} of {frames}", at.frame());
    at.press("]");
    at.tell(mouse(drag, 11, at.model.size.1 - 4));
    assert_eq!(at.desk().strips.cursor.at, 0);
}
