"""What graphs are exported and calibrated with: the calls that the task's samples make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hf_skillset_runtime.compare.variants import variant
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_runtime.tasks.spec import TaskSpec

from .static_calls import Arrays, forward_row, layout_of, rows, shapes_of, widened
from .steps import Steps, pad_token

SEED = 1000
UNLIKE = 4
"""Inputs unlike each sample that graphs are calibrated with."""


def calibration(
    model: Any, spec: TaskSpec, processor: Any
) -> tuple[list[list[Arrays]], dict[str, list[int]]]:
    """What the graphs get for the task's samples and for inputs unlike them, by their shapes.

    Also the shapes that `generate` gives the encoder, where they are not those of its input.
    """
    parameters, _ = spec.parameters(spec.sample_params)
    groups: dict[str, list[Arrays]] = {}
    widths: dict[str, list[int]] = {}
    for sample in sample_inputs(spec, processor):
        encoded = spec.module.encode([sample], processor, model.config, **parameters)
        parts = encoded if isinstance(encoded, list) else [encoded]
        for part in [*parts, *unlike(parts)]:
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


def unlike(parts: list[Encoded]) -> list[Encoded]:
    """Inputs of the same shapes: two samples alone say little about the range of activations.

    Their seeds are not those that parity tries.
    """
    return [variant(part, SEED + i) for part in parts for i in range(UNLIKE)]


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
    tokens: list[int] = found[0].tolist()
    return tokens
