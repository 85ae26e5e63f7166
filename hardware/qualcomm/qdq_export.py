"""Exports a transformers model to ONNX with fixed shapes and quantizes it to QDQ.

Needs torch, onnx and onnxscript; the exported graphs need none of them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hf_skillset_runtime.compare.measure import lowest_similarity
from hf_skillset_runtime.export.known_numbers import known_numbers

from .fixed_layout import fixed_layout
from .qdq_weights import PRECISIONS, weight_overrides
from .rewrites.dense_experts import dense_experts
from .rewrites.fixed_shapes import fixed_shapes
from .rewrites.operators import rewrite_for_htp
from .static_calls import Arrays, layout_inputs, shortened

LEAST_COSINE = 0.999
"""Cosine of an output on the calibration inputs below which weights get 16 bits, where the
precision is not given. A cell needs 0.99 (`min_cosine`), and HTP's arithmetic adds errors."""
MASKED = -100.0
"""Value of masked attention scores: low enough for softmax, in the range of 16 bits."""


def export_qdq(
    model: Any,
    calibration: list[Arrays],
    path: Path,
    names: Collection[str],
    precision: str | None = None,
) -> dict[str, Any]:
    """Write the quantized graph for the shapes of the calibration inputs to `path`.

    Args:
        names: the inputs with one entry per token.
        precision: one of `PRECISIONS`; None for the first whose outputs are near those of the
            float32 graph (`LEAST_COSINE`), else the last.

    Returns:
        `token_axes` (for each output its token axes) and `precision`.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        export_onnx(model, calibration[0], plain)
        source = prepared(plain)
        *narrower, chosen = [precision] if precision else PRECISIONS
        for each in narrower:
            quantize(source, calibration, path, PRECISIONS[each])
            if lowest_cosine(path, source, calibration) >= LEAST_COSINE:
                chosen = each
                break
        else:
            quantize(source, calibration, path, PRECISIONS[chosen])
    return {"token_axes": token_axes(model, calibration[0], names), "precision": chosen}


def lowest_cosine(quantized: Path, source: Path, calibration: list[Arrays]) -> float:
    """The lowest cosine of an output of two graphs over the calibration inputs, on the host."""
    actual, expected = (host_outputs(path, calibration) for path in (quantized, source))
    return lowest_similarity(list(zip(actual, expected)))[0]


def host_outputs(path: Path, calibration: list[Arrays]) -> list[Arrays]:
    """The outputs of a graph on ONNX Runtime's CPU provider for each of the inputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_outputs()]
    rows = CalibrationRows(path, calibration).rows
    return [dict(zip(names, session.run(None, row))) for row in rows]


def export_onnx(model: Any, row: Arrays, path: Path) -> None:
    """Write the float32 graph, with supported operators and mask constants in range."""
    import onnx
    from transformers.exporters import OnnxConfig, OnnxExporter

    inputs = tensors(row)
    layout = {name: inputs.pop(name) for name in layout_inputs(row)}
    with ExitStack() as stack:
        stack.enter_context(dense_experts(model))
        stack.enter_context(fixed_layout(model, inputs, layout))
        stack.enter_context(known_numbers(model))
        stack.enter_context(fixed_shapes())
        inputs["use_cache"] = False
        program, _metadata = OnnxExporter().export_program(model, inputs, OnnxConfig(dynamic=False))
    rewrite_for_htp(program)
    OnnxExporter.save_program(program, path)
    graph = onnx.load(path)
    limit_constants(graph.graph)
    onnx.save(graph, path)


def limit_constants(graph: Any) -> None:
    """Replace the very large negative constants that stand for "masked"."""
    import numpy as np
    from onnx import numpy_helper

    constants = list(graph.initializer)
    for node in graph.node:
        constants += [attribute.t for attribute in node.attribute if attribute.HasField("t")]
    for tensor in constants:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and (values < -1e30).any():
            limited = np.where(values < -1e30, np.float32(MASKED), values)
            tensor.CopyFrom(numpy_helper.from_array(limited, tensor.name))


def prepared(plain: Path) -> Path:
    """A float32 graph in the form that is quantized, written beside `plain`."""
    from onnxruntime.quantization.execution_providers.qnn import qnn_preprocess_model
    from onnxruntime.tools.onnx_model_utils import optimize_model

    optimized, fused = plain.with_name("optimized.onnx"), plain.with_name("prepared.onnx")
    optimize_model(plain, optimized)  # folds constants computed from weights
    return fused if qnn_preprocess_model(optimized, fused) else optimized


def quantize(source: Path, calibration: list[Arrays], path: Path, bits: int) -> None:
    """Write a prepared graph with weights of `bits` and 16-bit activations in QDQ form."""
    from onnxruntime.quantization import QuantType, quantize
    from onnxruntime.quantization.execution_providers.qnn import get_qnn_qdq_config

    config = get_qnn_qdq_config(
        source,
        CalibrationRows(source, calibration),
        activation_type=QuantType.QUInt16,
        weight_type=QuantType.QUInt8,
        init_overrides=weight_overrides(source, bits),
        keep_removable_activations=True,  # HTP computes a Relu between a norm and a Conv wrongly
    )
    quantize(source, path, config)


class CalibrationRows:
    """Feeds the calibration inputs to the quantizer, one after the other, once."""

    def __init__(self, path: Path, calibration: list[Arrays]) -> None:
        import onnx

        names = [value.name for value in onnx.load(path, load_external_data=False).graph.input]
        self.rows = [
            {name: row[name.removeprefix("input.")] for name in names} for row in calibration
        ]
        self.waiting = iter(self.rows)

    def get_next(self) -> Arrays | None:
        """The next row; None after the last."""
        return next(self.waiting, None)

    def rewind(self) -> None:
        """Restart from the first row."""
        self.waiting = iter(self.rows)


def token_axes(model: Any, row: Arrays, names: Collection[str]) -> dict[str, list[int]]:
    """For each output its token axes: those that are shorter if the row has one token less.

    Attention weights have two: (batch, heads, tokens, tokens).
    """
    shapes = output_shapes(model, row)
    if "input_ids" not in row:
        return {name: [] for name in shapes}
    shorter = output_shapes(model, shortened(row, names))
    return {
        name: [axis for axis, size in enumerate(shape) if shorter[name][axis] < size]
        for name, shape in shapes.items()
    }


def output_shapes(model: Any, row: Arrays) -> dict[str, tuple[int, ...]]:
    """The shapes of the model's output tensors for a row."""
    import torch
    from transformers.exporters.utils import get_leaf_tensors

    options = {"use_cache": False} if getattr(model.config, "use_cache", False) else {}
    with torch.no_grad():
        outputs = model(**tensors(row), **options)
    return {name: tuple(leaf.shape) for name, leaf in get_leaf_tensors(outputs).items()}


def tensors(row: Arrays) -> dict[str, Any]:
    """The row's arrays as tensors."""
    import torch

    return {name: torch.as_tensor(array) for name, array in row.items()}
