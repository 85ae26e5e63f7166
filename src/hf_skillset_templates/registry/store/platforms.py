"""The platforms that the template offers: one folder each in `hardware/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .paths import HARDWARE, REGISTRY

PLATFORMS_FILE = REGISTRY / "platforms.json"
"""The choices of the question for platforms."""
ORIGINAL = ("cpu", "cuda", "openvino", "apple", "qualcomm")
"""The platforms of the original generator, in the order of its registry; offered first."""
FIELDS = {
    "title",
    "runtime",
    "requirements",
    "default_device",
    "measured_with",
    "tolerance",
    "detection",
}
"""`measured_with`: the distributions whose versions a measurement depends on."""
OPTIONAL_FIELDS = {"hosted_runners", "min_cosine", "reference", "takes_model_type"}
"""`hosted_runners`: runners of GitHub on which the platform is there."""


def platform_names(hardware: Path = HARDWARE) -> list[str]:
    """The platforms that have a handler, in the order in which they are offered."""
    names = {path.parent.name for path in hardware.glob("*/handler.py")}
    return [name for name in ORIGINAL if name in names] + sorted(names - set(ORIGINAL))


def load_platform(name: str, hardware: Path = HARDWARE) -> dict[str, Any]:
    """The facts of a platform's `platform.yml`.

    Raises:
        ValueError: a field is missing or unknown.
    """
    facts: dict[str, Any] = yaml.safe_load((hardware / name / "platform.yml").read_text("utf-8"))
    if missing := FIELDS - set(facts):
        raise ValueError(
            f"hardware/{name}/platform.yml: missing fields: {', '.join(sorted(missing))}"
        )
    if unknown := set(facts) - FIELDS - OPTIONAL_FIELDS:
        raise ValueError(
            f"hardware/{name}/platform.yml: unknown fields: {', '.join(sorted(unknown))}"
        )
    return facts
