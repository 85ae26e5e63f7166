"""Packages that a batch test renders into the folder of its run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hf_skillset_templates.registry.store.model_types import package_name, pipeline_map
from hf_skillset_templates.registry.store.paths import ROOT

from .choice import Choice
from .origin import find_origin
from .package import PackageOutcome
from .packages import Package
from .run import run_jobs
from .selection import plan_jobs
from .testing import Job, broken_job, job_of

FOLDER = "packages"


def planned_jobs(choice: Choice, folder: Path) -> list[Job]:
    """The jobs of the selected model types, with the tasks of the registry."""
    jobs = []
    for model_type, tasks in pipeline_map().items():
        package = Package(package_name(model_type), model_type, tuple(tasks))
        if cells := choice.cells(package):
            jobs.append(Job(folder / package.name, package, tuple(cells)))
    return jobs


def render(
    jobs: list[Job],
    choice: Choice,
    folder: Path,
    workers: int,
    report: Callable[[PackageOutcome], None],
) -> list[Job]:
    """Render the packages of `jobs` into `folder`; existing ones are kept.

    Returns the jobs with the metadata of the packages; `problem` is set if rendering failed.
    """
    names = {job.package.model_type: job.folder for job in jobs if job.package}
    platforms = dict.fromkeys(("cpu", *choice.platforms))
    origin = find_origin(ROOT).answers
    planned = plan_jobs(names, folder, platforms=platforms, origin=origin)
    outcomes = run_jobs(
        planned, folder, force=False, resume=True, workers=min(workers, len(jobs)), report=report
    )
    problems = {o.model_type: o.error for o in outcomes if o.status == "failed"}
    return [
        broken_job(path, choice, f"rendering the package failed: {problems[name]}")
        if name in problems
        else job_of(path, choice)
        for name, path in names.items()
    ]
