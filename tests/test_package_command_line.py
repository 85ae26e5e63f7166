"""`python -m hf_<model_type>`: wrong usage is one line on stderr, before any test runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hf_skillset_runtime.command_line import main
from hf_skillset_runtime.sizes import longest_sequence
from hf_skillset_runtime.testing.tiny_checkpoint import TinyCheckpoints
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.source_skillset import source_skillset


@pytest.fixture(scope="module")
def skillset() -> Any:
    """The skillset of a model type, on its sources."""
    return source_skillset("bert", ("cpu", "cuda"))()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--json", "/missing/records.json", "--model", "/nowhere"], "/missing/records.json"),
        (["--json", "{folder}", "--model", "/nowhere"], "is a folder"),
        (["--hardware", "--json", "/missing/x"], "/missing/x"),
        (["--export", "cuda", "--model", "/nowhere", "--output", "{folder}/out"], "cuda"),
        (["--export", "cpu", "--model", "/nowhere", "--output", "{folder}/out"], "cannot export"),
        (["--export", "cpu", "--model", "/nowhere"], "--output"),
        (["--export", "cpu", "--model", "/nowhere", "--output", "{folder}/file"], "is a file"),
        (["--platform", "abacus"], "abacus"),
        (["--task", "nope"], "nope"),
        (["--install", "abacus"], "abacus"),
        (["--sizes", "--model", "/nowhere"], "/nowhere has no readable configuration"),
        (["--sizes", "--model", "{folder}"], "has no readable configuration"),
        (["--nope"], "--nope"),
    ],
)
def test_wrong_usage_is_one_line(
    skillset: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    (tmp_path / "file").touch()
    code = main(skillset, [word.format(folder=tmp_path) for word in arguments])
    output = capsys.readouterr()
    (line,) = output.err.splitlines()
    assert (code, output.out) == (2, "")
    assert words in line


def test_the_hardware_is_written_to_a_file(
    skillset: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(skillset, ["--hardware", "--json", str(tmp_path / "hardware.json")]) == 0
    assert capsys.readouterr().out == ""
    result = json.loads((tmp_path / "hardware.json").read_text())
    assert result["cpu"]["available"] is True
    assert main(skillset, ["--hardware", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == result


def test_help_has_examples(skillset: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(skillset, ["--help"])
    assert "python -m hardware --hardware --json -" in capsys.readouterr().out


@pytest.mark.parametrize("model_type", ["bert", "t5", "vit", "whisper", "qwen2_5_vl", "detr"])
def test_sizes_of_a_checkpoint_are_those_of_its_loaded_model(
    model_type: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    made = source_skillset(model_type)()
    task = made.task()
    checkpoint = TinyCheckpoints(made, TINY / model_type, tmp_path).of(task.name)
    loaded = made.init_cpu(checkpoint).endpoint
    count = sum(parameter.numel() for parameter in loaded.parameters())
    for weights in Path(checkpoint).glob("*.safetensors"):
        weights.unlink()  # the sizes are told without them
    assert main(made, ["--model", checkpoint, "--sizes", "--json", "-"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["parameters"] == count
    assert result["memory"]["float32"] == 4 * count
    assert result["model_class"] == type(loaded).__name__
    assert result["longest_sequence"] == longest_sequence(loaded.config)
    assert result["dtype"] == "float32"
    assert main(made, ["--model", checkpoint, "--sizes"]) == 0
    assert f"{count:,}" in capsys.readouterr().out


def test_sizes_of_a_large_checkpoint_need_no_memory_for_its_weights(
    skillset: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    config = {
        "model_type": "bert",
        "hidden_size": 8192,
        "intermediate_size": 32768,
        "num_attention_heads": 64,
        "num_hidden_layers": 80,
        "max_position_embeddings": 4096,
        "dtype": "bfloat16",
    }
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    assert main(skillset, ["--model", str(tmp_path), "--sizes", "--json", "-"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["parameters"] > 64 * 10**9
    assert (result["longest_sequence"], result["dtype"]) == (4096, "bfloat16")
