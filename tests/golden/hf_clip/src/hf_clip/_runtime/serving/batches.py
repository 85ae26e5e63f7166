# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""How many inputs, and how many rows of them, run at once.

A list of inputs is sorted by length, so that inputs of similar length are padded together. The
size of a forward pass is its number of rows; a task may make several rows from one input.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..tasks.encoded import Columns, Encoded

MOST_PADDING = 0.2
"""Largest share of padding in the tokens of a forward pass."""
SHORT = 64
"""Tokens of a row up to which padding costs less than another forward pass."""
FILES = ("image", "audio", "video")
"""Kinds of input that may be given as a file name."""


class FewerInputsError(Exception):
    """Inputs make more rows than fit in one batch; any `count` of them fit."""

    def __init__(self, count: int) -> None:
        super().__init__(f"at most {count} inputs at once")
        self.count = count


class MostlyPaddingError(FewerInputsError):
    """Inputs are of too different lengths; the first `count` of them are similar enough."""


def longest_first(items: Sequence[Any], kinds: Sequence[str]) -> list[int]:
    """The indices of `items`, longest first; a stable sort."""
    files = any(kind in FILES for kind in kinds)
    return sorted(range(len(items)), key=lambda i: length_of(items[i], files), reverse=True)


def length_of(item: Any, files: bool = False) -> int:
    """An estimate of an input's length: bytes of a text or file, audio samples, or pixels.

    Only comparable between inputs of one task: files are not decoded, texts not tokenized.

    Args:
        files: whether strings may be file names.
    """
    if isinstance(item, str):
        if files and len(item) < 4096 and os.path.isfile(item):
            return os.path.getsize(item)
        return len(item.encode("utf-8", "surrogatepass"))
    if isinstance(item, Mapping):
        return sum(length_of(value, files) for value in item.values())
    if isinstance(item, (list, tuple)):
        return sum(length_of(value, files) for value in item)
    size = getattr(item, "size", None)  # of an array; of an image (width, height)
    if isinstance(size, tuple):
        return int(size[0] * size[1])
    if isinstance(size, int):
        return size
    return len(item) if isinstance(item, (bytes, bytearray)) else 1


def check_rows(encoded: Encoded | list[Encoded], items: int, most: int) -> None:
    """Check that inputs make at most `most` rows together.

    Raises:
        FewerInputsError: fewer inputs fit.
    """
    parts = encoded if isinstance(encoded, list) else [encoded]
    rows = max((row_count(part) or 0 for part in parts), default=0)
    if items > 1 and len(parts) == 1 and rows > max(most, items):
        raise FewerInputsError(max(1, most * items // rows))


def check_padding(encoded: Encoded | list[Encoded], items: int) -> None:
    """Check that padding is at most the allowed fraction of a batch's tokens.

    Raises:
        MostlyPaddingError: a smaller batch of the first inputs has little padding.
    """
    parts = encoded if isinstance(encoded, list) else [encoded]
    if items == 1 or len(parts) > 1 or row_count(parts[0]) != items:
        return
    fitting = even_rows(parts[0].inputs.get("attention_mask"))
    if fitting < items:
        raise MostlyPaddingError(fitting)


def even_rows(mask: Any) -> int:
    """The number of the first rows of a mask (rows, tokens) that have little padding together."""
    import numpy as np

    lengths = np.asarray(mask).sum(-1) if getattr(mask, "ndim", 0) == 2 else np.zeros(0)
    longest, total = 0, 0
    for count, length in enumerate(lengths):
        longest, total = max(longest, int(length)), total + int(length)
        if longest > SHORT and total < (1 - MOST_PADDING) * longest * (count + 1):
            return max(count, 1)
    return len(lengths) or 1 << 62


def row_count(encoded: Encoded) -> int | None:
    """The number of rows of a call; None if its arrays do not share a batch axis."""
    counts = {value.shape[0] for value in encoded.inputs.values() if getattr(value, "shape", None)}
    others = any(isinstance(value, (list, tuple)) for value in encoded.inputs.values())
    return counts.pop() if len(counts) == 1 and not others else None


def can_be_split(encoded: Encoded) -> bool:
    """Whether the rows of a call may run one after the other with the same outputs."""
    return not encoded.whole and encoded.seed is None and (row_count(encoded) or 0) > 1


def rows_of(encoded: Encoded, start: int, end: int) -> Encoded:
    """The rows `start` to `end` of a call."""
    cut = {
        name: value[start:end] if getattr(value, "shape", None) else value
        for name, value in encoded.inputs.items()
    }
    return replace(encoded, inputs=cut)


def column_portions(encoded: Encoded, most: int) -> list[Encoded]:
    """Calls with a slice of the columns each, so that each has at most `most` rows."""
    columns = encoded.columns
    if columns is None:
        return [encoded]
    shape = encoded.inputs[columns.inputs[0]].shape
    inputs = shape[0] if columns.axis else 1
    size = max(1, most // max(inputs, 1))
    portions = []
    for start in range(0, shape[columns.axis], size):
        place = (*(slice(None),) * columns.axis, slice(start, start + size))
        cut = {name: contiguous(encoded.inputs[name][place]) for name in columns.inputs}
        portions.append(replace(encoded, inputs={**encoded.inputs, **cut}, columns=None))
    return portions


def contiguous(array: Any) -> Any:
    """An array or tensor stored contiguously, as models require."""
    import numpy as np

    return array.contiguous() if hasattr(array, "contiguous") else np.ascontiguousarray(array)


def joined_columns(parts: Sequence[Mapping[str, Any]], columns: Columns) -> dict[str, Any]:
    """The outputs of calls with a slice of the columns each, concatenated."""
    import numpy as np

    return {
        name: parts[0][name]
        if axis is None
        else np.concatenate([part[name] for part in parts], axis=axis)
        for name, axis in columns.outputs.items()
        if name in parts[0]
    }


def is_by_row(outputs: Any, rows: int) -> bool:
    """Whether the first axis of each output array is the batch axis (`rows`)."""
    if isinstance(outputs, Mapping):
        return all(is_by_row(value, rows) for value in outputs.values())
    if isinstance(outputs, (list, tuple)):
        return all(is_by_row(value, rows) for value in outputs)
    if outputs is None or outputs.ndim == 0:
        return True
    return bool(outputs.shape[0] and outputs.shape[0] % rows == 0)


def joined(parts: Sequence[Any], fill: int) -> Any:
    """The outputs of portions of rows, concatenated along the batch axis (0).

    Args:
        parts: outputs of equal structure; arrays (rows, ...) may differ in their further axes.
        fill: padding value for shorter rows, as `generate` pads.
    """
    import numpy as np

    first = parts[0]
    if isinstance(first, Mapping):
        return {name: joined([part[name] for part in parts], fill) for name in first}
    if isinstance(first, (list, tuple)):
        return type(first)(joined(each, fill) for each in zip(*parts))
    if first is None or first.ndim == 0:
        return first
    shape = np.max([part.shape for part in parts], axis=0)
    filled = []
    for part in parts:
        widths = [(0, 0)] + [(0, most - size) for most, size in zip(shape[1:], part.shape[1:])]
        filled.append(np.pad(part, widths, constant_values=fill) if np.any(widths) else part)
    return np.concatenate(filled)
