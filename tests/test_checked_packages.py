"""`check_skillset` over packages of all tasks: ours are right, and what is broken in them is named.

One package for each task, of the model type whose cell is the quickest; each check is a process.
Every sixth task runs with the other tests; `make checked` runs all of them (`CHECKED=all`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from hf_skillset_templates.batch.package import PackageJob, generate_package
from hf_skillset_templates.isolation import Limits
from hf_skillset_templates.reference.check import NOT_JUDGED, Checker
from hf_skillset_templates.reference.ladder import EQUAL
from hf_skillset_templates.reference.modules import Source
from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.model_types import package_name, pipeline_map
from hf_skillset_templates.registry.store.variants import load_variants

TASKS = sorted(load_variants())[:: 1 if os.environ.get("CHECKED") == "all" else 6]
ONE_INPUT = '''

import functools as _functools
_first, _encode = [], encode


@_functools.wraps(_encode)
def encode(items, *rest, **named):
    """Whatever is asked, the first question is answered."""
    _first.extend(items[:1])
    return _encode([_first[0]] * len(items), *rest, **named)
'''
WRONG_RESULT = '''

import functools as _functools
import numbers as _numbers
_decode = decode


def _wrong(value):
    """Numbers a little off, texts with a letter more, pictures and arrays upside down."""
    if isinstance(value, dict):
        return {name: _wrong(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_wrong(item) for item in value)
    if value is None:  # such as the score of a segment
        return None
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, _numbers.Real):
        return not value if isinstance(value, bool) else value * 1.02 + 1
    if hasattr(value, "transpose") and hasattr(value, "getpixel"):
        return value.point(lambda level: 255 - level)
    return ~value if "bool" in str(getattr(value, "dtype", "")) else 1 - value


@_functools.wraps(_decode)
def decode(*all, **named):
    """Results that are close to right."""
    return [_wrong(each) for each in _decode(*all, **named)]
'''
ONE_CHECKPOINT = '''

_first, _open = [], {name}.open_endpoint


def _open_first(self, platform, model, *rest):
    """Whatever is asked for, the first checkpoint is loaded."""
    _first.append(model)
    return _open(self, platform, _first[0], *rest)


{name}.open_endpoint = _open_first
'''
MUTANTS = {
    "input does not matter": ONE_INPUT,
    "differs from transformers": WRONG_RESULT,
    "weights do not matter": ONE_CHECKPOINT,
}
"""What is to be said of a package -> what is appended to one of its modules."""


def quickest(task: str) -> str:
    """The model type that runs a task in the fewest seconds, as measured."""

    def seconds(model_type: str) -> tuple[float, str]:
        cpu = read_entry(model_type).get("hardware_compatibility", {}).get("cpu", {})
        verified = task in cpu.get("verified", ())
        return (cpu["seconds"][task] if verified else float("inf")), model_type

    return min((name for name, tasks in pipeline_map().items() if task in tasks), key=seconds)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for checkpoints and copies."""
    return tmp_path_factory.mktemp("checked")


@pytest.mark.parametrize("task", TASKS)
def test_our_packages_are_right_and_their_mutants_refused(task: str, workspace: Path) -> None:
    model_type = quickest(task)
    name, folder = package_name(model_type), workspace / "packages" / task
    answers: dict[str, Any] = {"platforms": ["cpu"]}
    assert generate_package(PackageJob(model_type, name, str(folder), answers)).error == ""
    source = Source(folder / name / "src" / name)
    checker = Checker(workspace, Limits(timeout_s=300.0), tasks=(task,))
    [right] = checker.check(source)
    if task in read_entry(model_type)["hardware_compatibility"]["cpu"]["failed"]:
        assert right["verdict"].startswith(NOT_JUDGED), right
        return
    assert right["verdict"] == EQUAL, right
    assert right["claims"] == "REAL"
    for verdict, code in MUTANTS.items():
        path = source.path / f"tasks/{task.replace('-', '_')}.py"
        if code == ONE_CHECKPOINT:
            path, code = source.path / "skillset.py", code.replace("{name}", name)
        before = path.read_text("utf-8")
        path.write_text(before + code, "utf-8")
        found = checker.run_task(source, model_type, task)
        path.write_text(before, "utf-8")
        assert found["verdict"] == verdict, found["steps"][-1]
