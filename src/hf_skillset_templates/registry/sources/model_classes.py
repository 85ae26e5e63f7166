"""The model classes that transformers' auto classes name for a model type."""

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


def class_names(model_type: str) -> list[str]:
    """The distinct model classes of a model type: the base model first, then the heads."""
    names_in_order: dict[str, None] = {}
    order = sorted(mappings(), key=lambda name: (name != "MODEL_MAPPING_NAMES", name))
    for table in order:
        names = mappings()[table].get(model_type, ())
        names_in_order.update(dict.fromkeys([names] if isinstance(names, str) else names))
    return list(names_in_order)


def model_class(name: str) -> type:
    """The class of that name; some are named by an auto class but not exported at the top."""
    import transformers
    from transformers.models.auto.auto_factory import getattribute_from_module

    try:
        loaded: type = getattr(transformers, name)
    except AttributeError:
        loaded = getattribute_from_module(transformers, name)
    return loaded
