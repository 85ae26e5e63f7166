"""Batch tests on a Dask cluster: a real scheduler, three workers, one of which is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from test_batch_test import dying_package

pytest.importorskip("distributed", reason="needs the extra `dask`")

from hf_skillset_templates.batch import cluster
from hf_skillset_templates.batch.cluster import run_on_cluster
from hf_skillset_templates.batch.packages import read_package
from hf_skillset_templates.batch.testing import Job
from hf_skillset_templates.isolation import Limits
from hf_skillset_templates.results.records import Cell, latest
from hf_skillset_templates.results.run_folder import read_run

SKILLSET = """
import os, time
from pathlib import Path
from types import SimpleNamespace

class Record:
    def __init__(self, task, platform): self.task, self.platform = task, platform
    def to_dict(self):
        return {"model_type": "dying", "task": self.task, "platform": self.platform,
                "status": "REAL", "detail": ""}

class Skillset:
    pass

class hf_dying(Skillset):
    model_type = "dying"
    def __init__(self, metadata): pass
    def task(self, name): return SimpleNamespace(auto_class=name)
    def init(self, task, platform):
        Path(os.environ["MARKS"], f"{NAME}-{task}-{platform}-{os.getpid()}").touch()
        if task == "second": os._exit(7)
        time.sleep(float(os.environ.get("SLOWLY", "0")))
        here = SimpleNamespace(platform=SimpleNamespace(name=platform, evidence=lambda e: {}))
        return SimpleNamespace(handler=SimpleNamespace(task=task, endpoint=None, **vars(here)))
    def init_cpu(self, checkpoint, task): return self.init(task, "cpu")
    def init_cuda(self, checkpoint, task): return self.init(task, "cuda")
    def __test__(self, checkpoint, handler, platform): return Record(handler.task, platform)
"""

WORKER = ("-m", "distributed.cli.dask_worker", "--nthreads", 1, "--no-dashboard", "--no-nanny")


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts processes that end with the test, each the leader of a group of its own."""
    with ExitStack() as stack:

        def run(*command: object, **more: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, *map(str, command)],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **more},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
            stack.callback(process.wait)
            stack.callback(kill, process)
            return process

        yield run


def kill(process: subprocess.Popen[str]) -> None:
    """End a process and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def wait_for(holds: Callable[[], Any], seconds: float = 400) -> Any:
    """What `holds` returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (result := holds()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return result


@pytest.fixture
def scheduler_process(tmp_path: Path, start: Callable[..., Any]) -> subprocess.Popen[str]:
    """A scheduler that allows one more try; its address is in scheduler.json."""
    setting = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    note = tmp_path / "scheduler.json"
    command = ("--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", note)
    return start("-m", "distributed.cli.dask_scheduler", *command, **setting)


@pytest.fixture
def scheduler(tmp_path: Path, scheduler_process: subprocess.Popen[str]) -> str:
    """The scheduler's address."""
    note = tmp_path / "scheduler.json"
    wait_for(lambda: note.is_file() and note.read_text().endswith("}"))
    return str(json.loads(note.read_text())["address"])


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four packages whose second task ends its process."""
    for name in "abcd":
        package = dying_package(tmp_path / "generated", f"hf_{name}")
        (package / "src" / "hf_dying").rename(package / "src" / f"hf_{name}")
        source = package / "src" / f"hf_{name}"
        code = SKILLSET.replace("NAME", repr(name)).replace('"dying"', f'"{name}"')
        (source / "skillset.py").write_text(code)
        (source / "__init__.py").write_text(f"from .skillset import hf_dying as hf_{name}\n")
        entry = json.loads((source / "registry.json").read_text())
        (source / "registry.json").write_text(json.dumps(entry | {"model_type": name}))
        answers = f"package_name: hf_{name}\nprofile: improved\n"
        (package / ".copier-answers.yml").write_text(answers)
        (package / "src" / f"hf_{name}" / "compare").mkdir()
        (package / "src" / f"hf_{name}" / "compare" / "parity.py").write_text("")
    (tmp_path / "marks").mkdir()
    monkeypatch.setenv("MARKS", str(tmp_path / "marks"))
    return tmp_path / "generated"


def batch_test(folder: Path, run: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run scripts/batch_test.py."""
    command = [sys.executable, str(ROOT / "scripts" / "batch_test.py"), str(folder)]
    command += ["--run", str(run), "--json", *more]
    return subprocess.run(command, capture_output=True, text=True)


def facts(run: Path) -> dict[str, tuple[str, ...]]:
    """What a run found, without what differs from time to time; every cell is there once."""
    records = read_run(run).records
    assert len(latest(records)) == len(records)
    names = ("status", "stage", "detail", "expectation")
    return {
        "/".join((r["model_type"], r["task"], r["platform"])): tuple(r[name] for name in names)
        for r in records
    }


def test_a_killed_worker_loses_nothing(
    packages: Path, tmp_path: Path, scheduler: str, start: Callable[..., Any]
) -> None:
    workers = [
        start(*WORKER, scheduler, "--name", name, "--resources", resources,
              "--local-directory", tmp_path / name, SLOWLY="4")
        for name, resources in [("one", "CPU=1"), ("two", "CPU=1"), ("three", "CPU=1 CUDA=1")]
    ]  # fmt: skip
    script = ROOT / "scripts" / "batch_test.py"
    command = [script, packages, "--run", tmp_path / "there", "--json"]
    command += ["--platform", "cpu", "--scheduler", scheduler]
    wait_for(lambda: offers(scheduler, 3))
    batch = start(*command)
    wait_for(lambda: batch.poll() is not None or list((tmp_path / "marks").iterdir()))
    assert batch.poll() is None
    kill(workers[0])
    assert batch.wait(timeout=400) == 1
    here = batch_test(packages, tmp_path / "here", "--jobs", "2")
    assert here.returncode == 1
    there = facts(tmp_path / "there")
    assert there == facts(tmp_path / "here")
    assert len(there) == 12
    ran = {record["worker"] for record in read_run(tmp_path / "there").records}
    assert 2 <= len(ran) <= 3

    refused = batch_test(packages, tmp_path / "no", "--scheduler", scheduler, "--platform", "xpu")
    assert refused.returncode == 2
    assert "no worker has the platform xpu" in refused.stderr
    arguments = ("--scheduler", scheduler, "--platform", "cuda", "--only", "hf_a")
    batch_test(packages, tmp_path / "cuda", *arguments)
    records = read_run(tmp_path / "cuda").records
    assert len(records) == 3
    assert len({record["worker"] for record in records}) == 1, "one worker offers cuda"


def offers(scheduler: str, workers: int) -> bool:
    """Whether the cluster has that many workers."""
    from distributed import Client

    with Client(scheduler, set_as_default=False) as client:
        return len(client.scheduler_info(n_workers=-1)["workers"]) == workers


def test_a_worker_that_always_dies_is_named(
    packages: Path, tmp_path: Path, scheduler: str, start: Callable[..., Any]
) -> None:
    def worker(name: str) -> Any:
        return start(*WORKER, scheduler, "--name", name, "--resources", "CPU=1",
                     "--local-directory", tmp_path / name, SLOWLY="60")  # fmt: skip

    marks = tmp_path / "marks"
    first = worker("one")
    wait_for(lambda: offers(scheduler, 1))
    script = ROOT / "scripts" / "batch_test.py"
    command = [script, packages, "--run", tmp_path / "run", "--json"]
    command += ["--only", "hf_a", "--scheduler", scheduler]
    batch = start(*command)
    wait_for(lambda: batch.poll() is not None or list(marks.iterdir()))
    assert batch.poll() is None
    second = worker("two")
    wait_for(lambda: offers(scheduler, 2))
    kill(first)
    wait_for(lambda: len(list(marks.iterdir())) == 2)
    kill(second)
    assert batch.wait(timeout=400) == 1
    records = read_run(tmp_path / "run").records
    assert [record["task"] for record in records] == ["first", "second", "third"]
    assert {record["detail"].partition(":")[0] for record in records} == {"the worker died"}
    assert all(record["worker"].startswith("tcp://127.0.0.1") for record in records)


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        ("worker", "no worker has had the platform cpu"),
        ("scheduler", "the scheduler is unreachable"),
    ],
)
def test_cells_that_nobody_is_left_to_run_are_failures(
    lost: str,
    reason: str,
    packages: Path,
    tmp_path: Path,
    scheduler: str,
    scheduler_process: subprocess.Popen[str],
    start: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run ends also where no other worker comes; it waited for ever."""
    monkeypatch.setattr(cluster, "PATIENCE_S", 4)
    monkeypatch.setattr(cluster, "LOOK_S", 1)
    where = ("--name", "one", "--resources", "CPU=1", "--local-directory", tmp_path / "one")
    worker = start(*WORKER, scheduler, *where, SLOWLY="60")
    wait_for(lambda: offers(scheduler, 1))
    cells = tuple(Cell("a", task, "cpu") for task in ("first", "third"))
    job = Job(packages / "hf_a", read_package(packages / "hf_a"), cells)
    with ThreadPoolExecutor() as pool:
        records = pool.submit(list, run_on_cluster([job], scheduler, ("cpu",), Limits(300)))
        wait_for(lambda: list((tmp_path / "marks").iterdir()))
        kill({"scheduler": scheduler_process, "worker": worker}[lost])
        (result,) = records.result(timeout=120)
    assert [record["status"] for record in result] == ["FAILED", "FAILED"]
    assert all(reason in record["detail"] for record in result)


def test_nobody_at_the_address_is_said_at_once(packages: Path, tmp_path: Path) -> None:
    refused = batch_test(packages, tmp_path / "run", "--scheduler", "tcp://127.0.0.1:9")
    assert refused.returncode == 2
    assert "no Dask scheduler responds" in refused.stderr
    assert "Traceback" not in refused.stderr
