"""Dummy inputs of time series models."""

from __future__ import annotations

from typing import Any

from .sampler import Sampler, fills


@fills("past_values")
def _series(sampler: Sampler) -> Any:
    length = sampler.number("context_length", default=32)
    return sampler.normal(1, length, sampler.number("num_input_channels", default=1))
