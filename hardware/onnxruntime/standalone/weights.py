"""One file with the weights of several graphs; equal tensors are stored once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

WEIGHTS = "weights.bin"
SMALL = 1024
"""Bytes below which a tensor stays in its graph: shapes and other constants, which are read when a
graph is opened."""
ALIGNED = 4096
"""Large tensors begin at multiples of this number of bytes, so that they can be mapped."""
LARGE = 1 << 20
"""Bytes from which a tensor is large."""


class SharedWeights:
    """The file `weights.bin` of a folder, to which graphs move their tensors."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / WEIGHTS
        self.path.touch()
        self.places: dict[bytes, dict[str, int]] = {}
        """SHA-256 of a tensor's bytes -> its offset and length."""

    def take_from(self, graph: Any, base: Path) -> None:
        """Move the tensors of a graph (ONNX, its external data in `base`) into the file.

        A matrix whose transpose is in the file is read from there and transposed when the graph is
        opened: exporters store tied weights in both directions.
        """
        from onnx import helper, numpy_helper

        turned = []
        for tensor in graph.initializer:
            array = numpy_helper.to_array(tensor, str(base))
            if array.nbytes < SMALL:
                tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
                continue
            place = self.places.get(digest(array))
            if place is None and array.ndim == 2 and (place := self.places.get(digest(array.T))):
                name = tensor.name
                tensor.name, tensor.dims[:] = f"{name}.transposed", array.T.shape
                turned.append(helper.make_node("Transpose", [tensor.name], [name], perm=[1, 0]))
            refer(tensor, place or self.append(array))
        for index, node in enumerate(turned):
            graph.node.insert(index, node)

    def append(self, array: Any) -> dict[str, int]:
        """Write a tensor to the end of the file; returns its place."""
        with self.path.open("r+b") as file:
            offset = file.seek(0, 2)
            if array.nbytes >= LARGE:
                offset = file.seek(-offset % ALIGNED, 2)
            file.write(array.tobytes())
        place = {"offset": offset, "length": array.nbytes}
        self.places[digest(array)] = place
        return place


def digest(array: Any) -> bytes:
    """SHA-256 of an array's bytes."""
    return hashlib.sha256(array.tobytes()).digest()


def refer(tensor: Any, place: dict[str, int]) -> None:
    """Let a tensor's data be in the file."""
    for field in ("raw_data", "float_data", "int32_data", "int64_data", "double_data"):
        tensor.ClearField(field)
    tensor.data_location = tensor.EXTERNAL
    del tensor.external_data[:]
    for key, value in {"location": WEIGHTS, **place}.items():
        tensor.external_data.add(key=key, value=str(value))
