"""Builds a checkpoint of a tiny model: its data is a folder, its weights come from a seed."""

from __future__ import annotations

import json
import shutil
from itertools import chain
from pathlib import Path
from typing import Any

SEED = 0
# What a configuration says of its model's part where it may play several: transformers asks for it.
ROLES = {
    "AutoModelForCausalLM": {"is_decoder": True},
    "AutoModelForTextEncoding": {"is_encoder_decoder": False},
}


def exists(tiny: Path) -> bool:
    """Whether the folder of a model type's tiny model has one."""
    return (tiny / "config.json").is_file()


def build_checkpoint(tiny: Path, model_class: str, folder: Path) -> Path:
    """Save a tiny model of an auto class (or model class), and its processor, to `folder`.

    Args:
        tiny: configuration and processor files, without weights.
        model_class: the name of an auto class or model class of transformers.
        folder: where the checkpoint goes; returned.
    """
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(tiny)
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
    shutil.copytree(tiny, folder, ignore=left_out, dirs_exist_ok=True)
    if (tiny / "audio_tokenizer").is_dir():
        build_audio_tokenizer(tiny, folder)
    return folder


def build_audio_tokenizer(tiny: Path, folder: Path) -> None:
    """Save the codec that the processor holds, and where it lies to the processor's settings."""
    import transformers

    path = folder / "processor_config.json"
    settings = json.loads(path.read_text("utf-8"))
    codec = settings["audio_tokenizer"]
    config = transformers.AutoConfig.from_pretrained(tiny / "audio_tokenizer")
    model = getattr(transformers, codec["audio_tokenizer_class"])(config)
    model.save_pretrained(folder / "audio_tokenizer")
    codec["audio_tokenizer_name_or_path"] = str((folder / "audio_tokenizer").resolve())
    path.write_text(json.dumps(settings), "utf-8")


def initialise_the_rest(model: Any, torch: Any) -> None:
    """Give weights that hold NaN, or nothing but zeros, small normal values; widen convolutions.

    A gate of zeros finds all choices equally good; which one a runtime then takes says nothing.
    """
    with torch.no_grad():
        for name, tensor in chain(model.named_parameters(), model.named_buffers()):
            unset = tensor.is_floating_point() and tensor.isnan().any()
            if unset or (is_weight(name, tensor) and not tensor.any()):
                tensor.normal_(std=0.02)
        for module in model.modules():
            if isinstance(module, torch.nn.Conv2d):
                keep_strength(module.weight)


def is_weight(name: str, tensor: Any) -> bool:
    """Whether a model learns this tensor, and not as a bias."""
    return tensor.requires_grad and tensor.is_floating_point() and not name.endswith("bias")


def keep_strength(weight: Any) -> None:
    """Widen the weights of a convolution until what comes out is as strong as what goes in.

    An untrained norm does not restore what small weights take away: after a few layers, all
    pictures give the same.
    """
    wanted = weight[0].numel() ** -0.5
    if 0 < (spread := float(weight.std())) < wanted:
        weight *= wanted / spread
