"""States, actions and rewards so far in, the next action out (task `reinforcement-learning`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.series import as_finite, fit_width
from hf_skillset_runtime.media.text import as_fields
from hf_skillset_runtime.tasks.encoded import Encoded


def encode(
    items: list[Any], processor: Any, config: Any, target_return: float | None = None
) -> list[Encoded]:
    """One call for each `{"states", "actions", "rewards"}` with optional `returns_to_go`."""
    return [Encoded(trajectory(item, config, target_return)) for item in items]


def trajectory(item: Any, config: Any, target_return: float | None) -> dict[str, np.ndarray]:
    """The model's tensors for one episode.

    Raises:
        ValueError: states, actions and rewards differ in number.
    """
    names = ("states", "actions", "rewards")
    states, actions, rewards = as_fields(item, *names, further=["returns_to_go"])
    states, actions = fit_width(states, config.state_dim), fit_width(actions, config.act_dim)
    rewards = as_finite(rewards)
    if not len(states) == len(actions) == len(rewards):
        raise ValueError(
            "expected equal numbers of states, actions and rewards; got "
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
    """The return-to-go of each step: from the target, the item's own, or from the rewards."""
    if target_return is None and "returns_to_go" in item:
        return as_finite(item["returns_to_go"])
    target = rewards.sum() if target_return is None else target_return
    reached = np.concatenate([[0.0], np.cumsum(rewards[:-1])])
    return (target - reached).astype(np.float32)


def decode(
    outputs: list[Mapping[str, np.ndarray]], encoded: list[Encoded], processor: Any, config: Any
) -> list[dict[str, list[Any]]]:
    """Per episode the next `action`; also the predicted `state_preds` and `return_preds`."""
    return [
        {
            "action": call["action_preds"][0, -1].tolist(),
            "state_preds": call["state_preds"][0].tolist(),
            "return_preds": call["return_preds"][0, :, 0].tolist(),
        }
        for call in outputs
    ]
