"""Dummy inputs for a model, made from its forward signature and its configuration.

They check that a configuration builds a model that runs; what a processor really returns
is somebody else's subject. Every input is named in one table by the parameter it fills.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import audio, embeddings, images, series, text, videos  # noqa: F401  (they fill BUILDERS)
from .sampler import Sampler
from .towers import TOWERS, place_tower_tokens

# Inputs given when the signature has them although the model can do without.
WELCOME = (
    "input_ids",
    "pixel_values",
    "input_features",
    "input_values",
    "past_values",
    "decoder_input_ids",
    "audio_values",
    "flattened_patches",
)


def input_names(sampler: Sampler, only_main: bool) -> list[str]:
    """Which parameters to fill: the required, the main one, and those of the other towers."""
    main = getattr(sampler.model, "main_input_name", "input_ids")
    mains = [main] if isinstance(main, str) else list(main)
    names = [name for name, p in sampler.parameters.items() if p.default is p.empty]
    names += [name for name in mains if name in sampler.parameters]
    if not only_main:
        names += [name for name in WELCOME if name in sampler.parameters]
    if "decoder_input_ids" in sampler.parameters and "input_values" not in mains:
        names.append("decoder_input_ids")
    return list(dict.fromkeys(names))


def sample_inputs(
    model: Any,
    only_main: bool = False,
    layout: int = 0,
    given: dict[str, Any] | None = None,
    wanted: Sequence[str] = (),
) -> dict[str, Any]:
    """Inputs for `model.forward`; `only_main` omits optional ones.

    `layout` selects the order of axes where models differ, `given` are hand-written inputs
    and `wanted` further input names.
    """
    sampler = Sampler(model, layout, given)
    names = input_names(sampler, only_main)
    names += [n for n in sampler.given if n in sampler.parameters]
    inputs = sampler.build([*names, *wanted])
    if "input_ids" in inputs:
        for tower in TOWERS:
            place_tower_tokens(sampler, *tower)
    if type(model).__name__.endswith("ForMultipleChoice"):
        inputs = {
            name: value[:, None].repeat_interleave(2, dim=1) for name, value in inputs.items()
        }
    return inputs
