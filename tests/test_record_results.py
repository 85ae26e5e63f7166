"""Results enter the registry whole and checked, or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import script

from hf_skillset_runtime.compare.parity import EVIDENCE
from hf_skillset_templates import command_line
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.store import entries
from hf_skillset_templates.registry.store.model_types import model_types
from hf_skillset_templates.registry.store.paths import MODELS
from hf_skillset_templates.results import record
from hf_skillset_templates.results.from_registry import entry_records

CELL: dict[str, Any] = {
    "model_type": "bert",
    "task": "fill-mask",
    "platform": "cpu",
    "status": "FAILED",
    "stage": "run",
    "detail": "ValueError: on purpose",
    "seconds": 1.5,
}


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two entries of the registry, to be changed."""
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("bert", "vit"):
        shutil.copy(MODELS / f"{name}.json", folder)
    monkeypatch.setattr(entries, "MODELS", folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_hostile_lines_are_counted_and_nothing_else_is_lost(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    module = script("record_results")
    monkeypatch.setattr(module, "write_coverage", lambda: 0)
    unknown = [{**CELL, "model_type": "no_such_type"}, {**CELL, "task": "nope"}]
    unknown += [{**CELL, "platform": "abacus"}]
    lines = [json.dumps(each).encode() for each in (CELL, *unknown)]
    hostile = [b"{}", b"1", b"null", b"\xff\xfe", b"[" * 100_000, b'{"model_type": "../../bert"}']
    hostile += [json.dumps({**CELL, "seconds": "9" * 10}).encode(), lines[0][:-3]]
    hostile += [
        json.dumps({**CELL, "parity": {"max_error": 1}}).encode(),
        b'{"a": %s}' % (b"9" * 5000),
    ]
    (tmp_path / "results.jsonl").write_bytes(b"\n".join([*hostile, *lines]))
    arguments = [str(tmp_path / "results.jsonl")]
    before = contents(models)
    assert command_line.outcome(module.main, module.EXAMPLES, arguments) == 0
    output = capsys.readouterr()
    ignored = f"ignored {len(hostile)} lines that are not results and 3 results of cells"
    assert ignored in output.err
    assert output.out == "1 cells recorded, 1 files changed\n"
    after = contents(models)
    assert before["vit.json"] == after["vit.json"] and before["bert.json"] != after["bert.json"]


def test_nothing_is_written_where_one_entry_would_not_fit(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(models)
    cells = [CELL, {**CELL, "model_type": "vit", "task": "image-classification"}]
    monkeypatch.setattr(record, "problems", lambda entry: ["x"] * (entry["model_type"] == "vit"))
    with pytest.raises(UsageError, match="nothing was recorded: vit"):
        record.record_results(cells)
    assert contents(models) == before


def test_a_measurement_that_is_not_finite_is_none(models: Path) -> None:
    parity = {"max_error": None, "cosine": 1.0, "tolerance": 0.1, "tie": ""}
    record.record_results([{**CELL, "status": "REAL", "parity": parity}])
    result = entries.read_entry("bert")["hardware_compatibility"]["cpu"]
    assert "fill-mask" not in result.get("parity", {})


def test_what_passed_by_earlier_rules_only_is_not_verified(models: Path) -> None:
    passed = {**CELL, "status": "REAL", "stage": "match", "detail": ""}
    other = {**passed, "task": "token-classification", "evidence": EVIDENCE}
    record.record_results([passed])
    result = entries.read_entry("bert")["hardware_compatibility"]["cpu"]
    assert "fill-mask" not in result["verified"] and result["unproven"] == ["fill-mask"]
    record.record_results([other])
    result = entries.read_entry("bert")["hardware_compatibility"]["cpu"]
    assert "token-classification" in result["verified"] and result["unproven"] == ["fill-mask"]
    record.record_results([{**passed, "evidence": EVIDENCE}])
    result = entries.read_entry("bert")["hardware_compatibility"]["cpu"]
    assert "fill-mask" in result["verified"] and "unproven" not in result


def test_every_verified_cell_of_the_registry_passed_the_present_rules() -> None:
    older = [
        (name, platform, task)
        for name in model_types()
        for platform, facts in entries.read_entry(name).get("hardware_compatibility", {}).items()
        for task in facts["verified"]
        if facts.get("evidence", {}).get(task, 1) < EVIDENCE
    ]
    assert older == []


def test_figures_of_tasks_that_were_not_run_again_keep_their_versions(models: Path) -> None:
    done = {"status": "REAL", "stage": "run", "detail": "", "evidence": EVIDENCE}
    old, new = {"transformers": "5.0.0"}, {"transformers": "5.1.0"}
    for task, versions in (("fill-mask", old), ("feature-extraction", old), ("fill-mask", new)):
        record.record_results([{**CELL, **done, "task": task, "versions": versions}])
    entry = json.loads((models / "bert.json").read_text("utf-8"))
    known = entry["hardware_compatibility"]["cpu"]
    assert known["versions"] == new
    assert known["other_versions"]["feature-extraction"] == old
    assert "fill-mask" not in known["other_versions"]
    cells = {each["task"]: each["versions"] for each in entry_records(entry) if on_cpu(each)}
    assert (cells["fill-mask"], cells["feature-extraction"]) == (new, old)


def on_cpu(cell: dict[str, Any]) -> bool:
    return bool(cell["platform"] == "cpu")
