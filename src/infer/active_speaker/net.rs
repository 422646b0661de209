//! LR-ASD (arXiv:2506.12294) and Light-ASD (arXiv:2303.04439): `audio [B, 4T, 13]`, `video [B, T, 112, 112]` in 0..255, to `logits [B, T, 2]`.

use super::mfcc::COEFFICIENTS;
use super::{ActiveSpeaker, FaceClip};
use crate::algo::mouth::CROP_SIDE;
use crate::infer::session::Model;
use crate::infer::{InferError, ModelFile, SessionOptions};

struct Net {
    model: Model,
    id: String,
    mark: f32,
    /// Whether the sound is the first of the model's inputs.
    sound_first: bool,
    /// Pictures a call.
    batch: usize,
    /// Kept between calls.
    sound: Vec<f32>,
    faces: Vec<f32>,
}

/// Opens a model that says whether faces speak; `batch` is the most pictures a call.
///
/// # Errors
/// `Unsupported` for a model of another family, `Open` for a broken file, `Unrecognised` for one with other inputs.
pub fn build_active_speaker(
    file: &ModelFile,
    batch: usize,
    options: &SessionOptions,
) -> Result<Box<dyn ActiveSpeaker>, InferError> {
    let entry = &file.entry;
    if !matches!(entry.family.as_str(), "lr-asd" | "light-asd") {
        return Err(InferError::Unsupported { id: entry.id.clone(), family: entry.family.clone() });
    }
    let model = Model::open(&file.path, options)?;
    let inputs = model.inputs();
    let names: Vec<&str> = inputs.iter().map(|i| i.name.as_str()).collect();
    let sound_first = match names.as_slice() {
        ["audio", "video"] => true,
        ["video", "audio"] => false,
        _ => {
            let reason = format!("its inputs are {names:?} and not \"audio\" and \"video\"");
            return Err(InferError::Unrecognised { path: file.path.clone(), reason });
        }
    };
    Ok(Box::new(Net {
        model,
        id: entry.id.clone(),
        mark: entry.thresholds.as_ref().and_then(|t| t.score).unwrap_or(0.0),
        sound_first,
        batch: batch.max(1),
        sound: Vec::new(),
        faces: Vec::new(),
    }))
}

impl ActiveSpeaker for Net {
    fn id(&self) -> &str {
        &self.id
    }

    fn mark(&self) -> f32 {
        self.mark
    }

    fn score(&mut self, clips: &[FaceClip]) -> Result<Vec<Vec<f32>>, InferError> {
        if let Some(odd) = clips.iter().find(|c| c.pictures() != c.sound.pictures() || c.pictures() == 0) {
            return Err(InferError::Clip { pictures: odd.pictures(), sound: odd.sound.pictures() });
        }
        // The lengths in order of first meeting, and the clips of each.
        let mut scores = vec![Vec::new(); clips.len()];
        let mut order: Vec<usize> = (0..clips.len()).collect();
        order.sort_by_key(|i| (clips[*i].pictures(), *i));
        let mut rest = order.as_slice();
        while let Some(first) = rest.first() {
            let pictures = clips[*first].pictures();
            let alike = rest.iter().take_while(|i| clips[**i].pictures() == pictures).count();
            let (now, later) = rest.split_at(alike.min((self.batch / pictures).max(1)));
            rest = later;
            let made = self.run(&now.iter().map(|i| &clips[*i]).collect::<Vec<_>>(), pictures)?;
            for (i, made) in now.iter().zip(made) {
                scores[*i] = made;
            }
        }
        Ok(scores)
    }
}

impl Net {
    fn run(&mut self, clips: &[&FaceClip], pictures: usize) -> Result<Vec<Vec<f32>>, InferError> {
        self.sound.clear();
        self.faces.clear();
        for clip in clips {
            self.sound.extend_from_slice(&clip.sound.frames);
            self.faces.extend(clip.faces.iter().map(|b| f32::from(*b)));
        }
        let path = self.model.path().to_path_buf();
        let sound_shape = [clips.len(), 4 * pictures, COEFFICIENTS];
        let faces_shape = [clips.len(), pictures, CROP_SIDE, CROP_SIDE];
        let sound: (&[usize], &[f32]) = (&sound_shape, &self.sound);
        let faces: (&[usize], &[f32]) = (&faces_shape, &self.faces);
        let tensors = if self.sound_first { [sound, faces] } else { [faces, sound] };
        self.model.run_all(&tensors, |outputs| {
            let logits = outputs.first().copied().unwrap_or_default();
            let due = clips.len() * pictures * 2;
            if logits.len() != due {
                return Err(InferError::Output { path, output: 0, found: logits.len(), due });
            }
            Ok(logits.chunks_exact(pictures * 2).map(|clip| clip.chunks_exact(2).map(|pair| pair[1]).collect()).collect())
        })
    }
}
