"""Values that occur often are kept once; the data of the page names them by their number."""

from __future__ import annotations

import json
from typing import Any


class Pool:
    """A list without repetitions."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._places: dict[str, int] = {}

    def place(self, value: Any) -> int:
        """Where a value (JSON) is in the list; it is added when it is new."""
        key = json.dumps(value, sort_keys=True)
        if key not in self._places:
            self._places[key] = len(self.values)
            self.values.append(value)
        return self._places[key]

    def place_or_none(self, value: Any) -> int | None:
        """None for an empty value, else where it is."""
        return self.place(value) if value else None
