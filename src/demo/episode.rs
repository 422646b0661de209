//! The episode: its pictures and its sound.

use super::backdrop::{self, Place};
use super::canvas::{self, Film};
use super::cast::CAST;
use super::face::Mood;
use super::figure::Figure;
use super::motion;
use super::script::{self, FPS, LINES, SHOTS, Shot};
use super::stage::{self, Pose};
use super::vector::Vec3;
use super::voice::{RATE, Speech, speak};
use crate::domain::{BBox, RgbImage, Size};
use std::collections::BTreeMap;

/// A part of the episode that takes time to make and depends on no other.
#[derive(Debug)]
pub struct Part(Made);

#[derive(Debug)]
enum Made {
    Figure(usize, Box<Figure>),
    Backdrop(Place, Backdrop),
}

/// A place as linear light, a little wider than the picture.
#[derive(Debug)]
struct Backdrop {
    size: Size,
    light: Vec<Vec3>,
}

const PLACES: [Place; 5] = [Place::Office, Place::Cafe, Place::Parlour, Place::Garden, Place::House];

/// A short episode of drawn people, the same every time.
///
/// About a second of processor time makes its parts, a picture costs about 30 ms; pictures may be drawn side by side.
#[derive(Debug)]
pub struct Episode {
    size: Size,
    figures: Vec<Figure>,
    backdrops: BTreeMap<Place, Backdrop>,
    speeches: Vec<(usize, Speech)>,
    film: Film,
}

/// Somebody as a picture shows them.
pub(super) struct Seen {
    pub who: usize,
    /// Position of the shot.
    pub shot: usize,
    pub face: BBox,
    /// Weight of the shot in a dissolve, `0..=1`.
    pub weight: f32,
}

impl Episode {
    /// How many parts there are to make.
    pub const PARTS: usize = CAST.len() + PLACES.len();

    /// Makes one part, `n < PARTS`, for pictures of a size.
    #[must_use]
    pub fn part(n: usize, size: Size) -> Part {
        Part(match n.checked_sub(CAST.len()) {
            None => Made::Figure(n, Box::new(Figure::build(&CAST[n].look))),
            Some(place) => {
                let place = PLACES[place.min(PLACES.len() - 1)];
                Made::Backdrop(place, paint(place, size))
            }
        })
    }

    /// Puts the parts together, in whatever order they were made.
    #[must_use]
    pub fn assemble(parts: Vec<Part>, size: Size) -> Self {
        let (mut figures, mut backdrops) = (BTreeMap::new(), BTreeMap::new());
        for part in parts {
            match part.0 {
                Made::Figure(who, figure) => {
                    figures.insert(who, *figure);
                }
                Made::Backdrop(place, backdrop) => {
                    backdrops.insert(place, backdrop);
                }
            }
        }
        Self { size, figures: figures.into_values().collect(), backdrops, speeches: speeches(), film: Film::new() }
    }

    /// Pictures a second.
    #[must_use]
    pub fn fps() -> u32 {
        FPS
    }

    /// Number of pictures.
    #[must_use]
    pub fn length() -> u32 {
        script::length()
    }

    /// Samples of sound a second.
    #[must_use]
    pub fn sample_rate() -> u32 {
        RATE
    }

    /// Draws picture `n`.
    #[must_use]
    pub fn picture(&self, n: u32) -> RgbImage {
        let mut light: Vec<Vec3> = Vec::new();
        for (shot, weight) in script::shown(n) {
            let drawn = self.shot(shot, n);
            if light.is_empty() {
                light = drawn.into_iter().map(|c| c * weight).collect();
            } else {
                light.iter_mut().zip(drawn).for_each(|(sum, c)| *sum = *sum + c * weight);
            }
        }
        self.film.develop(&light, self.size, i32::try_from(n).unwrap_or(0))
    }

    /// Draws a person of the cast alone, before a plain wall, for a portrait.
    #[must_use]
    pub fn portrait(&self, who: usize) -> RgbImage {
        let width = self.size.width as f32;
        let mut light = vec![super::vector::vec3(0.20, 0.23, 0.26); self.size.width as usize * self.size.height as usize];
        let pose = Pose {
            x: 0.5 * width,
            y: 0.42 * self.size.height as f32,
            scale: 0.12 * width,
            yaw: 0.08,
            pitch: 0.0,
            roll: 0.0,
            shoulders: 0.0,
            before: 0.0,
        };
        if let Some(figure) = self.figures.get(who) {
            let lamps = backdrop::light(Place::Office);
            canvas::draw(&stage::sheets(figure, &pose, Mood::default(), &lamps), self.size, &mut light);
        }
        self.film.develop(&light, self.size, 0)
    }

    /// Makes the whole sound, samples of `-1..=1`.
    #[must_use]
    pub fn sound(&self) -> Vec<f32> {
        let samples = u64::from(Self::length()) * u64::from(RATE) / u64::from(FPS);
        let mut sound = vec![0.0; usize::try_from(samples).unwrap_or(0)];
        for (seed, (who, speech)) in (1..).zip(&self.speeches) {
            speak(&CAST[*who].voice, speech, seed, &mut sound);
        }
        // A hum of the room, so that silence is none of the machine's.
        for (n, x) in (0..).zip(sound.iter_mut()) {
            *x = (*x + 0.0012 * (super::noise::hash(n, 7, 7) - 0.5)).clamp(-0.98, 0.98);
        }
        sound
    }

    pub(super) fn size(&self) -> Size {
        self.size
    }

    pub(super) fn speeches(&self) -> &[(usize, Speech)] {
        &self.speeches
    }

    /// Returns everybody whom picture `n` shows, shot by shot.
    pub(super) fn seen(&self, n: u32) -> Vec<Seen> {
        let mut out = Vec::new();
        for (shot, weight) in script::shown(n) {
            for (who, pose, mood) in self.stand(shot, n) {
                out.push(Seen { who, shot, face: stage::face_box(&self.figures[who], &pose, &mood), weight });
            }
        }
        out
    }

    /// Returns how everybody of a shot stands in picture `n`, which may lie beside the shot where it dissolves.
    fn stand(&self, shot: usize, n: u32) -> Vec<(usize, Pose, Mood)> {
        let (through, t) = (through(shot, n), motion::seconds(n));
        let stand = |spot: &script::Spot| {
            let (mood, talk) = motion::mood(spot.who, &self.speeches, t);
            (spot.who, motion::pose(spot, self.size, t, through, talk), mood)
        };
        SHOTS[shot].spots.iter().map(stand).collect()
    }

    fn shot(&self, shot: usize, n: u32) -> Vec<Vec3> {
        let Shot { place, view, .. } = SHOTS[shot];
        let mut light = match self.backdrops.get(&place) {
            // The camera is held by hand, nearly still.
            Some(backdrop) => backdrop.seen(self.size, view.0 + 0.008 * through(shot, n), view.1),
            None => Vec::new(),
        };
        let lamps = backdrop::light(place);
        let mut sheets = Vec::new();
        for (who, pose, mood) in self.stand(shot, n) {
            sheets.extend(stage::sheets(&self.figures[who], &pose, mood, &lamps));
        }
        canvas::draw(&sheets, self.size, &mut light);
        light
    }
}

/// Returns how far a shot has gone at picture `n`, `0..=1`.
fn through(shot: usize, n: u32) -> f32 {
    let start: u32 = SHOTS[..shot].iter().map(|s| s.length).sum();
    ((n as f32 - start as f32) / SHOTS[shot].length as f32).clamp(0.0, 1.0)
}

fn speeches() -> Vec<(usize, Speech)> {
    (1..).zip(&LINES).map(|(seed, l)| (l.who, Speech::new(&CAST[l.who].voice, l.from, l.to, seed))).collect()
}

fn paint(place: Place, size: Size) -> Backdrop {
    let wide = |n: u32| n + n / 8;
    let of = Size { width: wide(size.width), height: wide(size.height) };
    let mut light = Vec::new();
    for y in 0..of.height {
        for x in 0..of.width {
            let (x, y) = (x as f32 + 0.5 - 0.5 * of.width as f32, 0.5 * of.height as f32 - y as f32 - 0.5);
            light.push(backdrop::colour(place, x / size.width as f32, y / size.width as f32));
        }
    }
    Backdrop { size: of, light }
}

impl Backdrop {
    /// Returns the part that a camera sees: shifted by a share of the width, magnified.
    fn seen(&self, size: Size, shift: f32, zoom: f32) -> Vec<Vec3> {
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        let mut out = Vec::with_capacity(size.width as usize * size.height as usize);
        for y in 0..size.height {
            let v = (y as f32 + 0.5 - 0.5 * size.height as f32) / zoom + 0.5 * self.size.height as f32 - 0.5;
            let (j, fv) = whole_and_rest(v, height);
            for x in 0..size.width {
                let u = (x as f32 + 0.5 - 0.5 * size.width as f32) / zoom + shift * size.width as f32;
                let (i, fu) = whole_and_rest(u + 0.5 * self.size.width as f32 - 0.5, width);
                let at = j * width + i;
                let row = |at: usize| self.light[at].mix(self.light[at + 1], fu);
                out.push(row(at).mix(row(at + width), fv));
            }
        }
        out
    }
}

/// Splits a place along a row of `length` into the whole number before it and the rest.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the row before")]
fn whole_and_rest(x: f32, length: usize) -> (usize, f32) {
    let x = x.clamp(0.0, length as f32 - 1.001);
    (x as usize, x.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Size = Size { width: 160, height: 90 };

    fn episode() -> Episode {
        Episode::assemble((0..Episode::PARTS).rev().map(|n| Episode::part(n, SMALL)).collect(), SMALL)
    }

    #[test]
    fn pictures_and_sound_are_the_same_each_time_they_are_made() {
        let (a, b) = (episode(), episode());
        for n in [0, 130, 565, Episode::length() - 1] {
            assert_eq!(a.picture(n), b.picture(n), "picture {n}");
        }
        assert_eq!(a.sound(), b.sound());
        assert_eq!(a.sound().len(), Episode::length() as usize * 1920);
    }

    #[test]
    fn every_face_is_whole_in_its_picture_and_large_enough_to_know() {
        let episode = episode();
        let mut people = std::collections::BTreeSet::new();
        for seen in (0..Episode::length()).flat_map(|n| episode.seen(n)) {
            assert!(seen.face.share_inside(SMALL) > 0.99, "shot {}: {:?}", seen.shot, seen.face);
            // A share of the width: 58 px of 640.
            assert!(seen.face.y2 - seen.face.y1 > 0.09 * 160.0, "shot {}: {:?}", seen.shot, seen.face);
            people.insert(seen.who);
        }
        assert_eq!(people.len(), CAST.len());
    }

    #[test]
    fn a_face_is_drawn_where_the_truth_has_its_box() {
        let episode = episode();
        let n = 300;
        let face = episode.seen(n)[0].face;
        let empty = episode.backdrops[&SHOTS[3].place].seen(SMALL, SHOTS[3].view.0, SHOTS[3].view.1);
        let wall = episode.film.develop(&empty, SMALL, 300);
        let drawn = episode.picture(n);
        let differ = |x: f32, y: f32| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a small picture")]
            let at = 3 * (y as usize * 160 + x as usize);
            (0..3).map(|i| drawn.data[at + i].abs_diff(wall.data[at + i])).max().unwrap() > 20
        };
        assert!(differ(0.5 * (face.x1 + face.x2), 0.5 * (face.y1 + face.y2)));
        assert!(!differ(1.0, 89.0));
    }
}
