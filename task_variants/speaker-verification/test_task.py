"""`speaker-verification` gives the vectors that the transformers model itself gives."""

from __future__ import annotations

from typing import Any

import soundfile
from torch.nn.functional import cosine_similarity, normalize

TASK = "speaker-verification"


def voice(cell: Any, path: str) -> Any:
    waveform, rate = soundfile.read(path, dtype="float32")
    inputs = cell.opened.processor(waveform, sampling_rate=rate, return_tensors="pt")
    return normalize(cell.model_outputs(**inputs).embeddings, dim=-1)


def test_equals_the_model(cell: Any) -> None:
    path, pair = cell.samples
    cell.assert_equal(cell.run(path), {"embedding": voice(cell, path)[0]})
    one, other = voice(cell, pair["audio"]), voice(cell, pair["audio_pair"])
    result = cell.run(pair)
    cell.assert_equal(result["similarity"], cosine_similarity(one, other).item())
    cell.assert_equal(result["embeddings"], [one[0].tolist(), other[0].tolist()])


def test_one_clip_is_one_voice(cell: Any) -> None:
    path = cell.samples[0]
    assert cell.run({"audio": path, "audio_pair": path})["same_speaker"]
    assert not cell.run({"audio": path, "audio_pair": path}, threshold=1.1)["same_speaker"]
