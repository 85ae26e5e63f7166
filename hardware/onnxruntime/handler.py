"""ONNX Runtime: graphs exported by transformers, run by its execution providers."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hf_skillset_runtime.export.cache import whole_folder
from hf_skillset_runtime.export.exporting_platform import EXACT, ExportingPlatform
from hf_skillset_runtime.export.graphs import GraphMaker
from hf_skillset_runtime.loading import save_processor
from hf_skillset_runtime.platforms.base import Detection, stated_precision
from hf_skillset_runtime.tasks.spec import TaskSpec

from .graphs import OPSET, OnnxGraphs
from .precision import PRECISIONS
from .providers import CPU, provider_devices
from .standalone.folder import write_folder
from .standalone.sample import Subject

EXPORTERS = ("onnx", "onnxscript")


class OnnxRuntime(ExportingPlatform):
    """The execution providers of ONNX Runtime; what a provider does not support, the CPU runs."""

    packages = ("onnx", "onnxscript", "torch", "transformers")
    precisions = PRECISIONS
    exported_hint = "its README.md has the lines that run it"

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

    def export(
        self,
        checkpoint: str,
        spec: TaskSpec,
        processor: Any,
        folder: Path,
        metadata: Mapping[str, Any],
    ) -> None:
        """Write graphs, tokenizer or processor, `handler.json` and a README that runs them.

        Raises:
            HardwareUnavailableError: a package required for exporting is missing.
            NotImplementedError: the task is no call of one graph, nor a generation by graphs.
            ValueError: `folder` is not empty, or the graphs do not give what torch gives.
        """
        if spec.run not in ("forward", "generate"):
            raise NotImplementedError(f"{spec.name} runs {spec.run}")
        if any(folder.iterdir()):
            raise ValueError(f"{folder} is not empty")
        self.require(self.default_device)
        import torch
        import transformers

        resources = {"torch": torch, "transformers": transformers}
        precision = stated_precision(metadata, PRECISIONS, EXACT)
        facts = {"task": spec.name, "checkpoint": Path(checkpoint).name, "opset": OPSET}
        folder.rmdir()
        with whole_folder(folder) as draft:
            save_processor(processor, draft)
            with TemporaryDirectory(dir=draft) as graphs:
                options = {**metadata, "export_dir": graphs}
                model = self.load(checkpoint, spec, CPU, resources, options)
                model.config.save_pretrained(draft)
                subject = Subject(self.run, model, spec, processor, precision == EXACT)
                write_folder(subject, draft, {**facts, "precision": precision})

    def stored_as(self, precision: str) -> list[str]:
        """The precision, and the release that stored the graph, whatever its distribution."""
        import onnxruntime

        return [precision, onnxruntime.__version__]


PLATFORM = OnnxRuntime
