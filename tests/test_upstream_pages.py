"""The scripts of docs/upstream/ still show the faults that their pages report."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

PAGES = sorted(set((ROOT / "docs" / "upstream").glob("*.md")) - {ROOT / "docs/upstream/README.md"})
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_script_shows_what_the_page_says(page: Path, tmp_path: Path) -> None:
    blocks = BLOCK.findall(page.read_text("utf-8"))
    scripts = [number for number, (language, _) in enumerate(blocks) if language == "python"]
    (_, script), (_, expected) = blocks[scripts[-1] : scripts[-1] + 2]
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)},
    )
    shown = re.sub(r"/tmp/[\w/-]+", "FOLDER", ran.stdout + ran.stderr)
    if absent := re.search(r"requires the (\w+) library but it was not found", shown):
        pytest.skip(f"{absent[1]} is not installed")
    start = re.sub(r"/tmp/[\w/-]+", "FOLDER", " ".join(expected.split()))[:50]
    assert any(line.startswith(start) for line in shown.splitlines()), shown[-600:]


def test_every_failure_that_names_a_page_has_it() -> None:
    for path in (ROOT / "registry" / "overrides").glob("*.yml"):
        cause = yaml.safe_load(path.read_text("utf-8")).get("failure", {}).get("cause", "")
        for name in re.findall(r"docs/upstream/([\w.-]+\.md)", cause):
            assert (ROOT / "docs" / "upstream" / name).is_file(), f"{path.name}: {name}"
