"""What `metadata` says about how a checkpoint is found and loaded."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from hf_skillset_runtime.testing.tiny_checkpoint import build_checkpoint
from hf_skillset_templates.source_skillset import source_skillset

torch = pytest.importorskip("torch")
TASK = "text-classification"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny bert, in float32."""
    folder = tmp_path_factory.mktemp("bert") / "checkpoint"
    tiny = ROOT / "registry" / "tiny" / "bert"
    return build_checkpoint(tiny, "AutoModelForSequenceClassification", folder)


def opened(checkpoint: Any, **metadata: Any) -> Any:
    """The CPU endpoint of a checkpoint, with these options."""
    return source_skillset("bert")(metadata=metadata).init_cpu(str(checkpoint), task=TASK)


@pytest.fixture(scope="module")
def halved(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, saved in bfloat16."""
    folder = tmp_path_factory.mktemp("halved")
    opened_ = opened(checkpoint)
    opened_.endpoint.to(torch.bfloat16).save_pretrained(folder)
    opened_.processor.save_pretrained(folder)
    return folder


def test_the_cpu_computes_in_float32_unless_told(halved: Path) -> None:
    assert opened(halved).endpoint.dtype is torch.float32
    assert opened(halved, dtype="auto").endpoint.dtype is torch.bfloat16


def test_an_accelerator_takes_the_type_of_the_checkpoint(
    halved: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hf_skillset_runtime.platforms.torch_platform import TorchPlatform

    kind = type(source_skillset("bert").platform("cpu"))
    monkeypatch.delattr(kind, "default_dtype")  # what CUDA, Apple and XPU do not have
    assert TorchPlatform.default_dtype == "auto"
    assert opened(halved).endpoint.dtype is torch.bfloat16
    assert opened(checkpoint).endpoint.dtype is torch.float32
    assert opened(halved, dtype="float32").endpoint.dtype is torch.float32
    assert torch.get_default_dtype() is torch.float32


def test_attention_and_device_map_reach_transformers(checkpoint: Path) -> None:
    with pytest.raises(ValueError, match="device_map"):
        opened(checkpoint, device_map="nowhere")
    result = opened(checkpoint, attn_implementation="eager", device_map="cpu")
    assert result.endpoint.config._attn_implementation == "eager"
    plain = opened(checkpoint)
    assert plain.endpoint.config._attn_implementation != "eager"
    one, other = (each.handler("a boat")["result"][0]["score"] for each in (result, plain))
    assert one == pytest.approx(other, abs=1e-5)


def test_a_checkpoint_comes_from_a_folder_of_downloads_at_a_revision(
    checkpoint: Path, tmp_path: Path
) -> None:
    repository, commit = tmp_path / "models--lab--bert", "0" * 40
    (repository / "snapshots").mkdir(parents=True)
    (repository / "snapshots" / commit).symlink_to(checkpoint)
    (repository / "refs").mkdir()
    (repository / "refs" / "tested").write_text(commit)
    options = {"cache_dir": str(tmp_path), "revision": "tested", "token": "unused here"}
    result = opened("lab/bert", **options)
    assert result.handler("a boat")["result"] == opened(checkpoint).handler("a boat")["result"]
    with pytest.raises(OSError):
        opened("lab/bert", cache_dir=str(tmp_path), revision="another")
    with pytest.raises(OSError):
        opened("lab/bert", revision="tested")


def test_weights_in_a_pickle_are_refused_with_the_way_to_convert_them(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pickled"
    loaded = opened(checkpoint)
    loaded.endpoint.config.save_pretrained(folder)
    loaded.processor.save_pretrained(folder)
    torch.save(loaded.endpoint.state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(OSError, match="only as a pickle") as refused:
        opened(folder)
    message = str(refused.value)
    assert "\n" not in message
    command = re.search(r'with (python -c ".*"),', message)
    assert command is not None
    monkeypatch.chdir(tmp_path)
    _, *arguments = shlex.split(command[1])
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    loaded.processor.save_pretrained("converted")
    expected = loaded.handler("a boat")["result"]
    assert opened("converted").handler("a boat")["result"] == expected


def test_an_unknown_type_is_refused(checkpoint: Path) -> None:
    with pytest.raises(ValueError, match="use one of: auto, float32"):
        opened(checkpoint, dtype="float8")


def test_a_quantized_checkpoint_is_loaded_as_its_configuration_says(tmp_path: Path) -> None:
    """BitNet's 2-bit weights: the one quantization that torch alone runs on a CPU."""
    from safetensors.torch import load_file, save_file
    from transformers.integrations.bitnet import pack_weights

    tiny = ROOT / "registry" / "tiny" / "llama"
    folder = build_checkpoint(tiny, "AutoModelForCausalLM", tmp_path / "llama")
    weights = load_file(folder / "model.safetensors")
    for name in [name for name in weights if "_proj" in name]:
        scale = 1 / weights[name].abs().mean()
        ternary = (weights[name] * scale).round().clamp(-1, 1)
        weights[name] = pack_weights(ternary)
        weights[f"{name}_scale"] = scale.reshape(1)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["quantization_config"] = {"quant_method": "bitnet", "quantization_mode": "offline"}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")

    result = source_skillset("llama")(metadata={"dtype": "auto"}).init_cpu(str(folder))
    layers = {type(module).__name__ for module in result.endpoint.modules()}
    assert result.endpoint.is_quantized and {"BitLinear"} <= layers
    assert result.handler("a boat", max_new_tokens=3)["result"][0]["generated_text"]


@pytest.mark.parametrize(
    ("key", "similar"),
    [
        ("dtyp", "dtype"),
        ("torch_dtype", "dtype"),
        ("DType", "dtype"),
        ("export-dir", "export_dir"),
        ("presicion", "precision"),
        ("attn_implmentation", "attn_implementation"),
        ("fallbacks", "fallback"),
        ("tokn", "token"),
    ],
)
def test_a_misspelt_option_is_refused_with_similar_ones(key: str, similar: str) -> None:
    with pytest.raises(ValueError, match=f"no option '{key}'; similar ones: {similar}"):
        source_skillset("bert")(metadata={key: "auto"})


@pytest.mark.parametrize("key", ["version", "role", "models", "queue_size", "device", 3])
def test_what_resembles_no_option_is_left_to_the_worker(key: Any) -> None:
    assert source_skillset("bert")(metadata={key: "auto"}).metadata == {key: "auto"}


def test_metadata_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="metadata as a dict"):
        source_skillset("bert")(metadata="auto")
    with pytest.raises(TypeError, match="as a list of platforms; got 'cpu'"):
        source_skillset("bert")(metadata={"fallback": "cpu"})
