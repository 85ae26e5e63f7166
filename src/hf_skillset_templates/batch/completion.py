"""Shell completion of option values with names from the registry.

Each function is the `autocompletion` of an option: it maps the incomplete value to its
completions. In a comma-separated value the last name is completed.
"""

from __future__ import annotations

from collections.abc import Iterable

from hf_skillset_templates.registry.store.model_types import model_types, pipeline_map
from hf_skillset_templates.registry.store.platforms import platform_names

from .selection import profiles


def model(incomplete: str) -> list[str]:
    """Model types."""
    return beginning(incomplete, model_types())


def task(incomplete: str) -> list[str]:
    """Tasks of any model type."""
    return beginning(incomplete, {name for tasks in pipeline_map().values() for name in tasks})


def platform(incomplete: str) -> list[str]:
    """Platforms."""
    return beginning(incomplete, platform_names())


def profile(incomplete: str) -> list[str]:
    """Profiles."""
    return beginning(incomplete, profiles())


def beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    """The incomplete value, completed with each matching name that it does not yet contain."""
    before, comma, last = incomplete.rpartition(",")
    taken = before.split(",")
    matching = (name for name in sorted(names) if name.startswith(last) and name not in taken)
    return [f"{before}{comma}{name}" for name in matching]
