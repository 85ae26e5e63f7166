"""Runs the exported graphs of one task, row by row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from .sessions import open_session
from .static_calls import (
    Arrays,
    choices,
    forward_row,
    layout_of,
    nested,
    opening,
    shapes_of,
    widened,
    without_padding,
)
from .steps import Steps, pad_token


@dataclass
class QualcommModel:
    """The exported graphs of one task: the folder, its manifest and the open sessions."""

    checkpoint: str
    folder: Path
    config: Any
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """The `metadata` that it was loaded with."""
    manifest: dict[str, Any] = field(default_factory=dict)
    sessions: dict[str, Any] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    """Serialises the runs of its graphs."""
    graph_runs: int = 0
    """Number of graph runs on HTP."""

    @property
    def generation_defaults(self) -> dict[str, Any]:
        """The checkpoint's `generation_config.json`."""
        path = self.folder / "generation_config.json"
        return json.loads(path.read_text("utf-8"))  # type: ignore[no-any-return]


def run_row(model: QualcommModel, row: Arrays, _options: Mapping[str, Any]) -> Arrays:
    """The outputs for one row, without padding."""
    names = model.manifest["token_inputs"]
    taken = without_padding(row, names) if "attention_mask" in row else row
    call = forward_row(row, pad_token(model.config), names)
    outputs, axes = run_graph(model, call)
    if "input_ids" not in row:
        return outputs
    count = taken["input_ids"].shape[1]
    return {name: cut(output, axes[name], count) for name, output in outputs.items()}


def cut(output: Any, axes: Sequence[int], count: int) -> Any:
    """The first `count` entries of an array along some of its axes."""
    for axis in axes:
        output = output.take(range(count), axis=axis)
    return output


def generate_row(model: QualcommModel, row: Arrays, options: Mapping[str, Any]) -> Arrays:
    """The tokens generated for one row: the whole graph runs once per token."""
    import numpy as np

    steps, opened = begun(model, row, options)
    added = [token for _scores, token in continued(model, steps, opened, None)]
    text = opened + added if opened == steps.prompt else added
    return {"sequences": np.array([text], dtype=np.int64)}


def row_scores(
    model: QualcommModel, row: Arrays, options: Mapping[str, Any], chosen: Sequence[int] | None
) -> tuple[list[Any], list[Any]]:
    """The scores (1, tokens) of each generation step of one row, and the chosen tokens (1,)."""
    import numpy as np

    steps, opened = begun(model, row, options)
    each = list(continued(model, steps, opened, chosen))
    return [scores[None] for scores, _ in each], [np.array([token]) for _, token in each]


def begun(model: QualcommModel, row: Arrays, options: Mapping[str, Any]) -> tuple[Steps, list[int]]:
    """The steps for one row, and the initial tokens of its text."""
    manifest = model.manifest
    row = widened(row, manifest["shapes"])
    given = (model.config, model.generation_defaults, options, manifest["graphs"])
    steps = Steps.of(row, manifest["token_inputs"], *given)
    opened = opening(logits_after(model, steps), steps.prompt, model.generation_defaults)
    return steps, opened


def continued(
    model: QualcommModel, steps: Steps, opened: list[int], chosen: Sequence[int] | None
) -> Iterator[tuple[Any, int]]:
    """The generation steps after the initial tokens; see `choices`."""
    defaults = model.generation_defaults
    return choices(logits_after(model, steps), opened, steps.count, defaults, chosen)


def logits_after(model: QualcommModel, steps: Steps) -> Callable[[list[int]], Any]:
    """A function that returns the logits (tokens,) of the next token."""

    def logits_of(tokens: list[int]) -> Any:
        return run_graph(model, steps.call(tokens))[0]["logits"][0, len(tokens) - 1]

    return logits_of


def run_graph(model: QualcommModel, call: Arrays) -> tuple[Arrays, dict[str, list[int]]]:
    """Run the graph for the shapes of a call; returns its outputs and their token axes.

    A cache that only the graph returns is omitted.

    Raises:
        ValueError: no graph was exported for these shapes and this layout of images.
    """
    key = json.dumps([shapes_of(call), layout_of(call)])
    graphs = {json.dumps([g["shapes"], g["layout"]]): g for g in model.manifest["graphs"]}
    if (graph := graphs.get(key)) is None:
        raise ValueError(
            f"no graph was exported for the shapes and layout {key}; there are: {', '.join(graphs)}"
        )
    if graph["file"] not in model.sessions:
        model.sessions[graph["file"]] = open_session(model.folder / graph["file"])
    session = model.sessions[graph["file"]]
    names = [value.name for value in session.get_inputs()]
    model.graph_runs += 1
    results = session.run(None, {name: call[name.removeprefix("input.")] for name in names})
    axes = graph["token_axes"]
    outputs = {value.name: array for value, array in zip(session.get_outputs(), results)}
    return {name: array for name, array in outputs.items() if name in axes}, axes


def stacked(row_outputs: list[Arrays]) -> Arrays:
    """The outputs of all rows as one batch, zero-padded to the longest row."""
    import numpy as np

    batch = {}
    for name in row_outputs[0]:
        arrays = [np.atleast_1d(outputs[name]) for outputs in row_outputs]
        shape = np.max([array.shape for array in arrays], axis=0)
        widths = [[(0, most - size) for most, size in zip(shape, a.shape)] for a in arrays]
        batch[name] = np.concatenate([np.pad(a, w) for a, w in zip(arrays, widths)])
    return nested(batch)
