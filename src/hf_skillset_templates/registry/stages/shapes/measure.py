"""The exact tensors of a model type's tasks: run the tiny model at several sizes of everything.

Source: the tensors that the generated package's own task code gives the model, and those that the
model gives back. Each axis of the sample and the batch takes three sizes; a further run with all of
them changed together must have exactly the predicted shapes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hf_skillset_templates.registry.stages.runtime import module, skillset, tiny_checkpoint
from hf_skillset_templates.registry.store.entries import read_entry, write_entry
from hf_skillset_templates.registry.store.errors import as_recorded
from hf_skillset_templates.registry.store.variants import load_variants

from .default_sizes import at_default_size
from .sized_samples import SCALES, axes_of, repeated, scaled
from .symbols import Symbols, infer, solve, telling_size, wrong_predictions

BATCHES = (1, 2, 3)
NEW_TOKENS = (4, 5, 6)
LABELS = (3, 4, 5)
FUNCTION = "hf_skillset_templates.registry.stages.shapes.measure:measure_job"
MOST_NARROWING = 24
MOST_PROOFS = 8
PROOF_STEP = 0.17
Tensors = dict[str, Any]
Symbolic = dict[str, list[int | str]]


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


@dataclass
class Found:
    """Symbolic shapes and what they foretold wrongly."""

    symbols: Symbols
    inputs: Symbolic
    outputs: Symbolic
    wrong: list[str] = field(default_factory=list)

    def wrong_for(self, run: Run) -> list[str]:
        """What is foretold wrongly for a run whose sizes differ from all others."""
        got_in, got_out, to = shapes_of(run.inputs), shapes_of(run.outputs), run.setting
        known = {"batch": to.batch, "new_tokens": to.new_tokens, "labels": to.labels}
        solved = solve(got_out, self.outputs)
        free = {name: size for name, size in solved.items() if name in self.symbols.free}
        sizes = {**solve(got_in, self.inputs), **known, **free}
        try:
            return [
                *wrong_predictions(got_in, self.inputs, sizes),
                *wrong_predictions(got_out, self.outputs, sizes),
            ]
        except NameError as error:
            return [str(error)]


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
        self.counts_tokens = self.spec.run == "generate" and generates_as_told(self.model)

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
        if self.counts_tokens:
            options = {**first.generate_kwargs, **exact_length(setting.new_tokens)}
            try:
                return self.call(replace(first, generate_kwargs=options))
            except ValueError:  # what it generates knows no end token
                self.counts_tokens = False
        return self.call(first)

    def call(self, encoded: Any) -> tuple[Tensors, Tensors]:
        """The tensors that go in and come out."""
        outputs = self.platform.run(self.model, self.spec, encoded)
        return tensors(encoded.inputs), tensors(outputs)

    @property
    def names_new_tokens(self) -> bool:
        """Whether the number of generated tokens can be changed."""
        return self.counts_tokens or "max_new_tokens" in self.spec.sample_params


def generates_as_told(model: Any) -> bool:
    """Whether a model generates one token after the other, in transformers' own loop."""
    from transformers import GenerationMixin

    return getattr(type(model), "generate", None) is GenerationMixin.generate


def exact_length(new_tokens: int) -> dict[str, Any]:
    """Options of `generate` with which no end token ends a text: its longest form is measured."""
    return {"max_new_tokens": new_tokens, "min_new_tokens": new_tokens}


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


def plan(axes: list[str], probe: Probe) -> list[Setting]:
    """The runs: the sample as it is, then each axis and each number changed by itself."""
    runs = [Setting()]
    runs += [Setting(scales={axis: scale}) for axis in axes for scale in SCALES[1:]]
    runs += [Setting(batch=batch) for batch in BATCHES[1:]]
    if probe.names_new_tokens:
        runs += [Setting(new_tokens=tokens) for tokens in NEW_TOKENS[1:]]
    if "candidate_labels" in probe.spec.sample_params:
        runs += [Setting(labels=labels) for labels in LABELS[1:]]
    return runs


def measure_task(probe: Probe) -> dict[str, Any]:
    """The symbolic input and output of one task, proven by runs of other sizes."""
    axes = axes_of(probe.sample)
    if "candidate_labels" in probe.spec.sample_params and "text" not in axes:
        axes.append("text")
    done, refused = first_runs(probe, axes)
    if "audio" in axes:
        narrow_strides(probe, done, ["samples"])
    found = prove(probe, done, refused, axes)
    first = done[0]
    sizes_of = "tiny"
    if not found.wrong:
        sizes_of = at_default_size(probe, found.inputs, found.outputs, first.inputs)
    return {
        "tensors": {
            "sizes": sizes_of,
            "input": described(found.inputs, first.inputs),
            "output": described(found.outputs, first.outputs),
        },
        "free": sorted(found.symbols.free),
        "refused": [str(setting) for setting in refused],
        "wrong": found.wrong,
    }


def first_runs(probe: Probe, axes: list[str]) -> tuple[list[Run], list[Setting]]:
    """The runs of the plan, and those that the model or its processor refused."""
    done: list[Run] = []
    refused: list[Setting] = []
    for setting in plan(axes, probe):
        try:
            done.append(Run(setting, *probe.run(setting)))
        except Exception:
            if not done:
                raise
            refused.append(setting)
    return done, refused


def known_symbols(done: list[Run], composed: bool = False) -> tuple[Symbols, Symbolic]:
    """The symbols of the runs' inputs, and the inputs' symbolic shapes."""
    symbols = Symbols({"batch": tuple(run.setting.batch for run in done)}, composed=composed)
    for name in ("new_tokens", "labels"):
        sizes = tuple(getattr(run.setting, name) for run in done)
        if len(set(sizes)) > 1:
            symbols.sizes[name] = sizes
    return symbols, infer(symbols, [shapes_of(run.inputs) for run in done], outputs=False)


def narrow_strides(probe: Probe, done: list[Run], names: list[str] | None = None) -> None:
    """Add runs with recordings of the lengths that tell where a frame begins.

    `names` are the symbols that may be narrowed; without, all that grow with a recording.
    """
    for _ in range(MOST_NARROWING):
        symbols, _ = known_symbols(done)
        told = telling_size(symbols, [shapes_of(run.outputs) for run in done])
        if told is None or (names is not None and told[0] not in names):
            return
        setting = Setting(scales={"audio": audio_scale(done, symbols.sizes[told[0]], told[1])})
        run = Run(setting, *probe.run(setting))
        if run.setting.scales in [earlier.setting.scales for earlier in done]:
            return
        done.append(run)


def audio_scale(done: list[Run], sizes: tuple[int, ...], wanted: int) -> float:
    """How long a recording gives a symbol the wanted size, starting from the closest run.

    Exact for samples; frames of them may come out one more or less.
    """
    near = min(range(len(done)), key=lambda at: (abs(sizes[at] - wanted), at))
    return done[near].setting.scales.get("audio", 1.0) + (wanted - sizes[near]) / sizes[0]


def proofs(axes: list[str], attempt: int) -> list[dict[str, float]]:
    """Sizes that no other run has: every axis by the same, and every axis by its own."""
    more = PROOF_STEP * attempt
    apart = {axis: 1.15 + more + 0.25 * position for position, axis in enumerate(axes)}
    return [dict.fromkeys(axes, 1.25 + more), apart]


def prove(probe: Probe, done: list[Run], refused: list[Setting], axes: list[str]) -> Found:
    """Shapes that fit all runs and foretell two more; runs foretold wrongly are learned from."""
    settings = changes(probe, refused)
    moving = movable(axes, refused)
    for attempt in range(MOST_PROOFS):
        symbols, inputs = known_symbols(done, composed=attempt > 0)
        outputs = infer(symbols, [shapes_of(run.outputs) for run in done], outputs=True)
        found = Found(symbols, inputs, outputs)
        for scales in proofs(moving, attempt):
            setting = Setting(scales, **settings)
            try:
                run = Run(setting, *probe.run(setting))
            except Exception as error:
                failure = f"{type(error).__name__}: {error}"
                found.wrong.append(f"the run with all sizes changed failed: {failure}"[:200])
                continue
            found.wrong += found.wrong_for(run)
            done.append(run)
        if not found.wrong:
            return found
        if "audio" in axes:
            narrow_strides(probe, done)
    return found


def movable(axes: list[str], refused: list[Setting]) -> list[str]:
    """The axes that can grow: those of which the model took another size."""
    return [a for a in axes if sum(a in run.scales for run in refused) < len(SCALES) - 1]


def changes(probe: Probe, refused: list[Setting]) -> dict[str, int]:
    """The numbers of a proof that differ from the first run's, where the task has them."""
    found = {"batch": 1 if any(run.batch > 1 for run in refused) else 2}
    if probe.names_new_tokens:
        found["new_tokens"] = NEW_TOKENS[1]
    if "candidate_labels" in probe.spec.sample_params:
        found["labels"] = LABELS[1]
    return found


def described(symbolic: dict[str, list[int | str]], found: Tensors) -> dict[str, Any]:
    """Tensor -> dtype and symbolic shape."""
    return {
        name: {"dtype": str(found[name].dtype).removeprefix("torch."), "shape": shape}
        for name, shape in symbolic.items()
    }


def measure_job(job: dict[str, str]) -> dict[str, Any]:
    """Task -> its measured shapes or its error; run it in a process of its own."""
    from hf_skillset_templates.tiny.build import quiet

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
