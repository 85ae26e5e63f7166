"""The batch test loses no cell: a process that dies fails one, the others are run."""

from __future__ import annotations

import json
from pathlib import Path

from hf_skillset_templates.batch import testing
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
def build_for_task(skillset, task, tiny, folder): return folder
"""


def test_cells_behind_a_crash_are_run(tmp_path: Path) -> None:
    package = tmp_path / "hf_dying"
    source, tests = package / "src" / "hf_dying", package / "tests"
    source.mkdir(parents=True)
    tests.mkdir()
    entry = {"model_type": "dying", "tasks": {"first": {}, "second": {}, "third": {}}}
    (source / "registry.json").write_text(json.dumps(entry))
    (source / "__init__.py").write_text("from .skillset import hf_dying")
    (source / "skillset.py").write_text(SKILLSET)
    (source / "testing").mkdir()
    (source / "testing" / "tiny_checkpoint.py").write_text(CHECKPOINT)
    records = testing.test_package(package, ["cpu"], [], Limits(timeout_s=60))
    assert [(r["task"], r["status"]) for r in records] == [
        ("first", "REAL"),
        ("second", "FAILED"),
        ("third", "REAL"),
    ]
    assert records[1]["stage"] == "load"
    assert "process ended with 7" in records[1]["detail"]
