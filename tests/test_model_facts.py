"""Facts about model types are data of the task: a package gets its own, and code names no type."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from hf_skillset_templates.batch.package import PackageJob, generate_package
from hf_skillset_templates.registry.sources.pipeline_map import PipelineMapError, check_facts
from hf_skillset_templates.registry.store.paths import PIPELINE_MAP, VARIANTS
from hf_skillset_templates.registry.store.variants import Variant, load_variants
from hf_skillset_templates.source_skillset import source_skillset

TASKS: dict[str, list[str]] = json.loads(PIPELINE_MAP.read_text(encoding="utf-8"))
TOLD = [variant for variant in load_variants().values() if variant.model_facts]
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
            own = load_variants()[name].model_facts.get(model_type)
            assert entry.get("facts") == own
            assert "model_facts" not in entry
    assert "facts" not in tasks["zero-shot-image-classification"]


def test_the_registry_stages_see_the_same_facts() -> None:
    for variant in TOLD:
        for model_type, facts in variant.model_facts.items():
            assert source_skillset(model_type)().task(variant.task).facts == facts


@pytest.mark.parametrize("variant", TOLD, ids=lambda variant: variant.task)
def test_steps_are_told_the_facts_that_they_take(variant: Variant) -> None:
    model_type, facts = next(iter(variant.model_facts.items()))
    spec = source_skillset(model_type)().task(variant.task)
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


@pytest.mark.parametrize("stranger", ["no_such_type", "bert"])
def test_facts_about_other_model_types_are_refused(stranger: str) -> None:
    variants = load_variants()
    task = "text-to-audio"
    variants[task] = replace(variants[task], model_facts={stranger: {"speaker": "[0]"}})
    with pytest.raises(PipelineMapError, match=f"text-to-audio/variant.yml: .*{stranger}"):
        check_facts(variants, TASKS)


def strings(sources: list[Path]) -> Iterator[str]:
    """The strings in Python sources."""
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


@pytest.mark.parametrize("variant", TOLD, ids=lambda variant: variant.task)
def test_the_code_asks_for_every_fact(variant: Variant) -> None:
    asked = set(
        strings(
            [
                VARIANTS / variant.task / "task.py",
                *(ROOT / "runtime" / "hf_skillset_runtime" / "tasks").glob("*.py"),
            ]
        )
    )
    assert {name for facts in variant.model_facts.values() for name in facts} <= asked


def test_code_of_tasks_names_no_model_type() -> None:
    sources = sorted((ROOT / "task_variants").rglob("*.py"))
    assert [path for path in sources if COMPARED.search(path.read_text("utf-8"))] == []
