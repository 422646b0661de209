//! Models that this program writes itself, run by onnxruntime.

use super::session::{Model, Port};
use super::tests_support::{on, runtime};
use crate::convert::graph::{GraphBuilder, Tensor};

fn port(name: &str, shape: &[i64]) -> Port {
    Port { name: name.into(), shape: shape.to_vec(), is_f32: true }
}

#[test]
fn a_graph_of_our_own_runs_with_any_batch() {
    let Some(runtime) = runtime() else { return };
    let mut graph = GraphBuilder::new("halves", 13);
    let x = graph.input("input", &[-1, 4]);
    let levels = graph.constant("levels", Tensor::u8(&[4], vec![0, 1, 2, 255]).unwrap());
    let levels = graph.node("Cast", &[levels], &[("to", 1.into())]);
    let sum = graph.node("Add", &[x, levels], &[]);
    let two = graph.constant("two", Tensor::number(2.0));
    let twice = graph.node("Mul", &[sum, two], &[]);
    let sizes = graph.constant("sizes", Tensor::list(&[2, 2]));
    let [low, high] = graph.node_of("Split", &[twice, sizes], &[("axis", 1.into())]);
    graph.output("low", low, &[-1, 2]);
    graph.output("high", high, &[-1, 2]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("halves.onnx");
    std::fs::write(&path, graph.finish()).unwrap();

    let mut model = Model::open(&path, &on(runtime.cpu())).unwrap();
    assert_eq!(model.inputs(), [port("input", &[-1, 4])]);
    assert_eq!(model.outputs(), [port("low", &[-1, 2]), port("high", &[-1, 2])]);
    let read = |outputs: &[&[f32]]| Ok(outputs.iter().map(|o| o.to_vec()).collect::<Vec<_>>());
    let found = model.run(&[2, 4], &[0.5, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0], read).unwrap();
    assert_eq!(found, [[1.0, 2.0, 2.0, 4.0], [4.0, 510.0, 6.0, 512.0]]);
}
