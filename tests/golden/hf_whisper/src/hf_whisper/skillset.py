"""The skillset of `whisper`: what a worker creates, initialises and calls."""

from __future__ import annotations

from .base import Skillset, load_registry

MODEL_REGISTRY = load_registry()
"""`{model type: its registry entry}`, as in `registry.json`."""


class hf_whisper(Skillset):
    """Endpoints for `whisper` models.

    Each module in `platforms/` adds `init_<platform>`; each platform and task together add
    `create_<platform>_<task name>_endpoint_handler`.
    """

    model_type = "whisper"
    registry = MODEL_REGISTRY[model_type]
