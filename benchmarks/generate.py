"""Times the batch against a shell loop of `copier copy` over the same model types, side by side.

    python benchmarks/generate.py            # 50 model types, and a batch of all
    python benchmarks/generate.py --count 10 --skip-all

Both run the same hooks on the same checkout; the loop's copies are made from git, as a
person's are. Prints the medians of the rounds, wall and CPU seconds, the ratio, and the machine.
The goals: 649 packages in 45 s on two cores, 0.12 CPU seconds each; one copy in 1.2 CPU seconds.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from costs import Cost, cost, machine, median

from hf_skillset_templates.registry.store.model_types import model_types, package_name

ROOT = Path(__file__).resolve().parent.parent


def copy_loop(names: list[str], folder: Path) -> Cost:
    """One `copier copy` after another."""
    copier = Path(sys.executable).with_name("copier")
    answers = ["--defaults", "--quiet", "--vcs-ref", "HEAD"]
    command = [copier, "copy", "--trust", *answers]
    each = [
        cost([*command, "-d", f"model_type={name}", ROOT, folder / package_name(name)], ROOT)
        for name in names
    ]
    return Cost(*map(sum, zip(*each, strict=True)))


def batch(options: list[str], folder: Path) -> Cost:
    """One batch, its own start included."""
    script = ROOT / "scripts" / "batch_generate.py"
    return cost([sys.executable, script, *options, "--output-dir", folder, "--json"], ROOT)


def main(
    count: Annotated[int, typer.Option(min=1, help="Model types in the comparison.")] = 50,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    skip_all: Annotated[bool, typer.Option("--skip-all", help="No batch of all types.")] = False,
) -> None:
    """Compare, alternating between the two, and print medians."""
    every = list(model_types())
    chosen = every[:: max(1, len(every) // count)][:count]
    options = [part for model_type in chosen for part in ("--model", model_type)]
    loops: list[Cost] = []
    batches: list[Cost] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            loops.append(copy_loop(chosen, Path(folder) / "loop"))
            batches.append(batch(options, Path(folder) / "batch"))
    loop, together = median(loops), median(batches)
    print(f"{machine()}; medians of {rounds}")
    print(f"{len(chosen)} model types: loop {loop.wall_s:.1f} s, batch {together.wall_s:.1f} s")
    print(f"one copy: {loop.wall_s / len(chosen):.2f} s, {loop.cpu_s / len(chosen):.2f} CPU s")
    print(f"the batch is {loop.wall_s / together.wall_s:.1f} times faster")
    if not skip_all:
        with tempfile.TemporaryDirectory() as folder:
            wall, cpu = batch(["--all"], Path(folder))
        print(f"all {len(every)} model types: {wall:.1f} s, {cpu / len(every):.3f} CPU s each")


if __name__ == "__main__":
    typer.run(main)
