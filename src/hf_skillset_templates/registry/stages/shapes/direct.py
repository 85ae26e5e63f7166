"""Sizes that a task's code never varies: changed tensors are passed to the model directly.

A processor resizes every image to one size, and some tasks run their inputs one at a time; the
model may accept more. Rejected sizes are recorded with the reason.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hf_skillset_templates.registry.store.errors import as_recorded

from .symbols import Symbols, evaluate, name_of, names_of
from .tensors import Symbolic, shapes_of

Shapes = dict[str, tuple[int, ...]]
Formulas = dict[tuple[str, int], int | str]
"""Output and axis -> formula of a dimension that depends on the image size."""
PictureRun = Callable[[int, int], Shapes]
"""(height, width) of an image -> the shapes of the outputs."""
PICTURE = "pixel_values"
RESIZED = "interpolate_pos_encoding"
"""Argument of models that interpolate learned positions to other sizes only on request."""
MOST_PROOFS = 5
STEPS = (1, 2, 4, 7, 8, 14, 16, 28, 32, 56, 64, 128)


@dataclass
class RefusedError(Exception):
    """A size that a model rejects, with its error message."""

    why: str


def free_batch(probe: Any, first: Any, inputs: Symbolic, outputs: Symbolic) -> dict[str, Any]:
    """Make the batch a symbol, in place, if only the task's code limits it to one input.

    Returns:
        Facts about the symbol; for a model that accepts only one input, its size 1 and the reason.
    """
    sizes = [size for shape in inputs.values() for size in shape]
    if not sizes or any("batch" in str(size) for size in sizes):
        return {}  # models with sessions have no input tensors
    try:
        shapes = [shapes_of(probe.repeated(first, times)[1]) for times in (2, 3)]
        grown = {name: _grown(shapes_of(first.outputs)[name], name, shapes) for name in outputs}
        if not any(grown.values()):
            raise RefusedError("no output depends on the batch size")
    except RefusedError as refusal:
        return {"size": 1, "why": refusal.why}
    except Exception as error:
        return {"size": 1, "why": as_recorded(f"{type(error).__name__}: {error}")}
    for shape in inputs.values():
        if shape:
            shape[0] = _times_batch(shape[0])
    for name, axes in grown.items():
        for axis in axes:
            outputs[name][axis] = _times_batch(outputs[name][axis])
    return {"task_gives": 1}


def _grown(before: tuple[int, ...], name: str, runs: list[Shapes]) -> list[int]:
    """The axes of an output that grow with the batch: the first, both of a table of pairs, …"""
    got = [shapes.get(name, ()) for shapes in runs]
    if any(len(shape) != len(before) for shape in got):
        raise RefusedError(f"{name} has shape {got[0]} for two inputs and {before} for one")
    axes = []
    for axis, size in enumerate(before):
        sizes = [shape[axis] for shape in got]
        if sizes == [2 * size, 3 * size] and size:
            axes.append(axis)
        elif sizes != [size, size]:
            raise RefusedError(f"{name} has shape {got[0]} for two inputs and {before} for one")
    return axes


def _times_batch(size: int | str) -> int | str:
    if size == 1:
        return "batch"
    return f"batch*{size}" if str(size).isalnum() else f"batch*({size})"


def free_pictures(
    run_at: PictureRun, inputs: Symbolic, outputs: Symbolic, shape: tuple[int, int]
) -> dict[str, dict[str, Any]]:
    """Make height and width symbols, in place, if the model accepts sizes besides the processor's.

    Args:
        run_at: runs the model with images of another (height, width).
        shape: (height, width) that the processor produces.

    Returns:
        Symbol -> its multiple, its minimum, the processor's size.

    Raises:
        RefusedError: the model accepts no other size, or no formula predicts the outputs.
    """
    run_at = cache(run_at)
    for square in (False, True):
        step, refused = _step(run_at, shape, square)
        if step is not None:
            break
    else:
        raise RefusedError(refused)
    formulas = _proven(run_at, outputs, shape, step, square)
    for (name, at), formula in formulas.items():
        outputs[name][at] = str(formula).replace("width", "height") if square else formula
    _name_sides(inputs, shape, square)
    minimum = _minimum(run_at, shape, step)
    facts = {"multiple": step, **({"minimum": minimum} if minimum else {})}
    names = ("height",) if square else ("height", "width")
    return {name: {**facts, "processor": size} for name, size in zip(names, shape)}


def _step(run_at: PictureRun, shape: tuple[int, int], square: bool) -> tuple[int | None, str]:
    """The smallest step by which both sides may grow; None and the reason if there is none."""
    height, width = shape
    why = ""
    if square and height != width:
        return None, "the model accepts no other image size"
    for step in STEPS:
        if height % step or width % step:
            continue
        changes = [(1, 1), (3, 3)] if square else [(1, 0), (0, 1), (2, 3)]
        try:
            for down, across in changes:
                run_at(height + down * step, width + across * step)
        except Exception as error:
            why = why or as_recorded(f"{type(error).__name__}: {error}")
            continue
        return step, ""
    return None, why


def _sides(shape: tuple[int, int], step: int, square: bool, more: list[int]) -> Iterator[Any]:
    """Sizes with one side larger by steps; with `square`, both sides."""
    height, width = shape
    for steps in more:
        if square:
            yield height + steps * step, width + steps * step
        else:
            yield height + steps * step, width
            yield height, width + steps * step


def _tried(shape: tuple[int, int], step: int, square: bool) -> list[tuple[int, int]]:
    height = shape[0] // step
    more = [1, 2, 3, 5, 8, max(9, height // 2), max(10, height)]
    return [shape, *_sides(shape, step, square, more)]


def _proven(
    run_at: PictureRun, outputs: Symbolic, shape: tuple[int, int], step: int, square: bool
) -> Formulas:
    """Formulas that predict two runs of other sizes; mispredicted runs are added to the data."""
    runs = {sides: run_at(*sides) for sides in _tried(shape, step, square)}
    wrong = ""
    for attempt in range(MOST_PROOFS):
        formulas, wrong = _formulas(runs, outputs), ""
        for sides in _proofs(shape, step, square, attempt):
            got = run_at(*sides)
            wrong = wrong or _mispredicted(formulas, sides, got)
            runs[sides] = got
        if not wrong:
            return formulas
    raise RefusedError(f"no formula predicts {wrong}")


def _mispredicted(formulas: Formulas, sides: tuple[int, int], got: Shapes) -> str:
    """The first mispredicted dimension; empty if there is none."""
    sizes = dict(zip(("height", "width"), sides))
    for (name, at), formula in formulas.items():
        if names_of(formula) <= sizes.keys() and evaluate(formula, sizes) != got[name][at]:
            return f"{name}[{at}]"
    return ""


def _proofs(shape: tuple[int, int], step: int, square: bool, attempt: int) -> list[tuple[int, int]]:
    """Sizes that no other run has."""
    height, width = shape
    many = max(11, height // step * 3 // 4) + 5 * attempt
    pairs = [(4 + 10 * attempt, 7 + 6 * attempt), (many, many + 3)]
    return [
        (height + down * step, width + (down if square else across) * step)
        for down, across in pairs
    ]


def _formulas(runs: Mapping[tuple[int, int], Shapes], outputs: Symbolic) -> Formulas:
    """Output and axis -> formula, for every dimension that depends on the image size."""
    sides = list(runs)
    symbols = Symbols(
        {"height": tuple(h for h, _ in sides), "width": tuple(w for _, w in sides)}, composed=True
    )
    formulas: Formulas = {}
    for name, shape in outputs.items():
        shapes = [run.get(name) for run in runs.values()]
        if any(each is None or len(each) != len(shape) for each in shapes):
            raise RefusedError(f"the rank of {name} depends on the image size")
        for at, before in enumerate(shape):
            sizes = tuple(each[at] for each in shapes if each is not None)
            if len(set(sizes)) == 1:
                continue
            formula = symbols.explain(sizes)
            if not isinstance(before, int):
                raise RefusedError(f"{name}[{at}] depends on the image size and on other inputs")
            formulas[name, at] = formula or symbols.add(name_of(name, at, len(shape)), sizes)
    return formulas


def _name_sides(inputs: Symbolic, shape: tuple[int, int], square: bool) -> None:
    """Put the symbols into the shapes of image inputs."""
    for name, sizes in inputs.items():
        if follows_picture(name, sizes, shape):
            sizes[-2:] = ["height", "height" if square else "width"]


def follows_picture(name: str, sizes: Any, shape: tuple[int, int]) -> bool:
    """Whether the last two axes of a tensor are the height and width of the image."""
    return name.startswith("pixel_") and len(sizes) >= 3 and tuple(sizes[-2:]) == shape


def _minimum(run_at: PictureRun, shape: tuple[int, int], step: int) -> int | None:
    """The least size of both sides at which the model still runs, by bisection in steps.

    None if that cannot be determined without weights.
    """
    refused, runs = 0, min(shape) // step
    while runs - refused > 1:
        tried = (refused + runs) // 2
        try:
            run_at(tried * step, tried * step)
            runs = tried
        except Exception as error:
            if "meta" in str(error):  # an error of the meta device, not of the model
                return None
            refused = tried
    return runs * step


def on_tiny(probe: Any, first: Any, options: Mapping[str, Any]) -> PictureRun:
    """A function that runs the tiny model with images of another (height, width)."""
    import torch

    shape = tuple(first.inputs[PICTURE].shape[-2:])

    def run_at(height: int, width: int) -> Shapes:
        encoded = probe.encoded(first.setting)
        changed: dict[str, Any] = {**encoded.inputs, **options}
        for name, value in encoded.inputs.items():
            if follows_picture(name, getattr(value, "shape", ()), shape):
                tensor = torch.as_tensor(value)
                changed[name] = torch.ones((*tensor.shape[:-2], height, width), dtype=tensor.dtype)
        return shapes_of(probe.call(replace(encoded, inputs=changed))[1])

    return run_at


def ways_of(model: Any) -> list[dict[str, Any]]:
    """The options of the model's call to try: none, and the one that enables other image sizes."""
    takes = RESIZED in inspect.signature(model.forward).parameters
    return [{}, {RESIZED: True}] if takes else [{}]


def symbol_facts(
    probe: Any, first: Any, inputs: Symbolic, outputs: Symbolic, runner: Any
) -> dict[str, Any]:
    """Make sizes symbols where the model allows it, in place: symbol -> constraints or the reason.

    Args:
        runner: options of the model's call -> a function that runs it at other image sizes.
    """
    facts: dict[str, Any] = {}
    shape = inputs.get(PICTURE, [])
    if len(shape) == 4 and all(isinstance(size, int) for size in shape[-2:]):
        facts |= _picture_facts(probe, inputs, outputs, runner, tuple(shape[-2:]))
    if batch := free_batch(probe, first, inputs, outputs):
        facts["batch"] = batch
    return facts


def _picture_facts(
    probe: Any, inputs: Symbolic, outputs: Symbolic, runner: Any, shape: Any
) -> dict[str, Any]:
    why = ""
    for options in ways_of(probe.model):
        try:
            free = free_pictures(runner(options), inputs, outputs, shape)
        except RefusedError as refusal:
            why = refusal.why
            continue
        except Exception as error:
            why = as_recorded(f"{type(error).__name__}: {error}")
            continue
        needs = {"argument": RESIZED} if options else {}
        return {name: {**each, **needs} for name, each in free.items()}
    return {name: {"size": size, "why": why} for name, size in zip(("height", "width"), shape)}
