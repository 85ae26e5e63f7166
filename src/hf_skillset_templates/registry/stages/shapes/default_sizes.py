"""Replaces the tiny model's sizes in symbolic shapes by those of the default configuration.

The default model is built on the meta device and run on inputs of the same form. If that fails, the
shapes keep the tiny model's sizes, and the entry records that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hf_skillset_templates.tiny.forward.models import build_on_meta

from .direct import follows_picture
from .symbols import evaluate, solve
from .tensors import shapes_of, tensors

Shape = list[int | str]
# Attributes with the size of an input.
_INPUT_SIZES = (
    "image_size", "input_size", "num_mel_bins", "feature_size", "input_feat_per_channel",
    "max_source_positions", "num_frames", "context_length", "patch_size", "max_length",
)  # fmt: skip
_SMALL = 3  # channels, labels and pairs are the same in both


def _pairs(tiny: Any, default: Any) -> Iterator[tuple[str, Any, Any]]:
    """Name and both values of every attribute of two configurations of the same structure."""
    for name, value in vars(tiny).items():
        other = getattr(default, name, None)
        if hasattr(value, "to_dict") and hasattr(other, "to_dict"):
            yield from _pairs(value, other)
        elif isinstance(value, (list, tuple)) and isinstance(other, (list, tuple)):
            yield from ((name, a, b) for a, b in zip(value, other, strict=False))
        else:
            yield name, value, other


def _enlarged(size: int, pairs: list[tuple[str, Any, Any]]) -> int | None:
    """The default's value of an input size; None if no attribute, or several values, match it."""
    if size <= _SMALL:
        return size
    for factor in (1, 2):
        larger = {
            factor * other
            for name, value, other in pairs
            if name in _INPUT_SIZES and value == size // factor and size % factor == 0
            and isinstance(other, int)
        }  # fmt: skip
        if larger:
            return larger.pop() if len(larger) == 1 else None
    return None


def _constants(symbolic: Mapping[str, Shape]) -> set[int]:
    return {size for shape in symbolic.values() for size in shape if isinstance(size, int)}


def at_default_size(
    probe: Any, inputs: dict[str, Shape], outputs: dict[str, Shape], given: Mapping[str, Any]
) -> str:
    """Replace the sizes in the shapes in place; returns their source, `default` or `tiny`."""
    if max(_constants(inputs) | _constants(outputs), default=0) <= _SMALL:
        return "default"
    if probe.spec.run != "forward":
        return "tiny"
    try:
        default = Default(probe, inputs, given)
        enlarged, results = default.inputs, default.run()
    except Exception:
        return "tiny"
    if not _formulas_hold(outputs, results, solve(shapes_of(default.given), inputs)):
        return "tiny"
    for name, shape in outputs.items():
        real = results.get(name)
        if real is None or len(real) != len(shape):
            return "tiny"
    for name, shape in outputs.items():
        shape[:] = [
            dimension if isinstance(dimension, str) else size
            for dimension, size in zip(shape, results[name], strict=True)
        ]
    for name, shape in enlarged.items():
        inputs[name][:] = shape
    return "default"


def _formulas_hold(
    outputs: dict[str, Shape], results: Mapping[str, tuple[int, ...]], sizes: dict[str, int]
) -> bool:
    """Whether formulas of the tiny model also predict the default's sizes."""
    for name, shape in outputs.items():
        for dimension, size in zip(shape, results.get(name, ()), strict=False):
            try:
                if isinstance(dimension, str) and evaluate(dimension, sizes) != size:
                    return False
            except NameError:  # a symbol that is not the size of any input
                continue
    return True


class Default:
    """The model class with its default configuration, on the meta device."""

    def __init__(
        self, probe: Any, inputs: Mapping[str, Shape], tensors_in: Mapping[str, Any]
    ) -> None:
        """Create the inputs with the default's sizes.

        Raises:
            ValueError: no attribute of the configuration matches an input's size.
        """
        import torch

        tiny = probe.model.config
        self.config = type(tiny)()
        pairs = list(_pairs(tiny, self.config))
        self.inputs: dict[str, Shape] = {}
        """Tensor -> its symbolic shape with the default's sizes."""
        self.given: dict[str, Any] = {}
        self.needless: set[str] = set()
        for name, shape in inputs.items():
            value = torch.as_tensor(tensors_in[name])
            sizes = list(value.shape)
            for position, dimension in enumerate(shape):
                if isinstance(dimension, int) and value.is_floating_point():
                    size = _enlarged(dimension, pairs)
                    if size is None:
                        raise ValueError(
                            f"{name}[{position}]: no attribute of the configuration is {dimension}"
                        )
                    sizes[position] = size
            self.inputs[name] = [
                dimension if isinstance(dimension, str) else size
                for dimension, size in zip(shape, sizes, strict=True)
            ]
            if name.endswith("attention_mask") and bool(value.all()):
                self.needless.add(name)  # models read its values, which meta tensors lack
            self.given[name] = torch.empty(sizes, dtype=value.dtype, device="meta")
        self.model = build_on_meta(type(probe.model), self.config)

    def run(self, changed: Mapping[str, Any] | None = None) -> dict[str, tuple[int, ...]]:
        """The shapes of the outputs; `changed` replaces inputs or adds options."""
        import torch

        given = {**self.given, **(changed or {})}
        given = {name: value for name, value in given.items() if name not in self.needless}
        with torch.no_grad(), torch.device("meta"):
            results = self.model(**given)
        return shapes_of(tensors(dict(results)))

    def pictures(self, options: Mapping[str, Any]) -> Any:
        """A function that returns the shapes of the outputs for images of (height, width)."""
        import torch

        sides = tuple(self.given["pixel_values"].shape[-2:])

        def run_at(height: int, width: int) -> dict[str, tuple[int, ...]]:
            changed = {
                name: torch.empty(
                    (*value.shape[:-2], height, width), dtype=value.dtype, device="meta"
                )
                for name, value in self.given.items()
                if follows_picture(name, value.shape, sides)
            }
            return self.run({**changed, **options})

        return run_at
