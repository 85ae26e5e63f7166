"""Where the repository keeps its data."""

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
