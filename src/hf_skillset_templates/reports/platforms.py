"""Writes the coverage section of docs/platforms.md from the entries."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.model_types import model_types
from hf_skillset_templates.registry.store.paths import ROOT
from hf_skillset_templates.registry.store.platforms import platform_names
from hf_skillset_templates.results.kinds import kind_of

from .coverage import Entry, cell, failed, has_tiny_model, measured, releases, state
from .marked import with_section

PLATFORMS_PAGE = ROOT / "docs" / "platforms.md"
BEGIN, END = "<!-- coverage: made by scripts/build_docs.py -->", "<!-- end of coverage -->"
LEGEND = (
    "*In parts*: of the verified ones, those without a graph of the model or of its towers; layers",
    "run on the platform, torch joins them. *Ties*: texts or masks differ where CPU's two best",
    "tokens, or the outputs that they are decoded from, agree within the tolerance. *Unproven*:",
    "of those not measured, passed only the first rules, which a wrong model may pass",
    "([evidence](evidence.md)).",
    "*Transformers*: the releases of the figures, with their count of model types.",
)


def platforms_page() -> str:
    """The page with an updated coverage section."""
    entries = [read_entry(name) for name in model_types()]
    lines = coverage([entry for entry in entries if has_tiny_model(entry)])
    return with_section(PLATFORMS_PAGE, BEGIN, END, lines)


def coverage(entries: list[Entry]) -> Iterator[str]:
    """The summary table, and for each platform the failures by cause."""
    yield f"First task of the {len(entries)} model types that have a tiny model, one process each:"
    yield ""
    yield (
        "| platform | verified | share | in parts | ties | failed | not measured | unproven |"
        " transformers |"
    )
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
    platforms = [p for p in platform_names() if any(measured(entry, p) for entry in entries)]
    first = [(entry, entry["primary_task"]) for entry in entries]
    for platform in platforms:
        states = Counter(state(entry, entry["primary_task"], platform) for entry in entries)
        share = f"{states['verified'] / max(len(entries), 1):.1%}"
        kinds = Counter(kind for entry in entries for kind in reservations(entry, platform))
        verified = f"{states['verified']} | {share} | {kinds['parts']} | {kinds['tie']}"
        rest = f"{states['failed']} | {states['not measured']} | {unproven(entries, platform)}"
        yield f"| {platform} | {verified} | {rest} | {releases(first, platform)} |"
    yield ""
    yield from LEGEND
    yield ""
    yield "What fails on the CPU is listed in [COVERAGE.md](../registry/COVERAGE.md)."
    for platform in platforms[1:]:
        yield from failures(entries, platform)


def unproven(entries: list[Entry], platform: str) -> int:
    """The number of first tasks that passed only earlier rules (docs/evidence.md)."""
    return sum(
        entry["primary_task"] in measured(entry, platform).get("unproven", ()) for entry in entries
    )


def reservations(entry: Entry, platform: str) -> Iterator[str]:
    """The qualifications of a verified first task: `parts`, `tie`."""
    task, record = entry["primary_task"], measured(entry, platform)
    if task not in record.get("verified", ()):
        return
    if task in record.get("in_parts", ()):
        yield "parts"
    if record.get("parity", {}).get(task, {}).get("tie"):
        yield "tie"


def failures(entries: list[Entry], platform: str) -> Iterator[str]:
    """The failures of a platform, grouped by cause and error."""
    grouped: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        primary = entry["primary_task"]
        if failure := failed(entry, platform).get(primary):
            kind = kind_of(failure["error"], primary in failed(entry))
            grouped[kind][short(failure["error"], kind)].append(entry["model_type"])
    if not grouped:
        return
    counts = {kind: sum(map(len, by_error.values())) for kind, by_error in grouped.items()}
    yield f"\n### Failures on {platform}\n"
    yield "| cause | model types | error |"
    yield "| --- | --- | --- |"
    for kind, by_error in sorted(grouped.items(), key=lambda item: -counts[item[0]]):
        for error, names in sorted(by_error.items(), key=lambda item: (-len(item[1]), item[0])):
            listed = ", ".join(f"`{name}`" for name in names)
            yield f"| {kind} ({counts[kind]}) | {listed} | {cell(error)} |"


def short(error: str, kind: str) -> str:
    """An error without the numbers that differ among errors of one cause."""
    if kind == "accuracy":
        return "results differ by more than the tolerance"
    operators = re.search(r"operators refused: [^.\[]+", error)
    return operators[0] if kind == "operator" and operators else re.sub(r"\d+", "N", error)[:160]
