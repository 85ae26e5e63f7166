"""Graphs of ONNX Runtime: exported by transformers, one session each, run with IO binding."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from hf_skillset_runtime.export.graphs import Graph, GraphMaker, independent_dimensions
from hf_skillset_runtime.export.program_metadata import load_metadata, save_metadata

from .precision import in_precision
from .providers import provider_list

PROGRAM_FILE = "graph.onnx"
OPSET = 18
"""The opset of the graphs, which ONNX Runtime's quantizers and providers know."""


class OnnxGraphs(GraphMaker):
    """Exports to ONNX and opens sessions for one device and precision."""

    def __init__(self, device: str, precision: str) -> None:
        self.device = device
        self.precision = precision

    def make(
        self, module: Any, inputs: Mapping[str, Any], folder: Path, dynamic_shapes: Any
    ) -> Graph:
        program, metadata = exported(module, inputs, dynamic_shapes)
        in_precision(program, self.precision, folder / PROGRAM_FILE)
        save_metadata(metadata, folder)
        return self.load(folder)

    def load(self, folder: Path) -> Graph:
        session = open_session(folder / PROGRAM_FILE, self.device)
        return OnnxGraph(session, load_metadata(folder))


def exported(module: Any, inputs: Mapping[str, Any], dynamic_shapes: Any) -> tuple[Any, Any]:
    """A module as an ONNX program (float32), and the exporter's metadata.

    Args:
        inputs: the named arguments of the call that is traced.
        dynamic_shapes: that of `torch.export`; None for none.
    """
    from transformers.exporters import OnnxConfig, OnnxExporter

    config = OnnxConfig(dynamic_shapes=dynamic_shapes, opset_version=OPSET)
    with independent_dimensions(), redirect_stdout(sys.stderr):  # torch prints its progress
        program, metadata = OnnxExporter().export_program(module, dict(inputs), config)
    return program, metadata


def open_session(path: Path, device: str) -> Any:
    """A session for a stored graph, with as many threads as torch has."""
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    return onnxruntime.InferenceSession(path, options, provider_list(device))


class OnnxGraph(Graph):
    """One session, run by the exporters' runner: inputs and outputs are bound, not copied."""

    def __init__(self, session: Any, metadata: Any) -> None:
        self.runner = runner_of(session, metadata)
        self.dimensions = {
            value.name.removeprefix("input."): value.shape for value in session.get_inputs()
        }

    def accepts(self, shapes: Mapping[str, tuple[int, ...]]) -> bool:
        """Whether fixed dimensions have their size, and equal names equal sizes."""
        sizes: dict[str, int] = {}
        return all(
            size == (dimension if isinstance(dimension, int) else sizes.setdefault(dimension, size))
            for name, dimensions in self.dimensions.items()
            if name in shapes
            for dimension, size in zip(dimensions, shapes[name], strict=True)
        )

    def __call__(self, inputs: Mapping[str, Any]) -> Any:
        return on_host(self.runner(**inputs))


def runner_of(session: Any, metadata: Any) -> Any:
    """The exporters' runner; without CUDA in torch, it binds the host's memory."""
    import torch
    from transformers.exporters.runners import OnnxModelRunner

    class HostRunner(OnnxModelRunner):  # type: ignore[misc]
        """Binds the host's memory, whatever the provider."""

        device = torch.device("cpu")

    return (OnnxModelRunner if torch.cuda.is_available() else HostRunner)(metadata, session)


def on_host(outputs: Any) -> Any:
    """Outputs with their tensors on the host; a cache stays where the provider wrote it."""
    import torch

    if isinstance(outputs, torch.Tensor):
        return outputs.cpu()
    if isinstance(outputs, (list, tuple)) and not hasattr(outputs, "_fields"):
        return type(outputs)(map(on_host, outputs))
    if isinstance(outputs, dict):
        for name, value in outputs.items():
            outputs[name] = on_host(value)
    return outputs
