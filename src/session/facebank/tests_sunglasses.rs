//! Whether references with drawn sunglasses find people in sunglasses: measured on real photographs.

use super::tests::{Seen, cosine, real, seen};
use crate::algo::sunglasses::{DRAWN, Lens, Sunglasses, draw, fits};
use crate::domain::{BBox, Embedding};
use crate::session::Workspace;
use crate::session::photo;
use crate::session::portraits::PortraitModels;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Probes wear others than references do.
const OTHERS: [Sunglasses; 2] = [
    Sunglasses { lens: Lens::Drop, tint: [70, 50, 35], frame: [150, 130, 70], opacity: 0.88, size: 1.05 },
    Sunglasses { lens: Lens::Round, tint: [40, 45, 60], frame: [60, 40, 40], opacity: 0.92, size: 1.15 },
];
/// References of a person.
const ENROLLED: usize = 3;

/// References of each person, clean and with what is drawn onto them.
struct Bank {
    clean: BTreeMap<String, Vec<Embedding>>,
    drawn: BTreeMap<String, Vec<Embedding>>,
}

/// A face and whose it is.
type Probe = (String, Embedding);

/// How often the nearest person is the right one, and how many are nearer to their own, and to others, than the mark allows.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    right: f32,
    accepted: f32,
    strangers: f32,
    mean_own: f32,
    mean_other: f32,
}

impl Bank {
    /// Cosine to a person's nearest reference.
    fn near(&self, person: &str, probe: &Embedding, with_drawn: bool) -> f32 {
        let drawn = self.drawn.get(person).filter(|_| with_drawn);
        let all = self.clean[person].iter().chain(drawn.into_iter().flatten());
        all.map(|r| cosine(r, probe)).fold(-1.0, f32::max)
    }

    fn judge(&self, probes: &[Probe], with_drawn: bool, mark: f32) -> Told {
        let mut told = Told::default();
        let n = probes.len() as f32;
        for (person, probe) in probes {
            let own = self.near(person, probe, with_drawn);
            let others = self.clean.keys().filter(|p| *p != person);
            let other = others.map(|p| self.near(p, probe, with_drawn)).fold(-1.0, f32::max);
            told.right += f32::from(u8::from(own > other)) / n;
            told.accepted += f32::from(u8::from(own >= mark && own > other)) / n;
            // What it would be taken for were its person not in the bank.
            told.strangers += f32::from(u8::from(other >= mark)) / n;
            told.mean_own += own / n;
            told.mean_other += other / n;
        }
        told
    }
}

fn line(what: &str, probes: &[Probe], bank: &Bank, mark: f32) -> (Told, Told) {
    let (without, with) = (bank.judge(probes, false, mark), bank.judge(probes, true, mark));
    for (name, told) in [("clean references", without), ("with drawn ones", with)] {
        println!(
            "{what:34} {:4} faces  {name:17} nearest right {:5.1} %  accepted rightly {:5.1} %  strangers accepted {:4.1} %  own {:.3} other {:.3}",
            probes.len(),
            told.right * 100.0,
            told.accepted * 100.0,
            told.strangers * 100.0,
            told.mean_own,
            told.mean_other
        );
    }
    (without, with)
}

#[test]
fn drawn_sunglasses_find_their_people_and_strangers_alike() {
    let dir = tempfile::tempdir().unwrap();
    let Some((media, workspace)) = real(dir.path()) else { return };
    let mut models = PortraitModels::open(&workspace, "auto").unwrap();
    let mark = workspace.settings.cosines.same;
    let mut bank = Bank { clean: BTreeMap::new(), drawn: BTreeMap::new() };
    let mut probes: [Vec<Probe>; 3] = Default::default();
    let mut enrolled_files = BTreeSet::new();
    for (person, mut files) in super::portraits_of(&media.join("identities")).unwrap() {
        files.sort();
        let faces: Vec<Seen> = files.iter().filter_map(|file| seen(&workspace, &mut models, file)).collect();
        let (enrolled, rest) = faces.split_at(ENROLLED);
        let names = files[..ENROLLED].iter().filter_map(|f| f.file_name());
        enrolled_files.extend(names.map(|n| n.to_string_lossy().into_owned()));
        let clean = enrolled.iter().map(|f| f.vector.clone()).collect();
        let drawn = enrolled.iter().filter(|f| fits(&f.quality)).map(|f| worn(&mut models, f, &DRAWN)).collect();
        bank.clean.insert(person.clone(), clean);
        bank.drawn.insert(person.clone(), drawn);
        for face in rest {
            probes[0].push((person.clone(), face.vector.clone()));
            for (to, glasses) in probes[1..].iter_mut().zip(&OTHERS) {
                to.push((person.clone(), worn(&mut models, face, glasses)));
            }
        }
    }
    let (clean_without, clean_with) = line("bare faces", &probes[0], &bank, mark);
    let drops = line("drop-shaped brown glasses, drawn", &probes[1], &bank, mark);
    let rounds = line("round blue glasses, drawn", &probes[2], &bank, mark);
    for (kind, of_kind) in of_episode(&media, &workspace, &mut models, &enrolled_files) {
        line(&format!("episode_dev, {kind}"), &of_kind, &bank, mark);
    }
    // They find their people, and let strangers in sunglasses in: sunglasses become what faces have in common.
    for (without, with) in [drops, rounds] {
        assert!(with.accepted > without.accepted + 0.1 && with.right >= without.right, "{without:?} {with:?}");
        assert!(with.strangers > without.strangers + 0.05, "{without:?} {with:?}");
    }
    assert!(clean_with.right >= clean_without.right && clean_with.strangers <= clean_without.strangers + 0.01);
}

fn worn(models: &mut PortraitModels, face: &Seen, glasses: &Sunglasses) -> Embedding {
    models.embed(&[draw(&face.aligned, glasses)]).unwrap().remove(0)
}

/// Faces of every tenth picture of the made episode, by what covers them; those of photographs that are references are left out.
fn of_episode(
    media: &Path,
    workspace: &Workspace,
    models: &mut PortraitModels,
    enrolled: &BTreeSet<String>,
) -> BTreeMap<String, Vec<Probe>> {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("%04d.png");
    let every = "select=not(mod(n\\,10))";
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(media.join("episode_dev.mp4"))
        .args(["-vf", every, "-vsync", "0"])
        .arg(&to)
        .status();
    assert!(done.is_ok_and(|s| s.success()));
    let truth: serde_json::Value = serde_json::from_slice(&std::fs::read(media.join("episode_dev.truth.json")).unwrap()).unwrap();
    let mut found: BTreeMap<String, Vec<Probe>> = BTreeMap::new();
    let params = &workspace.settings.photos;
    for n in 0..150u64 {
        let file = dir.path().join(format!("{:04}.png", n + 1));
        let photo = photo::decode(&photo::read_bytes(&file, params).unwrap(), params).unwrap();
        let faces = models.faces(workspace, &photo).unwrap();
        for track in truth["tracks"].as_array().unwrap() {
            let photo_of = track["photo"].as_str().unwrap();
            if photo_of.rsplit('/').next().is_some_and(|name| enrolled.contains(name)) {
                continue;
            }
            let frames = track["frames"].as_array().unwrap();
            let Some(at) = frames.iter().position(|f| f.as_u64() == Some(n * 10)) else { continue };
            let (alpha, visible) = (track["alpha"][at].as_f64().unwrap(), track["visible"][at].as_f64().unwrap());
            if alpha < 0.9 || visible < 0.9 {
                continue;
            }
            #[expect(clippy::cast_possible_truncation, reason = "pixels")]
            let edge = |i: usize| track["boxes"][at][i].as_f64().unwrap() as f32;
            let due = BBox::new(edge(0), edge(1), edge(2), edge(3));
            let Some(face) = faces.iter().find(|f| f.bbox.iou(&due) > 0.4) else { continue };
            let points = face.landmarks.as_ref().unwrap();
            let aligned = crate::algo::align::canonical_crop(&photo.full, points).unwrap();
            let vector = models.embed(&[aligned]).unwrap().remove(0);
            let person = track["identity"].as_str().unwrap().replace('_', " ");
            found.entry(track["occlusion"][at].as_str().unwrap().to_owned()).or_default().push((person, vector));
        }
    }
    found
}
