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


@pytest.mark.parametrize(
    ("only", "tried", "noticed"),
    [
        ("multiple-choice", 5, 3),
        ("tasks/history", 4, 4),  # what lies outside of a window, and gaps
        ("media/image", 4, 4),  # forms of one picture
        ("zero-shot-classification", 6, 6),  # each parameter against the pipeline's
    ],
)
def test_faults_are_noticed_by_the_self_test(
    tmp_path: Path, only: str, tried: int, noticed: int
) -> None:
    result = tmp_path / "found.json"
    command = [sys.executable, str(ROOT / "benchmarks" / "mutation.py")]
    command += ["--only", only, "--json", str(result)]
    subprocess.run(command, check=True, capture_output=True)
    records = json.loads(result.read_text("utf-8"))
    assert len(records) == tried and not any("error" in record for record in records)
    assert sum(bool(record["self test"]) for record in records) >= noticed
