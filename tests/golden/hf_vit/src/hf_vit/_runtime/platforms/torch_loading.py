# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Loads transformers models from checkpoints with safetensors; pickles are refused."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from ..calls.concurrency import PROCESS
from ..hub import hub_options
from ..tasks.spec import TaskSpec

DTYPES = ("auto", "float32", "bfloat16", "float16")
"""`auto` is the one that the checkpoint was saved in."""
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")


def load_model(
    checkpoint: str, spec: TaskSpec, resources: Mapping[str, Any], metadata: Mapping[str, Any]
) -> Any:
    """The task's model, ready to run: on the CPU, or where `metadata["device_map"]` puts it.

    Args:
        metadata: `dtype` (default: float32), `attn_implementation`, `device_map`, and the hub's
            options (`HUB_OPTIONS`).

    Raises:
        ValueError: `metadata["dtype"]` is none of `DTYPES`.
        OSError: `checkpoint` is neither a local folder nor a model on the hub, or its weights
            are a pickle.
    """
    dtype = metadata.get("dtype", "float32")
    if dtype not in DTYPES:
        raise ValueError(f"no dtype {dtype!r}; use one of: {', '.join(DTYPES)}")
    options = {
        name: metadata[name]
        for name in ("attn_implementation", "device_map")
        if metadata.get(name) is not None
    }
    try:
        with PROCESS.alone() if dtype != "float32" else nullcontext():  # torch's default changes
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
        model.config.return_loss = False  # nobody gives labels, and exporters refuse a loss
    return model.eval()


def pickled_weights(checkpoint: str, options: Mapping[str, Any]) -> str | None:
    """The file of a checkpoint that holds its weights as a pickle; None where it has none."""
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
    """Why weights in a pickle are not read, and how to convert them."""
    convert = (
        f"transformers.{auto_class}.from_pretrained({checkpoint!r}, use_safetensors=False)"
        ".save_pretrained('converted')"
    )
    return (
        f"{checkpoint} has its weights only as a pickle ({pickle}), which can run any code when it"
        " is read; where you trust it, convert it to safetensors once, with"
        f' python -c "import transformers; {convert}", and load that folder'
    )
