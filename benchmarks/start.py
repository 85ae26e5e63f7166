"""Measures the start of a process: the import of a package, and its first result on the CPU.

    python benchmarks/start.py             # a BERT of 12 layers of 768, random weights
    python benchmarks/start.py --rounds 5

The package and transformers' pipeline start in turns, each in a new process with one thread.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from serve import CASES, ROOT, checkpoint, spread

CASE = CASES["text"]
IMPORT = "import hf_bert"
PACKAGE = """
from hf_bert import hf_bert
handler = hf_bert(metadata={{}}).init_cpu({folder!r}, task="text-classification").handler
handler("a small boat")
"""
PIPELINE = """
from transformers import pipeline
pipeline("text-classification", {folder!r}, device="cpu")("a small boat")
"""


def seconds(script: str, package: Path) -> float:
    """CPU seconds of a Python process that runs a script."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(package / "src"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", script]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(rounds: Annotated[int, typer.Option(help="starts of each kind")] = 3) -> None:
    """Print a table."""
    with tempfile.TemporaryDirectory() as place:
        folder = checkpoint(CASE, CASE["real"], Path(place) / "model")
        command = [sys.executable, str(ROOT / "scripts" / "batch_generate.py"), "--model", "bert"]
        subprocess.run([*command, "--output-dir", place], check=True, capture_output=True)
        package = Path(place) / "hf_bert"
        scripts = {"an empty process": "", IMPORT: IMPORT, "package": PACKAGE, "pipeline": PIPELINE}
        taken: dict[str, list[float]] = {name: [] for name in scripts}
        for _ in range(rounds):
            for name, script in scripts.items():
                taken[name].append(seconds(script.format(folder=folder), package))
    print("| start | CPU s |\n| --- | ---: |")
    for name, values in taken.items():
        print(f"| {name} | {spread(values, '.2f')} |")


if __name__ == "__main__":
    typer.run(main)
