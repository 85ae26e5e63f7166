"""A configuration as a tree of changes to the class's defaults.

Only what was changed is passed to the configuration classes, so whatever they derive
themselves (a head size from a width, layer types from a pattern) stays derived.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

# Attributes of every configuration that are not sizes.
COMMON = {
    "architectures",
    "chunk_size_feed_forward",
    "dtype",
    "id2label",
    "is_encoder_decoder",
    "label2id",
    "model_type",
    "output_hidden_states",
    "problem_type",
    "return_dict",
    "tie_last_hidden_states",
    "transformers_version",
}


@dataclass
class Draft:
    """One configuration node: its class, its default values and what to change in them."""

    cls: Any
    values: dict[str, Any]
    explicit: dict[str, Any] = field(default_factory=dict)
    children: dict[str, Draft] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def model_type(self) -> str:
        return str(self.cls.model_type)

    def get(self, name: str, default: Any = None) -> Any:
        """The value as it would be now: changed, or the default's."""
        return self.changes.get(name, self.values.get(name, default))

    def walk(self, path: str = "") -> Iterator[tuple[str, Draft]]:
        """This node and all below it, each with its dotted path."""
        yield path, self
        for name, child in self.children.items():
            yield from child.walk(f"{path}.{name}" if path else name)

    def build(self) -> Any:
        """The configuration object."""
        kwargs = {**self.explicit, **self.changes}
        kwargs = copy.deepcopy(kwargs)
        kwargs.update({name: child.build() for name, child in self.children.items()})
        return self.cls(**kwargs)


def draft_of(config: Any, is_root: bool = True) -> Draft:
    """The draft that rebuilds `config`, a default configuration, with nothing changed yet."""
    children = {
        name: draft_of(value, is_root=False)
        for name, value in vars(config).items()
        if _is_config(value) and not name.startswith("_")
    }
    declared = {
        kept: name for name, kept in type(config).attribute_map.items() if name in _fields(config)
    }
    plain = {
        name if name in _fields(config) else declared.get(name, name): value
        for name, value in config.to_dict().items()
        if name not in children and name not in COMMON and not name.startswith("_")
    }
    explicit = {} if is_root else _differences(config, set(children))
    return Draft(type(config), plain, explicit, children)


def _fields(config: Any) -> set[str]:
    """The parameter names of the class."""
    return set(type(config).__dataclass_fields__)


def _is_config(value: Any) -> bool:
    from transformers import PreTrainedConfig

    return isinstance(value, PreTrainedConfig)


def _differences(config: Any, children: set[str]) -> dict[str, Any]:
    """The declared fields in which a sub-configuration differs from its class's defaults."""
    names = {f.name for f in fields(config)} - children - {"transformers_version"}
    try:
        default = type(config)()
    except Exception:
        default = None
    own = {name: config._getattr_without_heterogeneous_validation(name, None) for name in names}
    if default is not None:
        own = {
            name: value
            for name, value in own.items()
            if value != default._getattr_without_heterogeneous_validation(name, None)
        }
    # Undeclared arguments that a parent passed on were stored as plain attributes.
    extra = {n: v for n, v in vars(config).items() if n not in names | children | COMMON}
    own.update(
        {
            n: v
            for n, v in extra.items()
            if n[0] != "_" and default is not None and n not in vars(default)
        }
    )
    # A backbone's outputs are selected by index; the names of its stages follow.
    own.pop("_out_features", None)
    own.pop("_out_indices", None)
    taps = getattr(config, "out_indices", None)
    if default is None or taps != getattr(default, "out_indices", None):
        own["out_indices"] = taps
    return {name: value for name, value in own.items() if name != "out_indices" or value}
