"""Builds a checkpoint of a tiny model from a folder of configuration files and a seed."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..skillset import Skillset

SEED = 0
ATTEMPTS = 8
STEP = 1000
"""Difference of the seeds of two attempts; no other model uses these seeds."""
# Attributes by which a configuration states the role of its model, which transformers requires.
ROLES = {
    "AutoModelForCausalLM": {"is_decoder": True},
    "AutoModelForTextEncoding": {"is_encoder_decoder": False},
}


def exists(tiny: Path) -> bool:
    """Whether a folder contains a tiny model."""
    return (tiny / "config.json").is_file()


def build_checkpoint(tiny: Path, model_class: str, folder: Path, seed: int = SEED) -> Path:
    """Save a tiny model of an auto class (or model class), and its processor, to `folder`.

    Args:
        tiny: configuration and processor files, without weights.
        model_class: name of an auto class or model class of transformers.
        folder: output folder; returned.
        seed: seed of the random weights.
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
    # Fills uninitialised memory with NaN, so that it can be detected.
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        requested = getattr(transformers, model_class)
        model = getattr(requested, "from_config", requested)(config)
    finally:
        torch.use_deterministic_algorithms(False)
    strengthen(model, seed)
    model.save_pretrained(folder)
    # Another type if the class has read the text part of the whole configuration.
    if type(model.config) is not type(config):
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

    Weights that give different samples the same result cannot reveal errors: the next seeds of a
    fixed sequence are tried, and if all fail, the weights of `seed` are used.
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


@dataclass(frozen=True)
class TinyCheckpoints:
    """The checkpoints of one tiny model in `folder`; each model class is built once."""

    skillset: Skillset
    tiny: Path
    """Folder with the configuration and the processor files of the tiny model."""
    folder: Path
    built: dict[str, Path] = field(default_factory=dict)
    """Auto class (or model class) -> its checkpoint folder."""

    def exist(self) -> bool:
        """Whether the tiny model exists."""
        return exists(self.tiny)

    def of(self, task: str) -> str:
        """The checkpoint folder of a task."""
        auto_class = self.skillset.task(task).auto_class
        if auto_class not in self.built:
            folder = self.folder / auto_class
            self.built[auto_class] = build_for_task(self.skillset, task, self.tiny, folder)
        return str(self.built[auto_class])


def build_audio_tokenizer(tiny: Path, folder: Path) -> None:
    """Save the processor's codec, and its path to the processor's settings."""
    import transformers

    from .weights import strengthen

    path = folder / "processor_config.json"
    settings = json.loads(path.read_text("utf-8"))
    codec = settings["audio_tokenizer"]
    config = transformers.AutoConfig.from_pretrained(tiny / "audio_tokenizer")
    model = getattr(transformers, codec["audio_tokenizer_class"])(config)
    strengthen(model, SEED)  # its codebooks are all zero before
    model.save_pretrained(folder / "audio_tokenizer")
    codec["audio_tokenizer_name_or_path"] = str((folder / "audio_tokenizer").resolve())
    path.write_text(json.dumps(settings), "utf-8")
