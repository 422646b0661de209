//! What the three networks share.

use super::super::ConvertError;
use super::super::graph::{GraphBuilder, OPSET, Value};
use super::super::tfjs::{Layout, TfjsWeights};
use super::Member;

/// A network under construction.
pub(super) struct Net<'a> {
    pub(super) graph: GraphBuilder,
    pub(super) weights: TfjsWeights<'a>,
}

/// How the filters of a convolution move over the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stride {
    /// Every pixel; the output is as large as the input.
    One,
    /// Every second pixel of an even side. TensorFlow's SAME then pads below and on the right only.
    Two,
}

impl Stride {
    fn step(self) -> i64 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    /// The zeros around the picture, top, left, bottom, right, for filters of `side`, which is 1 or 3.
    fn pads(self, side: usize) -> [i64; 4] {
        match (self, side) {
            (_, 1) => [0; 4],
            (Self::One, _) => [1; 4],
            (Self::Two, _) => [0, 0, 1, 1],
        }
    }
}

impl<'a> Net<'a> {
    /// Begins a network for pictures of `side`, `[n, 3, side, side]`.
    pub(super) fn begin(name: &str, [manifest, data]: [Member<'a>; 2], side: i64) -> Result<(Self, Value), ConvertError> {
        let weights = TfjsWeights::read(manifest, data)?;
        let mut graph = GraphBuilder::new(name, OPSET);
        let x = graph.input("input", &[-1, 3, side, side]);
        Ok((Self { graph, weights }, x))
    }

    pub(super) fn place(&mut self, name: &str, shape: &[usize], layout: Layout) -> Result<Value, ConvertError> {
        self.weights.place(&mut self.graph, name, shape, layout)
    }

    /// Convolves with `filters` of (side, side, in, out) and adds `bias`.
    pub(super) fn convolve(
        &mut self,
        x: Value,
        [filters, bias]: [&str; 2],
        [side, from, to]: [usize; 3],
        stride: Stride,
    ) -> Result<Value, ConvertError> {
        let filters = self.place(filters, &[side, side, from, to], Layout::Filters)?;
        let bias = self.place(bias, &[to], Layout::Same)?;
        let attributes = [("strides", [stride.step(); 2].into()), ("pads", stride.pads(side).into())];
        Ok(self.graph.node("Conv", &[x, filters, bias], &attributes))
    }

    /// Convolves each channel with `filters` of (3, 3, channels, 1) of its own.
    pub(super) fn depthwise(&mut self, x: Value, filters: &str, channels: usize, stride: Stride) -> Result<Value, ConvertError> {
        let filters = self.place(filters, &[3, 3, channels, 1], Layout::Depthwise)?;
        let group = i64::try_from(channels).unwrap_or(i64::MAX);
        let attributes = [("group", group.into()), ("strides", [stride.step(); 2].into()), ("pads", stride.pads(3).into())];
        Ok(self.graph.node("Conv", &[x, filters], &attributes))
    }

    pub(super) fn add(&mut self, x: Value, y: Value) -> Value {
        self.graph.node("Add", &[x, y], &[])
    }

    pub(super) fn relu(&mut self, x: Value) -> Value {
        self.graph.node("Relu", &[x], &[])
    }
}
