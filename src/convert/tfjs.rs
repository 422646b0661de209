//! Reads weights in the format of TensorFlow.js: a manifest in JSON, and the tensors back to back in one file.
//!
//! `tfjs-core/src/io/io_utils.ts`, `decodeWeights`. Quantised tensors hold `u8` q, which stand for q x scale + min.

use super::ConvertError;
use super::graph::{GraphBuilder, Tensor, Value};
use super::onnx::ElementKind;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The longest reason, in characters.
const MAX_REASON: usize = 300;

#[derive(Debug, Deserialize)]
struct Group {
    paths: Vec<String>,
    weights: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    shape: Vec<usize>,
    dtype: Kind,
    quantization: Option<Quantization>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Float32,
    Int32,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
struct Quantization {
    /// Holds what is read to the one kind that we know.
    dtype: QuantizedKind,
    scale: f32,
    min: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum QuantizedKind {
    Uint8,
}

/// The tensors of one model by name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TfjsWeights<'a> {
    file: &'a str,
    tensors: BTreeMap<String, Stored<'a>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Stored<'a> {
    shape: Vec<usize>,
    kind: Kind,
    quantization: Option<Quantization>,
    /// Row-major: `u8` where quantised, else little-endian.
    bytes: &'a [u8],
}

/// How a tensor is turned for ONNX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// As it is.
    Same,
    /// Filters of a convolution, from (height, width, in, out) to (out, in, height, width).
    Filters,
    /// Filters of a depthwise convolution, from (height, width, channels, 1) to (channels, 1, height, width).
    Depthwise,
    /// One number a channel, from (channels) to (channels, 1, 1).
    Channels,
}

impl<'a> TfjsWeights<'a> {
    /// Reads a manifest of one group whose one data file is `data`; both come with their names.
    ///
    /// # Errors
    /// `Manifest`, `Length`.
    pub(super) fn read(manifest: (&str, &[u8]), data: (&'a str, &'a [u8])) -> Result<Self, ConvertError> {
        let wrong = |reason: String| ConvertError::Manifest { file: manifest.0.into(), reason: cut(reason) };
        let groups: Vec<Group> = serde_json::from_slice(manifest.1).map_err(|e| wrong(e.to_string()))?;
        let [group] = &groups[..] else { return Err(wrong(format!("{} groups, where one was due", groups.len()))) };
        let (file, bytes) = data;
        let name = file.rsplit('/').next().unwrap_or(file);
        if !matches!(&group.paths[..], [path] if path == name) {
            return Err(wrong(format!("is for files {:?}, not for {name:?}", group.paths)));
        }
        let lengths: Option<Vec<usize>> = group.weights.iter().map(Entry::length).collect();
        let lengths = lengths.ok_or_else(|| wrong("a tensor is too large".into()))?;
        let due = lengths.iter().try_fold(0_usize, |sum, n| sum.checked_add(*n)).ok_or_else(|| wrong("too large".into()))?;
        if due != bytes.len() {
            return Err(ConvertError::Length { file: file.into(), due, found: bytes.len() });
        }
        let mut tensors = BTreeMap::new();
        let mut rest = bytes;
        for (entry, length) in groups.into_iter().flat_map(|g| g.weights).zip(lengths) {
            let (own, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            rest = behind;
            let stored = Stored { shape: entry.shape, kind: entry.dtype, quantization: entry.quantization, bytes: own };
            if tensors.insert(entry.name.clone(), stored).is_some() {
                return Err(wrong(format!("tensor {:?} is there twice", entry.name)));
            }
        }
        Ok(Self { file, tensors })
    }

    /// Puts a tensor, which must have the shape `due` in the file, into `graph` as `f32` of another layout. A quantised one stays
    /// `u8` in the model, followed by the nodes that bring its values back.
    ///
    /// # Errors
    /// `TensorMissing`, `Tensor`.
    pub(super) fn place(
        &self,
        graph: &mut GraphBuilder,
        name: &str,
        due: &[usize],
        layout: Layout,
    ) -> Result<Value, ConvertError> {
        let stored = self.stored(name, due)?;
        let kind = if stored.quantization.is_some() { ElementKind::U8 } else { ElementKind::F32 };
        let (shape, bytes) = layout.apply(due, kind.bytes(), stored.bytes);
        let value = graph.constant(name, Tensor::from_bytes(&shape, kind, bytes)?);
        let Some(Quantization { scale, min, .. }) = stored.quantization else { return Ok(value) };
        let scale = graph.constant(&format!("{name}/scale"), Tensor::scalar(scale));
        let min = graph.constant(&format!("{name}/min"), Tensor::scalar(min));
        let levels = graph.node("Cast", &[value], &[("to", i64::from(i32::from(ElementKind::F32)).into())]);
        let scaled = graph.node("Mul", &[levels, scale], &[]);
        Ok(graph.node("Add", &[scaled, min], &[]))
    }

    /// Returns the values of a tensor that is stored as `f32`.
    ///
    /// # Errors
    /// `TensorMissing`, `Tensor`.
    pub(super) fn floats(&self, name: &str, due: &[usize]) -> Result<Vec<f32>, ConvertError> {
        let stored = self.stored(name, due)?;
        if stored.quantization.is_some() {
            return Err(self.mismatch(name, "of plain f32".into(), "quantised".into()));
        }
        let (values, _) = stored.bytes.as_chunks();
        Ok(values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    fn stored(&self, name: &str, due: &[usize]) -> Result<&Stored<'a>, ConvertError> {
        let missing = || ConvertError::TensorMissing { file: self.file.into(), tensor: name.into() };
        let stored = self.tensors.get(name).ok_or_else(missing)?;
        if stored.kind != Kind::Float32 {
            return Err(self.mismatch(name, "of f32".into(), "of i32".into()));
        }
        if stored.shape != due {
            return Err(self.mismatch(name, format!("of shape {due:?}"), cut(format!("of shape {:?}", stored.shape))));
        }
        Ok(stored)
    }

    fn mismatch(&self, tensor: &str, due: String, found: String) -> ConvertError {
        ConvertError::Tensor { file: self.file.into(), tensor: tensor.into(), due, found }
    }
}

/// Shortens what may quote a whole file.
fn cut(mut reason: String) -> String {
    if let Some((end, _)) = reason.char_indices().nth(MAX_REASON) {
        reason.truncate(end);
        reason.push('…');
    }
    reason
}

impl Entry {
    /// How many bytes it takes.
    fn length(&self) -> Option<usize> {
        let size = if self.quantization.is_some() { 1 } else { 4 };
        self.shape.iter().try_fold(size, |n: usize, side| n.checked_mul(*side))
    }
}

impl Layout {
    /// Returns the new shape, and the elements, of `size` bytes each, in their new order; `bytes` fill `shape`.
    fn apply(self, shape: &[usize], size: usize, bytes: &[u8]) -> (Vec<usize>, Vec<u8>) {
        match (self, shape) {
            (Self::Filters | Self::Depthwise, [height, width, from, to]) => {
                let (rows, columns) = (height * width, from * to);
                let mut turned = Vec::with_capacity(bytes.len());
                let order = |i: usize| if self == Self::Filters { (i % from) * to + i / from } else { i };
                for i in 0..columns {
                    for row in 0..rows {
                        let at = (row * columns + order(i)) * size;
                        turned.extend_from_slice(&bytes[at..at + size]);
                    }
                }
                let channels = if self == Self::Filters { [*to, *from] } else { [columns, 1] };
                ([channels[0], channels[1], *height, *width].to_vec(), turned)
            }
            (Self::Channels, [channels]) => (vec![*channels, 1, 1], bytes.to_vec()),
            _ => (shape.to_vec(), bytes.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::OPSET;
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn entry(name: &str, shape: &[usize], quantised: bool) -> serde_json::Value {
        let mut entry = json!({ "name": name, "shape": shape, "dtype": "float32" });
        if quantised {
            entry["quantization"] = json!({ "dtype": "uint8", "scale": 0.5, "min": -1.0 });
        }
        entry
    }

    fn manifest(weights: &[serde_json::Value]) -> Vec<u8> {
        json!([{ "paths": ["w.bin"], "weights": weights }]).to_string().into_bytes()
    }

    fn read<'a>(manifest: &[u8], data: &'a [u8]) -> Result<TfjsWeights<'a>, ConvertError> {
        TfjsWeights::read(("w.json", manifest), ("a/w.bin", data))
    }

    fn said(manifest: &[u8], data: &[u8]) -> String {
        read(manifest, data).unwrap_err().to_string()
    }

    #[test]
    fn tensors_lie_back_to_back_in_the_order_of_the_manifest() {
        let manifest = manifest(&[entry("levels", &[3], true), entry("plain", &[2], false), entry("one", &[], false)]);
        let floats = [1.5_f32, -2.0, 8.0].iter().flat_map(|v| v.to_le_bytes());
        let data: Vec<u8> = [7, 8, 9].into_iter().chain(floats).collect();
        let weights = read(&manifest, &data).unwrap();
        assert_eq!(weights.stored("levels", &[3]).unwrap().bytes, [7, 8, 9]);
        assert_eq!(weights.floats("plain", &[2]).unwrap(), [1.5, -2.0]);
        assert_eq!(weights.floats("one", &[]).unwrap(), [8.0]);
        let quantised = weights.floats("levels", &[3]).unwrap_err().to_string();
        assert_eq!(quantised, "tensor \"levels\" of weights \"a/w.bin\" is quantised where of plain f32 was due");
    }

    #[test]
    fn a_quantised_tensor_stays_small_and_a_plain_one_needs_no_nodes() {
        let manifest = manifest(&[entry("levels", &[3], true), entry("plain", &[1], false)]);
        let data = [7, 8, 9, 0, 0, 0, 0];
        let weights = read(&manifest, &data).unwrap();
        let mut graph = GraphBuilder::new("g", OPSET);
        weights.place(&mut graph, "plain", &[1], Layout::Same).unwrap();
        let bare = graph.nodes();
        weights.place(&mut graph, "levels", &[3], Layout::Same).unwrap();
        assert_eq!((bare, graph.nodes()), (0, 3));
    }

    #[test]
    fn filters_are_turned_to_what_onnx_wants() {
        // Two rows of one pixel, two channels in, three out: the value is 100 y + 10 in + out.
        let hwio: Vec<u8> = (0..2).flat_map(|y| (0..2).flat_map(move |i| (0..3).map(move |o| 100 * y + 10 * i + o))).collect();
        let (shape, turned) = Layout::Filters.apply(&[2, 1, 2, 3], 1, &hwio);
        assert_eq!(shape, [3, 2, 2, 1]);
        assert_eq!(turned, [0, 100, 10, 110, 1, 101, 11, 111, 2, 102, 12, 112]);
        let (shape, turned) = Layout::Depthwise.apply(&[2, 1, 3, 1], 1, &[0, 1, 2, 100, 101, 102]);
        assert_eq!((shape, turned), (vec![3, 1, 2, 1], vec![0, 100, 1, 101, 2, 102]));
        let (shape, turned) = Layout::Channels.apply(&[2], 2, &[1, 2, 3, 4]);
        assert_eq!((shape, turned), (vec![2, 1, 1], vec![1, 2, 3, 4]));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let good = manifest(&[entry("w", &[2], true)]);
        assert_eq!(said(&good, &[1]), "weights \"a/w.bin\" have 1 bytes where their manifest needs 2");
        assert_eq!(said(&good, &[1, 2, 3]), "weights \"a/w.bin\" have 3 bytes where their manifest needs 2");
        let weights = read(&good, &[1, 2]).unwrap();
        let shape = weights.floats("w", &[3]).unwrap_err().to_string();
        assert_eq!(shape, "tensor \"w\" of weights \"a/w.bin\" is of shape [2] where of shape [3] was due");
        assert_eq!(weights.floats("v", &[2]).unwrap_err().to_string(), "weights \"a/w.bin\" have no tensor \"v\"");
        for (text, due) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            ("[]", "0 groups, where one was due"),
            (r#"[{"paths":["v.bin"],"weights":[]}]"#, "is for files [\"v.bin\"], not for \"w.bin\""),
            (
                r#"[{"paths":["w.bin"],"weights":[{"name":"w","shape":[4294967296,4294967296],"dtype":"float32"}]}]"#,
                "a tensor is too large",
            ),
            (r#"[{"paths":["w.bin"],"weights":[{"name":"w","shape":[1],"dtype":"string"}]}]"#, "unknown variant `string`"),
            (r#"[{"paths":["w.bin"],"weights":[{"name":"w","shape":[-1],"dtype":"int32"}]}]"#, "invalid value: integer `-1`"),
        ] {
            let found = said(text.as_bytes(), b"");
            assert!(found.starts_with("cannot read weights manifest \"w.json\": ") && found.contains(due), "{found}");
        }
        let long = format!("[{{\"paths\":[\"{}\"],\"weights\":[]}}]", "é".repeat(1 << 16));
        assert!(said(long.as_bytes(), b"").len() < 1_000);
        let twice = manifest(&[entry("w", &[1], true), entry("w", &[1], true)]);
        assert!(said(&twice, &[1, 2]).ends_with("tensor \"w\" is there twice"));
        let wild = String::from_utf8(good).unwrap().replace("0.5", "1e300");
        let found = said(wild.as_bytes(), &[1, 2]);
        assert!(found.contains("number out of range"), "{found}");
    }

    #[test]
    fn a_manifest_nested_deep_is_refused() {
        let deep = "[".repeat(1 << 20);
        assert!(said(deep.as_bytes(), b"").contains("weights manifest"));
    }

    proptest! {
        #[test]
        fn filters_keep_every_number(sides in proptest::array::uniform4(1_usize..5)) {
            let [height, width, from, to] = sides;
            let bytes: Vec<u8> = (0..sides.iter().product::<usize>()).flat_map(|i| u16::try_from(i).unwrap().to_le_bytes()).collect();
            let (shape, turned) = Layout::Filters.apply(&sides, 2, &bytes);
            prop_assert_eq!(shape, vec![to, from, height, width]);
            for (y, x, i, o) in (0..height).flat_map(|y| (0..width).flat_map(move |x| (0..from).flat_map(move |i| (0..to).map(move |o| (y, x, i, o))))) {
                let (old, new) = (((y * width + x) * from + i) * to + o, ((o * from + i) * height + y) * width + x);
                prop_assert_eq!(&turned[new * 2..][..2], &bytes[old * 2..][..2]);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[\\[\\]{}\",:a-z0-9.e-]{0,200}") {
            let _ = read(text.as_bytes(), &[]);
        }
    }
}
