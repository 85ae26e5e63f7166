"""Calibration inputs of the graphs: the model calls of the task's samples."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from hf_skillset_runtime.compare.variants import variant
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_runtime.tasks.spec import TaskSpec

from .static_calls import (
    Arrays,
    forward_row,
    layout_of,
    rows,
    shapes_of,
    token_inputs,
    widened,
)
from .steps import Steps, pad_token

SEED = 1000
UNLIKE = 4
"""Number of variants of each sample for the calibration."""


def calibration(
    model: Any, spec: TaskSpec, processor: Any
) -> tuple[list[list[Arrays]], dict[str, list[int]], tuple[str, ...]]:
    """The inputs of the graphs for the task's samples and variants of them, by shapes.

    Also the encoder's input shapes in `generate`, if they differ from those of the input, and the
    names of the inputs with one entry per token.
    """
    groups: dict[str, list[Arrays]] = {}
    widths: dict[str, list[int]] = {}
    encoded = sample_rows(model, spec, processor)
    names = token_inputs([row for row, _ in encoded])
    for row, options in encoded:
        if spec.run == "forward":
            calls = [forward_row(row, pad_token(model.config), names)]
        else:
            calls, seen = generated_calls(model, row, names, options)
            widths |= seen
        for call in calls:
            key = json.dumps([shapes_of(call), layout_of(call)])
            groups.setdefault(key, []).append(call)
    return list(groups.values()), widths, names


def sample_rows(
    model: Any, spec: TaskSpec, processor: Any
) -> list[tuple[Arrays, Mapping[str, Any]]]:
    """The rows of the task's encoded samples and of variants of them, with `generate`'s options."""
    parameters, _ = spec.parameters(spec.sample_params)
    each = []
    for sample in sample_inputs(spec, processor):
        encoded = spec.module.encode([sample], processor, model.config, **parameters)
        parts = encoded if isinstance(encoded, list) else [encoded]
        for part in [*parts, *unlike(parts)]:
            each += [(row, part.generate_kwargs) for row in rows(part.inputs)]
    return each


def unlike(parts: list[Encoded]) -> list[Encoded]:
    """Variants with the same shapes: two samples alone do not cover the range of activations.

    Their seeds differ from those of the parity check.
    """
    return [variant(part, SEED + i) for part in parts for i in range(UNLIKE)]


def generated_calls(
    model: Any, row: Arrays, names: Collection[str], options: Mapping[str, Any]
) -> tuple[list[Arrays], dict[str, list[int]]]:
    """The first and the last call of the generation of one text, and the encoder's input shapes."""
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
    steps = Steps.of(widened(row, seen), names, model.config, defaults, options)
    return [steps.call(steps.prompt), steps.call(text[: steps.length])], seen


def generated_text(model: Any, arguments: Mapping[str, Any]) -> list[int]:
    """The tokens that `generate` returns on the host.

    Raises:
        NotImplementedError: the model overrides `generate`.
    """
    import torch
    from transformers import GenerationMixin

    own_way = f"{type(model).__name__}.generate does not give one token after the other"
    if not isinstance(model, GenerationMixin):
        raise NotImplementedError(own_way)
    generated = model.generate(**arguments)
    if not isinstance(generated, torch.Tensor):
        raise NotImplementedError(own_way)
    tokens: list[int] = generated[0].tolist()
    return tokens
