# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Builds a checkpoint of a tiny model: its data is a folder, its weights come from a seed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..skillset import Skillset

SEED = 0
ATTEMPTS = 8
STEP = 1000
"""From one attempt's seed to the next one's: no other model is drawn from these."""
# What a configuration says of its model's part where it may play several: transformers asks for it.
ROLES = {
    "AutoModelForCausalLM": {"is_decoder": True},
    "AutoModelForTextEncoding": {"is_encoder_decoder": False},
}


def exists(tiny: Path) -> bool:
    """Whether the folder of a model type's tiny model has one."""
    return (tiny / "config.json").is_file()


def build_checkpoint(tiny: Path, model_class: str, folder: Path, seed: int = SEED) -> Path:
    """Save a tiny model of an auto class (or model class), and its processor, to `folder`.

    Args:
        tiny: configuration and processor files, without weights.
        model_class: the name of an auto class or model class of transformers.
        folder: where the checkpoint goes; returned.
        seed: of the random weights.
    """
    import torch
    import transformers

    from .weights import strengthen

    config = transformers.AutoConfig.from_pretrained(tiny)
    config.architectures = []  # an auto class that knows several model classes looks for one here
    for name, value in ROLES.get(model_class, {}).items():
        if hasattr(config, name):
            setattr(config, name, value)
    torch.manual_seed(seed)
    # Fills with NaN the memory that a class allocates and never initialises.
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        wanted = getattr(transformers, model_class)
        model = getattr(wanted, "from_config", wanted)(config)
    finally:
        torch.use_deterministic_algorithms(False)
    strengthen(model, seed)
    model.save_pretrained(folder)
    if type(model.config) is not type(config):  # the class read the text part of the whole
        config.save_pretrained(folder)
    left_out = shutil.ignore_patterns("config.json")
    shutil.copytree(tiny, folder, ignore=left_out, dirs_exist_ok=True)
    if (tiny / "audio_tokenizer").is_dir():
        build_audio_tokenizer(tiny, folder)
    return folder


def build_for_task(
    skillset: Skillset, task: str, tiny: Path, folder: Path, seed: int = SEED
) -> Path:
    """Save a tiny model for a task to `folder`, with weights that suit the task's samples.

    Weights that give unlike samples the same result prove nothing: others follow, drawn from the
    next seeds of a fixed row, and where none can do it those of `seed` again.
    """
    from .calibration import calibrate_checkpoint

    auto_class = skillset.task(task).auto_class
    for attempt in range(ATTEMPTS):
        build_checkpoint(tiny, auto_class, folder, seed + attempt * STEP)
        if calibrate_checkpoint(skillset, task, folder):
            return folder
    build_checkpoint(tiny, auto_class, folder, seed)
    calibrate_checkpoint(skillset, task, folder)
    return folder


def build_audio_tokenizer(tiny: Path, folder: Path) -> None:
    """Save the codec that the processor holds, and where it lies to the processor's settings."""
    import transformers

    from .weights import strengthen

    path = folder / "processor_config.json"
    settings = json.loads(path.read_text("utf-8"))
    codec = settings["audio_tokenizer"]
    config = transformers.AutoConfig.from_pretrained(tiny / "audio_tokenizer")
    model = getattr(transformers, codec["audio_tokenizer_class"])(config)
    strengthen(model, SEED)  # its codebooks hold nothing but zeros before
    model.save_pretrained(folder / "audio_tokenizer")
    codec["audio_tokenizer_name_or_path"] = str((folder / "audio_tokenizer").resolve())
    path.write_text(json.dumps(settings), "utf-8")
