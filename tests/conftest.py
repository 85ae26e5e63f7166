"""Fixtures that several test modules share."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE_PARTS = (
    "LICENSE",
    "copier.yml",
    "hardware",
    "hooks",
    "licenses",
    "macros",
    "runtime",
    "task_variants",
    "template",
)
REGISTRY_TABLES = (
    "platforms.json",
    "unknown.json",
    "pipeline_map.json",
    "names.json",
    "reserved_names.json",
)
FEW_MODEL_TYPES = ("bert", "gpt2", "vit", "whisper")

os.environ["HF_HUB_OFFLINE"] = "1"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/ anew")


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder with an identity of its own."""
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def template_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This template in a small git repository of its own, tagged 0.1.0, with four model types."""
    repository = tmp_path_factory.mktemp("repository") / "template"
    repository.mkdir()
    for name in TEMPLATE_PARTS:
        source, target = ROOT / name, repository / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copy(source, target)
    registry = repository / "registry"
    (registry / "models").mkdir(parents=True)
    for name in REGISTRY_TABLES:
        shutil.copy(ROOT / "registry" / name, registry / name)
    for model_type in FEW_MODEL_TYPES:
        shutil.copy(ROOT / "registry" / "models" / f"{model_type}.json", registry / "models")
        shutil.copytree(ROOT / "registry" / "tiny" / model_type, registry / "tiny" / model_type)
    git(repository, "init", "--quiet", "--initial-branch", "main")
    commit_and_tag(repository, "0.1.0")
    return repository


def commit_and_tag(repository: Path, version: str) -> None:
    """Commit everything and tag it."""
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", version)
    git(repository, "tag", version)


def in_own_mounts(script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script that may mount things, unseen by others; skip where this is impossible.

    The script ends with 99 if a mount fails.
    """
    if not shutil.which("unshare"):
        pytest.skip("needs a mount of its own")
    finished = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        capture_output=True,
        text=True,
    )
    if finished.returncode == 99 or "unshare" in finished.stderr:
        pytest.skip("this system gives no mount of its own")
    return finished


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_script() -> Run:
    """Run one of scripts/ as a user does; nothing is raised for its exit code."""

    def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "scripts" / f"{name}.py"), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)

    return run


def script(name: str) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(f"script_{name}", ROOT / "scripts" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def summary_of(finished: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """The JSON object that a script printed."""
    summary: dict[str, object] = json.loads(finished.stdout)
    return summary


def file_bytes(folder: Path) -> dict[str, bytes]:
    """The content of every file below a folder by its relative path."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if "__pycache__" not in path.parts
    }


OpenHandler = Callable[..., Any]


@pytest.fixture(scope="session")
def open_handler(tmp_path_factory: pytest.TempPathFactory) -> OpenHandler:
    """Opens the handler of a task of a tiny model from the sources, without a package."""
    from hf_skillset_runtime.testing.tiny_checkpoint import build_checkpoint
    from hf_skillset_templates.source_skillset import source_skillset

    folder = tmp_path_factory.mktemp("checkpoints")

    def opened(model_type: str, task: str, platform: str = "cpu", **metadata: Any) -> Any:
        kind = source_skillset(model_type, (platform,))
        skillset = kind(metadata={"export_dir": str(folder / "exports"), **metadata})
        auto_class = skillset.task(task).auto_class
        checkpoint = folder / f"{model_type}-{auto_class}"
        if not checkpoint.exists():
            build_checkpoint(ROOT / "registry" / "tiny" / model_type, auto_class, checkpoint)
        return getattr(skillset, f"init_{platform}")(str(checkpoint), task=task).handler

    return opened
