"""Picks model types, platforms and profile in a terminal."""

from __future__ import annotations

from typing import Any

import questionary

from hf_skillset_templates.registry.store.paths import HARDWARE

from .selection import SAMPLE, UsageError, read_pipeline_map

PROFILES = ("improved", "template", "basic")


def ask() -> dict[str, Any]:
    """The picked `models`, `platforms` and `profile`.

    Raises:
        UsageError: the questions were cancelled.
    """
    known = read_pipeline_map()
    platforms = sorted(folder.parent.name for folder in HARDWARE.glob("*/handler.py"))
    answers = questionary.form(
        models=questionary.checkbox(
            "Model types (type to search)",
            choices=[questionary.Choice(name, checked=name in SAMPLE) for name in known],
            use_search_filter=True,
            use_jk_keys=False,
            validate=lambda chosen: bool(chosen) or "choose at least one",
        ),
        platforms=questionary.checkbox(
            "Platforms", choices=[questionary.Choice(name, checked=True) for name in platforms]
        ),
        profile=questionary.select("Profile", choices=PROFILES),
    ).ask()
    if not answers:
        raise UsageError("nothing was picked")
    return answers
