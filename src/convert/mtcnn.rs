//! The three networks of MTCNN, as facenet-pytorch 2.6.0 has them (`models/mtcnn.py`).
//!
//! Zhang et al. 2016, "Joint Face Detection and Alignment using Multitask Cascaded Convolutional Networks" (arXiv:1604.02878).
//! Inputs `input` `[n, 3, h, w]`, RGB, (x - 127.5) / 128; outputs `prob` (softmax, face second), `reg`, of the last also `landmarks`.

use super::ConvertError;
use super::graph::{GraphBuilder, OPSET, Tensor, Value};
use super::onnx::ElementKind;
use super::torch::TorchWeights;

/// A network under construction.
struct Net<'a> {
    graph: GraphBuilder,
    weights: TorchWeights<'a>,
}

/// A convolution with bias and PReLU: its number, the channels that go in and come out, the side of its filters.
#[derive(Debug, Clone, Copy)]
struct Layer(usize, usize, usize, usize);

impl Net<'_> {
    fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<Value, ConvertError> {
        Ok(self.graph.constant(name, self.weights.tensor(name, shape)?))
    }

    fn convolve(&mut self, x: Value, name: &str, from: usize, to: usize, side: usize) -> Result<Value, ConvertError> {
        let filters = self.tensor(&format!("{name}.weight"), &[to, from, side, side])?;
        let bias = self.tensor(&format!("{name}.bias"), &[to])?;
        Ok(self.graph.node("Conv", &[x, filters, bias], &[]))
    }

    fn layer(&mut self, x: Value, Layer(number, from, to, side): Layer) -> Result<Value, ConvertError> {
        let x = self.convolve(x, &format!("conv{number}"), from, to, side)?;
        let name = format!("prelu{number}.weight");
        let slopes = Tensor::from_bytes(&[to, 1, 1], ElementKind::F32, self.weights.bytes(&name, &[to])?)?;
        let slopes = self.graph.constant(&name, slopes);
        Ok(self.graph.node("PRelu", &[x, slopes], &[]))
    }

    fn pool(&mut self, x: Value, side: i64) -> Value {
        self.graph.node(
            "MaxPool",
            &[x],
            &[("kernel_shape", [side, side].into()), ("strides", [2, 2].into()), ("ceil_mode", 1.into())],
        )
    }

    fn dense(&mut self, x: Value, name: &str, from: usize, to: usize) -> Result<Value, ConvertError> {
        let weights = self.tensor(&format!("{name}.weight"), &[to, from])?;
        let bias = self.tensor(&format!("{name}.bias"), &[to])?;
        Ok(self.graph.node("Gemm", &[x, weights, bias], &[("transB", 1.into())]))
    }

    /// The dense layer `dense{number}` with PReLU; the weights expect width, height, channels, the channels closest.
    fn gather(&mut self, x: Value, number: usize, from: usize, to: usize) -> Result<Value, ConvertError> {
        let x = self.graph.node("Transpose", &[x], &[("perm", [0, 3, 2, 1].into())]);
        let x = self.graph.node("Flatten", &[x], &[]);
        let x = self.dense(x, &format!("dense{number}"), from, to)?;
        let slopes = self.tensor(&format!("prelu{number}.weight"), &[to])?;
        Ok(self.graph.node("PRelu", &[x, slopes], &[]))
    }

    fn probabilities(&mut self, x: Value, shape: &[i64]) {
        let x = self.graph.node("Softmax", &[x], &[("axis", 1.into())]);
        self.graph.output("prob", x, shape);
    }
}

fn net<'a>(name: &str, file: (&'a str, &'a [u8]), side: i64) -> Result<(Net<'a>, Value), ConvertError> {
    let weights = TorchWeights::read(file.0, file.1, None)?;
    let mut graph = GraphBuilder::new(name, OPSET);
    let x = graph.input("input", &[-1, 3, side, side]);
    Ok((Net { graph, weights }, x))
}

/// The first stage, on pictures of any size: `[n, 2, h', w']` and `[n, 4, h', w']`, one cell each 2 pixels.
pub(super) fn pnet(file: (&str, &[u8])) -> Result<Vec<u8>, ConvertError> {
    let (mut net, x) = net("mtcnn_pnet", file, -1)?;
    let x = net.layer(x, Layer(1, 3, 10, 3))?;
    let x = net.pool(x, 2);
    let x = net.layer(x, Layer(2, 10, 16, 3))?;
    let x = net.layer(x, Layer(3, 16, 32, 3))?;
    let face = net.convolve(x, "conv4_1", 32, 2, 1)?;
    net.probabilities(face, &[-1, 2, -1, -1]);
    let reg = net.convolve(x, "conv4_2", 32, 4, 1)?;
    net.graph.output("reg", reg, &[-1, 4, -1, -1]);
    Ok(net.graph.finish())
}

/// The second stage, on 24x24.
pub(super) fn rnet(file: (&str, &[u8])) -> Result<Vec<u8>, ConvertError> {
    let (mut net, x) = net("mtcnn_rnet", file, 24)?;
    let x = net.layer(x, Layer(1, 3, 28, 3))?;
    let x = net.pool(x, 3);
    let x = net.layer(x, Layer(2, 28, 48, 3))?;
    let x = net.pool(x, 3);
    let x = net.layer(x, Layer(3, 48, 64, 2))?;
    let x = net.gather(x, 4, 576, 128)?;
    let face = net.dense(x, "dense5_1", 128, 2)?;
    net.probabilities(face, &[-1, 2]);
    let reg = net.dense(x, "dense5_2", 128, 4)?;
    net.graph.output("reg", reg, &[-1, 4]);
    Ok(net.graph.finish())
}

/// The third stage, on 48x48.
pub(super) fn onet(file: (&str, &[u8])) -> Result<Vec<u8>, ConvertError> {
    let (mut net, x) = net("mtcnn_onet", file, 48)?;
    let x = net.layer(x, Layer(1, 3, 32, 3))?;
    let x = net.pool(x, 3);
    let x = net.layer(x, Layer(2, 32, 64, 3))?;
    let x = net.pool(x, 3);
    let x = net.layer(x, Layer(3, 64, 64, 3))?;
    let x = net.pool(x, 2);
    let x = net.layer(x, Layer(4, 64, 128, 2))?;
    let x = net.gather(x, 5, 1152, 256)?;
    let face = net.dense(x, "dense6_1", 256, 2)?;
    net.probabilities(face, &[-1, 2]);
    let reg = net.dense(x, "dense6_2", 256, 4)?;
    net.graph.output("reg", reg, &[-1, 4]);
    let landmarks = net.dense(x, "dense6_3", 256, 10)?;
    net.graph.output("landmarks", landmarks, &[-1, 10]);
    Ok(net.graph.finish())
}
