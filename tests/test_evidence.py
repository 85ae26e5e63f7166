"""Broken models are refused, faults are noticed: small versions of what benchmarks/ runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from hf_skillset_templates.evidence.drill import drill_job

FAULTS = {"other weights", "another sample's answer", "scaled output", "swapped layers"}


@pytest.mark.parametrize("model_type", ["bert", "patchtst", "vit", "whisper"])
def test_broken_models_are_refused_by_the_rules_of_every_platform(model_type: str) -> None:
    (record,) = drill_job({"model_type": model_type, "first": True})
    assert "error" not in record, record
    assert not any(record["good"].values()), record["good"]
    assert set(record["faults"]) == FAULTS
    for fault, verdicts in record["faults"].items():
        assert len(verdicts) >= 3 and all(verdicts.values()), (fault, verdicts)
    assert not [p for p in record["sensitivity"]["problems"] if "mask" not in p]


def test_faults_in_a_task_are_noticed_by_the_self_test(tmp_path: Path) -> None:
    result = tmp_path / "found.json"
    command = [sys.executable, str(ROOT / "benchmarks" / "mutation.py")]
    command += ["--only", "multiple-choice", "--json", str(result)]
    subprocess.run(command, check=True, capture_output=True)
    records = json.loads(result.read_text("utf-8"))
    assert len(records) == 5 and not any("error" in record for record in records)
    assert any(record["self test"] for record in records)
