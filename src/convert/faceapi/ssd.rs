//! A face detector: SSD on MobileNet v1 (face-api `ssdMobilenetv1/`), boxes decoded in the graph.
//!
//! Liu et al. 2016, "SSD: Single Shot MultiBox Detector" (arXiv:1512.02325). Input `input` `[n, 3, 512, 512]`, RGB, x / 127.5 - 1; outputs
//! `boxes` `[n, 5118, 4]` (y1, x1, y2, x2), 0..=1 of the square, and `scores` `[n, 5118, 1]`, 0..=1.

use super::super::ConvertError;
use super::super::graph::{Tensor, Value};
use super::super::tfjs::Layout;
use super::Member;
use super::net::{Net, Stride};

/// The boxes that the network knows beforehand, over all heads.
const PRIORS: usize = 5118;
/// How the network was trained to scale what it says of centres and of sizes.
const CENTRE_SCALE: f32 = 10.0;
const SIZE_SCALE: f32 = 5.0;

/// The output channels of the thirteen pairs of depthwise and pointwise convolutions, and where they halve the picture.
const PAIRS: [(usize, Stride); 13] = [
    (64, Stride::One),
    (128, Stride::Two),
    (128, Stride::One),
    (256, Stride::Two),
    (256, Stride::One),
    (512, Stride::Two),
    (512, Stride::One),
    (512, Stride::One),
    (512, Stride::One),
    (512, Stride::One),
    (512, Stride::One),
    (1024, Stride::Two),
    (1024, Stride::One),
];

/// The side of the filters and the channels in and out of the convolutions behind those; each second one halves.
const EXTRA: [[usize; 3]; 8] =
    [[1, 1024, 256], [3, 256, 512], [1, 512, 128], [3, 128, 256], [1, 256, 128], [3, 128, 256], [1, 256, 64], [3, 64, 128]];

pub(in super::super) fn convert(members: [Member<'_>; 2]) -> Result<Vec<u8>, ConvertError> {
    let (mut net, input) = Net::begin("faceapi_ssd_mobilenetv1", members, 512)?;
    let limits = [net.graph.constant("zero", Tensor::scalar(0.0)), net.graph.constant("six", Tensor::scalar(6.0))];
    let mut maps = Vec::new();
    let mut x = pointwise(&mut net, input, "MobilenetV1/Conv2d_0_pointwise", [3, 3, 32], Stride::Two, limits)?;
    let mut from = 32;
    for (number, (to, stride)) in (1..).zip(PAIRS) {
        x = depthwise(&mut net, x, &format!("MobilenetV1/Conv2d_{number}_depthwise"), from, stride, limits)?;
        x = pointwise(&mut net, x, &format!("MobilenetV1/Conv2d_{number}_pointwise"), [1, from, to], Stride::One, limits)?;
        from = to;
        if number == 11 || number == 13 {
            maps.push((x, to));
        }
    }
    for (number, shape) in EXTRA.into_iter().enumerate() {
        let stride = if number % 2 == 0 { Stride::One } else { Stride::Two };
        x = pointwise(&mut net, x, &format!("Prediction/Conv2d_{number}_pointwise"), shape, stride, limits)?;
        if stride == Stride::Two {
            maps.push((x, shape[2]));
        }
    }
    let (mut boxes, mut classes) = (Vec::new(), Vec::new());
    let numbers =
        [net.graph.constant("rows_of_4", Tensor::list(&[0, -1, 4])), net.graph.constant("rows_of_3", Tensor::list(&[0, -1, 3]))];
    for (head, (map, channels)) in maps.into_iter().enumerate() {
        let priors = if head == 0 { 3 } else { 6 };
        for (part, width, rows, all) in
            [("BoxEncodingPredictor", 4, numbers[0], &mut boxes), ("ClassPredictor", 3, numbers[1], &mut classes)]
        {
            let names = ["weights", "biases"].map(|kind| format!("Prediction/BoxPredictor_{head}/{part}/{kind}"));
            let x = net.convolve(map, names.each_ref().map(String::as_str), [1, channels, priors * width], Stride::One)?;
            let x = net.graph.node("Transpose", &[x], &[("perm", [0, 2, 3, 1].into())]);
            all.push(net.graph.node("Reshape", &[x, rows], &[]));
        }
    }
    let boxes = net.graph.node("Concat", &boxes, &[("axis", 1.into())]);
    decode(&mut net, boxes)?;
    let classes = net.graph.node("Concat", &classes, &[("axis", 1.into())]);
    let faces = slice(&mut net, classes, "class", [1, 2]);
    let scores = net.graph.node("Sigmoid", &[faces], &[]);
    net.graph.output("scores", scores, &[-1, 5118, 1]);
    Ok(net.graph.finish())
}

/// Convolution, bias, ReLU6.
fn pointwise(
    net: &mut Net<'_>,
    x: Value,
    name: &str,
    shape: [usize; 3],
    stride: Stride,
    [zero, six]: [Value; 2],
) -> Result<Value, ConvertError> {
    let names = [format!("{name}/weights"), format!("{name}/convolution_bn_offset")];
    let x = net.convolve(x, names.each_ref().map(String::as_str), shape, stride)?;
    Ok(net.graph.node("Clip", &[x, zero, six], &[]))
}

/// Convolution channel by channel, batch normalisation, ReLU6.
fn depthwise(
    net: &mut Net<'_>,
    x: Value,
    name: &str,
    channels: usize,
    stride: Stride,
    [zero, six]: [Value; 2],
) -> Result<Value, ConvertError> {
    let x = net.depthwise(x, &format!("{name}/depthwise_weights"), channels, stride)?;
    let mut inputs = vec![x];
    for part in ["gamma", "beta", "moving_mean", "moving_variance"] {
        inputs.push(net.place(&format!("{name}/BatchNorm/{part}"), &[channels], Layout::Same)?);
    }
    let x = net.graph.node("BatchNormalization", &inputs, &[("epsilon", 0.001_f32.into())]);
    Ok(net.graph.node("Clip", &[x, zero, six], &[]))
}

/// Moves and stretches the known boxes as the network says, and makes the corners an output.
fn decode(net: &mut Net<'_>, boxes: Value) -> Result<(), ConvertError> {
    let corners = net.weights.floats("Output/extra_dim", &[1, PRIORS, 4])?;
    let (mut centres, mut steps, mut halves) = (Vec::new(), Vec::new(), Vec::new());
    let (rows, _) = corners.as_chunks();
    for [y1, x1, y2, x2] in rows {
        for (low, high) in [(y1, y2), (x1, x2)] {
            centres.push(f32::midpoint(*low, *high));
            steps.push((high - low) / CENTRE_SCALE);
            halves.push((high - low) / 2.0);
        }
    }
    let mut table = |name: &str, values: &[f32]| Ok(net.graph.constant(name, Tensor::f32(&[1, PRIORS, 2], values)?));
    let (centres, steps, halves) =
        (table("priors/centres", &centres)?, table("priors/steps", &steps)?, table("priors/halves", &halves)?);
    let moved = slice(net, boxes, "centre", [0, 2]);
    let moved = net.graph.node("Mul", &[moved, steps], &[]);
    let centre = net.add(moved, centres);
    let stretched = slice(net, boxes, "size", [2, 4]);
    let scale = net.graph.constant("size_scale", Tensor::scalar(SIZE_SCALE));
    let stretched = net.graph.node("Div", &[stretched, scale], &[]);
    let stretched = net.graph.node("Exp", &[stretched], &[]);
    let half = net.graph.node("Mul", &[stretched, halves], &[]);
    let low = net.graph.node("Sub", &[centre, half], &[]);
    let high = net.add(centre, half);
    let boxes = net.graph.node("Concat", &[low, high], &[("axis", 2.into())]);
    net.graph.output("boxes", boxes, &[-1, 5118, 4]);
    Ok(())
}

/// Takes the columns `from..to` of `[n, priors, columns]`.
fn slice(net: &mut Net<'_>, x: Value, name: &str, [from, to]: [i64; 2]) -> Value {
    let mut list = |part: &str, value: i64| net.graph.constant(&format!("{name}/{part}"), Tensor::list(&[value]));
    let (from, to, axis) = (list("from", from), list("to", to), list("axis", 2));
    net.graph.node("Slice", &[x, from, to, axis], &[])
}
