"""Rows of a fixed length: what belongs to the padding is cut off the outputs."""

from __future__ import annotations

import numpy as np
from transformers import BertConfig, BertModel

from hardware.qualcomm.graphs import cut
from hardware.qualcomm.qdq_export import token_axes


def test_attentions_have_two_axes_of_tokens() -> None:
    """bridgetower gives them; cut along one, they had the padding's length along the other."""
    sizes = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 16}
    config = BertConfig(
        **sizes, num_hidden_layers=1, num_attention_heads=2, attn_implementation="eager"
    )
    config.output_attentions = True
    row = {name: np.ones((1, 8), np.int64) for name in ("input_ids", "attention_mask")}
    axes = token_axes(BertModel(config).eval(), row, tuple(row))
    assert axes == {"last_hidden_state": [1], "pooler_output": [], "attentions.0": [2, 3]}
    attentions = np.arange(1 * 2 * 8 * 8).reshape(1, 2, 8, 8)
    assert np.array_equal(cut(attentions, axes["attentions.0"], 5), attentions[:, :, :5, :5])
