"""`time-series-classification` gives what the transformers model itself gives."""

from __future__ import annotations

from inspect import signature
from typing import Any

import torch

TASK = "time-series-classification"


def test_equals_the_model(cell: Any) -> None:
    length = cell.opened.endpoint.config.context_length
    for values in cell.samples:
        padded = [0.0] * (length - len(values)) + values[-length:]
        seen = [0.0] * (length - len(values)) + [1.0] * min(length, len(values))
        inputs = {"past_values": torch.tensor(padded)[None, :, None]}
        if "past_observed_mask" in signature(cell.opened.endpoint.forward).parameters:
            inputs["past_observed_mask"] = torch.tensor(seen)[None, :, None].bool()
        outputs = cell.model_outputs(**inputs)
        logits = outputs.get("prediction_logits", outputs.get("prediction_outputs"))
        scores = {answer["label"]: answer["score"] for answer in cell.run(values)}
        cell.assert_equal([scores[label] for label in sorted(scores)], logits[0].softmax(-1))
        assert len(cell.run(values, top_k=1)) == 1
