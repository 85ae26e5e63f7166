"""The kind of size of a configuration attribute, by its name, and its tiny value.

The table in `sizes.yml` is the first guess of the search in `shrink`; a real forward pass
judges it. A value is never raised, and what no row names keeps its default. Normalisation
epsilons, kernel sizes, strides and token ids are in no row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

TABLE = yaml.safe_load(Path(__file__).with_name("sizes.yml").read_text(encoding="utf-8"))
KEEP = re.compile("|".join(TABLE["keep"]))
KINDS: list[tuple[str, re.Pattern[str]]] = [
    (row["kind"], re.compile("|".join(row["names"]))) for row in TABLE["kinds"]
]
# Kinds without a number of their own depend on their neighbours.
TARGETS: dict[str, int] = {row["kind"]: row["tiny"] for row in TABLE["kinds"] if "tiny" in row}


def kind_of(name: str) -> str | None:
    """The kind of size of an attribute's name; None if it is not a size."""
    if KEEP.search(name) and not re.search(r"codebook_size|vocab_size", name):
        return None
    return next((kind for kind, pattern in KINDS if pattern.search(name)), None)


def uniform_target(kind: str, name: str, value: int) -> int:
    """The tiny value of a lone number when widths all become the same few numbers."""
    if (kind == "width" and value < 24) or (kind == "vision_window" and value > 32):
        return value
    return min(value, TARGETS.get(kind, value))


def scaled_target(divisor: int) -> Callable[[str, str, int], int]:
    """Tiny values by dimension: widths shrink by `divisor`, heads and head sizes by its root.

    Every product and sum of the defaults (heads x head size = width, splits, concatenations)
    holds for the tiny values as well, whatever the code multiplies or adds.
    """
    by_heads = 2 ** ((divisor.bit_length() - 1) // 2)
    by_head_dim = divisor // by_heads

    def target(kind: str, name: str, value: int) -> int:
        if kind in ("width", "half_width", "ffn", "rank"):
            return _divide(value, divisor, least=8)
        if kind in ("heads", "kv_heads", "mamba_heads"):
            return value // by_heads if value % by_heads == 0 else value
        if kind in ("head_dim", "rope_dim", "state"):
            return _divide(value, by_head_dim, least=4)
        return uniform_target(kind, name, value)

    return target


def _divide(value: int, divisor: int, least: int) -> int:
    """`value / divisor` if it is an integer, otherwise rounded up to `least`."""
    if value <= least:
        return value
    if value % divisor == 0 and value // divisor >= least:
        return value // divisor
    return max(least, -(-value // (divisor * least)) * least)


Target = Callable[[str, str, int], int]


def shrink_list(kind: str, name: str, values: list[Any], target: Target, widest: int) -> list[Any]:
    """A list with its length kept: stages keep their proportions, equal entries stay equal.

    `widest` is the largest width in any list of the whole configuration: every list is cut
    by the same factor, so that the output of one stage fits the input of the next.
    """
    if any(isinstance(v, list) for v in values):
        return [
            shrink_list(kind, name, v, target, widest) if isinstance(v, list) else v for v in values
        ]
    if not values or any(isinstance(v, bool) or not isinstance(v, int) for v in values):
        return values
    if kind in ("heads", "kv_heads") and len(set(values)) > 1:
        least = min(values)
        return [v // least if v % least == 0 else v for v in values]
    if kind == "layers":
        return [min(v, 2) for v in values]
    if kind in ("width", "ffn") and len(set(values)) > 1 and target is uniform_target:
        divisor = max(1, widest // 64)
        return [v if v < 16 else max(8, v // divisor // 8 * 8) for v in values]
    return [target(kind, name, v) for v in values]
