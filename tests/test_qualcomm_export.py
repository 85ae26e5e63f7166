"""A Qualcomm export is made where torch is and runs where it is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from hf_skillset_templates.batch.package import PackageJob, generate_package

pytest.importorskip("onnxruntime_qnn")
pytest.importorskip("onnxscript")

EXPORTERS = ("torch", "functorch", "torchgen", "torchvision", "torchaudio", "onnx", "onnxscript")
"""What the device does not have."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of bert with its tiny model."""
    folder = tmp_path_factory.mktemp("qualcomm")
    outcome = generate_package(
        PackageJob("bert", "hf_bert", str(folder), {"platforms": ["cpu", "qualcomm"]})
    )
    assert outcome.error == ""
    return folder / "hf_bert"


@pytest.fixture(scope="module")
def device_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is installed here, without what only exporting needs."""
    folder = tmp_path_factory.mktemp("site-packages")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if path.name.partition("-")[0].partition(".")[0] not in EXPORTERS:
            (folder / path.name).symlink_to(path)
    return folder


def run_package(package: Path, site_packages: Path | None, *arguments: str) -> str:
    """The output of Python in the package, with only these packages installed if they are given."""
    own = [str(package / "src")]
    paths = os.pathsep.join([*own, str(site_packages)] if site_packages else own)
    command = [sys.executable, *(["-S"] if site_packages else []), *arguments]
    environment = {**os.environ, "PYTHONPATH": paths, "HF_HUB_OFFLINE": "1"}
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def test_export_runs_without_torch(package: Path, device_packages: Path, tmp_path: Path) -> None:
    checkpoint, exported = tmp_path / "checkpoint", tmp_path / "exported"
    build = (
        "import sys, pathlib;"
        "from hf_bert._runtime.testing.tiny_checkpoint import build_checkpoint;"
        "build_checkpoint(pathlib.Path(sys.argv[2]), 'AutoModelForMaskedLM',"
        " pathlib.Path(sys.argv[1]))"
    )
    tiny = str(package / "tests" / "tiny")
    run_package(package, None, "-c", build, str(checkpoint), tiny)
    task = ["--task", "fill-mask"]
    export = ["--export", "qualcomm", "--output", str(exported), "--model", str(checkpoint)]
    run_package(package, None, "-m", "hf_bert", *export, *task)

    run_package(
        package,
        device_packages,
        "-c",
        "import importlib.util as u; assert not u.find_spec('torch')",
    )
    test = ["--platform", "qualcomm", "--model", str(exported), "--json", str(tmp_path / "records")]
    run_package(package, device_packages, "-m", "hf_bert", *test, *task)
    (record,) = json.loads((tmp_path / "records").read_text("utf-8"))
    assert (record["platform"], record["status"]) == ("qualcomm", "EMULATED")


def test_device_without_torch_says_what_exporting_needs(
    package: Path, device_packages: Path, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    for path in (package / "tests" / "tiny").iterdir():
        (checkpoint / path.name).symlink_to(path)
    code = f"""
import hf_bert
try:
    hf_bert.hf_bert(metadata={{"export_dir": {str(tmp_path)!r}}}).init_qualcomm({str(checkpoint)!r})
except hf_bert._runtime.platforms.base.HardwareUnavailableError as error:
    print(error.reason)
"""
    output = run_package(package, device_packages, "-c", code)
    assert "is not exported" in output and "exporting needs" in output
