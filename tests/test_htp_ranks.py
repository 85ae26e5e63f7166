"""What is computed in fewer dimensions for HTP is what it was, on ONNX Runtime's CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hardware.qualcomm.rewrites.ranks import limit_ranks

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
onnx_ir = pytest.importorskip("onnx_ir")

SIZES = (2, 3, 2, 3, 2, 4)
DATA = np.random.default_rng(0).normal(size=SIZES).astype(np.float32)
Step = tuple[str, list[Any], dict[str, Any]]
LARGE: Step = ("Reshape", [np.array(SIZES)], {})
CASES: dict[str, list[Step]] = {
    "elementwise": [("Add", [DATA[:1, :, :1]], {}), ("Mul", [np.float32(3)], {}), ("Exp", [], {})],
    "expand": [("ReduceMax", [np.array([1, -1])], {}), ("Expand", [np.array(SIZES)], {})],
    "reduce": [("ReduceMean", [np.array([2, 3])], {"keepdims": 0}), ("Neg", [], {})],
    "transpose": [("Transpose", [], {"perm": [0, 2, 4, 1, 3, 5]}), ("Relu", [], {})],
    "reverse": [("Transpose", [], {"perm": [5, 4, 3, 2, 1, 0]}), ("Reshape", [np.array([-1])], {})],
    "gather one": [("Gather", [np.array(-1)], {"axis": 3})],
    "gather some": [("Gather", [np.array([[1, 0], [2, 2]])], {"axis": 1}), ("Neg", [], {})],
    "slice": [("Slice", [np.array([1, -3]), np.array([9, -1]), np.array([1, 5])], {})],
    "slice back": [
        ("Slice", [np.array([-1]), np.array([-9]), np.array([3]), np.array([-1])], {}),
        ("Squeeze", [], {}),
    ],
    "concat": [("Concat", [DATA[:, :, :, :1]], {"axis": 3}), ("Neg", [], {})],
    "softmax": [("Softmax", [], {"axis": 2})],
    "unsqueeze": [("Unsqueeze", [np.array([0, 3])], {}), ("Sigmoid", [], {})],
    "matmul": [
        ("MatMul", [DATA[:, :1, :1, :1].swapaxes(-1, -2)], {}),
        ("Reshape", [np.array([6, -1])], {}),
    ],
    "normalization": [("LayerNormalization", [DATA[0, 0, 0, 0, 0]], {})],
    "unknown": [("CumSum", [np.array(1)], {})],
}


def model_of(steps: list[Step], ends: list[Step]) -> Any:
    """A model of operators, each of which takes the last one's result and constants."""
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [12, 24])
    nodes, held, last = [], [], "x"
    for i, (operator, arrays, attributes) in enumerate([LARGE, *steps, *ends]):
        names = [f"{operator}_{i}_{j}" for j in range(len(arrays))]
        held += [onnx.numpy_helper.from_array(np.asarray(a), n) for a, n in zip(arrays, names)]
        nodes.append(onnx.helper.make_node(operator, [last, *names], [f"y{i}"], **attributes))
        last = f"y{i}"
    graph = onnx.helper.make_graph(nodes, "graph", [value], [onnx.ValueInfoProto(name=last)], held)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)])
    model.ir_version = 10
    return onnx.shape_inference.infer_shapes(model, data_prop=True)


def computed(model: Any) -> Any:
    """What the model computes on the CPU."""
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=providers)
    return session.run(None, {"x": DATA.reshape(12, 24)})[0]


def ranks(model: Any) -> list[int]:
    """How many dimensions the results of a model's nodes have."""
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    results = {name for node in inferred.node for name in node.output}
    known = [value for value in inferred.value_info if value.name in results]
    return [len(value.type.tensor_type.shape.dim) for value in known]


@pytest.mark.parametrize("name", CASES)
def test_the_result_stays(name: str) -> None:
    model = model_of(CASES[name], [("Reshape", [np.array([2, -1])], {})])
    program = onnx_ir.from_proto(model)
    limit_ranks(program)
    rewritten = onnx_ir.to_proto(program)
    np.testing.assert_allclose(computed(rewritten), computed(model), rtol=1e-5)
    assert max(ranks(rewritten), default=0) <= 5 or name == "unknown"


def test_a_large_output_stays() -> None:
    model = model_of(CASES["elementwise"], [])
    program = onnx_ir.from_proto(model)
    limit_ranks(program)
    rewritten = onnx_ir.to_proto(program)
    assert [v.name for v in rewritten.graph.output] == [v.name for v in model.graph.output]
    np.testing.assert_allclose(computed(rewritten), computed(model), rtol=1e-5)


def test_rows_of_a_batch_are_repeated_in_two_dimensions() -> None:
    three = ("Reshape", [np.array([12, 4, 6])], {})
    added = ("Add", [np.arange(24, dtype=np.float32).reshape(4, 6)], {})
    normalized = ("LayerNormalization", [np.ones(6, np.float32)], {})
    model = model_of([three, added, ("Sigmoid", [], {}), normalized], [])
    program = onnx_ir.from_proto(model)
    limit_ranks(program)
    (sum_,) = (node for node in program.graph if node.op_type == "Add")
    assert sum_.outputs[0].shape == (12, 24)
    np.testing.assert_allclose(computed(onnx_ir.to_proto(program)), computed(model), rtol=1e-5)
