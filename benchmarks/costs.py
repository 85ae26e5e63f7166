"""Wall and CPU seconds of a command and of all its child processes."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PR_SET_CHILD_SUBREAPER = 36


class Cost(NamedTuple):
    """The cost of a command."""

    wall_s: float
    cpu_s: float
    """Of the command and of all that it started."""

    def __str__(self) -> str:
        return f"{self.wall_s:.1f} s, {self.cpu_s:.1f} CPU s"


def cost(
    command: Sequence[object], folder: Path, accepted: Sequence[int] = (0,), **variables: str
) -> Cost:
    """Run a command to its end; one that ends with another exit code ends this process, too."""
    adopt_orphans()
    wall, cpu = time.perf_counter(), children_cpu()
    finished = subprocess.run(
        list(map(str, command)), cwd=folder, env={**os.environ, **variables},
        capture_output=True, text=True,
    )  # fmt: skip
    if finished.returncode not in accepted:
        sys.exit(f"{command} ended with {finished.returncode}: {finished.stderr[-2000:]}")
    spent = time.perf_counter() - wall
    wait_for_orphans()
    return Cost(spent, children_cpu() - cpu)


def adopt_orphans() -> None:
    """Make orphans of a command children of this process, such as a fork server."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wait_for_orphans() -> None:
    """Wait for every child, so that its seconds count."""
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        return


def children_cpu() -> float:
    """CPU seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each part."""
    return Cost(*(statistics.median(part) for part in zip(*costs, strict=True)))


def machine() -> str:
    """What the figures were measured on."""
    python = platform.python_version()
    return f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {python}"
