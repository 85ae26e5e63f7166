"""Counts the Python lines of generated packages, with the runtime in them and without it.

    python benchmarks/package_lines.py                  # all model types
    python benchmarks/package_lines.py --model sam --model bert --files

`own` are the lines outside of `_runtime/` and `platforms/`. `common` are those of files that more
than one package has, the names of the package and of the model type aside; `shared by all` those
that every package has. Ends with 1 where a limit is broken.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates.batch.package import PackageJob, PackageOutcome
from hf_skillset_templates.batch.run import run_jobs
from hf_skillset_templates.registry.store.model_types import model_types, package_name

RUNTIMES = ("vendored", "dependency")
ORIGIN = {"_commit": "lines", "_src_path": "lines"}
ROOMS = ("_runtime", "platforms")
OWN_LIMIT = {"hf_sam": 700}
COMMON_LIMIT = 500_000
"""Of all packages together, with `runtime: dependency`."""


@dataclass(frozen=True)
class Source:
    """One Python file of a package."""

    package: str
    path: str
    """Below the package's folder, with `PACKAGE` for its name."""
    text: str
    """With `PACKAGE` and `MODEL_TYPE` for the package's names."""

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.text.count("\n")

    @property
    def is_own(self) -> bool:
        """Whether it lies outside of `ROOMS`."""
        return not set(Path(self.path).parts) & set(ROOMS)


def main(
    model: Annotated[list[str], typer.Option(help="Model type; repeatable; default: all.")] = [],
    files: Annotated[bool, typer.Option("--files", help="Also count each file.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
) -> None:
    """Generate the packages twice and count."""
    chosen = model or list(model_types())
    broken = [
        problem
        for runtime in RUNTIMES
        for problem in count(rendered(chosen, runtime, jobs), runtime, files)
    ]
    for problem in broken:
        typer.echo(problem, err=True)
    raise typer.Exit(int(bool(broken)))


def rendered(names: list[str], runtime: str, jobs: int) -> list[Source]:
    """The Python files of the packages of these model types."""
    answers = {"runtime": runtime}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        wanted = [
            PackageJob(name, package_name(name), temporary, answers, ORIGIN) for name in names
        ]
        run_jobs(wanted, folder, force=True, resume=False, workers=jobs, report=check)
        return [
            source_of(path, folder / job.package, job.model_type)
            for job in wanted
            for path in sorted((folder / job.package).rglob("*.py"))
        ]


def check(outcome: PackageOutcome) -> None:
    """Stop where a package cannot be generated."""
    if outcome.error:
        raise typer.BadParameter(f"{outcome.model_type}: {outcome.error}")


def source_of(path: Path, package: Path, model_type: str) -> Source:
    """A file with the names of its package taken out."""
    name = package.name
    text = path.read_text("utf-8").replace(name, "PACKAGE").replace(f"`{model_type}`", "MODEL_TYPE")
    text = text.replace(f'"{model_type}"', '"MODEL_TYPE"')
    text = text.replace(f'"""{model_type} ', '"""MODEL_TYPE ')
    return Source(name, str(path.relative_to(package)).replace(name, "PACKAGE"), text)


def count(sources: list[Source], runtime: str, files: bool) -> list[str]:
    """Print the counts of one variant; the limits that it breaks."""
    names = sorted({source.package for source in sources})
    copies = Counter((source.path, source.text) for source in sources)
    own = dict.fromkeys(names, 0)
    common, everywhere, by_file = 0, 0, Counter[str]()
    for source in sources:
        in_packages = copies[source.path, source.text]
        own[source.package] += source.lines * source.is_own
        if in_packages > 1:
            common += source.lines
            by_file[source.path] += source.lines
        everywhere += source.lines * (in_packages == len(names) > 1)
    lines = [line for source in sources for line in source.text.splitlines()]
    own_sizes = sorted(own.values())
    typer.echo(
        f"{runtime}: {len(names)} packages, {len(lines):,} lines ({len(set(lines)):,} distinct);"
        f" common {common:,}, shared by all {everywhere:,};"
        f" own {own_sizes[0]} to {own_sizes[-1]}, median {own_sizes[len(own_sizes) // 2]}"
    )
    for name in names if files else ():
        for source in sources:
            if source.package == name:
                typer.echo(f"  {source.lines:6} {source.package} {source.path}")
    for path, number in by_file.most_common(15):
        typer.echo(f"  {number:9,} common lines in {path}")
    problems = [
        f"{runtime}: {name} has {own[name]} lines of its own, more than {limit}"
        for name, limit in OWN_LIMIT.items()
        if own.get(name, 0) > limit
    ]
    if runtime == "dependency" and common > COMMON_LIMIT:
        problems.append(f"{runtime}: {common:,} common lines, more than {COMMON_LIMIT:,}")
    return problems


if __name__ == "__main__":
    typer.run(main)
