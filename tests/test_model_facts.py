"""Facts about model types are data: a package gets its own, and code names no type."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from hf_skillset_runtime.tasks.spec import TaskSpec
from hf_skillset_templates.batch.package import PackageJob, generate_package
from hf_skillset_templates.registry.sources.pipeline_map import (
    PipelineMapError,
    check_facts,
    tasks_of,
)
from hf_skillset_templates.registry.sources.universe import load_universe
from hf_skillset_templates.registry.store import overrides
from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.overrides import task_overrides
from hf_skillset_templates.registry.store.paths import PIPELINE_MAP, VARIANTS
from hf_skillset_templates.registry.store.variants import load_variants
from hf_skillset_templates.source_skillset import source_skillset

TASKS: dict[str, list[str]] = json.loads(PIPELINE_MAP.read_text(encoding="utf-8"))
FACTS = {
    (model_type, task): own["facts"]
    for model_type, tasks in TASKS.items()
    for task in tasks
    if "facts" in (own := task_overrides(model_type, task))
}
TOLD = sorted({task for _, task in FACTS})
COMPARED = re.compile(r"\bmodel_type\b")


def entries(model_type: str, profile: str, folder: Path) -> dict[str, Any]:
    """The tasks in the `registry.json` of a generated package."""
    answers = {"platforms": ["cpu"], "profile": profile}
    outcome = generate_package(PackageJob(model_type, f"hf_{model_type}", str(folder), answers))
    assert outcome.error == ""
    path = folder / f"hf_{model_type}" / "src" / f"hf_{model_type}" / "registry.json"
    tasks: dict[str, Any] = json.loads(path.read_text("utf-8"))["tasks"]
    return tasks


@pytest.mark.parametrize("profile", ["template", "improved"])
def test_a_package_has_the_facts_about_its_own_model_type_alone(
    profile: str, tmp_path: Path
) -> None:
    for model_type in ("siglip", "clip"):
        tasks = entries(model_type, profile, tmp_path)
        for name, entry in tasks.items():
            assert entry.get("facts") == FACTS.get((model_type, name))
            assert "fact_names" not in entry
    assert "facts" not in tasks["zero-shot-image-classification"]


def test_a_short_entry_tells_a_task_as_much_as_a_full_one(tmp_path: Path) -> None:
    """Its self test and its tests demand the same."""
    kept = {field.name for field in fields(TaskSpec)} - {"tensors"}  # shapes of a full entry
    for model_type in ("bert", "whisper"):
        full = entries(model_type, "improved", tmp_path / "full")
        short = entries(model_type, "template", tmp_path / "short")
        for task, facts in full.items():
            assert short[task].items() >= {k: v for k, v in facts.items() if k in kept}.items()


def test_a_short_entry_says_what_is_known_to_fail(tmp_path: Path) -> None:
    name = "fuyu"
    answers = {"platforms": ["cpu"], "profile": "template"}
    assert not generate_package(PackageJob(name, f"hf_{name}", str(tmp_path), answers)).error
    path = tmp_path / f"hf_{name}" / "src" / f"hf_{name}" / "registry.json"
    known = json.loads(path.read_text("utf-8"))["hardware_compatibility"]
    assert known["cpu"] == {"failed": read_entry(name)["hardware_compatibility"]["cpu"]["failed"]}


def test_the_registry_stages_see_the_same_facts() -> None:
    assert FACTS
    for (model_type, task), facts in FACTS.items():
        assert source_skillset(model_type)().task(task).facts == facts


@pytest.mark.parametrize("task", TOLD)
def test_steps_are_told_the_facts_that_they_take(task: str) -> None:
    model_type, facts = next((name, known) for (name, of), known in FACTS.items() if of == task)
    spec = source_skillset(model_type)().task(task)
    steps = spec.parameters(spec.sample_params)
    assert any(step.get("facts") == facts for step in steps)


def test_a_step_that_asks_for_no_facts_gets_none() -> None:
    spec = source_skillset("bert")().task("fill-mask")
    assert [step.get("facts") for step in spec.parameters({})] == [None, None]


def test_a_caller_cannot_give_facts() -> None:
    spec = source_skillset("siglip")().task("zero-shot-image-classification")
    with pytest.raises(TypeError, match="no parameter 'facts'"):
        spec.parameters({"candidate_labels": ["cat"], "facts": {}})


def test_facts_are_about_model_types_that_do_the_task() -> None:
    check_facts(load_variants(), TASKS)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "{fill-mask: {facts: {speaker: x}}}",
            "bert.yml: facts that are not .*fill-mask.*: speaker",
        ),
        ("{text-to-audio: {facts: {speaker: x}}}", "bert.yml: bert does not do .*text-to-audio"),
    ],
)
def test_facts_that_no_code_asks_for_are_refused(
    text: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overrides, "OVERRIDES", tmp_path)
    overrides._stated.cache_clear()
    (tmp_path / "bert.yml").write_text(f"facts: {{why: a reason, tasks: {text}}}")
    with pytest.raises(PipelineMapError, match=problem):
        check_facts(load_variants(), {"bert": TASKS["bert"]})
    overrides._stated.cache_clear()


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ("add_tasks: [fill-mask]", "not tasks of bert: .*fill-mask"),  # done by it anyway
        ("add_tasks: [flying]", "not tasks of bert: .*flying"),
        ("exclude_tasks: [robotics]", "not tasks of bert: .*robotics"),
    ],
)
def test_tasks_without_a_choice_are_refused(
    facts: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overrides, "OVERRIDES", tmp_path)
    overrides._stated.cache_clear()
    (tmp_path / "bert.yml").write_text(f"facts: {{why: a reason, {facts}}}")
    with pytest.raises(PipelineMapError, match=problem):
        tasks_of("bert", load_universe(), load_variants())
    overrides._stated.cache_clear()


def test_a_task_of_choice_is_added_by_the_overrides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "video-segmentation" in tasks_of("sam2_video", load_universe(), load_variants())
    monkeypatch.setattr(overrides, "OVERRIDES", tmp_path)
    overrides._stated.cache_clear()
    assert "video-segmentation" not in tasks_of("sam2_video", load_universe(), load_variants())
    overrides._stated.cache_clear()


def test_no_field_of_a_variant_lists_model_types() -> None:
    """Words like `detr` or `clip` may stand in a text; a list of them is a fact about each."""
    for task, variant in load_variants().items():
        lists = [value for value in vars(variant).values() if isinstance(value, list)]
        named = {item for value in lists for item in value if isinstance(item, str)}
        assert not named & set(TASKS), task


def strings(sources: list[Path]) -> Iterator[str]:
    """The strings in Python sources."""
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_the_code_asks_for_every_fact_that_a_variant_names() -> None:
    common = [*(ROOT / "runtime" / "hf_skillset_runtime" / "tasks").glob("*.py")]
    for task, variant in load_variants().items():
        if variant.fact_names:
            asked = set(strings([*(VARIANTS / task).glob("*.py"), *common]))
            assert set(variant.fact_names) <= asked, task


def test_code_of_tasks_names_no_model_type() -> None:
    sources = sorted((ROOT / "task_variants").rglob("*.py"))
    assert [path for path in sources if COMPARED.search(path.read_text("utf-8"))] == []
