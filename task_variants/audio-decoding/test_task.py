"""`audio-decoding` gives the audio that the transformers model itself gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

TASK = "audio-decoding"


def test_equals_the_model(cell: Any) -> None:
    random = np.random.default_rng(0)
    latents = random.standard_normal((6, cell.opened.endpoint.config.hidden_size), np.float32)
    with torch.no_grad():
        expected = cell.opened.endpoint(torch.from_numpy(latents.T[None]))[0]
    cell.assert_equal(cell.run(latents)["audio"], expected.squeeze())
    cell.assert_equal(cell.run(latents.tolist()), cell.run(latents))
