"""The tasks of a model type that must run their inputs one at a time, or draw random numbers.

Both are measured with the tiny model and the task's samples on the CPU:

- `draws`: running a sample advances torch's generator although no seed was given. The handler then
  seeds each run, so that results are repeatable.
- `pads: false`: a batch of the samples gives other results than single samples. Masked padding
  should not change results, but some architectures depend on it (pooled neighbours, positions
  counted from the first column, landmarks). Samples of similar length may hide that, so a text
  several times as long is added, and the result applies to all tasks of the model type with the
  same inputs and method. An override applies to all tasks.

Differences that vanish in float64 are rounding and do not count.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_skillset_runtime.self_test.checks import unlike_alone
from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_templates.registry.store.entries import read_entry, write_entry
from hf_skillset_templates.registry.store.errors import as_recorded
from hf_skillset_templates.registry.store.overrides import fact_overrides

from .bench import Bench, on_tiny_models
from .running import Outcome, Workers

FUNCTION = "hf_skillset_templates.registry.stages.padding:measure_job"

LONGER = 3
"""Factor of the length of the longest text."""


def measure_job(job: dict[str, str]) -> dict[str, Any]:
    """Task -> its `draws` and `pads`, or its error; called in a separate process."""
    from hf_skillset_templates.tiny.build import quiet

    quiet()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(job["model_type"], Path(folder))
        results = {task: measured(bench, task) for task in bench.skillset.tasks}
        kinds = {task: (spec.run, *spec.inputs) for task, spec in bench.skillset.tasks.items()}
        return {"tasks": shared(results, kinds)}


def shared(
    results: dict[str, dict[str, Any]], kinds: dict[str, tuple[str, ...]]
) -> dict[str, dict[str, Any]]:
    """The results, with `pads` for every task of a kind if one task needs it."""
    unpadded = {kinds[task] for task, needed in results.items() if needed.get("pads") is False}
    return {
        task: {**needed, "pads": False} if kinds[task] in unpadded else needed
        for task, needed in results.items()
    }


def measured(bench: Bench, task: str) -> dict[str, Any]:
    """The padding facts of one task, or its error."""
    try:
        return needs(bench.open(task).handler)
    except Exception as error:
        return {"error": as_recorded(f"{type(error).__name__}: {error}")}


def needs(handler: Any) -> dict[str, Any]:
    """`draws` and `pads` of a handler's task, if they differ from the defaults."""
    import torch

    handler.spec = replace(handler.spec, draws=False, pads=True)
    samples = of_unlike_length(sample_inputs(handler.spec, handler.processor))
    state = torch.get_rng_state()
    single = [alone(handler, sample) for sample in samples]
    settings: dict[str, Any] = {}
    if not torch.equal(state, torch.get_rng_state()):
        settings["draws"] = True
        handler.spec = replace(handler.spec, draws=True)
        single = [alone(handler, sample) for sample in samples]
    if handler.pads() and differs(handler, samples, single):
        handler.spec = replace(handler.spec, pads=False)
        if not differs(handler, samples, single):
            settings["pads"] = False
    return settings


def of_unlike_length(samples: list[Any]) -> list[Any]:
    """The samples, and the last one with its text, if any, repeated."""
    last = samples[-1]
    if isinstance(last, str) and not Path(last).is_file():
        return [*samples, " ".join([last] * LONGER)]
    if isinstance(last, dict) and isinstance(last.get("text"), str):
        return [*samples, {**last, "text": " ".join([last["text"]] * LONGER)}]
    return samples


def alone(handler: Any, sample: Any) -> Any:
    """The result of one sample."""
    return handler(sample, **handler.spec.sample_params)["result"]


def differs(handler: Any, samples: list[Any], single: list[Any]) -> bool:
    """Whether batched results of the samples differ from single ones."""
    batched = handler(samples, **handler.spec.sample_params)["result"]
    return bool(unlike_alone(handler, samples, single, batched))


def record(model_type: str, result: dict[str, Any]) -> bool:
    """Write the results into the tasks of the entry; False if nothing changed."""
    entry = read_entry(model_type)
    stated = {"pads": False} if fact_overrides(model_type).get("pads") is False else {}
    for task, measurement in result.get("tasks", {}).items():
        if "error" not in measurement:
            entry["tasks"][task] = with_needs(entry["tasks"][task], {**measurement, **stated})
    return write_entry(entry)


def with_needs(task: dict[str, Any], measurement: dict[str, Any]) -> dict[str, Any]:
    """A task's entry with the results appended; outdated ones are removed."""
    kept = {key: value for key, value in task.items() if key not in ("draws", "pads")}
    stated = [key for key in kept if key in ("auto_class", "model_class", "handler_name")]
    first = {key: kept.pop(key) for key in [*stated, "pipeline"]}
    return {
        **first,
        **{key: measurement[key] for key in ("pads", "draws") if key in measurement},
        **kept,
    }


def run(model_types: list[str], workers: Workers) -> Iterator[Outcome]:
    """The samples of every task of every tiny model, one by one and as a batch."""

    def keep(model_type: str, result: dict[str, Any]) -> tuple[bool, str]:
        return record(model_type, result), result.get("error", "")

    yield from on_tiny_models("padding", FUNCTION, keep, model_types, workers)
