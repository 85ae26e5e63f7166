"""Writes registry/COVERAGE.md: what runs, what does not, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from .entries import read_entry, write_text
from .paths import REGISTRY, TINY
from .universe import load_universe

Entry = dict[str, Any]
GOALS = {"primary": 620, "pairs": 0.95}


def write_coverage() -> bool:
    """Write the page from the entries; whether a byte changed."""
    entries = [read_entry(model_type) for model_type in load_universe().model_types]
    return write_text(REGISTRY / "COVERAGE.md", "\n".join(page(entries)) + "\n")


def page(entries: list[Entry]) -> Iterable[str]:
    """The lines of the page."""
    pairs = [(entry, task) for entry in entries for task in entry["tasks"]]
    verified = sum(task in ran(entry) for entry, task in pairs)
    primary = sum(entry["primary_task"] in ran(entry) for entry in entries)
    tiny = sum((TINY / entry["model_type"] / "config.json").is_file() for entry in entries)
    yield "# Coverage"
    yield ""
    yield "Written by `scripts/record_results.py` from the entries; do not edit."
    yield "*Verified* means: the tiny model was built, saved, loaded and run through its real"
    yield "processor by a generated package on the CPU, with single and batched inputs."
    yield ""
    yield "| | count | goal |"
    yield "| --- | ---: | ---: |"
    yield f"| model types with an entry | {len(entries)} | {len(entries)} |"
    yield f"| model types with a tiny model | {tiny} | {GOALS['primary']} |"
    yield f"| model types whose primary task is verified | {primary} | {GOALS['primary']} |"
    share = f"{verified / len(pairs):.1%}"
    yield f"| (model type, task) pairs verified | {verified} of {len(pairs)} ({share}) | 95 % |"
    yield from table("modality", [(entry["modality"], *each) for entry, *each in states(pairs)])
    yield from table("task", [(task, task, state) for _, task, state in states(pairs)])
    yield from failures(entries)


def ran(entry: Entry) -> list[str]:
    """The tasks that were verified on the CPU."""
    verified: list[str] = entry.get("hardware_compatibility", {}).get("cpu", {}).get("verified", [])
    return verified


def failed(entry: Entry) -> dict[str, dict[str, str]]:
    """The tasks that failed on the CPU, with stage and error."""
    found: dict[str, dict[str, str]] = (
        entry.get("hardware_compatibility", {}).get("cpu", {}).get("failed", {})
    )
    return found


def states(pairs: list[tuple[Entry, str]]) -> list[tuple[Entry, str, str]]:
    """Each pair with `verified`, `failed` or `no tiny model`."""
    return [
        (
            entry,
            task,
            "verified" if task in ran(entry) else "failed" if failed(entry) else "no tiny model",
        )
        for entry, task in pairs
    ]


def table(heading: str, rows: list[tuple[str, str, str]]) -> Iterable[str]:
    """Counts of the states by the first field of each row."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for group, _, state in rows:
        counts[group][state] += 1
    yield f"\n## By {heading}\n"
    yield f"| {heading} | pairs | verified | failed | no tiny model |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for group, found in sorted(counts.items(), key=lambda item: (-item[1].total(), item[0])):
        shown = (found["verified"], found["failed"], found["no tiny model"])
        yield f"| {group} | {found.total()} | " + " | ".join(map(str, shown)) + " |"


def failures(entries: list[Entry]) -> Iterable[str]:
    """What does not run: the whole model types first, then single tasks."""
    yield "\n## Model types without a tiny model\n"
    yield "| model type | why |"
    yield "| --- | --- |"
    for entry in entries:
        if not (TINY / entry["model_type"] / "config.json").is_file():
            tiny = entry.get("tiny", {})
            why = tiny.get("error") or "not built yet"
            stage = tiny.get("stage")
            yield f"| `{entry['model_type']}` | {f'at {stage}: ' if stage else ''}{cell(why)} |"
    yield "\n## Tasks that fail\n"
    yield "| model type | task | stage | error |"
    yield "| --- | --- | --- | --- |"
    for entry in entries:
        for task, found in failed(entry).items():
            name = entry["model_type"]
            yield f"| `{name}` | {task} | {found['stage']} | {cell(found['error'])} |"


def cell(text: str) -> str:
    """Text that fits into one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")[:200]
