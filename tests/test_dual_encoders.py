"""Dual encoders give the vectors of both sides, or their overrides say why they have none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import OpenHandler

from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_runtime.testing.tiny_checkpoint import build_for_task
from hf_skillset_templates.evidence.drill import rules
from hf_skillset_templates.evidence.sensitivity import sensitivity
from hf_skillset_templates.registry.store.model_types import pipeline_map
from hf_skillset_templates.registry.store.overrides import section
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.source_skillset import source_skillset

TASK = "cross-modal-embedding"
DUAL = (
    *("aimv2", "align", "altclip", "blip", "blip-2", "chinese_clip", "clap", "clip", "clipseg"),
    *("groupvit", "metaclip_2", "pe_audio", "pe_video", "sam3", "sam3_lite_text", "siglip"),
    *("siglip2", "tipsv2", "videoprism", "vision-text-dual-encoder", "xclip"),
)
SEEN = ("blip", "blip-2", "clap", "pe_audio", "pe_video", "siglip", "xclip")
"""Those whose tiny models once answered the same to every picture, sound or label."""
SIDES = (
    *("zero-shot-image-classification", "zero-shot-audio-classification", TASK),
    *("zero-shot-video-classification", "visual-question-answering"),
)
WIDEST = max(rule["tolerance"] for rule in rules().values() if "min_cosine" not in rule)


@pytest.mark.parametrize("model_type", DUAL)
def test_a_dual_encoder_has_the_task_or_a_reason(model_type: str) -> None:
    if TASK not in pipeline_map()[model_type]:
        assert f"no pair of vectors to compare ({TASK})" in section(model_type, "facts")["why"]


@pytest.mark.parametrize(
    "model_type, task",
    [(name, task) for name in SEEN for task in pipeline_map()[name] if task in SIDES],
)
def test_every_input_matters(model_type: str, task: str, tmp_path: Path) -> None:
    skillset = source_skillset(model_type)()
    checkpoint = build_for_task(skillset, task, TINY / model_type, tmp_path / "checkpoint")
    handler = skillset.init_cpu(str(checkpoint), task=task).handler
    samples = sample_inputs(handler.spec, handler.processor)
    assert sensitivity(handler, samples, WIDEST)["problems"] == []
    if "candidate_labels" in handler.spec.sample_params:
        found = handler(samples[0], **handler.spec.sample_params)["result"]
        assert len({round(each["score"], 4) for each in found}) == len(found) > 1


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
