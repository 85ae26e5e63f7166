"""Stores ONNX programs in a precision, with ONNX Runtime's own tools."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

PRECISIONS = ("f32", "f16", "int8", "int4")
BLOCK = 32
"""Number of 4-bit weights with one scale."""


def in_precision(program: Any, precision: str, path: Path) -> None:
    """Write an ONNX program (float32) to `path`, its weights in a file beside it.

    Args:
        precision: `f32`; `f16`: computes in float16, inputs and outputs stay float32; `int8`:
            8-bit weights, activations quantized while running; `int4`: weights of matrix
            products in blocks of 4 bits, the rest float32.
    """
    from transformers.exporters import OnnxExporter

    if precision == "f32":
        OnnxExporter.save_program(program, path)
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        OnnxExporter.save_program(program, plain)
        CONVERTERS[precision](plain, path)


def to_f16(plain: Path, path: Path) -> None:
    """Computes in float16."""
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    model = convert_float_to_float16(onnx.load(plain), keep_io_types=True)
    save(model, path)


def to_int8(plain: Path, path: Path) -> None:
    """8-bit weights with a scale for each channel; activations are quantized while running."""
    import onnx
    from onnxruntime.quantization import quantize_dynamic

    model = onnx.load(plain)
    # The quantizer transposes weights and infers shapes again, so theirs must not be stated.
    weights = {tensor.name for tensor in model.graph.initializer}
    stated = [info for info in model.graph.value_info if info.name not in weights]
    del model.graph.value_info[:]
    model.graph.value_info.extend(stated)
    save(model, plain)
    quantize_dynamic(plain, path, per_channel=True, use_external_data_format=True)


def to_int4(plain: Path, path: Path) -> None:
    """Weights of matrix products in blocks of 4 bits."""
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantizer = MatMulNBitsQuantizer(onnx.load(plain), bits=4, block_size=BLOCK)
    quantizer.process()
    save(quantizer.model.model, path)


def save(model: Any, path: Path) -> None:
    """Write a model, its weights in a file beside it; small ones, such as shapes, stay in it."""
    import onnx

    onnx.save(model, path, save_as_external_data=True, location=f"{path.name}.data")


CONVERTERS = {"f16": to_f16, "int8": to_int8, "int4": to_int4}
