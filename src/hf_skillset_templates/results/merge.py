"""Merges the runs of several shards into one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .lines import append
from .records import Record, latest
from .run_folder import RESULTS, Run, RunWriter


def merge(runs: list[Run], folder: Path) -> list[Record]:
    """Write the last record of each cell into a new run.

    Its machine is that of the first run, with the devices of all runs.
    """
    records = list(latest([record for run in runs for record in run.records]).values())
    writer = RunWriter.start(folder, facts(runs))
    append(folder / RESULTS, records)
    writer.note_devices(records)
    writer.finish()
    return records


def facts(runs: list[Run]) -> dict[str, Any]:
    """The fields of `run.json` of a merged run."""
    abouts = [run.about for run in runs]
    versions: dict[str, str] = {}
    for about in abouts:
        versions |= about["versions"]
    return {
        "versions": versions,
        "machine": abouts[0]["machine"],
        "platforms": sorted({name for about in abouts for name in about["platforms"]}),
        "planned": sum(about["planned"] for about in abouts),
        "merged": [about["id"] for about in abouts],
    }
