//! Builds an ONNX graph node by node.

use super::ConvertError;
use super::onnx::{
    AttributeKind, Axis, ElementKind, Graph, IR_VERSION, Model, NamedAttribute, Node, OperatorSet, Shape, TensorData, TensorType,
    TypeInfo, ValueInfo,
};
use prost::Message;

/// The version of the operators that our own models use; everything that runs models today has it.
pub(super) const OPSET: i64 = 13;

/// A value of the graph that made it: an input, an initializer, or what a node puts out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value(usize);

/// An attribute of a node; made with `into()` from `i64`, `f32`, `&str` or an array of `i64`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Attribute {
    Int(i64),
    Float(f32),
    Text(&'static str),
    Ints(Vec<i64>),
}

impl From<i64> for Attribute {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f32> for Attribute {
    fn from(value: f32) -> Self {
        Self::Float(value)
    }
}

impl From<&'static str> for Attribute {
    fn from(value: &'static str) -> Self {
        Self::Text(value)
    }
}

impl<const N: usize> From<[i64; N]> for Attribute {
    fn from(values: [i64; N]) -> Self {
        Self::Ints(values.to_vec())
    }
}

/// Constant numbers: row-major, as many as the shape says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    shape: Vec<usize>,
    kind: ElementKind,
    /// Little-endian.
    bytes: Vec<u8>,
}

impl Tensor {
    /// Holds `values` in `shape`.
    ///
    /// # Errors
    /// Fails where `shape` needs more or fewer values.
    pub(crate) fn f32(shape: &[usize], values: &[f32]) -> Result<Self, ConvertError> {
        Self::from_bytes(shape, ElementKind::F32, values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    /// Holds what `bytes` are: little-endian, row-major elements.
    ///
    /// # Errors
    /// Fails where `shape` needs more or fewer of them.
    pub(super) fn from_bytes(shape: &[usize], kind: ElementKind, bytes: Vec<u8>) -> Result<Self, ConvertError> {
        count(shape, kind, bytes.len())?;
        Ok(Self { shape: shape.to_vec(), kind, bytes })
    }

    /// Holds one number, a scalar of shape `[]`.
    pub(crate) fn scalar(value: f32) -> Self {
        Self { shape: Vec::new(), kind: ElementKind::F32, bytes: value.to_le_bytes().to_vec() }
    }

    /// Holds a list of `i64`, of shape `[n]`, such as the axes that `Slice` takes.
    pub(crate) fn list(values: &[i64]) -> Self {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self { shape: vec![values.len()], kind: ElementKind::I64, bytes }
    }
}

/// Fails where the elements of `shape` do not take `found` bytes.
fn count(shape: &[usize], kind: ElementKind, found: usize) -> Result<(), ConvertError> {
    let due = shape.iter().try_fold(kind.bytes(), |n, side| n.checked_mul(*side));
    if due == Some(found) { Ok(()) } else { Err(ConvertError::Values { shape: shape.to_vec(), found }) }
}

/// A graph under construction. The order of the calls decides the bytes of the file, and nothing else does.
///
/// ```ignore
/// let mut graph = GraphBuilder::new("twice", OPSET);
/// let x = graph.input("input", &[-1, 3, -1, -1]);
/// let two = graph.constant("two", Tensor::scalar(2.0));
/// let y = graph.node("Mul", &[x, two], &[]);
/// graph.output("output", y, &[-1, 3, -1, -1]);
/// let file: Vec<u8> = graph.finish();
/// ```
#[derive(Debug)]
pub(crate) struct GraphBuilder {
    name: String,
    opset: i64,
    /// The name of each value.
    values: Vec<String>,
    nodes: Vec<Step>,
    initializers: Vec<(Value, Tensor)>,
    inputs: Vec<(Value, Vec<i64>)>,
    outputs: Vec<(Value, Vec<i64>)>,
}

/// A node before its values have their last names.
#[derive(Debug)]
struct Step {
    operator: &'static str,
    inputs: Vec<Value>,
    outputs: Vec<Value>,
    attributes: Vec<NamedAttribute>,
}

impl GraphBuilder {
    /// Begins a graph of ONNX's own operators in version `opset`.
    pub(crate) fn new(name: &str, opset: i64) -> Self {
        Self {
            name: name.into(),
            opset,
            values: Vec::new(),
            nodes: Vec::new(),
            initializers: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Adds an `f32` input; `-1` leaves an axis free.
    pub(crate) fn input(&mut self, name: &str, shape: &[i64]) -> Value {
        let value = self.value(name.into());
        self.inputs.push((value, shape.to_vec()));
        value
    }

    /// Adds an initializer. Inputs, initializers and outputs must have names of their own, unlike `Conv_7`, which nodes have.
    pub(crate) fn constant(&mut self, name: &str, tensor: Tensor) -> Value {
        let value = self.value(name.into());
        self.initializers.push((value, tensor));
        value
    }

    /// Adds a node with one output.
    pub(crate) fn node(&mut self, operator: &'static str, inputs: &[Value], attributes: &[(&str, Attribute)]) -> Value {
        let [output] = self.node_of(operator, inputs, attributes);
        output
    }

    /// Adds a node with `N` outputs.
    pub(crate) fn node_of<const N: usize>(
        &mut self,
        operator: &'static str,
        inputs: &[Value],
        attributes: &[(&str, Attribute)],
    ) -> [Value; N] {
        let number = self.nodes.len();
        let outputs = std::array::from_fn(|i| {
            self.value(if i == 0 { format!("{operator}_{number}") } else { format!("{operator}_{number}_{i}") })
        });
        let attributes = attributes.iter().map(|(name, value)| attribute(name, value)).collect();
        self.nodes.push(Step { operator, inputs: inputs.to_vec(), outputs: outputs.to_vec(), attributes });
        outputs
    }

    /// Names what a node puts out and makes it the next `f32` output of the model; `-1` where the size of an axis varies.
    /// A value can be one output only.
    pub(crate) fn output(&mut self, name: &str, value: Value, shape: &[i64]) {
        self.values[value.0] = name.into();
        self.outputs.push((value, shape.to_vec()));
    }

    /// Returns the file.
    pub(crate) fn finish(self) -> Vec<u8> {
        let names = |values: &[Value]| values.iter().map(|v| self.values[v.0].clone()).collect();
        let ports = |ports: &[(Value, Vec<i64>)]| {
            ports.iter().map(|(value, shape)| value_info(self.values[value.0].clone(), shape)).collect()
        };
        let node = self.nodes.iter().enumerate().map(|(number, step)| Node {
            input: names(&step.inputs),
            output: names(&step.outputs),
            name: format!("{}_{number}", step.operator),
            op_type: step.operator.into(),
            attribute: step.attributes.clone(),
        });
        let (node, input, output) = (node.collect(), ports(&self.inputs), ports(&self.outputs));
        let initializer = self.initializers.into_iter().map(|(value, tensor)| TensorData {
            dims: tensor.shape.iter().map(|n| i64::try_from(*n).unwrap_or(i64::MAX)).collect(),
            data_type: tensor.kind.into(),
            name: self.values[value.0].clone(),
            raw_data: Some(tensor.bytes),
        });
        let graph = Graph { node, name: self.name, initializer: initializer.collect(), input, output };
        let model = Model {
            ir_version: IR_VERSION,
            producer_name: "screenalytics".into(),
            graph: Some(graph),
            opset_import: vec![OperatorSet { domain: Some(String::new()), version: self.opset }],
        };
        model.encode_to_vec()
    }

    /// How many nodes there are.
    #[cfg(test)]
    pub(crate) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    fn value(&mut self, name: String) -> Value {
        self.values.push(name);
        Value(self.values.len() - 1)
    }
}

fn attribute(name: &str, value: &Attribute) -> NamedAttribute {
    let mut named = NamedAttribute { name: name.into(), ..NamedAttribute::default() };
    let kind = match value {
        Attribute::Int(i) => {
            named.i = Some(*i);
            AttributeKind::Int
        }
        Attribute::Float(f) => {
            named.f = Some(*f);
            AttributeKind::Float
        }
        Attribute::Text(text) => {
            named.s = Some(text.as_bytes().to_vec());
            AttributeKind::String
        }
        Attribute::Ints(ints) => {
            named.ints.clone_from(ints);
            AttributeKind::Ints
        }
    };
    named.kind = kind.into();
    named
}

fn value_info(name: String, shape: &[i64]) -> ValueInfo {
    let dim = shape.iter().map(|n| Axis { size: (*n >= 0).then_some(*n) }).collect();
    let tensor = TensorType { element: ElementKind::F32.into(), shape: Some(Shape { dim }) };
    ValueInfo { name, kind: Some(TypeInfo { tensor: Some(tensor) }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the inputs and outputs of an ONNX file: their names, and their sizes with `-1` where free.
    fn ports(file: &[u8]) -> [Vec<(String, Vec<i64>)>; 2] {
        let graph = Model::decode(file).unwrap().graph.unwrap();
        [graph.input, graph.output].map(|ports| {
            let sizes = |p: &ValueInfo| p.kind.clone().unwrap().tensor.unwrap().shape.unwrap().dim;
            ports.iter().map(|p| (p.name.clone(), sizes(p).iter().map(|d| d.size.unwrap_or(-1)).collect())).collect()
        })
    }

    fn affine() -> Vec<u8> {
        let mut graph = GraphBuilder::new("affine", OPSET);
        let x = graph.input("input", &[-1, 2]);
        let factor = graph.constant("factor", Tensor::f32(&[2], &[2.0, 3.0]).unwrap());
        let y = graph.node("Mul", &[x, factor], &[]);
        let [low, high] = graph.node_of("Split", &[y], &[("axis", 1.into())]);
        graph.output("low", low, &[-1, 1]);
        graph.output("high", high, &[-1, 1]);
        graph.finish()
    }

    #[test]
    fn outputs_carry_their_names_and_free_axes_no_size() {
        let model = Model::decode(affine().as_slice()).unwrap();
        let graph = model.graph.unwrap();
        assert_eq!(graph.node[0].output, ["Mul_0"]);
        assert_eq!(graph.node[1].input, ["Mul_0"]);
        assert_eq!(graph.node[1].output, ["low", "high"]);
        let port = |name: &str, shape: [i64; 2]| (name.to_owned(), shape.to_vec());
        assert_eq!(ports(&affine()), [vec![port("input", [-1, 2])], vec![port("low", [-1, 1]), port("high", [-1, 1])]]);
    }

    #[test]
    fn the_same_calls_give_the_same_bytes() {
        assert_eq!(affine(), affine());
    }

    #[test]
    fn an_attribute_of_zero_is_written() {
        let mut graph = GraphBuilder::new("g", OPSET);
        let x = graph.input("x", &[1]);
        let y = graph.node("Concat", &[x], &[("axis", 0.into())]);
        graph.output("y", y, &[1]);
        let model = Model::decode(graph.finish().as_slice()).unwrap();
        assert_eq!(model.graph.unwrap().node[0].attribute[0].i, Some(0));
    }

    #[test]
    fn a_tensor_with_too_few_values_is_refused() {
        assert!(Tensor::f32(&[2, 2], &[1.0; 3]).is_err());
        assert!(Tensor::from_bytes(&[usize::MAX, 2], ElementKind::U8, vec![0; 3]).is_err());
        assert!(Tensor::from_bytes(&[0], ElementKind::U8, vec![]).is_ok());
    }
}
