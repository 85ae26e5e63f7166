"""Sizes of a model type's default configuration, built on the meta device without weights.

Source: the class's own defaults, which may differ from the sizes of famous checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from hf_skillset_runtime.sizes import first_number, longest_sequence, memory_of
from hf_skillset_runtime.tasks.limits import text_part
from hf_skillset_templates.registry.store.entries import read_entry, write_entry
from hf_skillset_templates.registry.store.errors import as_recorded

from .running import Outcome, Workers, side_by_side

FUNCTION = "hf_skillset_templates.registry.stages.sizes:measure_job"
KEY = "default_configuration"
"""Key of the sizes in an entry: they are not those of a particular checkpoint."""
_WIDTHS = ("hidden_size", "d_model", "embed_dim", "hidden_dim", "dim", "n_embd", "projection_dim")
_WIDTHS_OF_STAGES = ("hidden_sizes", "embed_dims", "encoder_hidden_sizes")


def _text_width(config: Any) -> int | None:
    """The `hidden_size` of a text part whose whole states one, too, and not as another name."""
    text = text_part(config)
    if text is config or "hidden_size" not in vars(config):
        return None
    return getattr(text, "hidden_size", None)


def _width(config: Any) -> int | None:
    """The width of the last hidden states; of a pyramid of stages that of the last one.

    If the text part has another width than the whole, it determines the hidden states.
    """
    width = _text_width(config) or first_number(config, _WIDTHS)
    if width is not None:
        return width
    stages = (getattr(config, name, None) for name in (*_WIDTHS_OF_STAGES, *_WIDTHS))
    listed = (each for each in stages if isinstance(each, (list, tuple)) and each)
    return next((int(each[-1]) for each in listed if isinstance(each[-1], int)), None)


def measure_job(job: dict[str, str]) -> dict[str, Any]:
    """Parameters, memory per dtype, width and longest input of the default configuration.

    `job` names the `model_type` and the `model_class`.
    """
    import torch
    from transformers import CONFIG_MAPPING

    from hf_skillset_templates.registry.sources.model_classes import model_class
    from hf_skillset_templates.tiny.forward.models import build_on_meta

    config = CONFIG_MAPPING[job["model_type"]]()
    stated: dict[str, Any] = {
        "embedding_dim": _width(config),
        "sequence_length": longest_sequence(config),
    }
    try:
        model = build_on_meta(cast(Any, model_class(job["model_class"])), config)
    except Exception as error:  # the stated sizes are known anyway
        return {**stated, "error": f"{type(error).__name__}: {error}"}
    count = sum(parameter.numel() for parameter in model.parameters())
    dtypes = [parameter.dtype for parameter in model.parameters() if parameter.is_floating_point()]
    dtype = max(set(dtypes), key=dtypes.count) if dtypes else torch.float32
    return {
        "model_class": job["model_class"],
        "dtype": str(dtype).removeprefix("torch."),
        "parameters": count,
        "memory": memory_of(count),
        **stated,
    }


def record(entry: dict[str, Any], result: dict[str, Any]) -> bool:
    """Write the sizes, or the error, into an entry; False if nothing changed."""
    if "error" in result:
        stated = ("embedding_dim", "sequence_length", "error")
        result = {key: result[key] for key in stated if key in result}
        result["error"] = as_recorded(result["error"])
    return write_entry({**entry, KEY: result})


def run(model_types: list[str], workers: Workers) -> Iterator[Outcome]:
    """The default configuration, built on the meta device."""

    def work(model_type: str) -> tuple[bool, str]:
        entry = read_entry(model_type)
        head = entry["tasks"][entry["primary_task"]]["model_class"]
        job = {"model_type": model_type, "model_class": head}
        result = workers.isolated(FUNCTION, job)
        return record(entry, result), str(result.get("error", ""))

    yield from side_by_side("sizes", work, model_types, workers.jobs)
