"""The drill of updates notices what is lost: each loss made on purpose is named."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from conftest import ROOT

TASK = "src/hf_bert/tasks/fill_mask.py"


@pytest.fixture(scope="module")
def drill() -> ModuleType:
    """The drill as a module."""
    path = ROOT / "benchmarks" / "update_drill.py"
    spec = importlib.util.spec_from_file_location("update_drill", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def edited(
    drill: ModuleType, template_repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A package with the drill's edits, committed."""
    packages = tmp_path_factory.mktemp("packages")
    command = [sys.executable, "-m", "copier", "copy", "--trust", "--defaults", "--quiet"]
    options = ["-d", "model_type=bert", "-d", "platforms=[cpu]", "-d", "tasks=[fill-mask]"]
    target = packages / "hf_bert"
    subprocess.run([*command, *options, str(template_repository), str(target)], check=True)
    assert drill.commit_edits(packages) == [target]
    return target


@pytest.fixture
def package(edited: Path, tmp_path: Path) -> Path:
    """The package, for one test to work on."""
    return shutil.copytree(edited.parent, tmp_path / "packages") / "hf_bert"


def rewrite(name: str, old: str, new: str) -> Callable[[Path], None]:
    """A loss: a file of the package with one text in place of another."""

    def apply(package: Path) -> None:
        text = (package / name).read_text("utf-8")
        assert old in text
        (package / name).write_text(text.replace(old, new), "utf-8")

    return apply


def test_nothing_is_lost_before_an_update(drill: ModuleType, package: Path) -> None:
    assert drill.lost(package) == []
    assert drill.invalid(package) == ""


@pytest.mark.parametrize(
    ("loss", "output"),
    [
        (rewrite(TASK, f"# Ours: {TASK}.\n", ""), [TASK]),
        (rewrite(TASK, f"# Ours: {TASK}.\n", f"# Ours: {TASK}.\n" * 2), [TASK]),
        (lambda package: (package / TASK).unlink(), [TASK]),
        (rewrite("README.md", "# Ours: README.md.", ""), ["README.md"]),
        (
            rewrite("src/hf_bert/platforms/cpu/handler.py", "# Ours:", "# Yours:"),
            ["src/hf_bert/platforms/cpu/handler.py"],
        ),
        (rewrite("pyproject.toml", '"0.1.1"', '"0.1.0"'), ["pyproject.toml"]),
        (lambda package: (package / "pyproject.toml").unlink(), ["pyproject.toml"]),
        (rewrite("src/hf_bert/ours.py", "1", "2"), ["own module"]),
        (lambda package: (package / "src/hf_bert/ours.py").unlink(), ["own module"]),
        (lambda package: (package / ".env").unlink(), ["ignored file"]),
        (rewrite(".env", "1", "2"), ["ignored file"]),
        (lambda package: (package / "README.md.rej").touch(), ["no reject"]),
    ],
)
def test_a_loss_is_named(
    drill: ModuleType, package: Path, loss: Callable[[Path], None], output: list[str]
) -> None:
    loss(package)
    assert drill.lost(package) == output


def test_a_deleted_test_that_is_back_is_named(drill: ModuleType, package: Path) -> None:
    gone = json.loads((package / drill.NOTES).read_text())["deleted"]
    (package / gone).touch()
    assert drill.lost(package) == ["deleted test"]


def test_a_recopy_in_place_of_an_update_is_noticed(drill: ModuleType, package: Path) -> None:
    """The tool that forgets every edit: what batch_update must never do."""
    command = [sys.executable, "-m", "copier", "recopy", "--trust", "--defaults", "--overwrite"]
    subprocess.run([*command, "--quiet"], check=True, cwd=package, capture_output=True)
    result = drill.lost(package)
    assert {"README.md", "pyproject.toml", TASK, "deleted test"} <= set(result)
    assert "own module" not in result and "ignored file" not in result


def test_what_does_not_compile_is_invalid(drill: ModuleType, package: Path) -> None:
    rewrite(TASK, f"# Ours: {TASK}.", "<<<<<<< before updating")(package)
    assert "fill_mask.py does not compile" in drill.invalid(package)
