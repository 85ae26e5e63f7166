"""Calls of a module: their tensors, their constants, and which dimensions are dynamic."""

from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .graphs import Openness

TOKEN_INPUTS = ("input_ids", "attention_mask", "decoder_input_ids", "decoder_attention_mask")
"""Inputs of shape (batch, tokens); a mask covers the cache, too."""


@dataclass(frozen=True)
class Call:
    """One call of a module."""

    named: Mapping[str, Any]
    """The original arguments."""
    inputs: Mapping[str, Any]
    """The inputs of the exported graph."""
    signature: str
    """The names and dtypes of the tensors and the constants, without shapes."""
    shapes: Mapping[str, tuple[int, ...]]

    @property
    def key(self) -> str:
        """The identity of this call: its signature and its shapes."""
        return json.dumps([self.signature, sorted(self.shapes.items())])

    @property
    def tokens(self) -> int:
        """The number of tokens, including those in a cache; 0 for a call without tokens."""
        shapes = (self.shapes[name] for name in TOKEN_INPUTS if name in self.shapes)
        return max((shape[1] for shape in shapes if len(shape) == 2), default=0)

    @property
    def images(self) -> list[str]:
        """The inputs (batch, ..., height, width) that are images or similar grids."""
        return [
            name
            for name, value in self.inputs.items()
            if len(self.shapes.get(name, ())) > 3
            and value.is_floating_point()
            and "mask" not in name
        ]

    def dynamic_shapes(self, openness: Openness) -> Any:
        """The `dynamic_shapes` of the inputs for `torch.export`; None for none."""
        from torch.export import Dim
        from transformers.exporters.exporter_dynamo import get_auto_dynamic_shapes

        if openness is Openness.FIXED:
            return None
        shapes = get_auto_dynamic_shapes(dict(self.inputs))
        if openness is Openness.IMAGES_FIXED:
            shapes |= {name: {0: Dim.AUTO} for name in self.images}
        return shapes

    def dynamic_shapes_of_steps(self) -> Any:
        """The `dynamic_shapes` of a step that continues a cache: sequences and tokens."""

        def sizes(shape: Any) -> Any:
            if not isinstance(shape, dict):  # of a constant
                return shape
            tokens = 2 if len(shape) == 4 else 1  # of the cache (batch, heads, tokens, width)
            return {axis: dim for axis, dim in shape.items() if axis in (0, tokens)}

        shapes = self.dynamic_shapes(Openness.DYNAMIC)
        return {
            name: [sizes(each) for each in shape] if isinstance(shape, list) else sizes(shape)
            for name, shape in shapes.items()
        }

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


@dataclass(frozen=True)
class PlainCall:
    """A call of tensors and constants alone, which can be told from others at once."""

    tensors: Mapping[str, Any]
    key: tuple[Any, ...]
    """The names, and the dtypes and shapes of the tensors and the values of the constants."""

    @classmethod
    def of(cls, named: Mapping[str, Any]) -> PlainCall | None:
        """Describe a call; None if it has other arguments, such as a cache."""
        import torch

        tensors, key = {}, []
        for name, value in named.items():
            if isinstance(value, torch.Tensor):
                tensors[name] = value
                key.append((name, value.dtype, value.shape))
            elif value is None or isinstance(value, (bool, int, float, str)):
                key.append((name, type(value), value))
            else:
                return None
        return cls(tensors, tuple(key))

    def constants_of(self, inputs: Mapping[str, Any]) -> dict[str, Any] | None:
        """The other inputs of a graph; None if it gets other tensors than the call's own."""
        import torch
        from transformers.exporters.utils import get_leaf_tensors

        leaves = get_leaf_tensors(inputs)
        if leaves.keys() != self.tensors.keys():
            return None
        same = all(
            leaf.dtype == self.tensors[name].dtype and torch.equal(leaf, self.tensors[name])
            for name, leaf in leaves.items()
        )
        return {name: inputs[name] for name in inputs.keys() - leaves.keys()} if same else None


def present(named: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that are relevant for the export of a module.

    Arguments that are None by default are omitted, as are objects of `generate` (such as logits
    processors) that a model passes on to its submodules. Arguments in a module's `**kwargs` are
    kept even if None, because a submodule may require them.
    """

    def is_present(name: str, value: Any) -> bool:
        if name not in parameters:
            return not holds_objects(value)
        return value is not None or parameters[name].default is inspect.Parameter.empty

    return {name: value for name, value in named.items() if is_present(name, value)}


def holds_objects(value: Any) -> bool:
    """Whether a list or tuple contains anything but tensors, constants and None."""
    import torch

    if not isinstance(value, (list, tuple)):
        return False
    allowed = (torch.Tensor, bool, int, float, str, list, tuple, type(None))
    return any(not isinstance(each, allowed) or holds_objects(each) for each in value)


CACHES = ("cache", "past_key_values")
"""The names of the cache of a decoder call: since transformers 5.24, and before."""


def cache_names(named: Mapping[str, Any]) -> list[str]:
    """The names of the cache in a decoder call that has one."""
    return [name for name in CACHES if named.get(name) is not None]


def cache_of(named: Mapping[str, Any]) -> Any:
    """The cache of a decoder call, or of its outputs; None if it has none."""
    return next((named[name] for name in CACHES if named.get(name) is not None), None)


def has_past(named: Mapping[str, Any]) -> bool:
    """Whether a call continues from a filled cache."""
    from transformers.exporters.utils import get_leaf_tensors

    states = get_leaf_tensors(cache_of(named))
    return any(state.dim() > 2 and state.numel() for state in states.values())


def changes_its_arguments(module: Any, named: Mapping[str, Any]) -> bool:
    """Whether a call fills a cache in place that its module does not return."""
    from transformers import PreTrainedModel
    from transformers.cache_utils import Cache

    caches = any(isinstance(value, Cache) for value in named.values())
    return caches and not isinstance(module, PreTrainedModel)


def full_mask(named: Mapping[str, Any]) -> dict[str, Any]:
    """An all-ones mask (batch, tokens) for a generation call without one, from position 0."""
    ids, positions = named.get("input_ids"), named.get("position_ids")
    if cache_of(named) is None or ids is None or positions is None:
        return {}
    if positions.shape != ids.shape:
        return {}
    return {"attention_mask": ids.new_ones(len(ids), int(positions.max()) + 1)}
