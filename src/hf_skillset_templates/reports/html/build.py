"""Makes the report of a run, or of the registry."""

from __future__ import annotations

from pathlib import Path

from hf_skillset_templates.registry.store.paths import MODELS
from hf_skillset_templates.results.compare import compare
from hf_skillset_templates.results.from_registry import Entry, read_entries
from hf_skillset_templates.results.run_folder import Run
from hf_skillset_templates.results.source import REGISTRY, read_source, registry_run

from .html_page import html_page
from .payload import payload


def build_report(name: str, baseline: str | None, models: Path = MODELS) -> tuple[str, list[str]]:
    """The page of a run's folder or of `registry`, and notes about damaged lines.

    Raises:
        NoRunError: `name` or `baseline` is not a run.
    """
    entries = read_entries(models)
    run = registry_run(entries) if name == REGISTRY else read_source(name, models)
    before = read_source(baseline, models) if baseline else None
    page = report_page(run, before, entries)
    return page, [*run.notes, *(before.notes if before else ())]


def report_page(run: Run, before: Run | None, entries: list[Entry]) -> str:
    """The page of a run, with what changed since `before`; `entries` are the registry's."""
    data = payload(run, entries, compare(before.records, run.records) if before else None)
    if before:
        data["about"] = {**run.about, "baseline": before.about["id"]}
    return html_page(data)
