//! Where each file of an episode lies under the data root; paths have forward slashes.

use crate::domain::{CropKey, EpisodeId, IdentityId, RunId, TrackId};

/// Names the files of one episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    episode: String,
}

impl Layout {
    /// Makes the layout of `episode`.
    #[must_use]
    pub fn new(episode: &EpisodeId) -> Self {
        Self { episode: episode.to_string() }
    }

    /// Returns the path of a manifest, such as `run.json`, of the active run.
    #[must_use]
    pub fn manifest(&self, name: &str) -> String {
        format!("manifests/{}/{name}", self.episode)
    }

    /// Returns the path of a manifest of `run`.
    #[must_use]
    pub fn run_manifest(&self, run: RunId, name: &str) -> String {
        format!("manifests/{}/runs/{run}/{name}", self.episode)
    }

    /// Returns the path of the file that names the active run.
    #[must_use]
    pub fn active_run(&self) -> String {
        format!("manifests/{}/runs/active_run.json", self.episode)
    }

    /// Returns the path of the face vectors of the active run.
    #[must_use]
    pub fn vectors(&self) -> String {
        format!("embeds/{}/faces.npy", self.episode)
    }

    /// Returns the path of the face vectors of `run`.
    #[must_use]
    pub fn run_vectors(&self, run: RunId) -> String {
        format!("embeds/{}/runs/{run}/faces.npy", self.episode)
    }

    /// Returns the path of `file` below `frames/{ep_id}/`, as `crop_rel_path` names it.
    #[must_use]
    pub fn below_frames(&self, file: &str) -> String {
        format!("frames/{}/{file}", self.episode)
    }

    /// Returns the path of `file` below `frames/{ep_id}/thumbs/`, as `thumb_rel_path` names it.
    #[must_use]
    pub fn below_thumbs(&self, file: &str) -> String {
        format!("frames/{}/thumbs/{file}", self.episode)
    }

    /// Returns the path of the screen time, `json` or `csv`.
    #[must_use]
    pub fn screen_time(&self, extension: &str) -> String {
        format!("analytics/{}/screentime.{extension}", self.episode)
    }

    /// Returns the path where the source lies, or a link to it.
    #[must_use]
    pub fn video(&self) -> String {
        format!("videos/{}/episode.mp4", self.episode)
    }

    /// Returns the folders that hold nothing but files of this episode which can be written again; its video is in none of them.
    #[must_use]
    pub fn prefixes(&self) -> [String; 4] {
        ["manifests", "embeds", "frames", "analytics"].map(|kind| format!("{kind}/{}", self.episode))
    }

    /// Returns the show of an id such as `rhobh-s05e17`, in capitals; `None` where the id names none.
    #[must_use]
    pub fn show(&self) -> Option<String> {
        let (show, rest) = self.episode.rsplit_once('-')?;
        let (season, episode) = rest.strip_prefix('s')?.split_once('e')?;
        let number = |s: &str| s.len() >= 2 && s.bytes().all(|b| b.is_ascii_digit());
        (number(season) && number(episode)).then(|| show.to_uppercase())
    }

    /// Returns the path of the people of the episode's show.
    #[must_use]
    pub fn people(&self) -> Option<String> {
        self.show().map(|show| format!("shows/{show}/people.json"))
    }
}

/// Returns a crop's name within its tracks' folder, `track_0007/frame_000412.jpg`.
pub(super) fn crop_name(key: CropKey) -> String {
    format!("{}/frame_{:06}.jpg", track_folder(key.track), key.frame)
}

/// Returns a crop's path below `frames/{ep_id}/`.
pub(super) fn crop_path(key: CropKey) -> String {
    format!("crops/{}", crop_name(key))
}

/// Returns a thumbnail's name within `thumbs/`.
pub(super) fn thumb_name(key: CropKey) -> String {
    format!("{}/thumb_{:06}.jpg", track_folder(key.track), key.frame)
}

/// Returns the name within `thumbs/` of the picture that stands for an identity.
pub(super) fn identity_thumb_name(identity: IdentityId) -> String {
    format!("identities/{identity}/rep.jpg")
}

/// Returns the name of a track's folder.
pub(super) fn track_folder(track: TrackId) -> String {
    format!("track_{:04}", track.0)
}

/// Returns a face's name as first written.
pub(super) fn face_id(key: CropKey) -> String {
    format!("face_{:04}_{:06}", key.track.0, key.frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_show_is_found_only_in_ids_that_name_season_and_episode() {
        let show = |id: &str| Layout::new(&id.parse().unwrap()).show();
        assert_eq!(show("rhobh-s05e17").as_deref(), Some("RHOBH"));
        assert_eq!(show("the-office-s05e170").as_deref(), Some("THE-OFFICE"));
        assert_eq!(show("my-clip"), None);
        assert_eq!(show("s05e17"), None);
        assert_eq!(show("x-s5e17"), None);
    }

    #[test]
    fn names_of_faces_grow_with_their_numbers() {
        let key = CropKey { track: TrackId(7), frame: 412 };
        assert_eq!(crop_name(key), "track_0007/frame_000412.jpg");
        assert_eq!(face_id(CropKey { track: TrackId(12345), frame: 7 }), "face_12345_000007");
    }
}
