"""Calls of a module: their tensors, their constants, and which of their dimensions are open."""

from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .graphs import Openness

TOKEN_INPUTS = ("input_ids", "attention_mask", "decoder_input_ids", "decoder_attention_mask")
"""Inputs (batch, tokens); a mask covers the cache, too."""


@dataclass(frozen=True)
class Call:
    """One call of a module."""

    named: Mapping[str, Any]
    """The arguments, as given."""
    inputs: Mapping[str, Any]
    """What the exported graph gets for them."""
    signature: str
    """Which tensors there are and which constants; everything but the shapes."""
    shapes: Mapping[str, tuple[int, ...]]

    @property
    def key(self) -> str:
        """What tells this call from others: its signature and its shapes."""
        return json.dumps([self.signature, sorted(self.shapes.items())])

    @property
    def tokens(self) -> int:
        """The number of tokens, those in a cache included; 0 for a call without any."""
        shapes = (self.shapes[name] for name in TOKEN_INPUTS if name in self.shapes)
        return max((shape[1] for shape in shapes if len(shape) == 2), default=0)

    @property
    def images(self) -> list[str]:
        """The inputs (batch, ..., height, width) that are images, or grids like them."""
        return [
            name
            for name, value in self.inputs.items()
            if len(self.shapes.get(name, ())) > 3
            and value.is_floating_point()
            and "mask" not in name
        ]

    def dynamic_shapes(self, openness: Openness) -> Any:
        """The open dimensions of the inputs, as `torch.export` takes them; None for none."""
        from torch.export import Dim
        from transformers.exporters.exporter_dynamo import get_auto_dynamic_shapes

        if openness is Openness.FIXED:
            return None
        found = get_auto_dynamic_shapes(dict(self.inputs))
        if openness is Openness.IMAGES_FIXED:
            found |= {name: {0: Dim.AUTO} for name in self.images}
        return found

    @classmethod
    def of(cls, module: Any, named: Mapping[str, Any]) -> Call:
        """Describe the call of `module` with these arguments."""
        from transformers.exporters.utils import get_leaf_tensors, prepare_for_export

        _module, inputs, _flags = prepare_for_export(module, copy.deepcopy(dict(named)))
        leaves = get_leaf_tensors(inputs)
        kinds = {name: f"{leaf.dtype}[{leaf.dim()}]" for name, leaf in leaves.items()}
        constants = {
            name: value
            for name, value in named.items()
            if isinstance(value, (bool, int, float, str, list, tuple))
            and not get_leaf_tensors({name: value})
        }
        return cls(
            named=named,
            inputs=inputs,
            signature=json.dumps([kinds, constants], sort_keys=True),
            shapes={name: tuple(leaf.shape) for name, leaf in leaves.items()},
        )


def present(named: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments without those that are None and may be left out."""
    return {
        name: value
        for name, value in named.items()
        if value is not None
        or (name in parameters and parameters[name].default is inspect.Parameter.empty)
    }


def has_past(named: Mapping[str, Any]) -> bool:
    """Whether a call goes on from a filled cache."""
    from transformers.exporters.utils import get_leaf_tensors

    states = get_leaf_tensors(named.get("past_key_values"))
    return any(state.dim() > 2 and state.numel() for state in states.values())


def changes_its_arguments(module: Any, named: Mapping[str, Any]) -> bool:
    """Whether a call has a cache to fill that its module does not return, as models do."""
    from transformers import PreTrainedModel
    from transformers.cache_utils import Cache

    caches = any(isinstance(value, Cache) for value in named.values())
    return caches and not isinstance(module, PreTrainedModel)


def full_mask(named: Mapping[str, Any]) -> dict[str, Any]:
    """The mask of a generating call whose tokens count their positions from zero."""
    ids, positions = named.get("input_ids"), named.get("position_ids")
    if "past_key_values" not in named or ids is None or positions is None:
        return {}
    if positions.shape != ids.shape:
        return {}
    return {"attention_mask": ids.new_ones(len(ids), int(positions.max()) + 1)}
