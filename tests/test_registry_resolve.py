"""A name leads to its model type by the registry's files alone, or to similar names."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hf_skillset_templates.registry.resolve import UnknownModelError, resolve_model
from hf_skillset_templates.registry.store.paths import ROOT


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.mark.parametrize(
    ("name", "model_type"),
    [
        ("bert", "bert"),
        ("openai/whisper-tiny", "whisper"),
        ("bert-base-uncased", "bert"),
        ("hf_bert", "bert"),
        ("hf_audio_spectrogram_transformer", "audio-spectrogram-transformer"),
        ("qwen2vl", "qwen2_vl"),
        ("facebook/opt-125m", "opt"),
        ("distilbert/distilroberta-base", "roberta"),
        ("someone/my-wav2vec2-conformer-tuned", "wav2vec2-conformer"),
    ],
)
def test_names_and_checkpoints_resolve(name: str, model_type: str) -> None:
    assert resolve_model(name) == model_type


def test_a_folder_s_configuration_decides_over_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "my-bert-model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "t5"}))
    assert resolve_model(str(folder)) == "t5"


@pytest.mark.parametrize("content", ["{}", '{"model_type": "nobody"}', "[1]", "{"])
def test_a_folder_that_says_no_model_type_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(UnknownModelError, match=r"config\.json"):
        resolve_model(str(tmp_path))


def test_a_misspelt_name_is_refused_with_similar_names() -> None:
    with pytest.raises(UnknownModelError) as refused:
        resolve_model("whispr")
    assert refused.value.near[0] == "whisper"
    assert "similar names: whisper" in str(refused.value)


def test_resolving_needs_neither_torch_nor_transformers() -> None:
    script = (
        "import sys; from hf_skillset_templates.registry.resolve import resolve_model;"
        "assert resolve_model('google/vit-base-patch16-224') == 'vit';"
        "assert not {'torch', 'transformers', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        env={"PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1"},
    )
