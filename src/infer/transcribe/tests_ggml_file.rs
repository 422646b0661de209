//! Makes a file for whisper.cpp of the Whisper with random weights.
//!
//! whisper.cpp knows where the tokens of OpenAI's vocabularies lie and takes no other, so the 2,536 tokens are moved to those places, and the places between are filled with
//! tokens that are never likely: a row of the embedding that is the same number all along has nothing in common with what the last norm gives (whose mean is 0), so that the norm's bias
//! alone makes its logit, e^-32 as likely as the least of the others. From these the mean is taken off, which changes nothing: every norm takes it off anyway.

use crate::infer::tests_support::models;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The fields of a protobuf message that hold bytes or numbers: their tags, numbers, bytes.
fn fields(mut message: &[u8]) -> Vec<(u64, u64, &[u8])> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let (value, length) = match key & 7 {
            0 => (varint(&mut message), 0),
            1 => (0, 8),
            2 => (0, usize::try_from(varint(&mut message)).unwrap()),
            _ => (0, 4),
        };
        let (bytes, rest) = message.split_at(length);
        found.push((key >> 3, value, bytes));
        message = rest;
    }
    found
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let (first, rest) = message.split_first().unwrap();
        *message = rest;
        value |= u64::from(first & 127) << shift;
        if *first < 128 {
            break;
        }
    }
    value
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Weights of an ONNX file: by their own names, and those of products by the node's.
struct Weights {
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    of_nodes: BTreeMap<String, Vec<String>>,
}

impl Weights {
    fn open(path: &Path) -> Self {
        let model = std::fs::read(path).unwrap();
        let mut weights = Self { tensors: BTreeMap::new(), of_nodes: BTreeMap::new() };
        fields(&model).into_iter().filter(|f| f.0 == 7).for_each(|f| weights.add(f.2));
        weights
    }

    /// Adds a graph and those inside it; the numbers are those of onnx.proto.
    fn add(&mut self, graph: &[u8]) {
        for (tag, _, part) in fields(graph) {
            match tag {
                1 => self.add_node(part),
                5 => self.add_tensor(part),
                _ => {}
            }
        }
    }

    fn add_node(&mut self, node: &[u8]) {
        let (mut inputs, mut name) = (Vec::new(), String::new());
        for (tag, _, part) in fields(node) {
            match tag {
                1 => inputs.push(text(part)),
                3 => name = text(part),
                5 => fields(part).into_iter().filter(|f| f.0 == 6).for_each(|f| self.add(f.2)),
                _ => {}
            }
        }
        self.of_nodes.entry(name).or_insert(inputs);
    }

    fn add_tensor(&mut self, tensor: &[u8]) {
        let (mut sides, mut name, mut raw) = (Vec::new(), String::new(), &[][..]);
        for (tag, number, part) in fields(tensor) {
            match tag {
                1 if part.is_empty() => sides.push(usize::try_from(number).unwrap()),
                8 => name = text(part),
                9 => raw = part,
                _ => {}
            }
        }
        if raw.len() == 4 * sides.iter().product::<usize>() {
            let values = raw.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
            self.tensors.insert(name, (sides, values));
        }
    }

    fn named(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        self.tensors[name].clone()
    }

    /// The weight that a node multiplies or adds, as it lies there.
    fn of_node(&self, node: &str) -> (Vec<usize>, Vec<f32>) {
        self.named(self.of_nodes[node].iter().find(|input| self.tensors.contains_key(*input)).unwrap())
    }

    /// `[in, out]` turned to `[out, in]`, as torch and ggml have it.
    fn turned(&self, node: &str) -> (Vec<usize>, Vec<f32>) {
        let (sides, values) = self.of_node(node);
        let (rows, columns) = (sides[0], sides[1]);
        let turned = (0..columns).flat_map(|c| (0..rows).map(move |r| (r, c))).map(|(r, c)| values[r * columns + c]).collect();
        (vec![columns, rows], turned)
    }
}

/// Where OpenAI's vocabulary of many languages has a token of the random one.
pub(super) fn place(token: u32) -> u32 {
    match token {
        0..1024 => token,
        1024..=1026 => 50_257 + token - 1024,
        1027 => 50_261,
        1028 => 50_265,
        1029..=1034 => 50_358 + token - 1029,
        _ => 50_364 + token - 1035,
    }
}

const TOKENS: usize = 51_865;
const WIDTH: usize = 32;

/// Writes the file; `None` where the model is not there.
pub(super) fn write(into: &Path) -> Option<()> {
    let dir = models()?.join("whisper-tiny-random");
    let (encoder, decoder) =
        (Weights::open(&dir.join("encoder_model.onnx")), Weights::open(&dir.join("decoder_model_merged.onnx")));
    let mut file = b"lmgg".to_vec();
    let number = |file: &mut Vec<u8>, n: usize| file.extend(u32::try_from(n).unwrap().to_le_bytes());
    // Weights are of 16 bits, the rest of 32: whisper.cpp cannot compute with weights of 32.
    for n in [TOKENS, 1500, WIDTH, 2, 2, 448, WIDTH, 2, 2, 80, 1, 80, 201] {
        number(&mut file, n);
    }
    file.extend(std::fs::read(dir.join("mel_filters_80x201_f32le.bin")).unwrap());
    let spelt = spelt(&dir.join("tokenizer.json"));
    number(&mut file, spelt.len());
    for token in &spelt {
        number(&mut file, token.len());
        file.extend(token);
    }
    let mut put = |name: &str, (sides, values): (Vec<usize>, Vec<f32>)| {
        assert_eq!(sides.iter().product::<usize>(), values.len(), "{name}");
        let is_weight = name.ends_with(".weight") && sides.len() > 1;
        for n in [sides.len(), name.len(), usize::from(is_weight)] {
            number(&mut file, n);
        }
        sides.iter().rev().for_each(|n| number(&mut file, *n));
        file.extend(name.as_bytes());
        for value in values {
            if is_weight {
                file.extend(half(value).to_le_bytes());
            } else {
                file.extend(value.to_le_bytes());
            }
        }
    };
    let even = |n: usize, value: f32| (vec![n], vec![value; n]);
    // Random weights are as they were made: norms of 1 and 0, no biases.
    assert!(encoder.named("layers.0.self_attn_layer_norm.weight").1.iter().all(|w| (w - 1.0).abs() < f32::EPSILON));
    assert!(encoder.named("layers.0.fc1.bias").1.iter().all(|b| *b == 0.0));
    for conv in ["conv1", "conv2"] {
        put(&format!("encoder.{conv}.weight"), encoder.named(&format!("{conv}.weight")));
        put(&format!("encoder.{conv}.bias"), (vec![WIDTH, 1], vec![0.0; WIDTH]));
    }
    put("encoder.positional_embedding", encoder.of_node("/Add_2"));
    put("decoder.positional_embedding", decoder.named("model.decoder.embed_positions.weight_merged_0"));
    put("decoder.token_embedding.weight", embedding(&decoder.named("model.decoder.embed_tokens.weight_merged_0").1));
    for (norm, bias) in [("encoder.ln_post", 0.0), ("decoder.ln", 1.0)] {
        put(&format!("{norm}.weight"), even(WIDTH, 1.0));
        put(&format!("{norm}.bias"), even(WIDTH, bias));
    }
    for (side, weights, path) in [("encoder", &encoder, ""), ("decoder", &decoder, "/model/decoder")] {
        for layer in 0..2 {
            let (block, path) = (format!("{side}.blocks.{layer}"), format!("{path}/layers.{layer}"));
            for (due, theirs) in [("attn", "self_attn"), ("cross_attn", "encoder_attn")] {
                if side == "encoder" && due == "cross_attn" {
                    continue;
                }
                for (due_part, part) in [("query", "q_proj"), ("key", "k_proj"), ("value", "v_proj"), ("out", "out_proj")] {
                    put(&format!("{block}.{due}.{due_part}.weight"), weights.turned(&format!("{path}/{theirs}/{part}/MatMul")));
                    if due_part != "key" {
                        put(&format!("{block}.{due}.{due_part}.bias"), even(WIDTH, 0.0));
                    }
                }
                put(&format!("{block}.{due}_ln.weight"), even(WIDTH, 1.0));
                put(&format!("{block}.{due}_ln.bias"), even(WIDTH, 0.0));
            }
            // Inside it has twice the width, Whisper's have four times: the rest is 0, and stays 0.
            let (_, mut inwards) = weights.turned(&format!("{path}/fc1/MatMul"));
            inwards.resize(4 * WIDTH * WIDTH, 0.0);
            put(&format!("{block}.mlp.0.weight"), (vec![4 * WIDTH, WIDTH], inwards));
            put(&format!("{block}.mlp.0.bias"), even(4 * WIDTH, 0.0));
            let (_, outwards) = weights.turned(&format!("{path}/fc2/MatMul"));
            let outwards = outwards.chunks_exact(2 * WIDTH).flat_map(|row| [row, &[0.0; 2 * WIDTH]].concat()).collect();
            put(&format!("{block}.mlp.2.weight"), (vec![WIDTH, 4 * WIDTH], outwards));
            put(&format!("{block}.mlp.2.bias"), even(WIDTH, 0.0));
            put(&format!("{block}.mlp_ln.weight"), even(WIDTH, 1.0));
            put(&format!("{block}.mlp_ln.bias"), even(WIDTH, 0.0));
        }
    }
    std::fs::write(into, file).unwrap();
    Some(())
}

/// The nearest number of 16 bits; values are below 2.
fn half(value: f32) -> u16 {
    let sign = u16::try_from(value.to_bits() >> 31).unwrap() << 15;
    let size = value.abs();
    assert!(size < 2.0);
    let bits = size.to_bits();
    let rounded = if size < 2f32.powi(-14) {
        // Below the least exponent they are multiples of 2^-24.
        (0..=1024u32).find(|n| *n as f32 + 0.5 >= size * 2f32.powi(24)).unwrap()
    } else {
        (bits + 0xfff + (bits >> 13 & 1) - (112 << 23)) >> 13
    };
    sign | u16::try_from(rounded).unwrap()
}

fn embedding(random: &[f32]) -> (Vec<usize>, Vec<f32>) {
    let mut values = vec![-1.0; TOKENS * WIDTH];
    for (token, row) in (0u32..).zip(random.chunks_exact(WIDTH)) {
        let mean = row.iter().sum::<f32>() / WIDTH as f32;
        let first = place(token) as usize * WIDTH;
        for (value, weight) in values[first..first + WIDTH].iter_mut().zip(row) {
            *value = weight - mean;
        }
    }
    (vec![TOKENS, WIDTH], values)
}

/// The bytes of 50,257 tokens: those of the tokenizer, then tokens that are never written.
fn spelt(tokenizer: &Path) -> Vec<Vec<u8>> {
    let json: Value = serde_json::from_str(&std::fs::read_to_string(tokenizer).unwrap()).unwrap();
    // Bytes that cannot be seen are written as the letters from U+0100 on, in their order.
    let seen = |b: u32| (0x21..=0x7e).contains(&b) || (0xa1..=0xac).contains(&b) || (0xae..=0xff).contains(&b);
    let hidden: Vec<u32> = (0..256).filter(|b| !seen(*b)).collect();
    let byte = |c: char| u8::try_from(hidden.get((c as usize).wrapping_sub(0x100)).copied().unwrap_or(c as u32)).unwrap();
    let mut spelt: Vec<Vec<u8>> = (0..50_257).map(|n| format!("<{n}>").into_bytes()).collect();
    for (text, id) in json["model"]["vocab"].as_object().unwrap() {
        let id = usize::try_from(id.as_u64().unwrap()).unwrap();
        if id < 1024 {
            spelt[id] = text.chars().map(byte).collect();
        }
    }
    spelt
}
