"""Intel XPU: torch on an Intel GPU."""

from __future__ import annotations

from typing import Any

from hf_skillset_runtime.platforms.base import Device
from hf_skillset_runtime.platforms.torch_platform import TorchPlatform


class XPU(TorchPlatform):
    """The Intel GPUs that torch supports and the driver reports."""

    def devices(self, torch: Any) -> tuple[Device, ...]:
        properties = (torch.xpu.get_device_properties(i) for i in range(torch.xpu.device_count()))
        return tuple(Device(f"xpu:{i}", p.name, p.total_memory) for i, p in enumerate(properties))

    def free_memory(self, torch: Any, device: str) -> int:
        free: int = torch.xpu.mem_get_info(device)[0]
        return free

    def missing(self, torch: Any) -> str:
        if torch.version.xpu is None:
            return f"torch {torch.__version__} is built without XPU"
        return "torch is built with XPU, but finds no Intel GPU or no driver for it"

    def release_memory(self) -> None:
        import torch

        torch.xpu.empty_cache()


PLATFORM = XPU
