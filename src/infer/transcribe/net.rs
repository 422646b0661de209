//! Whisper's two nets: the encoder hears a window, the decoder writes a token a step and keeps what it has worked out.

use super::decode::{Scores, Steps};
use super::folder::Folder;
use super::mel::COLUMNS;
use crate::infer::InferError;
use crate::infer::library::one_line;
use crate::infer::session::{SessionOptions, open_session};
use ort::session::{Session, SessionInputValue};
use ort::value::{DynTensor, DynValue, Tensor, TensorElementType, TensorRef, ValueType};
use std::path::{Path, PathBuf};

/// Encoder and decoder, and what the decoder keeps between steps.
#[derive(Debug)]
pub(super) struct Net {
    encoder: Session,
    decoder: Session,
    encoder_path: PathBuf,
    decoder_path: PathBuf,
    ports: Ports,
    heard: Heard,
    memory: Option<Memory>,
    /// Layer and head of the attentions that are read; none where they are not asked for.
    heads: Vec<[usize; 2]>,
}

/// The decoder's inputs and outputs by what they mean.
#[derive(Debug, Clone, PartialEq)]
struct Ports {
    /// `past_key_values.*`, with element type and shape, `-1` where free.
    past: Vec<(String, TensorElementType, Vec<i64>)>,
    /// `cross_attentions.0` and so on, where there are any.
    attentions: Vec<String>,
}

/// What the encoder made of windows: `[windows, places, width] f32`.
#[derive(Debug, Clone, PartialEq, Default)]
struct Heard {
    values: Vec<f32>,
    windows: usize,
    places: usize,
    width: usize,
}

/// What the decoder keeps from step to step.
#[derive(Debug)]
struct Memory {
    /// What the encoder made of the rows that are written.
    heard: Tensor<f32>,
    /// In the order of `Ports::past`. Those of the encoder stay as the first step made them: what later steps give in their place is empty.
    past: Vec<DynValue>,
    rows: usize,
}

/// What the prefix of an output says instead of that of the input that it feeds.
const PAST: &str = "past_key_values.";
const PRESENT: &str = "present.";

impl Net {
    /// Opens both nets.
    ///
    /// # Errors
    /// `Open` where a file cannot be loaded, `Unrecognised` where it is not an encoder or merged decoder of Whisper for `mel_rows`.
    pub(super) fn open(folder: &Folder, mel_rows: usize, options: &SessionOptions) -> Result<Self, InferError> {
        let encoder = open_session(&folder.encoder, options)?;
        let decoder = open_session(&folder.decoder, options)?;
        let odd = |path: &Path, reason: String| InferError::Unrecognised { path: path.to_path_buf(), reason };
        let takes = encoder.inputs().first().and_then(|i| i.dtype().tensor_shape().map(|s| s.to_vec()));
        match takes.as_deref() {
            Some([_, rows, _]) if *rows < 0 || usize::try_from(*rows) == Ok(mel_rows) => {}
            other => {
                let found = other.map_or("no tensor".into(), |s| format!("{s:?}"));
                return Err(odd(&folder.encoder, format!("it takes {found} where [batch, {mel_rows}, {COLUMNS}] was due")));
            }
        }
        let is_f32 = |kind: &ValueType| kind.tensor_type() == Some(TensorElementType::Float32);
        let ends = encoder.inputs().iter().map(|i| (&folder.encoder, i.name(), is_f32(i.dtype())));
        let ends = ends.chain(encoder.outputs().iter().take(1).map(|o| (&folder.encoder, o.name(), is_f32(o.dtype()))));
        let logits = decoder.outputs().iter().filter(|o| o.name() == "logits");
        for (path, name, is_f32) in ends.chain(logits.map(|o| (&folder.decoder, o.name(), is_f32(o.dtype())))) {
            if !is_f32 {
                return Err(odd(path, format!("{name} is not f32; take an export whose inputs and outputs are")));
            }
        }
        let ports = Ports::of(&decoder).map_err(|reason| odd(&folder.decoder, reason))?;
        Ok(Self {
            encoder,
            decoder,
            encoder_path: folder.encoder.clone(),
            decoder_path: folder.decoder.clone(),
            ports,
            heard: Heard::default(),
            memory: None,
            heads: Vec::new(),
        })
    }

    /// Tells whether the decoder says where it listens.
    pub(super) fn tells_attention(&self) -> bool {
        !self.ports.attentions.is_empty()
    }

    /// Reads these attentions, layer and head, from now on.
    pub(super) fn read_attention(&mut self, heads: Vec<[usize; 2]>) {
        self.heads = heads;
    }

    /// Hears windows: `[windows, mel_rows, 3000] f32`.
    ///
    /// # Errors
    /// `Run` where the model fails.
    pub(super) fn hear(&mut self, pictures: &[f32], windows: usize, mel_rows: usize) -> Result<(), InferError> {
        self.memory = None;
        let path = &self.encoder_path;
        let failed = |e: ort::Error| InferError::Run { path: path.clone(), reason: one_line(&e.to_string()) };
        let input = TensorRef::from_array_view(([windows, mel_rows, COLUMNS], pictures)).map_err(failed)?;
        let outputs = self.encoder.run(ort::inputs![input]).map_err(failed)?;
        let (shape, values) = outputs[0].try_extract_tensor::<f32>().map_err(failed)?;
        let sizes: Vec<usize> = shape.iter().filter_map(|n| usize::try_from(*n).ok()).collect();
        match sizes.as_slice() {
            [n, places, width] if *n == windows => {
                self.heard = Heard { values: values.to_vec(), windows, places: *places, width: *width };
                Ok(())
            }
            _ => Err(InferError::Run { path: path.clone(), reason: format!("it gave {sizes:?} for {windows} windows") }),
        }
    }

    /// Returns what was heard of the first window: `[places, width] f32`.
    #[cfg(test)]
    pub(super) fn heard(&self) -> (&[f32], usize, usize) {
        (&self.heard.values, self.heard.places, self.heard.width)
    }

    /// Begins anew without what was kept, and writes all tokens at once: what `start` and `next` must agree with.
    #[cfg(test)]
    pub(super) fn at_once(&mut self, rows: &[usize], tokens: &[u32]) -> Result<Scores, InferError> {
        self.start(rows, tokens)
    }

    /// Runs one step: `tokens` are `[rows, length]`.
    fn step(&mut self, tokens: &[u32], length: usize, has_past: bool) -> Result<Scores, InferError> {
        let path = self.decoder_path.clone();
        let failed = |e: ort::Error| InferError::Run { path: path.clone(), reason: one_line(&e.to_string()) };
        let empty = || InferError::Run { path: path.clone(), reason: "it was asked to go on before it began".into() };
        let memory = self.memory.as_mut().ok_or_else(empty)?;
        let rows = memory.rows;
        let ids: Vec<i64> = tokens.iter().map(|t| i64::from(*t)).collect();
        let ids = Tensor::from_array(([rows, length], ids)).map_err(failed)?;
        let branch = Tensor::from_array(([1usize], vec![has_past])).map_err(failed)?;
        let mut inputs: Vec<(&str, SessionInputValue<'_>)> = Vec::with_capacity(self.ports.past.len() + 3);
        inputs.push(("input_ids", ids.into()));
        inputs.push(("encoder_hidden_states", (&memory.heard).into()));
        inputs.push(("use_cache_branch", branch.into()));
        for ((name, _, _), value) in self.ports.past.iter().zip(&memory.past) {
            inputs.push((name.as_str(), value.into()));
        }
        let mut outputs = self.decoder.run(inputs).map_err(failed)?;
        for ((name, _, _), value) in self.ports.past.iter().zip(&mut memory.past) {
            let of_encoder = name.contains(".encoder.");
            if has_past && of_encoder {
                continue;
            }
            let present = name.replacen(PAST, PRESENT, 1);
            let missing = || InferError::Run { path: path.clone(), reason: format!("it gave no {present}") };
            *value = outputs.remove(&present).ok_or_else(missing)?;
        }
        let short = |reason: String| InferError::Run { path: path.clone(), reason };
        let logits = outputs.get("logits").ok_or_else(|| short("it gave no logits".into()))?;
        let (shape, values) = logits.try_extract_tensor::<f32>().map_err(failed)?;
        let size = shape.last().and_then(|n| usize::try_from(*n).ok()).unwrap_or(0);
        if size == 0 || values.len() != rows * length * size {
            return Err(short(format!("it gave {} logits for {rows} rows of {length} tokens", values.len())));
        }
        let mut scores = Scores { logits: values.to_vec(), positions: length, tokens: size, ..Scores::default() };
        if !self.heads.is_empty() && !self.ports.attentions.is_empty() {
            let attentions = |layer: usize| self.ports.attentions.get(layer).and_then(|name| outputs.get(name));
            read_attention(&mut scores, rows, &self.heads, attentions).map_err(failed)?;
        }
        Ok(scores)
    }
}

impl Steps for Net {
    fn start(&mut self, rows: &[usize], prompt: &[u32]) -> Result<Scores, InferError> {
        let path = self.decoder_path.clone();
        let failed = |e: ort::Error| InferError::Run { path: path.clone(), reason: one_line(&e.to_string()) };
        let Heard { values, windows, places, width } = &self.heard;
        let size = places * width;
        if rows.is_empty() || prompt.is_empty() || rows.iter().any(|row| row >= windows) {
            return Err(InferError::Run { path, reason: format!("rows {rows:?} of {windows} windows were asked for") });
        }
        let mut heard = Vec::with_capacity(rows.len() * size);
        for row in rows {
            heard.extend_from_slice(&values[row * size..(row + 1) * size]);
        }
        let heard = Tensor::from_array(([rows.len(), *places, *width], heard)).map_err(failed)?;
        let mut past = Vec::with_capacity(self.ports.past.len());
        for (_, kind, shape) in &self.ports.past {
            // Nothing is kept yet: as many rows, no places.
            let batch = i64::try_from(rows.len()).unwrap_or(i64::MAX);
            let sides = [batch, shape[1], 0, shape[3]];
            past.push(DynTensor::new(self.decoder.allocator(), *kind, sides).map_err(failed)?.into_dyn());
        }
        self.memory = Some(Memory { heard, past, rows: rows.len() });
        let tokens = prompt.repeat(rows.len());
        self.step(&tokens, prompt.len(), false)
    }

    fn next(&mut self, tokens: &[u32]) -> Result<Scores, InferError> {
        self.step(tokens, 1, true)
    }
}

impl Ports {
    fn of(decoder: &Session) -> Result<Self, String> {
        let has = |name: &str| decoder.inputs().iter().any(|i| i.name() == name);
        for name in ["input_ids", "encoder_hidden_states", "use_cache_branch"] {
            if !has(name) {
                return Err(format!("it has no input {name}; the merged decoder is due (decoder_model_merged.onnx)"));
            }
        }
        let mut past = Vec::new();
        for input in decoder.inputs().iter().filter(|i| i.name().starts_with(PAST)) {
            let shape = input.dtype().tensor_shape().map(|s| s.to_vec()).unwrap_or_default();
            let kind = input.dtype().tensor_type();
            match (kind, shape.as_slice()) {
                (Some(kind), [_, heads, _, width]) if *heads > 0 && *width > 0 => {
                    past.push((input.name().to_owned(), kind, shape));
                }
                _ => return Err(format!("{} has the shape {shape:?}", input.name())),
            }
        }
        if past.is_empty() {
            return Err("it keeps nothing between steps".into());
        }
        let mut attentions: Vec<(usize, String)> = Vec::new();
        for output in decoder.outputs() {
            if let Some(layer) = output.name().strip_prefix("cross_attentions.").and_then(|n| n.parse().ok()) {
                attentions.push((layer, output.name().to_owned()));
            }
        }
        attentions.sort();
        Ok(Self { past, attentions: attentions.into_iter().map(|(_, name)| name).collect() })
    }
}

/// Takes the attentions of `heads` at the last position: outputs are `[rows, heads, length, places]`.
fn read_attention<'a>(
    scores: &mut Scores,
    rows: usize,
    heads: &[[usize; 2]],
    layer: impl Fn(usize) -> Option<&'a DynValue>,
) -> ort::Result<()> {
    let mut read = Vec::with_capacity(heads.len());
    for [at, head] in heads {
        let Some(value) = layer(*at) else { return Ok(()) };
        let (shape, values) = value.try_extract_tensor::<f32>()?;
        let sizes: Vec<usize> = shape.iter().filter_map(|n| usize::try_from(*n).ok()).collect();
        match sizes.as_slice() {
            [n, all, length, places] if *n == rows && head < all && *length > 0 => {
                read.push((values, *all, *length, *places, *head));
            }
            _ => return Ok(()),
        }
    }
    let Some((_, _, _, places, _)) = read.first().copied() else { return Ok(()) };
    for row in 0..rows {
        for (values, all, length, of, head) in &read {
            let first = ((row * all + head) * length + length - 1) * of;
            scores.attention.extend_from_slice(values.get(first..first + of).unwrap_or_default());
        }
    }
    if scores.attention.len() == rows * heads.len() * places {
        (scores.heads, scores.places) = (heads.len(), places);
    } else {
        scores.attention.clear();
    }
    Ok(())
}
