"""Runs the cells on an existing Dask cluster, with the scheduler and workers of `distributed`.

A job is one package on one platform; it contains the package as a zip archive, so that workers
need this library but no checkout. A worker declares its platforms as resources (`CPU`,
`OPENVINO`, ...), and Dask sends a job only to workers with its platform. On the worker each job
runs in a separate process, as it does on this machine. If a worker dies, Dask gives its jobs to
another one, as often as the scheduler's setting `allowed-failures` permits; then the cells are
recorded as failed, with the worker's name. If no worker has their platform, or the scheduler is
unreachable, for `PATIENCE_S`, cells are recorded as failed.
"""

from __future__ import annotations

import io
import math
import multiprocessing
import tempfile
import time
import zipfile
from collections.abc import Generator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from distributed import Client, Future, KilledWorker, as_completed, get_worker

from hf_skillset_templates import isolation
from hf_skillset_templates.command_line import say
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.isolation import Limits
from hf_skillset_templates.results.records import Cell, Record

from .cells import imports_for
from .testing import Job, failure, run_cells, run_job

CONNECT_S = 20
LOOK_S = 10
"""Seconds between two checks of the scheduler and its workers while jobs are awaited."""
PATIENCE_S = 120
"""Seconds that jobs wait for an unreachable scheduler or a missing platform."""
DISTRIBUTION = "hf-skillset-templates"
ONCE_MORE = 1
"""Number of times that a job whose worker died is retried."""
LEFT_OUT = {"__pycache__", ".git", ".venv", ".pytest_cache", "build", "dist"}


@dataclass(frozen=True)
class Parcel:
    """The argument of a job.

    It is not scattered to the workers: data of a worker that dies is lost, with every job that
    needs it.
    """

    name: str
    archive: bytes
    cells: tuple[Cell, ...]
    limits: Limits


def run_on_cluster(
    jobs: list[Job], scheduler: str, platforms: tuple[str, ...], limits: Limits
) -> Generator[list[Record]]:
    """The records of each job as it ends; closing the iterator cancels the rest.

    Raises:
        UsageError: the scheduler does not respond, there are no workers, no worker has one of the
            platforms, or a worker has another version of this library.
    """
    client = connect(scheduler)
    try:
        require_workers(client, platforms)
        yield from run_parcels(client, jobs, limits)
    finally:
        client.close()


def connect(scheduler: str) -> Any:
    """A client of the cluster.

    Raises:
        UsageError: no scheduler responds at the address.
    """
    try:
        return Client(scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(f"no Dask scheduler responds at {scheduler}: {error}") from error


def require_workers(client: Any, platforms: tuple[str, ...]) -> None:
    """Check that the cluster's workers can run the jobs.

    Raises:
        UsageError: see `run_on_cluster`.
    """
    workers = client.scheduler_info(n_workers=-1)["workers"]
    if not workers:
        raise UsageError("the cluster has no workers: start them with `dask worker`")
    for platform in platforms:
        if not any(resource_of(platform) in each["resources"] for each in workers.values()):
            raise UsageError(
                f"no worker has the platform {platform}: start one with "
                f"--resources '{resource_of(platform)}=1'"
            )
    here = version(DISTRIBUTION)
    for address, installed in client.run(library_version, on_error="return").items():
        if installed != here:
            raise UsageError(
                f"the worker {address} has {DISTRIBUTION} {installed}; expected {here}"
            )
    allowed = client.run_on_scheduler(allowed_failures)
    if allowed != ONCE_MORE:
        say(
            f"the scheduler's allowed-failures is {allowed}: a job whose worker dies is retried "
            f"{allowed} times instead of {ONCE_MORE}"
        )


def resource_of(platform: str) -> str:
    """The name of the worker resource for a platform."""
    return platform.upper()


def library_version() -> str:
    """The version of this library on a worker."""
    return version(DISTRIBUTION)


def allowed_failures(dask_scheduler: Any) -> int:
    """The number of times that the scheduler retries a job whose worker died."""
    return int(dask_scheduler.allowed_failures)


def run_parcels(client: Any, jobs: list[Job], limits: Limits) -> Generator[list[Record]]:
    """Submit every job; packages that cannot be read are recorded as failed without a job."""
    futures: dict[Any, tuple[Cell, ...]] = {}
    for job in jobs:
        if job.package is None:
            yield run_job(job, limits)
            continue
        archive = packed(job.folder)
        for platform, cells in by_platform(job.cells).items():
            resources = {resource_of(platform): 1}
            parcel = Parcel(job.package.name, archive, cells, limits)
            future = client.submit(run_parcel, parcel, pure=False, resources=resources)
            futures[future] = cells
    try:
        yield from collected(client, futures)
    finally:
        client.cancel(list(futures))


def collected(client: Any, futures: dict[Any, tuple[Cell, ...]]) -> Generator[list[Record]]:
    """The records of submitted jobs as they end, or failures if no worker can run them."""
    waiting, absences = dict(futures), Absences()
    completed = as_completed(list(futures), loop=client.loop)
    while waiting:
        if batch := ended(completed, waiting):
            for future in batch:
                yield records_of(future, waiting.pop(future))
                future.release()
            continue
        absences.look({cells[0].platform for cells in waiting.values()}, offered(client))
        for future, cells in list(waiting.items()):
            if reason := absences.reason(cells[0].platform):
                del waiting[future]
                yield [failure(cell, "start", reason) for cell in cells]


def ended(completed: Any, waiting: dict[Any, Any]) -> list[Any]:
    """The jobs that have ended; waits up to `LOOK_S` for one."""
    deadline = time.monotonic() + LOOK_S
    while not completed.has_ready() and time.monotonic() < deadline:
        time.sleep(0.05)
    return [future for future in completed.next_batch(block=False) if future in waiting]


def offered(client: Any) -> set[str] | None:
    """The resources of the current workers; None if the scheduler does not respond."""
    try:
        workers = client.scheduler_info(n_workers=-1)["workers"]
    except (OSError, ValueError, TimeoutError):
        return None
    if client.status != "running":
        return None
    return {name for worker in workers.values() for name in worker["resources"]}


@dataclass
class Absences:
    """When each platform lost its last worker, in seconds of the monotonic clock."""

    since: dict[str, float] = field(default_factory=dict)
    lost: bool = False
    """Whether the scheduler does not respond."""

    def look(self, platforms: set[str], offered: set[str] | None) -> None:
        """Update the platforms that no worker has."""
        self.lost = offered is None
        now = time.monotonic()
        missing = {name for name in platforms if resource_of(name) not in (offered or ())}
        self.since = {name: self.since.get(name, now) for name in missing}

    def reason(self, platform: str) -> str:
        """Why the jobs of a platform are cancelled; empty if they are not."""
        if time.monotonic() - self.since.get(platform, math.inf) < PATIENCE_S:
            return ""
        if self.lost:
            return f"the scheduler has not responded for {PATIENCE_S} s"
        return f"no worker has had the platform {platform} for {PATIENCE_S} s"


def by_platform(cells: tuple[Cell, ...]) -> dict[str, tuple[Cell, ...]]:
    """The cells of each platform."""
    names = dict.fromkeys(cell.platform for cell in cells)
    return {name: tuple(cell for cell in cells if cell.platform == name) for name in names}


def records_of(future: Future, cells: tuple[Cell, ...]) -> list[Record]:
    """The records of a job; if its workers died, failures with the name of the last one."""
    try:
        records: list[Record] = future.result()
        return records
    except KilledWorker as error:
        name = error.last_worker.address if error.last_worker else "unknown"
        detail = f"the worker died: {name}"
        return [failure(cell, "start", detail) | {"worker": name} for cell in cells]
    except CancelledError as error:
        detail = f"the scheduler is unreachable or cancelled the job: {error}"
        return [failure(cell, "start", detail) for cell in cells]
    except Exception as error:
        detail = f"the job could not be run: {type(error).__name__}: {error}"
        return [failure(cell, "start", detail) for cell in cells]


def packed(folder: Path) -> bytes:
    """A package as a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not LEFT_OUT & set(path.relative_to(folder).parts):
                archive.write(path, path.relative_to(folder))
    return buffer.getvalue()


def run_parcel(parcel: Parcel) -> list[Record]:
    """On the worker: unpack the package and run its cells in a separate process."""
    allow_children()
    isolation.preload(*imports_for(cell.platform for cell in parcel.cells))
    name = get_worker().address
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder, parcel.name)
        zipfile.ZipFile(io.BytesIO(parcel.archive)).extractall(package)
        records = run_cells(package, parcel.name, list(parcel.cells), parcel.limits)
    return [record | {"worker": name} for record in records]


def allow_children() -> None:
    """Allow a daemonic process, such as a worker with a nanny, to start child processes."""
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
