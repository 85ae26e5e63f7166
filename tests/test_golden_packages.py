"""Packages committed as they must be rendered; `pytest --update-golden` writes them anew."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import ROOT, file_bytes

from hf_skillset_templates.batch.package import PackageJob, generate_package
from hf_skillset_templates.registry.store.model_types import package_name

GOLDEN = ROOT / "tests" / "golden"
MODEL_TYPES = ("bert", "clip", "llama", "llava", "patchtst", "t5", "vit", "whisper")
"""One of each task family: language, vision, speech, multimodal, time series."""
ORIGIN = {"_commit": "golden", "_src_path": "golden"}


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_rendering_again_changes_no_byte(
    model_type: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    name = package_name(model_type)
    job = PackageJob(model_type, name, str(tmp_path), {"platforms": ["cpu"]}, ORIGIN)
    outcome = generate_package(job)
    assert outcome.error == ""
    rendered = tmp_path / name
    # The tiny model's data and the samples are copies of files that are committed elsewhere.
    shutil.rmtree(rendered / "tests" / "tiny", ignore_errors=True)
    shutil.rmtree(rendered / "src" / name / "samples", ignore_errors=True)
    leave_out_measurements(rendered / "src" / name / "registry.json")
    if request.config.getoption("--update-golden"):
        shutil.rmtree(GOLDEN / name, ignore_errors=True)
        shutil.copytree(rendered, GOLDEN / name)
    assert file_bytes(GOLDEN / name) == file_bytes(rendered)


def leave_out_measurements(registry: Path) -> None:
    """Take out what every new measurement changes: how long platforms took, how near they came."""
    entry = json.loads(registry.read_text("utf-8"))
    del entry["hardware_compatibility"]
    registry.write_text(json.dumps(entry, indent=2, ensure_ascii=False) + "\n", "utf-8")
