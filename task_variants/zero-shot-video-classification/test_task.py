"""`zero-shot-video-classification` gives the scores that the model itself gives."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
import pytest
import torch

TASK = "zero-shot-video-classification"


def frames_of(path: str, count: int | None) -> np.ndarray:
    with av.open(path) as container:
        frames = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])
    indices = np.linspace(0, len(frames) - 1, count or len(frames))
    chosen: np.ndarray = frames[indices.round().astype(int)]
    return chosen


def expected_scores(cell: Any, path: str, labels: list[str]) -> Any:
    processor, config = cell.opened.processor, cell.opened.endpoint.config
    frames = frames_of(path, getattr(getattr(config, "vision_config", config), "num_frames", None))
    captions = [f"This is a video of {label}." for label in labels]
    words = processor.tokenizer(captions, padding=True, return_tensors="pt")
    if hasattr(processor, "image_processor"):
        single = [processor.image_processor(frame, return_tensors="pt") for frame in frames]
        pixels = torch.stack(
            [one["pixel_values"].reshape(-1, *one["pixel_values"].shape[-2:]) for one in single]
        )
        outputs = cell.model_outputs(**words, pixel_values=pixels[None])
    else:
        options = {"do_sample_frames": False, "return_tensors": "pt"}
        outputs = cell.model_outputs(**words, **processor.video_processor([frames], **options))
    if "logits_video_text" in outputs:
        return outputs.logits_video_text[0].sigmoid()
    if "similarity_of" in cell.spec.facts:
        return outputs.logits_per_text[:, 0]  # probabilities over all labels, despite their name
    return outputs.logits_per_video[0].softmax(-1)


def test_equals_the_model(cell: Any) -> None:
    labels = cell.spec.sample_params["candidate_labels"]
    for path in cell.samples:
        scores = {one["label"]: one["score"] for one in cell.run(path)}
        cell.assert_equal([scores[label] for label in labels], expected_scores(cell, path, labels))


def test_takes_frames_and_refuses_other_labels(cell: Any) -> None:
    path = cell.samples[0]
    cell.assert_equal(cell.run(list(frames_of(path, None))), cell.run(path))
    with pytest.raises(TypeError, match="list of str"):
        cell.run(path, candidate_labels=[1])
