"""What hatchling asks of this distribution beyond `pyproject.toml`: its dependencies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Requirements(MetadataHookInterface):
    """Reads the dependencies from `requirements.txt`."""

    def update(self, metadata: dict[str, Any]) -> None:
        text = Path(self.root, "requirements.txt").read_text("utf-8")
        metadata["dependencies"] = text.split()
