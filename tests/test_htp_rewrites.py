"""Graphs that are rewritten for the HTP compute what they did before, on ONNX Runtime's CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hardware.qualcomm.rewrites import operators

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
onnx_ir = pytest.importorskip("onnx_ir")

FLOATS = np.random.default_rng(0).normal(size=(1, 3, 4, 6)).astype(np.float32)
TRUTHS = FLOATS > 0
PLACES = np.arange(8).reshape(4, 2) % 6
INTEGERS = np.arange(6).reshape(2, 3)
STATISTICS = {name: np.array([0.5, 2.0, 1.5], dtype=np.float32) for name in "abcd"}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "CumSum": ({"x": FLOATS}, {"axis": np.array(1)}, {}),
    "CumSum of what follows": (
        {"x": FLOATS},
        {"axis": np.array(-1)},
        {"exclusive": 1, "reverse": 1},
    ),
    "Equal": ({"x": TRUTHS, "y": ~TRUTHS[..., ::-1]}, {}, {}),
    "Gather": ({"x": FLOATS}, {"indices": np.arange(4).reshape(2, 2)}, {"axis": 2}),
    "IsInf": ({"x": FLOATS}, {}, {}),
    "IsNaN": ({"x": FLOATS}, {}, {}),
    "Pad": ({"x": INTEGERS}, {"pads": np.array([1, 0, 0, 2]), "value": np.array(7)}, {}),
    "BatchNormalization": ({"x": FLOATS}, STATISTICS, {}),
    "AveragePool": ({"x": FLOATS}, {}, {"kernel_shape": [4, 6]}),
    "Pow": ({"x": np.abs(FLOATS) + 1}, {"y": np.array(-0.5, dtype=np.float32)}, {}),
    "Reciprocal": ({"x": np.abs(FLOATS) + 1}, {}, {}),
    "ReduceLogSumExp": ({"x": FLOATS}, {"axes": np.array([-1])}, {"keepdims": 0}),
    **{
        name: ({"x": FLOATS}, {"axes": np.array([0, -1])}, {"keepdims": int(name == "ReduceMax")})
        for name in ("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum")
    },
    "ScatterElements": (
        {
            "x": TRUTHS[0, 0],
            "indices": np.arange(8).reshape(4, 2) % 6,
            "updates": TRUTHS[0, 1, :, :2],
        },
        {},
        {"axis": -1},
    ),
    "ScatterElements of rows": (
        {"x": FLOATS},
        {"indices": np.full((1, 3, 1, 6), 2), "updates": FLOATS[:, :, :1]},
        {"axis": -2},
    ),
    "ScatterND at computed places": (
        {"x": INTEGERS, "places": np.array([[0, 2], [1, 1]])},
        {"updates": np.array([7, 7])},
        {},
    ),
    "ScatterND": (
        {"x": INTEGERS},
        {"indices": np.array([[1]]), "updates": INTEGERS[:1] + 9},
        {},
    ),
    **{
        name: ({"x": np.abs(FLOATS[None])}, {}, {})
        for name in ("Atan", "Ceil", "Cos", "Elu", "Floor", "Gelu", "Log", "Neg", "Round")
    },
    **{
        name: ({"x": np.abs(FLOATS[None])}, {}, {})
        for name in ("Sign", "Sin", "Softplus", "Sqrt", "Tanh")
    },
    "Trilu": ({"x": FLOATS}, {"k": np.array(-1)}, {"upper": 0}),
    "Slice": (
        {"x": FLOATS},
        {name: np.array([i]) for name, i in zip("abcd", (1, 99, -1, 2))},
        {},
    ),
    "Split": ({"x": FLOATS}, {}, {"axis": 0, "num_outputs": 1}),
}


def model_of(operator: str) -> tuple[Any, dict[str, Any]]:
    """A model of one operator, and inputs for it."""
    inputs, constants, attributes = CASES[operator]
    named = operator.split()[0]
    node = onnx.helper.make_node(named, [*inputs, *constants], ["result"], **attributes)
    return graph_of([node], inputs, constants), inputs


def graph_of(nodes: list[Any], inputs: dict[str, Any], constants: dict[str, Any]) -> Any:
    """A model of these operators that gives `result`."""
    values = [
        onnx.helper.make_tensor_value_info(
            name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in inputs.items()
    ]
    held = [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()]
    result = onnx.ValueInfoProto(name="result")
    graph = onnx.helper.make_graph(nodes, "graph", values, [result], held)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)])
    model.ir_version = 10
    return onnx.shape_inference.infer_shapes(model, data_prop=True)


def written(graph: Any) -> list[tuple[str, tuple[str, ...]]]:
    """The operators of a graph and what they take."""
    return [(node.op_type, tuple(node.input)) for node in graph.node]


def computed(model: Any, inputs: dict[str, Any]) -> Any:
    """What the model computes on the CPU."""
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=providers)
    return session.run(None, inputs)[0]


@pytest.mark.parametrize("operator", CASES)
def test_the_result_stays(operator: str) -> None:
    model, inputs = model_of(operator)
    program = onnx_ir.from_proto(model)
    operators.rewrite_for_htp(program)
    rewritten = onnx_ir.to_proto(program)
    assert written(rewritten.graph) != written(model.graph)
    np.testing.assert_allclose(computed(rewritten, inputs), computed(model, inputs), rtol=1e-5)


def test_a_count_is_compared_with_a_number_between_counts() -> None:
    nodes = [
        onnx.helper.make_node("Cast", ["x"], ["numbers"], to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("ReduceSum", ["numbers", "axes"], ["count"]),
        onnx.helper.make_node("Less", ["count", "border"], ["result"]),
    ]
    constants = {"axes": np.array([-1]), "border": np.array(3, dtype=np.float32)}
    model = graph_of(nodes, {"x": TRUTHS}, constants)
    program = onnx_ir.from_proto(model)
    operators.rewrite_for_htp(program)
    rewritten = onnx_ir.to_proto(program)
    held = [onnx.numpy_helper.to_array(tensor) for tensor in rewritten.graph.initializer]
    assert 2.5 in held
    expected = computed(model, {"x": TRUTHS})
    np.testing.assert_array_equal(computed(rewritten, {"x": TRUTHS}), expected)


def test_counts_are_divided_as_integers() -> None:
    nodes = [
        onnx.helper.make_node("Cast", ["x"], ["numbers"], to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("Div", ["numbers", "three"], ["parts"]),
        onnx.helper.make_node("Floor", ["parts"], ["floor"]),
        onnx.helper.make_node("Cast", ["floor"], ["result"], to=onnx.TensorProto.INT64),
    ]
    model = graph_of(nodes, {"x": INTEGERS}, {"three": np.array(3, np.float32)})
    program = onnx_ir.from_proto(model)
    operators.rewrite_for_htp(program)
    rewritten = onnx_ir.to_proto(program)
    (division,) = (node for node in rewritten.graph.node if node.output[0] == "result")
    assert division.op_type == "Div" and division.input[0] == "x"
    result = computed(rewritten, {"x": INTEGERS})
    np.testing.assert_array_equal(result, computed(model, {"x": INTEGERS}))


def test_whole_numbers_are_equal_when_they_are_close() -> None:
    nodes = [
        onnx.helper.make_node("Cast", ["x"], ["numbers"], to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("Concat", ["numbers", "more"], ["all"], axis=1),
        onnx.helper.make_node("Equal", ["all", "wanted"], ["result"]),
    ]
    constants = {"more": -np.ones((2, 1), np.float32), "wanted": np.array(-1, np.float32)}
    model = graph_of(nodes, {"x": INTEGERS}, constants)
    program = onnx_ir.from_proto(model)
    operators.rewrite_for_htp(program)
    rewritten = onnx_ir.to_proto(program)
    assert "Equal" not in [node.op_type for node in rewritten.graph.node]
    result = computed(rewritten, {"x": INTEGERS})
    np.testing.assert_array_equal(result, computed(model, {"x": INTEGERS}))


def test_every_rewrite_has_a_case() -> None:
    assert set(operators.REWRITES) == {
        *(case.split()[0] for case in CASES),
        "Cast",
        "Less",
    }
