"""Builds a checkpoint of the tiny model: its data is in `tiny/`, its weights come from a seed."""

from __future__ import annotations

import json
import shutil
from itertools import chain
from pathlib import Path
from typing import Any

TINY = Path(__file__).parent / "tiny"
SEED = 0
# What a configuration says of its model's part where it may play several: transformers asks for it.
ROLES = {
    "AutoModelForCausalLM": {"is_decoder": True},
    "AutoModelForTextEncoding": {"is_encoder_decoder": False},
}


def exists() -> bool:
    """Whether the model type has a tiny model yet."""
    return (TINY / "config.json").is_file()


def build_checkpoint(model_class: str, folder: Path) -> Path:
    """Save a tiny model of an auto class (or model class), and its processor, to `folder`."""
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(TINY)
    config.architectures = []  # an auto class that knows several model classes looks for one here
    for name, value in ROLES.get(model_class, {}).items():
        if hasattr(config, name):
            setattr(config, name, value)
    torch.manual_seed(SEED)
    # Fills with NaN the memory that a class allocates and never initialises.
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        wanted = getattr(transformers, model_class)
        model = getattr(wanted, "from_config", wanted)(config)
    finally:
        torch.use_deterministic_algorithms(False)
    initialise_the_rest(model, torch)
    model.save_pretrained(folder)
    if type(model.config) is not type(config):  # the class read the text part of the whole
        config.save_pretrained(folder)
    left_out = shutil.ignore_patterns("config.json")
    shutil.copytree(TINY, folder, ignore=left_out, dirs_exist_ok=True)
    if (TINY / "audio_tokenizer").is_dir():
        build_audio_tokenizer(folder)
    return folder


def build_audio_tokenizer(folder: Path) -> None:
    """Save the codec that the processor holds, and where it lies to the processor's settings."""
    import transformers

    path = folder / "processor_config.json"
    settings = json.loads(path.read_text("utf-8"))
    codec = settings["audio_tokenizer"]
    config = transformers.AutoConfig.from_pretrained(TINY / "audio_tokenizer")
    model = getattr(transformers, codec["audio_tokenizer_class"])(config)
    model.save_pretrained(folder / "audio_tokenizer")
    codec["audio_tokenizer_name_or_path"] = str((folder / "audio_tokenizer").resolve())
    path.write_text(json.dumps(settings), "utf-8")


def initialise_the_rest(model: Any, torch: Any) -> None:
    """Give weights that hold NaN a small normal value."""
    with torch.no_grad():
        for tensor in chain(model.parameters(), model.buffers()):
            if tensor.is_floating_point() and tensor.isnan().any():
                tensor.normal_(std=0.02)
