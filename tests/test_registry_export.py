"""The exported registry has the original structure, and the pages made from data are up to date."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from hf_skillset_templates.registry.store.model_types import model_types
from hf_skillset_templates.registry.store.paths import ROOT
from hf_skillset_templates.registry.store.platforms import ORIGINAL
from hf_skillset_templates.reports.model_registry import model_registry
from hf_skillset_templates.reports.tasks import TASKS_PAGE, tasks_page

KEYS = [
    "description",
    "embedding_dim",
    "sequence_length",
    "model_precision",
    "supports_half_precision",
    "default_batch_size",
    "hardware_compatibility",
    "input",
    "output",
    "helper_functions",
    "handler_params",
    "dependencies",
]
INPUT = {"format", "tensor_type", "uses_attention_mask", "uses_position_ids", "typical_shapes"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/export_registry.py", *arguments]
    environment = {"PYTHONPATH": "src", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_every_model_type_has_every_key_of_the_structure() -> None:
    registry = model_registry(list(model_types()))
    assert list(registry) == list(model_types())
    for model_type, entry in registry.items():
        assert list(entry) == KEYS, model_type
        assert set(entry["hardware_compatibility"]) == set(ORIGINAL)
        assert set(entry["input"]) == INPUT
        assert set(entry["output"]) == {"format", "tensor_type", "typical_shapes"}
        assert set(entry["dependencies"]) == {"python", "pip", "system", "optional"}
        for parameter in entry["handler_params"].values():
            assert {"description", "type", "required"} <= set(parameter)


def test_python_output_can_be_executed_and_equals_the_json_output() -> None:
    namespace: dict[str, Any] = {}
    exec(run("--format", "python", "--model", "bert").stdout, namespace)
    as_json = json.loads(run("--format", "json", "--model", "google-bert/bert-base-uncased").stdout)
    assert namespace["MODEL_REGISTRY"] == as_json
    assert list(as_json) == ["bert"]


def test_an_unknown_name_is_bad_usage_with_similar_names() -> None:
    refused = run("--model", "whispr")
    assert refused.returncode == 2
    assert "similar names: whisper" in refused.stderr


def test_the_page_of_tasks_is_up_to_date() -> None:
    assert TASKS_PAGE.read_text(encoding="utf-8") == tasks_page()
