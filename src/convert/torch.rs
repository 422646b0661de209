//! Reads weights in torch's format of before version 1.6 (`torch/serialization.py`, `_legacy_save`).
//!
//! Five pickles (magic number, version, facts of the machine, the object, the keys of the storages), then each storage: its count
//! of elements as `i64`, and the elements, all little-endian. Tensors are views into storages.

use super::ConvertError;
use super::graph::Tensor;
use super::onnx::ElementKind;
use super::pickle::{Callable, Flaw, Id, Object, Pickle, Reader};
use std::collections::BTreeMap;

const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const VERSION: i64 = 1001;

/// The most axes of a tensor. Thousands of tensors can share one shape of thousands of axes, and each would keep its own.
const MAX_AXES: usize = 8;

/// The tensors of one file by name, all `f32`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TorchWeights<'a> {
    file: &'a str,
    tensors: BTreeMap<&'a str, View<'a>>,
}

/// Where the elements of a tensor lie; all of them lie within `storage`.
#[derive(Debug, Clone, PartialEq)]
struct View<'a> {
    shape: Vec<usize>,
    /// How many elements apart neighbours along each axis lie.
    strides: Vec<usize>,
    /// From the first element on, little-endian.
    storage: &'a [[u8; 4]],
}

impl<'a> TorchWeights<'a> {
    /// Reads the weights that are the object of `bytes`, or lie in it under the key `within`. `file` is for messages.
    ///
    /// # Errors
    /// `Torch`, with the byte where reading stopped.
    pub(super) fn read(file: &'a str, bytes: &'a [u8], within: Option<&str>) -> Result<Self, ConvertError> {
        let tensors = tensors(bytes, within);
        let tensors = tensors.map_err(|Flaw { at, reason }| ConvertError::Torch { file: file.into(), at, reason })?;
        Ok(Self { file, tensors })
    }

    /// Returns a tensor that must have the shape `due`.
    ///
    /// # Errors
    /// `TensorMissing`, `Tensor`.
    pub(super) fn tensor(&self, name: &str, due: &[usize]) -> Result<Tensor, ConvertError> {
        Tensor::from_bytes(due, ElementKind::F32, self.bytes(name, due)?)
    }

    /// Returns the elements of such a tensor: little-endian `f32`, row-major.
    ///
    /// # Errors
    /// `TensorMissing`, `Tensor`.
    pub(super) fn bytes(&self, name: &str, due: &[usize]) -> Result<Vec<u8>, ConvertError> {
        let missing = || ConvertError::TensorMissing { file: self.file.into(), tensor: name.into() };
        let view = self.tensors.get(name).ok_or_else(missing)?;
        if view.shape != due {
            return Err(ConvertError::Tensor {
                file: self.file.into(),
                tensor: name.into(),
                due: format!("of shape {due:?}"),
                found: format!("of shape {:?}", view.shape),
            });
        }
        Ok(view.row_major())
    }
}

fn tensors<'a>(bytes: &'a [u8], within: Option<&str>) -> Result<BTreeMap<&'a str, View<'a>>, Flaw> {
    let reader = &mut Reader::new(bytes);
    header(reader)?;
    let begin = reader.at();
    let object = Pickle::read(reader)?;
    let flaw = |reason: String| Flaw { at: begin, reason };
    let dict = match (object.root(), within) {
        (Object::Dict(entries), None) => entries,
        (Object::Dict(outer), Some(key)) => match object.get(outer, key) {
            Some(Object::Dict(entries)) => entries,
            _ => return Err(flaw(format!("no dictionary {key:?}"))),
        },
        _ => return Err(flaw("the object is no dictionary".into())),
    };
    let storages = storages(reader, &object, begin)?;
    let mut tensors = BTreeMap::new();
    for (key, value) in dict {
        let (Object::Text(name), Object::Tensor(arguments)) = (object.object(*key), object.object(*value)) else {
            return Err(flaw("what is no named tensor lies among the weights".into()));
        };
        let view = view(&object, *arguments, &storages).map_err(|reason| flaw(format!("tensor {name:?}: {reason}")))?;
        tensors.insert(*name, view);
    }
    Ok(tensors)
}

fn header(reader: &mut Reader<'_>) -> Result<(), Flaw> {
    let magic = Pickle::read(reader)?;
    if *magic.root() != Object::Long(&MAGIC) {
        return Err(Flaw { at: 0, reason: "does not begin as torch weights of the old format do".into() });
    }
    let at = reader.at();
    let version = Pickle::read(reader)?;
    if *version.root() != Object::Int(VERSION) {
        return Err(Flaw { at, reason: format!("the format is not version {VERSION}") });
    }
    let at = reader.at();
    let machine = Pickle::read(reader)?;
    match machine.root() {
        Object::Dict(facts) if machine.get(facts, "little_endian") == Some(&Object::Bool(true)) => Ok(()),
        _ => Err(Flaw { at, reason: "not written on a little-endian machine".into() }),
    }
}

/// Returns the bytes of each storage by key, and expects nothing behind the last.
fn storages<'a>(reader: &mut Reader<'a>, object: &Pickle<'a>, begin: usize) -> Result<BTreeMap<&'a str, &'a [u8]>, Flaw> {
    let mut counts = BTreeMap::new();
    for named in object.objects() {
        if let Object::Persistent(id) = named {
            let (key, count) = storage(object, *id).map_err(|reason| Flaw { at: begin, reason })?;
            counts.insert(key, count);
        }
    }
    let at = reader.at();
    let keys = Pickle::read(reader)?;
    let Object::List(list) = keys.root() else { return Err(Flaw { at, reason: "no list of storages".into() }) };
    let mut storages = BTreeMap::new();
    for id in list {
        let Object::Text(key) = keys.object(*id) else {
            return Err(Flaw { at, reason: "the key of a storage is no text".into() });
        };
        let due = counts.get(key).ok_or_else(|| Flaw { at, reason: format!("no tensor uses storage {key:?}") })?;
        let found = u64::from_le_bytes(reader.array()?);
        if usize::try_from(found) != Ok(*due) {
            return Err(reader.flaw(format!("storage {key:?} has {found} elements where {due} are due")));
        }
        let length = due.checked_mul(size_of::<f32>()).ok_or_else(|| reader.flaw("too large"))?;
        storages.insert(*key, reader.take(length)?);
    }
    match reader.left() {
        0 => Ok(storages),
        left => Err(reader.flaw(format!("{left} bytes follow the last storage"))),
    }
}

/// Reads `("storage", torch.FloatStorage, key, device, count, None)`.
fn storage<'a>(object: &Pickle<'a>, id: Id) -> Result<(&'a str, usize), String> {
    let Some([kind, class, key, _, count, part]) = object.tuple(id) else {
        return Err("a storage is not described by six facts".into());
    };
    let facts = [kind, class, key, part].map(|id| object.object(*id));
    match (facts, object.count(*count)) {
        ([Object::Text("storage"), Object::Callable(Callable::FloatStorage), Object::Text(key), Object::None], Some(count)) => {
            Ok((key, count))
        }
        _ => Err("a storage is not a whole one of f32".into()),
    }
}

/// Reads `(storage, offset, shape, strides, requires_grad, hooks)`.
fn view<'a>(object: &Pickle<'a>, arguments: Id, storages: &BTreeMap<&'a str, &'a [u8]>) -> Result<View<'a>, String> {
    let Some([held, offset, shape, strides, ..]) = object.tuple(arguments) else { return Err("too few facts".into()) };
    let Object::Persistent(held) = object.object(*held) else { return Err("no storage".into()) };
    let (key, _) = storage(object, *held)?;
    let bytes = storages.get(key).ok_or_else(|| format!("storage {key:?} is not in the file"))?;
    let sizes = |id: &Id| {
        let sizes = object.tuple(*id).filter(|sizes| sizes.len() <= MAX_AXES)?;
        sizes.iter().map(|n| object.count(*n)).collect::<Option<Vec<usize>>>()
    };
    let (Some(offset), Some(shape), Some(strides)) = (object.count(*offset), sizes(shape), sizes(strides)) else {
        return Err("offset, shape or strides are no counts, or too many".into());
    };
    let (elements, []) = bytes.as_chunks() else { return Err("a storage of broken elements".into()) };
    let storage = elements.get(offset..).filter(|held| fits(&shape, &strides, held.len()));
    let Some(storage) = storage else {
        return Err(format!(
            "shape {shape:?} with strides {strides:?} at {offset} does not fit into its storage of {}",
            elements.len()
        ));
    };
    Ok(View { shape, strides, storage })
}

/// Tells whether every element lies among the first `held`.
fn fits(shape: &[usize], strides: &[usize], held: usize) -> bool {
    if shape.len() != strides.len() {
        return false;
    }
    let last = shape
        .iter()
        .zip(strides)
        .try_fold(0_usize, |last, (side, stride)| last.checked_add(side.checked_sub(1)?.checked_mul(*stride)?));
    last.is_some_and(|last| last < held)
}

impl View<'_> {
    /// Returns the elements in the order of their indices, the last index fastest; takes the memory that `shape` needs.
    fn row_major(&self) -> Vec<u8> {
        let mut starts = vec![0_usize];
        for (side, stride) in self.shape.iter().zip(&self.strides) {
            starts = starts.iter().flat_map(|start| (0..*side).map(move |i| start + i * stride)).collect();
        }
        starts.iter().flat_map(|at| self.storage[*at]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A view into storage `storage`: offset, shape, strides, all of small numbers.
    struct Part<'a>(&'a str, usize, usize, Vec<usize>, Vec<usize>);

    fn text(out: &mut Vec<u8>, text: &str) {
        out.push(b'X');
        out.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        out.extend(text.as_bytes());
    }

    fn number(out: &mut Vec<u8>, n: usize) {
        out.push(b'J');
        out.extend(i32::try_from(n).unwrap().to_le_bytes());
    }

    fn tuple(out: &mut Vec<u8>, numbers: &[usize]) {
        out.push(b'(');
        for n in numbers {
            number(out, *n);
        }
        out.push(b't');
    }

    /// Writes what torch writes, less the memo that it never reads.
    fn file(parts: &[Part<'_>], storages: &[Vec<f32>]) -> Vec<u8> {
        let mut out = [b"\x80\x02\x8a\x0a", &MAGIC[..], b".\x80\x02M\xe9\x03.\x80\x02}"].concat();
        text(&mut out, "little_endian");
        out.extend(b"\x88s.\x80\x02ccollections\nOrderedDict\n)R(");
        for Part(name, storage, offset, shape, strides) in parts {
            text(&mut out, name);
            out.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
            text(&mut out, "storage");
            out.extend(b"ctorch\nFloatStorage\n");
            text(&mut out, &storage.to_string());
            text(&mut out, "cpu");
            number(&mut out, storages[*storage].len());
            out.extend(b"NtQ");
            number(&mut out, *offset);
            tuple(&mut out, shape);
            tuple(&mut out, strides);
            out.extend(b"\x89ccollections\nOrderedDict\n)RtR");
        }
        out.extend(b"u}b.\x80\x02](");
        for i in 0..storages.len() {
            text(&mut out, &i.to_string());
        }
        out.extend(b"e.");
        for storage in storages {
            out.extend(u64::try_from(storage.len()).unwrap().to_le_bytes());
            out.extend(storage.iter().flat_map(|v| v.to_le_bytes()));
        }
        out
    }

    fn values(bytes: &[u8]) -> Vec<f32> {
        bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
    }

    fn said(bytes: &[u8]) -> String {
        TorchWeights::read("w.pt", bytes, None).unwrap_err().to_string()
    }

    fn counting(n: usize) -> Vec<f32> {
        (0..n).map(|i| i as f32).collect()
    }

    #[test]
    fn views_of_one_storage_are_read_with_their_offsets_and_strides() {
        let parts = [
            Part("plain", 0, 0, vec![2, 3], vec![3, 1]),
            Part("turned", 0, 0, vec![3, 2], vec![1, 3]),
            Part("tail", 0, 4, vec![2], vec![1]),
            Part("one", 1, 0, vec![], vec![]),
        ];
        let bytes = file(&parts, &[counting(6), vec![7.5]]);
        let weights = TorchWeights::read("w.pt", &bytes, None).unwrap();
        let read = |name: &str, due: &[usize]| values(&weights.bytes(name, due).unwrap());
        assert_eq!(read("plain", &[2, 3]), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(read("turned", &[3, 2]), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(read("tail", &[2]), [4.0, 5.0]);
        assert_eq!(read("one", &[]), [7.5]);
    }

    #[test]
    fn another_shape_and_a_missing_tensor_are_named() {
        let bytes = file(&[Part("w", 0, 0, vec![2], vec![1])], &[counting(2)]);
        let weights = TorchWeights::read("a/w.pt", &bytes, None).unwrap();
        let shape = weights.bytes("w", &[2, 1]).unwrap_err().to_string();
        assert_eq!(shape, "tensor \"w\" of weights \"a/w.pt\" is of shape [2] where of shape [2, 1] was due");
        assert_eq!(weights.bytes("v", &[2]).unwrap_err().to_string(), "weights \"a/w.pt\" have no tensor \"v\"");
        let within = TorchWeights::read("w.pt", &bytes, Some("model_state")).unwrap_err().to_string();
        assert!(within.ends_with("no dictionary \"model_state\""), "{within}");
    }

    #[test]
    fn a_view_that_leaves_its_storage_is_refused() {
        for (offset, shape, strides) in [
            (0, vec![7], vec![1]),
            (6, vec![1], vec![1]),
            (5, vec![2], vec![1]),
            (0, vec![2, 3], vec![4, 1]),
            (0, vec![2], vec![]),
            (0, vec![0], vec![1]),
            (0, vec![1 << 30, 1 << 30, 1 << 30], vec![1 << 30, 1 << 30, 1 << 30]),
        ] {
            let bytes = file(&[Part("w", 0, offset, shape, strides)], &[counting(6)]);
            assert!(said(&bytes).contains("does not fit into its storage of 6"), "{}", said(&bytes));
        }
    }

    #[test]
    fn a_huge_view_of_one_number_takes_no_memory() {
        let bytes = file(&[Part("w", 0, 0, vec![1 << 30, 1 << 30], vec![0, 0])], &[counting(1)]);
        let weights = TorchWeights::read("w.pt", &bytes, None).unwrap();
        assert!(weights.bytes("w", &[2]).is_err());
    }

    #[test]
    fn a_shape_of_very_many_axes_is_refused() {
        let bytes = file(&[Part("w", 0, 0, vec![1; 9], vec![0; 9])], &[counting(1)]);
        assert!(said(&bytes).ends_with("tensor \"w\": offset, shape or strides are no counts, or too many"), "{}", said(&bytes));
    }

    #[test]
    fn a_file_cut_anywhere_or_with_more_behind_is_refused() {
        let whole = file(&[Part("w", 0, 0, vec![2, 3], vec![3, 1])], &[counting(6)]);
        for length in 0..whole.len() {
            assert!(said(&whole[..length]).starts_with("cannot read torch weights \"w.pt\", byte "), "{length}");
        }
        assert!(said(&[&whole[..], b"!"].concat()).ends_with("1 bytes follow the last storage"));
    }

    #[test]
    fn other_formats_are_told_apart() {
        assert!(said(b"PK\x03\x04").ends_with("byte 0: step 0x50 is none that weights need"));
        assert!(said(b"\x80\x02K\x07.").ends_with("byte 0: does not begin as torch weights of the old format do"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            sides in proptest::collection::vec(1_usize..5, 0..4),
            offset in 0_usize..3,
            pool in proptest::collection::vec(proptest::num::f32::NORMAL, 70),
        ) {
            let count: usize = sides.iter().product();
            let strides: Vec<usize> = (0..sides.len()).map(|i| sides[i + 1..].iter().product()).collect();
            let storage = pool[..count + offset].to_vec();
            let bytes = file(&[Part("w", 0, offset, sides.clone(), strides)], std::slice::from_ref(&storage));
            let weights = TorchWeights::read("w.pt", &bytes, None).unwrap();
            prop_assert_eq!(values(&weights.bytes("w", &sides).unwrap()), &storage[offset..]);
        }

        #[test]
        fn a_changed_byte_is_read_or_refused(at in 0_usize..400, to: u8) {
            let mut bytes = file(&[Part("w", 0, 0, vec![2, 3], vec![3, 1])], &[counting(6)]);
            let at = at % bytes.len();
            bytes[at] = to;
            if let Ok(weights) = TorchWeights::read("w.pt", &bytes, None) {
                let _ = weights.bytes("w", &[2, 3]);
            }
        }
    }
}
