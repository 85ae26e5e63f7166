"""Runs the cells on an existing Dask cluster: distributed's own scheduler and workers.

A job is one package on one platform; it carries the package as a zip archive, so that a worker
needs this library and no checkout. A worker announces the platforms that it has as resources
(`CPU`, `OPENVINO`, ...), and a job goes only where its platform is. On the worker each job runs
in a process of its own, as it does on this machine. Where a worker dies, Dask gives its jobs to
another; how often is the scheduler's setting `allowed-failures`. After that the cells are
recorded as failed with the worker's name. Where no worker with their platform is left, or the
scheduler is gone, cells are recorded as failed after `PATIENCE_S`.
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
"""How often a run that waits for jobs looks at who is left."""
PATIENCE_S = 120
"""How long jobs wait for a scheduler or for a worker with their platform to come back."""
DISTRIBUTION = "hf-skillset-templates"
ONCE_MORE = 1
"""How often a job may be given to another worker after the death of its own."""
LEFT_OUT = {"__pycache__", ".git", ".venv", ".pytest_cache", "build", "dist"}


@dataclass(frozen=True)
class Parcel:
    """What travels to a worker.

    It is an argument of the job and no data of the cluster's: those are lost with their worker,
    and with them every job that needs them.
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
        UsageError: nobody answers, no worker offers a platform, or a worker has another version.
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
        UsageError: nobody answers at the address.
    """
    try:
        return Client(scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(f"no Dask scheduler answers at {scheduler}: {error}") from error


def require_workers(client: Any, platforms: tuple[str, ...]) -> None:
    """Refuse at once what would wait for ever.

    Raises:
        UsageError: see `run_on_cluster`.
    """
    workers = client.scheduler_info(n_workers=-1)["workers"]
    if not workers:
        raise UsageError("the cluster has no workers: start them with `dask worker`")
    for platform in platforms:
        if not any(resource_of(platform) in each["resources"] for each in workers.values()):
            raise UsageError(
                f"no worker offers {platform}: start one with "
                f"--resources '{resource_of(platform)}=1'"
            )
    here = version(DISTRIBUTION)
    for address, installed in client.run(library_version, on_error="return").items():
        if installed != here:
            raise UsageError(f"the worker {address} has {DISTRIBUTION} {installed}, not {here}")
    allowed = client.run_on_scheduler(allowed_failures)
    if allowed != ONCE_MORE:
        say(
            f"the scheduler's allowed-failures is {allowed}: a job whose worker dies is tried "
            f"{allowed} times more, not {ONCE_MORE}"
        )


def resource_of(platform: str) -> str:
    """The resource by which a worker offers a platform."""
    return platform.upper()


def library_version() -> str:
    """The version of this library on a worker."""
    return version(DISTRIBUTION)


def allowed_failures(dask_scheduler: Any) -> int:
    """How many deaths of workers a job survives."""
    return int(dask_scheduler.allowed_failures)


def run_parcels(client: Any, jobs: list[Job], limits: Limits) -> Generator[list[Record]]:
    """Send every job; what cannot be sent is recorded here."""
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
    """The records of sent jobs as they end; those that nobody is left to run are failures."""
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
    """The waiting jobs that have ended; where none has, `LOOK_S` are waited for one."""
    deadline = time.monotonic() + LOOK_S
    while not completed.has_ready() and time.monotonic() < deadline:
        time.sleep(0.05)
    return [future for future in completed.next_batch(block=False) if future in waiting]


def offered(client: Any) -> set[str] | None:
    """The resources that workers offer now; None where the scheduler does not answer."""
    try:
        workers = client.scheduler_info(n_workers=-1)["workers"]
    except (OSError, ValueError, TimeoutError):
        return None
    if client.status != "running":
        return None
    return {name for worker in workers.values() for name in worker["resources"]}


@dataclass
class Absences:
    """Since when a platform has had no worker, in seconds of the monotonic clock."""

    since: dict[str, float] = field(default_factory=dict)
    lost: bool = False
    """Whether it is the scheduler that is missing."""

    def look(self, platforms: set[str], offered: set[str] | None) -> None:
        """Note which of the platforms nobody offers."""
        self.lost = offered is None
        now = time.monotonic()
        missing = {name for name in platforms if resource_of(name) not in (offered or ())}
        self.since = {name: self.since.get(name, now) for name in missing}

    def reason(self, platform: str) -> str:
        """Why jobs of a platform are given up; empty where they are not."""
        if time.monotonic() - self.since.get(platform, math.inf) < PATIENCE_S:
            return ""
        who = "the scheduler does not answer" if self.lost else f"no worker offers {platform}"
        return f"{who} any more, for {PATIENCE_S} s"


def by_platform(cells: tuple[Cell, ...]) -> dict[str, tuple[Cell, ...]]:
    """The cells of each platform."""
    names = dict.fromkeys(cell.platform for cell in cells)
    return {name: tuple(cell for cell in cells if cell.platform == name) for name in names}


def records_of(future: Future, cells: tuple[Cell, ...]) -> list[Record]:
    """The records of a job; where its workers died, failures that name the last of them."""
    try:
        records: list[Record] = future.result()
        return records
    except KilledWorker as error:
        name = error.last_worker.address if error.last_worker else "unknown"
        detail = f"the worker died: {name}"
        return [failure(cell, "start", detail) | {"worker": name} for cell in cells]
    except CancelledError as error:
        detail = f"the scheduler is gone or has given up the job: {error}"
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
    """On the worker: unpack, run each cell in a process of its own, say who ran it."""
    allow_children()
    isolation.preload(*imports_for(cell.platform for cell in parcel.cells))
    name = get_worker().address
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder, parcel.name)
        zipfile.ZipFile(io.BytesIO(parcel.archive)).extractall(package)
        records = run_cells(package, parcel.name, list(parcel.cells), parcel.limits)
    return [record | {"worker": name} for record in records]


def allow_children() -> None:
    """Let this process start others also where a nanny started it, as a daemon."""
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
