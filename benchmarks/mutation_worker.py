"""Runs cells (model type/task) with the sources of a folder, each in a separate fork.

Jobs are read, and answers written, as lines of JSON; `problem` is empty if a cell passes.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
import transformers

PRELOADED = (
    "PIL.Image",
    "pandas",
    "pytest",
    "soundfile",
    "soxr",
    "torchvision",
    "transformers.masking_utils",
    "transformers.models.auto.modeling_auto",
    "transformers.models.bert.modeling_bert",
    "transformers.pipelines",
)
"""What forks have already; nothing of the sources that are under test."""
SOURCES, CHECKPOINTS = Path(sys.argv[1]), Path(sys.argv[2])
FIXTURES = "hf_skillset_runtime.testing.fixtures"
NOT_FROM_SOURCES = "not (command_line or mock or importing or hardware_is_shown or missing_check)"
"""Tests of a generated package as a whole; what they try is no task."""


def run(job: dict[str, Any]) -> str:
    """What is wrong with the first cell that something is wrong with."""
    for cell in job["cells"]:
        if problem := run_cell(cell, job["way"]):
            return f"{cell}: {problem}"
    return ""


def run_cell(cell: str, way: str) -> str:
    """What is wrong with a cell; in a fork, with modules as the files are now."""
    from hf_skillset_templates.source_skillset import source_skillset

    model_type, _, task = cell.partition("/")
    skillset_class = source_skillset(model_type)
    only = {**skillset_class.registry, "tasks": {task: skillset_class.registry["tasks"][task]}}
    skillset_class = type(skillset_class.__name__, (skillset_class,), {"registry": only})
    return WAYS[way](skillset_class, model_type, task)


def build(skillset_class: Any, model_type: str, task: str) -> str:
    """Make the checkpoint of a cell; what the self test says while nothing is wrong yet."""
    from hf_skillset_runtime.testing.tiny_checkpoint import build_for_task

    folder = CHECKPOINTS / model_type / task
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        build_for_task(skillset_class(), task, SOURCES / "registry" / "tiny" / model_type, folder)
    return self_test(skillset_class, model_type, task)


def self_test(skillset_class: Any, model_type: str, task: str) -> str:
    """What the self test finds, as on a user's checkpoint."""
    folder = str(CHECKPOINTS / model_type / task)
    skillset = skillset_class()
    opened = skillset.init_cpu(folder, task=task)
    record = skillset.__test__(folder, opened.handler, "mutation")
    return record.detail if record.status != "REAL" else ""


def package_tests(skillset_class: Any, model_type: str, task: str) -> str:
    """The failures of the tests that a package has of this task, and of its contract."""
    import pytest

    from hf_skillset_runtime.testing.subject import SUBJECT, Subject

    class Plugin:
        failed: list[str] = []  # noqa: RUF012 - one run

        def pytest_configure(self, config: Any) -> None:
            tiny = SOURCES / "registry" / "tiny" / model_type
            config.stash[SUBJECT] = Subject(skillset_class, tiny)

        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.failed:
                self.failed.append(report.nodeid.split("::")[-1])

    plugin = Plugin()
    with tempfile.TemporaryDirectory() as folder:
        source = SOURCES / "task_variants" / task / "test_task.py"
        Path(folder, "test_task.py").write_text(source.read_text("utf-8"), "utf-8")
        contract = "from hf_skillset_runtime.testing.contract import *\n"
        Path(folder, "test_contract.py").write_text(contract, "utf-8")
        options = [
            "-q",
            "-x",
            "-p",
            "hf_skillset_runtime.testing.fixtures",
            "-p",
            "no:cacheprovider",
        ]
        files = [str(Path(folder, name)) for name in ("test_task.py", "test_contract.py")]
        code = pytest.main(
            [*options, "-k", NOT_FROM_SOURCES, "--rootdir", folder, *files], [plugin]
        )
    return ", ".join(plugin.failed) or ("" if code == 0 else f"pytest ended with {code}")


WAYS = {"build": build, "self test": self_test, "pytest": package_tests}


def forked(job: dict[str, Any]) -> str:
    """The answer of a fork, or that it took too long."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.dup2(2, 1)
        try:
            problem = run(job)
        except BaseException as error:
            problem = f"{type(error).__name__}: {error}"
        os.write(writer, problem.encode()[:60_000])
        os._exit(0)
    os.close(writer)
    ready, _, _ = select.select([reader], [], [], job["timeout"])
    if not ready:
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reader, "rb") as pipe:
        problem = pipe.read().decode(errors="replace") if ready else "no result in time"
    os.waitpid(child, 0)
    return problem


def main() -> None:
    """Answer jobs until there are no more."""
    torch.set_num_threads(1)
    for name in PRELOADED:
        import_module(name)
    transformers.logging.set_verbosity_error()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        print(json.dumps({"problem": forked(json.loads(line))}), file=answers, flush=True)


if __name__ == "__main__":
    main()
