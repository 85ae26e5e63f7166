"""The hooks: what they insert, what they refuse, and that running them again changes nothing."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, file_bytes

from hf_skillset_templates.batch.origin import template_origin
from hf_skillset_templates.batch.package import PackageJob, generate_package


@pytest.fixture(scope="module")
def made_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bert package with the CPU alone."""
    folder = tmp_path_factory.mktemp("made")
    answers, origin = {"platforms": ["cpu"]}, template_origin(ROOT)
    outcome = generate_package(PackageJob("bert", "hf_bert", str(folder), answers, origin))
    assert outcome.error == ""
    return folder / "hf_bert"


@pytest.fixture
def package(made_package: Path, tmp_path: Path) -> Path:
    """The package, for one test to work on."""
    return shutil.copytree(made_package, tmp_path / "hf_bert")


EAGER = "from .platforms.cpu import handler"


def run_hook(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a hook as Copier does: a bare Python with Copier's dependencies."""
    command = [sys.executable, str(ROOT / "hooks" / f"{name}.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_inserting_again_changes_nothing(package: Path) -> None:
    before = file_bytes(package)
    for hook in ("insert_handlers", "copy_tiny_model", "validate_package"):
        assert run_hook(hook, package).returncode == 0
    assert file_bytes(package) == before


def test_a_platform_is_added_to_a_package_that_exists(package: Path) -> None:
    before = file_bytes(package)
    finished = run_hook("insert_handlers", package, "--add", "cuda")
    assert finished.returncode == 0, finished.stderr
    after = file_bytes(package)
    changed = {name for name in after if after[name] != before.get(name)}
    assert "src/hf_bert/platforms/cuda/handler.py" in changed
    assert changed <= {
        "src/hf_bert/platforms/cuda/__init__.py",
        "src/hf_bert/platforms/cuda/handler.py",
        "src/hf_bert/registry.json",
        ".copier-answers.yml",
    }
    answers = yaml.safe_load((package / ".copier-answers.yml").read_text())
    assert answers["platforms"] == ["cpu", "cuda"]
    assert run_hook("validate_package", package).returncode == 0
    assert file_bytes(package) == after


def test_unknown_platform_is_refused_with_what_there_is(package: Path) -> None:
    before = file_bytes(package)
    finished = run_hook("insert_handlers", package, "--add", "abacus")
    assert finished.returncode == 2
    assert "no platform 'abacus'; there are:" in finished.stderr
    assert file_bytes(package) == before


def test_a_folder_that_is_no_package_is_refused(tmp_path: Path) -> None:
    finished = run_hook("insert_handlers", tmp_path, "--add", "cuda")
    assert finished.returncode == 2
    assert "no generated package" in finished.stderr


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("_runtime/serving/endpoint.py", "import asyncio", "import asyncio(", "does not compile"),
        ("_runtime/skillset.py", "import asyncio", "import asyncio\nimport torch", "imports torch"),
        (
            "__init__.py",
            "from .skill",
            "from .platforms.cpu import handler\nfrom .skill",
            ".handler",
        ),
        ("_runtime/initializers.py", 'Parameter("device"', 'Parameter("place"', "init_cpu takes"),
        (
            "_runtime/initializers.py",
            "hardware_label: str,\n",
            "label: str,\n",
            "create_cpu_fill_mask",
        ),
        ("_runtime/skillset.py", "endpoint_label: str,", "label: str,", "__test__ takes"),
    ],
)
def test_a_broken_promise_is_found(
    package: Path, file: str, old: str, new: str, complaint: str
) -> None:
    path = package / "src" / "hf_bert" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    finished = run_hook("validate_package", package)
    assert finished.returncode == 1
    assert complaint in finished.stderr


def test_a_model_type_without_tiny_model_has_no_tiny_folder(package: Path) -> None:
    answers = package / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("model_type: bert", "model_type: no_such_type"))
    assert run_hook("copy_tiny_model", package).returncode == 0
    assert not (package / "tests" / "tiny").exists()


def test_a_process_that_uses_a_platform_may_generate_packages(tmp_path: Path) -> None:
    importlib.import_module("hardware.cpu.handler")
    answers = {"platforms": ["cpu"], "tasks": ["fill-mask"]}
    assert generate_package(PackageJob("bert", "hf_bert", str(tmp_path), answers)).error == ""
