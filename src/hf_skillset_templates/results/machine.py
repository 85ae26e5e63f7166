"""The versions and the machine of a run, for `run.json`."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


def versions(distributions: Iterable[str], template: str) -> dict[str, str]:
    """The installed versions of `distributions`, of Python and of the template."""
    return {"template": template, "python": platform.python_version(), **installed(distributions)}


def installed(distributions: Iterable[str]) -> dict[str, str]:
    """The versions of those distributions that are installed."""
    releases = {}
    for name in sorted(set(distributions)):
        try:
            releases[name] = version(name)
        except PackageNotFoundError:
            continue
    return releases


def machine(devices: dict[str, list[str]]) -> dict[str, Any]:
    """The machine that this process runs on; `devices` are those that each platform detected."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpu": cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores(),
        "memory_mb": memory_mb(),
        "devices": devices,
    }


def cores() -> int:
    """The number of logical processors."""
    return os.cpu_count() or 1


def cpu_name() -> str:
    """The name of the processor."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "unknown"


def memory_mb() -> int | None:
    """Physical memory in MiB; None if the system does not report it."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (AttributeError, OSError, ValueError):
        return None
