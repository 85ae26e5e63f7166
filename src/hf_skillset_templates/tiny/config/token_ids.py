"""Token ids follow a vocabulary that was shrunk: each stays an id of its own inside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .draft import Draft

TOKEN = re.compile(
    r"(token|pad|bos|eos|sep|cls|unk|start|end|newline|nothink|think|patch|im|stream)\w*_(id|ids|index)$|^(unk|mask|pad|bos|eos)_index$|token_ids$"
)


def vocabulary(node: Draft, inherited: int | None) -> int | None:
    """The number of tokens that ids of this node choose from."""
    own = next(
        (
            v
            for n in ("vocab_size", "text_vocab_size", "codec_vocab_size")
            if isinstance(v := node.get(n), int)
        ),
        None,
    )
    if own is not None:
        return own
    for name in ("text_config", "decoder", "decoder_config", "thinker_config", "backbone_config"):
        if name in node.children:
            return vocabulary(node.children[name], inherited)
    return inherited


def fit_token_ids(draft: Draft) -> None:
    """Gives every id beyond its vocabulary a place at its end; equal ids stay equal."""
    nodes = list(_sized(draft, None))
    for size in {size for _, size in nodes}:
        members = [node for node, own in nodes if own == size]
        ids = {
            i
            for node in members
            for n, v in node.values.items()
            if TOKEN.search(n)
            for i in _ids(v)
        }
        free = (i for i in range(size - 1, -1, -1) if i not in ids)
        places = dict(zip(sorted((i for i in ids if i >= size), reverse=True), free, strict=False))
        for node in members:
            _place(node, places)


def _sized(node: Draft, inherited: int | None) -> Iterator[tuple[Draft, int]]:
    """Every node with a vocabulary, and its number of tokens."""
    size = vocabulary(node, inherited)
    if size is not None:
        yield node, size
    for child in node.children.values():
        yield from _sized(child, size)


def _place(node: Draft, places: dict[int, int]) -> None:
    for name, value in node.values.items():
        if (
            TOKEN.search(name)
            and any(i in places for i in _ids(value))
            and name in node.cls.__dataclass_fields__
        ):
            node.changes[name] = (
                [places.get(i, i) for i in value] if isinstance(value, list) else places[value]
            )


def _ids(value: Any) -> list[int]:
    values = value if isinstance(value, list) else [value]
    return [v for v in values if isinstance(v, int) and not isinstance(v, bool)]
