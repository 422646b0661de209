//! Where blobs lie, as in docs/ARTIFACTS.md, "Layout".

use crate::domain::{CropKey, EpisodeId, IdentityId};

/// Returns the key of the source video; `extension` without a dot.
#[must_use]
pub fn video(episode: &EpisodeId, extension: &str) -> String {
    format!("videos/{episode}/episode.{extension}")
}

/// Returns the key of a whole picture.
#[must_use]
pub fn frame(episode: &EpisodeId, frame: u64) -> String {
    format!("frames/{episode}/frames/frame_{frame:06}.jpg")
}

/// Returns the key of a face crop.
#[must_use]
pub fn crop(episode: &EpisodeId, crop: CropKey) -> String {
    format!("frames/{episode}/crops/track_{:04}/frame_{:06}.jpg", crop.track.0, crop.frame)
}

/// Returns the key of a thumbnail of a track.
#[must_use]
pub fn thumb(episode: &EpisodeId, crop: CropKey) -> String {
    format!("frames/{episode}/thumbs/track_{:04}/thumb_{:06}.jpg", crop.track.0, crop.frame)
}

/// Returns the key of the thumbnail that stands for an identity.
#[must_use]
pub fn identity_thumb(episode: &EpisodeId, identity: IdentityId) -> String {
    format!("frames/{episode}/thumbs/identities/{identity}/rep.jpg")
}

/// Returns the prefixes that hold everything of an episode; each ends in its id.
#[must_use]
pub fn episode_prefixes(episode: &EpisodeId) -> [String; 5] {
    ["videos", "frames", "manifests", "analytics", "embeds"].map(|part| format!("{part}/{episode}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TrackId;

    #[test]
    fn keys_are_those_of_the_layout() {
        let episode = "demo-s01e02".parse().unwrap();
        let key = CropKey { track: TrackId(7), frame: 412 };
        assert_eq!(crop(&episode, key), "frames/demo-s01e02/crops/track_0007/frame_000412.jpg");
        assert_eq!(thumb(&episode, key), "frames/demo-s01e02/thumbs/track_0007/thumb_000412.jpg");
        assert_eq!(frame(&episode, 412), "frames/demo-s01e02/frames/frame_000412.jpg");
        assert_eq!(video(&episode, "mp4"), "videos/demo-s01e02/episode.mp4");
        assert_eq!(identity_thumb(&episode, IdentityId(1)), "frames/demo-s01e02/thumbs/identities/id_0001/rep.jpg");
        assert!(episode_prefixes(&episode).iter().all(|prefix| prefix.ends_with("/demo-s01e02")));
    }
}
