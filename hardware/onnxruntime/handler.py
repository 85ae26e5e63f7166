"""ONNX Runtime: graphs exported by transformers, run by its execution providers."""

from __future__ import annotations

from importlib.util import find_spec

from hf_skillset_runtime.export.exporting_platform import ExportingPlatform
from hf_skillset_runtime.export.graphs import GraphMaker
from hf_skillset_runtime.platforms.base import Detection

from .graphs import OnnxGraphs
from .precision import PRECISIONS
from .providers import provider_devices

EXPORTERS = ("onnx", "onnxscript")


class OnnxRuntime(ExportingPlatform):
    """The execution providers of ONNX Runtime; what a provider does not support, the CPU runs."""

    packages = ("onnx", "onnxscript", "torch", "transformers")
    precisions = PRECISIONS

    def detect(self) -> Detection:
        try:
            import onnxruntime
        except ImportError:
            return Detection(False, "onnxruntime is not installed")
        version = onnxruntime.__version__
        if missing := [name for name in EXPORTERS if find_spec(name) is None]:
            reason = f"exporting needs {' and '.join(missing)}"
            return Detection(False, reason, version=version)
        if not (devices := provider_devices()):
            return Detection(False, "no execution provider runs here", version=version)
        return Detection(True, devices=devices, version=version)

    def maker(self, device: str, precision: str) -> GraphMaker:
        return OnnxGraphs(device, precision)

    def stored_as(self, precision: str) -> list[str]:
        """The precision, and the release that stored the graph, whatever its distribution."""
        import onnxruntime

        return [precision, onnxruntime.__version__]


PLATFORM = OnnxRuntime
