"""Stepwise reduction: halves what weighs most until a model that runs fits the budget."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from .draft import Draft
from .sizes import kind_of

REDUCIBLE = {
    "width",
    "ffn",
    "layer_input",
    "codebook_size",
    "labels",
    "rank",
    "queries",
    "vocab",
    "image",
    "head_dim",
    "state",
    "positions",
}
LEAST = 8
Weigh = Callable[[], int | None]


def moves(draft: Draft) -> Iterator[list[tuple[Draft, str, Any]]]:
    """Changes to try: each lone size halved, and all widths of one value halved together."""
    by_value: dict[int, list[tuple[Draft, str]]] = {}
    for _, node in draft.walk():
        for name in node.values:
            value, kind = node.get(name), kind_of(name)
            if kind not in REDUCIBLE or name not in node.cls.__dataclass_fields__:
                continue
            halved = halve(value)
            if halved != value:
                yield [(node, name, halved)]
            if kind in ("width", "ffn"):
                for v in {value} if isinstance(value, int) else set(flatten(value)):
                    by_value.setdefault(v, []).append((node, name))
    for value, places in by_value.items():
        if len(places) > 1 and value > LEAST:
            yield [(node, name, halve(node.get(name), only=value)) for node, name in places]


def halve(value: Any, only: int | None = None) -> Any:
    """Half of a size, or of every entry of a list; small entries stay."""
    if isinstance(value, list):
        return [halve(v, only) for v in value]
    if (
        isinstance(value, bool)
        or not isinstance(value, int)
        or value <= LEAST
        or only not in (None, value)
    ):
        return value
    return value // 2


def flatten(value: Any) -> list[int]:
    if isinstance(value, list):
        return [v for item in value for v in flatten(item)]
    return [value] if isinstance(value, int) and not isinstance(value, bool) else []


def reduce_draft(
    draft: Draft, weigh: Weigh, runs: Callable[[], bool], budget: int, steps: int = 40
) -> bool:
    """Applies the heaviest move that keeps the model running, until the budget is met.

    `weigh` returns the parameters of the draft's model, None if it cannot be built; `runs`
    makes the real forward pass.
    """
    size = weigh()
    for _ in range(steps):
        if size is None or size <= budget:
            return size is not None
        for lighter, move in sorted(weighed(draft, weigh, size), key=lambda pair: pair[0]):
            undo = apply(move)
            if runs():
                size = lighter
                break
            restore(undo)
        else:
            return False
    return size is not None and size <= budget


def weighed(
    draft: Draft, weigh: Weigh, size: int
) -> Iterator[tuple[int, list[tuple[Draft, str, Any]]]]:
    """Moves that build a clearly lighter model, with its parameters."""
    for move in list(moves(draft)):
        undo = apply(move)
        lighter = weigh()
        restore(undo)
        if lighter is not None and lighter < 0.98 * size:
            yield lighter, move


def apply(move: list[tuple[Draft, str, Any]]) -> list[tuple[Draft, dict[str, Any]]]:
    undo = [(node, copy.copy(node.changes)) for node, _, _ in move]
    for node, name, value in move:
        node.changes[name] = value
    return undo


def restore(undo: list[tuple[Draft, dict[str, Any]]]) -> None:
    for node, changes in reversed(undo):
        node.changes.clear()
        node.changes.update(changes)


def revert_culprits(draft: Draft, runs: Callable[[], bool], tries: int = 60) -> list[str]:
    """Takes back the one change, or the two of one node, that keeps a tiny model from running.

    Returns the names reverted to the default's value; none when no such change was found.
    """
    lone = [[(node, name)] for _, node in draft.walk() for name in list(node.changes)]
    pairs = [[*a, *b] for i, a in enumerate(lone) for b in lone[i + 1 :] if a[0][0] is b[0][0]]
    for places in (lone + pairs)[:tries]:
        undo = [(node, copy.copy(node.changes)) for node, _ in places]
        for node, name in places:
            node.changes.pop(name, None)
        if runs():
            return [name for _, name in places]
        restore(undo)
    return []
