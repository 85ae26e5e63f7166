"""Moves exported graphs into a folder: shared weights, plain names, no traces of the exporter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .names import Shapes, dimensions, name_dimensions, rename_values
from .weights import SharedWeights


def move_graph(
    stored: Path, target: Path, weights: SharedWeights, shapes: Shapes
) -> dict[str, Any]:
    """Write a stored graph to `target`, its weights to the shared file.

    Returns:
        `file`, and `inputs` and `outputs`: name -> `dtype` (numpy's) and `shape` (numbers and
        symbols).
    """
    import onnx

    model = onnx.load(stored, load_external_data=False)
    forget_exporter(model)
    rename_values(model.graph)
    name_dimensions(model.graph, shapes)
    weights.take_from(model.graph, stored.parent)
    onnx.save(model, target)
    facts = {name: described(getattr(model.graph, name[:-1])) for name in ("inputs", "outputs")}
    return {"file": target.name, **facts}


def forget_exporter(model: Any) -> None:
    """Remove what exporters note about each node: source lines and paths of their machine."""
    model.doc_string = ""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.initializer, *graph.input):
        del part.metadata_props[:]
        part.doc_string = ""
    for value in graph.output:
        del value.metadata_props[:]


def described(values: Any) -> dict[str, Any]:
    """Name -> dtype and shape of inputs or outputs."""
    from onnx import helper

    return {
        value.name: {
            "dtype": helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type).name,
            "shape": [each.dim_param or each.dim_value for each in dimensions(value)],
        }
        for value in values
    }
