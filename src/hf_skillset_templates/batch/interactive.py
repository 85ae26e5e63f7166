"""Selection of model types, platforms and profile in a terminal."""

from __future__ import annotations

from typing import Any

import questionary

from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.store.model_types import model_types
from hf_skillset_templates.registry.store.platforms import platform_names

from .selection import SAMPLE, profiles


def ask() -> dict[str, Any]:
    """The selected `models`, `platforms` and `profile`.

    Raises:
        UsageError: the user cancelled.
    """
    answers = questionary.form(
        models=questionary.checkbox(
            "Model types (type to search)",
            choices=[questionary.Choice(name, checked=name in SAMPLE) for name in model_types()],
            use_search_filter=True,
            use_jk_keys=False,
            validate=lambda chosen: bool(chosen) or "select at least one",
        ),
        platforms=questionary.checkbox(
            "Platforms",
            choices=[questionary.Choice(name, checked=True) for name in platform_names()],
        ),
        profile=questionary.select("Profile", choices=profiles()),
    ).ask()
    if not answers:
        raise UsageError("cancelled: nothing was selected")
    return answers
