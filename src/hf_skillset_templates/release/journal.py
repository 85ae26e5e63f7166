"""The journal of a move to a release: the finished steps, for resuming."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.store.entries import write_text

JOURNAL = "journal.json"


class Journal:
    """The result of each finished step, with its wall-clock seconds."""

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        """Open the journal in a folder, or create one.

        Raises:
            UsageError: the folder has the journal of another release.
        """
        self.path = folder / JOURNAL
        self.state: dict[str, Any] = {"facts": facts, "steps": {}}
        if self.path.is_file():
            self.state = json.loads(self.path.read_text("utf-8"))
            if self.state["facts"] != facts:
                raise UsageError(f"{folder} is of another release: use another --work folder")

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """The result of a step, from the journal if it is done."""
        steps = self.state["steps"]
        if name not in steps:
            started = time.monotonic()
            result = work()
            steps[name] = {"result": result, "seconds": round(time.monotonic() - started, 1)}
            self._write()
        return steps[name]["result"]

    def seconds(self) -> dict[str, float]:
        """Seconds of each finished step, in order; an interrupted attempt is not counted."""
        return {name: step["seconds"] for name, step in self.state["steps"].items()}

    def _write(self) -> None:
        write_text(self.path, json.dumps(self.state, indent=1) + "\n")
