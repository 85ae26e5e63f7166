"""`reinforcement-learning` gives what the transformers model itself gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch

TASK = "reinforcement-learning"


def episode(cell: Any) -> dict[str, Any]:
    config = cell.opened.endpoint.config
    random = torch.Generator().manual_seed(0)
    states = torch.rand(3, config.state_dim, generator=random)
    actions = torch.rand(3, config.act_dim, generator=random)
    return {"states": states, "actions": actions, "rewards": torch.tensor([1.0, 0.5, 0.25])}


def test_equals_the_model(cell: Any) -> None:
    tensors = episode(cell)
    item = {name: value.tolist() for name, value in tensors.items()}
    for target, to_go in ((None, [1.75, 0.75, 0.25]), (10.0, [10.0, 9.0, 8.5])):
        outputs = cell.model_outputs(
            states=tensors["states"][None],
            actions=tensors["actions"][None],
            rewards=tensors["rewards"][None, :, None],
            returns_to_go=torch.tensor(to_go)[None, :, None],
            timesteps=torch.arange(3)[None],
            attention_mask=torch.ones(1, 3, dtype=torch.long),
        )
        result = cell.run(item, target_return=target)
        cell.assert_equal(result["action"], outputs.action_preds[0, -1])
        cell.assert_equal(result["state_preds"], outputs.state_preds[0])
        cell.assert_equal(result["return_preds"], outputs.return_preds[0, :, 0])


def test_uneven_episodes_are_refused(cell: Any) -> None:
    item = {**cell.samples[0], "rewards": [0.0, 1.0, 2.0]}
    with pytest.raises(ValueError, match="expected equal numbers"):
        cell.run(item)
