"""CUDA: torch on an NVIDIA GPU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..tasks import TaskSpec
from . import Device
from .torch_platform import TorchPlatform

if TYPE_CHECKING:
    from ..endpoint import Endpoint


class CUDA(TorchPlatform):
    """The NVIDIA GPUs that torch was built for and that its driver shows."""

    name = "cuda"
    default_device = "cuda:0"

    def devices(self, torch: Any) -> tuple[Device, ...]:
        if torch.version.cuda is None:  # a ROCm build of torch calls its GPUs cuda, too
            return ()
        found = (torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count()))
        return tuple(Device(f"cuda:{i}", p.name, p.total_memory) for i, p in enumerate(found))

    def free_memory(self, torch: Any, device: str) -> int:
        free: int = torch.cuda.mem_get_info(device)[0]
        return free

    def missing(self, torch: Any) -> str:
        if torch.version.cuda is None:
            return f"torch {torch.__version__} is built without CUDA"
        return f"torch's CUDA {torch.version.cuda} runtime finds no GPU or no driver for it"

    def load(
        self,
        checkpoint: str,
        spec: TaskSpec,
        device: str,
        resources: Mapping[str, Any],
        metadata: Mapping[str, Any],
    ) -> Any:
        """Load as `TorchPlatform` does; for float32, TF32 is turned off in this process."""
        model = super().load(checkpoint, spec, device, resources, metadata)
        torch = resources["torch"]
        if model.dtype == torch.float32:
            torch.set_float32_matmul_precision("highest")
            torch.backends.cudnn.allow_tf32 = False
        return model

    def release_memory(self) -> None:
        import torch

        torch.cuda.empty_cache()


PLATFORM = CUDA()


def init_cuda(
    skillset: Any,
    model: str,
    device: str = PLATFORM.default_device,
    cuda_label: str = PLATFORM.name,
    *converters: Any,
    task: str | None = None,
) -> Endpoint:
    """Load `model` (hub id or local folder) on a GPU; see `Skillset.open_endpoint`."""
    return skillset.open_endpoint(PLATFORM, model, device, cuda_label, task)
