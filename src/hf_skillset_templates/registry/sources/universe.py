"""The universe: every model type of transformers with a model class in an auto mapping.

Source: `CONFIG_MAPPING_NAMES` and the `MODEL_*_MAPPING` tables of transformers.models.auto.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import ModuleType

_PREFIXES = ("AutoModel", "AutoBackbone")


@dataclass(frozen=True, eq=False)
class Universe:
    """Model types, and the class names that each auto class (or mapping without one) gives them."""

    model_types: tuple[str, ...]
    mappings: dict[str, dict[str, tuple[str, ...]]]
    config_classes: dict[str, str]

    def classes(self, auto_class: str, model_type: str) -> tuple[str, ...]:
        """The classes that an auto class names for a model type; the default one first.

        Empty for an auto class that the installed release does not have: variants name those of all
        releases.
        """
        return self.mappings.get(auto_class, {}).get(model_type, ())


def _names(mapping: object) -> dict[str, tuple[str, ...]]:
    table: dict[str, str | tuple[str, ...]] = dict(mapping._model_mapping)  # type: ignore[attr-defined]
    return {
        key: (value,) if isinstance(value, str) else tuple(value) for key, value in table.items()
    }


def _auto_class_mappings(modeling_auto: ModuleType) -> dict[str, object]:
    classes = {
        name: value for name, value in vars(modeling_auto).items() if name.startswith(_PREFIXES)
    }
    return {
        name: cls._model_mapping for name, cls in classes.items() if hasattr(cls, "_model_mapping")
    }


@cache
def load_universe() -> Universe:
    """Read the auto mappings of the installed transformers."""
    from transformers.models.auto import modeling_auto
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    mappings = _auto_class_mappings(modeling_auto)
    served = {id(mapping) for mapping in mappings.values()}
    for name, value in vars(modeling_auto).items():
        if name.startswith("MODEL_") and name.endswith("_MAPPING") and id(value) not in served:
            mappings[name] = value
    tables = {name: _names(mapping) for name, mapping in mappings.items()}
    known = {model_type for table in tables.values() for model_type in table}
    model_types = tuple(sorted(known & set(CONFIG_MAPPING_NAMES)))
    return Universe(model_types, tables, {key: CONFIG_MAPPING_NAMES[key] for key in model_types})
