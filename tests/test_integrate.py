"""Every block of docs/integrate.md runs as it stands there, in the order of the page."""

from __future__ import annotations

import os
import re
import subprocess
import venv
from pathlib import Path

import pytest
import torch
from conftest import ROOT

from hf_skillset_runtime.testing.tiny_checkpoint import build_checkpoint

PAGE = (ROOT / "docs" / "integrate.md").read_text("utf-8")
BLOCKS = re.findall(r"```(bash|python)\n(.*?)```", PAGE, flags=re.DOTALL)
PRINTED = {2: "feature-extraction 20 tokens\n", 3: "worker/skillset/hf_bert.py\n"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page's blocks are run: an environment of its own and a tiny checkpoint of bert."""
    folder = tmp_path_factory.mktemp("integrate")
    build_checkpoint(ROOT / "registry/tiny/bert", "AutoModelForMaskedLM", folder / "checkpoint")
    venv.create(folder / "venv", with_pip=True, symlinks=True)
    [own] = folder.glob("venv/lib/python*/site-packages")
    shared = Path(torch.__file__).parent.parent
    # A new environment's setuptools can be older than what a package is built with.
    subprocess.run([folder / "venv/bin/pip", "uninstall", "-qy", "setuptools"], check=True)
    # What the template and torch need is there already; only the package itself is installed.
    (own / "shared.pth").write_text(f"import site; site.addsitedir({str(shared)!r})\n", "utf-8")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """A person's environment, without an index of packages."""
    return {
        **os.environ,
        "TEMPLATE": str(ROOT),
        "CHECKPOINT": str(folder / "checkpoint"),
        "PYTHONPATH": os.pathsep.join(map(str, [ROOT / "src", ROOT / "runtime"])),
        "PATH": f"{folder / 'venv/bin'}{os.pathsep}{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
    }


@pytest.mark.parametrize("place", range(len(BLOCKS)))
def test_a_block_runs(place: int, folder: Path) -> None:
    language, block = BLOCKS[place]
    python = str(folder / "venv/bin/python")
    command = [python, "-c"] if language == "python" else ["bash", "-euo", "pipefail", "-c"]
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
