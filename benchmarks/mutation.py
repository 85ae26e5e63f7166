"""How many faults in tasks and in the runtime the self test and the tests of packages notice.

python benchmarks/mutation.py                        # all faults of mutations.yml, self test alone
python benchmarks/mutation.py --pytest --only fill-mask
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
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
    only: Annotated[str, Option(help="Only files whose path holds this.")] = "",
    pytest: Annotated[bool, Option("--pytest", help="Run the packages' tests, too.")] = False,
    every: Annotated[int, Option(min=1, help="Only every n-th fault.")] = 1,
    timeout: Annotated[float, Option(help="Seconds for one fault.")] = 600,
    as_json: Annotated[Path | None, Option("--json", help="Write the records there.")] = None,
) -> None:
    """Put each fault into a copy of the sources and see who notices."""
    chosen = list(faults(only))[::every]
    records: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "sources")
        for name in COPIED:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        with Worker(copy, Path(folder, "checkpoints")) as worker:
            for fault in chosen:
                records.append(tried(fault, copy, worker, pytest, timeout))
                if as_json:
                    as_json.write_text(json.dumps(records, indent=1), "utf-8")
    report(records, pytest)


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

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: Any) -> None:
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()

    def baseline(self, cell: str, timeout: float) -> str:
        """What the self test says of a cell without a fault; its checkpoint is there afterwards."""
        if cell not in self.known:
            answer = self.ask(cells=[cell], way="build", timeout=timeout)
            self.known[cell] = answer["problem"]
        return self.known[cell]

    def ask(self, **job: Any) -> dict[str, Any]:
        """What a job gave."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())  # type: ignore[no-any-return]


def tried(fault: Fault, copy: Path, worker: Worker, pytest: bool, timeout: float) -> dict[str, Any]:
    """Who notices one fault, in which cell."""
    started, path = time.perf_counter(), copy / fault.path
    good = path.read_text("utf-8")
    if fault.old not in good:
        return {"fault": fault.name, "error": "the file does not hold it"}
    found: dict[str, Any] = {"fault": fault.name}
    ways = ["self test", "pytest"] if pytest else ["self test"]
    cells = [cell for cell in fault.cells if not worker.baseline(cell, timeout)]
    if not cells:
        return {"fault": fault.name, "error": f"fails as it is: {worker.known[fault.cells[0]]}"}
    path.write_text(good.replace(fault.old, fault.new, 1), "utf-8")
    try:
        for way in ways:
            found[way] = worker.ask(cells=cells, way=way, timeout=timeout)["problem"][:300]
    finally:
        path.write_text(good, "utf-8")
    found["seconds"] = round(time.perf_counter() - started, 1)
    typer.echo(json.dumps(found)[:200], err=True)
    return found


def report(records: list[dict[str, Any]], pytest: bool) -> None:
    """Print how many faults each way noticed, and the survivors."""
    done = [record for record in records if "self test" in record]
    for record in records:
        if "error" in record:
            typer.echo(f"not tried: {record['fault']}: {record['error']}")
    for way in ("self test", "pytest") if pytest else ("self test",):
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
