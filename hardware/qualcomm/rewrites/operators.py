"""Replaces ONNX operators that HTP does not support by supported ones with the same result.

For graphs in float32 with fixed shapes; needs onnx_ir, which comes with onnxscript.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .nodes import array_of, attribute, constant
from .ranks import limit_ranks
from .scatter import scatter_elements, scatter_nd

FOUR_DIMENSIONAL = (
    *("Atan", "Ceil", "Cos", "Elu", "Floor", "Gelu", "Log", "Neg", "Round", "Sign", "Sin"),
    *("Softplus", "Sqrt", "Tanh"),
)
REARRANGING = (
    "Concat",
    "Expand",
    "Gather",
    "Reshape",
    "Slice",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
)


def rewrite_for_htp(program: Any) -> None:
    """Replace each node for which its function in `REWRITES` has a replacement."""
    from onnx_ir.convenience import replace_nodes_and_values
    from onnx_ir.passes.common import LiftConstantsToInitializersPass, NameFixPass
    from onnx_ir.tape import Tape

    hold_constants(program.graph)
    limit_ranks(program)
    for node in list(program.graph):
        tape = Tape()
        rewrite = REWRITES.get(node.op_type)
        if rewrite is None or not is_static(node) or (replacement := rewrite(tape, node)) is None:
            continue
        old = node.outputs[0]
        replacement.shape, replacement.type = old.shape, old.type
        replace_nodes_and_values(program.graph, node, [node], tape.nodes, [old], [replacement])
    LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(program)
    NameFixPass()(program)
    rename_values(program.graph)


def hold_constants(graph: Any) -> None:
    """Add the constants that onnxscript's optimizer omits when it merges clips."""
    for node in graph:
        for value in node.inputs:
            if value is not None and value.producer() is None and value.const_value is not None:
                if not value.is_graph_input() and not value.is_initializer():
                    graph.register_initializer(value)


def is_static(node: Any) -> bool:
    """Whether the shapes of all inputs are known."""
    shapes = [value.shape for value in node.inputs if value is not None]
    return all(shape is not None and shape.is_static() for shape in shapes)


def rename_values(graph: Any) -> None:
    """Append `_` to the names of values: the quantizer names copies of `x` `x0`, `x1`."""
    for node in graph:
        for value in node.outputs:
            if not value.is_graph_output():
                value.name += "_"


def equal(tape: Any, node: Any) -> Any:
    """HTP compares numbers, not booleans; after quantization equal integers are only close."""
    import numpy as np
    from onnx_ir import DataType

    kinds = [value.dtype for value in node.inputs]
    if kinds[0] == DataType.BOOL:
        numbers = [tape.op("Cast", [value], {"to": DataType.INT32}) for value in node.inputs]
        return tape.op("Equal", numbers)
    if kinds[0] != DataType.FLOAT or not all(holds_integers(value) for value in node.inputs):
        return None
    distance = tape.op("Abs", [tape.op("Sub", list(node.inputs))])
    return tape.op("Less", [distance, constant(tape, np.float32(0.5))])


def holds_integers(value: Any) -> bool:
    """Whether floats have integer values: cast integers, and slices of them."""
    import numpy as np

    if (array := array_of(value)) is not None:
        return bool((array == np.floor(array)).all())
    node = value.producer()
    if node is None or node.op_type == "Cast":
        return node is not None and not node.inputs[0].dtype.is_floating_point()
    count = len(node.inputs) if node.op_type == "Concat" else 1
    return node.op_type in REARRANGING and all(holds_integers(part) for part in node.inputs[:count])


def floor_division(tape: Any, node: Any) -> Any:
    """Divide counts as integers: quantized counts are too inexact for Floor."""
    import numpy as np

    floor = node.inputs[0].producer()
    division = (
        floor.inputs[0].producer() if floor is not None and floor.op_type == "Floor" else None
    )
    if division is None or division.op_type != "Div":
        return None
    number, divisor = division.inputs[0].producer(), array_of(division.inputs[1])
    if number is None or number.op_type != "Cast" or divisor is None or divisor.size != 1:
        return None
    whole = number.inputs[0]
    if whole.dtype != node.outputs[0].dtype or divisor.item() != int(divisor.item()):
        return None
    return tape.op("Div", [whole, constant(tape, np.array(divisor, whole.dtype.numpy()))])


def less(tape: Any, node: Any) -> Any:
    """Quantized counts are inexact: move the threshold halfway between two integers."""
    import numpy as np

    count, border = node.inputs
    limit, total = array_of(border), count.producer()
    if limit is None or (limit != np.floor(limit)).any() or not is_count(total):
        return None
    return tape.op("Less", [count, constant(tape, limit - np.float32(0.5))])


def is_count(node: Any) -> bool:
    """Whether a node counts booleans in a quantized sum."""
    from onnx_ir import DataType

    numbers = node.inputs[0] if node is not None and node.op_type == "ReduceSum" else None
    cast = numbers.producer() if numbers is not None and numbers.dtype == DataType.FLOAT else None
    return cast is not None and cast.op_type == "Cast" and cast.inputs[0].dtype == DataType.BOOL


def never(tape: Any, node: Any) -> Any:
    """Quantized values are finite, so that IsInf and IsNaN are False."""
    import numpy as np

    return constant(tape, np.zeros(node.inputs[0].shape.numpy(), dtype=bool))


def pad(tape: Any, node: Any) -> Any:
    """HTP does not support Pad of integers; concatenate them."""
    import numpy as np

    data, pads, *others = node.inputs
    widths = array_of(pads)
    simple = attribute(node, "mode", "constant") == "constant" and len(others) < 2
    if data.dtype.is_floating_point() or not simple or widths is None or widths.min() < 0:
        return None
    value, dtype = array_of(others[0]) if others else 0, data.dtype.numpy()
    shape = list(data.shape.numpy())
    for axis, (before, after) in enumerate(widths.reshape(2, -1).T):
        parts = [data]
        for count, place in ((before, 0), (after, 2)):
            if count:
                edge = np.full([*shape[:axis], count, *shape[axis + 1 :]], value, dtype)
                parts.insert(place, constant(tape, edge))
        data = tape.op("Concat", parts, {"axis": axis}) if len(parts) > 1 else data
        shape[axis] += before + after
    return None if data is node.inputs[0] else data


def batch_normalization(tape: Any, node: Any) -> Any:
    """Replace it by a product and a sum if it is not fused into a convolution."""
    import numpy as np

    data = node.inputs[0]
    if data.producer() is not None and data.producer().op_type.startswith("Conv"):
        return None
    statistics = [array_of(value) for value in node.inputs[1:]]
    if any(array is None for array in statistics):
        return None
    scale, bias, mean, variance = statistics
    factor = scale / np.sqrt(variance + attribute(node, "epsilon", 1e-5))
    shape = (-1, *(1 for _ in data.shape[2:]))
    scaled = tape.op("Mul", [data, constant(tape, factor.reshape(shape))])
    return tape.op("Add", [scaled, constant(tape, (bias - mean * factor).reshape(shape))])


def average_pool(tape: Any, node: Any) -> Any:
    """HTP does not support a kernel larger than the image."""
    import numpy as np

    size = node.inputs[0].shape.numpy()[2:]
    kernel = attribute(node, "kernel_shape", ())
    if any(attribute(node, "pads", ())) or any(k < s for k, s in zip(kernel, size)):
        return None
    long = [axis for axis, length in enumerate(size, 2) if length > 1]
    axes = constant(tape, np.array(long, dtype=np.int64))
    return tape.op("ReduceMean", [node.inputs[0], axes], {"keepdims": 1}) if long else None


def reduction(tape: Any, node: Any) -> Any:
    """HTP computes wrong results if one of several axes has the length one."""
    import numpy as np

    data, *others = node.inputs
    axes, shape = array_of(others[0]) if others else None, data.shape
    if axes is None or node.outputs[0].shape is None:
        return None
    long = [axis for axis in axes if shape[int(axis)] != 1]
    if len(long) in (0, len(axes)):
        return None
    which = constant(tape, np.array(long, dtype=np.int64))
    reduced = tape.op(node.op_type, [data, which], {"keepdims": 1})
    after = constant(tape, np.array(node.outputs[0].shape.numpy(), dtype=np.int64))
    return reduced if attribute(node, "keepdims", 1) else tape.op("Reshape", [reduced, after])


def reduce_log_sum_exp(tape: Any, node: Any) -> Any:
    """Replace it by supported operators; the maximum is subtracted first against overflow."""
    data, *axes = node.inputs
    largest = tape.op("ReduceMax", [data, *axes], {"keepdims": 1})
    powers = tape.op("Exp", [tape.op("Sub", [data, largest])])
    total = tape.op("ReduceSum", [powers, *axes], {"keepdims": 1})
    result = tape.op("Add", [tape.op("Log", [total]), largest])
    return result if attribute(node, "keepdims", 1) else tape.op("Squeeze", [result, *axes])


def gather(tape: Any, node: Any) -> Any:
    """Replace a Gather of all elements in order by a Reshape."""
    import numpy as np

    data, indices = node.inputs
    axis, places = attribute(node, "axis", 0) % len(data.shape), array_of(indices)
    length = data.shape[axis]
    if places is None or not np.array_equal(places.ravel(), np.arange(length)):
        return None
    sizes = data.shape.numpy()
    shape = np.array([*sizes[:axis], *places.shape, *sizes[axis + 1 :]], dtype=np.int64)
    return tape.op("Reshape", [data, constant(tape, shape)])


def trilu(tape: Any, node: Any) -> Any:
    """HTP lacks Trilu; multiply with a triangular mask."""
    import numpy as np
    from onnx_ir import DataType

    data, *others = node.inputs
    shift = array_of(others[0]) if others else np.array(0)
    if shift is None:
        return None
    corner = np.triu if attribute(node, "upper", 1) else np.tril
    inside = corner(np.ones(data.shape.numpy()[-2:], dtype=bool), int(shift))
    if data.dtype == DataType.BOOL:
        return tape.op("And", [data, constant(tape, inside)])
    return tape.op("Mul", [data, constant(tape, inside.astype(data.dtype.numpy()))])


def power(tape: Any, node: Any) -> Any:
    """HTP's Pow is inaccurate for negative and for fractional exponents."""
    import numpy as np

    data, exponent = node.inputs
    exponents = array_of(exponent)
    if exponents is None or exponents.size != 1 or abs(exponents.item()) != 0.5:
        return None
    root = tape.op("Sqrt", [data])
    one = np.array(1, dtype=data.dtype.numpy())
    return root if exponents.item() > 0 else tape.op("Div", [constant(tape, one), root])


def cumulative_sum(tape: Any, node: Any) -> Any:
    """HTP lacks CumSum of floats; multiply with a triangular matrix of ones."""
    import numpy as np

    data, axes = node.inputs
    axis = array_of(axes)
    if axis is None or not data.dtype.is_floating_point():
        return None
    shape = data.shape.numpy()
    axis = int(axis.item()) % len(shape)
    length = shape[axis]
    triangle = np.triu(np.ones((length, length), np.float32), attribute(node, "exclusive", 0))
    added = constant(tape, triangle.T if attribute(node, "reverse", 0) else triangle)
    last = list(range(len(shape)))
    last[axis], last[-1] = last[-1], last[axis]
    rows = tape.op("Transpose", [data], {"perm": last})
    rows = tape.op("Reshape", [rows, constant(tape, np.array([-1, length]))])
    back = constant(tape, np.array([shape[i] for i in last]))
    total = tape.op("Reshape", [tape.op("MatMul", [rows, added]), back])
    return tape.op("Transpose", [total], {"perm": last})


def in_two_dimensions(tape: Any, node: Any) -> Any:
    """Reshape to two dimensions: HTP supports these operators in up to four dimensions."""
    import numpy as np

    sizes = node.inputs[0].shape.numpy()
    if len(sizes) <= 4:
        return None
    options = {name: held.value for name, held in node.attributes.items()}
    rows = tape.op("Reshape", [node.inputs[0], constant(tape, np.array([-1, sizes[-1]]))])
    result = tape.op(node.op_type, [rows], options)
    return tape.op("Reshape", [result, constant(tape, np.array(sizes))])


def reciprocal(tape: Any, node: Any) -> Any:
    """HTP's Reciprocal is wrong by a factor; use Div."""
    import numpy as np

    data = node.inputs[0]
    return tape.op("Div", [constant(tape, np.array(1, dtype=data.dtype.numpy())), data])


def strided_slice(tape: Any, node: Any) -> Any:
    """HTP's strided Slice mixes in adjacent elements; use Gather."""
    import numpy as np

    data, *positions = node.inputs
    arrays = [array_of(value) for value in positions if value is not None]
    values = [int(array.item()) for array in arrays if array is not None and array.size == 1]
    if len(values) != len(positions) or len(values) < 4:
        return None
    start, end, axis, step = values
    if step == 1:
        return None
    chosen = np.arange(data.shape.numpy()[axis])[slice(start, end, step)]
    return tape.op("Gather", [data, constant(tape, chosen)], {"axis": axis})


def split(tape: Any, node: Any) -> Any:
    """Replace a Split into one part by its input, whatever size the graph computes."""
    return tape.op("Identity", [node.inputs[0]]) if len(node.outputs) == 1 else None


REWRITES: dict[str, Callable[[Any, Any], Any]] = {
    "AveragePool": average_pool,
    "BatchNormalization": batch_normalization,
    "Cast": floor_division,
    "CumSum": cumulative_sum,
    "Equal": equal,
    "Gather": gather,
    "IsInf": never,
    "IsNaN": never,
    "Less": less,
    "Pad": pad,
    "Pow": power,
    "Reciprocal": reciprocal,
    "ReduceLogSumExp": reduce_log_sum_exp,
    **dict.fromkeys(("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"), reduction),
    "ScatterElements": scatter_elements,
    "ScatterND": scatter_nd,
    "Slice": strided_slice,
    "Split": split,
    "Trilu": trilu,
    **dict.fromkeys(FOUR_DIMENSIONAL, in_two_dimensions),
}
