"""Packages that carry the runtime and packages that require it pass the same checks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from hf_skillset_templates.batch.package import PackageJob, generate_package

VARIANTS = ("vendored", "dependency")
PART = "(fill_mask or fill-mask or mock or hardware) and not openvino and not qualcomm"
"""Those of its tests that are run here: one task on the CPU, and the command line."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the runtime, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    offline = ("--no-index", "--no-build-isolation", "--no-deps", "--quiet")
    run("pip", "wheel", *offline, "--wheel-dir", str(folder), str(ROOT / "runtime"))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel is installed in."""
    folder = tmp_path_factory.mktemp("installed")
    run("pip", "install", "--no-index", "--no-deps", "--quiet", "--target", str(folder), str(wheel))
    return folder


@pytest.fixture(scope="module", params=VARIANTS)
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`hf_bert` on every platform, once with the runtime in it and once without."""
    folder = tmp_path_factory.mktemp(request.param)
    job = PackageJob("bert", "hf_bert", str(folder), {"runtime": request.param})
    assert generate_package(job).error == ""
    return folder / "hf_bert"


def carries_runtime(package: Path) -> bool:
    """Whether the runtime lies in a package."""
    return (package / "src" / "hf_bert" / "_runtime").is_dir()


def required_paths(package: Path, installed: Path) -> tuple[Path, ...]:
    """Where a package finds what it requires of this project."""
    return () if carries_runtime(package) else (installed,)


def run(*command: str, folder: Path = ROOT, paths: tuple[Path | str, ...] = ()) -> str:
    """What `python -m` prints, which must succeed."""
    joined = os.pathsep.join(map(str, paths))
    finished = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": joined, "MYPYPATH": joined},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, (finished.stdout + finished.stderr)[-4000:]
    return finished.stdout


def test_wheel_has_the_runtime_the_platforms_and_the_licence(installed: Path) -> None:
    for name in ("skillset.py", "py.typed", "LICENSE"):
        assert (installed / "hf_skillset_runtime" / name).is_file()
    platforms = {path.parent.name for path in (ROOT / "hardware").glob("*/handler.py")}
    shipped = (installed / "hf_skillset_platforms").glob("*/handler.py")
    assert {path.parent.name for path in shipped} == platforms
    (about,) = installed.glob("hf_skillset_runtime-*.dist-info/METADATA")
    lines = about.read_text("utf-8").splitlines()
    version = (ROOT / "runtime" / "VERSION").read_text("utf-8").strip()
    needed = (ROOT / "runtime" / "requirements.txt").read_text("utf-8").split()
    assert f"Version: {version}" in lines
    assert {f"Requires-Dist: {requirement}" for requirement in needed} <= set(lines)


def test_package_has_the_runtime_or_requires_it(package: Path) -> None:
    carried = carries_runtime(package)
    required = "hf-skillset-runtime==" in (package / "pyproject.toml").read_text("utf-8")
    assert carried is not required
    assert (package / "src" / "hf_bert" / "platforms").is_dir() is carried


def test_package_passes_its_own_tests(package: Path, installed: Path) -> None:
    paths = ("src", *required_paths(package, installed))
    options = ("-q", "-p", "no:cacheprovider", "-k", PART)
    output = run("pytest", *options, folder=package, paths=paths)
    assert "passed" in output


def test_package_passes_strict_mypy(package: Path, installed: Path) -> None:
    run("mypy", "--strict", "src", folder=package, paths=required_paths(package, installed))


def test_package_is_formatted_and_lint_free(package: Path) -> None:
    for command in (("format", "--check"), ("check",)):
        run("ruff", *command, "--no-cache", str(package))
