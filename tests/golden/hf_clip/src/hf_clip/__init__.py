"""clip for an inference runtime: one skillset class, every task, several platforms."""

from .base import detect_hardware
from .skillset import MODEL_REGISTRY, hf_clip

__all__ = ["MODEL_REGISTRY", "detect_hardware", "hf_clip"]
