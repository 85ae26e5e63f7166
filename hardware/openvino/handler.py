"""OpenVINO: graphs exported by transformers, compiled for an Intel CPU, GPU or NPU."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from hf_skillset_runtime.export.exporting_platform import ExportingPlatform
from hf_skillset_runtime.export.graphs import Graph, GraphMaker, independent_dimensions
from hf_skillset_runtime.export.mapped_files import release
from hf_skillset_runtime.export.program_metadata import load_metadata, save_metadata
from hf_skillset_runtime.export.states import StatefulGraph, StatefulProgram
from hf_skillset_runtime.platforms.base import EMULATED, REAL, Detection, Device

from .stateful import OpenVINOStatefulGraph, export_stateful

PROGRAM_FILE = "graph.xml"
STATELESS = ("NPU",)
"""Devices whose plugins run no graphs with states."""
EMULATED_DEVICES = ("GPU", "NPU")
"""Devices whose graphs run on the CPU plugin if the device is missing."""


class OpenVINO(ExportingPlatform):
    """The devices of OpenVINO's plugins.

    Precisions: `bf16` and `f16` are the inference precision of the plugin, `int8` compresses
    the weights with NNCF.
    """

    packages = ("openvino", "torch", "transformers")
    precisions = ("f32", "bf16", "f16", "int8")

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

    def maker(self, device: str, precision: str) -> GraphMaker:
        """Graphs for the device, or for the CPU plugin in its place, with a warning."""
        if (target := self.runs_on(device)) != device:
            message = f"OpenVINO has no {device} here: its CPU plugin runs the graphs"
            warnings.warn(message, stacklevel=5)
        return OpenVINOGraphs(target, precision)

    def stored_as(self, precision: str) -> bool:
        """Whether weights are compressed; the other precisions are options of the plugin."""
        return precision == "int8"


class OpenVINOGraphs(GraphMaker):
    """Exports to OpenVINO and compiles for one device and precision."""

    def __init__(self, device: str, precision: str) -> None:
        self.device = device
        self.precision = precision
        self.stateful = device not in STATELESS

    def make(
        self, module: Any, inputs: Mapping[str, Any], folder: Path, dynamic_shapes: Any
    ) -> Graph:
        from transformers.exporters import OpenVINOConfig, OpenVINOExporter

        config = OpenVINOConfig(
            dynamic_shapes=dynamic_shapes, stateful=False, quantizer=self.quantizer()
        )
        with independent_dimensions():
            program, metadata = OpenVINOExporter().export_program(module, dict(inputs), config)
        OpenVINOExporter.save_program(program, folder / PROGRAM_FILE)
        save_metadata(metadata, folder)
        return self.compiled(program, metadata)

    def make_stateful(self, program: StatefulProgram) -> StatefulGraph:
        # What is exported shares the memory of torch's weights, what is stored does not.
        export_stateful(program, program.folder / PROGRAM_FILE, self.quantizer())
        return self.load_stateful(program.folder)

    def load_stateful(self, folder: Path) -> StatefulGraph:
        import openvino

        program = openvino.Core().read_model(str(folder / PROGRAM_FILE))
        graph = OpenVINOStatefulGraph(self.compile(program), folder)
        release(folder.glob("*.bin"))  # the plugin has arranged the weights anew
        return graph

    def quantizer(self) -> Any:
        """NNCF's 8-bit weight compression if the precision is int8, else None."""
        if self.precision != "int8":
            return None
        from transformers.exporters import NNCFOpenVINOQuantizer, NNCFWeightCompressionConfig

        return NNCFOpenVINOQuantizer(NNCFWeightCompressionConfig())

    def load(self, folder: Path) -> Graph:
        from transformers.exporters import OpenVINOExporter

        program = OpenVINOExporter.load_program(folder / PROGRAM_FILE)
        graph = self.compiled(program, load_metadata(folder))
        release(folder.glob("*.bin"))  # the plugin has arranged the weights anew
        return graph

    def compiled(self, program: Any, metadata: Any) -> Graph:
        """A graph of the compiled program, with the exporters' runner."""
        from transformers.exporters.runners import OpenVINOModelRunner

        return OpenVINOGraph(OpenVINOModelRunner(self.compile(program), metadata))

    def compile(self, program: Any) -> Any:
        """The program compiled for the device and precision."""
        import openvino

        hint = "f32" if self.precision == "int8" else self.precision
        options = {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}
        return openvino.Core().compile_model(program, self.device, options)


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


@cache
def plugin_devices() -> tuple[Device, ...]:
    """The devices that OpenVINO's plugins detect, asked once per process.

    Every result names its device, and each query of `SUPPORTED_PROPERTIES` leaks 3 KB in
    OpenVINO 2026.4.1.
    """
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
