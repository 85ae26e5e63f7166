"""The template's place in the answers: absolute where it is local, untouched where it is not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, git

ANSWERS = "# made by Copier\n_commit: '1.0'\n_src_path: {typed}\nauthor: é\nplatforms: [cpu]\n"


def template_at(place: Path) -> Path:
    """The hook in a template of its own."""
    shutil.copytree(ROOT / "hooks", place / "hooks", ignore=shutil.ignore_patterns("__pycache__"))
    return place


def repository_at(place: Path) -> Path:
    """The same as a git repository."""
    template_at(place)
    git(place, "init", "--quiet")
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", "template")
    return place


def recorded(template: Path, package: Path, typed: str) -> str:
    """What a package's answers name after the hook of `template` ran."""
    package.mkdir(exist_ok=True)
    text = ANSWERS.format(typed=yaml.safe_dump(typed, width=1000).removesuffix("...\n").strip())
    (package / ".copier-answers.yml").write_text(text, "utf-8")
    hook = template / "hooks" / "record_source.py"
    finished = subprocess.run([sys.executable, hook, "."], cwd=package, capture_output=True)
    assert (finished.returncode, finished.stderr) == (0, b"")
    text = (package / ".copier-answers.yml").read_text("utf-8")
    assert text.startswith("# made by Copier\n_commit: '1.0'\n")
    assert text.endswith("author: é\nplatforms: [cpu]\n")
    return str(yaml.safe_load(text)["_src_path"])


@pytest.mark.parametrize("name", ["template", "tem: plate #1", "tëmplate 'two' \"x\"", "- tpl"])
@pytest.mark.parametrize("typed", ["tpl", ".", "..", "./template", "~/template"])
def test_a_local_template_becomes_absolute(tmp_path: Path, name: str, typed: str) -> None:
    place = repository_at(tmp_path / name)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(place), str(clone))
    assert recorded(clone, tmp_path / "package", typed) == str(place)


def test_an_archive_without_git_is_its_own_place(tmp_path: Path) -> None:
    place = template_at(tmp_path / "archive")
    assert recorded(place, tmp_path / "package", "../archive") == str(place)


@pytest.mark.parametrize(
    "typed",
    [
        "https://example.org//team/../template.git",
        "git@example.org:team/template.git",
        "gh:team/template",
        "git+https://example.org/template",
        "file:///srv//template",
        "/srv/template/./x",
    ],
)
def test_what_needs_no_folder_stays_as_typed(tmp_path: Path, typed: str) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(repository_at(tmp_path / "cache")), str(clone))
    assert recorded(clone, tmp_path / "package", typed) == typed


def test_broken_answers_are_no_reason_to_give_up(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / ".copier-answers.yml").write_text("_src_path: [")
    hook = ROOT / "hooks" / "record_source.py"
    finished = subprocess.run([sys.executable, hook, package], capture_output=True, text=True)
    assert finished.returncode == 0
    assert "cannot be read" in finished.stderr and "Traceback" not in finished.stderr
