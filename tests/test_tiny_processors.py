"""Tiny processors are the real classes, made offline, and agree with their configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from transformers import (  # noqa: E402
    AutoModel,
    AutoModelForImageTextToText,
    AutoProcessor,
    AutoTokenizer,
    BertConfig,
    CLIPVisionConfig,
    GPT2Config,
    LlamaConfig,
    LlavaConfig,
    T5Config,
    ViTConfig,
    Wav2Vec2Config,
    WhisperConfig,
)

from hf_skillset_templates.tiny.processor.build import build_processor  # noqa: E402
from hf_skillset_templates.tiny.processor.image_tokens import image  # noqa: E402

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}
TEXT = "The quick brown fox jumps over 12 lazy dogs."


def build(model_type: str, config: Any, folder: Path) -> dict[str, Any]:
    """Build into the folder, with the configuration that was aligned."""
    report = build_processor(model_type, config, folder)
    config.save_pretrained(folder)
    assert report["missing"] == {}
    return report


def llava() -> LlavaConfig:
    return LlavaConfig(
        vision_config=CLIPVisionConfig(**SIZES, image_size=28, patch_size=7),
        text_config=LlamaConfig(**SIZES),
    )


@pytest.mark.parametrize(
    ("model_type", "config"),
    [
        ("bert", BertConfig(**SIZES)),
        ("gpt2", GPT2Config(n_embd=32, n_layer=2, n_head=4)),
        ("t5", T5Config(d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4)),
        ("llama", LlamaConfig(**SIZES)),
    ],
)
def test_text_survives_the_round_trip(model_type: str, config: Any, tmp_path: Path) -> None:
    build(model_type, config, tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    ids = tokenizer(TEXT)["input_ids"]
    assert tokenizer.decode(ids, skip_special_tokens=True).strip().lower() == TEXT.lower()
    assert (
        tokenizer.unk_token_id not in ids[:-1] or tokenizer.unk_token_id == tokenizer.bos_token_id
    )
    assert config.vocab_size == len(tokenizer) > max(ids)
    assert config.pad_token_id == tokenizer.pad_token_id is not None


def test_mask_token_is_one_token(tmp_path: Path) -> None:
    build("bert", BertConfig(**SIZES), tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    ids = tokenizer("The [MASK] is red.")["input_ids"]
    assert ids.count(tokenizer.mask_token_id) == 1
    assert [ids[0], ids[-1]] == [tokenizer.cls_token_id, tokenizer.sep_token_id]


def test_picture_has_the_size_that_the_model_takes(tmp_path: Path) -> None:
    config = ViTConfig(**SIZES, image_size=32, patch_size=8)
    build("vit", config, tmp_path)
    processor = AutoProcessor.from_pretrained(tmp_path)
    pixels = processor(image(64, 48), return_tensors="pt")
    assert tuple(pixels["pixel_values"].shape) == (1, 3, 32, 32)
    AutoModel.from_config(config)(**pixels)


def test_ctc_blank_is_the_padding_token(tmp_path: Path) -> None:
    config = Wav2Vec2Config(**SIZES, conv_dim=(32,) * 7, num_feat_extract_layers=7)
    build("wav2vec2", config, tmp_path)
    tokenizer = AutoProcessor.from_pretrained(tmp_path).tokenizer
    assert config.pad_token_id == tokenizer.pad_token_id
    spelled = tokenizer("HELLO")["input_ids"]
    with_blanks = [i for letter in spelled for i in (letter, letter, config.pad_token_id)]
    assert tokenizer.decode(with_blanks) == "HELLO"


def test_whisper_window_fits_the_encoder(tmp_path: Path) -> None:
    sizes = {
        "encoder_layers": 1,
        "decoder_layers": 1,
        "encoder_attention_heads": 4,
        "decoder_attention_heads": 4,
    }
    config = WhisperConfig(**sizes, d_model=32, encoder_ffn_dim=64, decoder_ffn_dim=64)
    build("whisper", config, tmp_path)
    processor = AutoProcessor.from_pretrained(tmp_path)
    silence = np.zeros(16_000, dtype=np.float32)  # one second
    features = processor(silence, sampling_rate=16_000, return_tensors="pt")["input_features"]
    assert features.shape[-1] == 2 * config.max_source_positions
    ids = processor.tokenizer.convert_tokens_to_ids(
        ["<|startoftranscript|>", "<|en|>", "<|transcribe|>"]
    )
    assert config.decoder_start_token_id == ids[0]
    assert processor.tokenizer.unk_token_id not in ids


def test_as_many_placeholders_as_image_features(tmp_path: Path) -> None:
    config = llava()
    build("llava", config, tmp_path)
    processor = AutoProcessor.from_pretrained(tmp_path)
    encoded = processor(
        text=f"{processor.image_token} What is it?", images=image(), return_tensors="pt"
    )
    model = AutoModelForImageTextToText.from_config(config).eval()
    features = model.get_image_features(pixel_values=encoded["pixel_values"]).pooler_output
    placeholders = (encoded["input_ids"] == config.image_token_id).sum().item()
    assert placeholders == sum(len(feature) for feature in features) == 16


def test_conversation_with_a_picture_generates(tmp_path: Path) -> None:
    config = llava()
    build("llava", config, tmp_path)
    processor = AutoProcessor.from_pretrained(tmp_path)
    content = [{"type": "image", "image": image()}, {"type": "text", "text": "What is it?"}]
    inputs = processor.apply_chat_template(
        [{"role": "user", "content": content}],
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
    )
    model = AutoModelForImageTextToText.from_config(config).eval()
    output = model.generate(**inputs, max_new_tokens=4, min_new_tokens=4, do_sample=False)
    assert output.shape[1] == inputs["input_ids"].shape[1] + 4


def test_the_same_bytes_every_time(tmp_path: Path) -> None:
    for name in ("first", "second"):
        build("llava", llava(), tmp_path / name)
    files = {p.name: p.read_bytes() for p in (tmp_path / "first").iterdir()}
    assert files == {p.name: p.read_bytes() for p in (tmp_path / "second").iterdir()}
    assert sum(map(len, files.values())) < 60_000
