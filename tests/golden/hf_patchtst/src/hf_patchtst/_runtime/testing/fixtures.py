# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""The pytest plugin of a package's tests: a tiny model, built once per run, opened per cell.

A package's `conftest.py` names it in `pytest_plugins` and says in `pytest_configure` what the run
is about (`SUBJECT`). Tests with the arguments `platform`, `other_platform` (all but the CPU) or
`task` run once for each of the package's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from ..compare.parity import Verdict
from ..skillset import Skillset
from . import tiny_checkpoint
from .subject import SUBJECT

pytest.register_assert_rewrite(f"{__package__}.cell", f"{__package__}.contract")
from .cell import Cell  # noqa: E402 - its asserts are rewritten

REFERENCE = "cpu"
os.environ.setdefault("HF_HUB_OFFLINE", "1")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test for each platform and task of the package, where it takes them."""
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
    """The checkpoint folder of a task; the same model class is built once."""
    subject = pytestconfig.stash[SUBJECT]
    built: dict[str, Path] = {}

    def folder_of(task: str) -> str:
        if not tiny_checkpoint.exists(subject.tiny):
            pytest.skip("no tiny model yet")
        model_class = subject.skillset_class().task(task).auto_class
        if model_class not in built:
            folder = tmp_path_factory.mktemp(model_class)
            skillset = subject.skillset_class()
            tiny_checkpoint.build_for_task(skillset, task, subject.tiny, folder)
            built[model_class] = folder
        return str(built[model_class])

    return folder_of


ParityLog = list[tuple[str, str, Verdict]]
PARITY = pytest.StashKey[ParityLog]()


def pytest_configure(config: pytest.Config) -> None:
    """Prepare what the summary prints."""
    config.stash[PARITY] = []


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what the parity tests measured."""
    if config.stash[PARITY]:
        terminalreporter.section("parity with CPU float32")
    for platform, task, verdict in config.stash[PARITY]:
        terminalreporter.write_line(f"{platform:10} {task:32} {summary(verdict)}")


def summary(verdict: Verdict) -> str:
    """One line about how far a platform is from the CPU."""
    choices = f"{verdict.same_choices} of {verdict.choices} choices alike"
    if verdict.unmeasured:
        return f"unmeasured: {verdict.unmeasured}; {choices}"
    found = verdict.deviation
    return (
        f"{found.compared} numbers, max error {found.max_error:.1e}, cosine {found.cosine:.6f},"
        f" {found.snr:.0f} dB; {choices}" + ("; decoded differently" if verdict.tie else "")
    )


@pytest.fixture(scope="session")
def parity_log(pytestconfig: pytest.Config) -> ParityLog:
    """Where parity tests leave platform, task and verdict for the summary."""
    return pytestconfig.stash[PARITY]


@pytest.fixture(scope="session")
def open_cell(
    skillset_class: type[Skillset],
    checkpoint: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, str], Cell]:
    """Opens a task on a platform; a missing platform is a skip that says why.

    A task that the registry knows to fail on a platform is run nevertheless, and is an expected
    failure as long as it fails; what would end this process, or takes too long, is not run.
    """
    opened: dict[tuple[str, str], Cell] = {}
    errors: dict[tuple[str, str], str] = {}
    cache = os.environ.get("HF_SKILLSET_CACHE") or str(tmp_path_factory.mktemp("exports"))

    def cell_of(platform: str, task: str) -> Cell:
        detection = skillset_class.platform(platform).detect()
        if not detection.available:
            pytest.skip(f"{platform}: {detection.reason}")
        known = known_failure(skillset_class, platform, task)
        if known and known["stage"] != "match":
            if ends_the_process(known):
                pytest.xfail(f"{platform}: {known['stage']}: {known['error']}")
            if (platform, task) not in errors:
                errors[platform, task] = error_of(skillset_class, open_new, platform, task)
            expect_failure(platform, task, known, errors[platform, task])
        if (platform, task) not in opened:
            opened[platform, task] = open_new(platform, task)
        return opened[platform, task]

    def open_new(platform: str, task: str) -> Cell:
        skillset = skillset_class(metadata={"export_dir": cache, "dtype": "float32"})
        folder = checkpoint(task)
        endpoint = getattr(skillset, f"init_{platform}")(folder, task=task)
        return Cell(platform, skillset.task(task), folder, endpoint)

    return cell_of


def ends_the_process(known: dict[str, str]) -> bool:
    """Whether a known failure is a crash, or a cell that came to no end."""
    return known["error"].startswith(("process ended", "no result after"))


def error_of(
    skillset_class: type[Skillset],
    open_new: Callable[[str, str], Cell],
    platform: str,
    task: str,
) -> str:
    """Why a cell fails before its results are compared; empty where it does not."""
    try:
        cell = open_new(platform, task)
        record = skillset_class().__test__(cell.checkpoint, cell.opened.handler, platform)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return record.detail if record.status == "FAILED" else ""


def expect_failure(platform: str, task: str, known: dict[str, str], problem: str) -> NoReturn:
    """End a test of a cell that is known to fail: as expected, or because it is mended."""
    if problem:
        pytest.xfail(f"{platform}: {known['stage']}: {problem}")
    pytest.fail(
        f"{task} on {platform} passes, and registry.json knows it to fail at {known['stage']} "
        f"({known['error']}): it is mended, so take it out of `failed`"
    )


def known_failure(
    skillset_class: type[Skillset], platform: str, task: str
) -> dict[str, str] | None:
    """The stage and the error that the registry has for a cell that was measured to fail."""
    measured = skillset_class.registry.get("hardware_compatibility", {}).get(platform, {})
    failure: dict[str, str] | None = measured.get("failed", {}).get(task)
    return failure


@pytest.fixture
def cell(request: pytest.FixtureRequest, open_cell: Callable[[str, str], Cell]) -> Cell:
    """The CPU cell of the task that the test module names as its TASK."""
    return open_cell(REFERENCE, request.module.TASK)
