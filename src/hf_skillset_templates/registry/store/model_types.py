"""The model types of the registry, their tasks and the names of their packages."""

from __future__ import annotations

import json
import re
from functools import cache

from .paths import PIPELINE_MAP


@cache
def pipeline_map() -> dict[str, list[str]]:
    """Model type -> its tasks, the primary one first."""
    tasks: dict[str, list[str]] = json.loads(PIPELINE_MAP.read_text(encoding="utf-8"))
    return tasks


def model_types() -> tuple[str, ...]:
    """All model types of the registry, sorted."""
    return tuple(pipeline_map())


def package_name(model_type: str) -> str:
    """`audio-spectrogram-transformer` -> `hf_audio_spectrogram_transformer`.

    Every character that Python does not allow in a name becomes an underscore.
    """
    return "hf_" + re.sub(r"\W", "_", model_type)
