//! dlib's face embedder, a ResNet of 29 convolutions (dlib `dnn_face_recognition_ex.cpp`; face-api `faceRecognitionNet/`).
//!
//! Input `input` `[n, 3, 150, 150]`, RGB, (x - [122.782, 117.001, 104.298]) / 256; output `embedding` `[n, 128]`, not of unit length.

use super::super::ConvertError;
use super::super::graph::{Tensor, Value};
use super::super::tfjs::Layout;
use super::Member;
use super::net::Net;

/// How a convolution meets the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// Every pixel, one row of zeros around.
    Padded,
    /// Every second pixel, and no zeros.
    Halved,
}

/// What is missing after halving, for the two branches of a block to be of one shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Missing {
    /// Channels that the shortcut has less.
    channels: i64,
    /// Rows and columns, at the bottom and on the right, that the convolutions have less: 0 or 1.
    rows: i64,
}

pub(in super::super) fn convert(members: [Member<'_>; 2]) -> Result<Vec<u8>, ConvertError> {
    let (mut net, x) = Net::begin("dlib_face_128", members, 150)?;
    let x = layer(&mut net, x, "conv32_down", [7, 3, 32], Edge::Halved)?; // 72
    let x = net.relu(x);
    let x = net.graph.node("MaxPool", &[x], &[("kernel_shape", [3, 3].into()), ("strides", [2, 2].into())]); // 35
    let mut x = x;
    for block in ["conv32_1", "conv32_2", "conv32_3"] {
        x = plain(&mut net, x, block, 32)?;
    }
    x = halving(&mut net, x, "conv64_down", [32, 64], Missing { channels: 32, rows: 0 })?; // 17
    for block in ["conv64_1", "conv64_2", "conv64_3"] {
        x = plain(&mut net, x, block, 64)?;
    }
    x = halving(&mut net, x, "conv128_down", [64, 128], Missing { channels: 64, rows: 0 })?; // 8
    for block in ["conv128_1", "conv128_2"] {
        x = plain(&mut net, x, block, 128)?;
    }
    x = halving(&mut net, x, "conv256_down", [128, 256], Missing { channels: 128, rows: 1 })?; // 4
    for block in ["conv256_1", "conv256_2"] {
        x = plain(&mut net, x, block, 256)?;
    }
    x = halving(&mut net, x, "conv256_down_out", [256, 256], Missing { channels: 0, rows: 1 })?; // 2
    let x = net.graph.node("GlobalAveragePool", &[x], &[]);
    let x = net.graph.node("Flatten", &[x], &[]);
    let fc = net.place("fc", &[256, 128], Layout::Same)?;
    let embedding = net.graph.node("MatMul", &[x, fc], &[]);
    net.graph.output("embedding", embedding, &[-1, 128]);
    Ok(net.graph.finish())
}

/// Convolution and bias, then a factor and a summand for each channel.
fn layer(net: &mut Net<'_>, x: Value, name: &str, [side, from, to]: [usize; 3], edge: Edge) -> Result<Value, ConvertError> {
    let filters = net.place(&format!("{name}/conv/filters"), &[side, side, from, to], Layout::Filters)?;
    let bias = net.place(&format!("{name}/conv/bias"), &[to], Layout::Same)?;
    let attributes = match edge {
        Edge::Padded => [("strides", [1, 1].into()), ("pads", [1; 4].into())],
        Edge::Halved => [("strides", [2, 2].into()), ("pads", [0; 4].into())],
    };
    let x = net.graph.node("Conv", &[x, filters, bias], &attributes);
    let factors = net.place(&format!("{name}/scale/weights"), &[to], Layout::Channels)?;
    let x = net.graph.node("Mul", &[x, factors], &[]);
    let summands = net.place(&format!("{name}/scale/biases"), &[to], Layout::Channels)?;
    Ok(net.add(x, summands))
}

fn plain(net: &mut Net<'_>, x: Value, name: &str, channels: usize) -> Result<Value, ConvertError> {
    let y = layer(net, x, &format!("{name}/conv1"), [3, channels, channels], Edge::Padded)?;
    let y = net.relu(y);
    let y = layer(net, y, &format!("{name}/conv2"), [3, channels, channels], Edge::Padded)?;
    let sum = net.add(y, x);
    Ok(net.relu(sum))
}

fn halving(net: &mut Net<'_>, x: Value, name: &str, [from, to]: [usize; 2], missing: Missing) -> Result<Value, ConvertError> {
    let y = layer(net, x, &format!("{name}/conv1"), [3, from, to], Edge::Halved)?;
    let y = net.relu(y);
    let y = layer(net, y, &format!("{name}/conv2"), [3, to, to], Edge::Padded)?;
    let x = net.graph.node("AveragePool", &[x], &[("kernel_shape", [2, 2].into()), ("strides", [2, 2].into())]);
    let x = zeros(net, x, &format!("{name}/missing_channels"), [missing.channels, 0]);
    let y = zeros(net, y, &format!("{name}/missing_rows"), [0, missing.rows]);
    let sum = net.add(x, y);
    Ok(net.relu(sum))
}

/// Appends `channels` of zeros, and `rows` of them at the bottom and on the right.
fn zeros(net: &mut Net<'_>, x: Value, name: &str, [channels, rows]: [i64; 2]) -> Value {
    if channels == 0 && rows == 0 {
        return x;
    }
    let pads = net.graph.constant(name, Tensor::list(&[0, 0, 0, 0, 0, channels, rows, rows]));
    net.graph.node("Pad", &[x, pads], &[])
}
