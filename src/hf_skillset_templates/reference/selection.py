"""Selection of modules by the command line."""

from __future__ import annotations

from pathlib import Path

from hf_skillset_templates.command_line import resolved, shortened
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.resolve import resolve

from .dialect import read_dialects
from .modules import Source, find_sources


def sources_in(path: Path) -> list[Source]:
    """The modules at a path.

    Raises:
        UsageError: it does not exist or contains no module.
    """
    absolute = resolved(str(path))
    if not absolute.exists():
        raise UsageError(f"file or folder not found: {shortened(str(path))}")
    return find_sources(absolute)


def model_type_named(name: str | None) -> str | None:
    """The model type that a name resolves to.

    Raises:
        UnknownModelError: it resolves to none.
    """
    return resolve(name, ask_hub=False).model_type if name else None


def wanted_dialect(name: str | None) -> str | None:
    """The name of an existing dialect; None if none was selected.

    Raises:
        UsageError: there is no such dialect.
    """
    known = read_dialects()
    if name is not None and name not in known:
        raise UsageError(f"unknown dialect {shortened(name)}; use one of: {', '.join(known)}")
    return name
