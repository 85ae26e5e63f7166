"""Convolutions have a scale for each channel, what makes angles has more bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hardware.qualcomm import qdq_weights

onnx = pytest.importorskip("onnx")
quantization = pytest.importorskip("onnxruntime.quantization")


def test_convolutions_and_products_before_a_sine_are_exceptions(tmp_path: Path) -> None:
    make = onnx.helper.make_node
    nodes = [
        make("MatMul", ["x", "frequencies"], ["turns"]),
        make("Mul", ["turns", "circle"], ["angles"]),
        make("Sin", ["angles"], ["sines"]),
        make("MatMul", ["sines", "weights"], ["rows"]),
        make("Conv", ["rows", "kernel"], ["y"]),
    ]
    constants = {
        name: np.ones((2, 2), np.float32) for name in ("frequencies", "circle", "weights", "kernel")
    }
    ports = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [2, 2]) for name in "xy"
    ]
    held = [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = onnx.helper.make_graph(nodes, "graph", ports[:1], ports[1:], held)
    onnx.save(onnx.helper.make_model(graph), tmp_path / "graph.onnx")
    result = qdq_weights.weight_overrides(tmp_path / "graph.onnx")
    assert result == {
        "frequencies": [{"quant_type": quantization.QuantType.QUInt16}],
        "kernel": [{"quant_type": quantization.QuantType.QInt8, "symmetric": True, "axis": 0}],
    }
