"""Run every task of generated packages with their tiny models, and say honestly what ran.

python scripts/batch_test.py generated
python scripts/batch_test.py generated --platform cpu --only hf_bert --json
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates.batch.progress import BatchProgress
from hf_skillset_templates.batch.testing import (
    clusters,
    counts,
    read_records,
    test_packages,
)
from hf_skillset_templates.batch.update import find_packages
from hf_skillset_templates.isolation import Limits

Option = typer.Option
FAILED, BAD_USAGE, INTERRUPTED = 1, 2, 130


def main(
    folder: Annotated[Path, typer.Argument(help="A folder of generated packages.")],
    platform: Annotated[list[str], Option(help="Repeatable.")] = ["cpu"],
    task: Annotated[list[str], Option(help="Only packages with it; repeatable.")] = [],
    primary: Annotated[bool, Option("--primary", help="Each package's first task alone.")] = False,
    only: Annotated[list[str], Option(help="Package name; repeatable.")] = [],
    results: Annotated[Path | None, Option(help="Default: FOLDER/.results.jsonl.")] = None,
    jobs: Annotated[int, Option(min=1, help="Processes.")] = os.cpu_count() or 1,
    timeout: Annotated[float, Option(help="Seconds for one package.")] = 300.0,
    resume: Annotated[bool, Option("--resume", help="Leave out what the file holds.")] = False,
    as_json: Annotated[bool, Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Test packages; 0 all good, 1 some cells failed, 2 bad usage."""
    results = results or folder / ".results.jsonl"
    packages = [path for path in find_packages(folder.resolve()) if not only or path.name in only]
    if not packages:
        typer.echo(f"{folder} holds no generated package", err=True)
        raise typer.Exit(BAD_USAGE)
    if resume:
        done = {record["model_type"] for record in read_records(results)}
        packages = [p for p in packages if model_type_of(p) not in done]
    else:
        results.unlink(missing_ok=True)
    try:
        with BatchProgress(len(packages), "testing", quiet=as_json) as progress:
            test_packages(
                packages,
                platform,
                task,
                results,
                jobs=jobs,
                limits=Limits(timeout_s=timeout),
                report=progress.advance,
                primary=primary,
            )
    except KeyboardInterrupt as error:
        typer.echo("interrupted; the same command with --resume goes on", err=True)
        raise typer.Exit(INTERRUPTED) from error
    summarise(results, as_json)


def model_type_of(package: Path) -> str:
    """The model type that a package's registry entry names."""
    entry = json.loads((package / "src" / package.name / "registry.json").read_text("utf-8"))
    return str(entry["model_type"])


def summarise(results: Path, as_json: bool) -> None:
    """Print the counts and the clusters of errors; leave with the exit code."""
    records = read_records(results)
    found = clusters(records)
    if as_json:
        failures = [dict(zip(("cells", "stage", "error", "where"), cluster)) for cluster in found]
        typer.echo(json.dumps({"counts": counts(records), "failures": failures}, indent=2))
    else:
        for number, stage, error, where in found:
            typer.echo(f"{number} at {stage}: {error} ({', '.join(where[:3])} ...)")
        typer.echo(", ".join(f"{number} {status}" for status, number in counts(records).items()))
    if found:
        raise typer.Exit(FAILED)


if __name__ == "__main__":
    typer.run(main)
