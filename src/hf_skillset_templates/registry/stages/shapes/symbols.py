"""Finds symbolic shapes: how the dimensions of tensors depend on sizes of the inputs.

Given the shapes of the same tensors in several runs of known sizes, each dimension becomes an
integer (if it is constant), a symbol, or an expression of symbols that gives its size in every run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations, product
from math import gcd

Sizes = tuple[int, ...]
Shapes = Mapping[str, tuple[int, ...]]
# Names of new symbols by tensor and position; a tensor that is not named here gives its own name.
NAMES = {
    "input_ids": ("batch", "sequence"),
    "input_ids/3": ("batch", "choices", "sequence"),
    "decoder_input_ids": ("batch", "target_sequence"),
    "pixel_values": ("batch", "channels", "height", "width"),
    "pixel_values_videos": ("batch", "frames", "channels", "height", "width"),
    "pixel_values/2": ("patches", "patch_size"),
    "pixel_values/5": ("batch", "images", "channels", "height", "width"),
    "input_features": ("batch", "frames", "frames"),
    "input_values": ("batch", "samples"),
    "input_values/3": ("batch", "channels", "samples"),
    "original_images": ("channels", "height", "width"),
    "past_values": ("batch", "time"),
    "sequences": ("batch", "generated"),
}
_PATCHES = (1, 2, 4, 7, 8, 14, 16, 28, 32, 64)
_LEVELS = (2, 3, 4, 5)


@dataclass
class Symbols:
    """The known symbols, each with its size in every run."""

    sizes: dict[str, Sizes] = field(default_factory=dict)
    free: set[str] = field(default_factory=set)
    composed: bool = False
    """Whether to try expressions of two steps, which could fit few sizes by chance."""

    def explain(self, sizes: Sizes) -> str | int | None:
        """An integer, a symbol or an expression with these sizes; None if there is none."""
        if len(set(sizes)) == 1:
            return sizes[0]
        for name, known in self.sizes.items():
            if known == sizes:
                return name
        finders = [
            self._linear,
            self._grid,
            self._pyramid,
            self._strided,
            self._sum_or_product,
        ]
        for finder in finders + [self._multiple] * self.composed:
            expression = finder(sizes)
            if expression:
                return expression
        return None

    def _linear(self, sizes: Sizes) -> str | None:
        """`k*symbol + c`."""
        for name, known in self.sizes.items():
            pairs = sorted(set(zip(known, sizes, strict=True)))
            if len({x for x, _ in pairs}) < 3 or len(pairs) != len({x for x, _ in pairs}):
                continue
            (x0, y0), (x1, y1) = pairs[0], pairs[-1]
            factor, rest = divmod(y1 - y0, x1 - x0)
            offset = y0 - factor * x0
            if not rest and factor and all(y == factor * x + offset for x, y in pairs):
                return _linear_text(name, factor, offset)
        return None

    def _grid(self, sizes: Sizes) -> str | None:
        """Patches of an image: `(height//k)*(width//k)`, rounded down or up, or plus one."""
        if not {"height", "width"} <= self.sizes.keys():
            return None
        sides = list(zip(self.sizes["height"], self.sizes["width"], strict=True))
        for stride, up, more in product(_PATCHES, (0, 1), (0, 1)):
            a = (stride - 1) * up
            if all(
                ((h + a) // stride) * ((w + a) // stride) + more == size
                for (h, w), size in zip(sides, sizes, strict=True)
            ):
                one, two = (
                    f"({name} + {a})//{stride}" if a else f"{name}//{stride}"
                    for name in ("height", "width")
                )
                return f"({one})*({two})" + (" + 1" if more else "")
        return None

    def _pyramid(self, sizes: Sizes) -> str | None:
        """Patches of an image at several levels, each of which halves the sides."""
        if not {"height", "width"} <= self.sizes.keys():
            return None
        sides = list(zip(self.sizes["height"], self.sizes["width"], strict=True))
        for first, levels in product(_PATCHES[1:], _LEVELS):
            strides = [first << level for level in range(levels)]
            if all(
                sum((h // stride) * (w // stride) for stride in strides) == size
                for (h, w), size in zip(sides, sizes, strict=True)
            ):
                return " + ".join(f"(height//{each})*(width//{each})" for each in strides)
        return None

    def _strided(self, sizes: Sizes) -> str | None:
        """`(symbol + a)//k`, as of convolutions and pooling."""
        stride = self.strides(sizes)
        if stride is None:
            return None
        return _strided_text(*stride)

    def _multiple(self, sizes: Sizes) -> str | None:
        """`k*((symbol + a)//k)`: rounded to a multiple, up if that also fits."""
        factor = gcd(*sizes)
        stride = self.strides(tuple(size // factor for size in sizes)) if factor > 1 else None
        if stride is None:
            return None
        return f"{factor}*({_strided_text(*stride)})"

    def strides(self, sizes: Sizes) -> tuple[str, int, int, int] | None:
        """Symbol, k, and the smallest and largest a for which `(symbol + a)//k` has these sizes."""
        for name, known in self.sizes.items():
            pairs = sorted(set(zip(known, sizes, strict=True)))
            if len({x for x, _ in pairs}) < 3 or len(pairs) != len({x for x, _ in pairs}):
                continue
            rise = pairs[-1][1] - pairs[0][1]
            if rise <= 0:
                continue
            ratio = (pairs[-1][0] - pairs[0][0]) / rise
            tried = range(max(2, int(ratio * 0.8)), int(ratio * 1.25) + 2)
            fitting = [fit for k in tried if (fit := _shifts(k, pairs)) is not None]
            if fitting:
                likeliest = min(fitting, key=lambda each: _likelihood(each, ratio))
                return (name, *likeliest)
        return None

    def _sum_or_product(self, sizes: Sizes) -> str | None:
        """`a + b`, `a*b` or `k*a*b` of two symbols."""
        for (one, x), (two, y) in combinations(self.sizes.items(), 2):
            sums = {s - a - b for s, a, b in zip(sizes, x, y, strict=True)}
            if len(sums) == 1:
                return _linear_text(f"{one} + {two}", 1, sums.pop())
            ratios = {s / (a * b) for s, a, b in zip(sizes, x, y, strict=True) if a * b}
            ratio = ratios.pop() if len(ratios) == 1 else 0.0
            if ratio >= 1 and ratio == int(ratio):
                return f"{one}*{two}" if ratio == 1 else f"{int(ratio)}*{one}*{two}"
        return None

    def add(self, name: str, sizes: Sizes) -> str:
        """Add a symbol; a number is appended if the name is taken."""
        free = next(
            n for n in (name, *(f"{name}_{i}" for i in range(2, 99))) if n not in self.sizes
        )
        self.sizes[free] = sizes
        return free


def _shifts(stride: int, pairs: list[tuple[int, int]]) -> tuple[int, int, int] | None:
    """The stride k with the smallest and largest a for which all pairs are `(x + a)//k`."""
    low = max(stride * y - x for x, y in pairs)
    high = min(stride * (y + 1) - x - 1 for x, y in pairs)
    return (stride, low, high) if low <= high else None


def _likelihood(fit: tuple[int, int, int], ratio: float) -> tuple[int, int, float]:
    """Sort key of fitting strides, the most likely first.

    Frames begin within the first stride, and long strides are products of 2, 3 and 5; short strides
    are determined by the sizes alone.
    """
    stride, low, high = fit
    shift = 0 if low <= 0 <= high else min(abs(low), abs(high))
    roundness = gcd(stride, 2**12 * 15) if stride >= 64 else 0
    return max(shift - 1, 0) // stride, -roundness, abs(stride - ratio)


def _strided_text(name: str, stride: int, low: int, high: int) -> str:
    """`(name + a)//stride` with an a between `low` and `high`: rounded up if that fits."""
    up = 0 < low <= stride - 1 <= high
    shift = stride - 1 if up else min(range(low, high + 1), key=abs)
    return f"({_linear_text(name, 1, shift)})//{stride}" if shift else f"{name}//{stride}"


def _linear_text(name: str, factor: int, offset: int) -> str:
    scaled = name if factor == 1 else f"{factor}*{name}"
    return scaled if not offset else f"{scaled} {'+' if offset > 0 else '-'} {abs(offset)}"


def telling_size(symbols: Symbols, runs: list[Shapes]) -> tuple[str, int] | None:
    """A symbol and a size of it that narrows a stride's offset; None if all offsets are determined.

    The size halves the possible offsets of one dimension.
    """
    for name in runs[0]:
        if any(len(run.get(name, ())) != len(runs[0][name]) for run in runs):
            continue
        for position in range(len(runs[0][name])):
            sizes = tuple(run[name][position] for run in runs)
            explained = symbols.explain(sizes)
            strides = symbols.strides(sizes) if "//" in str(explained) else None
            if strides is not None and strides[2] < strides[3]:
                symbol, stride, low, high = strides
                base, middle = max(symbols.sizes[symbol]), (low + high + 1) // 2
                return symbol, base - (base + middle) % stride
    return None


def name_of(tensor: str, position: int, rank: int) -> str:
    """The symbol name of a dimension that no known symbol explains."""
    tensor = tensor.partition(".")[0]
    names = NAMES.get(f"{tensor}/{rank}", NAMES.get(tensor, ()))
    if position < len(names):
        return names[position]
    return "batch" if position == 0 else f"{tensor}_{position}"


def infer(symbols: Symbols, runs: list[Shapes], outputs: bool) -> dict[str, list[int | str]]:
    """Tensor -> symbolic shape, for the tensors that have the same rank in every run.

    New symbols of outputs are free: no input determines them.
    """
    common = [name for name in runs[0] if all(name in run for run in runs)]
    shapes: dict[str, list[int | str]] = {}
    for name in sorted(common, key=lambda tensor: (tensor not in NAMES, common.index(tensor))):
        ranks = {len(run[name]) for run in runs}
        if len(ranks) != 1:
            continue
        shape: list[int | str] = []
        for position in range(ranks.pop()):
            sizes = tuple(run[name][position] for run in runs)
            known = symbols.explain(sizes)
            if known is None:
                known = symbols.add(name_of(name, position, len(runs[0][name])), sizes)
                if outputs:
                    symbols.free.add(known)
            shape.append(known)
        shapes[name] = shape
    return {name: shapes[name] for name in common if name in shapes}


def evaluate(dimension: int | str, sizes: Mapping[str, int]) -> int:
    """The size of a symbolic dimension."""
    if isinstance(dimension, int):
        return dimension
    return int(eval(dimension, {"__builtins__": {}}, dict(sizes)))


def names_of(dimension: int | str) -> set[str]:
    """The symbols in a symbolic dimension."""
    return set(re.findall(r"[A-Za-z_]\w*", str(dimension)))


def solve(shapes: Shapes, symbolic: Mapping[str, list[int | str]]) -> dict[str, int]:
    """The symbols' sizes in a run, from the dimensions that are a single symbol."""
    solved: dict[str, int] = {}
    for name, shape in symbolic.items():
        for dimension, size in zip(shape, shapes.get(name, ()), strict=False):
            if isinstance(dimension, str) and dimension.isidentifier():
                solved.setdefault(dimension, size)
    return solved


def wrong_predictions(
    shapes: Shapes, symbolic: Mapping[str, list[int | str]], sizes: Mapping[str, int]
) -> list[str]:
    """The dimensions whose predicted size differs from the measured one, as messages."""
    wrong = []
    for name, shape in symbolic.items():
        if name not in shapes or len(shapes[name]) != len(shape):
            wrong.append(f"{name}: predicted {shape}, got {shapes.get(name)}")
            continue
        for position, (dimension, real) in enumerate(zip(shape, shapes[name], strict=True)):
            predicted = evaluate(dimension, sizes)
            if predicted != real:
                wrong.append(f"{name}[{position}] = {dimension}: predicted {predicted}, got {real}")
    return wrong
