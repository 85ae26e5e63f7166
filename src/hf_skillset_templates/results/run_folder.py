"""Run folders: `run.json` describes the run, `results.jsonl` has one line for each cell."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from hf_skillset_templates.errors import UsageError

from .lines import append, read_lines
from .records import RESULT, Record, latest, problem

RUN, RESULTS = "run.json", "results.jsonl"


class NoRunError(UsageError):
    """A path is not a run; the message says what was expected."""


@dataclass(frozen=True)
class Run:
    """A run that was read from its folder.

    `torn` is the number of invalid lines, such as an incomplete last one after a crash.
    """

    folder: Path
    about: dict[str, Any]
    records: list[Record]
    torn: int = 0
    notes: list[str] = field(default_factory=list)


def now() -> str:
    """The current time in UTC, in ISO 8601 with seconds."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_id() -> str:
    """A new run id; ids sort by time."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


class RunWriter:
    """Writes one run's folder; every record is on disk when `append` returns."""

    def __init__(self, folder: Path, about: dict[str, Any]) -> None:
        self.folder = folder
        self.about = about
        folder.mkdir(parents=True, exist_ok=True)
        self._write_about()

    @classmethod
    def start(cls, folder: Path, facts: dict[str, Any]) -> RunWriter:
        """Begin a run; `facts` are the fields of `run.json` except its id and times.

        An existing run in the folder is kept: the folder is renamed to its id.

        Raises:
            UsageError: the folder contains something else.
        """
        keep_earlier(folder)
        return cls(
            folder, {"format": 1, "id": new_id(), "started": now(), "finished": None} | facts
        )

    @classmethod
    def resume(cls, run: Run, facts: dict[str, Any]) -> RunWriter:
        """Continue an interrupted run, or add cells to one; `facts` as for `start`.

        Raises:
            UsageError: the run was made with other versions.
        """
        require_versions(run, facts["versions"])
        about = run.about | {
            "finished": None,
            "versions": run.about["versions"] | facts["versions"],
            "platforms": list(dict.fromkeys([*run.about["platforms"], *facts["platforms"]])),
            "planned": len(latest(run.records)) + facts["planned"],
        }
        if about.get("shard") != facts.get("shard"):
            about.pop("shard", None)
        return cls(run.folder, about)

    def append(self, record: Record) -> None:
        """Add a cell's record: one write and one fsync.

        Raises:
            ValueError: the record does not match its schema.
        """
        if wrong := problem("result", record):
            raise ValueError(f"a record does not match its schema: {wrong}")
        append(self.folder / RESULTS, [record])

    def note_devices(self, records: list[Record]) -> None:
        """Add the devices in the records to `run.json`, by platform."""
        devices: dict[str, set[str]] = {}
        for record in records:
            if record.get("device"):
                devices.setdefault(record["platform"], set()).add(record["device"])
        known = self.about["machine"]["devices"]
        for name, labels in devices.items():
            known[name] = sorted({*known.get(name, ()), *labels})
        self._write_about()

    def finish(self) -> None:
        """Write the end time of the run."""
        self.about["finished"] = now()
        self._write_about()

    def _write_about(self) -> None:
        if wrong := problem("run", self.about):
            raise ValueError(f"run.json would not match its schema: {wrong}")
        draft = self.folder / f".{RUN}.{os.getpid()}"
        draft.write_text(json.dumps(self.about, indent=2) + "\n", encoding="utf-8")
        os.replace(draft, self.folder / RUN)


def require_versions(run: Run, versions: dict[str, str]) -> None:
    """Check that a resumed run would not mix measurements of different versions.

    Raises:
        UsageError: the run was made with another version of a distribution.
    """
    was = run.about["versions"]
    other = [
        f"{name} {was[name]}, not {now_has}"
        for name, now_has in versions.items()
        if was.get(name, now_has) != now_has
    ]
    if other:
        raise UsageError(f"{run.folder} was begun with {'; '.join(other)}: use another folder")


def keep_earlier(folder: Path) -> None:
    """Rename the folder of an existing run to its id.

    Raises:
        UsageError: the folder has other content than a run.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not (folder / RUN).is_file():
        raise UsageError(f"{folder} is not a run folder and was not changed: use another folder")
    identifier = read_run(folder).about["id"]
    folder.rename(folder.with_name(identifier))


def read_run(path: Path) -> Run:
    """Read a run's folder, or one of the two files in it.

    Raises:
        NoRunError: there is no run, or `run.json` is invalid.
    """
    folder = path if path.is_dir() else path.parent
    about_file = folder / RUN
    if not about_file.is_file():
        raise NoRunError(
            f"{path} is not a run: {about_file} is missing"
            " (scripts/batch_test.py writes run folders)"
        )
    try:
        about = json.loads(about_file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise NoRunError(f"{about_file} is not JSON: {error}") from error
    if wrong := problem("run", about):
        raise NoRunError(f"{about_file} does not match its schema: {wrong}")
    records = read_lines(folder / RESULTS, RESULT)
    torn = records.skipped
    notes = [f"{folder / RESULTS}: ignored {torn} invalid lines"] if torn else []
    return Run(folder, about, records.records, torn, notes)
