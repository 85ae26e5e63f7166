"""Reports the results of checks: as lines, a run's folder and an HTML page."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.results.machine import machine, versions
from hf_skillset_templates.results.records import Record
from hf_skillset_templates.results.run_folder import RunWriter

from .check import Checker
from .modules import Source

MEASURED_WITH = ("torch", "transformers", "tokenizers", "numpy")


def check_all(
    checker: Checker, sources: list[Source], folder: Path, tell: Callable[[str], object]
) -> list[Record]:
    """Check modules into the folder of a run; `tell` is called with a line for each record."""
    writer, records = begin_run(folder, checker.platform, len(sources)), []
    for record in (record for source in sources for record in checker.check(source)):
        writer.append(record)
        records.append(record)
        tell(line(record))
    writer.finish()
    return records


def begin_run(folder: Path, platform: str, planned: int) -> RunWriter:
    """The folder of a run of checks."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    return RunWriter.start(
        folder,
        {
            "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
            "versions": versions(MEASURED_WITH, version("hf-skillset-templates")),
            "machine": machine({}),
            "platforms": [platform],
            "planned": planned,
        },
    )


def line(record: Record) -> str:
    """A record as text: the module, its claim, the verdict and the reason."""
    claims = f"claims {record['claims']}" if record["claims"] else "claims nothing"
    task = f" {record['task']}" if record["task"] else ""
    return f"{record['module']}{task} on {record['platform']}: {record['detail']} ({claims})"


def summary(records: list[Record]) -> str:
    """The number of records by verdict, and of those whose claim is wrong."""
    counts = Counter(record["verdict"] for record in records)
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in counts.most_common())
    wrong = sum(not is_honest(record) for record in records)
    return f"{verdicts}; {wrong} of {len(records)} make a wrong claim"


def is_honest(record: Record) -> bool:
    """Whether the module claims nothing, or its claim was confirmed."""
    return record["claims"] in ("", record["found"])


def write_page(run: Path, page: Path) -> None:
    """Write the report of a run.

    Raises:
        UsageError: requirements of the report are not installed.
    """
    try:
        from hf_skillset_templates.reports.html.build import build_report
    except ModuleNotFoundError as error:
        need = "pip install 'hf-skillset-templates[report]'"
        raise UsageError(f"the report needs {error.name}: {need}") from error
    page.write_text(build_report(str(run), None)[0], encoding="utf-8")
