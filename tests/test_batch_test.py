"""The batch test loses no cell: a process that dies fails one, the others are run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import script

from hf_skillset_templates import command_line
from hf_skillset_templates.batch import testing
from hf_skillset_templates.batch.packages import find_packages, read_package
from hf_skillset_templates.isolation import Limits

SKILLSET = """
import os
from pathlib import Path
from types import SimpleNamespace

class Record:
    def __init__(self, task): self.task = task
    def to_dict(self): return {"model_type": "dying", "task": self.task, "platform": "cpu",
                               "status": "REAL", "detail": ""}

class Skillset:
    pass

class hf_dying(Skillset):
    model_type = "dying"
    def __init__(self, metadata): pass
    def task(self, name): return SimpleNamespace(auto_class=name)
    def init_cpu(self, checkpoint, task):
        if task == "second": os._exit(7)
        return SimpleNamespace(handler=task)
    def __test__(self, checkpoint, handler, platform): return Record(handler)
"""
CHECKPOINT = """
def exists(tiny): return True
def build_checkpoint(tiny, model_class, folder): return folder
"""


def dying_package(folder: Path, name: str = "hf_dying") -> Path:
    """A package whose second task ends its process."""
    package = folder / name
    source, tests = package / "src" / "hf_dying", package / "tests"
    source.mkdir(parents=True)
    tests.mkdir()
    entry = {"model_type": "dying", "tasks": {"first": {}, "second": {}, "third": {}}}
    (source / "registry.json").write_text(json.dumps(entry))
    (source / "__init__.py").write_text("from .skillset import hf_dying")
    (source / "skillset.py").write_text(SKILLSET)
    (source / "testing").mkdir()
    (source / "testing" / "tiny_checkpoint.py").write_text(CHECKPOINT)
    (package / ".copier-answers.yml").write_text("package_name: hf_dying\nprofile: improved\n")
    return package


def test_cells_behind_a_crash_are_run(tmp_path: Path) -> None:
    package = dying_package(tmp_path)
    records = testing.test_package(package, ["cpu"], [], Limits(timeout_s=60))
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
    (record,) = testing.test_package(package, ["cpu"], [], Limits(timeout_s=60))
    assert (record["status"], record["stage"], record["platform"]) == ("FAILED", "config", "cpu")
    assert "\n" not in record["detail"] and record["detail"]


def test_broken_packages_end_no_batch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = script("batch_test")
    break_package(dying_package(tmp_path), "renamed")
    dying_package(tmp_path)
    arguments = [str(tmp_path), "--jobs", "1", "--json"]
    assert command_line.outcome(module.main, module.EXAMPLES, arguments) == 1
    first = json.loads(capsys.readouterr().out)
    assert first["counts"] == {"REAL": 2, "FAILED": 2}
    assert command_line.outcome(module.main, module.EXAMPLES, [*arguments, "--resume"]) == 1
    again = json.loads(capsys.readouterr().out)
    assert again["counts"]["REAL"] == 2 and again["counts"]["FAILED"] >= 2


def test_resuming_leaves_out_cells_not_packages(tmp_path: Path) -> None:
    package = dying_package(tmp_path)
    done = frozenset({("dying", "second", "cpu"), ("dying", "first", "cpu")})
    limits = Limits(timeout_s=60)
    records = testing.test_package(package, ["cpu"], [], limits, done=done)
    assert [(r["task"], r["platform"]) for r in records] == [("third", "cpu")]
    read = read_package(package)
    cells = testing.cells_of(read, ["cpu", "openvino"], [], False, done)
    assert ["first", "openvino"] in cells and ["first", "cpu"] not in cells


def test_a_file_that_is_not_ours_is_no_place_for_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = script("batch_test")
    dying_package(tmp_path)
    notes = tmp_path / "notes.txt"
    notes.write_text("my notes\n")
    arguments = [str(tmp_path), "--results", str(notes)]
    assert command_line.outcome(module.main, module.EXAMPLES, arguments) == 2
    assert "stays as it is" in capsys.readouterr().err
    assert notes.read_text() == "my notes\n"
