"""The batch test loses no cell: a process that dies fails one, the others are run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, script

from hf_skillset_templates import command_line
from hf_skillset_templates.batch import run_tests, testing
from hf_skillset_templates.batch.choice import Choice, parse_shard
from hf_skillset_templates.batch.packages import find_packages
from hf_skillset_templates.batch.progress import CellProgress
from hf_skillset_templates.isolation import Limits
from hf_skillset_templates.results.machine import machine
from hf_skillset_templates.results.records import Cell, cell_of
from hf_skillset_templates.results.run_folder import RunWriter, read_run

CPU = Choice(("cpu",))
SKILLSET = """
import os
from pathlib import Path
from types import SimpleNamespace

class Record:
    def __init__(self, task): self.task = task
    def to_dict(self):
        import multiprocessing, tempfile
        self.lock = multiprocessing.RLock(), tempfile.mkdtemp()
        return {"model_type": "dying", "task": self.task, "platform": "cpu",
                "status": "REAL", "detail": ""}

class Skillset:
    pass

class hf_dying(Skillset):
    model_type = "dying"
    def __init__(self, metadata): pass
    def task(self, name): return SimpleNamespace(auto_class=name)
    def init_cpu(self, checkpoint, task):
        import time
        time.sleep(float(os.environ.get("CELL_S", "0")))
        if task == "second": os._exit(7)
        return SimpleNamespace(handler=task)
    def __test__(self, checkpoint, handler, platform): return Record(handler)
"""
CHECKPOINT = """
class TinyCheckpoints:
    def __init__(self, skillset, tiny, folder): pass
    def exist(self): return True
    def of(self, task): return "checkpoint"
"""


def dying_package(folder: Path, name: str = "", model_type: str = "dying") -> Path:
    """A package whose second task ends its process."""
    own_name = f"hf_{model_type}"
    package = folder / (name or own_name)
    source, tests = package / "src" / own_name, package / "tests"
    source.mkdir(parents=True)
    tests.mkdir()
    entry = {"model_type": model_type, "tasks": {"first": {}, "second": {}, "third": {}}}
    (source / "registry.json").write_text(json.dumps(entry))
    (source / "__init__.py").write_text(f"from .skillset import {own_name}")
    (source / "skillset.py").write_text(SKILLSET.replace("dying", model_type))
    (source / "testing").mkdir()
    (source / "testing" / "tiny_checkpoint.py").write_text(CHECKPOINT)
    (package / ".copier-answers.yml").write_text(f"package_name: {own_name}\nprofile: improved\n")
    return package


def test_cells_behind_a_crash_are_run(tmp_path: Path) -> None:
    package = dying_package(tmp_path)
    records = testing.run_job(testing.job_of(package, CPU), Limits(timeout_s=60))
    assert [(r["task"], r["status"]) for r in records] == [
        ("first", "REAL"),
        ("second", "FAILED"),
        ("third", "REAL"),
    ]
    assert records[1]["stage"] == "load"
    assert "process ended with 7" in records[1]["detail"]


def break_package(package: Path, how: str) -> None:
    """Make a package one that cannot be tested."""
    registry = package / "src" / "hf_dying" / "registry.json"
    answers = package / ".copier-answers.yml"
    if how == "missing":
        registry.unlink()
    elif how == "broken":
        registry.write_text("{")
    elif how == "no object":
        registry.write_text("[1]")
    elif how == "not UTF-8":
        registry.write_bytes(b"\xff\xfe")
    elif how == "deep":
        registry.write_text("[" * 100_000)
    elif how == "no tasks":
        registry.write_text('{"model_type": "dying", "tasks": 7}')
    elif how == "basic":
        answers.write_text("package_name: hf_dying\nprofile: basic\n")
    elif how == "answers":
        answers.write_text("platforms: [")
    elif how == "renamed":
        package.rename(package.with_name("ours"))


@pytest.mark.parametrize(
    "how",
    [
        "missing",
        "broken",
        "no object",
        "not UTF-8",
        "deep",
        "no tasks",
        "basic",
        "answers",
        "renamed",
    ],
)
def test_a_broken_package_is_one_failure_at_config(tmp_path: Path, how: str) -> None:
    break_package(dying_package(tmp_path), how)
    (package,) = find_packages(tmp_path)
    (record,) = testing.run_job(testing.job_of(package, CPU), Limits(timeout_s=60))
    assert (record["status"], record["stage"], record["platform"]) == ("FAILED", "config", "cpu")
    assert "\n" not in record["detail"] and record["detail"]


def test_broken_packages_end_no_batch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_package(dying_package(tmp_path / "generated"), "renamed")
    dying_package(tmp_path / "generated")
    arguments = [tmp_path / "generated", "--run", tmp_path / "run", "--jobs", "1", "--json"]
    assert batch_test(*arguments) == 1
    assert json.loads(capsys.readouterr().out)["counts"] == {"REAL": 2, "FAILED": 2}
    assert batch_test(*arguments, "--resume") == 1
    assert json.loads(capsys.readouterr().out)["counts"] == {"REAL": 2, "FAILED": 2}


def test_resuming_leaves_out_cells_not_packages(tmp_path: Path) -> None:
    package = dying_package(tmp_path)
    done = frozenset({Cell("dying", "second", "cpu"), Cell("dying", "first", "cpu")})
    job = testing.job_of(package, replace(CPU, done=done))
    records = testing.run_job(job, Limits(timeout_s=60))
    assert [(r["task"], r["platform"]) for r in records] == [("third", "cpu")]
    both = testing.job_of(package, Choice(("cpu", "openvino"), done=done))
    assert ["first", "openvino"] in both.tasks and ["first", "cpu"] not in both.tasks


def test_a_folder_that_is_not_ours_is_no_place_for_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dying_package(tmp_path / "generated")
    notes = tmp_path / "mine" / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("my notes\n")
    assert batch_test(tmp_path / "generated", "--run", notes.parent) == 2
    assert "was not changed" in capsys.readouterr().err
    assert notes.read_text() == "my notes\n"


def batch_test(*arguments: object) -> int:
    """The exit code of scripts/batch_test.py."""
    module = script("batch_test")
    return command_line.outcome(module.main, module.EXAMPLES, [*map(str, arguments)])


@pytest.fixture
def knows(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """What the registry knows of the dying package: task and platform, error (empty: verified)."""
    known: dict[tuple[str, str], str] = {}

    def record(cell: Cell) -> dict[str, str] | None:
        if (error := known.get((cell.task, cell.platform))) is None:
            return None
        status = {"status": "FAILED" if error else "REAL", "stage": "load", "detail": error}
        return {**cell._asdict(), **status}

    monkeypatch.setattr(run_tests, "known", record)
    return known


def test_expectations_make_the_exit_code(
    tmp_path: Path, knows: dict[tuple[str, str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    dying_package(tmp_path / "generated")
    arguments = [tmp_path / "generated", "--run", tmp_path / "run", "--json", "--jobs", "1"]
    assert batch_test(*arguments) == 1
    result = json.loads(capsys.readouterr().out)
    assert result["expectations"] == {"new": 2, "new failure": 1}
    knows.update({("second", "cpu"): "process ended with 7", ("third", "cpu"): "an error"})
    assert batch_test(*arguments, "--resume", "--strict") == 1
    assert json.loads(capsys.readouterr().out)["counts"] == {"REAL": 2, "FAILED": 1}
    assert batch_test(*arguments) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["expectations"] == {"new": 1, "expected failure": 1, "surprise": 1}
    assert [each["task"] for each in result["listed"]] == ["third"]
    assert batch_test(*arguments, "--strict") == 1
    capsys.readouterr()
    knows["second", "cpu"] = ""
    assert batch_test(*arguments) == 1
    assert json.loads(capsys.readouterr().out)["expectations"]["regression"] == 1
    runs = [path for path in tmp_path.iterdir() if (path / "run.json").is_file()]
    assert len(runs) == 4, "an earlier run is kept"


def test_options_choose_cells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dying_package(tmp_path / "generated")
    shown = [tmp_path / "generated", "--run", tmp_path / "run", "--dry-run"]

    def cells(*more: object) -> list[str]:
        code = batch_test(*shown, "--platform", "cpu,openvino", *more)
        listed = capsys.readouterr().out.split()
        assert code == (0 if listed else 5)
        return listed

    everything = cells()
    assert len(everything) == 6
    assert cells("--primary") == ["dying/first/cpu", "dying/first/openvino"]
    assert cells("--only", "hf_dy*") == cells("--only", "dying") == everything
    assert cells("--exclude", "*ing") == cells("--only", "nothing*") == []
    shards = [cells("--shard", f"{number}/3") for number in (1, 2, 3)]
    assert sorted(cell for cells in shards for cell in cells) == sorted(everything)
    assert not (tmp_path / "run").exists()


def test_failed_in_runs_only_what_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dying_package(tmp_path / "generated")
    arguments = [tmp_path / "generated", "--jobs", "1", "--json"]
    assert batch_test(*arguments, "--run", tmp_path / "first") == 1
    capsys.readouterr()
    again = ["--failed-in", tmp_path / "first", "--run", tmp_path / "second"]
    assert batch_test(*arguments, *again) == 1
    assert json.loads(capsys.readouterr().out)["counts"] == {"FAILED": 1}


def test_fail_fast_ends_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("hf_a", "hf_b", "hf_c"):
        break_package(dying_package(tmp_path / "generated", name), "missing")
    arguments = [tmp_path / "generated", "--run", tmp_path / "run", "--jobs", "1", "--json"]
    assert batch_test(*arguments, "--fail-fast") == 1
    result = json.loads(capsys.readouterr().out)
    assert result["stopped"]
    assert read_run(tmp_path / "run").about["finished"] is None
    assert batch_test(*arguments, "--resume") == 1
    assert json.loads(capsys.readouterr().out)["counts"] == {"FAILED": 3}


@pytest.mark.parametrize(
    ("options", "output"),
    [
        (["--shard", "0/3"], "is not a shard"),
        (["--shard", "4/3"], "is not a shard"),
        (["--shard", "a/b"], "is not a shard"),
        (["--shard", "\u0661/3"], "is not a shard"),
        (["--shard", f"1/{'9' * 5000}"], "is not a shard"),
        (["--only", "hf_dyin"], "similar names: hf_dying"),
        (["--exclude", "nobody"], "unknown package or model type"),
        (["--only", "hf_dying,"], "empty name"),
        (["--failed-in", "BROKEN"], "has no results of a batch test"),
        (["--failed-in", "NOWHERE"], "has no results of a batch test"),
        (["--run", "BROKEN/run"], "BROKEN"),
        (["--run", "/proc/none/run"], "/proc/none"),
        (["--timeout", "nan"], "is not a time limit"),
        (["--scheduler", "tcp://127.0.0.1:1"], "no Dask scheduler responds"),
        (["--platform", "cpuu"], "cpu"),
    ],
)
def test_wrong_options_are_refused_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    output: str,
) -> None:
    dying_package(tmp_path / "generated")
    (tmp_path / "BROKEN").write_bytes(b"\xff{]\n" * 1000)
    monkeypatch.chdir(tmp_path)
    run = [] if "--run" in options else ["--run", "run"]
    assert batch_test("generated", *run, *options) == 2
    printed = capsys.readouterr().err
    assert output in printed and "Traceback" not in printed and len(printed) < 500
    assert not Path("run/results.jsonl").exists()


def test_what_did_not_fail_is_not_run_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dying_package(tmp_path / "generated")
    arguments = [tmp_path / "generated", "--jobs", "1"]
    assert batch_test(*arguments, "--task", "fill-mask", "--run", tmp_path / "run") == 5
    assert "no cell matches" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    cell = {"model_type": "dying", "task": "first", "platform": "cpu"}
    RunWriter.start(tmp_path / "empty", facts()).append(
        {**cell, "status": "REAL", "stage": "run", "detail": ""}
    )
    again = ["--failed-in", tmp_path / "empty", "--run", tmp_path / "run"]
    assert batch_test(*arguments, *again) == 5


def facts(**versions: str) -> dict[str, Any]:
    """What a run of a part of the cells says of itself."""
    result = {"template": "1", "python": "3", **versions}
    return {"versions": result, "machine": machine({}), "platforms": ["openvino"], "planned": 9}


def test_resuming_with_other_options_adds_cells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dying_package(tmp_path / "generated")
    arguments = [tmp_path / "generated", "--run", tmp_path / "run", "--jobs", "1", "--json"]
    parts = [cells_of(tmp_path, f"{number}/2") for number in (1, 2)]
    assert batch_test(*arguments, "--shard", "1/2") in (0, 1)
    about = read_run(tmp_path / "run").about
    assert (about["planned"], about["shard"]) == (len(parts[0]), "1/2")
    before = (tmp_path / "run" / "run.json").read_bytes()
    assert batch_test(*arguments, "--resume", "--dry-run") == 0
    assert (tmp_path / "run" / "run.json").read_bytes() == before
    assert batch_test(*arguments, "--resume") == 1
    run = read_run(tmp_path / "run")
    assert sorted(str(cell_of(record)) for record in run.records) == sorted(parts[0] + parts[1])
    assert run.about["planned"] == 3 and "shard" not in run.about
    capsys.readouterr()
    about = run.about | {"versions": run.about["versions"] | {"torch": "0.1"}}
    (tmp_path / "run" / "run.json").write_text(json.dumps(about))
    assert batch_test(*arguments, "--resume") == 2
    assert "was begun with torch 0.1, not" in capsys.readouterr().err


def cells_of(folder: Path, shard: str) -> list[str]:
    """The cells of the dying package in a shard."""
    choice = replace(CPU, shard=parse_shard(shard))
    return [str(cell) for cell in testing.job_of(folder / "generated" / "hf_dying", choice).cells]


@pytest.mark.parametrize("everybody", [True, False])
def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path, everybody: bool) -> None:
    for number in range(3):
        dying_package(tmp_path / "generated", model_type=f"dying{number}")
    command = [sys.executable, ROOT / "scripts" / "batch_test.py", tmp_path / "generated"]
    command += ["--run", tmp_path / "run", "--jobs", "1", "--json"]
    temporary = Path(tempfile.mkdtemp())
    environment = {**os.environ, "TMPDIR": str(temporary)}
    running = subprocess.Popen(
        command, env={**environment, "CELL_S": "1"}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A shell lets what it starts in the background ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    results = tmp_path / "run" / "results.jsonl"
    deadline = time.monotonic() + 120
    while not results.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)
    (os.killpg if everybody else os.kill)(running.pid, signal.SIGINT)
    _, output = running.communicate(timeout=60)
    assert running.returncode == 130, output
    assert "--resume to continue" in output and "Traceback" not in output and "leaked" not in output
    assert list(temporary.iterdir()) == []
    assert read_run(tmp_path / "run").about["finished"] is None
    assert 0 < len(read_run(tmp_path / "run").records) < 9
    finished = subprocess.run([*command, "--resume"], env=environment, capture_output=True)
    assert json.loads(finished.stdout)["counts"] == {"REAL": 6, "FAILED": 3}
    cells = [cell_of(record) for record in read_run(tmp_path / "run").records]
    assert len(cells) == len(set(cells)) == 9
    temporary.rmdir()


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path) -> None:
    dying_package(tmp_path / "generated")
    temporary = Path(tempfile.mkdtemp())  # short: it holds sockets, whose paths have a limit
    command = [sys.executable, ROOT / "scripts" / "batch_test.py", tmp_path / "generated"]
    finished = subprocess.run(
        [*command, "--run", tmp_path / "run", "--jobs", "1"],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 1, finished.stderr
    assert "leaked" not in finished.stderr
    assert list(temporary.iterdir()) == []
    temporary.rmdir()


def test_a_log_says_how_far_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    with CellProgress(3) as progress:
        progress.told -= 61
        progress.advance({"status": "FAILED"})
        progress.advance({"status": "REAL"})
    first, last = capfd.readouterr().err.splitlines()
    assert first.startswith("1 done, 1 failed, 2 left, about")
    assert last.startswith("2 done, 1 failed, 1 left")
