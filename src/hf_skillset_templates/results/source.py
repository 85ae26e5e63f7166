"""Sources of results: a run's folder, or the registry as one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hf_skillset_templates.registry.store.paths import MODELS

from .from_registry import Entry, read_entries, registry_records
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


def registry_run(entries: list[Entry]) -> Run:
    """The registry's measurements as a run, without times: they are of several days."""
    records = registry_records(entries)
    versions: dict[str, str] = {}
    for record in records:
        versions.update(record["versions"])
    transformers = {entry["transformers_version"] for entry in entries}
    about: dict[str, Any] = {
        "format": 1,
        "id": REGISTRY,
        "versions": versions | {"transformers": ", ".join(sorted(transformers))},
        "platforms": sorted({record["platform"] for record in records}),
        "planned": len(records),
    }
    return Run(MODELS, about, records)
