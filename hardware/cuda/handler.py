"""CUDA: torch on an NVIDIA GPU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_skillset_runtime.platforms.base import Device
from hf_skillset_runtime.platforms.torch_platform import TorchPlatform
from hf_skillset_runtime.tasks.spec import TaskSpec


class CUDA(TorchPlatform):
    """The NVIDIA GPUs that torch supports and the driver reports."""

    def devices(self, torch: Any) -> tuple[Device, ...]:
        if torch.version.cuda is None:  # ROCm builds of torch use the device type cuda, too
            return ()
        properties = (torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count()))
        return tuple(Device(f"cuda:{i}", p.name, p.total_memory) for i, p in enumerate(properties))

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


PLATFORM = CUDA
