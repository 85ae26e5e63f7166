"""Which weights 8 bits are too few for: a sine sees the absolute error of its angle.

Needs onnx and onnxruntime's quantizer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

SCALING = ("Add", "Mul", "Reshape", "Sub", "Unsqueeze")


def angle_weights(path: Path) -> dict[str, list[dict[str, Any]]]:
    """16 bits for the constants that products of matrices make angles of, by their name."""
    import onnx
    from onnxruntime.quantization import QuantType

    graph = onnx.load(path).graph
    makers = {output: node for node in graph.node for output in node.output}
    constants = {tensor.name for tensor in graph.initializer}
    waiting = [node.input[0] for node in graph.node if node.op_type in ("Cos", "Sin")]
    seen, found = set(waiting), {}
    while waiting:
        node = makers.get(waiting.pop())
        if node is None or node.op_type not in (*SCALING, "MatMul"):
            continue
        if node.op_type == "MatMul":
            weights = constants.intersection(node.input)
            found.update({name: [{"quant_type": QuantType.QUInt16}] for name in weights})
            continue
        before = [name for name in node.input if name not in seen]
        seen.update(before)
        waiting += before
    return found
