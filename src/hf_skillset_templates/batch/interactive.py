"""Picks model types, platforms and profile in a terminal."""

from __future__ import annotations

from typing import Any

import questionary

from ..errors import UsageError
from .selection import SAMPLE, platforms_of, profiles, read_pipeline_map


def ask() -> dict[str, Any]:
    """The picked `models`, `platforms` and `profile`.

    Raises:
        UsageError: the questions were cancelled.
    """
    known = read_pipeline_map()
    platforms = sorted(platforms_of())
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
        profile=questionary.select("Profile", choices=profiles()),
    ).ask()
    if not answers:
        raise UsageError("nothing was picked")
    return answers
