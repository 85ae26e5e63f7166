"""bert for an inference runtime: one skillset class, every task, several platforms."""

from .skillset import MODEL_REGISTRY, hf_bert

detect_hardware = hf_bert.detect_hardware

__all__ = ["MODEL_REGISTRY", "detect_hardware", "hf_bert"]
