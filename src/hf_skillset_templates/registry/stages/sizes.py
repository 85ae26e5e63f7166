"""What a model type's default configuration gives: built on the meta device, without weights.

Source: the class's own defaults, which may differ from the sizes of famous checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from hf_skillset_templates.registry.store.entries import read_entry, write_entry
from hf_skillset_templates.registry.store.errors import as_recorded

from .running import Outcome, Workers, side_by_side

FUNCTION = "hf_skillset_templates.registry.stages.sizes:measure_job"
FIELDS = ("parameters", "memory", "embedding_dim", "sequence_length", "full_size")
BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}
_WIDTHS = ("hidden_size", "d_model", "embed_dim", "hidden_dim", "dim", "n_embd", "projection_dim")
_WIDTHS_OF_STAGES = ("hidden_sizes", "embed_dims", "encoder_hidden_sizes")
_LENGTHS = (
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "max_target_positions",
    "max_encoder_position_embeddings",
)


def _text_part(config: Any) -> Any:
    """The configuration of the text part; the whole where there is none, or several."""
    try:
        return config.get_text_config()
    except ValueError:  # several text parts: none of them is the text part
        return config


def _parts(config: Any) -> Iterator[Any]:
    """The configuration itself, then its text part, then its other parts."""
    yield config
    text = _text_part(config)
    if text is not config:
        yield text
    for name in config.sub_configs:
        part = getattr(config, name, None)
        if part is not None and part is not text:
            yield part


def _number(config: Any, names: tuple[str, ...]) -> int | None:
    """The first of the attributes that a part of the configuration has as a positive number."""
    for part in _parts(config):
        for name in names:
            value = getattr(part, name, None)
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                return value
    return None


def _text_width(config: Any) -> int | None:
    """The `hidden_size` of a text part whose whole states one, too, and not as another name."""
    text = _text_part(config)
    if text is config or "hidden_size" not in vars(config):
        return None
    return getattr(text, "hidden_size", None)


def _width(config: Any) -> int | None:
    """The width of the last hidden states; of a pyramid of stages that of the last one.

    A text part that states another width than the whole is what the hidden states come from.
    """
    width = _text_width(config) or _number(config, _WIDTHS)
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
    stated = {"embedding_dim": _width(config), "sequence_length": _number(config, _LENGTHS)}
    try:
        model = build_on_meta(cast(Any, model_class(job["model_class"])), config)
    except Exception as error:  # what the configuration states is known all the same
        return {**stated, "full_size": {"error": f"{type(error).__name__}: {error}"}}
    count = sum(parameter.numel() for parameter in model.parameters())
    dtypes = [parameter.dtype for parameter in model.parameters() if parameter.is_floating_point()]
    dtype = max(set(dtypes), key=dtypes.count) if dtypes else torch.float32
    return {
        "parameters": count,
        "memory": {name: count * size for name, size in BYTES.items()},
        **stated,
        "full_size": {
            "dtype": str(dtype).removeprefix("torch."),
            "model_class": job["model_class"],
        },
    }


def error_of(result: dict[str, Any]) -> str:
    """Why there are no sizes: the job's error, or the model's; empty where there are."""
    return str(result.get("error") or result["full_size"].get("error", ""))


def record(entry: dict[str, Any], result: dict[str, Any]) -> bool:
    """Write what was found, or why nothing was, into an entry; False where nothing changed."""
    rest = {key: value for key, value in entry.items() if key not in FIELDS}
    if error := error_of(result):
        known = {key: value for key, value in result.items() if key in FIELDS}
        result = {**known, "full_size": {"error": as_recorded(error)}}
    return write_entry({**rest, **result})


def run(model_types: list[str], workers: Workers) -> Iterator[Outcome]:
    """The default configuration, built on the meta device."""

    def work(model_type: str) -> tuple[bool, str]:
        entry = read_entry(model_type)
        head = entry["tasks"][entry["primary_task"]]["model_class"]
        job = {"model_type": model_type, "model_class": head}
        result = workers.isolated(FUNCTION, job)
        return record(entry, result), error_of(result)

    yield from side_by_side("sizes", work, model_types, workers.jobs)
