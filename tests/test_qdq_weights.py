"""Layers have a scale for each channel or 16 bits, what makes angles has 16."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hardware.qualcomm import qdq_weights

onnx = pytest.importorskip("onnx")
quantization = pytest.importorskip("onnxruntime.quantization")


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A graph with a matrix product before a sine, and two layers behind it."""
    make = onnx.helper.make_node
    nodes = [
        make("MatMul", ["x", "frequencies"], ["turns"]),
        make("Mul", ["turns", "circle"], ["angles"]),
        make("Sin", ["angles"], ["sines"]),
        make("MatMul", ["sines", "weights"], ["rows"]),
        make("Gemm", ["rows", "turned"], ["columns"], transB=1),
        make("Conv", ["columns", "kernel"], ["y"]),
    ]
    constants = {
        name: np.ones((2, 2), np.float32)
        for name in ("frequencies", "circle", "weights", "turned", "kernel")
    }
    ports = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [2, 2]) for name in "xy"
    ]
    held = [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = onnx.helper.make_graph(nodes, "graph", ports[:1], ports[1:], held)
    onnx.save(onnx.helper.make_model(graph), tmp_path / "graph.onnx")
    return tmp_path / "graph.onnx"


def test_layers_have_a_scale_for_each_channel_and_angles_have_16_bits(graph: Path) -> None:
    narrow = {"quant_type": quantization.QuantType.QInt8, "symmetric": True}
    assert qdq_weights.weight_overrides(graph, 8) == {
        "frequencies": [{"quant_type": quantization.QuantType.QUInt16}],
        "weights": [{**narrow, "axis": -1}],
        "kernel": [{**narrow, "axis": 0}],
        "turned": [{**narrow, "axis": 0}],
    }


def test_layers_have_16_bits_where_asked_for(graph: Path) -> None:
    result = qdq_weights.weight_overrides(graph, 16)
    wide = [{"quant_type": quantization.QuantType.QInt16, "symmetric": True}]
    assert result["weights"] == result["kernel"] == result["turned"] == wide
    assert result["frequencies"] == [{"quant_type": quantization.QuantType.QUInt16}]
