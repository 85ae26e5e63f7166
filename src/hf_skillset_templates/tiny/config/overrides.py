"""The hand-written facts of `registry/overrides/<model_type>.yml`, section `config`.

config:
  why: one sentence on what the search cannot find out by itself
  default:              # values without which the class's default does not build
    text_config.hidden_size: 64
  set:                  # tiny values that are not found by name or by scaling
    vision_config.window_size: 4
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from .draft import Draft

FOLDER = Path(__file__).parents[4] / "registry" / "overrides"
FIELDS = {"why", "default", "set", "layers"}
# What says the same as another field; a composite that passes one of them means it.
ALIGNED = {"out_indices": "out_features", "out_features": "out_indices"}
# Parts that a configuration may lack, and the models that are released have.
TOWERS = ("vision_config", "audio_config")


@cache
def override(model_type: str) -> dict[str, Any]:
    """The `config` section for a model type; empty where no file is needed."""
    import yaml

    path = FOLDER / f"{model_type}.yml"
    if not path.exists():
        return {}
    section = (yaml.safe_load(path.read_text()) or {}).get("config") or {}
    unknown = set(section) - FIELDS
    if unknown:
        raise ValueError(f"{path.name}: unknown field {', '.join(sorted(unknown))}")
    if section and not section.get("why"):
        raise ValueError(f"{path.name}: section config needs a why")
    return section


def given_inputs(model_type: str) -> dict[str, Any]:
    """The dummy inputs written by hand for a model type (`sample_inputs.yml`)."""
    return sample_inputs().get(model_type, {}).get("inputs", {})


@cache
def sample_inputs() -> dict[str, Any]:
    """All hand-written dummy inputs, each with its why."""
    import yaml

    path = Path(__file__).with_name("sample_inputs.yml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def default_facts(config_class: Any) -> dict[str, Any]:
    """The `default` facts for a configuration class and its parts, by dotted path.

    A fact about a model type holds wherever a composite has it as a part.
    """
    found: dict[str, Any] = {}
    for key, spec in config_class.sub_configs_defaults.items():
        part = part_class(spec)
        if part is not None:
            found.update(
                {
                    f"{key}.{name}": value
                    for name, value in default_facts(part).items()
                    if ALIGNED.get(name) not in spec.init_kwargs
                }
            )
        if spec.optional and key in TOWERS:
            found[key] = {"model_type": spec.model_type or part.model_type}
    return {**found, **override(config_class.model_type).get("default", {})}


def tiny_facts(draft: Draft) -> dict[str, Any]:
    """The `set` facts for a draft and its parts, by dotted path; the whole's come last."""
    found: dict[str, Any] = {}
    for path, node in reversed(list(draft.walk())):
        own = override(node.model_type).get("set", {})
        found.update({f"{path}.{name}" if path else name: v for name, v in own.items()})
    return found


def part_class(spec: Any) -> Any:
    """The configuration class of a part: the one named, or the default model type's."""
    from transformers import CONFIG_MAPPING

    if spec.model_type in CONFIG_MAPPING:
        return CONFIG_MAPPING[spec.model_type]
    return spec.config_class if hasattr(spec.config_class, "sub_configs_defaults") else None
