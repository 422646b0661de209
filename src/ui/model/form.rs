//! The form of a new episode: what to measure, and how.

use super::super::worker::Told;
use crate::domain::{EpisodeId, EpisodeNumber, episode_id_from_file_name, slug};
use crate::session::{FolderEntry, Order, OrderDefaults, Work};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tui_input::Input;

/// A line of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Slot {
    Video,
    Show,
    Season,
    Episode,
    Title,
    AirDate,
    Set,
    Detector,
    Embedder,
    Tracker,
    Stride,
    Fps,
    Device,
    Cuts,
    CutThreshold,
    ShortestShot,
    Files,
    Begin,
}

impl Slot {
    pub(crate) const ALL: [Self; 18] = [
        Self::Video,
        Self::Show,
        Self::Season,
        Self::Episode,
        Self::Title,
        Self::AirDate,
        Self::Set,
        Self::Detector,
        Self::Embedder,
        Self::Tracker,
        Self::Stride,
        Self::Fps,
        Self::Device,
        Self::Cuts,
        Self::CutThreshold,
        Self::ShortestShot,
        Self::Files,
        Self::Begin,
    ];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Show => "show",
            Self::Season => "season",
            Self::Episode => "episode",
            Self::Title => "title",
            Self::AirDate => "air date",
            Self::Set => "model set",
            Self::Detector => "detector",
            Self::Embedder => "embedder",
            Self::Tracker => "tracker",
            Self::Stride => "stride",
            Self::Fps => "fps",
            Self::Device => "device",
            Self::Cuts => "scene cuts",
            Self::CutThreshold => "cut threshold",
            Self::ShortestShot => "shortest shot",
            Self::Files => "export",
            Self::Begin => "",
        }
    }

    /// What it is, for who asks.
    pub(crate) fn help(self) -> &'static str {
        match self {
            Self::Video => "type or pick; Tab completes, Enter takes",
            Self::Show => "short name, such as rhobh",
            Self::Season | Self::Episode => "a number; empty for what is no episode of a series",
            Self::Title => "as it is called; may be empty",
            Self::AirDate => "such as 2015-04-07; may be empty",
            Self::Set => "whose models; auto: the best that is installed",
            Self::Detector => "what finds faces",
            Self::Embedder => "what compares faces",
            Self::Tracker => "bytetrack: by place; strongsort: by looks as well, slower",
            Self::Stride => "look at every n-th picture; 0: about 8 a second",
            Self::Fps => "look at about so many pictures a second; 0: by the stride",
            Self::Device => "auto: the best that works",
            Self::Cuts => "content: shots end at cuts; off: the whole is one shot",
            Self::CutThreshold => "0 to 1; higher: fewer cuts",
            Self::ShortestShot => "seconds",
            Self::Files => "crops, vectors and tables for other tools, below the library's blobs/",
            Self::Begin => "",
        }
    }

    /// Tells whether the value is one of some, not typed.
    pub(crate) fn is_choice(self) -> bool {
        matches!(self, Self::Set | Self::Detector | Self::Embedder | Self::Tracker | Self::Device | Self::Cuts | Self::Files)
    }
}

/// The form while it is filled in.
#[derive(Debug)]
pub(crate) struct Form {
    pub at: Slot,
    pub values: BTreeMap<Slot, Input>,
    /// What the user set; a guess from the file name never overwrites it.
    own: Vec<Slot>,
    pub defaults: Box<OrderDefaults>,
    /// The folder that is listed, and what it holds.
    pub folder: Option<(PathBuf, Result<Vec<FolderEntry>, Told>)>,
    /// The path is to be completed when the folder is there.
    pub completes: bool,
    /// Position among the entries shown.
    pub entry: usize,
    /// What the video is, once it was looked at.
    pub video: Option<(PathBuf, Result<String, Told>)>,
    /// The line that is wrong, and why.
    pub fault: Option<(Slot, String)>,
    /// Another video may take the place of the one that the episode was measured from.
    pub may_replace: bool,
}

impl Form {
    pub(crate) fn new(defaults: OrderDefaults, start: &Path) -> Self {
        let text = |t: &str| Input::new(t.to_owned());
        let values = [
            (Slot::Video, folder_text(start)),
            (Slot::Set, "auto".to_owned()),
            (Slot::Detector, defaults.detector.clone()),
            (Slot::Embedder, defaults.embedder.clone()),
            (Slot::Tracker, defaults.tracker.clone()),
            (Slot::Stride, defaults.stride.to_string()),
            (Slot::Fps, defaults.fps.to_string()),
            (Slot::Device, "auto".to_owned()),
            (Slot::Cuts, defaults.cuts.clone()),
            (Slot::CutThreshold, defaults.cut_threshold.to_string()),
            (Slot::ShortestShot, defaults.shortest_shot.to_string()),
            (Slot::Files, "none".to_owned()),
        ];
        let values = values.into_iter().map(|(slot, v)| (slot, text(&v))).collect();
        Self {
            at: Slot::Video,
            values,
            own: Vec::new(),
            defaults: Box::new(defaults),
            folder: None,
            completes: false,
            entry: 0,
            video: None,
            fault: None,
            may_replace: false,
        }
    }

    pub(crate) fn text(&self, slot: Slot) -> &str {
        self.values.get(&slot).map_or("", Input::value).trim()
    }

    pub(crate) fn set(&mut self, slot: Slot, text: &str) {
        self.values.insert(slot, Input::new(text.to_owned()));
    }

    /// Notes that the user changed a line.
    pub(crate) fn touched(&mut self, slot: Slot) {
        self.own.push(slot);
        self.fault = None;
    }

    pub(crate) fn step(&mut self, by: isize) {
        let at = Slot::ALL.iter().position(|s| *s == self.at).unwrap_or(0);
        self.at = Slot::ALL[at.saturating_add_signed(by).min(Slot::ALL.len() - 1)];
    }

    /// Returns what a line can be, each with a note.
    pub(crate) fn choices(&self, slot: Slot) -> Vec<(String, String)> {
        let plain = |all: &[&str]| all.iter().map(|t| ((*t).to_owned(), String::new())).collect();
        match slot {
            Slot::Set => {
                let mut all = vec![("auto".to_owned(), "the best that is installed".to_owned())];
                all.extend(self.defaults.sets.iter().map(|set| {
                    let is_there = set.detector.is_some() && set.embedder.is_some();
                    let note = if is_there {
                        set.terms.clone()
                    } else {
                        format!("not installed: screenalytics models pull --set {}", set.name)
                    };
                    (set.name.clone(), note)
                }));
                all
            }
            Slot::Detector => self.defaults.detectors.clone(),
            Slot::Embedder => self.defaults.embedders.clone(),
            Slot::Tracker => plain(&["bytetrack", "strongsort"]),
            Slot::Device => plain(&["auto", "cuda", "tensorrt", "coreml", "cpu"]),
            Slot::Cuts => plain(&["content", "off"]),
            Slot::Files => plain(&["none", "crops and tables"]),
            _ => Vec::new(),
        }
    }

    /// Takes the next or the previous of what a line can be.
    pub(crate) fn turn(&mut self, by: isize) {
        let choices = self.choices(self.at);
        let count = choices.len();
        if count == 0 {
            return;
        }
        let now = choices.iter().position(|(c, _)| c == self.text(self.at)).unwrap_or(0);
        let next = (now + count).saturating_add_signed(by) % count;
        let value = choices[next].0.clone();
        let slot = self.at;
        self.set(slot, &value);
        self.touched(slot);
        if slot == Slot::Set {
            let set = self.defaults.sets.iter().find(|s| s.name == value);
            let (detector, embedder) = match set {
                Some(set) => (set.detector.clone(), set.embedder.clone()),
                None => (Some(self.defaults.detector.clone()), Some(self.defaults.embedder.clone())),
            };
            self.set(Slot::Detector, &detector.unwrap_or_default());
            self.set(Slot::Embedder, &embedder.unwrap_or_default());
        } else if matches!(slot, Slot::Detector | Slot::Embedder) {
            self.set(Slot::Set, "own");
        }
    }

    /// Returns the folder that the typed path is in, and what is typed after it.
    pub(crate) fn typed_path(&self) -> (PathBuf, String) {
        let text = self.values.get(&Slot::Video).map_or("", Input::value);
        let (folder, rest) = text.rsplit_once('/').map_or(("", text), |(f, r)| (if f.is_empty() { "/" } else { f }, r));
        (self.defaults.expand(folder), rest.to_owned())
    }

    /// Returns the path that is typed.
    pub(crate) fn video_path(&self) -> PathBuf {
        self.defaults.expand(self.text(Slot::Video))
    }

    /// Returns the entries of the listed folder that begin with what is typed, hidden ones only where a dot is.
    pub(crate) fn entries(&self) -> Vec<&FolderEntry> {
        let (folder, typed) = self.typed_path();
        let Some((_, Ok(all))) = self.folder.as_ref().filter(|(of, _)| *of == folder) else { return Vec::new() };
        let typed = typed.to_lowercase();
        let fits =
            |e: &&FolderEntry| e.name.to_lowercase().starts_with(&typed) && (typed.starts_with('.') || !e.name.starts_with('.'));
        all.iter().filter(fits).collect()
    }

    /// Tells whether what is typed is a file of the listed folder.
    pub(crate) fn names_a_file(&self) -> bool {
        let (_, typed) = self.typed_path();
        self.entries().iter().any(|e| e.name == typed && !e.is_folder)
    }

    /// Puts an entry in place of what is typed of its name; tells whether it is a file.
    pub(crate) fn take_entry(&mut self, entry: &FolderEntry) -> bool {
        let text = self.values.get(&Slot::Video).map_or("", Input::value);
        let folder = text.rsplit_once('/').map_or(String::new(), |(f, _)| format!("{f}/"));
        let end = if entry.is_folder { "/" } else { "" };
        let path = format!("{folder}{}{end}", entry.name);
        self.set(Slot::Video, &path);
        self.touched(Slot::Video);
        self.entry = 0;
        !entry.is_folder
    }

    /// Completes what is typed as far as the entries agree.
    pub(crate) fn complete(&mut self) {
        let (folder, _) = self.typed_path();
        self.completes = self.folder.as_ref().is_none_or(|(of, _)| *of != folder);
        let entries = self.entries();
        if let [one] = entries.as_slice() {
            let one = (*one).clone();
            self.take_entry(&one);
            return;
        }
        let Some(first) = entries.first().map(|e| e.name.clone()) else { return };
        let common = entries.iter().fold(first.chars().count(), |n, e| {
            first.chars().zip(e.name.chars()).take(n).take_while(|(a, b)| a.to_lowercase().eq(b.to_lowercase())).count()
        });
        let (_, typed) = self.typed_path();
        if common > typed.chars().count() {
            let text = self.values.get(&Slot::Video).map_or("", Input::value);
            let folder = text.rsplit_once('/').map_or(String::new(), |(f, _)| format!("{f}/"));
            let name: String = first.chars().take(common).collect();
            self.set(Slot::Video, &format!("{folder}{name}"));
        }
    }

    /// Fills in what the file's name tells, where the user said nothing.
    pub(crate) fn guess(&mut self) {
        let path = self.video_path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let Ok(id) = episode_id_from_file_name(&name) else { return };
        let number = EpisodeNumber::of(&id);
        let (show, season, episode) = match &number {
            Some(n) => (n.show.clone(), n.season.to_string(), n.episode.to_string()),
            None => (id.to_string(), String::new(), String::new()),
        };
        for (slot, text) in [(Slot::Show, show), (Slot::Season, season), (Slot::Episode, episode)] {
            if !self.own.contains(&slot) {
                self.set(slot, &text);
            }
        }
    }

    /// Returns the id that the episode gets.
    ///
    /// # Errors
    /// Says which line is wrong, and why.
    pub(crate) fn id(&self) -> Result<EpisodeId, (Slot, String)> {
        let show = self.text(Slot::Show);
        if slug(show).is_empty() {
            return Err((Slot::Show, "a show or a name is needed, with a letter or a digit".into()));
        }
        let number = |slot| match self.text(slot) {
            "" => Ok(None),
            text => text.parse::<u32>().map(Some).map_err(|_| (slot, format!("{text:?} is no whole number"))),
        };
        match (number(Slot::Season)?, number(Slot::Episode)?) {
            (Some(season), Some(episode)) => {
                EpisodeNumber { show: show.to_owned(), season, episode }.id().map_err(|e| (Slot::Show, e.to_string()))
            }
            (None, None) => slug(show).parse().map_err(|e: crate::domain::IdError| (Slot::Show, e.to_string())),
            (Some(_), None) => Err((Slot::Episode, "with a season goes an episode".into())),
            (None, Some(_)) => Err((Slot::Season, "with an episode goes a season".into())),
        }
    }

    /// Returns what is asked for.
    ///
    /// # Errors
    /// Says which line is wrong, and why.
    pub(crate) fn order(&self) -> Result<Order, (Slot, String)> {
        let video = self.video_path();
        if self.text(Slot::Video).is_empty() || self.text(Slot::Video).ends_with('/') {
            return Err((Slot::Video, "a video is needed".into()));
        }
        if let Some((of, Err(told))) = &self.video
            && *of == video
        {
            return Err((Slot::Video, told.what.clone()));
        }
        let episode = self.id()?;
        let air_date = match self.text(Slot::AirDate) {
            "" => None,
            text => Some(text.parse().map_err(|_| (Slot::AirDate, format!("{text:?} is no date such as 2015-04-07")))?),
        };
        let title = Some(self.text(Slot::Title).to_owned()).filter(|t| !t.is_empty());
        let mut settings: BTreeMap<String, toml::Value> = BTreeMap::new();
        for (slot, key) in [
            (Slot::Detector, "detect.model"),
            (Slot::Embedder, "embed.model"),
            (Slot::Tracker, "track.tracker"),
            (Slot::Cuts, "scenes.detect"),
        ] {
            let text = self.text(slot);
            if text.is_empty() {
                return Err((slot, "no such model is installed".into()));
            }
            if text != self.default_of(slot) {
                settings.insert(key.into(), toml::Value::String(text.to_owned()));
            }
        }
        for (slot, key, most) in [
            (Slot::Fps, "sample.fps", 240.0),
            (Slot::CutThreshold, "scenes.threshold", 1.0),
            (Slot::ShortestShot, "scenes.min_len", 60.0),
        ] {
            let text = self.text(slot);
            let value = text.parse::<f64>().ok().filter(|v| (0.0..=most).contains(v));
            let value = value.ok_or_else(|| (slot, format!("{text:?} is no number from 0 to {most}")))?;
            if text != self.default_of(slot) {
                settings.insert(key.into(), toml::Value::Float(value));
            }
        }
        let stride = self.text(Slot::Stride);
        let value =
            stride.parse::<u16>().map_err(|_| (Slot::Stride, format!("{stride:?} is no whole number from 0 to 65535")))?;
        if stride != self.default_of(Slot::Stride) {
            settings.insert("sample.stride".into(), toml::Value::Integer(value.into()));
        }
        let files = (self.text(Slot::Files) != "none").then(|| self.defaults.blobs.clone());
        Ok(Order {
            episode,
            video,
            work: Work::Measure,
            device: self.text(Slot::Device).to_owned(),
            replace_video: self.may_replace,
            described: crate::domain::Described { title, air_date },
            settings,
            files,
        })
    }

    fn default_of(&self, slot: Slot) -> String {
        let d = &self.defaults;
        match slot {
            Slot::Detector => d.detector.clone(),
            Slot::Embedder => d.embedder.clone(),
            Slot::Tracker => d.tracker.clone(),
            Slot::Cuts => d.cuts.clone(),
            Slot::Stride => d.stride.to_string(),
            Slot::Fps => d.fps.to_string(),
            Slot::CutThreshold => d.cut_threshold.to_string(),
            Slot::ShortestShot => d.shortest_shot.to_string(),
            _ => String::new(),
        }
    }
}

fn folder_text(folder: &Path) -> String {
    let text = folder.display().to_string();
    if text.ends_with('/') { text } else { format!("{text}/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(entries: &[(&str, bool)]) -> Form {
        let mut form = Form::new(OrderDefaults::for_tests(), Path::new("/videos"));
        let entry = |(name, is_folder): &(&str, bool)| FolderEntry { name: (*name).into(), is_folder: *is_folder, bytes: 1 };
        form.folder = Some((PathBuf::from("/videos"), Ok(entries.iter().map(entry).collect())));
        form
    }

    #[test]
    fn the_path_is_completed_as_far_as_the_names_agree() {
        let mut form = form(&[("season", true), ("RHOBH.S05E16.mkv", false), ("RHOBH.S05E17.mkv", false), (".hidden", true)]);
        assert_eq!(form.entries().len(), 3, "what is hidden stays so");
        form.set(Slot::Video, "/videos/rh");
        form.complete();
        assert_eq!(form.text(Slot::Video), "/videos/RHOBH.S05E1");
        form.set(Slot::Video, "/videos/RHOBH.S05E17");
        form.complete();
        assert_eq!(form.text(Slot::Video), "/videos/RHOBH.S05E17.mkv");
        form.set(Slot::Video, "/videos/se");
        form.complete();
        assert_eq!(form.text(Slot::Video), "/videos/season/");
        assert_eq!(form.entries(), [] as [&FolderEntry; 0], "the folder listed is another");
    }

    #[test]
    fn the_name_of_the_file_fills_in_what_the_user_did_not_say() {
        let mut form = form(&[]);
        form.set(Slot::Show, "my show");
        form.touched(Slot::Show);
        form.set(Slot::Video, "/videos/RHOBH.S05E17.1080p.mkv");
        form.guess();
        assert_eq!(form.id().unwrap().as_str(), "my-show-s05e17");
        form.set(Slot::Video, "~/friends clip.mp4");
        form.guess();
        assert_eq!(form.id().unwrap().as_str(), "my-show");
        assert_eq!(form.video_path(), Path::new("/home/ava/friends clip.mp4"));
    }

    #[test]
    fn an_order_holds_what_differs_from_the_settings_and_nothing_else() {
        let mut form = form(&[]);
        form.set(Slot::Video, "/videos/RHOBH.S05E17.mkv");
        form.guess();
        let plain = form.order().unwrap();
        assert!(plain.settings.is_empty() && plain.files.is_none() && plain.device == "auto", "{plain:?}");
        form.at = Slot::Set;
        form.turn(1);
        form.set(Slot::Fps, "5");
        form.set(Slot::AirDate, "2015-04-07");
        form.at = Slot::Files;
        form.turn(-1);
        let order = form.order().unwrap();
        let keys: Vec<&str> = order.settings.keys().map(String::as_str).collect();
        assert_eq!(keys, ["detect.model", "embed.model", "sample.fps"]);
        assert_eq!(order.files.as_deref(), Some(Path::new("/library/blobs")));
        assert_eq!(order.described.air_date.unwrap().to_string(), "2015-04-07");
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (slot, text) in [
            (Slot::Video, "/videos/"),
            (Slot::Show, "…"),
            (Slot::Season, "five"),
            (Slot::Episode, ""),
            (Slot::AirDate, "7 April"),
            (Slot::Stride, "-1"),
            (Slot::Fps, "NaN"),
            (Slot::CutThreshold, "1.5"),
            (Slot::Detector, ""),
        ] {
            let mut form = form(&[]);
            form.set(Slot::Video, "/videos/RHOBH.S05E17.mkv");
            form.guess();
            form.set(slot, text);
            let (at, why) = form.order().unwrap_err();
            assert!(at == slot && !why.is_empty(), "{slot:?}: {at:?} {why}");
        }
    }
}
