"""Runs the CPU cells of model types in a worktree, and reads their records."""

from __future__ import annotations

from pathlib import Path

from hf_skillset_templates.registry.store.errors import as_recorded
from hf_skillset_templates.results.records import VERIFIED, Record

from .worktree import Tree

FAILED_CELLS, NO_CELLS = 1, 5
"""Exit codes of batch_test.py for failed cells, and for none that ran."""


def run_cells(
    tree: Tree,
    model_types: list[str],
    run: Path,
    jobs: int,
    *,
    packages: Path | None = None,
    primary: bool = False,
    timeout_s: float | None = None,
) -> None:
    """Run every CPU cell of these model types that is not yet in the run's folder."""
    command = ["scripts/batch_test.py", str(packages) if packages else "--generate"]
    command += ["--only", ",".join(model_types), "--platform", "cpu"]
    command += ["--run", str(run), "--resume", "--jobs", str(jobs)]
    command += ["--primary"] if primary else []
    command += ["--timeout", str(timeout_s)] if timeout_s else []
    tree.run(*command, codes=(0, FAILED_CELLS, NO_CELLS))


def ran(record: Record) -> bool:
    """Whether a cell ran: neither failed nor skipped (for lack of a tiny model)."""
    return record["status"] in VERIFIED


def error_text(record: Record) -> str:
    """The stage and the error of a failed cell."""
    return f"{record['stage']}: {as_recorded(record['detail']) or record['status'].lower()}"
