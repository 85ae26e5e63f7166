"""States, actions and rewards so far in, the next action out (task `reinforcement-learning`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.series import as_series, fit_width
from hf_skillset_runtime.media.text import as_fields
from hf_skillset_runtime.tasks.encoded import Encoded


def encode(
    items: list[Any], processor: Any, config: Any, target_return: float | None = None
) -> list[Encoded]:
    """A call for each `{"states", "actions", "rewards"}`, which may bring its `returns_to_go`."""
    return [Encoded(trajectory(item, config, target_return)) for item in items]


def trajectory(item: Any, config: Any, target_return: float | None) -> dict[str, np.ndarray]:
    """The model's tensors for one episode.

    Raises:
        ValueError: states, actions and rewards differ in number.
    """
    states, actions, rewards = as_fields(item, "states", "actions", "rewards")
    states, actions = fit_width(states, config.state_dim), fit_width(actions, config.act_dim)
    rewards = as_series(rewards)
    if not len(states) == len(actions) == len(rewards):
        raise ValueError(
            "an episode has as many states as actions and rewards; got "
            f"{len(states)}, {len(actions)} and {len(rewards)}"
        )
    return {
        "states": states[None],
        "actions": actions[None],
        "rewards": rewards[None, :, None],
        "returns_to_go": returns_to_go(item, rewards, target_return)[None, :, None],
        "timesteps": np.arange(len(states))[None],
        "attention_mask": np.ones((1, len(states)), np.int64),
    }


def returns_to_go(item: Any, rewards: np.ndarray, target_return: float | None) -> np.ndarray:
    """What is still to be reached at each step: a target, the item's own, or what did come."""
    if target_return is None and "returns_to_go" in item:
        return as_series(item["returns_to_go"])
    target = rewards.sum() if target_return is None else target_return
    reached = np.concatenate([[0.0], np.cumsum(rewards[:-1])])
    return (target - reached).astype(np.float32)


def decode(
    outputs: list[Mapping[str, np.ndarray]], encoded: list[Encoded], processor: Any, config: Any
) -> list[dict[str, list[Any]]]:
    """Per episode the next `action`; `state_preds` and `return_preds` are what it leads to."""
    return [
        {
            "action": call["action_preds"][0, -1].tolist(),
            "state_preds": call["state_preds"][0].tolist(),
            "return_preds": call["return_preds"][0, :, 0].tolist(),
        }
        for call in outputs
    ]
