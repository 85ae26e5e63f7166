"""Every block of docs/integrate.md runs as it stands there, in the order of the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from hf_skillset_runtime.testing.tiny_checkpoint import build_checkpoint

PAGE = (ROOT / "docs" / "integrate.md").read_text("utf-8")
BLOCKS = re.findall(r"```(bash|python)\n(.*?)```", PAGE, flags=re.DOTALL)
PRINTED = {1: "feature-extraction 20 tokens\n", 2: "worker/skillset/hf_bert.py\n"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page's blocks are run, with a tiny checkpoint of bert."""
    folder = tmp_path_factory.mktemp("integrate")
    build_checkpoint(ROOT / "registry/tiny/bert", "AutoModelForMaskedLM", folder / "checkpoint")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """A person's environment in which the package is installed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    installed = [folder / "packages/hf_bert/src", ROOT / "src", ROOT / "runtime", ROOT]
    return {
        **os.environ,
        "TEMPLATE": str(ROOT),
        "CHECKPOINT": str(folder / "checkpoint"),
        "PYTHONPATH": os.pathsep.join(map(str, installed)),
        "PATH": path,
    }


@pytest.mark.parametrize("place", range(len(BLOCKS)))
def test_a_block_runs(place: int, folder: Path) -> None:
    language, block = BLOCKS[place]
    command = [sys.executable, "-c"] if language == "python" else ["bash", "-euo", "pipefail", "-c"]
    finished = subprocess.run(
        [*command, block], cwd=folder, env=environment(folder), capture_output=True, text=True
    )
    assert finished.returncode == 0, block + finished.stdout + finished.stderr
    if place in PRINTED:
        assert finished.stdout.endswith(PRINTED[place])
    elif language == "python":
        assert finished.stdout.strip()


def test_the_page_has_its_three_ways() -> None:
    assert [language for language, _ in BLOCKS].count("python") == 3
