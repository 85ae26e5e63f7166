"""What the shell offers for the values of options: names that the registry knows.

Each function is an option's `autocompletion`: what is typed so far in, what it may become out. Of
names separated by commas the last one is completed.
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
    """What is typed so far with each name that its last part begins and that is not there yet."""
    before, comma, last = incomplete.rpartition(",")
    taken = before.split(",")
    matching = (name for name in sorted(names) if name.startswith(last) and name not in taken)
    return [f"{before}{comma}{name}" for name in matching]
