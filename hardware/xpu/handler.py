"""Intel XPU: torch on an Intel GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import Device
from .torch_platform import TorchPlatform

if TYPE_CHECKING:
    from ..endpoint import Endpoint


class XPU(TorchPlatform):
    """The Intel GPUs that torch was built for and that its driver shows."""

    name = "xpu"
    default_device = "xpu:0"

    def devices(self, torch: Any) -> tuple[Device, ...]:
        found = (torch.xpu.get_device_properties(i) for i in range(torch.xpu.device_count()))
        return tuple(Device(f"xpu:{i}", p.name, p.total_memory) for i, p in enumerate(found))

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


PLATFORM = XPU()


def init_xpu(
    skillset: Any,
    model: str,
    device: str = PLATFORM.default_device,
    xpu_label: str = PLATFORM.name,
    *converters: Any,
    task: str | None = None,
) -> Endpoint:
    """Load `model` (hub id or local folder) on an Intel GPU; see `Skillset.open_endpoint`."""
    return skillset.open_endpoint(PLATFORM, model, device, xpu_label, task)
