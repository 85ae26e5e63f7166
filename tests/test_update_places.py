"""Updates in unusual places: worktrees, submodules, CRLF, detached HEAD, read-only, odd files."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, commit_and_tag, git

from hf_skillset_templates.batch.update import update_package

COPIER = [sys.executable, "-m", "copier"]
DATA = ("-d", "model_type=bert", "-d", "platforms=[cpu]", "-d", "tasks=[fill-mask]")
TASK = "src/hf_bert/tasks/fill_mask.py"
RUNTIME = "src/hf_bert/_runtime/skillset.py"
OURS, NEWER = "\nOURS = 1\n", "\n# Newer.\n"
WAYS = ("copier", "batch")


@pytest.fixture(scope="module")
def made(template_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with an edited package `hf_bert`; its template has a newer version."""
    template = tmp_path_factory.mktemp("places") / "template"
    git(template.parent, "clone", "--quiet", str(template_repository), str(template))
    mine = tmp_path_factory.mktemp("made") / "mine"
    command = [*COPIER, "copy", "--trust", "--defaults", "--quiet", *DATA]
    subprocess.run([*command, str(template), str(mine / "hf_bert")], check=True)
    task = mine / "hf_bert" / TASK
    task.write_text(task.read_text("utf-8") + OURS, "utf-8")
    git(mine, "init", "--quiet", "--initial-branch", "main")
    git(mine, "add", "--all")
    git(mine, "commit", "--quiet", "--message", "ours")
    readme = template / "template/package/README.md.jinja"
    readme.write_text(NEWER + readme.read_text("utf-8"), "utf-8")
    commit_and_tag(template, "9.0.0")
    return mine


@pytest.fixture
def mine(made: Path, tmp_path: Path) -> Path:
    """The repository, for one test to work on."""
    return shutil.copytree(made, tmp_path / "mine", symlinks=True)


def update(way: str, package: Path) -> None:
    """Update a package by plain `copier update`, or as the batch does; it must work."""
    if way == "batch":
        outcome = update_package(package, None)
        assert outcome.status == "updated", outcome
    else:
        command = [*COPIER, "update", "--trust", "--defaults", "--quiet"]
        finished = subprocess.run(command, cwd=package, capture_output=True, text=True)
        assert finished.returncode == 0, finished.stderr


def is_updated(package: Path) -> bool:
    """Whether the newer version is there, the edit too, and nothing is half done."""
    answers = (package / ".copier-answers.yml").read_text("utf-8")
    readme = (package / "README.md").read_bytes().replace(b"\r\n", b"\n")
    task = (package / TASK).read_bytes().replace(b"\r\n", b"\n")
    return (
        "_commit: 9.0.0" in answers
        and readme.startswith(NEWER.encode())
        and task.endswith(OURS.encode())
        and (package / RUNTIME).is_file()
        and not list(package.rglob("*.rej"))
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_package_in_a_worktree(mine: Path, tmp_path: Path, way: str) -> None:
    place = tmp_path / "worktree"
    git(mine, "worktree", "add", "--quiet", str(place))
    update(way, place / "hf_bert")
    assert is_updated(place / "hf_bert")
    assert git(mine, "status", "--porcelain") == ""
    assert not list(mine.glob(".git/**/hf-skillset-held/*"))


@pytest.mark.parametrize("way", WAYS)
def test_a_package_that_is_a_submodule(mine: Path, tmp_path: Path, way: str) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "--quiet")
    allowed = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    git(outer, *allowed, str(mine), "inner")
    git(outer, "commit", "--quiet", "--message", "inner")
    update(way, outer / "inner" / "hf_bert")
    assert is_updated(outer / "inner" / "hf_bert")


@pytest.mark.parametrize("way", WAYS)
def test_a_package_with_a_submodule_in_it(mine: Path, tmp_path: Path, way: str) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "code.py").write_text("CODE = 1\n")
    git(library, "init", "--quiet")
    git(library, "add", "--all")
    git(library, "commit", "--quiet", "--message", "code")
    allowed = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    git(mine, *allowed, str(library), "hf_bert/third_party/library")
    git(mine, "commit", "--quiet", "--message", "library")
    update(way, mine / "hf_bert")
    assert is_updated(mine / "hf_bert")
    assert (mine / "hf_bert/third_party/library/code.py").read_text() == "CODE = 1\n"
    assert git(mine, "submodule", "status").startswith(" ")


@pytest.mark.parametrize("way", WAYS)
def test_a_package_at_a_detached_head(mine: Path, way: str) -> None:
    git(mine, "checkout", "--quiet", "--detach")
    update(way, mine / "hf_bert")
    assert is_updated(mine / "hf_bert")


@pytest.mark.parametrize("way", WAYS)
def test_a_package_with_windows_line_ends_in_the_working_tree(mine: Path, way: str) -> None:
    git(mine, "config", "core.autocrlf", "true")
    for name in git(mine, "ls-files", "-z").split("\0")[:-1]:
        (mine / name).unlink()
    git(mine, "checkout", "--quiet", "--", ".")
    assert b"\r\n" in (mine / "hf_bert" / TASK).read_bytes()
    update(way, mine / "hf_bert")
    assert is_updated(mine / "hf_bert")
    changed = git(mine, "diff", "--name-only").split()
    assert f"hf_bert/{TASK}" not in changed, changed


@pytest.mark.parametrize("way", WAYS)
def test_a_person_s_files_may_hold_anything(mine: Path, way: str) -> None:
    package = mine / "hf_bert"
    (package / "tests" / "latin.py").write_bytes(b"# caf\xe9\n")
    (package / "src/hf_bert/nul.py").write_bytes(b"\0\xff")
    (package / "src/hf_bert/link.py").symlink_to("nowhere")
    (package / "tests/folder.py").mkdir()
    (package / "tests/folder.py/x.txt").write_text("x")
    git(mine, "add", "--all")
    git(mine, "commit", "--quiet", "--message", "anything")
    update(way, package)
    assert is_updated(package)
    assert (package / "tests/latin.py").read_bytes() == b"# caf\xe9\n"
    assert (package / "src/hf_bert/nul.py").read_bytes() == b"\0\xff"
    assert os.readlink(package / "src/hf_bert/link.py") == "nowhere"


@pytest.mark.parametrize("way", WAYS)
def test_line_ends_by_the_attributes_of_a_folder_above(mine: Path, way: str) -> None:
    (mine / ".gitattributes").write_text("*.py text eol=crlf\n*.md text eol=crlf\n")
    git(mine, "add", "--all")
    git(mine, "commit", "--quiet", "--message", "attributes")
    for name in git(mine, "ls-files", "-z").split("\0")[:-1]:
        (mine / name).unlink()
    git(mine, "checkout", "--quiet", "--", ".")
    update(way, mine / "hf_bert")
    assert is_updated(mine / "hf_bert")
    assert f"hf_bert/{TASK}" not in git(mine, "diff", "--name-only").split()


def test_two_plain_updates_of_one_package_at_once(mine: Path) -> None:
    """Whichever is first: the edit is there, and nothing is half done."""
    package = mine / "hf_bert"
    command = [*COPIER, "update", "--trust", "--defaults", "--quiet"]
    pair = [
        subprocess.Popen(command, cwd=package, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    messages = [process.communicate()[1] for process in pair]
    codes = sorted(process.returncode for process in pair)
    assert codes[0] == 0 and is_updated(package), messages
    assert codes[1] == 0 or any("is updating" in text or "dirty" in text for text in messages), (
        messages
    )
    assert not any("Traceback" in text for text in messages), messages


def test_an_update_beside_another_is_refused_before_it_changes_anything(mine: Path) -> None:
    package = mine / "hf_bert"
    held = mine / ".git" / "hf-skillset-held"
    held.mkdir()
    place = hashlib.sha256(os.fsencode(package.resolve())).hexdigest()[:16]
    note = held / f"{place}.process"
    note.write_text(str(os.getppid()))
    command = [*COPIER, "update", "--trust", "--defaults", "--quiet"]
    finished = subprocess.run(command, cwd=package, capture_output=True, text=True)
    assert finished.returncode != 0 and "Traceback" not in finished.stderr
    assert f"process {os.getppid()} is updating" in finished.stderr
    assert git(mine, "status", "--porcelain") == ""
    for over in ("999999999", "9" * 30, "0", "no number"):  # a killed update ends no later one
        note.write_text(over)
        git(mine, "checkout", "--quiet", "--", ".")
        git(mine, "clean", "--quiet", "--force", "-d")
        update("copier", package)
        assert is_updated(package) and not note.exists()


def test_two_batches_of_updates_at_once(mine: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts/batch_update.py"), str(mine)]
    pair = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    messages = [process.communicate()[1] for process in pair]
    codes = sorted(process.returncode for process in pair)
    assert codes == [0, 2] and any("is in use by" in text for text in messages), messages
    assert is_updated(mine / "hf_bert")
