"""Weights that are not quantized per tensor to unsigned 8 bits: all of layers with many of them.

Needs onnx and onnxruntime's quantizer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

PRECISIONS = {"w8a16": 8, "w16a16": 16}
"""Precision -> bits of the weights of convolutions and matrix products; activations have 16."""
SCALING = ("Add", "Mul", "Reshape", "Sub", "Unsqueeze")
CHANNEL_AXIS = {"Conv": 0, "ConvTranspose": 1, "Gemm": 1, "MatMul": -1}
"""Operator -> the axis of its weights with one scale per channel (Gemm's transposed ones: 0)."""

Overrides = dict[str, list[dict[str, Any]]]
"""Constant name -> options of the quantizer."""


def weight_overrides(path: Path, bits: int) -> Overrides:
    """The quantizer overrides for the constants of a graph.

    Args:
        bits: of the weights of convolutions and matrix products, 8 or 16.
    """
    import onnx

    graph = onnx.load(path).graph
    constants = {tensor.name for tensor in graph.initializer}
    return {**layer_weights(graph, constants, bits), **angle_weights(graph, constants)}


def layer_weights(graph: Any, constants: set[str], bits: int) -> Overrides:
    """Signed weights of convolutions and matrix products.

    HTP takes one scale for each channel with 8 bits, and one for the tensor with 16.
    """
    from onnxruntime.quantization import QuantType

    wide = {"quant_type": QuantType.QInt16, "symmetric": True}
    narrow = {"quant_type": QuantType.QInt8, "symmetric": True}
    return {
        node.input[1]: [wide if bits == 16 else {**narrow, "axis": channel_axis(node)}]
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
