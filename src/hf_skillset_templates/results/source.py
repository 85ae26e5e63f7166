"""Sources of results: a run's folder, or the registry as one run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from hf_skillset_templates.registry.store.paths import MODELS

from .from_registry import Entry, read_entries, registry_records
from .records import Record
from .run_folder import Run, read_run

REGISTRY = "registry"


def read_source(name: str, models: Path = MODELS) -> Run:
    """The run in a folder, or the registry's measurements if `name` is `registry`.

    Raises:
        NoRunError: the folder is not a run.
    """
    if name == REGISTRY and not Path(name, "run.json").is_file():
        return registry_run(read_entries(models))
    return read_run(Path(name))


def measured_versions(records: list[Record]) -> dict[str, str]:
    """The versions that the records depend on, all of each package, the most frequent first."""
    counted: dict[str, Counter[str]] = {}
    for record in records:
        for name, version in record["versions"].items():
            counted.setdefault(name, Counter())[version] += 1
    return {
        name: ", ".join(version for version, _ in found.most_common())
        for name, found in sorted(counted.items())
    }


def registry_run(entries: list[Entry]) -> Run:
    """The registry's measurements as a run, without times: they are of several days."""
    records = registry_records(entries)
    about: dict[str, Any] = {
        "format": 1,
        "id": REGISTRY,
        "versions": measured_versions(records),
        "platforms": sorted({record["platform"] for record in records}),
        "planned": len(records),
    }
    return Run(MODELS, about, records)
