"""One run made of several that shared its cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .lines import append
from .records import Record, latest
from .run_folder import RESULTS, Run, RunWriter


def merge(runs: list[Run], folder: Path) -> list[Record]:
    """Write the runs' records into a run of their own; the last one of each cell stays.

    The machine is that of the first run, with what the platforms found anywhere.
    """
    records = list(latest([record for run in runs for record in run.records]).values())
    writer = RunWriter.start(folder, facts(runs))
    append(folder / RESULTS, records)
    writer.note_devices(records)
    writer.finish()
    return records


def facts(runs: list[Run]) -> dict[str, Any]:
    """`run.json` of a run that was merged."""
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
