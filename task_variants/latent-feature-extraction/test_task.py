"""`latent-feature-extraction` gives what the transformers model itself gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

TASK = "latent-feature-extraction"


def test_equals_the_model(cell: Any) -> None:
    config, random = cell.opened.endpoint.config, np.random.default_rng(0)
    names = cell.spec.facts.get("inputs", ("inputs_embeds",))
    widths = dict.fromkeys(names, config.hidden_size)
    if "encoder_hidden_states" in widths:
        widths["encoder_hidden_states"] = config.encoder_hidden_size
    if "context_hidden_states" in widths:
        widths["context_hidden_states"] *= len(config.target_layer_ids)
    tables = {
        name: random.standard_normal((3, width), np.float32) for name, width in widths.items()
    }
    tensors = {name: torch.from_numpy(table[None]) for name, table in tables.items()}
    expected = cell.model_outputs(**tensors)
    cell.assert_equal(cell.run(tables), expected[0])
