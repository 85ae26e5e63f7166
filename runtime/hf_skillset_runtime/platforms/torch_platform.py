"""What the platforms that run torch eagerly have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from ..concurrency import PROCESS, lock_of
from ..seeded import drawn_from
from ..tasks.encoded import Encoded
from ..tasks.generation import with_defaults
from ..tasks.spec import TaskSpec
from .base import Detection, Device, Platform
from .token_steps import token_scores

MAX_BATCH_SIZE = 32
DTYPES = ("float32", "bfloat16", "float16")


class TorchPlatform(Platform):
    """Loads a checkpoint with its auto class and runs it eagerly on a torch device."""

    resources = ("torch", "transformers", "numpy")

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
        """Load in `metadata["dtype"]` (default: float32); compile if `metadata["compile"]`.

        Raises:
            ValueError: `metadata["dtype"]` is none of `DTYPES`.
        """
        model = load_model(checkpoint, spec, resources, metadata).to(device)
        if metadata.get("compile"):
            model.compile()
        return model

    def run(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
        """Run one call after the other: models keep a call's state in themselves."""
        with lock_of(endpoint), PROCESS.shared():
            return run_model(endpoint, spec, encoded)

    def streams(self, endpoint: Any, encoded: Encoded) -> bool:
        return streams(endpoint, encoded)

    def scores(
        self, endpoint: Any, spec: TaskSpec, encoded: Encoded, chosen: Sequence[Any] | None
    ) -> tuple[list[Any], list[Any]] | None:
        with lock_of(endpoint), PROCESS.shared():
            return model_scores(endpoint, spec, encoded, chosen)

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


def model_scores(
    model: Any, spec: TaskSpec, encoded: Encoded, chosen: Sequence[Any] | None
) -> tuple[list[Any], list[Any]] | None:
    """What a transformers model chooses each token from; see `Platform.scores`."""
    import torch

    if spec.run != "generate":
        return None
    inputs = {
        name: to_device(value, model.device, model.dtype, torch)
        for name, value in encoded.inputs.items()
    }
    return token_scores(model, inputs, options_of(model, spec, encoded), encoded.seed, chosen)


def options_of(model: Any, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
    """The options of the method that is run: with the task's defaults where it generates."""
    if spec.run != "generate":
        return dict(encoded.generate_kwargs)
    checkpoint = getattr(model, "generation_config", None)
    return with_defaults(encoded.generate_kwargs, spec.generation_defaults, checkpoint)


def streams(model: Any, encoded: Encoded) -> bool:
    """Whether a model generates one answer for this call, token by token."""
    if not hasattr(model, "generation_config"):
        return False
    given = encoded.generate_kwargs
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
    """The task's model in `metadata["dtype"]` on the CPU, ready to run.

    Raises:
        ValueError: `metadata["dtype"]` is none of `DTYPES`.
        OSError: `checkpoint` is neither a local folder nor a model on the hub.
    """
    dtype = metadata.get("dtype", "float32")
    if dtype not in DTYPES:
        raise ValueError(f"no dtype {dtype!r}; use one of: {', '.join(DTYPES)}")
    model = getattr(resources["transformers"], spec.auto_class).from_pretrained(
        checkpoint,
        dtype=getattr(resources["torch"], dtype),
        use_safetensors=True,
        trust_remote_code=False,
    )
    if getattr(model.config, "return_loss", False):
        model.config.return_loss = False  # nobody gives labels, and exporters refuse a loss
    return model.eval()


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
