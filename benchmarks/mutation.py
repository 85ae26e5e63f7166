"""Measures how many faults in tasks and runtime the self test and packages' tests detect.

python benchmarks/mutation.py                        # all faults of mutations.yml, self test only
python benchmarks/mutation.py --pytest --only fill-mask
python benchmarks/mutation.py --pytest --jobs 2 --json found.json --seconds 500
python benchmarks/mutation.py --pytest --json found.json --survivors   # only undetected faults

With `--json` a run continues the last one with that file.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("runtime", "task_variants", "hardware", "hooks", "registry", "src")
FAULTS = ROOT / "benchmarks" / "mutations.yml"
WORKER = ROOT / "benchmarks" / "mutation_worker.py"
WANTED = {"self test": 0.70, "pytest": 0.95}
Option = typer.Option


@dataclass(frozen=True)
class Fault:
    """One change of one file."""

    path: str
    old: str
    new: str
    cells: tuple[str, ...]

    @property
    def name(self) -> str:
        """How reports call it."""
        return f"{self.path}: {self.old!r} -> {self.new!r}"


def faults(only: str) -> Iterator[Fault]:
    """The faults of `mutations.yml` in files whose path holds `only`."""
    for group in yaml.safe_load(FAULTS.read_text("utf-8")):
        if only in group["path"]:
            for old, new in group["faults"]:
                yield Fault(group["path"], old, new, tuple(group["cells"]))


def main(
    only: Annotated[str, Option(help="Only files whose path contains this.")] = "",
    pytest: Annotated[bool, Option("--pytest", help="Also run the packages' tests.")] = False,
    every: Annotated[int, Option(min=1, help="Only every n-th fault.")] = 1,
    timeout: Annotated[float, Option(help="Time limit for each fault.")] = 600,
    jobs: Annotated[int, Option("--jobs", "-j", min=1, help="Number of parallel faults.")] = 1,
    seconds: Annotated[float, Option(help="Start no fault after this time.")] = float("inf"),
    survivors: Annotated[
        bool, Option("--survivors", help="Only faults that were not detected.")
    ] = False,
    as_json: Annotated[Path | None, Option("--json", help="Records; resumes a run.")] = None,
) -> None:
    """Put each fault into a copy of the sources and see who notices."""
    records = known_records(as_json)
    chosen = list(faults(only))[::every]
    ways = ["self test", "pytest"] if pytest else ["self test"]
    remaining = [
        fault for fault in chosen if needs_trial(records.get(fault.name, {}), ways, survivors)
    ]
    deadline = time.monotonic() + seconds
    for trial in trials(remaining, ways, jobs, timeout, deadline):
        known = records.get(trial["fault"], {})
        fresh = "error" in known or "error" in trial
        records[trial["fault"]] = trial if fresh else {**known, **trial}
        if as_json:
            as_json.write_text(json.dumps(list(records.values()), indent=1), "utf-8")
    report([records[fault.name] for fault in chosen if fault.name in records], ways, len(chosen))


def known_records(path: Path | None) -> dict[str, dict[str, Any]]:
    """The records of earlier runs by the name of the fault."""
    if path is None or not path.is_file():
        return {}
    return {record["fault"]: record for record in json.loads(path.read_text("utf-8"))}


def needs_trial(record: dict[str, Any], ways: list[str], survivors: bool) -> bool:
    """Whether a fault is to be tried: not yet tried, or accepted by one of the ways."""
    if "error" in record:
        return True
    if survivors:
        return not all(record.get(way) for way in ways)
    return not all(way in record for way in ways)


def trials(
    chosen: list[Fault], ways: list[str], jobs: int, timeout: float, deadline: float
) -> Iterator[dict[str, Any]]:
    """The records of the faults, `jobs` at a time, each with a copy of the sources of its own."""
    with tempfile.TemporaryDirectory() as folder:
        places: queue.SimpleQueue[tuple[Path, Worker]] = queue.SimpleQueue()
        workers = []
        for job in range(jobs):
            copy = Path(folder, str(job), "sources")
            for name in COPIED:
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, copy / name, ignore=ignored)
            workers.append(Worker(copy, Path(folder, str(job), "checkpoints")))
            places.put((copy, workers[-1]))

        def one(fault: Fault) -> dict[str, Any] | None:
            if time.monotonic() > deadline:
                return None
            copy, worker = places.get()
            try:
                return tried(fault, copy, worker, ways, timeout)
            finally:
                places.put((copy, worker))

        try:
            with ThreadPoolExecutor(jobs) as pool:
                yield from (trial for trial in pool.map(one, chosen) if trial)
        finally:
            for worker in workers:
                worker.close()


class Worker:
    """A process with torch and transformers loaded; it tries cells in forks."""

    def __init__(self, sources: Path, checkpoints: Path) -> None:
        self.known: dict[str, str] = {}
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(
            str(sources / part) for part in ("src", "runtime", "")
        )
        self.process = subprocess.Popen(
            [sys.executable, str(WORKER), str(sources), str(checkpoints)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()

    def baseline(self, cell: str, ways: list[str], timeout: float) -> str:
        """What fails in a cell without a fault; its checkpoint is there afterwards."""
        if cell not in self.known:
            tried = ["build", *(way for way in ways if way != "self test")]
            answers = (self.ask(cells=[cell], way=way, timeout=timeout) for way in tried)
            self.known[cell] = next((a["problem"] for a in answers if a["problem"]), "")
        return self.known[cell]

    def ask(self, **job: Any) -> dict[str, Any]:
        """The result of a job."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())  # type: ignore[no-any-return]


def tried(
    fault: Fault, copy: Path, worker: Worker, ways: list[str], timeout: float
) -> dict[str, Any]:
    """Who notices one fault, in which cell."""
    started, path = time.perf_counter(), copy / fault.path
    good = path.read_text("utf-8")
    if fault.old not in good:
        return {"fault": fault.name, "error": "the file does not contain it"}
    trial: dict[str, Any] = {"fault": fault.name}
    cells = [cell for cell in fault.cells if not worker.baseline(cell, ways, timeout)]
    if not cells:
        return {
            "fault": fault.name,
            "error": f"fails without the fault: {worker.known[fault.cells[0]]}",
        }
    path.write_text(good.replace(fault.old, fault.new, 1), "utf-8")
    try:
        for way in ways:
            trial[way] = worker.ask(cells=cells, way=way, timeout=timeout)["problem"][:300]
    finally:
        path.write_text(good, "utf-8")
    trial["seconds"] = round(time.perf_counter() - started, 1)
    typer.echo(json.dumps(trial)[:200], err=True)
    return trial


def report(records: list[dict[str, Any]], ways: list[str], chosen: int) -> None:
    """Print how many faults each way noticed, and the survivors."""
    typer.echo(f"{len(records)} of {chosen} faults tried")
    for record in records:
        if "error" in record:
            typer.echo(f"not tried: {record['fault']}: {record['error']}")
    for way in ways:
        done = [record for record in records if way in record]
        caught = [record for record in done if record[way]]
        share = len(caught) / max(len(done), 1)
        typer.echo(
            f"{way}: {len(caught)} of {len(done)} noticed ({share:.1%}), {WANTED[way]:.0%} wanted"
        )
        for record in done:
            if not record[way]:
                typer.echo(f"  survives: {record['fault']}")


if __name__ == "__main__":
    typer.run(main)
