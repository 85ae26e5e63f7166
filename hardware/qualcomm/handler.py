"""Qualcomm: quantized ONNX graphs on the Hexagon processor or its emulator."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hf_skillset_runtime.calls.concurrency import PROCESS
from hf_skillset_runtime.export.cache import export_folder, whole_folder, write_whole
from hf_skillset_runtime.hub import hub_options
from hf_skillset_runtime.loading import save_processor
from hf_skillset_runtime.platforms.base import (
    EMULATED,
    REAL,
    Detection,
    Device,
    Handler,
    HardwareUnavailableError,
    Platform,
    stated_precision,
)
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_runtime.tasks.spec import TaskSpec

from .calibration import calibration
from .graphs import QualcommModel, generate_row, row_scores, run_row, stacked
from .qdq_weights import PRECISIONS
from .sessions import is_real, operators_by_place, qnn_devices
from .static_calls import layout_of, rows, shapes_of

MANIFEST = "qualcomm.json"
FORMAT = 2
"""Version of what an exported folder contains."""
PACKAGES = ("onnx", "onnxruntime", "onnxruntime-qnn", "torch", "transformers")
EXPORTERS = ("torch", "onnx", "onnxscript")


class Qualcomm(Platform):
    """ONNX Runtime's QNN provider with its HTP backend; nothing falls back to the CPU.

    The graphs have fixed shapes: inputs run one at a time, padded to a power of two of
    tokens. Exporting needs torch; running what was exported does not.
    """

    splits_columns = False

    def detect(self) -> Detection:
        try:
            import onnxruntime
            import onnxruntime_qnn  # noqa: F401 - registers the provider
        except ImportError as error:
            return Detection(False, f"{error.name} is not installed")
        version = onnxruntime.__version__
        try:
            devices = qnn_devices()
        except Exception as error:  # loading the library may raise any exception
            return Detection(False, f"the QNN provider cannot be loaded: {error}", version=version)
        if not devices:
            return Detection(False, "the QNN provider reports no device", version=version)
        hexagon = (
            "Hexagon" if is_real(devices[0]) else f"Hexagon emulator on {devices[0].device.vendor}"
        )
        return Detection(True, devices=(Device("htp", hexagon),), version=version)

    def implementation_type(self, device: str) -> str:
        return REAL if is_real(qnn_devices()[0]) else EMULATED

    def load(
        self,
        checkpoint: str,
        spec: TaskSpec,
        device: str,
        resources: Mapping[str, Any],
        metadata: Mapping[str, Any],
    ) -> QualcommModel:
        """Open a folder written by `export`, or the cached one of this checkpoint.

        `metadata["precision"]` is `w8a16` or `w16a16` (weights of 8 or 16 bits, activations of
        16); by default the first whose outputs on the samples are near those in float32.

        Raises:
            ValueError: unknown precision.
        """
        precision = stated_precision(metadata, PRECISIONS, None)
        config = resources["transformers"].AutoConfig.from_pretrained(
            checkpoint, **hub_options(metadata)
        )
        folder = Path(checkpoint)
        if not (folder / MANIFEST).is_file():
            self.require_exporters(checkpoint)
            facts = (spec.name, spec.auto_class, precision, FORMAT)
            folder = export_folder(checkpoint, self.name, facts, PACKAGES, metadata) / "model"
        return QualcommModel(checkpoint, folder, config, metadata)

    def prepare(self, handler: Handler) -> None:
        """Export the graphs for the samples, unless they are cached."""
        model: QualcommModel = handler.endpoint
        if not (model.folder / MANIFEST).is_file():
            given = (model.checkpoint, handler.spec, handler.processor)
            with whole_folder(model.folder) as draft:
                self.export(*given, draft, model.metadata)
        model.manifest = json.loads((model.folder / MANIFEST).read_text("utf-8"))
        if model.manifest.get("format") != FORMAT:
            raise ValueError(f"{model.folder} was exported by another version: export it again")
        if handler.spec.name != model.manifest["task"]:
            raise ValueError(f"{model.folder} was exported for {model.manifest['task']}")

    def export(
        self,
        checkpoint: str,
        spec: TaskSpec,
        processor: Any,
        folder: Path,
        metadata: Mapping[str, Any],
    ) -> None:
        """Write graphs, configuration and processor, so that `folder` runs without torch.

        Raises:
            HardwareUnavailableError: a package required for exporting is missing.
            NotImplementedError: the task calls another method than `forward` or
                `generate`.
        """
        self.require_exporters(checkpoint)
        import torch
        import transformers

        from hf_skillset_runtime.platforms.torch_loading import load_model

        from .qdq_export import export_qdq

        if spec.run not in ("forward", "generate"):
            raise NotImplementedError(f"{spec.name} runs {spec.run}, which has no fixed shape")
        resources = {"torch": torch, "transformers": transformers}
        model = load_model(checkpoint, spec, resources, hub_options(metadata))
        graphs = []
        with PROCESS.alone():
            calls, widths, names = calibration(model, spec, processor)
            for i, group in enumerate(calls):
                name = f"graph-{i}.onnx"
                facts = export_qdq(model, group, folder / name, names, metadata.get("precision"))
                key = {"shapes": shapes_of(group[0]), "layout": layout_of(group[0])}
                graphs.append({"file": name, **key, **facts})
        model.config.save_pretrained(folder)
        if model.can_generate():
            model.generation_config.save_pretrained(folder)
        save_processor(processor, folder)
        manifest = {"format": FORMAT, "task": spec.name, "run": spec.run, "shapes": widths}
        manifest |= {"token_inputs": names, "graphs": graphs}
        write_whole(folder / MANIFEST, json.dumps(manifest, indent=2))

    def require_exporters(self, checkpoint: str) -> None:
        """Raise unless the packages that exporting needs are installed.

        Raises:
            HardwareUnavailableError: one is missing.
        """
        if missing := [name for name in EXPORTERS if find_spec(name) is None]:
            reason = f"{checkpoint} is not exported, and exporting needs {', '.join(missing)}"
            raise HardwareUnavailableError(self.name, reason)

    def run(self, endpoint: QualcommModel, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
        each = generate_row if spec.run == "generate" else run_row
        with endpoint.lock:  # all threads share one HTP
            row_outputs = [
                each(endpoint, row, encoded.generate_kwargs) for row in rows(encoded.inputs)
            ]
        return stacked(row_outputs)

    def scores(
        self,
        endpoint: QualcommModel,
        spec: TaskSpec,
        encoded: Encoded,
        chosen: Sequence[Any] | None,
    ) -> tuple[list[Any], list[Any]] | None:
        each = rows(encoded.inputs)
        if spec.run != "generate" or len(each) != 1:
            return None
        tokens = None if chosen is None else [int(token[0]) for token in chosen]
        return row_scores(endpoint, each[0], encoded.generate_kwargs, tokens)

    def evidence(self, handler: Handler) -> dict[str, Any]:
        model: QualcommModel = handler.endpoint
        before = model.graph_runs
        sample = sample_inputs(handler.spec, handler.processor)[0]
        handler(sample, **handler.spec.sample_params)
        places = [operators_by_place(session) for session in model.sessions.values()]
        on_htp, elsewhere = (sum(counts) for counts in zip((0, 0), *places))
        precisions = [graph["precision"] for graph in model.manifest["graphs"]]
        proof: dict[str, Any] = {
            "graph_runs": model.graph_runs - before,
            "operators": on_htp + elsewhere,
            "share": round(on_htp / max(on_htp + elsewhere, 1), 4),
            "precision": max(precisions, key=PRECISIONS.__getitem__),
        }
        return proof if proof["graph_runs"] else {**proof, "problem": "no graph ran on the HTP"}

    def config(self, endpoint: QualcommModel) -> Any:
        return endpoint.config

    def batch_size(self, endpoint: QualcommModel, device: str) -> int:
        """One: the graphs take one input at a time."""
        return 1


PLATFORM = Qualcomm
