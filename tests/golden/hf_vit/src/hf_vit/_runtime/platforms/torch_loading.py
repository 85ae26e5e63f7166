# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Loads transformers models from safetensors checkpoints; pickles are rejected."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from ..calls.concurrency import PROCESS
from ..hub import hub_options
from ..tasks.spec import TaskSpec

DTYPES = ("auto", "float32", "bfloat16", "float16")
"""Values of `metadata["dtype"]`; `auto` is the dtype of the saved weights."""
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")


def load_model(
    checkpoint: str, spec: TaskSpec, resources: Mapping[str, Any], metadata: Mapping[str, Any]
) -> Any:
    """The task's model in eval mode, on the CPU or the devices of `metadata["device_map"]`.

    Args:
        metadata: `dtype` (default: float32), `attn_implementation`, `device_map`, and the hub's
            options (`HUB_OPTIONS`).

    Raises:
        ValueError: `metadata["dtype"]` is not in `DTYPES`.
        OSError: `checkpoint` is neither a local folder nor a model on the hub, or its weights
            are a pickle.
    """
    dtype = metadata.get("dtype", "float32")
    if dtype not in DTYPES:
        raise ValueError(f"unknown dtype {dtype!r}; use one of: {', '.join(DTYPES)}")
    options = {
        name: metadata[name]
        for name in ("attn_implementation", "device_map")
        if metadata.get(name) is not None
    }
    try:
        # `from_pretrained` changes torch's default dtype.
        with PROCESS.alone() if dtype != "float32" else nullcontext():
            model = getattr(resources["transformers"], spec.auto_class).from_pretrained(
                checkpoint,
                dtype=dtype if dtype == "auto" else getattr(resources["torch"], dtype),
                use_safetensors=True,
                trust_remote_code=False,
                **options,
                **hub_options(metadata),
            )
    except OSError as error:
        if pickle := pickled_weights(checkpoint, hub_options(metadata)):
            raise OSError(refusal(checkpoint, pickle, spec.auto_class)) from error
        raise
    if getattr(model.config, "return_loss", False):
        model.config.return_loss = (
            False  # no labels are passed, and exporters reject loss functions
        )
    return model.eval()


def pickled_weights(checkpoint: str, options: Mapping[str, Any]) -> str | None:
    """The pickle file with the weights of a checkpoint; None if there is none."""
    from transformers.utils import cached_file

    for name in PICKLES:
        if cached_file(
            checkpoint,
            name,
            **options,
            _raise_exceptions_for_gated_repo=False,
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_connection_errors=False,
        ):
            return name
    return None


def refusal(checkpoint: str, pickle: str, auto_class: str) -> str:
    """The error message about pickled weights, with a command that converts them."""
    convert = (
        f"transformers.{auto_class}.from_pretrained({checkpoint!r}, use_safetensors=False)"
        ".save_pretrained('converted')"
    )
    return (
        f"{checkpoint} has its weights only as a pickle ({pickle}), which can execute arbitrary"
        " code when loaded; if you trust it, convert it to safetensors once, with"
        f' python -c "import transformers; {convert}", and load that folder'
    )
