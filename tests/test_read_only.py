"""Folders that cannot be written: exit code 2 and one sentence, whatever command meets them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import copier
import pytest
from conftest import ROOT, file_bytes, git, in_own_mounts

READ_ONLY = """
mount --bind {folder} {folder} && mount -o remount,bind,ro {folder} || exit 99
cd {package} && {command}
"""
SCRIPTS = {
    "batch_generate": "--model bert --output-dir {folder}",
    "batch_generate below": "--model bert --output-dir {folder}/new/folder",
    "batch_generate --force": "--model bert --output-dir {folder}/packages --force",
    "batch_test": "{folder}/packages --run {folder}/run",
    "batch_test --resume": "{folder}/packages --run {folder}/packages --resume",
    "batch_update": "{folder}/packages",
    "check_skillset": "{module} --json {folder}/new.json",
    "check_skillset --report": "{module} --report {folder}/new.html",
    "check_skillset --run": "{module} --run {folder}/new",
    "check_skillset --as-template": "{module} --as-template {folder}/new",
    "compare_results": "registry registry --output {folder}/new.json",
    "export_results": "{run} --format csv --output {folder}/new.csv",
    "report": "registry --output {folder}/new.html",
    "write_shims": "{folder}/shims --packages {folder}/packages",
}
PACKAGE = "env PYTHONPATH=src {python} -m hf_bert"
OTHERS = {
    "insert_handlers --add": "{python} {template}/hooks/insert_handlers.py {package} --add xpu",
    "a package's --hardware": f"{PACKAGE} --hardware --json {{folder}}/new.json",
    "a package's --json": f"{PACKAGE} --model {{tiny}} --json {{folder}}/new.json",
    "a package's --export": f"{PACKAGE} --export openvino --model {{tiny}} --output {{folder}}/x",
}
OUR_SCRIPT = "{{python}} {{root}}/scripts/{}.py {}"
CASES = {name: OUR_SCRIPT.format(name.split()[0], line) for name, line in SCRIPTS.items()} | OTHERS
# Copier prints a traceback of its own.
COPIERS = {
    "update": "{python} -m copier update --trust --defaults --quiet",
    "copy": "{python} -m copier copy --trust --defaults --quiet"
    " -d model_type=bert {root} {folder}/hf_new",
}


@pytest.fixture(scope="module")
def folder(template_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one package."""
    folder = tmp_path_factory.mktemp("read") / "only"
    package = folder / "packages" / "hf_bert"
    data = {"model_type": "bert", "platforms": ["cpu", "openvino"]}
    options = {"defaults": True, "quiet": True, "unsafe": True, "vcs_ref": "HEAD"}
    copier.run_copy(str(template_repository), package, data=data, **options)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "hf_bert")
    return folder


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one cell, to be exported."""
    run = tmp_path_factory.mktemp("cell") / "run"
    command = [sys.executable, str(ROOT / "scripts/batch_test.py"), str(folder / "packages")]
    subprocess.run([*command, "--task", "fill-mask", "--run", str(run)], check=True)
    return run


RunReadOnly = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def run_read_only(folder: Path, run: Path, template_repository: Path) -> RunReadOnly:
    """Runs a command while the folder is read-only; nothing in it may change."""
    places = {
        "folder": folder,
        "package": folder / "packages" / "hf_bert",
        "python": sys.executable,
        "root": ROOT,
        "template": template_repository,
        "module": ROOT / "tests/reference_modules/hf_bert.py",
        "run": run,
        "tiny": ROOT / "registry/tiny/bert",
    }

    def call(command: str) -> subprocess.CompletedProcess[str]:
        script = READ_ONLY.format(**places, command=command.format(**places))
        before = file_bytes(folder)
        finished = in_own_mounts(script)
        assert file_bytes(folder) == before
        return finished

    return call


@pytest.mark.parametrize("case", CASES)
def test_a_read_only_folder_is_refused_in_a_sentence(case: str, run_read_only: RunReadOnly) -> None:
    finished = run_read_only(CASES[case])
    assert finished.returncode == 2, finished
    assert "Traceback" not in finished.stderr, finished.stderr
    assert "Read-only file system" in finished.stderr, finished


@pytest.mark.parametrize("case", COPIERS)
def test_copier_changes_nothing_in_a_read_only_folder(
    case: str, run_read_only: RunReadOnly
) -> None:
    finished = run_read_only(COPIERS[case])
    assert finished.returncode != 0 and "Read-only file system" in finished.stderr
