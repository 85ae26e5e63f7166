"""`time-series-forecasting` gives what the transformers model itself gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

TASK = "time-series-forecasting"


def padded(values: list[float], length: int) -> tuple[Any, Any]:
    values = values[-length:]
    missing = length - len(values)
    past = torch.tensor([[0.0] * missing + values])
    return past, torch.tensor([[0.0] * missing + [1.0] * len(values)])


def samples(cell: Any, values: list[float]) -> Any:
    config = cell.opened.endpoint.config
    length = config.context_length + max(config.lags_sequence)
    past, observed = padded(values, length)
    width = config.num_time_features + config.num_dynamic_real_features
    ages = torch.log10(torch.arange(length + config.prediction_length) + 2.0)[None, :, None]
    features = ages.repeat(1, 1, width)
    torch.manual_seed(0)
    return cell.opened.endpoint.generate(
        past_values=past,
        past_observed_mask=observed,
        past_time_features=features[:, :length],
        future_time_features=features[:, length:],
    ).sequences[0]


def forecast(cell: Any, values: list[float]) -> Any:
    model, config = cell.opened.endpoint, cell.opened.endpoint.config
    module = vars(cell.spec.module)
    if "lagged_inputs" in module:
        return samples(cell, values).mean(dim=0)
    if "univariate" in module:
        return model(past_values=[torch.tensor(values)]).full_predictions[0, :, 0]
    past, observed = padded(values, config.context_length)
    mask = cell.spec.facts.get("mask", "past_observed_mask")
    options = {mask: observed.bool()[..., None]}
    return model(past_values=past[..., None], **options).prediction_outputs[0, :, 0]


def test_equals_the_model(cell: Any) -> None:
    for values in cell.samples:
        with torch.no_grad():
            cell.assert_equal(cell.run(values)["forecast"], forecast(cell, values))


def test_takes_lists_and_arrays(cell: Any) -> None:
    values = cell.samples[0]
    cell.assert_equal(cell.run(np.array(values)), cell.run(values))


def test_the_wrong_number_of_channels_is_refused(cell: Any) -> None:
    with pytest.raises(ValueError, match="channel"):
        cell.run(np.zeros((20, 7)))
