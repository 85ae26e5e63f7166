"""Qualcomm: quantized ONNX graphs on the Hexagon processor, or on its emulator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ..tasks import Encoded, TaskSpec
from . import EMULATED, REAL, Detection, Device, HardwareUnavailableError, Platform
from .export_cache import export_folder, write_whole
from .static_calls import (
    OPENING,
    Arrays,
    as_list,
    bucket,
    forward_row,
    greedy,
    layout_of,
    nested,
    new_tokens,
    opening,
    padded,
    rows,
    shapes_of,
    widened,
    without_padding,
)

if TYPE_CHECKING:
    from ..endpoint import Endpoint, EndpointHandler

PROVIDER = "QNNExecutionProvider"
MANIFEST = "qualcomm.json"
PACKAGES = ("onnx", "onnxruntime", "onnxruntime-qnn", "torch", "transformers")
EXPORTERS = ("torch", "onnx", "onnxscript")
EMULATED_SOC = "60"
"""The chip that the emulator takes itself for; every session of a process has the same."""


@dataclass
class QualcommModel:
    """A folder with the graphs of one task: what the manifest says, and the open sessions."""

    checkpoint: str
    folder: Path
    config: Any
    manifest: dict[str, Any] = field(default_factory=dict)
    sessions: dict[str, Any] = field(default_factory=dict)


class Qualcomm(Platform):
    """ONNX Runtime's QNN provider with its HTP backend; nothing falls back to the CPU.

    The graphs have fixed shapes: inputs run one at a time, padded to a power of two of
    tokens. Exporting needs torch; running what was exported does not.
    """

    name = "qualcomm"
    default_device = "htp"
    runtime_requirements = (
        "onnxruntime>=1.32",
        "onnxruntime-qnn>=2.7",
        "onnx>=1.23",
        "onnxscript>=0.7",
    )

    def detect(self) -> Detection:
        try:
            import onnxruntime
            import onnxruntime_qnn  # noqa: F401 - the provider comes from it
        except ImportError as error:
            return Detection(False, f"{error.name} is not installed")
        version = onnxruntime.__version__
        try:
            found = qnn_devices()
        except Exception as error:  # the library does not load, for whatever reason it has
            return Detection(False, f"the QNN provider does not load: {error}", version=version)
        if not found:
            return Detection(False, "the QNN provider finds no device", version=version)
        hexagon = (
            "Hexagon" if is_real(found[0]) else f"Hexagon emulator on {found[0].device.vendor}"
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
        """Open a folder that `export` wrote, or the one that is kept for this checkpoint."""
        self.require(device)
        config = resources["transformers"].AutoConfig.from_pretrained(checkpoint)
        folder = Path(checkpoint)
        if not (folder / MANIFEST).is_file():
            self.require_exporters(checkpoint)
            facts = (spec.name, spec.auto_class)
            folder = export_folder(checkpoint, self.name, facts, PACKAGES, metadata)
        return QualcommModel(checkpoint, folder, config)

    def prepare(self, handler: EndpointHandler) -> None:
        """Export what the samples need, unless that was done before."""
        model: QualcommModel = handler.endpoint
        if not (model.folder / MANIFEST).is_file():
            self.export(model.checkpoint, handler.spec, handler.processor, model.folder)
        model.manifest = json.loads((model.folder / MANIFEST).read_text("utf-8"))
        if handler.spec.name != model.manifest["task"]:
            raise ValueError(f"{model.folder} was exported for {model.manifest['task']}")

    def export(self, checkpoint: str, spec: TaskSpec, processor: Any, folder: Path) -> None:
        """Write graphs, configuration and processor, so that `folder` runs without torch.

        Raises:
            HardwareUnavailableError: a package that exporting needs is missing.
            NotImplementedError: the task calls the model in another way than `forward` or
                `generate`.
        """
        self.require_exporters(checkpoint)
        import torch
        import transformers

        from .qdq_export import export_qdq
        from .torch_platform import load_model

        if spec.run not in ("forward", "generate"):
            raise NotImplementedError(f"{spec.name} runs {spec.run}, which has no fixed shape")
        model = load_model(checkpoint, spec, {"torch": torch, "transformers": transformers}, {})
        graphs = []
        calls, widths = calibration(model, spec, processor)
        for i, group in enumerate(calls):
            name = f"graph-{i}.onnx"
            axes = export_qdq(model, group, folder / name)
            key = {"shapes": shapes_of(group[0]), "layout": layout_of(group[0])}
            graphs.append({"file": name, **key, "token_axes": axes})
        model.config.save_pretrained(folder)
        if model.can_generate():
            model.generation_config.save_pretrained(folder)
        save_processor(processor, folder)
        manifest = {"task": spec.name, "run": spec.run, "shapes": widths, "graphs": graphs}
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
        found = [each(endpoint, row, encoded.generate_kwargs) for row in rows(encoded.inputs)]
        return stacked(found)

    def config(self, endpoint: QualcommModel) -> Any:
        return endpoint.config

    def batch_size(self, endpoint: QualcommModel, device: str) -> int:
        """One: the graphs take one input at a time."""
        return 1


def save_processor(processor: Any, folder: Path) -> None:
    """Keep a processor, or the tokenizer and the feature extractor that stand for one."""
    if processor is None:
        return
    for part in vars(processor).values() if isinstance(processor, SimpleNamespace) else [processor]:
        part.save_pretrained(folder)


def calibration(
    model: Any, spec: TaskSpec, processor: Any
) -> tuple[list[list[Arrays]], dict[str, list[int]]]:
    """What the graphs get for the task's samples, one list for each set of shapes.

    Also the shapes that `generate` gives the encoder, where they are not those of its input.
    """
    from ..self_test import sample_inputs

    parameters, _ = spec.parameters(spec.sample_params)
    groups: dict[str, list[Arrays]] = {}
    widths: dict[str, list[int]] = {}
    for sample in sample_inputs(spec, processor):
        encoded = spec.module.encode([sample], processor, model.config, **parameters)
        for part in encoded if isinstance(encoded, list) else [encoded]:
            for row in rows(part.inputs):
                if spec.run == "forward":
                    calls = [forward_row(row, pad_token(model.config))]
                else:
                    calls, seen = generated_calls(model, row, part.generate_kwargs)
                    widths |= seen
                for call in calls:
                    key = json.dumps([shapes_of(call), layout_of(call)])
                    groups.setdefault(key, []).append(call)
    return list(groups.values()), widths


def generated_calls(
    model: Any, row: Arrays, options: Mapping[str, Any]
) -> tuple[list[Arrays], dict[str, list[int]]]:
    """The first and the last call that generate one text, and the shapes the encoder got."""
    import torch

    seen: dict[str, list[int]] = {}

    def note(_module: Any, _args: Any, named: dict[str, Any]) -> None:
        shapes = {name: list(named[name].shape) for name in row if named.get(name) is not None}
        seen.update({n: s for n, s in shapes.items() if s != list(row[n].shape)})

    inputs = {name: torch.as_tensor(array) for name, array in row.items()}
    greedily = {**options, "do_sample": False, "num_beams": 1}
    if model.config.is_encoder_decoder:
        with torch.no_grad():
            hook = model.get_encoder().register_forward_pre_hook(note, with_kwargs=True)
            text = generated_text(model, {**inputs, **greedily})
            hook.remove()
    else:
        text = generated_text(model, {**inputs, **greedily})
    defaults = model.generation_config.to_dict()
    steps = Steps.of(widened(row, seen), model.config, defaults, options)
    return [steps.call(steps.prompt), steps.call(text[: steps.length])], seen


def generated_text(model: Any, arguments: Mapping[str, Any]) -> list[int]:
    """The tokens that `generate` gives on the host.

    Raises:
        NotImplementedError: the model generates in a way of its own.
    """
    import torch
    from transformers import GenerationMixin

    own_way = f"{type(model).__name__}.generate does not give one token after the other"
    if not isinstance(model, GenerationMixin):
        raise NotImplementedError(own_way)
    found = model.generate(**arguments)
    if not isinstance(found, torch.Tensor):
        raise NotImplementedError(own_way)
    return found[0].tolist()  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Steps:
    """The calls that generate one text: the same inputs with ever more tokens."""

    row: Arrays
    grows: str
    """The input that the tokens are appended to."""
    prompt: list[int]
    count: int
    """Most tokens to add."""
    length: int
    """Tokens that the graph takes."""
    pad: int

    @classmethod
    def of(
        cls, row: Arrays, config: Any, defaults: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Steps:
        """The steps for one row, given the checkpoint's and the caller's generation options."""
        pad = pad_token(config)
        if config.is_encoder_decoder:
            start = decoder_start(config, defaults)
            row, grows, prompt = forward_row(row, pad), "decoder_input_ids", as_list(start)
        else:
            row, grows = without_padding(row), "input_ids"
            prompt = row["input_ids"][0].tolist()
        count = new_tokens(options, defaults, len(prompt))
        more = sum(name in defaults for name in OPENING)
        return cls(row, grows, prompt, count, bucket(len(prompt) + more + count), pad)

    def call(self, tokens: list[int]) -> Arrays:
        """The inputs after these tokens."""
        import numpy as np

        if self.grows != "input_ids":
            ids = np.full((1, self.length), self.pad, dtype=np.int64)
            ids[0, : len(tokens)] = tokens
            return {**self.row, self.grows: ids}
        grown = padded(self.row, len(tokens), 1)
        grown["input_ids"] = np.array([tokens], dtype=np.int64)
        if "attention_mask" in grown:
            grown["attention_mask"] = np.ones_like(grown["input_ids"])
        return padded(grown, self.length, self.pad)


def decoder_start(config: Any, defaults: Mapping[str, Any]) -> int | list[int]:
    """The token that a decoder starts with: its own, else the one that begins a text.

    Raises:
        ValueError: the checkpoint names neither.
    """
    for name in ("decoder_start_token_id", "bos_token_id"):
        for value in (defaults.get(name), getattr(config, name, None)):
            if value is not None:
                return value  # type: ignore[no-any-return]
    raise ValueError("the checkpoint has no decoder_start_token_id and no bos_token_id")


def run_row(model: QualcommModel, row: Arrays, _options: Mapping[str, Any]) -> Arrays:
    """The outputs for one row, without what belongs to the padding."""
    taken = without_padding(row) if "attention_mask" in row else row
    call = forward_row(row, pad_token(model.config))
    outputs, axes = run_graph(model, call)
    if "input_ids" not in row:
        return outputs
    count = taken["input_ids"].shape[1]
    return {
        name: output.take(range(count), axis=axes[name]) if axes[name] is not None else output
        for name, output in outputs.items()
    }


def generate_row(model: QualcommModel, row: Arrays, options: Mapping[str, Any]) -> Arrays:
    """The tokens generated for one row: the whole graph runs once for each of them."""
    import numpy as np

    path = model.folder / "generation_config.json"
    defaults = json.loads(path.read_text("utf-8"))
    row = widened(row, model.manifest["shapes"])
    steps = Steps.of(row, model.config, defaults, options)

    def logits_of(tokens: list[int]) -> Any:
        return run_graph(model, steps.call(tokens))[0]["logits"][0, len(tokens) - 1]

    opened = opening(logits_of, steps.prompt, defaults)
    tokens = greedy(logits_of, opened, steps.count, defaults)
    text = tokens if opened == steps.prompt else tokens[len(opened) :]
    return {"sequences": np.array([text], dtype=np.int64)}


def run_graph(model: QualcommModel, call: Arrays) -> tuple[Arrays, dict[str, int | None]]:
    """Run the graph that was exported for such a call; its outputs and their token axes.

    A cache that the graph gives and the model, asked for none, does not is left out.

    Raises:
        ValueError: no graph was exported for these shapes and this layout of pictures.
    """
    key = json.dumps([shapes_of(call), layout_of(call)])
    known = {json.dumps([g["shapes"], g["layout"]]): g for g in model.manifest["graphs"]}
    if (graph := known.get(key)) is None:
        raise ValueError(
            f"no graph was exported for the shapes and layout {key}; there are: {', '.join(known)}"
        )
    if graph["file"] not in model.sessions:
        model.sessions[graph["file"]] = open_session(model.folder / graph["file"])
    session = model.sessions[graph["file"]]
    names = [value.name for value in session.get_inputs()]
    found = session.run(None, {name: call[name.removeprefix("input.")] for name in names})
    axes = graph["token_axes"]
    outputs = {value.name: array for value, array in zip(session.get_outputs(), found)}
    return {name: array for name, array in outputs.items() if name in axes}, axes


def stacked(found: list[Arrays]) -> Arrays:
    """The outputs of all rows as one batch; tokens that a row lacks are filled up with zeros."""
    import numpy as np

    batch = {}
    for name in found[0]:
        arrays = [np.atleast_1d(outputs[name]) for outputs in found]
        shape = np.max([array.shape for array in arrays], axis=0)
        widths = [[(0, most - size) for most, size in zip(shape, a.shape)] for a in arrays]
        batch[name] = np.concatenate([np.pad(a, w) for a, w in zip(arrays, widths)])
    return nested(batch)


def pad_token(config: Any) -> int:
    """The token that padding is made of; a mask hides it, so any of the vocabulary will do."""
    token = getattr(config, "pad_token_id", None) or 0
    size = getattr(config.get_text_config(), "vocab_size", None)
    return token if size is None or 0 <= token < size else 0


@cache
def qnn_devices() -> list[Any]:
    """The devices that the QNN provider finds, a Hexagon processor before what emulates one."""
    import onnxruntime
    import onnxruntime_qnn

    onnxruntime.register_execution_provider_library(PROVIDER, onnxruntime_qnn.get_library_path())
    found = [device for device in onnxruntime.get_ep_devices() if device.ep_name == PROVIDER]
    return sorted(found, key=is_real, reverse=True)


def is_real(device: Any) -> bool:
    """Whether a device of the provider is a Qualcomm NPU."""
    return device.device.type.name == "NPU" and device.device.vendor.startswith("Qualcomm")


class CompileError(RuntimeError):
    """The HTP does not take a graph."""

    stage = "compile"


def open_session(path: Path) -> Any:
    """Compile a graph for the HTP.

    Raises:
        CompileError: it cannot be compiled; names the operators that the HTP does not take.
    """
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(path, session_options(fallback=False))
        session.disable_fallback()
        return session
    except Exception as error:
        refused = ", ".join(refused_operators(path)) or "none by itself"
        raise CompileError(
            f"HTP does not run {path.name}; operators refused: {refused}. {error}"
        ) from error


def session_options(fallback: bool) -> Any:
    """Options of a session on the HTP; on the emulator they name a chip."""
    import onnxruntime
    import onnxruntime_qnn

    device = qnn_devices()[0]
    chip = {} if is_real(device) else {"soc_model": EMULATED_SOC}
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.disable_cpu_ep_fallback", str(int(not fallback)))
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    backend = {"backend_path": onnxruntime_qnn.get_qnn_htp_path(), **chip}
    options.add_provider_for_devices([device], backend)
    return options


def refused_operators(path: Path) -> list[str]:
    """The operators that would run on the CPU if that were allowed."""
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(path, session_options(fallback=True))
    except Exception:  # then the graph as a whole is refused
        return []
    parts = session.get_provider_graph_assignment_info()
    return sorted(
        {node.op_type for part in parts if part.ep_name != PROVIDER for node in part.get_nodes()}
    )


PLATFORM = Qualcomm()


def init_qualcomm(
    skillset: Any,
    model: str,
    device: str = PLATFORM.default_device,
    qualcomm_label: str = PLATFORM.name,
    *converters: Any,
    task: str | None = None,
) -> Endpoint:
    """Load `model` (hub id, local folder or exported folder); see `Skillset.open_endpoint`."""
    return skillset.open_endpoint(PLATFORM, model, device, qualcomm_label, task)
