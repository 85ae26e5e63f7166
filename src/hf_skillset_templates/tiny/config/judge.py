"""Judges a tiny configuration by building and running every model class with it."""

from __future__ import annotations

import json
import tempfile
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_skillset_templates.registry.sources.model_classes import class_names, model_class
from hf_skillset_templates.tiny.forward.run import Forward, try_forward

from .overrides import given_inputs

MAX_PARAMETERS = 2_000_000

MAX_SECONDS = 1.0


@dataclass
class TinyConfig:
    """The configuration found and what running its models showed."""

    model_type: str
    config: Any
    strategy: str
    parameters: int = 0
    forward_seconds: float = 0.0
    reinitialise: bool = False
    ran: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    towers_missed: dict[str, str] = field(default_factory=dict)
    changed_non_size_fields: list[str] = field(default_factory=list)
    lost_structure: list[str] = field(default_factory=list)

    @property
    def rank(self) -> tuple[bool, int, int, bool]:
        """Orders candidates: those within the budget first, then by classes that run."""
        fits = self.parameters <= MAX_PARAMETERS and self.forward_seconds <= MAX_SECONDS
        return (
            bool(self.ran) and fits,
            len(self.ran),
            -len(self.towers_missed),
            not self.lost_structure,
        )

    @property
    def is_complete(self) -> bool:
        return self.rank[0] and not (self.failed or self.towers_missed or self.lost_structure)


def judge(model_type: str, config: Any, strategy: str) -> TinyConfig:
    """Builds and runs every model class with this configuration."""
    config = round_trip(config)
    candidate = TinyConfig(model_type, config, strategy)
    for name in class_names(model_type):
        try:
            add(candidate, try_forward(model_class(name), config, given_inputs(model_type)))
        except Exception as error:
            candidate.failed[name] = describe(error)
    if not candidate.ran:
        raise RuntimeError("; ".join(f"{k}: {v}" for k, v in list(candidate.failed.items())[:3]))
    return candidate


def add(candidate: TinyConfig, forward: Forward) -> None:
    """Counts one model that ran: the largest and the slowest speak for all."""
    candidate.ran.append(forward.class_name)
    candidate.parameters = max(candidate.parameters, forward.parameters)
    candidate.forward_seconds = max(candidate.forward_seconds, forward.seconds)
    candidate.reinitialise |= forward.uninitialised
    if forward.towers_error:
        candidate.towers_missed[forward.class_name] = " ".join(forward.towers_error.split())[:300]


def round_trip(config: Any) -> Any:
    """The configuration after saving and loading, checked to be stable."""
    from transformers import AutoConfig

    texts = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(3):
            config.save_pretrained(folder)
            texts.append(json.loads((Path(folder) / "config.json").read_text()))
            config = AutoConfig.from_pretrained(folder)
    if texts[1] != texts[2]:
        raise ValueError("the configuration changes each time it is saved and loaded")
    return config


def describe(error: BaseException) -> str:
    """One line: the kind of error and the head of its message, with the place it came from."""
    frames = [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if "transformers" in f.filename or "timm" in f.filename
    ]
    place = f" [{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}]" if frames else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}{place}"
