"""Builds a model from a configuration with seeded weights and runs it once."""

from __future__ import annotations

import inspect
import re
import time
import traceback
from dataclasses import dataclass
from typing import Any

from .inputs import sample_inputs
from .models import instantiate
from .sampler import BUILDERS, LAYOUTS

SEED = 0


class NotFiniteError(ValueError):
    """A model ran and returned NaN."""


@dataclass(frozen=True)
class Forward:
    """What one forward pass showed."""

    class_name: str
    parameters: int
    seconds: float
    uninitialised: bool
    inputs: tuple[str, ...]
    towers_error: str = ""


def build_seeded(cls: type, config: Any) -> Any:
    """The model in evaluation mode, its weights drawn from the fixed seed."""
    import torch

    torch.manual_seed(SEED)
    return instantiate(cls, config)


def try_forward(cls: type, config: Any, given: dict[str, Any] | None = None) -> Forward:
    """Builds and runs `cls`; raises the deepest error when no form of the inputs works.

    All towers are tried before the main one alone, each with the orders of axes in use.
    """
    import torch

    model = build_seeded(cls, config)
    repaired = replace_unset_weights(model)
    size = sum(p.numel() for p in model.parameters())
    if type(model).forward is torch.nn.Module.forward:  # only generates, or only encodes
        return Forward(cls.__name__, size, 0.0, repaired, ())
    errors: list[tuple[int, Exception]] = []
    for only_main, layout, extra in ATTEMPTS:
        try:
            inputs, seconds = run_asked(model, only_main, layout, given, extra)
        except Exception as error:
            errors.append((depth(error) - ODD_LAYOUT * (layout > 0), error))
            continue
        missed = ""
        if only_main:
            deepest = deepest_error(errors)
            missed = f"{type(deepest).__name__}: {deepest}"
        return Forward(cls.__name__, size, seconds, repaired, tuple(inputs), missed)
    raise deepest_error(errors)


ODD_LAYOUT = 10  # frames by which an unusual order of axes must come farther to be reported


def deepest_error(errors: list[tuple[int, Exception]]) -> Exception:
    """The most informative error: the one raised deepest in the model."""
    return max(errors, key=lambda item: item[0])[1]


def depth(error: Exception) -> int:
    """How deep in the model an error was raised."""
    return (
        1000
        if isinstance(error, NotFiniteError)
        else len(traceback.extract_tb(error.__traceback__))
    )


def run_asked(
    model: Any, only_main: bool, layout: int, given: dict[str, Any] | None, extra: dict[str, Any]
) -> tuple[dict[str, Any], float]:
    """Forward passes, adding inputs that errors require: the inputs and seconds of the last."""
    wanted: list[str] = []
    while True:
        inputs, seconds, request = attempt(model, only_main, layout, given, wanted, extra)
        if not request:
            return inputs, seconds
        wanted += request


ATTEMPTS = [
    (only_main, layout, extra)
    for only_main in (False, True)
    for extra in ({}, {"use_cache": False})
    for layout in LAYOUTS
]


MOST_REQUESTS = 4  # inputs that errors may require


def attempt(
    model: Any,
    only_main: bool,
    layout: int,
    given: dict[str, Any] | None,
    wanted: list[str],
    extra: dict[str, Any],
) -> tuple[dict[str, Any], float, list[str]]:
    """One forward pass: its inputs, its seconds, or the further inputs that its error requires."""
    inputs: dict[str, Any] = {}
    try:
        inputs = sample_inputs(model, only_main, layout, given, wanted)
        return inputs, run(model, {**inputs, **extra}), []
    except Exception as error:
        request = named_inputs(model, error, {*inputs, *wanted})
        if not request or len(wanted) >= MOST_REQUESTS:
            raise
        return inputs, 0.0, request


def named_inputs(model: Any, error: Exception, have: set[str]) -> list[str]:
    """Inputs not yet given that an error, or the line that raised it, speaks of."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.line or "" for f in frames if "/models/" in f.filename][-1:]
    text = " ".join([str(error), *lines])
    known = set(inspect.signature(model.forward).parameters) & set(BUILDERS)
    known -= {"inputs_embeds"} if "input_ids" in have else set()
    return sorted(name for name in known - have if re.search(rf"\b{name}\b", text))


def run(model: Any, inputs: dict[str, Any]) -> float:
    """One forward pass with finite outputs; its seconds on one core."""
    import torch

    started = time.process_time()
    with torch.no_grad():
        outputs = model(**inputs)
    seconds = time.process_time() - started
    require_finite(outputs, type(model).__name__)
    return seconds


def replace_unset_weights(model: Any) -> bool:
    """Redraw uninitialised weights; returns whether there were any.

    Such weights are NaN, infinite or extremely large, and differ in a second build.
    """
    import torch

    repaired = False
    generator = torch.Generator().manual_seed(SEED)
    for parameter in model.parameters():
        data = parameter.data
        if data.is_floating_point() and not (
            data.isfinite().all() and data.abs().max() < 1e4 if data.numel() else True
        ):
            data.normal_(0.0, 0.02, generator=generator)
            repaired = True
    return repaired


def require_finite(outputs: Any, name: str) -> None:
    """Raise if an output contains NaN; infinities are legal (masked scores)."""
    import torch

    leaves = torch.utils._pytree.tree_leaves(dict(outputs) if hasattr(outputs, "keys") else outputs)
    tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
    if not tensors:
        raise ValueError(f"{name} returned no tensor")
    for tensor in tensors:
        if tensor.is_floating_point() and tensor.isnan().any():
            raise NotFiniteError(f"{name} returned NaN")
