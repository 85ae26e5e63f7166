"""The platform folders: complete, offered, and independent of each other."""

from __future__ import annotations

import json
import subprocess
import sys
from email import message_from_string
from pathlib import Path
from typing import Any

import pytest

from hf_skillset_templates.registry.store.paths import HARDWARE
from hf_skillset_templates.registry.store.platforms import (
    PLATFORMS_FILE,
    load_platform,
    platform_names,
)
from hf_skillset_templates.reports.platforms import releases
from hf_skillset_templates.source_skillset import source_skillset


def test_every_platform_folder_is_offered() -> None:
    assert json.loads(PLATFORMS_FILE.read_text("utf-8")) == platform_names()


@pytest.mark.parametrize("name", platform_names())
def test_platform_states_its_facts(name: str) -> None:
    facts = load_platform(name)
    assert 0 < facts["tolerance"] < 1
    assert isinstance(facts["requirements"], list)


@pytest.mark.parametrize("name", platform_names())
def test_naming_the_implementation_in_each_result_keeps_no_memory(name: str) -> None:
    """Every call asks for it; a leak of the runtime's queries would grow a server forever."""
    platform = source_skillset("bert", (name,)).platform(name)
    detection = platform.detect()
    if not detection.available:
        pytest.skip(detection.reason)
    device = detection.devices[0].label
    platform.implementation_type(device)
    before = sys.getallocatedblocks()
    for _ in range(200):
        platform.implementation_type(device)
    assert sys.getallocatedblocks() - before < 200


@pytest.mark.parametrize("name", platform_names())
def test_no_other_source_names_the_platform(name: str) -> None:
    """A platform is one folder: taking it away breaks nothing else."""
    others = [path for path in HARDWARE.rglob("*.py") if path.parent.name != name]
    named = [path for path in others if f"hardware.{name}" in path.read_text("utf-8")]
    assert not named


def test_intel_xpu_is_one_folder() -> None:
    """The proof that a platform is one folder: nothing else in the sources says its name."""
    root = HARDWARE.parent
    sources = [
        *root.glob("template/**/*"),
        *root.glob("hooks/*.py"),
        *root.glob("task_variants/*/*"),
    ]
    sources += [root / "copier.yml", *root.glob("runtime/**/*.py")]
    texts = {path: path.read_text("utf-8", errors="ignore") for path in sources if path.is_file()}
    assert not [path for path, text in texts.items() if "xpu" in text.lower()]
    files = (path for path in Path(HARDWARE / "xpu").iterdir() if path.is_file())
    assert sorted(path.name for path in files) == [
        "__init__.py",
        "handler.py",
        "platform.yml",
    ]


def test_unknown_field_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "abacus"
    folder.mkdir()
    facts = (HARDWARE / "cpu" / "platform.yml").read_text("utf-8")
    (folder / "platform.yml").write_text(f"{facts}beads: 10\n", "utf-8")
    with pytest.raises(ValueError, match="unknown fields: beads"):
        load_platform("abacus", tmp_path)


def test_every_platform_is_an_extra_of_this_project(tmp_path: Path) -> None:
    """Its requirements stand in `platform.yml` alone; the build reads them from there."""
    command = [sys.executable, "setup.py", "-q", "egg_info", "--egg-base", str(tmp_path)]
    subprocess.run(command, cwd=HARDWARE.parent, check=True, capture_output=True)
    (metadata,) = tmp_path.glob("*.egg-info/PKG-INFO")
    built = message_from_string(metadata.read_text("utf-8"))
    stated = {
        f'{name}; extra == "{extra}"'
        for extra in platform_names()
        for name in load_platform(extra)["requirements"]
    }
    assert set(platform_names()) <= set(built.get_all("Provides-Extra", []))
    assert stated <= set(built.get_all("Requires-Dist", []))


def test_the_page_names_the_releases_of_its_figures() -> None:
    def entry(release: str | None) -> dict[str, Any]:
        versions = {"transformers": release} if release else {}
        return {"hardware_compatibility": {"cpu": {"verified": ["t"], "versions": versions}}}

    entries = [(entry(release), "t") for release in ("5.9.0", "5.24.0", "5.24.0", None)]
    assert releases(entries, "cpu") == "5.24.0 (2), 5.9.0 (1)"
    assert releases(entries, "cuda") == ""
