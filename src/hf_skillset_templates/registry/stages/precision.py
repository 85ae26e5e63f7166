"""Whether a model type's first task runs in half precision, with its tiny model on the CPU.

Accuracy is not measured, because untrained weights are small; only that every operator supports the
dtype and that the results are finite.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hf_skillset_templates.registry.store.entries import read_entry, write_entry
from hf_skillset_templates.registry.store.errors import as_recorded

from .bench import Bench, on_tiny_models
from .running import Outcome, Workers

FUNCTION = "hf_skillset_templates.registry.stages.precision:measure_job"
DTYPES = ("bfloat16", "float16")


def measure_job(job: dict[str, str]) -> dict[str, Any]:
    """Dtype -> whether it ran, and the error; called in a separate process."""
    from hf_skillset_templates.tiny.build import quiet

    quiet()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(job["model_type"], Path(folder))
        return {dtype: outcome(bench, dtype) for dtype in DTYPES}


def outcome(bench: Bench, dtype: str) -> dict[str, Any]:
    """Run the samples of the first task in a dtype."""
    bench.skillset.metadata["dtype"] = dtype
    try:
        opened = bench.open(next(iter(bench.skillset.tasks)))
        record = bench.skillset.__test__("tiny", opened.handler, "cpu")
    except Exception as error:
        return {"runs": False, "error": as_recorded(f"{type(error).__name__}: {error}")}
    if record.status == "FAILED":
        return {"runs": False, "error": as_recorded(record.detail)}
    return {"runs": True}


def record(model_type: str, result: dict[str, Any]) -> bool:
    """Write the result into the entry; False if nothing changed."""
    if "error" in result:
        error = as_recorded(result["error"])
        result = {dtype: {"runs": False, "error": error} for dtype in DTYPES}
    return write_entry({**read_entry(model_type), "half_precision": result})


def run(model_types: list[str], workers: Workers) -> Iterator[Outcome]:
    """Run the stage; a dtype that does not run is a result, not a failure."""

    def keep(model_type: str, result: dict[str, Any]) -> tuple[bool, str]:
        return record(model_type, result), result.get("error", "")

    yield from on_tiny_models("precision", FUNCTION, keep, model_types, workers)
