"""Every command of docs/export.md does what the page says, in the order of the page."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from hf_skillset_runtime.testing.tiny_checkpoint import build_for_task
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.source_skillset import source_skillset

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
PAGE = (ROOT / "docs" / "export.md").read_text("utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```\n", PAGE, flags=re.DOTALL)
TASK = "text-classification"


def test_the_commands_of_the_page_export_and_run(template_repository: Path, tmp_path: Path) -> None:
    assert len(BLOCKS) == 3
    skillset = source_skillset("bert")()
    checkpoint = build_for_task(skillset, TASK, TINY / "bert", tmp_path / "checkpoint")
    binaries = str(Path(sys.executable).parent)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"TEMPLATE": str(template_repository), "CHECKPOINT": str(checkpoint)}
    environment["PATH"] = f"{binaries}{os.pathsep}{os.environ['PATH']}"
    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(BLOCKS)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    answer = ast.literal_eval(finished.stdout.splitlines()[-1])
    handler = skillset.init_cpu(str(checkpoint), task=TASK).handler
    (expected,) = handler(handler.spec.samples[0])["result"]
    assert answer["label"] == expected["label"]
    assert answer["score"] == pytest.approx(expected["score"], abs=1e-4)
