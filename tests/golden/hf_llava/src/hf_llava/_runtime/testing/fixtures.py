# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The pytest plugin of a package's tests: a tiny model, built once per run, opened per cell.

A package's `conftest.py` names it in `pytest_plugins` and sets the tested class in
`pytest_configure` (`SUBJECT`). Tests with the arguments `platform`, `other_platform` (all but the
CPU) or `task` run once for each of the package's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from ..compare.parity import Verdict
from ..skillset import Skillset
from .subject import SUBJECT
from .tiny_checkpoint import TinyCheckpoints

pytest.register_assert_rewrite(f"{__package__}.cell", f"{__package__}.contract")
from .cell import Cell  # noqa: E402 - its asserts are rewritten

REFERENCE = "cpu"
os.environ.setdefault("HF_HUB_OFFLINE", "1")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a test over the platforms and tasks of the package, if it takes them."""
    registry = metafunc.config.stash[SUBJECT].skillset_class.registry
    platforms = list(registry["platforms"])
    values = {
        "platform": platforms,
        "other_platform": [name for name in platforms if name != REFERENCE],
        "task": list(registry["tasks"]),
    }
    for name in values:
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, values[name])


@pytest.fixture(scope="session")
def skillset_class(pytestconfig: pytest.Config) -> type[Skillset]:
    """The class under test."""
    return pytestconfig.stash[SUBJECT].skillset_class


@pytest.fixture(scope="session")
def checkpoint(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """The checkpoint folder of a task; each model class is built once."""
    subject = pytestconfig.stash[SUBJECT]
    folder = tmp_path_factory.mktemp("checkpoints")
    checkpoints = TinyCheckpoints(subject.skillset_class(), subject.tiny, folder)

    def folder_of(task: str) -> str:
        if not checkpoints.exist():
            pytest.skip("this model type has no tiny model yet")
        return checkpoints.of(task)

    return folder_of


CommandLine = Callable[..., str]
COMMANDS = """
import contextlib, io, json, runpy, sys
for line in sys.stdin:
    sys.argv[1:], code, output = json.loads(line), 0, io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            runpy.run_module(PACKAGE, run_name="__main__")
    except SystemExit as left:
        code = left.code
    print(json.dumps([code, output.getvalue()]), flush=True)
"""


@pytest.fixture(scope="session")
def command_line(skillset_class: type[Skillset]) -> Iterator[CommandLine]:
    """Runs `python -m` of the package with arguments and returns its output.

    All calls share one fresh process, which inherits nothing from this one.
    """
    code = f"PACKAGE = {skillset_class.package!r}{COMMANDS}"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def run(*arguments: str) -> str:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(arguments) + "\n")
        process.stdin.flush()
        left, printed = json.loads(process.stdout.readline() or '["the process ended", ""]')
        assert not left, f"{left}: {printed}"
        return str(printed)

    with process:
        yield run


ParityLog = list[tuple[str, str, Verdict]]
PARITY = pytest.StashKey[ParityLog]()


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the log that the summary prints."""
    config.stash[PARITY] = []


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the measurements of the parity tests."""
    if config.stash[PARITY]:
        terminalreporter.section("parity with CPU float32")
    for platform, task, verdict in config.stash[PARITY]:
        terminalreporter.write_line(f"{platform:10} {task:32} {summary(verdict)}")


def summary(verdict: Verdict) -> str:
    """One line with the deviation of a platform from the CPU."""
    choices = f"{verdict.same_choices} of {verdict.choices} choices equal"
    if verdict.unmeasured:
        return f"unmeasured: {verdict.unmeasured}; {choices}"
    measured = verdict.deviation
    return (
        f"{measured.compared} numbers, max error {measured.max_error:.1e},"
        f" cosine {measured.cosine:.6f}, {measured.snr:.0f} dB; {choices}"
        + ("; decoded differently" if verdict.tie else "")
    )


@pytest.fixture(scope="session")
def parity_log(pytestconfig: pytest.Config) -> ParityLog:
    """The list of (platform, task, verdict) that the summary prints."""
    return pytestconfig.stash[PARITY]


@pytest.fixture(scope="session")
def open_cell(
    skillset_class: type[Skillset],
    checkpoint: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, str], Cell]:
    """Opens a task on a platform; skips with the reason if the platform is missing.

    A task that fails on a platform according to the registry still runs and is an expected
    failure (xfail) as long as it fails; a cell that would crash or time out is not run.
    """
    opened: dict[tuple[str, str], Cell] = {}
    errors: dict[tuple[str, str], str] = {}
    cache = os.environ.get("HF_SKILLSET_CACHE") or str(tmp_path_factory.mktemp("exports"))

    def cell_of(platform: str, task: str) -> Cell:
        detection = skillset_class.platform(platform).detect()
        if not detection.available:
            pytest.skip(f"{platform}: {detection.reason}")
        failure = known_failure(skillset_class, platform, task)
        if failure and failure["stage"] != "match":
            if ends_the_process(failure):
                pytest.xfail(f"{platform}: {failure['stage']}: {failure['error']}")
            if (platform, task) not in errors:
                errors[platform, task] = error_of(skillset_class, open_new, platform, task)
            expect_failure(platform, task, failure, errors[platform, task])
        if (platform, task) not in opened:
            opened[platform, task] = open_new(platform, task)
        return opened[platform, task]

    def open_new(platform: str, task: str) -> Cell:
        skillset = skillset_class(metadata={"export_dir": cache, "dtype": "float32"})
        folder = checkpoint(task)
        endpoint = getattr(skillset, f"init_{platform}")(folder, task=task)
        return Cell(platform, skillset.task(task), folder, endpoint)

    return cell_of


def ends_the_process(failure: dict[str, str]) -> bool:
    """Whether a known failure is a crash or a timeout."""
    return failure["error"].startswith(("process ended", "no result after"))


def error_of(
    skillset_class: type[Skillset],
    open_new: Callable[[str, str], Cell],
    platform: str,
    task: str,
) -> str:
    """The error of a cell before its results are compared; empty if there is none."""
    try:
        cell = open_new(platform, task)
        record = skillset_class().__test__(cell.checkpoint, cell.opened.handler, platform)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return record.detail if record.status == "FAILED" else ""


def expect_failure(platform: str, task: str, failure: dict[str, str], problem: str) -> NoReturn:
    """End a test of a cell that is known to fail: xfail, or fail because it passes now."""
    if problem:
        pytest.xfail(f"{platform}: {failure['stage']}: {problem}")
    pytest.fail(
        f"{task} on {platform} passes, but registry.json lists it as failing at {failure['stage']} "
        f"({failure['error']}): remove it from `failed`"
    )


def known_failure(
    skillset_class: type[Skillset], platform: str, task: str
) -> dict[str, str] | None:
    """The recorded stage and error of a cell that failed when measured; None if it passed."""
    measured = skillset_class.registry.get("hardware_compatibility", {}).get(platform, {})
    failure: dict[str, str] | None = measured.get("failed", {}).get(task)
    return failure


def expect_no_proof(skillset_class: type[Skillset], platform: str, task: str, problem: str) -> None:
    """End a test of a cell that passed only earlier rules (`unproven`) and fails the present ones.

    `problem` is empty where the cell passes them; then the test goes on.
    """
    measured = skillset_class.registry.get("hardware_compatibility", {}).get(platform, {})
    if problem and task in measured.get("unproven", ()):
        pytest.xfail(f"{platform}: not verified by the present rules: {problem}")


@pytest.fixture
def cell(request: pytest.FixtureRequest, open_cell: Callable[[str, str], Cell]) -> Cell:
    """The CPU cell of the task that the test module names as its TASK."""
    return open_cell(REFERENCE, request.module.TASK)
