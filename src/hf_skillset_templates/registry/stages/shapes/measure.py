"""The exact tensors of a model type's tasks: runs of the tiny model at several sizes.

Source: the input tensors that the task's own code creates, and the model's output tensors. Each
axis of the sample and the batch takes three sizes; further runs with all of them changed must have
exactly the predicted shapes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_skillset_templates.registry.stages.bench import Bench
from hf_skillset_templates.tiny.build import quiet

from .default_sizes import Default, at_default_size
from .direct import PictureRun, on_tiny, symbol_facts
from .probe import Probe
from .prove import first_runs, narrow_strides, prove
from .sized_samples import axes_of
from .tensors import Tensors

FUNCTION = "hf_skillset_templates.registry.stages.shapes.measure:measure_job"


def measure_task(probe: Probe) -> dict[str, Any]:
    """The symbolic input and output of one task, proven by runs of other sizes."""
    axes = axes_of(probe.sample)
    if "candidate_labels" in probe.spec.sample_params and "text" not in axes:
        axes.append("text")
    done, refused = first_runs(probe, axes)
    if "audio" in axes:
        narrow_strides(probe, done, ["samples"])
    proof = prove(probe, done, refused, axes)
    first = done[0]
    sizes_of, facts = "tiny", {}
    if not proof.wrong:
        tiny_inputs = {name: list(shape) for name, shape in proof.inputs.items()}
        sizes_of = at_default_size(probe, proof.inputs, proof.outputs, first.inputs)

        def pictures(options: Mapping[str, Any]) -> PictureRun:
            if sizes_of == "tiny":
                return on_tiny(probe, first, options)
            run: PictureRun = Default(probe, tiny_inputs, first.inputs).pictures(options)
            return run

        facts = symbol_facts(probe, first, proof.inputs, proof.outputs, pictures)
    return {
        "tensors": {
            "sizes": sizes_of,
            **({"symbols": facts} if facts else {}),
            "input": described(proof.inputs, first.inputs),
            "output": described(proof.outputs, first.outputs),
        },
        "free": sorted(proof.symbols.free),
        "refused": [str(setting) for setting in refused],
        "wrong": proof.wrong,
    }


def described(symbolic: dict[str, list[int | str]], values: Tensors) -> dict[str, Any]:
    """Tensor -> dtype and symbolic shape."""
    return {
        name: {"dtype": str(values[name].dtype).removeprefix("torch."), "shape": shape}
        for name, shape in symbolic.items()
    }


def measure_job(job: dict[str, Any]) -> dict[str, Any]:
    """Task -> its measured shapes or its error; called in a separate process.

    `job` has the `model_type`, and optionally the `tasks` to measure.
    """
    quiet()
    measured: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(job["model_type"], Path(folder))
        for task in job.get("tasks", bench.skillset.tasks):
            try:
                measured[task] = measure_task(Probe(bench, task))
            except Exception as error:
                measured[task] = {"error": f"{type(error).__name__}: {error}"}
    return measured
