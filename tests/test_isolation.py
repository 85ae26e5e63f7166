"""A job in a process of its own hurts nobody, and ends with whoever asked for it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hf_skillset_templates import isolation

CALLER = """
from hf_skillset_templates import isolation
if __name__ == "__main__":
    isolation.run_isolated("jobs:sleep_long", {path!r}, 60, 512)
"""


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with jobs that child processes can import."""
    (tmp_path / "jobs.py").write_text(
        "import os, pathlib, time\n"
        "def double(number): return 2 * number\n"
        "def die(_): os.abort()\n"
        "def sleep_long(path):\n"
        "    pathlib.Path(path).write_text(str(os.getpid()))\n"
        "    time.sleep(60)\n"
        "def allocate(mib): return len(bytearray(mib * 2**20)) >> 20\n"
        "def reserve(mib):\n"
        "    import ctypes\n"
        "    mmap = ctypes.CDLL(None, use_errno=True).mmap\n"
        "    mmap.restype = ctypes.c_void_p\n"
        "    mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3\n"
        "    mmap.argtypes += [ctypes.c_long]\n"
        "    private, anonymous, no_reserve = 0x2, 0x20, 0x4000\n"
        "    found = mmap(None, mib * 2**20, 0, private | anonymous | no_reserve, -1, 0)\n"
        "    return found not in (None, ctypes.c_void_p(-1).value)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    return tmp_path


def test_a_result_comes_back(jobs: Path) -> None:
    assert isolation.run_isolated("jobs:double", 21, 60, 512) == 42


def test_a_crash_and_a_hang_are_records(jobs: Path) -> None:
    died = isolation.run_isolated("jobs:die", None, 60, 512)
    assert died["error"].startswith(f"process ended with -{int(signal.SIGABRT)}")
    late = isolation.run_isolated("jobs:sleep_long", str(jobs / "pid"), 2, 512)
    assert late["error"] == "no result after 2 s"


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux alone")
def test_memory_is_limited_and_reserved_addresses_are_not(jobs: Path) -> None:
    """A CUDA context reserves addresses for all memory of the GPU and of the machine."""
    assert isolation.run_isolated("jobs:allocate", 256, 60, 512) == 256
    assert isolation.run_isolated("jobs:allocate", 1024, 60, 512)["error"] == "MemoryError: "
    assert isolation.run_isolated("jobs:reserve", 2**20, 60, 512) is True


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_job_ends_with_its_killed_caller(jobs: Path) -> None:
    noted, script = jobs / "pid", jobs / "caller.py"
    script.write_text(CALLER.format(path=str(noted)))
    with subprocess.Popen([sys.executable, script]) as caller:
        wait_until(lambda: noted.is_file() and noted.read_text() != "")
        caller.kill()
    job = int(noted.read_text())
    wait_until(lambda: not runs(job))


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait at most 30 s."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def runs(process: int) -> bool:
    """Whether a process is there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False
