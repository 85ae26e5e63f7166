"""Which model types exist and which classes the auto classes name for them."""

from __future__ import annotations

from functools import cache


@cache
def mappings() -> dict[str, dict[str, str | tuple[str, ...]]]:
    """Every `MODEL_*_MAPPING_NAMES` table of transformers, by its name."""
    from transformers.models.auto import modeling_auto

    names = sorted(
        n for n in vars(modeling_auto) if n.startswith("MODEL_") and n.endswith("_MAPPING_NAMES")
    )
    return {name: dict(getattr(modeling_auto, name)) for name in names}


@cache
def model_types() -> tuple[str, ...]:
    """The universe: model types with a configuration and at least one model class."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    return tuple(
        sorted(t for t in CONFIG_MAPPING_NAMES if any(t in table for table in mappings().values()))
    )


def class_names(model_type: str) -> list[str]:
    """The distinct model classes of a model type: the base model first, then the heads."""
    found: dict[str, None] = {}
    order = sorted(mappings(), key=lambda name: (name != "MODEL_MAPPING_NAMES", name))
    for table in order:
        names = mappings()[table].get(model_type, ())
        found.update(dict.fromkeys([names] if isinstance(names, str) else names))
    return list(found)


def model_class(name: str) -> type:
    """The class of that name; some are named by an auto class but not exported at the top."""
    import transformers
    from transformers.models.auto.auto_factory import getattribute_from_module

    try:
        found: type = getattr(transformers, name)
    except AttributeError:
        found = getattribute_from_module(transformers, name)
    return found
