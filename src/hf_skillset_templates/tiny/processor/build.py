"""Builds a tiny model's processors for text, images, audio and videos, offline."""

from __future__ import annotations

import inspect
import json
import tempfile
from pathlib import Path
from typing import Any

from transformers import PreTrainedConfig

from hf_skillset_templates.registry.sources.model_classes import mappings
from hf_skillset_templates.registry.sources.processors import PARTS
from hf_skillset_templates.registry.store.overrides import section
from hf_skillset_templates.tiny.config.alignment import align_length, align_start, align_tokens
from hf_skillset_templates.tiny.configs import first_value, node_at

from .audio_features import align_codec, build_feature_extractor
from .audio_tokenizers import (
    build_audio_tokenizer,
    save_audio_tokenizer,
)
from .generation import decoder_start, save_generation_config
from .image_processors import (
    VISION,
    align_frames,
    align_pinpoints,
    build_vision_processor,
    class_embeddings,
    image_side,
)
from .image_tokens import image_token_settings
from .needs import (
    kind_of,
    model_inputs,
    model_source,
    wanted_classes,
)
from .placeholders import (
    Placeholders,
    chat_template,
    placeholders_of,
)
from .speakers import save_speakers
from .tekken import build_tekken
from .tokenizers import build_tokenizer

NOTHING = Placeholders((), {})
MEDIA = ("image", "video", "audio")
ORIGIN = ("is_local", "local_files_only")
SEQ2SEQ = "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES"  # texts in, texts out


def build_processor(model_type: str, config: PreTrainedConfig, folder: Path) -> dict[str, Any]:
    """Make and save the model type's processors, and align `config` with them in place.

    Returns the class made of each kind, and under "missing" what could not be made, with the error.
    """
    overrides = section(model_type, "processor")
    classes = wanted_classes(model_type, config, overrides)
    for path, value in overrides.get("config", {}).items():
        parent, _, name = path.rpartition(".")
        setattr(node_at(config, parent), name, value)
    align_frames(config)
    align_pinpoints(config)
    with tempfile.TemporaryDirectory() as workspace:
        made, missing = _build_all(model_type, classes, config, overrides, Path(workspace))
        if "tokenizer" in made:
            _align_text(model_type, config, made, overrides)
        align_codec(config)
        _save(made, folder)
        generation = decoder_start(config, made.get("tokenizer")) | overrides.get("generation", {})
        if "speakers" in overrides:
            save_speakers(config, overrides["speakers"], folder)
        if generation:
            save_generation_config(config, made.get("tokenizer"), generation, folder)
    report: dict[str, Any] = {
        kind: type(made[kind]).__name__ if kind in made else None for kind in PARTS
    }
    return {**report, "missing": missing}


def _build_all(
    model_type: str,
    classes: dict[str, type],
    config: PreTrainedConfig,
    overrides: dict[str, Any],
    workspace: Path,
) -> tuple[dict[str, Any], dict[str, str]]:
    """The processors of every kind, and the errors of those that could not be made."""
    made: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for kind in PARTS:
        if kind not in classes:
            continue
        try:
            made[kind] = _build(model_type, kind, classes, config, overrides, made, workspace)
        except Exception as error:  # any exception of a class is reported
            missing[kind] = f"{type(error).__name__}: {error}"
    return made, missing


def _align_text(
    model_type: str, config: PreTrainedConfig, made: dict[str, Any], overrides: dict[str, Any]
) -> None:
    """Make the configuration and the tokenizer agree on ids, vocabulary and longest text."""
    tokenizer = made["tokenizer"]
    align_tokens(config, tokenizer, made.get("processor"), overrides)
    if model_type in mappings()[SEQ2SEQ]:
        align_start(config, tokenizer)
    align_length(config, tokenizer, model_source(model_type), overrides)


def _build(
    model_type: str,
    kind: str,
    classes: dict[str, type],
    config: PreTrainedConfig,
    overrides: dict[str, Any],
    made: dict[str, Any],
    workspace: Path,
) -> Any:
    """One processor of the kind, of its class."""
    options = overrides.get("options", {}).get(kind, {})
    if kind == "tokenizer" and "tekken" in overrides:
        return build_tekken(workspace, overrides["tekken"])
    if kind == "tokenizer":
        wishes = placeholders_of(classes["processor"]) if "processor" in classes else NOTHING
        return build_tokenizer(
            classes[kind],
            workspace,
            extra_tokens=[*wishes.literals, *overrides.get("extra_tokens", ())],
            named_tokens={**wishes.named, **overrides.get("named_tokens", {})},
            options={**_fewer_inputs(classes[kind], model_type), **options},
            fills_masks=model_type in mappings()["MODEL_FOR_MASKED_LM_MAPPING_NAMES"],
            marks_end=config.is_encoder_decoder and model_type in mappings()[SEQ2SEQ],
        )
    if kind == "feature_extractor":
        return build_feature_extractor(classes[kind], config, options)
    if kind == "processor":
        if "image_processor" in made:
            counts = image_token_settings(
                model_type, config, classes[kind], made["image_processor"]
            )
            options = {**counts, **options}
        return _combine(classes[kind], config, overrides, made, options)
    return build_vision_processor(classes[kind], config, options)


def _fewer_inputs(tokenizer_class: Any, model_type: str) -> dict[str, list[str]]:
    """Omit segments and masks if the model has a forward method and none accepts them."""
    names = tokenizer_class.model_input_names
    taken = tuple(name for name in model_inputs(model_type) if not name.startswith("decoder_"))
    # Parts of a model have masks of longer names, and some call theirs after the padding.
    forms = {name: (name, name.replace("attention", "padding")) for name in names}
    kept = [
        name
        for name in names
        if name == names[0] or not taken or any(n.endswith(forms[name]) for n in taken)
    ]
    return {} if kept == names else {"model_input_names": kept}


def _combine(
    processor_class: Any,
    config: PreTrainedConfig,
    overrides: dict[str, Any],
    made: dict[str, Any],
    options: dict[str, Any],
) -> Any:
    """The combined processor from the parts made before, with sizes from the configuration."""
    parts = {}
    for attribute in processor_class.get_attributes():
        parts[attribute] = made[kind_of(attribute)]
    if codec := getattr(processor_class, "audio_tokenizer_class", None):
        parts["audio_tokenizer"] = build_audio_tokenizer(
            codec, config, overrides.get("options", {}).get("audio_tokenizer", {})
        )
    parameters = inspect.signature(processor_class).parameters
    settings = {}
    for name in parameters.keys() - parts.keys() - {"chat_template", "self", "kwargs", "args"}:
        value = _setting(name, config)
        if value is not None:
            settings[name] = value
    processor = processor_class(**{**parts, **settings, **options})
    marks = overrides.get("marks", {})
    # Chats of Mistral's own tokenizer are encoded without a template.
    if "tekken" in overrides or not overrides.get("chat_template", True):
        return processor
    if "tokenizer" in made and (
        marks or any(getattr(processor, f"{medium}_token", None) for medium in MEDIA)
    ):
        processor.chat_template = chat_template(processor, marks)
    if "chat_template" in overrides:
        processor.chat_template = overrides["chat_template"]
    if "tokenizer.apply_chat_template" in inspect.getsource(processor_class):
        processor.tokenizer.chat_template = chat_template(processor, marks)
    return processor


def _setting(name: str, config: PreTrainedConfig) -> Any:
    """The value in the configuration for an argument of a combined processor."""
    if name == "num_additional_image_tokens":
        return class_embeddings(config)
    if name in {"img_size", "image_size"}:
        return image_side(config)
    if name.endswith(("_token", "_id")):
        return None
    return first_value(config, (name,), VISION)


def _save(made: dict[str, Any], folder: Path) -> None:
    """Save the combined processor with its parts, and the other parts separately."""
    folder.mkdir(parents=True, exist_ok=True)
    processor = made.get("processor")
    held = set()
    if processor is not None:
        held = {id(getattr(processor, attribute)) for attribute in processor.get_attributes()}
        processor.save_pretrained(folder)
        if codec := getattr(processor, "audio_tokenizer", None):
            save_audio_tokenizer(codec, folder)
    for kind, part in made.items():
        if kind != "processor" and id(part) not in held:
            part.save_pretrained(folder)
    for path in folder.rglob("tokenizer.json"):
        _shorten(path)
    for path in folder.rglob("tokenizer_config.json"):
        _forget_origin(path)


def _forget_origin(path: Path) -> None:
    """Remove fields about how the files were opened."""
    content = json.loads(path.read_text(encoding="utf-8"))
    kept = {name: value for name, value in content.items() if name not in ORIGIN}
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _shorten(path: Path) -> None:
    """A tokenizer.json with an entry of its lists a line: half the size, and still readable."""
    content = json.loads(path.read_text(encoding="utf-8"))
    lines = [f"{json.dumps(name)}: {_entries(value)}" for name, value in content.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _entries(value: Any) -> str:
    """JSON text with one list entry per line."""
    if not isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in value) + "\n]"
