//! What can be converted, and from which files.

use super::{ConvertError, faceapi, ge2e, mtcnn};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names an ONNX file that we make, and so the files that it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipe {
    /// First stage of MTCNN, from PyPI's facenet-pytorch 2.6.0.
    MtcnnPnet,
    /// Second stage of MTCNN.
    MtcnnRnet,
    /// Third stage of MTCNN.
    MtcnnOnet,
    /// dlib's face embedder with `u8` weights, from npm's @vladmandic/face-api 1.7.15.
    DlibFace,
    /// SSD face detector on MobileNet v1, of the same package.
    FaceapiSsd,
    /// 68 landmarks of a face, of the same package.
    FaceapiLandmark68,
    /// Speaker encoder, from PyPI's Resemblyzer 0.1.4.
    Ge2e,
}

impl Recipe {
    /// Every recipe.
    pub const ALL: [Self; 7] = [
        Self::MtcnnPnet,
        Self::MtcnnRnet,
        Self::MtcnnOnet,
        Self::DlibFace,
        Self::FaceapiSsd,
        Self::FaceapiLandmark68,
        Self::Ge2e,
    ];

    /// Names the files that it takes, as they lie in the package's archive, in the order that [`convert`] wants.
    #[must_use]
    pub const fn members(self) -> &'static [&'static str] {
        match self {
            Self::MtcnnPnet => &["facenet_pytorch/data/pnet.pt"],
            Self::MtcnnRnet => &["facenet_pytorch/data/rnet.pt"],
            Self::MtcnnOnet => &["facenet_pytorch/data/onet.pt"],
            Self::DlibFace => {
                &["package/model/face_recognition_model-weights_manifest.json", "package/model/face_recognition_model.bin"]
            }
            Self::FaceapiSsd => {
                &["package/model/ssd_mobilenetv1_model-weights_manifest.json", "package/model/ssd_mobilenetv1_model.bin"]
            }
            Self::FaceapiLandmark68 => {
                &["package/model/face_landmark_68_model-weights_manifest.json", "package/model/face_landmark_68_model.bin"]
            }
            Self::Ge2e => &["resemblyzer/pretrained.pt"],
        }
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MtcnnPnet => "mtcnn_pnet",
            Self::MtcnnRnet => "mtcnn_rnet",
            Self::MtcnnOnet => "mtcnn_onet",
            Self::DlibFace => "dlib_face",
            Self::FaceapiSsd => "faceapi_ssd",
            Self::FaceapiLandmark68 => "faceapi_landmark68",
            Self::Ge2e => "ge2e",
        })
    }
}

/// Makes the ONNX file of `recipe` from `members`, each a file's name and contents, in the order of [`Recipe::members`].
///
/// The names are for messages; of a pair, the first must name the second by its last part. The same contents give the same bytes.
/// Takes memory for the members a few times over, and fails rather than panics on any contents.
///
/// # Errors
/// Fails where the members are not what the recipe is made for, and says which one and where in it.
pub fn convert(recipe: Recipe, members: &[(&str, &[u8])]) -> Result<Vec<u8>, ConvertError> {
    match (recipe, members) {
        (Recipe::MtcnnPnet, [file]) => mtcnn::pnet(*file),
        (Recipe::MtcnnRnet, [file]) => mtcnn::rnet(*file),
        (Recipe::MtcnnOnet, [file]) => mtcnn::onet(*file),
        (Recipe::DlibFace, [manifest, data]) => faceapi::embedder([*manifest, *data]),
        (Recipe::FaceapiSsd, [manifest, data]) => faceapi::ssd([*manifest, *data]),
        (Recipe::FaceapiLandmark68, [manifest, data]) => faceapi::landmarks([*manifest, *data]),
        (Recipe::Ge2e, [file]) => ge2e::convert(*file),
        _ => Err(ConvertError::Members { recipe, due: recipe.members().len(), found: members.len() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_is_read_by_the_name_that_it_shows() {
        for recipe in Recipe::ALL {
            let name = format!("\"{recipe}\"");
            assert_eq!(serde_json::from_str::<Recipe>(&name).unwrap(), recipe);
            assert_eq!(serde_json::to_string(&recipe).unwrap(), name);
        }
    }

    #[test]
    fn every_recipe_says_how_many_files_it_takes() {
        for recipe in Recipe::ALL {
            let said = convert(recipe, &[]).unwrap_err().to_string();
            assert_eq!(said, format!("{recipe} is made of {} files, and 0 came", recipe.members().len()));
        }
    }
}
