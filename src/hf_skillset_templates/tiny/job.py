"""The isolated job that shrinks one model type: JSON in, JSON out."""

from __future__ import annotations

from typing import Any

from .build import quiet


def shrink_job(model_type: str) -> dict[str, Any]:
    """Shrinks and reports; the configuration comes back as the dictionary of its file."""
    quiet()
    from .shrink import shrink

    found = shrink(model_type)
    return {
        "parameters": found.parameters,
        "forward_seconds": found.forward_seconds,
        "strategy": found.strategy,
        "ran": found.ran,
        "failed": found.failed,
        "towers_missed": getattr(found, "towers_missed", {}),
        "reinitialise": found.reinitialise,
        "lost_structure": found.lost_structure,
        "changed_non_size_fields": found.changed_non_size_fields,
    }
