"""The paths of the repository's data."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
REGISTRY = ROOT / "registry"
MODELS = REGISTRY / "models"
TINY = REGISTRY / "tiny"
OVERRIDES = REGISTRY / "overrides"
VARIANTS = ROOT / "task_variants"
HARDWARE = ROOT / "hardware"
PIPELINE_MAP = REGISTRY / "pipeline_map.json"
CHECKPOINTS = REGISTRY / "checkpoints.json"
MORE_CHECKPOINTS = REGISTRY / "known_checkpoints.yml"
NAMES = REGISTRY / "names.json"
"""Every spelling of a model type and every known checkpoint, for the batch and `copier copy`."""
SOURCES = REGISTRY / "sources.json"
"""Digests of the source of every model type, of the release that all entries were read from."""
OLDEST = REGISTRY / "oldest.json"
"""Of model types that were tried, the oldest transformers with which all CPU cells run."""
