"""`video-grounding` gives the times that the model itself gives."""

from __future__ import annotations

from typing import Any

import av
import numpy as np

TASK = "video-grounding"


def frames_of(path: str, count: int) -> list[np.ndarray]:
    with av.open(path) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [frames[round(i)] for i in np.linspace(0, len(frames) - 1, count)]


def test_equals_the_model(cell: Any) -> None:
    processor, count = cell.opened.processor, cell.opened.endpoint.config.num_frames
    for item in cell.samples:
        frames = frames_of(item["video"], count)
        pixels = processor.image_processor(frames, return_tensors="pt")["pixel_values"]
        words = processor.tokenizer(item["text"], return_tensors="pt")
        outputs = cell.model_outputs(
            pixel_values=pixels,
            input_ids=words["input_ids"],
            attention_mask=words["attention_mask"],
        )
        start, end = outputs.logits[0].tolist()
        shares = cell.run({"video": frames, "text": item["text"]}, num_frames=count)
        cell.assert_equal(shares, {"start": start, "end": end})
        seconds = cell.run(item)
        # 16 frames at 8 per second; the processor rounds to tenths.
        assert abs(seconds["start"] - 2.0 * start) <= 0.051
        assert abs(seconds["end"] - 2.0 * end) <= 0.051
