"""A record of an exporting platform says where the model ran, and fails where it did not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hf_skillset_runtime.export.exported_forward import ExportedForward
from hf_skillset_runtime.export.exported_model import ExportedModel
from hf_skillset_runtime.export.graphs import ExportError
from hf_skillset_runtime.export.proof import operations_in_torch
from hf_skillset_runtime.testing.tiny_checkpoint import build_for_task
from hf_skillset_templates.batch.cells import run_cell
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.source_skillset import source_skillset

pytest.importorskip("openvino")
TASK = "fill-mask"


def record_of(folder: Path, checkpoint: Path) -> Any:
    """The self test's record of a tiny BERT on OpenVINO."""
    skillset = source_skillset("bert", ("cpu", "openvino"))(metadata={"export_dir": str(folder)})
    opened: Any = skillset.init_openvino(str(checkpoint), task=TASK)
    return skillset.__test__(str(checkpoint), opened.handler, "openvino")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT."""
    folder = tmp_path_factory.mktemp("bert")
    return build_for_task(source_skillset("bert")(), TASK, TINY / "bert", folder)


def test_the_share_that_ran_in_graphs_is_recorded(checkpoint: Path, tmp_path: Path) -> None:
    record = record_of(tmp_path, checkpoint)
    assert record.status == "REAL", record.detail
    assert record.proof["graph_runs"] == 1
    assert (record.proof["share"], record.proof["in_parts"]) == (1.0, False)
    assert record.proof["operations"] > 1_000_000


def test_a_model_that_torch_computes_is_not_verified(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExportedModel, "intercept", lambda self, names: None)
    record = record_of(tmp_path, checkpoint)
    assert (record.status, record.detail) == ("FAILED", "no graph ran: torch computed in its place")


def test_an_error_during_the_run_keeps_its_stage(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Platforms export and compile at the first call; such an error is not of the stage `run`."""

    class Checkpoints:
        """The one checkpoint."""

        def exist(self) -> bool:
            return True

        def of(self, task: str) -> str:
            return str(checkpoint)

    def refuse(self: Any, named: dict[str, Any]) -> Any:
        raise ExportError("", "BertForMaskedLM", [ValueError("no")])

    skillset = source_skillset("bert", ("cpu", "openvino"))(metadata={"export_dir": str(tmp_path)})
    before = run_cell(skillset, "openvino", TASK, Checkpoints())
    assert (before["status"], before["stage"]) == ("REAL", "match")
    monkeypatch.setattr(ExportedForward, "run", refuse)
    after = run_cell(skillset, "openvino", TASK, Checkpoints())
    assert (after["status"], after["stage"]) == ("FAILED", "export")
    assert "BertForMaskedLM" in after["detail"]


def test_operations_are_counted_where_a_module_returns_a_view_of_its_weights() -> None:
    import torch

    class Table(torch.nn.Module):
        """Returns its weights expanded, as prompt encoders do without a mask."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1, 3))

        def forward(self, rows: int) -> torch.Tensor:
            return self.weight.expand(rows, 3)

    table = Table()

    def run() -> None:
        with torch.no_grad():
            table(4) @ torch.ones(3, 5)

    assert operations_in_torch(run) == 2 * 4 * 3 * 5
