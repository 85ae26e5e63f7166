"""Reduces tensors to at most five dimensions, the most that HTP supports.

A tensor of higher rank is stored in any shape with the same order of elements; for each operator,
adjacent dimensions that the operator treats alike are merged. Sums and products that HTP
computes wrongly in their original dimensions are merged, too.
For graphs with fixed shapes; needs onnx_ir, which comes with onnxscript.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import groupby
from math import prod
from typing import Any

from .nodes import array_of, attribute, constant

LIMIT = 5
"""The highest rank that HTP supports."""

Sizes = tuple[int, ...]
Kept = dict[Any, Any]
"""Tensors of higher rank -> the reshaped tensors with their elements."""


def limit_ranks(program: Any) -> None:
    """Rewrite each node of `OPERATORS` with high-rank tensors to at most five dimensions."""
    from onnx_ir.passes.common import RemoveUnusedNodesPass

    kept: Kept = {}
    for node in list(program.graph):
        large = any(is_large(value) for value in (*node.inputs, *node.outputs))
        if not large and not is_misread(node):
            continue
        builder = Builder(kept)
        lowered = lower(builder, node) if is_static(node) else None
        if lowered is None:
            restore_inputs(builder, node)
        else:
            restore_outputs(builder, node, lowered)
        program.graph.insert_before(node, builder.tape.nodes)
    RemoveUnusedNodesPass()(program)


class Builder:
    """Creates nodes whose outputs have static shapes."""

    def __init__(self, kept: Kept) -> None:
        from onnx_ir.tape import Tape

        self.kept = kept
        self.tape = Tape()

    def view(self, value: Any, sizes: Sequence[int]) -> Any:
        """The elements of a tensor in another shape."""
        import numpy as np
        from onnx_ir import Shape

        held = self.kept.get(value, value)
        if sizes_of(held) == tuple(sizes):
            return held
        if (array := array_of(held)) is not None:
            reshaped = constant(self.tape, array.reshape(sizes))
            reshaped.shape, reshaped.dtype = Shape(tuple(sizes)), held.dtype
            return reshaped
        return self.op("Reshape", [held, constant(self.tape, np.array(sizes, np.int64))], sizes)

    def op(self, name: str, inputs: list[Any], sizes: Sequence[int], **attributes: Any) -> Any:
        """The output of a new operator, with a static shape."""
        from onnx_ir import Shape

        result = self.tape.op(name, inputs, attributes)
        result.shape, result.dtype = Shape(tuple(sizes)), inputs[0].dtype
        return result

    def numbers(self, values: Sequence[int]) -> Any:
        """A constant list of integers."""
        import numpy as np

        return constant(self.tape, np.array(values, dtype=np.int64))


def lower(builder: Builder, node: Any) -> list[Any] | None:
    """The outputs of a node computed in fewer dimensions; None if the node cannot be rewritten."""
    operator = OPERATORS.get(node.op_type)
    outputs = operator(builder, node) if operator else None
    return outputs if outputs is None or isinstance(outputs, list) else [outputs]


def restore_inputs(builder: Builder, node: Any) -> None:
    """Reshape high-rank inputs back for a node that cannot be rewritten."""
    for i, value in enumerate(node.inputs):
        if value in builder.kept:
            node.replace_input_with(i, builder.view(value, sizes_of(value)))


def restore_outputs(builder: Builder, node: Any, outputs: list[Any]) -> None:
    """Record the outputs of high rank, and replace the uses of the others."""
    from onnx_ir.convenience import replace_all_uses_with

    for old, new in zip(node.outputs, outputs):
        new.dtype = old.dtype
        builder.kept[old] = new
        if not is_large(old) or old.is_graph_output():
            shaped = builder.view(old, sizes_of(old))
            if old.is_graph_output():
                shaped = builder.op("Identity", [shaped], sizes_of(old))
                shaped.name, old.name = old.name, f"{old.name}_large"
            replace_all_uses_with(old, shaped, replace_graph_outputs=True)


def is_large(value: Any) -> bool:
    """Whether a tensor has more dimensions than HTP supports."""
    return value is not None and value.shape is not None and len(value.shape) > LIMIT


def is_misread(node: Any) -> bool:
    """Whether HTP broadcasts the wrong rows: those of a batch before a LayerNormalization."""
    if node.op_type not in ("Add", "Mul") or not is_static(node):
        return False
    runs = repeated_runs(node)
    if len(runs) != 2 or len(runs[1]) < 2:
        return False
    rows = [padded_sizes(value, node.outputs[0])[runs[0][0]] for value in node.inputs]
    return min(rows) < max(rows) and is_normalized(node)


def is_normalized(node: Any) -> bool:
    """Whether a LayerNormalization follows without a Softmax in between."""
    seen, waiting = set(), [node]
    while waiting:
        for follower in waiting.pop().outputs[0].consumers():
            if follower.op_type == "LayerNormalization":
                return True
            if follower.op_type != "Softmax" and follower not in seen:
                seen.add(follower)
                waiting.append(follower)
    return False


def is_static(node: Any) -> bool:
    """Whether the shapes of all inputs and outputs are static."""
    shapes = [value.shape for value in (*node.inputs, *node.outputs) if value is not None]
    return all(shape is not None and shape.is_static() for shape in shapes)


def sizes_of(value: Any) -> Sizes:
    """The shape of a tensor."""
    return tuple(value.shape.numpy())


def joined(kinds: Sequence[Hashable]) -> list[list[int]]:
    """Runs of adjacent dimensions of the same kind; those of kind None are skipped."""
    indices = [i for i, kind in enumerate(kinds) if kind is not None]
    return [list(run) for _, run in groupby(indices, key=lambda i: kinds[i])]


def lengths(sizes: Sequence[int], runs: list[list[int]]) -> Sizes:
    """The shape after merging the dimensions of each run."""
    return tuple(prod(sizes[i] for i in run) for run in runs)


def around(sizes: Sequence[int], axis: int) -> Sizes:
    """The shape (before, axis, after) around a dimension."""
    return prod(sizes[:axis]), sizes[axis], prod(sizes[axis + 1 :])


def axis_of(node: Any, default: int, rank: int) -> int:
    """The non-negative axis of a node."""
    return int(attribute(node, "axis", default)) % rank


def reshape(builder: Builder, node: Any) -> Any:
    """Reshape keeps the order of elements."""
    return builder.kept.get(node.inputs[0], node.inputs[0])


def elementwise(builder: Builder, node: Any) -> Any:
    """Merge dimensions along which the same inputs are broadcast."""
    if None in node.inputs or len(runs := repeated_runs(node)) > LIMIT:
        return None
    result = node.outputs[0]
    inputs = [
        builder.view(value, lengths(padded_sizes(value, result), runs) if len(value.shape) else ())
        for value in node.inputs
    ]
    sizes = sizes_of(result)
    options = {name: held.value for name, held in node.attributes.items()}
    return builder.op(node.op_type, inputs, lengths(sizes, runs), **options)


def repeated_runs(node: Any) -> list[list[int]]:
    """Runs of output dimensions along which the same inputs are broadcast."""
    result = node.outputs[0]
    padded = [padded_sizes(value, result) for value in node.inputs]
    return joined(
        [
            None if size == 1 else tuple(sizes[i] == 1 for sizes in padded)
            for i, size in enumerate(sizes_of(result))
        ]
    )


def padded_sizes(value: Any, result: Any) -> Sizes:
    """The shape of a tensor, left-padded with ones to the rank of the result."""
    return (1,) * (len(result.shape) - len(value.shape)) + sizes_of(value)


def expand(builder: Builder, node: Any) -> Any:
    """Merge the dimensions that are broadcast."""
    sizes = sizes_of(node.outputs[0])
    before = (1,) * (len(sizes) - len(node.inputs[0].shape)) + sizes_of(node.inputs[0])
    runs = joined([None if size == 1 else before[i] == 1 for i, size in enumerate(sizes)])
    if len(runs) > LIMIT:
        return None
    data, longer = builder.view(node.inputs[0], lengths(before, runs)), lengths(sizes, runs)
    return builder.op("Expand", [data, builder.numbers(longer)], longer)


def reduction(builder: Builder, node: Any) -> Any:
    """Merge the reduced dimensions, and the others."""
    sizes, axes = sizes_of(node.inputs[0]), attribute(node, "axes", None)
    if axes is None and len(node.inputs) > 1:
        axes = array_of(node.inputs[1])
    if axes is None:
        return None
    reduced = {int(axis) % len(sizes) for axis in axes}
    runs = joined([None if size == 1 else i in reduced for i, size in enumerate(sizes)])
    which = [i for i, run in enumerate(runs) if run[0] in reduced]
    if len(runs) > LIMIT or not which:
        return None
    before = lengths(sizes, runs)
    after = [1 if i in which else size for i, size in enumerate(before)]
    return builder.op(
        node.op_type,
        [builder.view(node.inputs[0], before), builder.numbers(which)],
        after,
        keepdims=1,
    )


def transpose(builder: Builder, node: Any) -> Any:
    """Merge dimensions that stay adjacent; use several transpositions if one is not enough."""
    sizes = sizes_of(node.inputs[0])
    order = attribute(node, "perm", tuple(reversed(range(len(sizes)))))
    return reordered(builder, node.inputs[0], sizes, [i for i in order if sizes[i] != 1])


def reordered(builder: Builder, value: Any, sizes: Sizes, order: list[int]) -> Any:
    """A tensor with permuted dimensions, by one or several transpositions."""
    present = sorted(order)
    places = [present.index(i) for i in order]
    steps = [place - i for i, place in enumerate(places)]
    runs = [[places[i] for i in run] for run in joined(steps)]
    if len(runs) < 2:
        return builder.kept.get(value, value)
    if len(runs) <= LIMIT:
        before = sorted(runs)
        view = builder.view(value, lengths([sizes[i] for i in present], before))
        perm = [before.index(run) for run in runs]
        return builder.op("Transpose", [view], [sizes_of(view)[i] for i in perm], perm=perm)
    first = next(run for i, run in enumerate(runs) if run != sorted(runs)[i])
    start = places.index(first[0])
    front, end = list(range(start)), first[-1] + 1
    moved = [*front, *first, *range(start, first[0]), *range(end, len(present))]
    partly = reordered(builder, value, sizes, [present[i] for i in moved])
    rest = [moved.index(place) for place in places]
    return reordered(builder, partly, tuple(sizes[present[i]] for i in moved), rest)


def gather(builder: Builder, node: Any) -> Any:
    """Merge the dimensions before the indexed one, and those after it."""
    data, indices = node.inputs
    before, length, behind = around(sizes_of(data), axis_of(node, 0, len(data.shape)))
    count = prod(sizes_of(indices))
    places = builder.view(indices, (count,))
    view = builder.view(data, (before, length, behind))
    return builder.op("Gather", [view, places], (before, count, behind), axis=1)


def slices(builder: Builder, node: Any) -> Any:
    """Merge the dimensions that are not sliced."""
    sizes, after = sizes_of(node.inputs[0]), sizes_of(node.outputs[0])
    values = [array_of(value) for value in node.inputs[1:]]
    if any(value is None for value in values):
        return None
    starts, ends, *others = [value.tolist() for value in values]
    axes = others[0] if others else list(range(len(starts)))
    steps = others[1] if len(others) > 1 else [1] * len(starts)
    cuts = {
        axis % len(sizes): (start, end, step)
        for axis, start, end, step in zip(axes, starts, ends, steps)
    }
    cuts = {axis: cut for axis, cut in cuts.items() if sizes[axis] != 1 or after[axis] != 1}
    runs = joined([i if i in cuts else None if size == 1 else -1 for i, size in enumerate(sizes)])
    if len(runs) > LIMIT:
        return None
    view = builder.view(node.inputs[0], lengths(sizes, runs))
    places = [i for i, run in enumerate(runs) if run[0] in cuts]
    chosen = [*zip(*(cuts[runs[i][0]] for i in places))]
    if not chosen:
        return view
    starts, ends, steps = chosen
    bounds = [builder.numbers(numbers) for numbers in (starts, ends, places, steps)]
    return builder.op("Slice", [view, *bounds], lengths(after, runs))


def concat(builder: Builder, node: Any) -> Any:
    """Merge the dimensions before the concatenated one, and those after it."""
    sizes = sizes_of(node.outputs[0])
    axis = axis_of(node, 0, len(sizes))
    parts = [builder.view(value, around(sizes_of(value), axis)) for value in node.inputs]
    return builder.op("Concat", parts, around(sizes, axis), axis=1)


def split(builder: Builder, node: Any) -> Any:
    """Replace Split by slices."""
    sizes = sizes_of(node.inputs[0])
    axis = axis_of(node, 0, len(sizes))
    view, start, parts = builder.view(node.inputs[0], around(sizes, axis)), 0, []
    for output in node.outputs:
        length = sizes_of(output)[axis]
        bounds = [builder.numbers([number]) for number in (start, start + length, 1)]
        parts.append(builder.op("Slice", [view, *bounds], around(sizes_of(output), axis)))
        start += length
    return parts


def softmax(builder: Builder, node: Any) -> Any:
    """Merge the dimensions before the softmax axis, and those after it."""
    sizes = sizes_of(node.inputs[0])
    before, length, behind = around(sizes, axis_of(node, -1, len(sizes)))
    shape = (before, length) if behind == 1 else (before, length, behind)
    return builder.op(node.op_type, [builder.view(node.inputs[0], shape)], shape, axis=1)


def normalization(builder: Builder, node: Any) -> Any:
    """Merge the dimensions before the normalized ones."""
    sizes = sizes_of(node.inputs[0])
    axis = axis_of(node, -1, len(sizes))
    shape = (prod(sizes[:axis]), *sizes[axis:])
    if len(shape) > LIMIT or len(node.outputs) > 1:
        return None
    options = {name: held.value for name, held in node.attributes.items()} | {"axis": 1}
    inputs = [builder.view(node.inputs[0], shape), *node.inputs[1:]]
    return builder.op(node.op_type, inputs, shape, **options)


def matmul(builder: Builder, node: Any) -> Any:
    """Merge batch dimensions along which the same inputs are broadcast."""
    shapes = [sizes_of(value) for value in node.inputs]
    if min(len(sizes) for sizes in shapes) < 2:
        return None
    *batch, rows, columns = sizes_of(node.outputs[0])
    padded = [(1,) * (len(batch) + 2 - len(sizes)) + sizes for sizes in shapes]
    whole = [
        None if size == 1 else tuple(s[i] == 1 for s in padded) for i, size in enumerate(batch)
    ]
    runs = joined(whole)
    if len(runs) > LIMIT - 2:
        return None
    inputs = [
        builder.view(value, (*lengths(sizes, runs), *sizes[-2:]))
        for value, sizes in zip(node.inputs, padded)
    ]
    return builder.op("MatMul", inputs, (*lengths(batch, runs), rows, columns))


OPERATORS: dict[str, Callable[[Builder, Any], Any]] = {
    **dict.fromkeys(("Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"), reshape),
    **dict.fromkeys(("Abs", "Cast", "Ceil", "Clip", "Cos", "Erf", "Exp", "Floor"), elementwise),
    **dict.fromkeys(("Gelu", "IsInf", "IsNaN", "LeakyRelu", "Log", "Neg", "Not"), elementwise),
    **dict.fromkeys(("Reciprocal", "Relu", "Round", "Sigmoid", "Sign", "Sin"), elementwise),
    **dict.fromkeys(("Softplus", "Sqrt", "Tanh"), elementwise),
    **dict.fromkeys(("Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual"), elementwise),
    **dict.fromkeys(("Less", "LessOrEqual", "Max", "Min", "Mod", "Mul", "Or"), elementwise),
    **dict.fromkeys(("Pow", "Sub", "Where", "Xor"), elementwise),
    **dict.fromkeys(("ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd"), reduction),
    **dict.fromkeys(("ReduceL2", "ReduceSum", "ReduceSumSquare"), reduction),
    **dict.fromkeys(("LogSoftmax", "Softmax"), softmax),
    "Concat": concat,
    "Expand": expand,
    "Gather": gather,
    "LayerNormalization": normalization,
    "MatMul": matmul,
    "Slice": slices,
    "Split": split,
    "Transpose": transpose,
}
