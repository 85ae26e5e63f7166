"""OpenVINO: graphs exported by transformers, compiled for an Intel CPU, GPU or NPU."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any

from hf_skillset_runtime.calls.concurrency import PROCESS
from hf_skillset_runtime.calls.model_state import as_it_was
from hf_skillset_runtime.export.cache import export_folder
from hf_skillset_runtime.export.exported_model import ExportedModel
from hf_skillset_runtime.export.graphs import Graph, GraphMaker
from hf_skillset_runtime.export.parts import outermost_calls
from hf_skillset_runtime.export.proof import proof_of_graphs
from hf_skillset_runtime.platforms.base import (
    EMULATED,
    REAL,
    Detection,
    Device,
    Handler,
    Platform,
)
from hf_skillset_runtime.platforms.token_steps import token_scores
from hf_skillset_runtime.platforms.torch_calls import run_model, streams
from hf_skillset_runtime.platforms.torch_loading import load_model
from hf_skillset_runtime.platforms.torch_platform import rows_that_fit
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_runtime.tasks.spec import TaskSpec

PROGRAM_FILE = "graph.xml"
METADATA_FILE = "metadata.json"
PACKAGES = ("openvino", "torch", "transformers")
PRECISIONS = ("f32", "bf16", "f16", "int8")
EMULATED_DEVICES = ("GPU", "NPU")
"""Devices whose graphs run on the CPU plugin if the device is missing."""
AS_TRACED = {"dtype": "float32", "device_map": None}
"""Graphs are traced on the CPU in float32, whatever their precision."""
WRONG = 1e-3
"""Largest relative error of an f32 graph; rounding errors are 100 times smaller."""


class OpenVINO(Platform):
    """The devices of OpenVINO's plugins.

    The loaded model is transformers' own; its modules run OpenVINO graphs, which are exported
    once and cached. `generate`, and the code between the submodules of a model that cannot be
    exported as a whole, run in torch on the host.
    """

    resources = ("torch", "transformers", "numpy")

    def detect(self) -> Detection:
        try:
            import openvino
        except ImportError:
            return Detection(False, "openvino is not installed")
        version = openvino.__version__.split("-")[0]
        if not (devices := plugin_devices()):
            return Detection(False, "OpenVINO has no plugin for a device here", version=version)
        return Detection(True, devices=devices, version=version)

    def require(self, device: str) -> str:
        target = self.runs_on(device)
        available = super().require(target)
        return available if target == device else device

    def runs_on(self, device: str) -> str:
        """The device whose plugin runs the graphs for `device`."""
        available = {each.label.partition(".")[0] for each in self.detect().devices}
        missing = device in EMULATED_DEVICES and device not in available
        return "CPU" if missing else device

    def implementation_type(self, device: str) -> str:
        return REAL if self.runs_on(device) == device else EMULATED

    def load(
        self,
        checkpoint: str,
        spec: TaskSpec,
        device: str,
        resources: Mapping[str, Any],
        metadata: Mapping[str, Any],
    ) -> Any:
        """Load the model and its cached graphs.

        `metadata["precision"]` is `f32` (the default), `bf16`, `f16` (the inference
        precision of the plugin) or `int8` (weights compressed by NNCF); exported graphs are
        cached in `metadata["export_dir"]`.

        Raises:
            ValueError: unknown precision.
        """
        precision = metadata.get("precision", "f32")
        if precision not in PRECISIONS:
            raise ValueError(f"no precision {precision!r}; use one of: {', '.join(PRECISIONS)}")
        if (target := self.runs_on(device)) != device:
            message = f"OpenVINO has no {device} here: its CPU plugin runs the graphs"
            warnings.warn(message, stacklevel=4)
        model = load_model(checkpoint, spec, resources, {**metadata, **AS_TRACED})
        facts = (spec.name, spec.auto_class, precision == "int8")
        folder = export_folder(checkpoint, self.name, facts, PACKAGES, metadata)
        tolerance = WRONG if precision == "f32" else None
        exported = ExportedModel(model, OpenVINOGraphs(target, precision), folder, tolerance)
        model.exported = exported
        if not exported.restore() and spec.run == "forward":
            exported.intercept([""])
        return model

    def prepare(self, handler: Handler) -> None:
        """Export graphs for the samples: a batch of the first one twice, and all of them."""
        samples = sample_inputs(handler.spec, handler.processor)
        handler([samples[0]] * 2, **handler.spec.sample_params)
        handler(samples, **handler.spec.sample_params)

    def run(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
        exported: ExportedModel = endpoint.exported
        with exported.lock, PROCESS.shared(), as_it_was(endpoint):
            if not exported.modules:
                with outermost_calls(endpoint) as names:
                    run_model(endpoint, spec, encoded)
                exported.intercept(names)
                exported.save()
            return run_model(endpoint, spec, encoded)

    def streams(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> bool:
        return streams(endpoint, spec, encoded)

    def scores(
        self, endpoint: Any, spec: TaskSpec, encoded: Encoded, chosen: Sequence[Any] | None
    ) -> tuple[list[Any], list[Any]] | None:
        exported: ExportedModel = endpoint.exported
        with exported.lock, PROCESS.shared():
            return token_scores(endpoint, spec, encoded, chosen)

    def config(self, endpoint: Any) -> Any:
        return endpoint.config

    def batch_size(self, endpoint: Any, device: str) -> int:
        import psutil

        return rows_that_fit(endpoint, psutil.virtual_memory().available)

    def is_out_of_memory(self, error: Exception) -> bool:
        import torch

        return isinstance(error, (MemoryError, torch.OutOfMemoryError))

    def evidence(self, handler: Handler) -> dict[str, Any]:
        return proof_of_graphs(handler, handler.endpoint.exported)


class OpenVINOGraphs(GraphMaker):
    """Exports to OpenVINO and compiles for one device and precision."""

    def __init__(self, device: str, precision: str) -> None:
        self.device = device
        self.precision = precision

    def make(
        self, module: Any, inputs: Mapping[str, Any], folder: Path, dynamic_shapes: Any
    ) -> Graph:
        import torch
        from transformers.exporters import OpenVINOConfig, OpenVINOExporter

        config = OpenVINOConfig(
            dynamic_shapes=dynamic_shapes, stateful=False, quantizer=self.quantizer()
        )
        # Dimensions that happen to be equal in this call must stay independent.
        with torch.fx.experimental._config.patch(use_duck_shape=False):
            program, metadata = OpenVINOExporter().export_program(module, dict(inputs), config)
        OpenVINOExporter.save_program(program, folder / PROGRAM_FILE)
        (folder / METADATA_FILE).write_text(json.dumps(asdict(metadata)), "utf-8")
        return self.compiled(program, metadata)

    def quantizer(self) -> Any:
        """NNCF's 8-bit weight compression if the precision is int8, else None."""
        if self.precision != "int8":
            return None
        from transformers.exporters import NNCFOpenVINOQuantizer, NNCFWeightCompressionConfig

        return NNCFOpenVINOQuantizer(NNCFWeightCompressionConfig())

    def load(self, folder: Path) -> Graph:
        from transformers.exporters import OpenVINOExporter
        from transformers.exporters.metadata import ExportMetadata, register_treespec_types

        metadata = ExportMetadata.from_dict(json.loads((folder / METADATA_FILE).read_text("utf-8")))
        for spec in (metadata.in_spec, metadata.out_spec):
            register_treespec_types(spec)
        return self.compiled(OpenVINOExporter.load_program(folder / PROGRAM_FILE), metadata)

    def compiled(self, program: Any, metadata: Any) -> Graph:
        """The program compiled for the device and precision."""
        import openvino
        from transformers.exporters.runners import OpenVINOModelRunner

        hint = "f32" if self.precision == "int8" else self.precision
        options = {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}
        compiled = openvino.Core().compile_model(program, self.device, options)
        return OpenVINOGraph(OpenVINOModelRunner(compiled, metadata))


class OpenVINOGraph(Graph):
    """One compiled graph, run by the exporters' runner."""

    def __init__(self, runner: Any) -> None:
        self.runner = runner
        self.lock = Lock()  # protects its single infer request

    def accepts(self, shapes: Mapping[str, tuple[int, ...]]) -> bool:
        return all(
            port.partial_shape.compatible(shape_of(port, shapes))
            for port in self.runner.compiled_model.inputs
        )

    def __call__(self, inputs: Mapping[str, Any]) -> Any:
        # Inputs are copied: the CPU plugin grows a cache in place and would overwrite our memory.
        with self.lock:
            return self.runner(share_inputs=False, **inputs)


def shape_of(port: Any, shapes: Mapping[str, tuple[int, ...]]) -> Any:
    """The shape of the tensor for a port; a dynamic one for a port without a tensor."""
    import openvino

    for name in port.get_names():
        if (path := name.removeprefix("input.")) in shapes:
            return openvino.PartialShape(list(shapes[path]))
    return openvino.PartialShape.dynamic()


def plugin_devices() -> tuple[Device, ...]:
    """The devices that OpenVINO's plugins detect."""
    import openvino

    core = openvino.Core()
    return tuple(
        Device(label, core.get_property(label, "FULL_DEVICE_NAME"), total_memory(core, label))
        for label in core.available_devices
    )


def total_memory(core: Any, label: str) -> int | None:
    """Bytes of a device's memory; None if its plugin does not report it."""
    if "GPU_DEVICE_TOTAL_MEM_SIZE" not in core.get_property(label, "SUPPORTED_PROPERTIES"):
        return None
    size: int = core.get_property(label, "GPU_DEVICE_TOTAL_MEM_SIZE")
    return size


PLATFORM = OpenVINO
