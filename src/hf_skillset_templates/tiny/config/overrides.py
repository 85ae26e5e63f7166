"""The sections of `registry/overrides/<model_type>.yml` about the tiny configuration and inputs.

config:
  why: one sentence on what the search cannot determine itself
  default:              # values without which the class's default does not build
    text_config.hidden_size: 64
  set:                  # tiny values that are not found by name or by scaling
    vision_config.window_size: 4
inputs:
  why: one sentence on why names and sizes do not determine these inputs
  forward:              # `{shape, dtype, below}` of a random tensor, or the very values; a name
    input_values:       # may have its class before it: `SpeechT5Model.input_values`
      shape: [1, 16]
"""

from __future__ import annotations

from typing import Any

from hf_skillset_templates.registry.store.overrides import section

from .draft import Draft

# Aliases of another field; a composite that passes one of them sets that field.
ALIGNED = {"out_indices": "out_features", "out_features": "out_indices"}
# Parts that a configuration may lack, and the models that are released have.
TOWERS = ("vision_config", "audio_config")


def override(model_type: str) -> dict[str, Any]:
    """The section `config` of a model type; empty if there is no file."""
    return section(model_type, "config")


def given_inputs(model_type: str) -> dict[str, Any]:
    """The dummy inputs written by hand for a model type: its section `inputs`."""
    given: dict[str, Any] = section(model_type, "inputs").get("forward", {})
    return given


def default_values(config_class: Any) -> dict[str, Any]:
    """The values under `default` for a configuration class and its parts, by dotted path.

    A fact about a model type also applies to composites that have it as a part.
    """
    defaults: dict[str, Any] = {}
    for key, spec in config_class.sub_configs_defaults.items():
        part = part_class(spec)
        if part is not None:
            defaults.update(
                {
                    f"{key}.{name}": value
                    for name, value in default_values(part).items()
                    if ALIGNED.get(name) not in spec.init_kwargs
                }
            )
        if spec.optional and key in TOWERS:
            defaults[key] = {"model_type": spec.model_type or part.model_type}
    return {**defaults, **override(config_class.model_type).get("default", {})}


def tiny_values(draft: Draft) -> dict[str, Any]:
    """The values under `set` for a draft and its parts, by dotted path; the whole's come last."""
    values: dict[str, Any] = {}
    for path, node in reversed(list(draft.walk())):
        own = override(node.model_type).get("set", {})
        values.update({f"{path}.{name}" if path else name: v for name, v in own.items()})
    return values


def part_class(spec: Any) -> Any:
    """The configuration class of a part: the one named, or the default model type's."""
    from transformers import CONFIG_MAPPING

    if spec.model_type in CONFIG_MAPPING:
        return CONFIG_MAPPING[spec.model_type]
    return spec.config_class if hasattr(spec.config_class, "sub_configs_defaults") else None
