"""Writes registry/COVERAGE.md: what runs, what does not, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hf_skillset_templates.registry.store.entries import read_entry, write_text
from hf_skillset_templates.registry.store.model_types import model_types
from hf_skillset_templates.registry.store.oldest import numbers
from hf_skillset_templates.registry.store.overrides import section
from hf_skillset_templates.registry.store.paths import REGISTRY, TINY
from hf_skillset_templates.results.from_registry import task_versions

Entry = dict[str, Any]
GOALS = {"primary": 620, "pairs": 0.95}
STATES = ("verified", "failed", "not measured", "no tiny model")


def write_coverage() -> bool:
    """Write the page from the entries; whether it changed."""
    entries = [read_entry(model_type) for model_type in model_types()]
    return write_text(REGISTRY / "COVERAGE.md", "\n".join(page(entries)) + "\n")


def page(entries: list[Entry]) -> Iterable[str]:
    """The lines of the page."""
    pairs = [(entry, task) for entry in entries for task in entry["tasks"]]
    verified = sum(state(entry, task) == "verified" for entry, task in pairs)
    primary = sum(state(entry, entry["primary_task"]) == "verified" for entry in entries)
    tiny = sum(map(has_tiny_model, entries))
    yield "# Coverage"
    yield ""
    yield "Written by `scripts/record_results.py` from the entries; do not edit."
    yield "*Verified* means: the tiny model was built, saved, loaded and run through its real"
    yield "processor by a generated package on the CPU, with single and batched inputs."
    yield f"Releases of transformers, with their counts of pairs: {releases(pairs)}."
    yield ""
    yield "| | count | goal |"
    yield "| --- | ---: | ---: |"
    yield f"| model types with an entry | {len(entries)} | {len(entries)} |"
    yield f"| model types with a tiny model | {tiny} | {GOALS['primary']} |"
    yield f"| model types whose primary task is verified | {primary} | {GOALS['primary']} |"
    share = f"{verified / len(pairs):.1%}"
    yield f"| (model type, task) pairs verified | {verified} of {len(pairs)} ({share}) | 95 % |"
    yield from table("modality", [(entry["modality"], *each) for entry, *each in states(pairs)])
    yield from table("task", [(task, task, known) for _, task, known in states(pairs)])
    yield from failures(entries)


def measured(entry: Entry, platform: str) -> Entry:
    """What was measured on a platform."""
    record: Entry = entry.get("hardware_compatibility", {}).get(platform, {})
    return record


def releases(pairs: list[tuple[Entry, str]], platform: str = "cpu") -> str:
    """The releases of transformers that pairs were measured with and their counts, newest first."""
    known = [(measured(entry, platform), task) for entry, task in pairs]
    stated = [
        task_versions(of, task).get("transformers") for of, task in known if known_of(of, task)
    ]
    counts = Counter(release for release in stated if release)
    newest = sorted(counts, key=numbers, reverse=True)
    return ", ".join(f"{name} ({counts[name]})" for name in newest)


def known_of(record: Entry, task: str) -> bool:
    """Whether a platform's record has figures of a task, whatever they show."""
    return any(task in record.get(name, ()) for name in ("verified", "unproven", "failed"))


def failed(entry: Entry, platform: str = "cpu") -> dict[str, dict[str, str]]:
    """The tasks that failed on a platform, with stage and error."""
    tasks: dict[str, dict[str, str]] = measured(entry, platform).get("failed", {})
    return tasks


def states(pairs: list[tuple[Entry, str]]) -> list[tuple[Entry, str, str]]:
    """Each pair with its state, one of `STATES`."""
    return [(entry, task, state(entry, task)) for entry, task in pairs]


def state(entry: Entry, task: str, platform: str = "cpu") -> str:
    """The state of one pair on a platform, one of `STATES`."""
    if task in measured(entry, platform).get("verified", ()):
        return "verified"
    if task in failed(entry, platform):
        return "failed"
    return "not measured" if has_tiny_model(entry) else "no tiny model"


def has_tiny_model(entry: Entry) -> bool:
    """Whether the model type has a tiny configuration."""
    folder: Path = TINY / entry["model_type"]
    return (folder / "config.json").is_file()


def table(heading: str, rows: list[tuple[str, str, str]]) -> Iterable[str]:
    """Counts of the states by the first field of each row."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for group, _, known in rows:
        counts[group][known] += 1
    yield f"\n## By {heading}\n"
    yield f"| {heading} | pairs | {' | '.join(STATES)} |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for group, counted in sorted(counts.items(), key=lambda item: (-item[1].total(), item[0])):
        shown = " | ".join(str(counted[name]) for name in STATES)
        yield f"| {group} | {counted.total()} | {shown} |"


def failures(entries: list[Entry]) -> Iterable[str]:
    """The failures with cause and fix: model types without a tiny model, then tasks."""
    yield "\n## Model types without a tiny model\n"
    yield "A `config.json` of at most two million parameters that runs forward was not found:"
    yield ""
    yield "| model type | error | cause | what it would take |"
    yield "| --- | --- | --- | --- |"
    for entry in entries:
        if not has_tiny_model(entry):
            name, tiny = entry["model_type"], entry.get("tiny", {})
            yield f"| `{name}` | {cell(tiny.get('error') or 'not built yet')} | {explained(name)} |"
    yield "\n## Tasks that fail\n"
    yield "| model type | task | stage | error | cause | what it would take |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for entry in entries:
        for task, failure in failed(entry).items():
            name = entry["model_type"]
            error = f"{failure['stage']} | {cell(failure['error'])}"
            yield f"| `{name}` | {task} | {error} | {explained(name)} |"


def explained(model_type: str) -> str:
    """The cause and the remedy in the model type's overrides, as two table cells."""
    failure = section(model_type, "failure")
    return f"{cell(failure.get('cause', ''), 400)} | {cell(failure.get('remedy', ''), 400)}"


def cell(text: str, length: int = 200) -> str:
    """Text that fits into one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")[:length]
