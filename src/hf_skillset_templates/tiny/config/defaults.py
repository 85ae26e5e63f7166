"""The default configuration of a model type, with the values that it cannot do without."""

from __future__ import annotations

from typing import Any

from .overrides import default_values, part_class


def default_config(model_type: str) -> Any:
    """The class's default configuration, with the values that it cannot do without."""
    from transformers import CONFIG_MAPPING

    cls = CONFIG_MAPPING[model_type]
    kwargs: dict[str, Any] = {}
    for path, value in default_values(cls).items():
        *parents, name = path.split(".")
        node, specs = kwargs, cls.sub_configs_defaults
        for parent in parents:
            if parent not in node:
                node[parent] = part_kwargs(specs[parent]) if parent in specs else {}
            part = part_class(specs[parent]) if parent in specs else None
            specs = getattr(part, "sub_configs_defaults", {})
            node = node[parent]
        node[name] = value
    return cls(**kwargs)


def part_kwargs(spec: Any) -> dict[str, Any]:
    """What a composite passes to a part that nobody describes."""
    return {"model_type": spec.model_type, **spec.init_kwargs} if spec.model_type else {}
