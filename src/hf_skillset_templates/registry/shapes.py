"""The exact tensors of a model type's tasks: run the tiny model at several sizes of everything.

Source: the tensors that the generated package's own task code gives the model, and those that the
model gives back. Each axis of the sample and the batch takes three sizes; a further run with all of
them changed together must have exactly the predicted shapes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .default_shapes import at_default_size
from .entries import read_entry, write_entry
from .errors import as_recorded
from .runtime import module, skillset, tiny_checkpoint
from .sized_samples import SCALES, axes_of, repeated, scaled
from .symbols import Symbols, infer, solve, telling_size, wrong_predictions
from .variants import load_variants

BATCHES = (1, 2, 3)
NEW_TOKENS = (4, 5, 6)
LABELS = (3, 4, 5)
FUNCTION = "hf_skillset_templates.registry.shapes:measure_job"
MOST_NARROWING = 24
Tensors = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """The sizes of one run: how much the sample grows along each axis, and numbers."""

    scales: dict[str, float] = field(default_factory=dict)
    batch: int = BATCHES[0]
    new_tokens: int = NEW_TOKENS[0]
    labels: int = LABELS[0]


@dataclass(frozen=True)
class Run:
    """The tensors that the model was given and gave back in one run."""

    setting: Setting
    inputs: Tensors
    outputs: Tensors


class Bench:
    """The tiny model of a model type, opened as its package does; each checkpoint is built once."""

    def __init__(self, runtime: Path, model_type: str, folder: Path) -> None:
        self.folder = folder
        self.tiny_checkpoint = tiny_checkpoint(runtime, model_type)
        self.skillset = skillset(runtime, model_type)
        self.samples = module(runtime, "self_test")
        self.built: dict[str, Path] = {}

    def open(self, task: str) -> Any:
        """The endpoint of a task on the CPU."""
        auto_class = self.skillset.task(task).auto_class
        if auto_class not in self.built:
            target = self.folder / auto_class
            self.built[auto_class] = self.tiny_checkpoint.build_checkpoint(auto_class, target)
        return self.skillset.init_cpu(str(self.built[auto_class]), task=task)


class Probe:
    """One task with the tiny model, ready to be run at any size."""

    def __init__(self, bench: Bench, task: str) -> None:
        opened = bench.open(task)
        self.model, self.processor, self.samples = opened.endpoint, opened.processor, bench.samples
        self.spec, self.platform = opened.handler.spec, opened.handler.platform
        taken = [s for s in self.spec.samples if self.samples.takes(self.processor, s)]
        self.sample = (taken or list(self.spec.samples))[0]

    def parameters(self, setting: Setting) -> dict[str, Any]:
        """The sample's handler parameters at the setting's sizes."""
        given = dict(self.spec.sample_params)
        if "max_new_tokens" in given:
            given["max_new_tokens"] = setting.new_tokens
        if "candidate_labels" in given:
            words = ["thing", "of", "kind"]
            label = " ".join(repeated(words, setting.scales.get("text", 1.0)))
            given["candidate_labels"] = [f"{label} {i}" for i in range(setting.labels)]
        return given

    def run(self, setting: Setting) -> tuple[Tensors, Tensors]:
        """The model's named input and output tensors at the setting's sizes."""
        item = self.samples.resolve_sample(scaled(self.sample, setting.scales), self.processor)
        parameters, _ = self.spec.parameters(self.parameters(setting))
        encoded = self.spec.module.encode(
            [item] * setting.batch, self.processor, self.model.config, **parameters
        )
        first = encoded[0] if isinstance(encoded, list) else encoded
        outputs = self.platform.run(self.model, self.spec, first)
        return tensors(first.inputs), tensors(outputs)


def tensors(named: Mapping[str, Any], prefix: str = "") -> Tensors:
    """The tensors of a mapping by name, those inside lists under name.0, name.1, …"""
    found: Tensors = {}
    for name, value in named.items():
        if hasattr(value, "dtype") and hasattr(value, "shape"):
            found[f"{prefix}{name}"] = value
        elif isinstance(value, (list, tuple)):
            found |= tensors({str(i): item for i, item in enumerate(value)}, f"{prefix}{name}.")
    return found


def shapes_of(found: Tensors) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in found.items()}


def plan(axes: list[str], parameters: Mapping[str, Any]) -> list[Setting]:
    """The runs: the sample as it is, then each axis and each number changed by itself."""
    runs = [Setting()]
    runs += [Setting(scales={axis: scale}) for axis in axes for scale in SCALES[1:]]
    runs += [Setting(batch=batch) for batch in BATCHES[1:]]
    if "max_new_tokens" in parameters:
        runs += [Setting(new_tokens=tokens) for tokens in NEW_TOKENS[1:]]
    if "candidate_labels" in parameters:
        runs += [Setting(labels=labels) for labels in LABELS[1:]]
    return runs


def measure_task(probe: Probe) -> dict[str, Any]:
    """The symbolic input and output of one task, proven by a run of other sizes."""
    axes = axes_of(probe.sample)
    if "candidate_labels" in probe.spec.sample_params and "text" not in axes:
        axes.append("text")
    done: list[Run] = []
    refused = []
    for setting in plan(axes, probe.spec.sample_params):
        try:
            done.append(Run(setting, *probe.run(setting)))
        except Exception as error:
            if not done:
                raise
            refused.append(f"{setting}: {type(error).__name__}")
    if "audio" in axes:
        narrow_strides(probe, done)
    symbols, inputs = known_symbols(done)
    outputs = infer(symbols, [shapes_of(run.outputs) for run in done], outputs=True)
    batch = 1 if any("batch" in line for line in refused) else 2
    wrong = [
        line
        for scales in proofs(axes)
        for line in verify(
            probe,
            Setting(scales, batch, new_tokens=NEW_TOKENS[1], labels=LABELS[1]),
            symbols,
            inputs,
            outputs,
        )
    ]
    found_in, found_out = done[0].inputs, done[0].outputs
    sizes_of = "tiny" if wrong else at_default_size(probe, inputs, outputs, found_in)
    return {
        "tensors": {
            "sizes": sizes_of,
            "input": described(inputs, found_in),
            "output": described(outputs, found_out),
        },
        "free": sorted(symbols.free),
        "refused": refused,
        "wrong": wrong,
    }


def known_symbols(done: list[Run]) -> tuple[Symbols, dict[str, list[int | str]]]:
    """The symbols of the runs' inputs, and the inputs' symbolic shapes."""
    symbols = Symbols({"batch": tuple(run.setting.batch for run in done)})
    for name in ("new_tokens", "labels"):
        sizes = tuple(getattr(run.setting, name) for run in done)
        if len(set(sizes)) > 1:
            symbols.sizes[name] = sizes
    return symbols, infer(symbols, [shapes_of(run.inputs) for run in done], outputs=False)


def narrow_strides(probe: Probe, done: list[Run]) -> None:
    """Add runs with recordings of the lengths that tell where a frame begins."""
    for _ in range(MOST_NARROWING):
        symbols, _ = known_symbols(done)
        told = telling_size(symbols, [shapes_of(run.outputs) for run in done])
        if told is None or told[0] != "samples":
            return
        setting = Setting(scales={"audio": told[1] / symbols.sizes["samples"][0]})
        run = Run(setting, *probe.run(setting))
        if run.setting.scales in [earlier.setting.scales for earlier in done]:
            return
        done.append(run)


def proofs(axes: list[str]) -> list[dict[str, float]]:
    """Sizes that no other run has: every axis by the same, and every axis by its own."""
    apart = {axis: 1.15 + 0.25 * position for position, axis in enumerate(axes)}
    return [dict.fromkeys(axes, 1.25), apart]


def verify(
    probe: Probe,
    setting: Setting,
    symbols: Symbols,
    inputs: dict[str, list[int | str]],
    outputs: dict[str, list[int | str]],
) -> list[str]:
    """What is predicted wrongly for a run in which all sizes differ from the others."""
    try:
        got_in, got_out = map(shapes_of, probe.run(setting))
    except Exception as error:
        return [f"the run with all sizes changed failed: {type(error).__name__}: {error}"[:200]]
    known = {"batch": setting.batch, "new_tokens": setting.new_tokens, "labels": setting.labels}
    free = {name: size for name, size in solve(got_out, outputs).items() if name in symbols.free}
    sizes = {**solve(got_in, inputs), **known, **free}
    try:
        return [
            *wrong_predictions(got_in, inputs, sizes),
            *wrong_predictions(got_out, outputs, sizes),
        ]
    except NameError as error:
        return [str(error)]


def described(symbolic: dict[str, list[int | str]], found: Tensors) -> dict[str, Any]:
    """Tensor -> dtype and symbolic shape."""
    return {
        name: {"dtype": str(found[name].dtype).removeprefix("torch."), "shape": shape}
        for name, shape in symbolic.items()
    }


def measure_job(job: dict[str, str]) -> dict[str, Any]:
    """Task -> its measured shapes or its error; run it in a process of its own."""
    from ..tiny.build import quiet

    quiet()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(job["runtime"]), job["model_type"], Path(folder))
        for task in bench.skillset.tasks:
            try:
                found[task] = measure_task(Probe(bench, task))
            except Exception as error:
                found[task] = {"error": f"{type(error).__name__}: {error}"}
    return found


def record(model_type: str, found: dict[str, Any]) -> bool:
    """Write the shapes of the tasks that were proven; False where nothing changed."""
    entry, variants = read_entry(model_type), load_variants()
    for task, facts in entry["tasks"].items():
        facts.pop("tensors", None)
        if not why(found.get(task)):
            facts["tensors"] = found[task]["tensors"]
    entry["shapes"] = {
        "proven": sum("tensors" in facts for facts in entry["tasks"].values()),
        "failed": {task: reason for task in entry["tasks"] if (reason := why(found.get(task)))},
    }
    variant = variants[entry["primary_task"]]
    measured = entry["tasks"][entry["primary_task"]].get("tensors")
    for side in ("input", "output"):
        entry.pop(side, None)
        if measured:
            entry[side] = {
                "format": format_of(variant, side),
                "sizes": measured["sizes"],
                "tensors": measured[side],
            }
    return write_entry(entry)


def why(found: dict[str, Any] | None) -> str:
    """Why a task's shapes were not proven; empty where they were."""
    if found is None:
        return "the package has no code for the task"
    return as_recorded(found["error"] if "error" in found else "; ".join(found["wrong"][:2]))


def format_of(variant: Any, side: str) -> str:
    """The kind of input (multimodal where there are several) or the form of the output."""
    if side == "output":
        return str(variant.output["format"])
    kinds = [kind for kind in variant.inputs if kind != "chat"]
    return kinds[0] if len(kinds) == 1 else "multimodal"
