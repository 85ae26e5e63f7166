"""The hooks: what they insert, what they refuse, and that running them again changes nothing."""

from __future__ import annotations

import ast
import gc
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from conftest import ROOT, file_bytes

from hf_skillset_templates.batch.origin import template_origin
from hf_skillset_templates.batch.package import PackageJob, generate_package
from hf_skillset_templates.template_hooks import load_hook


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
    assert "unknown platform 'abacus'; use one of:" in finished.stderr
    assert file_bytes(package) == before


def test_a_folder_that_is_no_package_is_refused(tmp_path: Path) -> None:
    finished = run_hook("insert_handlers", tmp_path, "--add", "cuda")
    assert finished.returncode == 2
    assert "not a generated package" in finished.stderr


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
        (
            "_runtime/initializers.py",
            'Parameter("device"',
            'Parameter("place"',
            "init_cpu has the param",
        ),
        (
            "_runtime/initializers.py",
            "hardware_label: str,\n",
            "label: str,\n",
            "create_cpu_fill_mask",
        ),
        (
            "_runtime/skillset.py",
            "endpoint_label: str,",
            "label: str,",
            "__test__ has the param",
        ),
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


@pytest.mark.parametrize("needed", ["yaml", "pytest", "numpy"])
def test_what_this_process_has_imported_is_not_there_for_a_package(
    package: Path, needed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    importlib.import_module(needed)
    monkeypatch.setitem(sys.modules, "hf_bert", ModuleType("hf_bert"))
    hook = load_hook("validate_package")
    hook.validate_package(package)
    path = package / "src" / "hf_bert" / "skillset.py"
    path.write_text(f"{path.read_text()}\nimport {needed}\n")
    with pytest.raises(hook.HookError, match=needed) as error:
        hook.validate_package(package)
    assert str(path) in str(error.value)
    assert needed in sys.modules


def test_imports_of_the_runtime_are_read_as_python_reads_them() -> None:
    vendoring = load_hook("vendoring")
    for path in sorted(vendoring.RUNTIME.rglob("*.py")):
        parts = path.relative_to(vendoring.RUNTIME).with_suffix("").parts
        module = ".".join(parts).removesuffix("__init__").rstrip(".")
        package = [*parts[:-1]]
        result: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                above = package[: len(package) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
                result |= {*vendoring.modules_among(base, [each.name for each in node.names])}
        assert set(vendoring.imports(module)) == result, module


def test_a_model_type_without_tiny_model_keeps_what_is_there(package: Path) -> None:
    answers, tiny = package / ".copier-answers.yml", package / "tests" / "tiny"
    answers.write_text(answers.read_text().replace("model_type: bert", "model_type: no_such_type"))
    (tiny / "ours").mkdir()
    (tiny / "ours" / "model.safetensors").write_bytes(b"weights")
    before = file_bytes(tiny)
    finished = run_hook("copy_tiny_model", package)
    assert finished.returncode == 0 and file_bytes(tiny) == before
    assert "tests/tiny/ours/model.safetensors" in finished.stderr


def test_nothing_is_written_through_a_link(package: Path, tmp_path: Path) -> None:
    """A linked file is replaced by one of the package, a linked folder is refused."""
    source, elsewhere = package / "src" / "hf_bert", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.py").write_text("MINE = 1\n")
    task = source / "tasks" / "fill_mask.py"
    task.unlink()
    task.symlink_to(elsewhere / "mine.py")
    shutil.rmtree(source / "_runtime")
    (source / "_runtime").symlink_to(elsewhere)
    assert run_hook("insert_handlers", package).returncode == 0
    assert task.is_symlink()
    assert run_hook("insert_handlers", package, "--existing=replace").returncode == 0
    assert not task.is_symlink() and not (source / "_runtime").is_symlink()
    shutil.rmtree(package / "tests" / "tiny")
    (package / "tests" / "tiny").symlink_to(elsewhere)
    finished = run_hook("copy_tiny_model", package)
    assert finished.returncode == 1 and "leads out of the package" in finished.stderr
    assert file_bytes(elsewhere) == {"mine.py": b"MINE = 1\n"}


def test_a_process_that_uses_a_platform_may_generate_packages(tmp_path: Path) -> None:
    importlib.import_module("hardware.cpu.handler")
    answers = {"platforms": ["cpu"], "tasks": ["fill-mask"]}
    assert generate_package(PackageJob("bert", "hf_bert", str(tmp_path), answers)).error == ""


def test_a_check_in_a_fork_finalizes_nothing_of_its_parent(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A native object may wait there for ever, for a thread that only the parent has."""

    class Session:
        """Ends the process where another than its own finalizes it."""

        def __init__(self) -> None:
            self.cycle, self.process = self, os.getpid()

        def __del__(self) -> None:
            if os.getpid() != self.process:
                os._exit(9)

    fork = os.fork

    def fork_with_garbage() -> int:
        for _ in range(100):
            Session()
        return fork()

    monkeypatch.setattr(os, "fork", fork_with_garbage)
    before = gc.get_threshold()
    gc.set_threshold(500, 1, 1)  # so that the fork would collect
    try:
        load_hook("validate_package").validate_package(package)
    finally:
        gc.set_threshold(*before)
