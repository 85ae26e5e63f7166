"""Generated packages pass their own tests with a real tiny model."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hf_skillset_templates.batch.package import PackageJob, generate_package
from hf_skillset_templates.batch.selection import package_name

MODEL_TYPES = ("bert", "gpt2", "t5", "llama", "vit", "whisper", "wav2vec2", "clip", "llava")


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_package_passes_its_own_tests(model_type: str, tmp_path: Path) -> None:
    name = package_name(model_type)
    outcome = generate_package(PackageJob(model_type, name, str(tmp_path), {"platforms": ["cpu"]}))
    assert outcome.error == ""
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path / name,
        env={**os.environ, "PYTHONPATH": "src", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout[-6000:]
    assert "no tiny model yet" not in finished.stdout
    passed = re.search(r"(\d+) passed", finished.stdout)
    assert passed and int(passed[1]) >= 15, finished.stdout[-500:]
