"""Reads sizes from a configuration and draws an input for each parameter of a forward method."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from hf_skillset_templates.tiny.configs import nodes

LAYOUTS = range(4)  # the orders of axes tried for audio and images

Builder = Callable[["Sampler"], Any]

BUILDERS: dict[str, Builder] = {}


def fills(*names: str) -> Callable[[Builder], Builder]:
    """Registers the builder of the parameters so named."""

    def register(builder: Builder) -> Builder:
        BUILDERS.update(dict.fromkeys(names, builder))
        return builder

    return register


class Sampler:
    """Reads sizes from a configuration tree and draws tensors from a fixed seed."""

    def __init__(self, model: Any, layout: int = 0, given: dict[str, Any] | None = None) -> None:
        import torch

        self.model = model
        self.layout = layout
        self.given = given or {}
        self.config = model.config
        self.generator = torch.Generator().manual_seed(0)
        self.made: dict[str, Any] = {}
        parameters = inspect.signature(model.forward).parameters.values()
        self.parameters = {
            p.name: p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        }

    def configs(self, *near: str) -> Iterator[Any]:
        """All configurations, those under a key that contains one of `near` first."""
        walked = list(nodes(self.config))
        yield from (c for path, c in walked if any(word in path for word in near))
        yield from (c for path, c in walked if not any(word in path for word in near))

    def number(self, *names: str, near: tuple[str, ...] = (), default: Any = None) -> Any:
        """The first of these attributes that some configuration has, the nearest first."""
        for config in self.configs(*near):
            for name in names:
                value = read(config, name)
                if value is not None and value != []:
                    return value
        return default

    def normal(self, *shape: int) -> Any:
        import torch

        return torch.randn(*shape, generator=self.generator)

    def integers(self, low: int, high: int, *shape: int) -> Any:
        import torch

        return torch.randint(low, max(low + 1, high), shape, generator=self.generator)

    def build(self, names: list[str]) -> dict[str, Any]:
        """The named inputs; one that no row can fill raises."""
        for name in names:
            if name not in self.made:
                own = f"{type(self.model).__name__}.{name}"
                if own in self.given or name in self.given:
                    value = literal(self.given.get(own, self.given.get(name)), self)
                elif name in BUILDERS:
                    value = BUILDERS[name](self)
                else:
                    raise LookupError(f"no sample for the input {name}")
                if value is not None:
                    self.made[name] = value
        return self.made


def literal(spec: Any, sampler: Sampler) -> Any:
    """A hand-written input: `{shape, dtype}` of a random tensor, or its very values."""
    import torch

    if isinstance(spec, dict) and "shape" in spec:
        if spec.get("dtype", "float") == "float":
            return sampler.normal(*spec["shape"])
        return sampler.integers(0, spec.get("below", 2), *spec["shape"]).to(
            getattr(torch, spec["dtype"])
        )
    return (
        torch.tensor(spec)
        if isinstance(spec, list | int | float) and not isinstance(spec, bool)
        else spec
    )


def read(config: Any, name: str) -> Any:
    """An attribute of a configuration, None if absent."""
    try:
        return config._getattr_without_heterogeneous_validation(name, None)
    except Exception:
        return None
