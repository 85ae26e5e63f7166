"""Facts about model types are data: a package gets its own, and code names no type."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from hf_skillset_templates.batch.package import PackageJob, generate_package
from hf_skillset_templates.registry.sources.pipeline_map import PipelineMapError, check_facts
from hf_skillset_templates.registry.store import overrides
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
        ("{fill-mask: {facts: {speaker: x}}}", "bert.yml: facts that are .*fill-mask.*: speaker"),
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
