//! Episode ids from what people have: a show, numbers, a file name.

use super::{EpisodeId, IdError};

/// Show, season and episode of an episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpisodeNumber {
    /// Slug of the show, such as `rhobh`.
    pub show: String,
    pub season: u32,
    pub episode: u32,
}

impl EpisodeNumber {
    /// Returns the id `{show}-s{SS}e{EE}`.
    ///
    /// # Errors
    /// Fails where the show has no letter or digit.
    pub fn id(&self) -> Result<EpisodeId, IdError> {
        let slug = slug(&self.show);
        if slug.is_empty() {
            return Err(IdError::Episode { found: self.show.clone() });
        }
        format!("{slug}-s{:02}e{:02}", self.season, self.episode).parse()
    }

    /// Reads the numbers back from an id such as `rhobh-s05e17`.
    #[must_use]
    pub fn of(id: &EpisodeId) -> Option<Self> {
        let (show, numbers) = id.as_str().rsplit_once('-')?;
        let (season, episode) = season_episode(numbers)?;
        Some(Self { show: show.to_owned(), season, episode })
    }
}

/// Makes an episode id from a file name: `RHOBH.S05E17.1080p.mkv` gives `rhobh-s05e17`, `Friends clip.mp4` gives `friends-clip`.
///
/// # Errors
/// Fails where the name has no letter or digit of ASCII.
pub fn episode_id_from_file_name(file_name: &str) -> Result<EpisodeId, IdError> {
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    let whole = slug(stem);
    let parts: Vec<&str> = whole.split('-').collect();
    for (n, part) in parts.iter().enumerate() {
        if let (true, Some((season, episode))) = (n > 0, season_episode(part)) {
            return EpisodeNumber { show: parts[..n].join("-"), season, episode }.id();
        }
    }
    let mut short = whole.get(..whole.len().min(100)).unwrap_or_default().to_owned();
    while short.ends_with('-') {
        short.pop();
    }
    short.parse().map_err(|_| IdError::FileName { found: file_name.to_owned() })
}

/// Turns a text into lower case ASCII letters, digits and single inner hyphens; empty where it has none.
#[must_use]
pub fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.ends_with('-') && !out.is_empty() && c != '\'' {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// Reads `s05e17`.
fn season_episode(part: &str) -> Option<(u32, u32)> {
    let (season, episode) = part.strip_prefix('s')?.split_once('e')?;
    let number =
        |t: &str| (!t.is_empty() && t.len() <= 4 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse().ok()).flatten();
    Some((number(season)?, number(episode)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_of_episodes_give_show_season_and_episode() {
        for (name, id) in [
            ("RHOBH.S05E17.1080p.WEB.mkv", "rhobh-s05e17"),
            ("The Real Housewives - s5e7.mp4", "the-real-housewives-s05e07"),
            ("friends_clip.mp4", "friends-clip"),
            ("It's fine!.mov", "its-fine"),
            ("s01e02.mp4", "s01e02"),
            ("clip", "clip"),
        ] {
            assert_eq!(episode_id_from_file_name(name).unwrap().as_str(), id, "{name}");
        }
    }

    #[test]
    fn a_name_without_letters_is_refused() {
        assert!(episode_id_from_file_name("….mp4").is_err());
    }

    #[test]
    fn long_names_are_cut_at_a_hundred_characters() {
        let id = episode_id_from_file_name(&format!("{}.mp4", "ab-".repeat(60))).unwrap();
        assert!(id.as_str().len() <= 100);
    }

    #[test]
    fn an_id_gives_its_numbers_back() {
        let id = "rhobh-s05e17".parse().unwrap();
        assert_eq!(EpisodeNumber::of(&id), Some(EpisodeNumber { show: "rhobh".into(), season: 5, episode: 17 }));
        assert_eq!(EpisodeNumber::of(&"friends-clip".parse().unwrap()), None);
    }
}
