"""Runs many package jobs in processes: nothing stops a batch, and nothing is lost."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TextIO

from .package import PackageJob, PackageOutcome, generate_package, recover, staging_folder
from .reuse import prepare_worker

JOURNAL = ".batch.jsonl"


def run_jobs(
    jobs: list[PackageJob],
    output_dir: Path,
    *,
    force: bool,
    resume: bool,
    workers: int,
    report: Callable[[PackageOutcome], None],
) -> list[PackageOutcome]:
    """Generate every package; `report` is told of each as it ends.

    An existing package is skipped unless `force`. With `resume`, packages that the
    interrupted run finished are skipped also with `force`.
    """
    output_dir.mkdir(parents=True, exist_ok=True)
    recover(output_dir)
    journal_file = output_dir / JOURNAL
    finished = read_journal(journal_file) if resume else set()
    outcomes = []
    with journal_file.open("a" if resume else "w", encoding="utf-8") as journal:
        for outcome in outcomes_of(jobs, output_dir, force, finished, workers):
            outcomes.append(outcome)
            write_journal(journal, outcome)
            report(outcome)
    shutil.rmtree(staging_folder(output_dir), ignore_errors=True)
    journal_file.unlink()
    return outcomes


def outcomes_of(
    jobs: list[PackageJob], output_dir: Path, force: bool, finished: set[str], workers: int
) -> Iterator[PackageOutcome]:
    """Skip what is there, generate the rest."""
    due = []
    for job in jobs:
        exists = (output_dir / job.package).exists()
        if exists and (not force or job.model_type in finished):
            yield PackageOutcome(job.model_type, "skipped")
        else:
            due.append(job)
    yield from in_processes(due, workers)


def in_processes(jobs: list[PackageJob], workers: int) -> Iterator[PackageOutcome]:
    """Generate in a pool; when a process dies, what it left undone is done one by one."""
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


def read_journal(path: Path) -> set[str]:
    """The model types that an interrupted run generated; a torn last line is left aside."""
    finished = set()
    for line in path.read_text("utf-8").splitlines() if path.is_file() else []:
        try:
            outcome = json.loads(line)
        except json.JSONDecodeError:
            continue
        if outcome["status"] == "generated":
            finished.add(outcome["model_type"])
    return finished


def write_journal(journal: TextIO, outcome: PackageOutcome) -> None:
    """Note one outcome at once, so that a killed run can be resumed."""
    journal.write(json.dumps(outcome.to_dict()) + "\n")
    journal.flush()
