#!/usr/bin/env python3
"""Check whether any skillset module does what it claims."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.batch import completion
from hf_skillset_templates.batch.selection import check_known
from hf_skillset_templates.command_line import (
    resolved,
    run_folder,
    say,
    seconds,
    shortened,
    split,
    writable_file,
    writable_folder,
)
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.isolation import MEMORY_MB, Limits
from hf_skillset_templates.reference.check import Checker
from hf_skillset_templates.reference.report import check_all, summary, write_page
from hf_skillset_templates.reference.selection import model_type_named, sources_in, wanted_dialect
from hf_skillset_templates.reference.template import as_template
from hf_skillset_templates.registry.store.model_types import pipeline_map

Option = typer.Option
RUN = Path("runs/check")
EXAMPLES = """
python scripts/check_skillset.py worker/skillset/hf_bert.py
python scripts/check_skillset.py worker/skillset --json verdicts.json --report verdicts.html
python scripts/check_skillset.py my_bert.py --model-type bert --platform openvino
python scripts/check_skillset.py worker/skillset/hf_t5.py --as-template packages
"""


def main(
    path: Annotated[Path, typer.Argument(help="Module, package, or folder of hf_* modules.")],
    model_type: Annotated[
        str | None,
        Option(
            help="Replaces the model type in the module's name.",
            autocompletion=completion.model,
        ),
    ] = None,
    platform: Annotated[
        str,
        Option(help="Platform whose initializer is called.", autocompletion=completion.platform),
    ] = "cpu",
    task: Annotated[
        list[str],
        Option(help="Only these; repeatable or comma-separated.", autocompletion=completion.task),
    ] = [],
    dialect: Annotated[str | None, Option(help="Name of a file in registry/dialects/.")] = None,
    json_file: Annotated[
        Path | None, Option("--json", metavar="FILE", help="Write the records to FILE.")
    ] = None,
    report: Annotated[
        Path | None, Option(metavar="HTML", help="Write the report to this file.")
    ] = None,
    run: Annotated[
        Path,
        Option(help="Folder of the run; an earlier run in it is renamed.", parser=run_folder),
    ] = RUN,
    timeout: Annotated[
        float, Option(help="Time limit for each task.", parser=seconds, metavar="SECONDS")
    ] = 120.0,
    memory: Annotated[
        int, Option(min=256, help="Memory limit for each check, in MiB.")
    ] = MEMORY_MB,
    template: Annotated[
        Path | None,
        Option(
            "--as-template",
            metavar="DIR",
            help="Check nothing; generate packages with the same interface in DIR.",
            parser=writable_folder,
        ),
    ] = None,
) -> None:
    """Check modules.

    Exit code 0: all give the same results as transformers; 1: some do not; 2: wrong usage.
    """
    sources = sources_in(path)
    named = model_type_named(model_type)
    for file in filter(None, (json_file, report)):
        writable_file(str(file))
    if not platform.isidentifier():
        raise UsageError(f"{shortened(platform)} is not a platform name: expected one such as cpu")
    known = {name for each in pipeline_map().values() for name in each}
    tasks = tuple(check_known("task", split(task), known))
    chosen, limits = wanted_dialect(dialect), Limits(timeout, memory)
    with tempfile.TemporaryDirectory(prefix="hf-skillset-check-") as folder:
        checker = Checker(Path(folder), limits, platform, named, chosen, tasks)
        if template is not None:
            typer.echo(as_template(checker, sources, template))
            return
        records = check_all(checker, sources, resolved(str(run)), typer.echo)
    say(summary(records))
    if json_file is not None:
        json_file.write_text(json.dumps(records, indent=2) + "\n", "utf-8")
    if report is not None:
        write_page(run, report)
    if any(record["status"] != "REAL" for record in records):
        raise typer.Exit(command_line.FAILED)


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
