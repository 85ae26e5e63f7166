"""Every command of docs/using.md does what the page says, in the order of the page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, commit_and_tag, git

PAGE = (ROOT / "docs" / "using.md").read_text("utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page's commands are run, one block after the other."""
    return tmp_path_factory.mktemp("using")


@pytest.fixture(scope="module")
def template(template_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small template with the scripts, as a person has it cloned."""
    place = tmp_path_factory.mktemp("clone") / "hf-skillset-templates"
    git(place.parent, "clone", "--quiet", str(template_repository), str(place))
    for name in ("scripts", "src"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, place / name, ignore=ignored)
    commit_and_tag(place, "7.0.0")
    return place


def environment(folder: Path, template: Path) -> dict[str, str]:
    """A person's environment: their own configuration of git, our commands in the PATH."""
    binaries = str(Path(sys.executable).parent)
    identity = folder / "gitconfig"
    identity.touch()
    return {
        **os.environ,
        "TEMPLATE": str(template),
        "PYTHONPATH": f"{template / 'src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": str(identity),
        **{f"GIT_{who}_NAME": "someone" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "someone@localhost" for who in ("AUTHOR", "COMMITTER")},
    }


@pytest.mark.parametrize("block", BLOCKS, ids=[block.splitlines()[-1][:40] for block in BLOCKS])
def test_a_block_runs(block: str, folder: Path, template: Path) -> None:
    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=folder,
        env=environment(folder, template),
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, block + finished.stdout + finished.stderr


def test_what_the_page_promises_is_there(folder: Path) -> None:
    """Run after the blocks."""
    answers = yaml.safe_load((folder / "hf_bert/.copier-answers.yml").read_text())
    assert answers["platforms"] == ["cpu", "cuda", "openvino"]
    assert answers["primary_task"] == "token-classification"
    assert (folder / "hf_bert/src/hf_bert/platforms/openvino/handler.py").is_file()
    assert sorted(path.name for path in (folder / "packages").glob("hf_*")) == ["hf_bert", "hf_vit"]


def test_every_question_is_explained() -> None:
    asked = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))
    questions = [
        name for name, about in asked.items() if isinstance(about, dict) and "help" in about
    ]
    assert questions and [name for name in questions if f"`{name}`" not in PAGE] == []
