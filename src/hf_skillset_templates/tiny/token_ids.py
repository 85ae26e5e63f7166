"""Token ids follow a vocabulary that was shrunk: each stays an id of its own inside it."""

from __future__ import annotations

import re
from typing import Any

from .draft import Draft

TOKEN = re.compile(r"(token|pad|bos|eos|sep|cls|unk|start|end|newline|nothink|think|patch|im|stream)\w*_(id|ids|index)$|^(unk|mask|pad|bos|eos)_index$|token_ids$")


def vocabulary(node: Draft, inherited: int | None) -> int | None:
    """The number of tokens that ids of this node choose from."""
    own = next((v for n in ("vocab_size", "text_vocab_size", "codec_vocab_size") if isinstance(v := node.get(n), int)), None)
    if own is not None:
        return own
    for name in ("text_config", "decoder", "decoder_config", "thinker_config", "backbone_config"):
        if name in node.children:
            return vocabulary(node.children[name], inherited)
    return inherited


def fit_token_ids(draft: Draft, inherited: int | None = None) -> None:
    """Gives every id beyond the vocabulary a place at its end; equal ids stay equal."""
    size = vocabulary(draft, inherited)
    if size is not None:
        outside = sorted({i for n, v in draft.values.items() if TOKEN.search(n) for i in _ids(v) if i >= size})
        taken = {i for n, v in draft.values.items() if TOKEN.search(n) for i in _ids(v) if i < size}
        free = (i for i in range(size - 1, -1, -1) if i not in taken)
        places = dict(zip(reversed(outside), free, strict=False))
        for name, value in draft.values.items():
            if TOKEN.search(name) and any(i in places for i in _ids(value)) and name in draft.cls.__dataclass_fields__:
                draft.changes[name] = [places.get(i, i) for i in value] if isinstance(value, list) else places[value]
    for child in draft.children.values():
        fit_token_ids(child, size)


def _ids(value: Any) -> list[int]:
    values = value if isinstance(value, list) else [value]
    return [v for v in values if isinstance(v, int) and not isinstance(v, bool)]
