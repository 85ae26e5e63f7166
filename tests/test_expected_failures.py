"""A package's own tests run what is known to fail, and notice when it is fixed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from hf_skillset_templates.batch.package import PackageJob
from hf_skillset_templates.batch.run import run_jobs

BROKEN = "\n\ndef decode(*_: object, **__: object) -> None:\n    raise RuntimeError('on purpose')\n"


def test_a_mended_cell_fails_and_a_known_failure_does_not(tmp_path: Path) -> None:
    answers = {"tasks": ["fill-mask"], "platforms": ["cpu"]}
    job = PackageJob("bert", "hf_bert", str(tmp_path), answers)
    (outcome,) = run_jobs([job], tmp_path, force=False, resume=False, workers=1, report=print)
    assert outcome.status == "generated", outcome.error
    package = tmp_path / "hf_bert"
    path = package / "src" / "hf_bert" / "registry.json"
    entry = json.loads(path.read_text())
    known = {"fill-mask": {"stage": "run", "error": "RuntimeError: on purpose"}}
    measured = {"status": "failed", "verified": [], "failed": known}
    path.write_text(json.dumps({**entry, "hardware_compatibility": {"cpu": measured}}))
    mended = own_tests(package)
    assert mended.returncode == 1
    assert "remove it from `failed`" in mended.stdout
    code = package / "src" / "hf_bert" / "tasks" / "fill_mask.py"
    code.write_text(code.read_text() + BROKEN)
    failing = own_tests(package)
    assert failing.returncode == 0, failing.stdout
    assert "2 xfailed" in failing.stdout


def test_a_cell_that_passed_only_earlier_rules_may_fail_and_may_pass(tmp_path: Path) -> None:
    answers = {"tasks": ["fill-mask"], "platforms": ["cpu", "openvino"]}
    job = PackageJob("bert", "hf_bert", str(tmp_path), answers)
    (outcome,) = run_jobs([job], tmp_path, force=False, resume=False, workers=1, report=print)
    assert outcome.status == "generated", outcome.error
    package = tmp_path / "hf_bert"
    path = package / "src" / "hf_bert" / "registry.json"
    entry = json.loads(path.read_text())
    measured = {"status": "unproven", "verified": [], "unproven": ["fill-mask"], "failed": {}}
    entry["hardware_compatibility"] = {"openvino": measured}
    path.write_text(json.dumps(entry))
    which = "outputs_equal and openvino"
    assert "1 passed" in own_tests(package, which).stdout
    entry["platforms"]["openvino"]["tolerance"] = 1e-30
    path.write_text(json.dumps(entry))
    failing = own_tests(package, which)
    assert "1 xfailed" in failing.stdout and "not verified by the present rules" in failing.stdout
    entry["hardware_compatibility"] = {"openvino": {**measured, "unproven": []}}
    path.write_text(json.dumps(entry))
    assert "1 failed" in own_tests(package, which).stdout


def own_tests(
    package: Path, which: str = "self_test_verifies or same_input"
) -> subprocess.CompletedProcess[str]:
    """Some of the contract's tests of a package."""
    command = [sys.executable, "-m", "pytest", "-q", "-rx", "-p", "no:cacheprovider", "-k"]
    environment = {**os.environ, "PYTHONPATH": str(package / "src")}
    return subprocess.run(
        [*command, which], cwd=package, env=environment, capture_output=True, text=True
    )
