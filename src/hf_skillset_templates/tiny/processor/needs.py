"""The tokenizer, image processor ... of a model type, by transformers' own tables."""

from __future__ import annotations

import inspect
import sys
from functools import cache
from typing import Any

import transformers
from transformers import PreTrainedConfig
from transformers.models.auto import tokenization_auto
from transformers.models.auto.configuration_auto import model_type_to_module_name

from hf_skillset_templates.registry.sources.model_classes import class_names, model_class
from hf_skillset_templates.registry.sources.processors import PARTS, part_classes
from hf_skillset_templates.tiny.configs import nodes

# The model inputs that each kind makes.
INPUTS = {
    "tokenizer": ("input_ids", "decoder_input_ids"),
    "image_processor": ("pixel_values", "flattened_patches", "image_patches", "grid_thw"),
    "feature_extractor": (
        "input_features",
        "input_values",
        "audio_values",
        "input_audio",
        "audio_mel",
    ),
    "video_processor": ("pixel_values_videos", "video", "videos"),
}


# For architectures whose checkpoints bring a processor that nothing in transformers names.
PLAIN = {"tokenizer": "TokenizersBackend", "image_processor": "ViTImageProcessor"}


def wanted_classes(
    model_type: str, config: PreTrainedConfig, overrides: dict[str, Any]
) -> dict[str, type]:
    """The class of each kind that the model type needs.

    What the auto classes name comes first, then what types of the same family use, as far as the
    model has such inputs. Overrides (a class name, or null for "none") overrule both.
    """
    named = {kind: _named(kind, model_type) for kind in PARTS}
    if not any(named.values()):
        named = _family(model_type, model_inputs(model_type))
    elif not named["processor"]:
        named["processor"] = _own_processor(model_type)
    named.update({kind: overrides[kind] for kind in PARTS if kind in overrides})
    if named["processor"]:
        for kind in component_kinds(_class(named["processor"])):
            named[kind] = named[kind] or _part(kind, model_type, named["processor"], config)
    if not any(named.values()):
        named.update(_pair(config))
    if not named["tokenizer"] and _is_text_model(model_type, config, named):
        named["tokenizer"] = _own("tokenizer", _module(model_type)) or PLAIN["tokenizer"]
    if not any(named.values()) and "pixel_values" in model_inputs(model_type):
        named["image_processor"] = PLAIN["image_processor"]
    named.update({kind: overrides[kind] for kind in PARTS if kind in overrides})
    return {kind: _class(name) for kind, name in named.items() if name}


def component_kinds(processor_class: Any) -> list[str]:
    """The kinds that a combined processor is made of."""
    return list(dict.fromkeys(kind_of(attribute) for attribute in processor_class.get_attributes()))


def kind_of(attribute: str) -> str:
    """The kind of an attribute of a combined processor ("char_tokenizer": a tokenizer)."""
    if "audio_processor" in attribute:
        return "feature_extractor"
    return next(kind for kind in PARTS if kind in attribute)


@cache
def model_inputs(model_type: str) -> frozenset[str]:
    """Names of the arguments of all forward methods of the model type."""
    names: set[str] = set()
    for name in class_names(model_type):
        try:
            model: Any = model_class(name)
            names |= set(inspect.signature(model.forward).parameters)
        except (AttributeError, ImportError, ValueError):
            continue
    return frozenset(names)


def model_source(model_type: str) -> str:
    """The source of the module that defines the model type's first class."""
    return inspect.getsource(sys.modules[model_class(class_names(model_type)[0]).__module__])


def _class(name: str) -> Any:
    """A class by its name; the tokenizer tables name some that are not exported at the top."""
    cls = getattr(transformers, name, None) or tokenization_auto.tokenizer_class_from_name(name)
    if cls is None:
        raise ImportError(f"transformers has no class {name}")
    return cls


def _named(kind: str, model_type: str) -> str | None:
    """The class that the auto class of this kind names."""
    classes = part_classes()[kind].get(model_type, {})
    return classes.get("torchvision") or classes.get("pil") or next(iter(classes.values()), None)


def _module(model_type: str) -> str:
    """The folder of transformers.models that the type's code is in."""
    return str(model_type_to_module_name(model_type))


def _part(kind: str, model_type: str, processor: str, config: PreTrainedConfig) -> str | None:
    """The class of this kind for a combined processor: its family's, or that of a part."""
    own = _class(processor).__module__.split(".")[2]
    for module in dict.fromkeys((_module(model_type), own)):
        class_name = _sibling(kind, module) or _own(kind, module)
        if class_name:
            return class_name
    of_parts = (_named(kind, node.model_type) for path, node in nodes(config) if path)
    return next(filter(None, of_parts), PLAIN.get(kind))


def _pair(config: PreTrainedConfig) -> dict[str, str | None]:
    """For an encoder with a decoder of another type: the classes of each."""
    encoder, decoder = (getattr(config, name, None) for name in ("encoder", "decoder"))
    if encoder is None or decoder is None:
        return {}
    reads_media = [
        k for k in ("image_processor", "feature_extractor") if _named(k, encoder.model_type)
    ]
    named = {kind: _named(kind, encoder.model_type) for kind in reads_media}
    return {**named, "tokenizer": _named("tokenizer", decoder.model_type) or PLAIN["tokenizer"]}


def _sibling(kind: str, module: str) -> str | None:
    """What another model type of the module folder uses; the shortest name is the main one."""
    types = [t for t in part_classes()[kind] if _module(t) == module]
    return next(filter(None, (_named(kind, t) for t in sorted(types, key=len))), None)


def _family(model_type: str, inputs: frozenset[str]) -> dict[str, str | None]:
    """For a part of a model: the main type's classes whose outputs the part accepts."""
    named: dict[str, str | None] = dict.fromkeys(PARTS)
    whole = _sibling("processor", _module(model_type))
    lender = _class(whole).__module__.split(".")[2] if whole else None
    for kind in (kind for kind, names in INPUTS.items() if inputs.intersection(names)):
        named[kind] = _sibling(kind, _module(model_type))
        if not named[kind] and lender and kind != "tokenizer":
            named[kind] = _sibling(kind, lender)
    if whole and all(named[kind] for kind in component_kinds(_class(whole))):
        named["processor"] = whole
    return named


def _is_text_model(model_type: str, config: PreTrainedConfig, named: dict[str, str | None]) -> bool:
    """Whether it reads token ids and nothing else that is known."""
    others = (named["image_processor"], named["feature_extractor"], named["video_processor"])
    reads_text = "input_ids" in model_inputs(model_type) and not any(others)
    return reads_text and getattr(config.get_text_config(), "vocab_size", None) is not None


def _own_processor(model_type: str) -> str | None:
    """The combined processor in the type's folder, if the model accepts all parts' outputs."""
    class_name = _own("processor", _module(model_type))
    inputs = model_inputs(model_type)
    parts = component_kinds(_class(class_name)) if class_name else []
    return class_name if all(inputs.intersection(INPUTS[part]) for part in parts) else None


def _own(kind: str, module: str) -> str | None:
    """The class of the kind in the folder itself, if there is exactly one."""
    suffix = kind.title().replace("_", "")
    names = {name.removesuffix("Fast") for name in dir(getattr(transformers.models, module, None))}
    names = {name for name in names if name.endswith(suffix) and not name.startswith("_")}
    if kind == "processor":
        names = {name for name in names if not name.endswith(("ImageProcessor", "VideoProcessor"))}
    return names.pop() if len(names) == 1 else None
