# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The sizes of a model from its configuration: no weights are read or allocated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .hub import hub_options
from .tasks.limits import text_part
from .tasks.spec import TaskSpec

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}
"""Data type -> bytes that one weight takes."""
_LENGTHS = (
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "max_target_positions",
    "max_encoder_position_embeddings",
)


class UnknownSizeError(Exception):
    """A checkpoint whose size cannot be determined; the message says why."""


@dataclass(frozen=True)
class Sizes:
    """The size of one task's model of a checkpoint."""

    model: str
    """Hub id or folder of the checkpoint."""
    model_type: str
    task: str
    model_class: str
    parameters: int
    """Number of weights of the model; shared ones count once."""
    memory: dict[str, int]
    """Data type -> bytes of all weights, without buffers and activations."""
    longest_sequence: int | None
    """Tokens (or positions); None if the configuration states no limit."""
    dtype: str | None
    """The data type that the weights were saved in; None if the configuration does not state it."""
    quantization: str | None
    """Quantization method of the saved weights, which then need less memory than `memory`."""

    def as_dict(self) -> dict[str, Any]:
        """Field -> value, JSON-compatible."""
        return asdict(self)


def parts(config: Any) -> Iterator[Any]:
    """The configuration itself, then its text part, then its other parts."""
    yield config
    text = text_part(config)
    if text is not config:
        yield text
    for name in config.sub_configs:
        part = getattr(config, name, None)
        if part is not None and part is not text:
            yield part


def first_number(config: Any, names: tuple[str, ...]) -> int | None:
    """The first of the attributes that is a positive number in a part of the configuration."""
    for part in parts(config):
        for name in names:
            value = getattr(part, name, None)
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                return value
    return None


def longest_sequence(config: Any) -> int | None:
    """The longest sequence (tokens) that a configuration states; None if it states none."""
    return first_number(config, _LENGTHS)


def memory_of(parameters: int) -> dict[str, int]:
    """Data type -> bytes of that many weights."""
    return {name: parameters * size for name, size in BYTES.items()}


def checkpoint_sizes(
    checkpoint: str, spec: TaskSpec, resources: Mapping[str, Any], metadata: Mapping[str, Any]
) -> Sizes:
    """The size of the model that a task loads from a checkpoint.

    Only the configuration is read; the model is built on torch's `meta` device.

    Args:
        checkpoint: hub id or local folder.
        resources: the modules `torch` and `transformers`.
        metadata: the hub's options (`HUB_OPTIONS`).

    Raises:
        UnknownSizeError: no such checkpoint, or no model can be built from its configuration.
    """
    transformers = resources["transformers"]
    try:
        config = transformers.AutoConfig.from_pretrained(
            checkpoint, trust_remote_code=False, **hub_options(metadata)
        )
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise UnknownSizeError(f"{checkpoint} has no readable configuration: {reason}") from error
    try:
        model = _without_weights(getattr(transformers, spec.auto_class), config, resources["torch"])
    except Exception as error:  # constructors raise any exception
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        message = f"{spec.auto_class} cannot be built from the configuration of {checkpoint}"
        raise UnknownSizeError(f"{message}: {reason}") from error
    count = sum(parameter.numel() for parameter in model.parameters())
    return Sizes(
        model=checkpoint,
        model_type=config.model_type,
        task=spec.name,
        model_class=type(model).__name__,
        parameters=count,
        memory=memory_of(count),
        longest_sequence=longest_sequence(config),
        dtype=_saved_dtype(config),
        quantization=_quantization(config),
    )


def _without_weights(model_class: Any, config: Any, torch: Any) -> Any:
    """A model of an auto class or a model class, without memory for its weights."""
    for part in parts(config):
        if getattr(part, "use_pretrained_backbone", False):
            part.use_pretrained_backbone = False  # a checkpoint has the backbone's weights, too
    build = getattr(model_class, "from_config", None) or model_class._from_config
    with torch.device("meta"):
        return build(config)


def _saved_dtype(config: Any) -> str | None:
    """The data type of a configuration or of its text part."""
    dtype = getattr(config, "dtype", None) or getattr(text_part(config), "dtype", None)
    return None if dtype is None else str(dtype).removeprefix("torch.")


def _quantization(config: Any) -> str | None:
    """The quantization method that a configuration states."""
    settings = getattr(config, "quantization_config", None)
    if settings is None:
        return None
    method = settings.get("quant_method") if isinstance(settings, dict) else settings.quant_method
    return str(getattr(method, "value", method))
