"""What the platforms that run torch eagerly have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, ClassVar

from ..concurrency import PROCESS, lock_of
from ..hub import hub_options
from ..model_state import as_it_was
from ..seeded import drawn_from
from ..tasks.encoded import Encoded
from ..tasks.generation_defaults import with_defaults
from ..tasks.spec import TaskSpec
from .base import Detection, Device, Platform

MAX_BATCH_SIZE = 32
DTYPES = ("auto", "float32", "bfloat16", "float16")
"""`auto` is the one that the checkpoint was saved in."""
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")


class TorchPlatform(Platform):
    """Loads a checkpoint with its auto class and runs it eagerly on a torch device."""

    resources = ("torch", "transformers", "numpy")
    default_dtype: ClassVar[str] = "auto"
    """The `dtype` of models where nobody says; one of `DTYPES`."""

    @abstractmethod
    def devices(self, torch: Any) -> tuple[Device, ...]:
        """The devices that torch can use on this platform; empty when there is none."""

    @abstractmethod
    def free_memory(self, torch: Any, device: str) -> int:
        """Free bytes on `device`."""

    @abstractmethod
    def missing(self, torch: Any) -> str:
        """Why torch has no such device here."""

    def detect(self) -> Detection:
        try:
            import torch
        except ImportError:
            return Detection(False, "torch is not installed")
        if devices := self.devices(torch):
            return Detection(True, devices=devices, version=torch.__version__)
        return Detection(False, self.missing(torch), version=torch.__version__)

    def load(
        self,
        checkpoint: str,
        spec: TaskSpec,
        device: str,
        resources: Mapping[str, Any],
        metadata: Mapping[str, Any],
    ) -> Any:
        """Load the model and put it on `device`.

        `metadata["dtype"]` is one of `DTYPES` (default: `default_dtype`), `device_map` and
        `attn_implementation` are what `from_pretrained` takes, `compile` compiles the model.
        With a device map, the model stays where that puts it.

        Raises:
            ValueError: `metadata["dtype"]` is none of `DTYPES`.
        """
        options = {"dtype": self.default_dtype, **metadata}
        model = load_model(checkpoint, spec, resources, options)
        placed = metadata.get("device_map") or getattr(model, "hf_device_map", None)
        if not placed:  # some quantized checkpoints are, and must not be moved
            model = model.to(device)
        if metadata.get("compile"):
            model.compile()
        return model

    def run(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
        """Run one call after the other: models keep a call's state in themselves."""
        with lock_of(endpoint), PROCESS.shared(), as_it_was(endpoint):
            return run_model(endpoint, spec, encoded)

    def streams(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> bool:
        return streams(endpoint, spec, encoded)

    def scores(
        self, endpoint: Any, spec: TaskSpec, encoded: Encoded, chosen: Sequence[Any] | None
    ) -> tuple[list[Any], list[Any]] | None:
        from .token_steps import token_scores

        with lock_of(endpoint), PROCESS.shared():
            return token_scores(endpoint, spec, encoded, chosen)

    def config(self, endpoint: Any) -> Any:
        return endpoint.config

    def batch_size(self, endpoint: Any, device: str) -> int:
        import torch

        return rows_that_fit(endpoint, self.free_memory(torch, device))

    def is_out_of_memory(self, error: Exception) -> bool:
        import torch

        return isinstance(error, torch.OutOfMemoryError)


def run_model(model: Any, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
    """Run a transformers model on one encoded batch.

    Returns:
        Its outputs by name as numpy arrays, floats as float32; caches and the like left out.
    """
    import torch

    inputs = {
        name: to_device(value, model.device, model.dtype, torch)
        for name, value in encoded.inputs.items()
    }
    # not inference_mode: its tensors cannot be traced for export
    with torch.no_grad(), drawn_from(encoded.seed):
        if spec.run == "forward":
            outputs = model(**inputs)
        else:
            outputs = getattr(model, spec.run)(**inputs, **options_of(model, spec, encoded))
    named = outputs if isinstance(outputs, Mapping) else {"sequences": outputs}
    arrays = {name: to_numpy(value, torch) for name, value in named.items()}
    return {name: value for name, value in arrays.items() if value is not None}


def options_of(model: Any, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
    """The options of the method that is run: with the task's defaults where it generates."""
    if spec.run != "generate":
        return dict(encoded.generate_kwargs)
    checkpoint = getattr(model, "generation_config", None)
    return with_defaults(encoded.generate_kwargs, spec.generation_defaults, checkpoint)


def streams(model: Any, spec: TaskSpec, encoded: Encoded) -> bool:
    """Whether a model generates one answer for this call, token by token."""
    if spec.run != "generate" or not hasattr(model, "generation_config"):
        return False
    given = options_of(model, spec, encoded)
    defaults = given.get("generation_config") or model.generation_config
    several = ("num_beams", "num_return_sequences")
    return all((given.get(name) or getattr(defaults, name, None) or 1) == 1 for name in several)


def rows_that_fit(model: Any, free_memory: int) -> int:
    """How many inputs fit: half of `free_memory` (bytes), an input as large as the weights."""
    weights: int = sum(p.numel() * p.element_size() for p in model.parameters())
    return max(1, min(MAX_BATCH_SIZE, free_memory // 2 // max(weights, 1)))


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


def to_device(value: Any, device: Any, dtype: Any, torch: Any) -> Any:
    """`value` with each array in it as a tensor on `device`; floats in the model's `dtype`."""
    if isinstance(value, (list, tuple)):
        return type(value)(to_device(item, device, dtype, torch) for item in value)
    if hasattr(value, "inference_device"):
        move_session(value, device, dtype)
    if not hasattr(value, "shape"):
        return value
    tensor = torch.as_tensor(value)
    return tensor.to(device, dtype if tensor.is_floating_point() else tensor.dtype)


def move_session(session: Any, device: Any, dtype: Any) -> None:
    """Let a session about a video, with the points that it was given, work on `device`."""
    for part in (session, session.cache):
        part.inference_device = part.inference_state_device = device
    session.dtype = dtype
    for number, frame in session.processed_frames.items():
        session.processed_frames[number] = frame.to(dtype)  # each goes to `device` on its own
    for object_index, frames in session.point_inputs_per_obj.items():
        for number, points in frames.items():
            session.add_point_inputs(object_index, number, points)


def to_numpy(value: Any, torch: Any) -> Any:
    """`value` with each tensor as an array (floats as float32); None for caches and the like."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        return (value.float() if value.is_floating_point() else value).numpy()
    if isinstance(value, (list, tuple)):
        return tuple(to_numpy(item, torch) for item in value)
    return None
