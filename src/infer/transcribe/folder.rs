//! The files of a model, as exports for ONNX lay them out.

use crate::infer::{InferError, ModelFile};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where the files of a model lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    pub(super) encoder: PathBuf,
    pub(super) decoder: PathBuf,
    pub(super) config: PathBuf,
    pub(super) generation: PathBuf,
    pub(super) preprocessor: PathBuf,
    pub(super) tokenizer: PathBuf,
}

/// What stands behind the name of an ONNX file, best on the CPU first: as trained, half the digits, eight bits.
const VARIANTS: [&str; 5] = ["", "_fp16", "_quantized", "_int8", "_uint8"];

impl Folder {
    /// Finds the files of a folder as it is published: the settings in it, the ONNX files in `onnx/` or beside them; the encoder and the merged decoder of the first
    /// of `_`, `_fp16`, `_quantized`, `_int8`, `_uint8` that both have.
    ///
    /// # Errors
    /// `Read` where a file is not there.
    pub fn open(dir: &Path) -> Result<Self, InferError> {
        let plain = |name: &str| {
            let path = dir.join(name);
            if path.is_file() { Ok(path) } else { Err(InferError::Read { path, reason: "no such file".into() }) }
        };
        let nets = |within: &Path| {
            VARIANTS.iter().find_map(|variant| {
                let encoder = within.join(format!("encoder_model{variant}.onnx"));
                let decoder = within.join(format!("decoder_model_merged{variant}.onnx"));
                (encoder.is_file() && decoder.is_file()).then_some((encoder, decoder))
            })
        };
        let Some((encoder, decoder)) = nets(&dir.join("onnx")).or_else(|| nets(dir)) else {
            let path = dir.join("onnx");
            let reason = "there is no encoder_model.onnx with its decoder_model_merged.onnx, in no variant".into();
            return Err(InferError::Read { path, reason });
        };
        Ok(Self {
            encoder,
            decoder,
            config: plain("config.json")?,
            generation: plain("generation_config.json")?,
            preprocessor: plain("preprocessor_config.json")?,
            tokenizer: plain("tokenizer.json")?,
        })
    }

    /// Takes the files of a model of the manifest; its parts are decoder, config, generation config, preprocessor config, tokenizer, in this order.
    ///
    /// # Errors
    /// `Unsupported` where it has other parts.
    pub fn of_model(file: &ModelFile) -> Result<Self, InferError> {
        let [decoder, config, generation, preprocessor, tokenizer] = file.parts.as_slice() else {
            return Err(InferError::Unsupported { id: file.entry.id.clone(), family: file.entry.family.clone() });
        };
        Ok(Self {
            encoder: file.path.clone(),
            decoder: decoder.clone(),
            config: config.clone(),
            generation: generation.clone(),
            preprocessor: preprocessor.clone(),
            tokenizer: tokenizer.clone(),
        })
    }

    /// Reads the settings.
    ///
    /// # Errors
    /// `Read` where a file cannot be read, `Unrecognised` where it is not what its name says.
    pub(super) fn configs(&self) -> Result<Configs, InferError> {
        let config: ConfigFile = read(&self.config)?;
        let generation: GenerationFile = read(&self.generation)?;
        let preprocessor: PreprocessorFile = read(&self.preprocessor)?;
        let odd = |path: &Path, reason: String| Err(InferError::Unrecognised { path: path.to_path_buf(), reason });
        if preprocessor.sampling_rate != 16_000 || preprocessor.hop_length != 160 || preprocessor.n_fft != 400 {
            let p = &preprocessor;
            let found = format!("{} Hz, steps of {}, transforms of {}", p.sampling_rate, p.hop_length, p.n_fft);
            return odd(&self.preprocessor, format!("it wants sound of {found}; Whisper's is 16000 Hz, 160, 400"));
        }
        if !matches!(preprocessor.feature_size, 40..=256) {
            return odd(&self.preprocessor, format!("{} mel bands are none that Whisper has", preprocessor.feature_size));
        }
        let suppressed = |tokens: Option<Vec<i64>>| tokens.map(|t| t.into_iter().filter_map(|t| u32::try_from(t).ok()).collect());
        Ok(Configs {
            mel_rows: preprocessor.feature_size,
            most_positions: config.max_target_positions.unwrap_or(448),
            languages: generation.lang_to_id.unwrap_or_default(),
            is_multilingual: generation.is_multilingual,
            suppressed: suppressed(generation.suppress_tokens).unwrap_or_default(),
            suppressed_first: suppressed(generation.begin_suppress_tokens),
            alignment_heads: generation.alignment_heads.unwrap_or_default(),
        })
    }
}

/// What the settings of a model say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Configs {
    pub(super) mel_rows: usize,
    /// Tokens that the decoder can hold, the prompt among them.
    pub(super) most_positions: usize,
    /// `<|en|>` and its token.
    pub(super) languages: BTreeMap<String, u32>,
    pub(super) is_multilingual: Option<bool>,
    pub(super) suppressed: Vec<u32>,
    pub(super) suppressed_first: Option<Vec<u32>>,
    /// Layer and head of the attentions that follow the sound.
    pub(super) alignment_heads: Vec<[usize; 2]>,
}

#[derive(Deserialize)]
struct ConfigFile {
    max_target_positions: Option<usize>,
}

#[derive(Deserialize)]
struct GenerationFile {
    lang_to_id: Option<BTreeMap<String, u32>>,
    is_multilingual: Option<bool>,
    suppress_tokens: Option<Vec<i64>>,
    begin_suppress_tokens: Option<Vec<i64>>,
    alignment_heads: Option<Vec<[usize; 2]>>,
}

#[derive(Deserialize)]
struct PreprocessorFile {
    feature_size: usize,
    hop_length: usize,
    n_fft: usize,
    sampling_rate: u32,
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, InferError> {
    let text = std::fs::read_to_string(path).map_err(|e| InferError::Read { path: path.to_path_buf(), reason: e.to_string() })?;
    serde_json::from_str(&text).map_err(|e| InferError::Unrecognised { path: path.to_path_buf(), reason: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENERATION: &str = r#"{"alignment_heads": [[3, 1], [4, 2]], "begin_suppress_tokens": [220, 50257], "is_multilingual": true,
        "lang_to_id": {"<|de|>": 50261, "<|en|>": 50259}, "no_timestamps_token_id": 50363, "suppress_tokens": [1, 2, -1],
        "task_to_id": {"transcribe": 50359, "translate": 50358}, "max_initial_timestamp_index": 50}"#;

    fn lay(dir: &Path, onnx: &[&str]) {
        std::fs::create_dir_all(dir.join("onnx")).unwrap();
        for name in onnx {
            std::fs::write(dir.join(name), "").unwrap();
        }
        std::fs::write(dir.join("config.json"), r#"{"max_target_positions": 448, "d_model": 512}"#).unwrap();
        std::fs::write(dir.join("generation_config.json"), GENERATION).unwrap();
        let preprocessor = r#"{"feature_size": 128, "hop_length": 160, "n_fft": 400, "sampling_rate": 16000}"#;
        std::fs::write(dir.join("preprocessor_config.json"), preprocessor).unwrap();
        std::fs::write(dir.join("tokenizer.json"), "{}").unwrap();
    }

    #[test]
    fn the_published_layout_is_read_and_a_whole_pair_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        lay(
            dir.path(),
            &["onnx/encoder_model.onnx", "onnx/encoder_model_quantized.onnx", "onnx/decoder_model_merged_quantized.onnx"],
        );
        let folder = Folder::open(dir.path()).unwrap();
        assert!(folder.encoder.ends_with("onnx/encoder_model_quantized.onnx"));
        assert!(folder.decoder.ends_with("onnx/decoder_model_merged_quantized.onnx"));
        let configs = folder.configs().unwrap();
        assert_eq!((configs.mel_rows, configs.most_positions), (128, 448));
        assert_eq!(configs.suppressed, [1, 2]);
        assert_eq!(configs.suppressed_first.as_deref(), Some([220, 50257].as_slice()));
        assert_eq!(configs.alignment_heads, [[3, 1], [4, 2]]);
        assert_eq!(configs.languages.len(), 2);
    }

    #[test]
    fn what_is_missing_or_odd_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let fault = Folder::open(dir.path()).unwrap_err().to_string();
        assert!(fault.contains("decoder_model_merged"), "{fault}");
        lay(dir.path(), &["encoder_model.onnx", "decoder_model_merged.onnx"]);
        std::fs::remove_file(dir.path().join("tokenizer.json")).unwrap();
        let fault = Folder::open(dir.path()).unwrap_err().to_string();
        assert!(fault.contains("tokenizer.json"), "{fault}");
        lay(dir.path(), &[]);
        let odd = r#"{"feature_size": 80, "hop_length": 160, "n_fft": 400, "sampling_rate": 8000}"#;
        std::fs::write(dir.path().join("preprocessor_config.json"), odd).unwrap();
        let fault = Folder::open(dir.path()).unwrap().configs().unwrap_err().to_string();
        assert!(fault.contains("8000 Hz"), "{fault}");
    }
}
