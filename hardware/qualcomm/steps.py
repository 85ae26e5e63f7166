"""Generation of one text with a graph of fixed length."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hf_skillset_runtime.tasks.limits import text_part

from .static_calls import (
    OPENING,
    Arrays,
    as_list,
    bucket,
    forward_row,
    new_tokens,
    padded,
    without_padding,
)


@dataclass(frozen=True)
class Steps:
    """The calls that generate one text: the same inputs with increasing numbers of tokens."""

    row: Arrays
    grows: str
    """The input that the tokens are appended to."""
    prompt: list[int]
    count: int
    """Largest number of new tokens."""
    length: int
    """Number of tokens of the graph."""
    pad: int
    names: Collection[str]
    """The inputs with one entry per token."""

    @classmethod
    def of(
        cls,
        row: Arrays,
        names: Collection[str],
        config: Any,
        defaults: Mapping[str, Any],
        options: Mapping[str, Any],
        graphs: Sequence[Mapping[str, Any]] = (),
    ) -> Steps:
        """The steps for one row, given the checkpoint's and the caller's generation options.

        Args:
            names: the inputs with one entry per token.
            graphs: what was exported, with the shapes of its inputs; a text gets as many tokens as
                these take where the caller states no length.
        """
        pad = pad_token(config)
        if config.is_encoder_decoder:
            start = decoder_start(config, defaults)
            row, grows, prompt = forward_row(row, pad, names), "decoder_input_ids", as_list(start)
        else:
            row, grows = without_padding(row, names), "input_ids"
            prompt = row["input_ids"][0].tolist()
        opened = len(prompt) + sum(name in defaults for name in OPENING)
        lengths = sorted(graph["shapes"][grows][-1] for graph in graphs if grows in graph["shapes"])
        room = lengths[-1] - opened if lengths and lengths[-1] > opened else None
        count = new_tokens(options, defaults, len(prompt), room)
        fitting = (length for length in lengths if length >= opened + count)
        length = next(fitting, bucket(opened + count))
        return cls(row, grows, prompt, count, length, pad, names)

    def call(self, tokens: list[int]) -> Arrays:
        """The inputs of the graph for these tokens."""
        import numpy as np

        if self.grows != "input_ids":
            ids = np.full((1, self.length), self.pad, dtype=np.int64)
            ids[0, : len(tokens)] = tokens
            return {**self.row, self.grows: ids}
        grown = padded(self.row, len(tokens), 1, self.names)
        grown["input_ids"] = np.array([tokens], dtype=np.int64)
        if "attention_mask" in grown:
            grown["attention_mask"] = np.ones_like(grown["input_ids"])
        return padded(grown, self.length, self.pad, self.names)


def decoder_start(config: Any, defaults: Mapping[str, Any]) -> int | list[int]:
    """The decoder's start token: `decoder_start_token_id`, else `bos_token_id`.

    Raises:
        ValueError: the checkpoint has neither.
    """
    for name in ("decoder_start_token_id", "bos_token_id"):
        for value in (defaults.get(name), getattr(config, name, None)):
            if value is not None:
                token: int | list[int] = value
                return token
    raise ValueError("the checkpoint has no decoder_start_token_id and no bos_token_id")


def pad_token(config: Any) -> int:
    """The padding token; it is masked, so that any token of the vocabulary is valid."""
    token = getattr(config, "pad_token_id", None) or 0
    size = getattr(text_part(config), "vocab_size", None)
    return token if size is None or 0 <= token < size else 0
