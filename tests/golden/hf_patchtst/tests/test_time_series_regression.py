"""`time-series-regression` gives what the transformers model itself gives."""

from __future__ import annotations

from inspect import signature
from typing import Any

import torch

TASK = "time-series-regression"


def test_equals_the_model(cell: Any) -> None:
    length = cell.opened.endpoint.config.context_length
    for values in cell.samples:
        padded = [0.0] * (length - len(values)) + values[-length:]
        seen = [0.0] * (length - len(values)) + [1.0] * min(length, len(values))
        inputs = {"past_values": torch.tensor(padded)[None, :, None]}
        if "past_observed_mask" in signature(cell.opened.endpoint.forward).parameters:
            inputs["past_observed_mask"] = torch.tensor(seen)[None, :, None].bool()
        expected = cell.model_outputs(**inputs).regression_outputs[0]
        cell.assert_equal(cell.run(values), {"values": expected.tolist()})
