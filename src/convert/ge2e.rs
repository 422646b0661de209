//! The speaker encoder of Resemblyzer 0.1.4 (`voice_encoder.py`): three LSTM layers and a dense one.
//!
//! Wan et al. 2018, "Generalized End-to-End Loss for Speaker Verification" (arXiv:1710.10467). Input `mels` `[n, t, 40]`, power without
//! logarithm; output `embed` `[n, 256]`, rows of unit length, none negative. A row where every unit is at rest is not a number.

use super::ConvertError;
use super::graph::{GraphBuilder, OPSET, Tensor, Value};
use super::onnx::ElementKind;
use super::torch::TorchWeights;

const BANDS: usize = 40;
const HIDDEN: usize = 256;
const LAYERS: usize = 3;

pub(super) fn convert(file: (&str, &[u8])) -> Result<Vec<u8>, ConvertError> {
    let weights = TorchWeights::read(file.0, file.1, Some("model_state"))?;
    let mut graph = GraphBuilder::new("ge2e_resemblyzer", OPSET);
    let mels = graph.input("mels", &[-1, -1, 40]);
    let mut x = graph.node("Transpose", &[mels], &[("perm", [1, 0, 2].into())]); // [t, n, 40]
    let (one, zero) = (graph.constant("axis_1", Tensor::list(&[1])), graph.constant("axis_0", Tensor::list(&[0])));
    let mut last = x;
    for layer in 0..LAYERS {
        if layer > 0 {
            x = graph.node("Squeeze", &[x, one], &[]); // [t, n, 256]
        }
        let [w, r, b] = gates(&mut graph, &weights, layer)?;
        [x, last] = graph.node_of("LSTM", &[x, w, r, b], &[("hidden_size", 256.into())]); // [t, 1, n, 256] and [1, n, 256]
    }
    let last = graph.node("Squeeze", &[last, zero], &[]);
    let linear = graph.constant("linear.weight", weights.tensor("linear.weight", &[HIDDEN, HIDDEN])?);
    let bias = graph.constant("linear.bias", weights.tensor("linear.bias", &[HIDDEN])?);
    let raw = graph.node("Gemm", &[last, linear, bias], &[("transB", 1.into())]);
    let raw = graph.node("Relu", &[raw], &[]);
    let length = graph.node("ReduceL2", &[raw], &[("axes", [1].into()), ("keepdims", 1.into())]);
    let embed = graph.node("Div", &[raw, length], &[]);
    graph.output("embed", embed, &[-1, 256]);
    Ok(graph.finish())
}

/// Places the weights of one layer: of its input, of its last state, and both biases.
fn gates(graph: &mut GraphBuilder, weights: &TorchWeights<'_>, layer: usize) -> Result<[Value; 3], ConvertError> {
    let from = if layer == 0 { BANDS } else { HIDDEN };
    let rows = 4 * HIDDEN;
    let part = |part: &str, due: &[usize]| weights.bytes(&format!("lstm.{part}_l{layer}"), due).map(|bytes| reorder(&bytes));
    let input = Tensor::from_bytes(&[1, rows, from], ElementKind::F32, part("weight_ih", &[rows, from])?)?;
    let state = Tensor::from_bytes(&[1, rows, HIDDEN], ElementKind::F32, part("weight_hh", &[rows, HIDDEN])?)?;
    let biases = [part("bias_ih", &[rows])?, part("bias_hh", &[rows])?].concat();
    let biases = Tensor::from_bytes(&[1, 2 * rows], ElementKind::F32, biases)?;
    let place = |graph: &mut GraphBuilder, name, tensor| graph.constant(&format!("lstm.{name}_l{layer}"), tensor);
    Ok([place(graph, "weight_ih", input), place(graph, "weight_hh", state), place(graph, "bias", biases)])
}

/// Brings the four gates, each a quarter, from torch's order (input, forget, cell, output) into that of ONNX (input, output,
/// forget, cell).
fn reorder(bytes: &[u8]) -> Vec<u8> {
    let quarter = bytes.len() / 4;
    [0, 3, 1, 2].iter().flat_map(|gate| &bytes[gate * quarter..(gate + 1) * quarter]).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_come_in_the_order_of_onnx() {
        assert_eq!(reorder(b"iiffccoo"), b"iiooffcc");
    }
}
