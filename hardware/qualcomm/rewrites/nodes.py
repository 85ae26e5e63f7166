"""Helpers of the rewrites: attributes and constants of ONNX nodes."""

from __future__ import annotations

from typing import Any


def attribute(node: Any, name: str, default: Any) -> Any:
    """The value of a node's attribute."""
    return node.attributes[name].value if name in node.attributes else default


def array_of(value: Any) -> Any:
    """The array of a constant value; None if it is computed."""
    from onnx_ir.convenience import get_const_tensor

    tensor = get_const_tensor(value)
    return None if tensor is None else tensor.numpy()


def constant(tape: Any, array: Any) -> Any:
    """A new constant in the graph."""
    from onnx_ir import tensor

    return tape.op("Constant", [], {"value": tensor(array)})
