"""A package carries the media that its model takes, and of a task what its model type needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tomllib

from hf_skillset_templates.batch.package import PackageJob, generate_package
from hf_skillset_templates.registry.sources.input_kinds import taken_kinds
from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.overrides import fact_overrides
from hf_skillset_templates.registry.store.paths import MODELS, VARIANTS
from hf_skillset_templates.registry.store.variants import load_variants

AUDIO_LIBRARIES = {"soundfile", "soxr"}
PACKAGES = {
    "llava": {"images"},
    "qwen2_audio": {"audio"},
    "qwen2_vl": {"images", "videos"},
    "qwen2_5_omni": {"audio", "images", "videos"},
    "instructblipvideo": {"videos"},
}
"""Model type -> the modules of media that its package holds."""


@pytest.fixture(scope="module", params=PACKAGES)
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated package with the platform cpu."""
    folder = tmp_path_factory.mktemp("packages")
    name = f"hf_{request.param}"
    answers = {"platforms": ["cpu"], "profile": "improved"}
    outcome = generate_package(PackageJob(request.param, name, str(folder), answers))
    assert outcome.error == ""
    return folder / name


def media_of(package: Path) -> set[str]:
    """The modules of media in a package."""
    tasks = package / "src" / package.name / "_runtime" / "tasks"
    return {name for name in ("images", "videos", "audio") if (tasks / f"{name}.py").is_file()}


def requirements(package: Path) -> set[str]:
    """The names of what a package requires."""
    project = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]
    return {line.split(">")[0].split("=")[0].strip() for line in project["dependencies"]}


def test_the_package_holds_the_modules_of_its_media(package: Path) -> None:
    assert media_of(package) == PACKAGES[package.name.removeprefix("hf_")]


def test_the_package_requires_the_libraries_of_its_media(package: Path) -> None:
    kinds, required = PACKAGES[package.name.removeprefix("hf_")], requirements(package)
    assert AUDIO_LIBRARIES <= required if "audio" in kinds else not AUDIO_LIBRARIES & required
    assert ("av" in required) == ("videos" in kinds)


def test_the_package_ships_the_samples_of_its_media(package: Path) -> None:
    kinds = PACKAGES[package.name.removeprefix("hf_")]
    suffixes = {path.suffix for path in (package / "src" / package.name / "samples").iterdir()}
    assert (".wav" in suffixes) == ("audio" in kinds)


def test_entries_name_the_kinds_that_processors_take() -> None:
    variants = load_variants()
    for path in sorted(MODELS.glob("*.json")):
        entry = read_entry(path.stem)
        own = fact_overrides(path.stem).get("tasks", {})
        for task, facts in entry["tasks"].items():
            kinds = own.get(task, {}).get("inputs") or taken_kinds(path.stem, variants[task].inputs)
            assert facts.get("inputs", variants[task].inputs) == kinds, (path.stem, task)


def test_word_boxes_come_to_models_that_read_boxes_alone(tmp_path: Path) -> None:
    for model_type, holds in (("layoutlmv3", True), ("bert", False)):
        answers = {"platforms": ["cpu"], "profile": "template"}
        name = f"hf_{model_type}"
        assert not generate_package(PackageJob(model_type, name, str(tmp_path), answers)).error
        source = tmp_path / name / "src" / name
        assert (source / "_runtime" / "tasks" / "word_boxes.py").is_file() == holds
        tasks: dict[str, Any] = json.loads((source / "registry.json").read_text("utf-8"))["tasks"]
        adapted = {task for task, facts in tasks.items() if "adapter" in facts}
        assert bool(adapted) == holds


def test_modules_that_overrides_name_exist() -> None:
    for path in MODELS.glob("*.json"):
        for task, facts in read_entry(path.stem)["tasks"].items():
            module = VARIANTS / task / f"{facts.get('module', 'task')}.py"
            assert module.is_file(), (path.stem, task)
