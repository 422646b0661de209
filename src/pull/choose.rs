//! Which models are meant by the names of sets and models.

use super::PullError;
use crate::infer::{Manifest, ModelEntry, Set, Terms};

/// Returns the models that `wanted` names, sets and ids, each once and in the manifest's order; the starter set where nothing
/// is named.
///
/// # Errors
/// `Unknown` with what was meant to be a set or an id.
pub fn choose<'a>(manifest: &'a Manifest, wanted: &[String]) -> Result<Vec<&'a ModelEntry>, PullError> {
    let set = |text: &str| Set::ALL.into_iter().find(|s| s.to_string() == text);
    for text in wanted {
        if set(text).is_none() && !manifest.models.iter().any(|m| m.id == *text) {
            let sets = Set::ALL.iter().map(ToString::to_string).collect();
            return Err(PullError::Unknown { wanted: text.clone(), sets });
        }
    }
    let starter = [Set::Starter.to_string()];
    let wanted = if wanted.is_empty() { starter.as_slice() } else { wanted };
    let is_meant = |m: &ModelEntry| wanted.iter().any(|text| *text == m.id || set(text).is_some_and(|s| m.sets.contains(&s)));
    Ok(manifest.models.iter().filter(|m| is_meant(m)).collect())
}

/// Returns the terms that these models ask to be accepted, each once.
#[must_use]
pub fn terms_of<'a>(manifest: &'a Manifest, models: &[&ModelEntry]) -> Vec<&'a Terms> {
    manifest.terms.iter().filter(|t| models.iter().any(|m| m.terms.as_deref() == Some(t.id.as_str()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::Registry;

    fn ids(wanted: &[&str]) -> Vec<String> {
        let registry = Registry::built_in().unwrap();
        let wanted: Vec<String> = wanted.iter().map(|w| (*w).to_owned()).collect();
        choose(registry.manifest(), &wanted).unwrap().iter().map(|m| m.id.clone()).collect()
    }

    #[test]
    fn nothing_named_means_the_starter_set_which_finds_and_compares_faces_and_asks_for_nothing() {
        let starter = ids(&[]);
        assert_eq!(starter, ids(&["starter"]));
        for id in ["mtcnn", "faceapi_ssd", "dlib_face_128_u8", "silero_vad_v6", "ge2e_resemblyzer", "segmentation_3_0"] {
            assert!(starter.contains(&id.to_owned()), "{id}");
        }
        let registry = Registry::built_in().unwrap();
        let models = choose(registry.manifest(), &[]).unwrap();
        assert!(terms_of(registry.manifest(), &models).is_empty());
        // Each of its files comes through a package client.
        let from = |m: &ModelEntry| m.files().all(|f| !f.sources.is_empty());
        assert!(models.iter().all(|m| from(m)));
    }

    #[test]
    fn every_recipe_is_known_and_gets_the_members_that_it_reads() {
        let registry = Registry::built_in().unwrap();
        let mut recipes = 0;
        for source in registry.entries().iter().flat_map(ModelEntry::files).flat_map(|f| f.sources) {
            let Some(name) = &source.recipe else { continue };
            let recipe: crate::convert::Recipe = serde_json::from_value(name.as_str().into()).unwrap();
            assert_eq!(source.members, recipe.members(), "{name}");
            recipes += 1;
        }
        assert_eq!(recipes, 7);
    }

    #[test]
    fn sets_and_ids_mix_and_name_a_model_once() {
        let both = ids(&["scrfd_10g_bnkps", "insightface"]);
        assert_eq!(both, ids(&["insightface"]));
        assert_eq!(ids(&["sface_2021dec", "mtcnn"]).len(), 2);
        let registry = Registry::built_in().unwrap();
        let models = choose(registry.manifest(), &["insightface".into()]).unwrap();
        assert!(models.iter().all(|m| m.commercial == Some(false)));
        assert_eq!(terms_of(registry.manifest(), &models).len(), 1);
        let error = choose(registry.manifest(), &["nonsense".into()]).unwrap_err();
        assert!(error.hint().contains("starter"), "{error}");
    }

    #[test]
    fn what_may_be_used_commercially_never_asks_and_what_is_insightfaces_always_does() {
        let registry = Registry::built_in().unwrap();
        for model in registry.entries() {
            assert_eq!(model.terms.is_some(), model.commercial == Some(false), "{}", model.id);
        }
    }
}
