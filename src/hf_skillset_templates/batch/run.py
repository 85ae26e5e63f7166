"""Runs many package jobs in processes, with a journal for resuming."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from hf_skillset_templates.command_line import say
from hf_skillset_templates.results.lines import append, read_lines, require_records
from hf_skillset_templates.results.records import NAME

from .package import PackageJob, PackageOutcome, generate_package
from .reuse import prepare_worker
from .staging import require_ours, staging_of

JOURNAL = ".batch.jsonl"
OUTCOME: dict[str, Any] = {
    "type": "object",
    "required": ["model_type", "status"],
    "properties": {
        "model_type": NAME,
        "status": {"enum": ["generated", "skipped", "failed"]},
    },
}
"""A line of a batch's journal."""


def run_jobs(
    jobs: list[PackageJob],
    output_dir: Path,
    *,
    force: bool,
    resume: bool,
    workers: int,
    report: Callable[[PackageOutcome], None],
) -> list[PackageOutcome]:
    """Generate every package; `report` is called with each outcome.

    Existing packages are skipped unless `force`. With `resume`, packages that the interrupted
    run finished are skipped even with `force`.

    Raises:
        UsageError: see `require_free`; or another batch is using the folder.
    """
    output_dir.mkdir(parents=True, exist_ok=True)
    require_free(output_dir)
    journal = output_dir / JOURNAL
    keys = {job.model_type: job.key for job in jobs}
    outcomes = []
    with staging_of(output_dir):
        finished = read_journal(journal, keys) if resume else set()
        if not resume:
            journal.unlink(missing_ok=True)
        for outcome in outcomes_of(jobs, output_dir, force, finished, workers):
            outcomes.append(outcome)
            append(journal, [{**outcome.to_dict(), "key": keys[outcome.model_type]}])
            report(outcome)
        journal.unlink(missing_ok=True)
    return outcomes


def require_free(output_dir: Path) -> None:
    """Check that a batch would not overwrite files of others.

    Raises:
        UsageError: the staging folder or the journal was not created by a batch.
    """
    require_ours(output_dir)
    require_records(output_dir / JOURNAL, OUTCOME, "the journal of a batch")


def outcomes_of(
    jobs: list[PackageJob], output_dir: Path, force: bool, finished: set[str], workers: int
) -> Iterator[PackageOutcome]:
    """Skip existing packages and generate the others."""
    due = []
    for job in jobs:
        exists = os.path.lexists(output_dir / job.package)
        if exists and (not force or job.model_type in finished):
            yield PackageOutcome(job.model_type, "skipped")
        else:
            due.append(job)
    yield from in_processes(due, workers)


def in_processes(jobs: list[PackageJob], workers: int) -> Iterator[PackageOutcome]:
    """Generate in a process pool; if a process dies, retry the unfinished jobs one by one."""
    broken: list[PackageJob] = []
    for job, future in pooled(jobs, workers):
        try:
            yield future.result()
        except BrokenProcessPool:
            broken.append(job)
    for job in broken:
        for _, future in pooled([job], 1):
            try:
                yield future.result()
            except BrokenProcessPool as error:
                yield PackageOutcome(job.model_type, "failed", "process", str(error))


def pooled(
    jobs: Iterable[PackageJob], workers: int
) -> Iterator[tuple[PackageJob, Future[PackageOutcome]]]:
    """Each job with its finished future, in the order in which they finish."""
    with ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=prepare_worker
    ) as pool:
        futures = {pool.submit(generate_package, job): job for job in jobs}
        try:
            for future in as_completed(futures):
                yield futures[future], future
        except KeyboardInterrupt:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def read_journal(path: Path, keys: dict[str, str]) -> set[str]:
    """The model types that an interrupted run generated with the same answers (`keys`)."""
    lines = read_lines(path, OUTCOME)
    if lines.skipped:
        say(f"{path}: ignored {lines.skipped} lines that are not outcomes of a batch")
    return {
        line["model_type"]
        for line in lines.records
        if line["status"] == "generated"
        and line.get("key", keys.get(line["model_type"])) == keys.get(line["model_type"])
    }
