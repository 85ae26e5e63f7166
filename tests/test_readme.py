"""Every command of the README does what it says; the rest of the page points at what exists."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, git
from PIL import Image

from hf_skillset_templates.registry.store.model_types import pipeline_map
from hf_skillset_templates.registry.store.variants import load_variants

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [line.split(" #")[0].strip() for block in BLOCKS for line in block.splitlines() if line]
RUN_BY_OTHERS = {
    "make generate": "test_rendered_packages.py generates a package for every model type",
    "make test": "it is what runs this test",
    "copier copy --trust . ./hf_bert": "test_copier_copy.py answers its questions",
    "python scripts/batch_generate.py --all --json": "test_rendered_packages.py generates all",
    "copier update --trust --defaults": "test_batch_update.py updates an edited package",
}
"""Commands that another test runs, with its name."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the README's commands are run one after the other, in a git repository."""
    folder = tmp_path_factory.mktemp("readme")
    git(folder, "init", "--quiet")
    return folder


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in RUN_BY_OTHERS])
def test_command_runs(command: str, folder: Path) -> None:
    if "batch_update" in command or "--add" in command:
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--allow-empty", "--message", "before")
    words = [here(word) for word in shlex.split(command)]
    binaries = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    finished = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def here(word: str) -> str:
    """A word of a command as it must be typed outside the checkout."""
    if word == ".":
        return str(ROOT)
    return str(ROOT / word) if word.startswith(("scripts/", "hooks/")) else word


def test_commands_that_others_run_are_in_the_readme() -> None:
    assert set(RUN_BY_OTHERS) <= set(COMMANDS)


def test_the_picture_is_of_the_present_registry() -> None:
    """`make picture` draws it anew; its title is the headline of the page."""
    with Image.open(ROOT / "docs" / "report.png") as picture:
        title = picture.info.get("Title")
    assert title == f"{len(pipeline_map())} model types, {len(load_variants())} tasks, measured"


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
