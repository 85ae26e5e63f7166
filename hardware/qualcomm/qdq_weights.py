"""Weights that are not quantized per tensor to unsigned 8 bits.

Needs onnx and onnxruntime's quantizer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

SCALING = ("Add", "Mul", "Reshape", "Sub", "Unsqueeze")
CHANNEL_AXIS = {"Conv": 0, "ConvTranspose": 1, "Gemm": 1, "MatMul": -1}
"""Operator -> the axis of its weights with one scale per channel (Gemm's transposed ones: 0)."""

Overrides = dict[str, list[dict[str, Any]]]
"""Constant name -> options of the quantizer."""


def weight_overrides(path: Path) -> Overrides:
    """The quantizer overrides for the constants of a graph."""
    import onnx

    graph = onnx.load(path).graph
    constants = {tensor.name for tensor in graph.initializer}
    return {**channel_weights(graph, constants), **angle_weights(graph, constants)}


def channel_weights(graph: Any, constants: set[str]) -> Overrides:
    """Per-channel scales of convolutions and matrix products: HTP takes signed weights there."""
    from onnxruntime.quantization import QuantType

    return {
        node.input[1]: [
            {"quant_type": QuantType.QInt8, "symmetric": True, "axis": channel_axis(node)}
        ]
        for node in graph.node
        if node.op_type in CHANNEL_AXIS and node.input[1] in constants
    }


def channel_axis(node: Any) -> int:
    """The axis of the output channels in a node's weights."""
    transposed = any(item.name == "transB" and item.i for item in node.attribute)
    return 0 if transposed else CHANNEL_AXIS[node.op_type]


def angle_weights(graph: Any, constants: set[str]) -> Overrides:
    """16 bits for matrix products that compute angles: a sine depends on their absolute error."""
    from onnxruntime.quantization import QuantType

    makers = {output: node for node in graph.node for output in node.output}
    waiting = [node.input[0] for node in graph.node if node.op_type in ("Cos", "Sin")]
    seen, initializers = set(waiting), {}
    while waiting:
        node = makers.get(waiting.pop())
        if node is None or node.op_type not in (*SCALING, "MatMul"):
            continue
        if node.op_type == "MatMul":
            weights = constants.intersection(node.input)
            initializers.update({name: [{"quant_type": QuantType.QUInt16}] for name in weights})
            continue
        before = [name for name in node.input if name not in seen]
        seen.update(before)
        waiting += before
    return initializers
