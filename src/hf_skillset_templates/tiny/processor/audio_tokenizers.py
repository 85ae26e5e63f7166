"""Codecs of processors: separate models, of which only the configuration is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import transformers
from transformers import PreTrainedConfig

from hf_skillset_templates.tiny.config.shrink import shrink
from hf_skillset_templates.tiny.configs import nodes

FOLDER = "audio_tokenizer"


def build_audio_tokenizer(
    class_name: str, config: PreTrainedConfig, options: dict[str, Any]
) -> Any:
    """The codec in its own tiny configuration, with equally named settings of `config`."""
    model_class = getattr(transformers, class_name)
    codec = shrink(model_class.config_class.model_type).config
    for name in ("latent_dim", "codebook_size"):
        stated = next(
            (getattr(node, name) for _, node in nodes(config) if hasattr(node, name)), None
        )
        if stated is not None and hasattr(codec, name):
            setattr(codec, name, stated)
    for name, value in options.items():
        setattr(codec, name, value)
    return model_class(codec)


def save_audio_tokenizer(codec: Any, folder: Path) -> None:
    """Keep the codec's configuration, by which its weights are drawn where they are used."""
    codec.config.save_pretrained(folder / FOLDER)
    path = folder / "processor_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings["audio_tokenizer"]["audio_tokenizer_name_or_path"] = FOLDER
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
