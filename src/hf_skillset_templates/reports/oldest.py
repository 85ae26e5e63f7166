"""Writes the oldest releases of docs/releases.md from registry/oldest.json: counts and reasons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.model_types import model_types
from hf_skillset_templates.registry.store.oldest import Table, numbers, read_table
from hf_skillset_templates.registry.store.paths import ROOT
from hf_skillset_templates.results.causes import causes
from hf_skillset_templates.results.records import FAILED

from .marked import with_section

RELEASES_PAGE = ROOT / "docs" / "releases.md"
BEGIN, END = "<!-- oldest: made by scripts/build_docs.py -->", "<!-- end of oldest -->"
UNTRIED = "not tried"
OPEN = "not settled"
"""A release failed, and those between it and the registry's were not tried."""
LISTED = 12
"""Reasons that are listed for each release; the others are counted."""


def releases_page() -> str:
    """The page with an updated section."""
    return with_section(RELEASES_PAGE, BEGIN, END, lines(read_table(), modalities()))


def modalities() -> dict[str, str]:
    """Model type -> modality."""
    return {name: read_entry(name)["modality"] for name in model_types()}


def lines(table: Table, modality: dict[str, str]) -> Iterator[str]:
    """Model types by modality and oldest release; for each release why it does not do."""
    failing = sorted(
        {known["fails"]["transformers"] for known in table.values() if "fails" in known},
        key=numbers,
    )
    oldest = {name: state(table.get(name), failing[-1:]) for name in modality}
    columns = sorted({*oldest.values()} - {UNTRIED, OPEN}, key=numbers)
    columns += [each for each in (OPEN, UNTRIED) if each in oldest.values()]
    yield f"| modality | model types | {' | '.join(columns)} |"
    yield f"| --- | {' | '.join(['---:'] * (len(columns) + 1))} |"
    counts = Counter((modality[name], release) for name, release in oldest.items())
    sizes = Counter(modality.values())
    for kind, size in sizes.most_common():
        cells = " | ".join(str(counts[kind, release]) for release in columns)
        yield f"| {kind} | {size} | {cells} |"
    totals = Counter(oldest.values())
    yield f"| all | {len(modality)} | {' | '.join(str(totals[each]) for each in columns)} |"
    whole = sum("cells" in known and known["cells"] == known["of"] for known in table.values())
    yield ""
    yield f"All cells were run for {whole} model types, the first task alone for the others."
    for release in failing:
        yield from reasons(table, release)


def state(known: dict[str, Any] | None, newest: list[str]) -> str:
    """The oldest release of a model type if its search has ended; `newest` is the last tried."""
    if known is None:
        return UNTRIED
    ended = "cells" in known or [known["fails"]["transformers"]] == newest
    return str(known["transformers"]) if ended else OPEN


def reasons(table: Table, release: str) -> Iterator[str]:
    """Why a release is too old for the model types of which it is the newest that fails."""
    records = [
        record(name, known["fails"]["error"])
        for name, known in table.items()
        if known.get("fails", {}).get("transformers") == release
    ]
    yield ""
    yield f"### {release} fails for {len(records)} model types"
    yield ""
    yield "| model types | why | such as |"
    yield "| ---: | --- | --- |"
    grouped = causes(records)
    for cause in grouped[:LISTED]:
        text = cause.error[:160].replace("|", "\\|")
        yield f"| {len(cause.cells)} | {text} | `{cause.cells[0].model_type}` |"
    if rest := sum(len(cause.cells) for cause in grouped[LISTED:]):
        yield f"| {rest} | {len(grouped) - LISTED} other reasons | |"


def record(model_type: str, error: str) -> dict[str, str]:
    """A failure in the form that `causes` groups: without the name of the model type and task."""
    plain = re.sub(rf"(?<!\w){re.escape(model_type)}(?!\w)", "TYPE", error.split(": ", 1)[-1])
    return {
        "model_type": model_type,
        "task": "",
        "platform": "cpu",
        "status": FAILED,
        "stage": "",
        "detail": plain,
    }
