"""Replaces Scatter operators, which HTP lacks; needs onnx_ir."""

from __future__ import annotations

from typing import Any

from .nodes import array_of, attribute, constant


def scatter_elements(tape: Any, node: Any) -> Any:
    """Replace a scatter of consecutive rows by a concatenation with the others."""
    import numpy as np
    from onnx_ir import DataType

    data, indices, _ = node.inputs
    axis, places = attribute(node, "axis", 0) % len(data.shape), array_of(indices)
    if places is None:
        return scatter_booleans(tape, node) if data.dtype == DataType.BOOL else None
    rows = np.moveaxis(places, axis, 0).reshape(places.shape[axis], -1)
    other = [i for i in range(len(data.shape)) if i != axis]
    whole = all(places.shape[i] == data.shape[i] for i in other) and (rows == rows[:, :1]).all()
    return written(tape, node, rows[:, 0], axis) if whole else None


def scatter_nd(tape: Any, node: Any) -> Any:
    """Replace a scatter of consecutive rows by a concatenation with the others."""
    places = array_of(node.inputs[1])
    if places is None:
        return scatter_one_value(tape, node)
    if places.ndim != 2 or places.shape[1] != 1:
        return None
    return written(tape, node, places[:, 0], 0)


def scatter_one_value(tape: Any, node: Any) -> Any:
    """Replace a scatter of single elements: computed indices are compared with all positions."""
    import numpy as np

    data, places, updates = node.inputs
    sizes, values = data.shape.numpy(), array_of(updates)
    single = values is not None and values.size > 0 and (values == values.ravel()[0]).all()
    whole = places.shape.numpy()[-1] == len(sizes)
    if not (single and whole) or attribute(node, "reduction", "none") != "none":
        return None
    strides = np.cumprod([1, *sizes[:0:-1]])[::-1]
    last, dtype = constant(tape, np.array([-1])), places.dtype.numpy()
    steps = tape.op("Mul", [places, constant(tape, strides.astype(dtype))])
    total = tape.op("ReduceSum", [steps, last], {"keepdims": 0})
    flat = tape.op("Reshape", [total, constant(tape, np.array([-1, 1]))])
    every = np.arange(np.prod(sizes), dtype=dtype)
    hit = any_of(tape, tape.op("Equal", [constant(tape, every), flat]))
    hit = tape.op("Reshape", [hit, constant(tape, np.array(sizes))])
    return tape.op("Where", [hit, constant(tape, values.ravel()[0]), data])


def written(tape: Any, node: Any, rows: Any, axis: int) -> Any:
    """A tensor with replaced rows along an axis; None if the rows are not consecutive."""
    import numpy as np

    data, _, updates = node.inputs
    length, first = data.shape[axis], int(rows[0]) % data.shape[axis]
    follow = (rows % length == first + np.arange(len(rows))).all()
    if not follow or attribute(node, "reduction", "none") != "none":
        return None
    parts = [updates]
    for start, end, place in ((0, first, 0), (first + len(rows), length, 2)):
        if start < end:
            bounds = [constant(tape, np.array([number])) for number in (start, end, axis)]
            parts.insert(place, tape.op("Slice", [data, *bounds]))
    if len(parts) == 1:
        return tape.op("Identity", parts)
    return tape.op("Concat", parts, {"axis": axis})


def scatter_booleans(tape: Any, node: Any) -> Any:
    """Replace a scatter of booleans: each index is compared with all positions."""
    import numpy as np

    data, indices, updates = node.inputs
    shape, axis = data.shape.numpy(), attribute(node, "axis", 0)
    same_rows = indices.shape.numpy()[:-1] == shape[:-1]
    if axis not in (-1, len(shape) - 1) or not same_rows:
        return None
    last = constant(tape, np.array([-1]))
    places = tape.op("Unsqueeze", [indices, last])
    mask = tape.op("Equal", [places, constant(tape, np.arange(shape[-1]))])
    put = tape.op("And", [mask, tape.op("Unsqueeze", [updates, last])])
    unchanged = tape.op("And", [data, tape.op("Not", [any_of(tape, mask)])])
    return tape.op("Or", [unchanged, any_of(tape, put)])


def any_of(tape: Any, booleans: Any) -> Any:
    """Whether any element is true along the second to last axis."""
    import numpy as np
    from onnx_ir import DataType

    numbers = tape.op("Cast", [booleans], {"to": DataType.INT32})
    count = tape.op("ReduceSum", [numbers, constant(tape, np.array([-2]))], {"keepdims": 0})
    return tape.op("Greater", [count, constant(tape, np.array(0, dtype=np.int32))])
