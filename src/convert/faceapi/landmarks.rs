//! 68 landmarks in a face box (face-api `faceLandmarkNet/`): four dense blocks of separable convolutions.
//!
//! Input `input` `[n, 3, 112, 112]`, RGB, (x - [122.782, 117.001, 104.298]) / 255; output `landmarks` `[n, 136]`: x and y of each point,
//! 0..=1 of the square.

use super::super::ConvertError;
use super::super::graph::Value;
use super::super::tfjs::Layout;
use super::Member;
use super::net::{Net, Stride};

pub(in super::super) fn convert(members: [Member<'_>; 2]) -> Result<Vec<u8>, ConvertError> {
    let (mut net, x) = Net::begin("faceapi_landmark68", members, 112)?;
    let first = net.convolve(x, ["dense0/conv0/filters", "dense0/conv0/bias"], [3, 3, 32], Stride::Two)?;
    let mut x = dense(&mut net, first, "dense0", 32)?; // 56
    for (block, from, to) in [("dense1", 32, 64), ("dense2", 64, 128), ("dense3", 128, 256)] {
        let first = separable(&mut net, x, &format!("{block}/conv0"), [from, to], Stride::Two)?;
        x = dense(&mut net, first, block, to)?; // 28, 14, 7
    }
    let x = net.graph.node("AveragePool", &[x], &[("kernel_shape", [7, 7].into()), ("strides", [2, 2].into())]);
    let x = net.graph.node("Flatten", &[x], &[]);
    let weights = net.place("fc/weights", &[256, 136], Layout::Same)?;
    let bias = net.place("fc/bias", &[136], Layout::Same)?;
    let landmarks = net.graph.node("Gemm", &[x, weights, bias], &[]);
    net.graph.output("landmarks", landmarks, &[-1, 136]);
    Ok(net.graph.finish())
}

/// The three convolutions of a block after its first; each takes the sum of all before it.
fn dense(net: &mut Net<'_>, first: Value, block: &str, channels: usize) -> Result<Value, ConvertError> {
    let mut sum = first;
    for layer in 1..=3 {
        let x = net.relu(sum);
        let y = separable(net, x, &format!("{block}/conv{layer}"), [channels; 2], Stride::One)?;
        // The first convolution goes into the sum after its ReLU, the others before theirs.
        sum = net.add(if layer == 1 { x } else { sum }, y);
    }
    Ok(net.relu(sum))
}

fn separable(net: &mut Net<'_>, x: Value, name: &str, [from, to]: [usize; 2], stride: Stride) -> Result<Value, ConvertError> {
    let x = net.depthwise(x, &format!("{name}/depthwise_filter"), from, stride)?;
    let names = [format!("{name}/pointwise_filter"), format!("{name}/bias")];
    net.convolve(x, names.each_ref().map(String::as_str), [1, from, to], Stride::One)
}
