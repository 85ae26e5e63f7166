"""How generation goes round: what `handler.json` says about the graphs `first` and `next`."""

from __future__ import annotations

from typing import Any

from .lines import changing_inputs
from .names import ENCODED, PAST, PRESENT
from .sample import NEW_TOKENS

MEANING = {
    "input_ids": "the new tokens",
    "decoder_input_ids": "the new tokens",
    "attention_mask": "ones, one for each token so far",
    "decoder_attention_mask": "ones, one for each token so far",
    "position_ids": "the positions of the new tokens, from 0",
    "decoder_position_ids": "the positions of the new tokens, from 0",
    "cache_position": "the positions of the new tokens, from 0",
}
"""Input that changes from step to step -> what it has."""


def generation_plan(graphs: dict[str, Any], start: list[int], model: Any) -> dict[str, Any]:
    """The plan: `first` takes all tokens, `next` the last one and the cache.

    Args:
        graphs: role -> facts of the graph.
        start: the tokens of the first call.

    Raises:
        NotImplementedError: a graph takes what the graph before does not give.
    """
    defaults = model.generation_config.to_dict()
    following = graphs.get("next", {"inputs": {}, "outputs": {}})
    round_trip = {name: giver(name) for name in following["inputs"] if name.startswith(PAST)}
    for given in round_trip.values():
        if given not in graphs["first"]["outputs"] or given not in following["outputs"]:
            raise NotImplementedError(f"the graphs do not give {given}")
    taken = {*graphs["first"]["inputs"], *following["inputs"]}
    plan = {
        "each_step": {name: MEANING[name] for name in changing_inputs(taken, "encoder" in graphs)},
        "round": round_trip,
        "end": listed(defaults.get("eos_token_id")),
        "never": listed(defaults.get("suppress_tokens")),
        "never_first": listed(defaults.get("begin_suppress_tokens")),
        "new_tokens": NEW_TOKENS,
    }
    if "encoder" in graphs:
        plan |= {"encoder": f"its outputs are inputs, as {ENCODED}<name>", "start": start}
    languages = defaults.get("lang_to_id") or {}
    spoken = [index for index, token in enumerate(start) if token in languages.values()]
    return plan | ({"languages": languages, "language_at": spoken[0]} if spoken else {})


def giver(name: str) -> str:
    """The output that a cache's input comes from."""
    return PRESENT + name.removeprefix(PAST)


def listed(value: int | list[int] | None) -> list[int]:
    """One token or several as a list."""
    return [] if value is None else [value] if isinstance(value, int) else list(value)
