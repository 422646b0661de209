//! Says how surely a mouth that is seen speaks what is heard: LR-ASD and Light-ASD, which have one interface.

mod mfcc;
mod net;

pub use net::build_active_speaker;

use super::InferError;

/// Says whether faces speak. One for each thread.
pub trait ActiveSpeaker: Send {
    /// Names the model.
    fn id(&self) -> &str;

    /// Returns the score above which a face speaks: 0 for models of films, more for those of talks.
    fn mark(&self) -> f32;

    /// Returns one score, a logit, for each picture of each clip. Clips of one length are looked at together.
    ///
    /// # Errors
    /// `Clip` where pictures and sound of a clip differ in length, `Run` or `Output` where the model fails.
    fn score(&mut self, clips: &[FaceClip]) -> Result<Vec<Vec<f32>>, InferError>;
}

/// Sound as the models hear it, in frames of which four lie in each picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FaceSound {
    /// `[4 pictures, 13] f32`.
    frames: Vec<f32>,
}

impl FaceSound {
    const PER_PICTURE: usize = 4 * mfcc::COEFFICIENTS;

    /// Makes it of `samples`, 16,000 a second, `-1..=1`, for `pictures` pictures of 40 ms that begin with them.
    #[must_use]
    pub fn hear(samples: &[f32], pictures: usize) -> Self {
        Self { frames: mfcc::Mfcc::new().of(samples, 4 * pictures) }
    }

    /// Returns the sound of some of its pictures.
    #[must_use]
    pub fn of(&self, pictures: std::ops::Range<usize>) -> Self {
        let range = pictures.start * Self::PER_PICTURE..pictures.end * Self::PER_PICTURE;
        Self { frames: self.frames.get(range).map(<[f32]>::to_vec).unwrap_or_default() }
    }

    fn pictures(&self) -> usize {
        self.frames.len() / Self::PER_PICTURE
    }
}

/// A face for some pictures, 25 a second, and what is heard meanwhile.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceClip {
    /// `[T, 112, 112]` grey, of [`crate::algo::mouth::grey_crop`].
    pub faces: Vec<u8>,
    pub sound: FaceSound,
}

impl FaceClip {
    const PICTURE: usize = crate::algo::mouth::CROP_SIDE * crate::algo::mouth::CROP_SIDE;

    /// Returns how many pictures it has.
    #[must_use]
    pub fn pictures(&self) -> usize {
        self.faces.len() / Self::PICTURE
    }
}
