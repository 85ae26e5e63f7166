#!/usr/bin/env python3
"""Checks the registry's formulas of shapes against configurations that were not used to find them.

The model class of each pair is built with other small sizes (`shapes.yml`), run on the CPU at sizes
of the symbols that no measurement used, and what comes out is compared with what the entry
predicts. A number above 3 in an entry stands for the attributes of the configuration that have it,
or a small multiple of one: it predicts what these are here.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from hf_skillset_templates import command_line, isolation
from hf_skillset_templates.command_line import split
from hf_skillset_templates.model_imports import MODEL_IMPORTS
from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.model_types import model_types
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.registry.store.variants import load_variants

EXAMPLES = """
python benchmarks/shapes.py --sample 100
python benchmarks/shapes.py --model vit,bert --json
"""
FUNCTION = "benchmarks.shapes:check_job"
TESTERS = Path(__file__).with_suffix(".yml")
SYMBOLS = {"batch": 5, "sequence": 9, "choices": 5, "labels": 6, "samples": 8123, "frames": 206}
OTHER_SYMBOL = 12
SMALL = 3  # channels, labels and pairs are the same in every configuration
COUNTS = ("num_targets",)
"""Attributes that say how many numbers come out, even where these are few."""
FACTORS = (1, 2, 3, 4, 6, 8, 16)
GOAL = 0.98
SECONDS = 120.0
SIDES = ("height", "width")


def pairs() -> list[tuple[str, str]]:
    """Model type and task of every pair that runs forward and whose shapes were measured."""
    variants = load_variants()
    return [
        (name, task)
        for name in model_types()
        for task, facts in read_entry(name)["tasks"].items()
        if "tensors" in facts and variants[task].run == "forward"
    ]


def numbers(config: Any) -> Iterator[tuple[str, int]]:
    """Every whole number of a configuration and its parts, each with the path to it."""

    def walk(value: Any, path: str) -> Iterator[tuple[str, int]]:
        if isinstance(value, Mapping):
            for name, item in value.items():
                yield from walk(item, f"{path}.{name}")
        elif isinstance(value, (list, tuple)):
            for place, item in enumerate(value):
                yield from walk(item, f"{path}.{place}")
        elif type(value) is int:
            yield path, value

    yield from walk(config.to_dict(), "")


def resized(config: Any, sizes: Mapping[str, int]) -> Any:
    """A configuration whose parts have the small sizes where they have the attribute."""

    def change(part: dict[str, Any]) -> dict[str, Any]:
        return {
            name: change(value)
            if isinstance(value, dict)
            else sizes[name]
            if name in sizes and type(value) is int
            else value
            for name, value in part.items()
        }

    return type(config).from_dict(change(config.to_dict()))


class Meaning:
    """What the numbers of an entry are in another configuration."""

    def __init__(self, measured: Any, other: Any) -> None:
        here = dict(numbers(other))
        self.values: dict[int, set[int]] = {}
        for path, value in numbers(measured):
            counts = path.rpartition(".")[2] in COUNTS
            if (value > SMALL or counts) and path in here:
                self.values.setdefault(value, set()).add(here[path])

    def of(self, number: int) -> list[int]:
        """The candidate values of a number; itself if no attribute explains it."""
        if number <= SMALL:
            return sorted({number, *self.values.get(number, ())})
        values = {
            factor * value
            for factor in FACTORS
            if number % factor == 0
            for value in self.values.get(number // factor, ())
        }
        return sorted(values) or [number]

    def _choices(self, part: str, sizes: Mapping[str, int]) -> list[Any]:
        """What a part of an expression may be: strides need not stand in the configuration."""
        if part.isdigit():
            return sorted({int(part), *self.of(int(part))})
        return [sizes[part] if part.isidentifier() else part]

    def predictions(self, dimension: int | str, sizes: Mapping[str, int]) -> set[int]:
        """The sizes that a dimension may have; KeyError for a symbol that no input has."""
        if isinstance(dimension, int):
            return set(self.of(dimension))
        parts = re.split(r"(\b\d+\b|[A-Za-z_]\w*)", dimension)
        choices = [self._choices(part, sizes) for part in parts]
        return {
            int(eval("".join(map(str, each)), {"__builtins__": {}})) for each in product(*choices)
        }


def sizes_of_symbols(tensors: Mapping[str, Any]) -> dict[str, int]:
    """A size for each symbol of the inputs that keeps its constraints."""
    sizes: dict[str, int] = {}
    facts = tensors.get("symbols", {})
    for tensor in tensors["input"].values():
        for dimension in tensor["shape"]:
            for name in re.findall(r"[A-Za-z_]\w*", str(dimension)):
                sizes.setdefault(name, SYMBOLS.get(name, OTHER_SYMBOL + len(sizes)))
    for place, side in enumerate(SIDES):
        if side in sizes:
            formulas = facts.get(side, {})
            step = formulas.get("multiple", 32)
            base = formulas.get("processor", 160) // step
            sizes[side] = (base + 2 + 3 * place) * step
    return sizes


def inputs(
    tensors: Mapping[str, Any], sizes: Mapping[str, int], meaning: Meaning, vocabulary: int
) -> dict[str, Any]:
    """Random tensors of the predicted shapes."""
    import torch

    made: dict[str, Any] = {}
    for name, tensor in tensors["input"].items():
        shape = [min(meaning.predictions(each, sizes)) for each in tensor["shape"]]
        dtype = getattr(torch, tensor["dtype"])
        if dtype.is_floating_point:
            made[name] = torch.rand(shape, dtype=dtype)
        elif name.endswith("input_ids"):
            made[name] = torch.randint(4, vocabulary, shape)
        elif name.endswith("mask"):
            made[name] = torch.ones(shape, dtype=dtype)
        else:
            made[name] = torch.zeros(shape, dtype=dtype)
    facts = tensors.get("symbols", {})
    return made | {
        facts[side]["argument"]: True for side in SIDES if "argument" in facts.get(side, {})
    }


def check(model_type: str, task: str, tester: Mapping[str, int]) -> list[str]:
    """What one pair's entry mispredicts with the small sizes."""
    import torch
    import transformers

    from hf_skillset_templates.registry.sources.model_classes import model_class
    from hf_skillset_templates.registry.stages.shapes.tensors import shapes_of
    from hf_skillset_templates.registry.stages.shapes.tensors import tensors as named
    from hf_skillset_templates.tiny.forward.models import instantiate

    facts = read_entry(model_type)["tasks"][task]
    tensors = facts["tensors"]
    tiny = transformers.AutoConfig.from_pretrained(TINY / model_type)
    other = resized(tiny, tester)
    measured = type(tiny)() if tensors["sizes"] == "default" else tiny
    model: Any = instantiate(model_class(facts["model_class"]), other)
    meaning, sizes = Meaning(measured, other), sizes_of_symbols(tensors)
    vocabulary = min(
        (v for k, v in numbers(other) if k.rpartition(".")[2] == "vocab_size"), default=99
    )
    with torch.no_grad():
        results = model(**inputs(tensors, sizes, meaning, vocabulary))
    got = shapes_of(named(dict(results)))
    wrong = []
    for name, tensor in tensors["output"].items():
        if len(got.get(name, ())) != len(tensor["shape"]) or name not in got:
            wrong.append(f"{name}: {got.get(name)}, not {tensor['shape']}")
            continue
        for at, (dimension, size) in enumerate(zip(tensor["shape"], got[name])):
            try:
                predicted = meaning.predictions(dimension, sizes)
            except KeyError:  # a symbol of its own: no input says how long it is
                continue
            if size not in predicted:
                wrong.append(f"{name}[{at}] = {dimension}: {size}, not {sorted(predicted)}")
    return wrong


def check_job(job: dict[str, Any]) -> dict[str, Any]:
    """One pair with all the small sizes, or with those that its model can be built with."""
    reason = ""
    sizes: dict[str, int] = job["sizes"]
    text = {name: sizes[name] for name in ("vocab_size", "hidden_size", "d_model")}
    for given in (sizes, text, {"vocab_size": sizes["vocab_size"]}, {}):
        try:
            return {"sizes": sorted(given), "wrong": check(job["model_type"], job["task"], given)}
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".partition("\n")[0][:160]
    return {"not_run": reason}


def main(
    sample: Annotated[int, typer.Option(min=1, help="Pairs, always the same ones.")] = 100,
    model: Annotated[list[str] | None, typer.Option(help="Only these model types.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per pair.")] = False,
) -> None:
    """Print the share of pairs whose formulas predict the outputs; exit code 1 below the goal."""
    isolation.preload(*MODEL_IMPORTS)
    wanted = set(split(model or []))
    chosen = [pair for pair in pairs() if not wanted or pair[0] in wanted]
    if not wanted:
        chosen = sorted(random.Random(0).sample(chosen, min(sample, len(chosen))))
    sizes = yaml.safe_load(TESTERS.read_text(encoding="utf-8"))
    counts: Counter[str] = Counter()
    for model_type, task in chosen:
        job = {"model_type": model_type, "task": task, "sizes": sizes}
        outcome = isolation.run_isolated(FUNCTION, job, SECONDS, isolation.MEMORY_MB)
        verdict = "not run" if "wrong" not in outcome else "wrong" if outcome["wrong"] else "right"
        counts[verdict] += 1
        if as_json:
            print(json.dumps({"model_type": model_type, "task": task, **outcome}), flush=True)
        elif verdict != "right":
            why = outcome.get("not_run") or outcome.get("error") or "; ".join(outcome["wrong"][:2])
            print(f"{verdict:8} {model_type:28} {task:32} {why}", flush=True)
    run = counts["right"] + counts["wrong"]
    share = counts["right"] / run if run else 0.0
    if not as_json:
        print(f"{counts['right']} of {run} pairs predicted right ({share:.1%}),", end=" ")
        print(f"{counts['not run']} of {len(chosen)} not run")
    raise typer.Exit(int(share < GOAL))


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
