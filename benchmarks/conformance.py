"""The cost of the CPU conformance run of all model types, by stage and compared with pytest.

    python benchmarks/conformance.py                 # every task of every model type: minutes
    python benchmarks/conformance.py --skip-all      # a sample of 30 packages only
    python benchmarks/conformance.py --packages generated --sample 5

Renders the packages, runs `scripts/batch_test.py` on them, and says how the workers' time is
spread over the stages. Of a sample over all modalities it then runs the same batch and each
package's own tests, and prints the medians of both.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from costs import Cost, cost, machine

from hf_skillset_templates.batch.selection import spread_over_modalities
from hf_skillset_templates.registry.store.model_types import package_name
from hf_skillset_templates.registry.store.platforms import platform_names
from hf_skillset_templates.results.records import STAGES
from hf_skillset_templates.results.run_folder import Run, read_run

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "scripts"
RAN = (0, 1)
"""Exit codes of a batch test, and of pytest, that ran: with failures, its figures count, too."""
OFFLINE = {"HF_HUB_OFFLINE": "1"}


def generate(options: Sequence[str], folder: Path) -> Cost:
    """Render packages."""
    command = [sys.executable, SCRIPTS / "batch_generate.py", *options, "--output-dir", folder]
    return cost([*command, "--json"], ROOT)


def conformance(packages: Path, jobs: int, folder: Path, only: Sequence[str] = ()) -> Cost:
    """Run the CPU cells of packages into a run's folder."""
    command = [sys.executable, SCRIPTS / "batch_test.py", packages, "--run", folder]
    names = ["--only", ",".join(only)] if only else []
    return cost([*command, "--jobs", jobs, "--json", *names], ROOT, RAN, **OFFLINE)


def own_tests(package: Path) -> Cost:
    """A package's own tests, but for those of other platforms."""
    others = " or ".join(name for name in platform_names() if name != "cpu")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    paths = os.pathsep.join(filter(None, ["src", os.environ.get("PYTHONPATH", "")]))
    variables = {**OFFLINE, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    return cost([*command, "-k", f"not ({others})"], package, RAN, **variables)


def shares(run: Run, spent: Cost, jobs: int) -> str:
    """How the workers' time is spread over the stages."""
    stages: dict[str, float] = defaultdict(float)
    for record in run.records:
        for name, spent_s in record.get("stage_seconds", {}).items():
            stages[name] += spent_s
    workers = jobs * spent.wall_s
    stages["rest"] = workers - sum(stages.values())
    return ", ".join(
        f"{name} {stages[name]:.0f} s ({stages[name] / workers:.0%})"
        for name in (*STAGES, "rest")
        if stages[name]
    )


def report_all(packages: Path, jobs: int, folder: Path) -> None:
    """Run every cell and print its cost."""
    spent = conformance(packages, jobs, folder)
    run = read_run(folder)
    counts = Counter(record["status"] for record in run.records)
    expectations = Counter(record.get("expectation", "") for record in run.records)
    print(f"{len(run.records)} cells, {jobs} processes: {spent}")
    print(f"  {dict(counts)}; {dict(expectations)}")
    print(f"  of {jobs} x {spent.wall_s:.0f} s: {shares(run, spent, jobs)}")
    slowest = sorted(run.records, key=lambda record: -record.get("seconds", 0.0))[:5]
    slowest_cells = (
        f"{each['model_type']}/{each['task']} {each['seconds']:.1f} s" for each in slowest
    )
    print(f"  slowest: {', '.join(slowest_cells)}")


def report_sample(packages: Path, names: list[str], jobs: int, folder: Path) -> None:
    """Run the cells of a sample, then each package's own tests, and compare."""
    batch = conformance(packages, jobs, folder, names)
    tests = {name: own_tests(packages / name) for name in names}
    cpu = [each.cpu_s for each in tests.values()]
    wall = [each.wall_s for each in tests.values()]
    print(f"{len(names)} packages: batch {batch} in {jobs} processes")
    print(
        f"  pytest in each: {sum(wall):.1f} s one after another, {sum(cpu):.1f} CPU s; median "
        f"{statistics.median(wall):.1f} s, {statistics.median(cpu):.1f} CPU s; at most "
        f"{max(cpu):.1f} CPU s ({max(tests, key=lambda name: tests[name].cpu_s)})"
    )
    print(f"  pytest costs {sum(cpu) / batch.cpu_s:.1f} times the CPU seconds of the batch")


def main(
    packages: Annotated[Path | None, typer.Option(help="Packages that exist.")] = None,
    sample: Annotated[int, typer.Option(min=0, help="Packages to run pytest in.")] = 30,
    jobs: Annotated[int, typer.Option(min=1)] = os.cpu_count() or 1,
    skip_all: Annotated[bool, typer.Option("--skip-all", help="Only the sample.")] = False,
) -> None:
    """Measure and print."""
    names = sorted({"hf_bert", *map(package_name, spread_over_modalities(sample))})
    print(machine())
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if packages is None:
            packages = folder / "packages"
            chosen = ["--spread", str(sample), "--model", "bert"] if skip_all else ["--all"]
            print(f"rendering: {generate(chosen, packages)}")
        if not skip_all:
            report_all(packages.resolve(), jobs, folder / "all")
        if sample:
            report_sample(packages.resolve(), names, jobs, folder / "sample")


if __name__ == "__main__":
    typer.run(main)
