"""Names of the inputs, outputs and dimensions of the graphs in a folder.

A cache goes in as `past.<path>` and comes out as `present.<path>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hf_skillset_runtime.export.roles import OF_CACHE

PAST, PRESENT = "past.", "present."
ENCODED = "encoder_outputs."
SYMBOL = re.compile(r"\b[a-z]+\d+\b")
"""A dimension as torch names it."""
GROWS = "+"
"""In the dimension of a cache that comes out longer than it went in."""
USUAL = {
    ("input_ids", 1): "sequence",
    ("attention_mask", 1): "sequence",
    ("token_type_ids", 1): "sequence",
    ("position_ids", 1): "sequence",
    ("decoder_input_ids", 1): "target_sequence",
    ("pixel_values", 2): "height",
    ("pixel_values", 3): "width",
    (ENCODED + "last_hidden_state", 1): "encoder_sequence",
}
"""Input and axis -> its name where the registry names none."""
Shapes = Mapping[str, Sequence[str | int]]


def rename_values(graph: Any) -> None:
    """Give the inputs and outputs of a graph (ONNX) their plain names."""
    names = {value.name: input_name(value.name) for value in graph.input}
    taken = set(names.values())
    for value in graph.output:
        plain = cache_as(PRESENT, value.name.removeprefix("output."))
        names[value.name] = f"output.{plain}" if plain in taken else plain
    renamed(graph, {old: new for old, new in names.items() if old != new})


def input_name(name: str) -> str:
    """The plain name of an input."""
    return cache_as(PAST, name.removeprefix("input."))


def cache_as(prefix: str, name: str) -> str:
    """The name, with `prefix` in place of the cache's if it is a tensor of one."""
    found = next((cache for cache in OF_CACHE if name.startswith(cache)), None)
    return name if found is None else prefix + name.removeprefix(found)


def renamed(graph: Any, names: Mapping[str, str]) -> None:
    """Rename the values of a graph, and where its nodes and their inner graphs use them."""
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        for used in (node.input, node.output):
            used[:] = [names.get(name, name) for name in used]
        for inner in inner_graphs(node):
            renamed(inner, names)


def inner_graphs(node: Any) -> Iterator[Any]:
    """The graphs in a node's attributes: the branches of an If, the body of a Loop."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def name_dimensions(graph: Any, shapes: Shapes) -> None:
    """Name the dynamic dimensions of a graph after the registry's symbols.

    Args:
        shapes: of the task's inputs, as the registry states them.
    """
    inputs, symbols = {value.name: value for value in graph.input}, dict[str, str]()
    grown = set(growing(graph.output))
    if "input_ids" in inputs and any(name.startswith(PAST) for name in inputs):
        shapes = {**shapes, "attention_mask": ("batch", "total_sequence")}
    for name in sorted(inputs, key=lambda name: name not in shapes):
        for axis, dimension in enumerate(dimensions(inputs[name])):
            symbol = dimension.dim_param
            if SYMBOL.fullmatch(symbol) and symbol not in symbols:
                known = dimension_name(name, axis, shapes.get(name, ()), (name, axis) in grown)
                symbols[symbol] = known or unlike(f"{name}_{axis}", symbols.values())
    for value in (*graph.input, *graph.output, *graph.value_info):
        for dimension in dimensions(value):
            rename_dimension(dimension, symbols)


def dimensions(value: Any) -> Any:
    """The dimensions of a value of a graph."""
    return value.type.tensor_type.shape.dim


def growing(outputs: Iterable[Any]) -> Iterator[tuple[str, int]]:
    """The inputs, with the axis, of a cache that comes out longer than it went in."""
    for value in outputs:
        for axis, dimension in enumerate(dimensions(value)):
            if value.name.startswith(PRESENT) and GROWS in dimension.dim_param:
                yield PAST + value.name.removeprefix(PRESENT), axis


def dimension_name(name: str, axis: int, stated: Sequence[str | int], grows: bool) -> str | None:
    """The name of a dynamic dimension of an input; None if it has no usual one."""
    if axis < len(stated) and isinstance(stated[axis], str):
        return str(stated[axis])
    if name.startswith(PAST) and axis:
        return "past_sequence" if grows else None
    return USUAL.get((name, axis), None if axis else "batch")


def unlike(name: str, others: Iterable[str]) -> str:
    """The name, with a number where it is taken: dimensions of one name have one size."""
    taken, number, free = set(others), 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def rename_dimension(dimension: Any, symbols: Mapping[str, str]) -> None:
    """Put names in the place of torch's symbols; an expression of numbers is a number."""
    text = dimension.dim_param
    if text.isdigit():
        dimension.dim_value = int(text)
    elif text:
        dimension.dim_param = SYMBOL.sub(lambda found: symbols.get(found[0], found[0]), text)
