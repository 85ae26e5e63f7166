"""Dual encoders give the vectors of both sides, or their overrides say why they have none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import OpenHandler

from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_templates.registry.store.model_types import pipeline_map
from hf_skillset_templates.registry.store.overrides import section

TASK = "cross-modal-embedding"
DUAL = (
    *("aimv2", "align", "altclip", "blip", "blip-2", "chinese_clip", "clap", "clip", "clipseg"),
    *("groupvit", "metaclip_2", "pe_audio", "pe_video", "sam3", "sam3_lite_text", "siglip"),
    *("siglip2", "tipsv2", "videoprism", "vision-text-dual-encoder", "xclip"),
)


@pytest.mark.parametrize("model_type", DUAL)
def test_a_dual_encoder_has_the_task_or_a_reason(model_type: str) -> None:
    if TASK not in pipeline_map()[model_type]:
        assert f"no pair of vectors to compare ({TASK})" in section(model_type, "facts")["why"]


def outputs_of(handler: Any, image: str, texts: list[str]) -> Any:
    """What the model gives for the inputs that its own processor makes of an image and texts."""
    from PIL import Image

    with torch.inference_mode():
        inputs = handler.processor(
            images=Image.open(image), text=texts, return_tensors="pt", padding=True
        )
        return handler.endpoint(**inputs)


def test_vectors_of_blip_2_are_those_of_its_processors_inputs(open_handler: OpenHandler) -> None:
    handler = open_handler("blip-2", TASK)
    sample = sample_inputs(handler.spec, handler.processor)[0]
    outputs = outputs_of(handler, sample["images"], [sample["text"]])
    found = handler(sample)["result"]
    np.testing.assert_allclose(found["embeddings"][0], outputs.text_embeds[0], atol=1e-5)
    np.testing.assert_allclose(found["embeddings"][1], outputs.image_embeds[0], atol=1e-5)
    assert found["similarity"] == pytest.approx(float(outputs.logits_per_image[0, 0]), abs=1e-5)


def test_blip_2_reads_whole_labels(open_handler: OpenHandler) -> None:
    handler = open_handler("blip-2", "zero-shot-image-classification")
    image = sample_inputs(handler.spec, handler.processor)[0]
    labels = ["boat", "a red house behind a hill"]
    captions = [f"This is a photo of {label}." for label in labels]
    expected = outputs_of(handler, image, captions).logits_per_image.softmax(-1)[0].tolist()
    found = handler(image, candidate_labels=labels)["result"]
    scores = {each["label"]: each["score"] for each in found}
    assert [scores[label] for label in labels] == pytest.approx(expected, abs=1e-5)
    assert abs(expected[0] - expected[1]) > 1e-3
    assert Path(image).is_file()
