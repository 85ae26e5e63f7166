"""Generated packages pass their own tests with a real tiny model."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hf_skillset_templates.batch.package import PackageJob, generate_package
from hf_skillset_templates.registry.store.model_types import package_name
from hf_skillset_templates.registry.store.variants import load_variants

MODEL_TYPES = ("bert", "gpt2", "t5", "llama", "vit", "whisper", "wav2vec2", "clip", "llava")
PIPELINE_TASKS = {
    "any-to-any": "llava",
    "audio-classification": "wav2vec2",
    "automatic-speech-recognition": "whisper",
    "decision": "jev",
    "depth-estimation": "dpt",
    "document-question-answering": "layoutlm",
    "feature-extraction": "bert",
    "fill-mask": "bert",
    "image-classification": "vit",
    "image-feature-extraction": "vit",
    "image-segmentation": "segformer",
    "image-text-to-text": "llava",
    "keypoint-matching": "superglue",
    "mask-generation": "sam",
    "object-detection": "yolos",
    "table-question-answering": "tapas",
    "text-classification": "bert",
    "text-generation": "gpt2",
    "text-to-audio": "vits",
    "token-classification": "bert",
    "video-classification": "videomae",
    "zero-shot-audio-classification": "clap",
    "zero-shot-classification": "bart",
    "zero-shot-image-classification": "clip",
    "zero-shot-object-detection": "grounding-dino",
}
"""A model type for each task that a transformers pipeline does."""


def generated(model_type: str, folder: Path) -> Path:
    """A package with the CPU alone."""
    name = package_name(model_type)
    outcome = generate_package(PackageJob(model_type, name, str(folder), {"platforms": ["cpu"]}))
    assert outcome.error == ""
    return folder / name


def run_tests(package: Path, *names: str) -> str:
    """The output of a package's own tests, which must pass."""
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *names],
        cwd=package,
        env={**os.environ, "PYTHONPATH": "src", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout[-6000:]
    return finished.stdout


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_package_passes_its_own_tests(model_type: str, tmp_path: Path) -> None:
    output = run_tests(generated(model_type, tmp_path))
    assert "no tiny model yet" not in output
    passed = re.search(r"(\d+) passed", output)
    assert passed and int(passed[1]) >= 15, output[-500:]


def test_every_pipeline_task_is_compared_with_its_pipeline() -> None:
    tasks = {name for name, variant in load_variants().items() if variant.pipeline}
    assert tasks == set(PIPELINE_TASKS)


@pytest.mark.parametrize(
    ("task", "model_type"),
    [(task, name) for task, name in PIPELINE_TASKS.items() if name not in MODEL_TYPES],
)
def test_task_gives_what_its_pipeline_gives(task: str, model_type: str, tmp_path: Path) -> None:
    package = generated(model_type, tmp_path)
    if not (package / "tests" / "tiny").is_dir():
        pytest.skip(f"no tiny {model_type} yet")
    output = run_tests(package, f"tests/test_{task.replace('-', '_')}.py")
    assert re.search(r"[1-9]\d* passed", output), output
