"""`audio-feature-extraction` gives what the transformers model itself gives."""

from __future__ import annotations

from inspect import signature
from typing import Any

import soundfile
import soxr
import torch

TASK = "audio-feature-extraction"


def padded(values: torch.Tensor, cell: Any) -> torch.Tensor:
    """Features or their mask, in whole groups of frames where the model takes no others."""
    if "whole_groups_of" not in cell.spec.facts:
        return values
    count = getattr(cell.opened.endpoint.config, cell.spec.facts["whole_groups_of"])
    missing = [0, -values.shape[1] % count]
    return torch.nn.functional.pad(values, [0, 0, *missing] if values.ndim == 3 else missing)


def test_equals_the_model(cell: Any) -> None:
    extractor, takes = cell.opened.processor, signature(cell.opened.endpoint.forward).parameters
    names = cell.spec.facts.get("input_names", {})
    mask = {"return_attention_mask": True} if "attention_mask" in names else {}
    for path in cell.samples:
        waveform, rate = soundfile.read(path, dtype="float32")
        waveform = soxr.resample(waveform, rate, extractor.sampling_rate)
        rate = extractor.sampling_rate
        features = extractor(waveform, sampling_rate=rate, return_tensors="pt", **mask)
        named = {names.get(name, name): padded(value, cell) for name, value in features.items()}
        states = cell.model_outputs(**{n: v for n, v in named.items() if n in takes})[0]
        cell.assert_equal(cell.run(path), states.reshape(1, -1, states.shape[-1]))
