"""`--export onnxruntime`: folders that run without torch and transformers."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path
from typing import Any

import pytest

from hf_skillset_runtime.command_line import main
from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_runtime.testing.tiny_checkpoint import build_for_task
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.source_skillset import source_skillset

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
PLATFORMS = ("cpu", "onnxruntime")
ALLOWED = ("onnxruntime", "flatbuffers", "packaging", "protobuf", "tokenizers", "numpy", "pillow")
"""The distributions that the README's lines may import, and what onnxruntime needs."""
REFUSED = ("torch", "transformers", "onnx", "safetensors")
LARGER = {"vocab_size": 30_000, "intermediate_size": 4096}
"""Sizes for which the weights, not the graphs, make the size of a folder."""


@dataclass(frozen=True)
class Case:
    """A model type and a task, and what the folder is called by in test ids."""

    model_type: str
    task: str
    larger: str
    """The size of the configuration that is made larger."""

    def __str__(self) -> str:
        return f"{self.model_type}-{self.task}"


BERT = Case("bert", "text-classification", "vocab_size")
VECTORS = Case("bert", "sentence-similarity", "vocab_size")
IMAGES = Case("vit", "image-classification", "intermediate_size")
LLAMA = Case("llama", "text-generation", "vocab_size")
TIED = Case("gpt2", "text-generation", "vocab_size")
SPEECH = Case("whisper", "automatic-speech-recognition", "vocab_size")
NEW = Case("iquestcoder", "text-generation", "vocab_size")
"""A type that no other exporter knows."""
CASES = [BERT, VECTORS, IMAGES, LLAMA, TIED, SPEECH, NEW]


@dataclass(frozen=True)
class Exported:
    """An exported folder, and the checkpoint that it was made of."""

    case: Case
    checkpoint: Path
    folder: Path

    @property
    def facts(self) -> dict[str, Any]:
        """Its `handler.json`."""
        facts: dict[str, Any] = json.loads((self.folder / "handler.json").read_text("utf-8"))
        return facts

    def handler(self, platform: str = "cpu") -> Any:
        """The handler of the checkpoint on a platform of this project."""
        skillset = source_skillset(self.case.model_type, PLATFORMS)()
        opened = getattr(skillset, f"init_{platform}")(str(self.checkpoint), task=self.case.task)
        return opened.handler


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Exported]:
    """Exports a case by the command line, once."""
    made: dict[Case, Exported] = {}

    def export(case: Case) -> Exported:
        if case not in made:
            folder = tmp_path_factory.mktemp(str(case))
            checkpoint, output = larger_checkpoint(case, folder), folder / "exported"
            skillset = source_skillset(case.model_type, PLATFORMS)()
            command = ["--export", "onnxruntime", "--model", str(checkpoint), "--task", case.task]
            assert main(skillset, [*command, "--output", str(output)]) == 0
            made[case] = Exported(case, checkpoint, output)
        return made[case]

    return export


def larger_checkpoint(case: Case, folder: Path) -> Path:
    """A tiny model with one size of a real one."""
    tiny = folder / "tiny"
    shutil.copytree(TINY / case.model_type, tiny)
    config = json.loads((tiny / "config.json").read_text("utf-8"))
    assert case.larger in config
    config[case.larger] = LARGER[case.larger]
    (tiny / "config.json").write_text(json.dumps(config), "utf-8")
    skillset = source_skillset(case.model_type)()
    return build_for_task(skillset, case.task, tiny, folder / "checkpoint")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path], str]:
    """Runs code by a Python that finds the allowed distributions and the standard library only."""
    links = tmp_path_factory.mktemp("links")
    for distribution in ALLOWED:
        for top in {file.parts[0] for file in files(distribution) or () if ".." not in file.parts}:
            place = Path(
                str(next(f for f in files(distribution) or () if f.parts[0] == top).locate())
            )
            root = next(parent for parent in (place, *place.parents) if parent.name == top)
            if not (links / top).exists():
                (links / top).symlink_to(root)

    def run(code: str, folder: Path) -> str:
        begun = f"import sys; sys.path.insert(0, {str(links)!r})\n{code}"
        command = [sys.executable, "-I", "-S", "-c", begun]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def lines_of(folder: Path) -> str:
    """The lines of a folder's README."""
    (code,) = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text("utf-8"), re.S)
    return str(code)


@pytest.mark.parametrize("name", REFUSED)
def test_the_environment_of_these_tests_has_no(
    alone: Callable[[str, Path], str], tmp_path: Path, name: str
) -> None:
    code = f"try:\n    import {name}\nexcept ModuleNotFoundError as error:\n    print(error)\n"
    assert alone(code, tmp_path).strip() == f"No module named {name!r}"
    __import__(name)  # but it is installed here


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_readme_runs_without_torch(
    case: Case, exported: Callable[[Case], Exported], alone: Callable[[str, Path], str]
) -> None:
    made = exported(case)
    code = lines_of(made.folder)
    assert "sample.npz" not in code, "the README tokenizes or loads the sample itself"
    assert len([line for line in code.splitlines() if line.strip()]) <= 45
    shown = "\nprint(json.dumps({'answer': answer, 'tokens': globals().get('tokens')},"
    shown += " default=lambda value: value.tolist()))"
    result = json.loads(alone(code + shown, made.folder).splitlines()[-1])
    handler = made.handler()
    sample = sample_inputs(handler.spec, handler.processor)[0]
    if case.task == "sentence-similarity":
        expected = handler(sample)["result"]["embedding"]
        assert result["answer"] == pytest.approx(expected, abs=1e-4)
    elif case.task.endswith("classification"):
        expected = handler(sample)["result"][0]
        assert result["answer"]["label"] == expected["label"]
        assert result["answer"]["score"] == pytest.approx(expected["score"], abs=1e-2)
    else:
        assert_generates(result["tokens"], handler, sample)


def assert_generates(tokens: list[int], handler: Any, sample: Any) -> None:
    """The tokens are those of `generate` in torch, as far as it generates one text."""
    count = 8
    given = {"max_new_tokens": count, "do_sample": False, "num_beams": 1}
    import torch

    parameters, _ = handler.spec.parameters({})
    given_to = (handler.processor, handler.endpoint.config)
    encoded = handler.spec.module.encode([sample], *given_to, **parameters)
    [encoded] = encoded if isinstance(encoded, list) else [encoded]
    tensors = {name: torch.as_tensor(value) for name, value in encoded.inputs.items()}
    with torch.no_grad():
        (sequence,) = handler.endpoint.generate(**tensors, **given).tolist()
    text = sequence[-count:] if handler.spec.name == "text-generation" else sequence[:count]
    joined = ",".join(map(str, tokens))
    assert len(text) == count and joined.find(",".join(map(str, text))) > 0


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_graphs_are_valid(case: Case, exported: Callable[[Case], Exported]) -> None:
    made = exported(case)
    facts = made.facts
    graphs = sorted(made.folder.glob("*.onnx"))
    assert [graph.name for graph in graphs] == sorted(
        graph["file"] for graph in facts["graphs"].values()
    )
    for path in graphs:
        onnx.checker.check_model(path, full_check=True)
        inferred = path.with_suffix(".inferred")
        onnx.shape_inference.infer_shapes_path(path, inferred, strict_mode=True)
        inferred.unlink()
        model = onnx.load(path, load_external_data=False)
        opsets = {each.domain: each.version for each in model.opset_import}
        assert opsets[""] == facts["opset"]
        outside = {
            entry.value
            for tensor in model.graph.initializer
            for entry in tensor.external_data
            if entry.key == "location"
        }
        assert outside <= {"weights.bin"}
        assert str(Path(sys.prefix)) not in path.read_bytes().decode("latin1")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_dynamic_axes_have_the_names_of_the_registry(
    case: Case, exported: Callable[[Case], Exported]
) -> None:
    made = exported(case)
    spec = source_skillset(case.model_type)().task(case.task)
    stated = {name: value["shape"] for name, value in spec.tensors["input"].items()}
    first = next(iter(made.facts["graphs"].values()))["inputs"]
    compared = 0
    for name, value in first.items():
        for symbol, size in zip(stated.get(name, ()), value["shape"]):
            if isinstance(size, str) and isinstance(symbol, str):
                assert size == symbol, f"{name}: {value['shape']}, registry {stated[name]}"
                compared += 1
    assert compared > 0 or case is SPEECH  # its batch is one, and its length fixed
    torch_names = re.compile(r'"[su]\d+')
    assert not torch_names.search((made.folder / "handler.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_folder_is_as_large_as_the_weights(
    case: Case, exported: Callable[[Case], Exported]
) -> None:
    made = exported(case)
    weights = 4 * sum(each.numel() for each in made.handler().endpoint.parameters())
    kinds = ("*.onnx", "*.bin")
    size = sum(path.stat().st_size for kind in kinds for path in made.folder.glob(kind))
    assert weights > 4_000_000
    assert 0.9 * weights < size <= 1.05 * weights


def test_other_batches_and_lengths_run(exported: Callable[[Case], Exported]) -> None:
    import numpy as np
    import onnxruntime

    made = exported(BERT)
    handler = made.handler()
    texts = ["a boat", "the library of the town is open on every other day of the week", "tea"]
    encoded = handler.spec.module.encode(texts, handler.processor, handler.endpoint.config)
    expected = handler.platform.run(handler.endpoint, handler.spec, encoded)["logits"]
    session = onnxruntime.InferenceSession(made.folder / "model.onnx")
    names = [value.name for value in session.get_inputs()]
    (logits,) = session.run(["logits"], {name: encoded.inputs[name] for name in names})
    assert np.abs(logits - expected).max() < 1e-4
    assert np.ptp(logits, axis=0).max() > 1e-2  # the texts have unlike scores


def test_what_a_person_wrote_stays(
    exported: Callable[[Case], Exported], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = exported(BERT)
    (tmp_path / "README.md").write_text("mine")
    skillset = source_skillset("bert", PLATFORMS)()
    command = ["--export", "onnxruntime", "--model", str(made.checkpoint), "--task", BERT.task]
    assert main(skillset, [*command, "--output", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"onnxruntime cannot export: {tmp_path} is not empty"
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_a_wrong_graph_is_not_written(
    exported: Callable[[Case], Exported], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is tried before it is there: with weights of another model it is refused."""
    from hardware.onnxruntime.standalone.weights import SharedWeights

    append = SharedWeights.append
    monkeypatch.setattr(SharedWeights, "append", lambda self, array: append(self, array * 2))
    made, output = exported(BERT), tmp_path / "out"
    skillset = source_skillset("bert", PLATFORMS)()
    with pytest.raises(ValueError, match="the graphs are off by"):
        skillset.export("onnxruntime", str(made.checkpoint), output, BERT.task)
    assert not output.exists()
