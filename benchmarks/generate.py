"""Times the batch against a shell loop of `copier copy` over the same model types, side by side.

    python benchmarks/generate.py            # 50 model types, and a batch of all
    python benchmarks/generate.py --count 10 --skip-all

Both run the same hooks on the same checkout; the loop's copies are made from git, as a
person's are. Prints the medians of the rounds, the ratio, and the machine.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates.registry.store.model_types import model_types, package_name

ROOT = Path(__file__).resolve().parent.parent


def copy_loop(names: list[str], folder: Path) -> float:
    """Seconds of one `copier copy` after another."""
    copier = Path(sys.executable).with_name("copier")
    started = time.perf_counter()
    for model_type in names:
        target = folder / package_name(model_type)
        answers = ["--defaults", "--quiet", "--vcs-ref", "HEAD", "-d", f"model_type={model_type}"]
        command = [str(copier), "copy", "--trust", *answers, str(ROOT), str(target)]
        subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def batch(options: list[str], folder: Path) -> float:
    """Seconds of one batch, its own start included."""
    started = time.perf_counter()
    script = ROOT / "scripts" / "batch_generate.py"
    command = [sys.executable, str(script), *options, "--output-dir", str(folder), "--json"]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main(
    count: Annotated[int, typer.Option(min=1, help="Model types in the comparison.")] = 50,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    skip_all: Annotated[bool, typer.Option("--skip-all", help="No batch of all types.")] = False,
) -> None:
    """Compare, alternating between the two, and print medians."""
    every = list(model_types())
    chosen = every[:: max(1, len(every) // count)][:count]
    options = [part for model_type in chosen for part in ("--model", model_type)]
    loops, batches = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            loops.append(copy_loop(chosen, Path(folder) / "loop"))
            batches.append(batch(options, Path(folder) / "batch"))
    loop_s, batch_s = statistics.median(loops), statistics.median(batches)
    print(
        f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    )
    print(
        f"{len(chosen)} model types, median of {rounds}: loop {loop_s:.1f} s, batch {batch_s:.1f} s"
    )
    print(
        f"one copy: {loop_s / len(chosen):.2f} s; the batch is {loop_s / batch_s:.1f} times faster"
    )
    if not skip_all:
        with tempfile.TemporaryDirectory() as folder:
            print(f"all {len(every)} model types: {batch(['--all'], Path(folder)):.1f} s")


if __name__ == "__main__":
    typer.run(main)
