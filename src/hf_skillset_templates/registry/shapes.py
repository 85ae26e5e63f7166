"""The exact tensors of a model type's tasks: run the tiny model at several sizes of everything.

Source: the tensors that the generated package's own task code gives the model, and those that the
model gives back. Each axis of the sample and the batch takes three sizes; a further run with all of
them changed together must have exactly the predicted shapes.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .entries import read_entry, write_entry
from .paths import TINY
from .sized_samples import SCALES, axes_of, scaled
from .symbols import Symbols, infer, solve, wrong_predictions
from .variants import load_variants

BATCHES = (1, 2, 3)
NEW_TOKENS = (4, 5, 6)
Tensors = dict[str, Any]


class Probe:
    """One task of a generated package with the tiny model, ready to be run at any size."""

    def __init__(self, package: Any, model_type: str, task: str) -> None:
        import torch
        import transformers

        skillset = getattr(package, package.__name__)()
        skillset.init("torch", "transformers", "numpy")
        self.spec = skillset.task(task)
        platforms = importlib.import_module(f"{package.__name__}.platforms")
        self.self_test = importlib.import_module(f"{package.__name__}.self_test")
        self.platform = platforms.discover()["cpu"].PLATFORM
        folder = TINY / model_type
        config = transformers.AutoConfig.from_pretrained(folder)
        torch.manual_seed(0)
        model_class = getattr(transformers, self.spec.auto_class)
        self.model = getattr(model_class, "from_config", model_class)(config).eval()
        self.processor = skillset._load_processor(str(folder), self.spec)
        taken = [s for s in self.spec.samples if self.self_test.takes(self.processor, s)]
        self.sample = (taken or list(self.spec.samples))[0]

    def run(self, sizes: Mapping[str, float], batch: int, tokens: int) -> tuple[Tensors, Tensors]:
        """The model's named input and output tensors for `batch` samples of these sizes."""
        item = self.self_test.resolve_sample(scaled(self.sample, dict(sizes)), self.processor)
        given = dict(self.spec.sample_params)
        if "max_new_tokens" in given:
            given["max_new_tokens"] = tokens
        parameters, _ = self.spec.parameters(given)
        encoded = self.spec.module.encode(
            [item] * batch, self.processor, self.model.config, **parameters
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


def plan(axes: list[str], generates: bool) -> list[tuple[dict[str, float], int, int]]:
    """The runs: the sample as it is, then each axis, the batch and the new tokens by themselves."""
    base = BATCHES[0], NEW_TOKENS[0]
    runs: list[tuple[dict[str, float], int, int]] = [({}, *base)]
    runs += [({axis: scale}, *base) for axis in axes for scale in SCALES[1:]]
    runs += [({}, batch, base[1]) for batch in BATCHES[1:]]
    if generates:
        runs += [({}, base[0], tokens) for tokens in NEW_TOKENS[1:]]
    return runs


def measure_task(probe: Probe) -> dict[str, Any]:
    """The symbolic input and output of one task, proven by a run of other sizes."""
    axes = axes_of(probe.sample)
    generates = "max_new_tokens" in probe.spec.sample_params
    done, refused = [], []
    for sizes, batch, tokens in plan(axes, generates):
        try:
            done.append((sizes, batch, tokens, *probe.run(sizes, batch, tokens)))
        except Exception as error:
            if not sizes and batch == 1 and tokens == NEW_TOKENS[0]:
                raise
            refused.append(f"{sizes or f'batch {batch}'}: {type(error).__name__}")
    symbols = Symbols({"batch": tuple(run[1] for run in done)})
    if generates:
        symbols.sizes["new_tokens"] = tuple(run[2] for run in done)
    inputs = infer(symbols, [shapes_of(run[3]) for run in done], outputs=False)
    outputs = infer(symbols, [shapes_of(run[4]) for run in done], outputs=True)
    wrong = verify(probe, axes, symbols, inputs, outputs, bool(refused))
    return {
        "input": {"tensors": described(inputs, done[0][3])},
        "output": {"tensors": described(outputs, done[0][4])},
        "free": sorted(symbols.free),
        "refused": refused,
        "wrong": wrong,
    }


def verify(
    probe: Probe,
    axes: list[str],
    symbols: Symbols,
    inputs: dict[str, list[int | str]],
    outputs: dict[str, list[int | str]],
    partial: bool,
) -> list[str]:
    """What is predicted wrongly for a run in which all sizes differ from the others."""
    batch, tokens = (1 if partial else 2), NEW_TOKENS[1]
    try:
        got_in, got_out = probe.run(dict.fromkeys(axes, 1.25), batch, tokens)
    except Exception as error:
        return [f"the run with all sizes changed failed: {type(error).__name__}: {error}"[:200]]
    sizes = {"batch": batch, "new_tokens": tokens, **solve(shapes_of(got_in), inputs)}
    free = {name: size for name, size in solve(shapes_of(got_out), outputs).items()}
    sizes = {**{name: free[name] for name in symbols.free if name in free}, **sizes}
    try:
        return [
            *wrong_predictions(shapes_of(got_in), inputs, sizes),
            *wrong_predictions(shapes_of(got_out), outputs, sizes),
        ]
    except NameError as error:
        return [str(error)]


def described(symbolic: dict[str, list[int | str]], found: Tensors) -> dict[str, Any]:
    """Tensor -> dtype and symbolic shape."""
    return {
        name: {"dtype": str(found[name].dtype).removeprefix("torch."), "shape": shape}
        for name, shape in symbolic.items()
    }


def generated(model_type: str, folder: Path) -> Any:
    """A freshly generated package of the model type, imported."""
    from ..batch.package import PackageJob, generate_package

    name = read_entry(model_type)["package"]
    outcome = generate_package(PackageJob(model_type, name, str(folder), {"platforms": ["cpu"]}))
    if outcome.status != "generated":
        raise RuntimeError(f"{outcome.stage}: {outcome.error}")
    sys.path.insert(0, str(folder / name / "src"))
    return importlib.import_module(name)


def measure_job(model_type: str) -> dict[str, Any]:
    """Task -> its measured shapes or its error; run it in a process of its own."""
    from ..tiny.build import quiet

    quiet()
    with tempfile.TemporaryDirectory() as folder:
        package = generated(model_type, Path(folder))
        found: dict[str, Any] = {}
        for task in getattr(package, package.__name__)().tasks:
            try:
                found[task] = measure_task(Probe(package, model_type, task))
            except Exception as error:
                found[task] = {"error": f"{type(error).__name__}: {error}"[:300]}
        return found


def record(model_type: str, found: dict[str, Any]) -> bool:
    """Write the shapes of the tasks that were proven; False where nothing changed."""
    entry, variants = read_entry(model_type), load_variants()
    for task, facts in entry["tasks"].items():
        measured = found.get(task, {})
        for side in ("input", "output"):
            facts.pop(side, None)
            if measured.get(side) and not measured["wrong"]:
                facts[side] = {"format": format_of(variants[task], side), **measured[side]}
    for side in ("input", "output"):
        entry.pop(side, None)
        primary = entry["tasks"][entry["primary_task"]]
        if side in primary:
            entry[side] = primary[side]
    return write_entry(entry)


def format_of(variant: Any, side: str) -> str:
    """The kind of input (multimodal where there are several) or the form of the output."""
    if side == "output":
        return str(variant.output["format"])
    kinds = [kind for kind in variant.inputs if kind != "chat"]
    return kinds[0] if len(kinds) == 1 else "multimodal"
